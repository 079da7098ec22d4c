//! One kept-alive connection of the load generator, and the check of every reply.

use crate::events::Events;
use crate::script::Script;
use crate::stats::unix_nanos;
use crate::upstream::filler;
use anyhow::{Context, Result, bail, ensure};
use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST, HeaderValue};
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use memchr::memmem::Finder;
use std::net::SocketAddr;
use std::time::Instant;
use tokio::net::TcpStream;

/// A chat request that is sent over and over, and what its reply must hold.
pub(crate) struct Ask {
    authorization: HeaderValue,
    session: Option<HeaderValue>,
    body: Bytes,
    expected: Expected,
}

enum Expected {
    /// This text as a JSON string.
    Text(Box<Finder<'static>>),
    /// This many chunks of text.
    Chunks(usize),
}

impl Ask {
    /// A request for the scripted reply.
    pub(crate) fn new(script: Script, token: &str) -> Result<Self> {
        let streamed = matches!(script, Script::Streamed(_));
        let body = serde_json::json!({
            "model": "openclaw",
            "stream": streamed,
            "messages": [{ "role": "user", "content": script.to_string() }],
        });
        let expected = match script {
            Script::Plain(bytes) => {
                let text = format!("\"{}\"", filler(bytes as usize));
                Expected::Text(Box::new(Finder::new(text.as_bytes()).into_owned()))
            }
            Script::Streamed(reply) => Expected::Chunks(reply.chunks as usize),
        };
        let authorization = HeaderValue::from_str(&format!("Bearer {token}"))?;
        Ok(Self { authorization, session: None, body: body.to_string().into(), expected })
    }

    /// The same request as a turn of a session. An earlier turn goes along, as chat programs send
    /// it, so that the conversation does not grow with the length of the measurement.
    pub(crate) fn of_session(self, name: &str) -> Result<Self> {
        let mut body: serde_json::Value = serde_json::from_slice(&self.body)?;
        let messages = body["messages"].as_array_mut().context("a request has messages")?;
        let earlier = [("user", "Good morning."), ("assistant", "Good morning.")];
        let earlier =
            earlier.map(|(role, text)| serde_json::json!({"role": role, "content": text}));
        messages.splice(0..0, earlier);
        let session = Some(HeaderValue::from_str(name)?);
        Ok(Self { session, body: body.to_string().into(), ..self })
    }
}

/// An HTTP/1.1 connection to one target.
pub(crate) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    host: HeaderValue,
}

impl Connection {
    /// Connects.
    pub(crate) async fn open(address: SocketAddr) -> Result<Self> {
        let stream = TcpStream::connect(address).await.context("could not connect")?;
        stream.set_nodelay(true)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await?;
        // Its failures reach whoever sends or reads next.
        tokio::spawn(connection);
        Ok(Self { sender, host: HeaderValue::from_str(&address.to_string())? })
    }

    /// One exchange, its reply checked. A plain reply adds its latency to `nanos`, a streamed
    /// one the lag of each of its chunks.
    pub(crate) async fn exchange(&mut self, ask: &Ask, nanos: &mut Vec<u64>) -> Result<()> {
        let sent = Instant::now();
        let reply = self.send(ask).await?;
        match &ask.expected {
            Expected::Text(text) => {
                plain(reply, text).await?;
                nanos.push(u64::try_from(sent.elapsed().as_nanos())?);
                Ok(())
            }
            Expected::Chunks(chunks) => streamed(reply, *chunks, nanos).await,
        }
    }

    async fn send(&mut self, ask: &Ask) -> Result<Response<Incoming>> {
        let mut request = Request::post("/v1/chat/completions")
            .header(HOST, &self.host)
            .header(AUTHORIZATION, &ask.authorization)
            .header(CONTENT_TYPE, HeaderValue::from_static("application/json"))
            .body(Full::new(ask.body.clone()))?;
        if let Some(name) = &ask.session {
            request.headers_mut().insert("x-openclaw-session-key", name.clone());
        }
        self.sender.ready().await.context("the connection was closed between two requests")?;
        let reply = self.sender.send_request(request).await.context("no reply came")?;
        let status = reply.status();
        if status != StatusCode::OK {
            let body = reply.into_body().collect().await?.to_bytes();
            bail!("answered {status}: {}", String::from_utf8_lossy(&body));
        }
        Ok(reply)
    }
}

async fn plain(reply: Response<Incoming>, text: &Finder<'_>) -> Result<()> {
    let announced = reply.headers().get(CONTENT_LENGTH).context("no Content-Length came")?;
    let announced: usize = announced.to_str()?.parse().context("Content-Length is no number")?;
    let body = reply.into_body().collect().await.context("the reply broke off")?.to_bytes();
    ensure!(body.len() == announced, "{} of {announced} bytes came", body.len());
    ensure!(
        text.find(&body).is_some(),
        "the scripted text is not in the reply: {}",
        String::from_utf8_lossy(&body)
    );
    Ok(())
}

async fn streamed(reply: Response<Incoming>, chunks: usize, lags: &mut Vec<u64>) -> Result<()> {
    let mut events = Events::default();
    let mut body = reply.into_body();
    while let Some(frame) = body.frame().await {
        let Ok(piece) = frame.context("the stream broke off")?.into_data() else { continue };
        let now = unix_nanos();
        events.feed(&piece, |sent| lags.push(now.saturating_sub(sent)))?;
    }
    ensure!(events.done, "the stream ended without [DONE] after {} chunks", events.chunks);
    ensure!(events.chunks == chunks, "{} of {chunks} chunks came", events.chunks);
    Ok(())
}
