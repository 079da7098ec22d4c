//! The bare reverse proxy everything is compared with: hyper in, hyper out, bytes through.

use crate::{options, serve};
use anyhow::Result;
use bytes::Bytes;
use http::uri::{Authority, PathAndQuery, Scheme};
use http_body_util::{Either, Full};
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HOST};
use hyper::{Request, Response, StatusCode, Uri};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use std::convert::Infallible;
use std::error::Error;

type Upstream = Client<HttpConnector, Incoming>;

/// Forwards every request to the upstream until the process ends.
pub(crate) fn serve(options: options::Proxy) -> Result<()> {
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let client: Upstream = Client::builder(TokioExecutor::new()).build(connector);
    let authority: Authority = options.upstream.to_string().parse()?;
    serve::serve(&options.listen, move |request| {
        forward(client.clone(), authority.clone(), request)
    })
}

async fn forward(
    client: Upstream,
    authority: Authority,
    mut request: Request<Incoming>,
) -> Result<Response<Either<Incoming, Full<Bytes>>>, Infallible> {
    let mut target = std::mem::take(request.uri_mut()).into_parts();
    target.scheme = Some(Scheme::HTTP);
    target.authority = Some(authority);
    target.path_and_query.get_or_insert_with(|| PathAndQuery::from_static("/"));
    *request.uri_mut() =
        Uri::from_parts(target).expect("scheme, authority and path make a whole address");
    request.headers_mut().remove(HOST);
    request.headers_mut().remove(CONNECTION);
    let reply = client.request(request).await;
    Ok(reply.map_or_else(|error| bad_gateway(&error), |reply| reply.map(Either::Left)))
}

fn bad_gateway(error: &dyn Error) -> Response<Either<Incoming, Full<Bytes>>> {
    let cause = error.source().map(|source| format!(": {source}")).unwrap_or_default();
    let mut reply = Response::new(Either::Right(Full::from(format!("{error}{cause}"))));
    *reply.status_mut() = StatusCode::BAD_GATEWAY;
    reply
}
