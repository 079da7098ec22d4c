//! The accept loop under both the upstream and the bare proxy.

use crate::options::Listen;
use anyhow::{Context, Result};
use hyper::body::{Body, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response, server::conn::http1};
use hyper_util::rt::TokioIo;
use std::error::Error;
use std::io::{Read, Write};
use std::net::Ipv4Addr;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::Runtime;

/// What precedes the address on the line that says a server is ready.
pub(crate) const READY: &str = "listening ";

/// Serves `handler` on the loopback address until the process ends.
pub(crate) fn serve<H, F, B, E>(listen: &Listen, handler: H) -> Result<()>
where
    H: Fn(Request<Incoming>) -> F + Clone + Send + 'static,
    F: Future<Output = Result<Response<B>, E>> + Send + 'static,
    B: Body + Send + 'static,
    B::Data: Send,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    E: Into<Box<dyn Error + Send + Sync>> + 'static,
{
    if listen.until_stdin_ends {
        end_with_stdin();
    }
    Runtime::new().context("could not start the runtime")?.block_on(async {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, listen.port))
            .await
            .with_context(|| format!("could not listen on 127.0.0.1:{}", listen.port))?;
        let mut out = std::io::stdout();
        writeln!(out, "{READY}{}", listener.local_addr()?)?;
        out.flush()?;
        loop {
            let (stream, _) = listener.accept().await.context("could not accept a connection")?;
            stream.set_nodelay(true)?;
            tokio::spawn(connection(stream, handler.clone()));
        }
    })
}

async fn connection<H, F, B, E>(stream: TcpStream, handler: H)
where
    H: Fn(Request<Incoming>) -> F,
    F: Future<Output = Result<Response<B>, E>>,
    B: Body + 'static,
    B::Error: Into<Box<dyn Error + Send + Sync>>,
    E: Into<Box<dyn Error + Send + Sync>>,
{
    let served = http1::Builder::new().serve_connection(TokioIo::new(stream), service_fn(handler));
    // A client that hangs up is the client's affair, and it is told of every other failure.
    served.await.ok();
}

fn end_with_stdin() {
    std::thread::spawn(|| {
        let mut ignored = [0; 64];
        while std::io::stdin().read(&mut ignored).is_ok_and(|read| read > 0) {}
        std::process::exit(0);
    });
}
