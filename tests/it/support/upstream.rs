//! A scripted HTTP server in the place of a model provider.
//!
//! It speaks HTTP/1.1 by hand, so that it can break every rule of it: hang, cut a body short, or
//! send garbage. Nothing in it waits for a time; a [`Gate`] is opened by the test.

use super::soon;
use serde_json::Value;
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

/// The server. Dropping it closes the listener and every connection.
pub(crate) struct Upstream {
    address: SocketAddr,
    shared: Arc<Shared>,
    _listening: AbortOnDropHandle<()>,
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) headers: Vec<(String, String)>,
    /// The body as JSON, or null.
    pub(crate) body: Value,
}

/// What a request gets.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    head: Option<Head>,
    steps: Vec<Step>,
}

/// Holds a reply back until a test opens it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Gate(CancellationToken);

#[derive(Debug, Clone)]
struct Head {
    status: u16,
    headers: Vec<(String, String)>,
}

#[derive(Debug, Clone)]
enum Step {
    Bytes(Vec<u8>),
    Gate(Gate),
    Hang,
    Cut,
}

type Answer = Box<dyn Fn(&Seen) -> Reply + Send + Sync>;

#[derive(Default)]
struct Shared {
    queue: Mutex<VecDeque<Reply>>,
    fallback: Mutex<Option<Answer>>,
    seen: watch::Sender<Vec<Seen>>,
    connections: watch::Sender<usize>,
    /// Connections that the client closed in the middle of a reply.
    given_up: watch::Sender<usize>,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    }
}

impl Gate {
    pub(crate) fn open(&self) {
        self.0.cancel();
    }
}

impl Reply {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        let head = Head { status, headers: Vec::new() };
        let reply = Self { head: Some(head), steps: Vec::new() };
        reply.header("content-type", "application/json").then(body.to_string())
    }

    /// JSON, so far empty.
    pub(crate) fn empty() -> Self {
        let head = Head { status: 200, headers: Vec::new() };
        let reply = Self { head: Some(head), steps: Vec::new() };
        reply.header("content-type", "application/json")
    }

    /// A reply of this kind, so far empty.
    pub(crate) fn of(status: u16, content_type: &str) -> Self {
        let head = Head { status, headers: Vec::new() };
        let reply = Self { head: Some(head), steps: Vec::new() };
        reply.header("content-type", content_type)
    }

    /// A stream, so far empty.
    pub(crate) fn stream() -> Self {
        let head = Head { status: 200, headers: Vec::new() };
        let reply = Self { head: Some(head), steps: Vec::new() };
        reply.header("content-type", "text/event-stream")
    }

    /// A recorded stream from `tests/fixtures/upstream`.
    pub(crate) fn fixture(name: &str) -> Self {
        Self::stream().then(fixture(name))
    }

    /// No reply at all; the connection stays open.
    pub(crate) fn hang() -> Self {
        Self { head: None, steps: vec![Step::Hang] }
    }

    /// Bytes that need not be HTTP, then the end of the connection.
    pub(crate) fn raw(bytes: impl Into<Vec<u8>>) -> Self {
        Self { head: None, steps: vec![Step::Bytes(bytes.into()), Step::Cut] }
    }

    pub(crate) fn header(mut self, name: &str, value: &str) -> Self {
        let head = self.head.as_mut().expect("a reply with a head");
        head.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn then(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.step(Step::Bytes(bytes.into()))
    }

    pub(crate) fn then_gate(self, gate: &Gate) -> Self {
        self.step(Step::Gate(gate.clone()))
    }

    /// Nothing more comes, and the connection stays open.
    pub(crate) fn then_hang(self) -> Self {
        self.step(Step::Hang)
    }

    /// The connection closes before the body has ended.
    pub(crate) fn then_cut(self) -> Self {
        self.step(Step::Cut)
    }

    fn step(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

impl Upstream {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let address = listener.local_addr().expect("a bound socket");
        let shared = Arc::new(Shared::default());
        let listening = tokio::spawn(accept(listener, shared.clone()));
        Self { address, shared, _listening: AbortOnDropHandle::new(listening) }
    }

    /// A started server that gives these replies, in order, to the requests that come.
    pub(crate) async fn with(replies: impl IntoIterator<Item = Reply>) -> Self {
        let upstream = Self::start().await;
        upstream.shared.queue.lock().expect("not poisoned").extend(replies);
        upstream
    }

    /// What requests get once the replies given in order are used up.
    pub(crate) fn otherwise(&self, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) {
        *self.shared.fallback.lock().expect("not poisoned") = Some(Box::new(answer));
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    /// Every request so far.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.seen.borrow().clone()
    }

    /// Waits until there were `count` requests.
    pub(crate) async fn requests(&self, count: usize) -> Vec<Seen> {
        let mut seen = self.shared.seen.subscribe();
        soon(seen.wait_for(|seen| seen.len() >= count)).await.expect("the server runs").clone()
    }

    /// Waits until clients have closed `count` connections in the middle of a reply.
    pub(crate) async fn given_up(&self, count: usize) {
        let mut given_up = self.shared.given_up.subscribe();
        soon(given_up.wait_for(|closed| *closed >= count)).await.expect("the server runs");
    }

    /// How many connections were made.
    pub(crate) fn connections(&self) -> usize {
        *self.shared.connections.borrow()
    }
}

/// An address where nothing listens, for as long as the socket lives.
pub(crate) fn refusing() -> (TcpSocket, String) {
    let socket = TcpSocket::new_v4().expect("a socket");
    socket.bind(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a free port");
    let address = socket.local_addr().expect("a bound socket");
    (socket, format!("http://{address}/v1"))
}

pub(crate) fn fixture(name: &str) -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/fixtures/upstream").join(name);
    std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut open = tokio::task::JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        shared.connections.send_modify(|connections| *connections += 1);
        open.spawn(serve(stream, shared.clone()));
    }
}

async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    let mut buffer = Vec::new();
    while let Some(seen) = request(&mut stream, &mut buffer).await {
        let queued = shared.queue.lock().expect("not poisoned").pop_front();
        let reply = queued.unwrap_or_else(|| {
            let fallback = shared.fallback.lock().expect("not poisoned");
            let answer = fallback.as_ref().expect("a reply for every request");
            answer(&seen)
        });
        shared.seen.send_modify(|all| all.push(seen));
        match play(&mut stream, reply).await {
            Ended::Complete => {}
            Ended::Cut => return,
            Ended::GivenUp => {
                shared.given_up.send_modify(|given_up| *given_up += 1);
                return;
            }
        }
    }
}

async fn request(stream: &mut TcpStream, buffer: &mut Vec<u8>) -> Option<Seen> {
    let end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(buffer.drain(..end + 4).collect()).expect("a head in ASCII");
    let mut lines = head.lines();
    let mut first = lines.next()?.split(' ').map(str::to_owned);
    let (method, path) = (first.next()?, first.next()?);
    let headers = lines.filter_map(|line| line.split_once(": "));
    let headers = headers.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let mut seen = Seen { method, path, headers, body: Value::Null };
    let length =
        seen.header("content-length").map_or(0, |length| length.parse().expect("a length"));
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    let body: Vec<u8> = buffer.drain(..length).collect();
    seen.body = serde_json::from_slice(&body).unwrap_or(Value::Null);
    Some(seen)
}

enum Ended {
    Complete,
    Cut,
    GivenUp,
}

async fn play(stream: &mut TcpStream, reply: Reply) -> Ended {
    let chunked = reply.head.is_some();
    if let Some(Head { status, headers }) = reply.head {
        let mut head = format!("HTTP/1.1 {status} Scripted\r\ntransfer-encoding: chunked\r\n");
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        if stream.write_all(head.as_bytes()).await.is_err() {
            return Ended::GivenUp;
        }
    }
    for step in reply.steps {
        let written = match step {
            Step::Bytes(bytes) if chunked => {
                let size = format!("{:x}\r\n", bytes.len());
                let chunk = [size.as_bytes(), bytes.as_slice(), b"\r\n"].concat();
                stream.write_all(&chunk).await.is_ok()
            }
            Step::Bytes(bytes) => stream.write_all(&bytes).await.is_ok(),
            Step::Gate(gate) => tokio::select! {
                () = gate.0.cancelled() => true,
                () = closed(stream) => false,
            },
            Step::Hang => {
                closed(stream).await;
                false
            }
            Step::Cut => return Ended::Cut,
        };
        if !written {
            return Ended::GivenUp;
        }
    }
    match stream.write_all(b"0\r\n\r\n").await {
        Ok(()) => Ended::Complete,
        Err(_) => Ended::GivenUp,
    }
}

/// Waits until the client closes the connection; it has nothing to send in the middle of a reply.
async fn closed(stream: &mut TcpStream) {
    let mut byte = [0];
    while matches!(stream.read(&mut byte).await, Ok(1)) {}
}

#[tokio::test]
async fn it_records_requests_and_plays_replies_in_order() {
    let gate = Gate::default();
    let upstream = Upstream::with([
        Reply::stream().header("x-test", "1").then("one ").then_gate(&gate).then("two"),
        Reply::raw("not HTTP"),
    ])
    .await;
    let mut stream = TcpStream::connect(upstream.address()).await.expect("it listens");
    let ask = b"POST /v1/x HTTP/1.1\r\nHost: h\r\nContent-Length: 7\r\n\r\n{\"a\":1}";
    stream.write_all(ask).await.expect("it reads");
    let seen = upstream.requests(1).await.remove(0);
    assert_eq!((seen.method.as_str(), seen.path.as_str()), ("POST", "/v1/x"));
    assert_eq!((seen.header("host"), &seen.body["a"]), (Some("h"), &Value::from(1)));
    gate.open();
    let mut answer = Vec::new();
    while !answer.ends_with(b"0\r\n\r\n") {
        assert_ne!(soon(stream.read_buf(&mut answer)).await.expect("it answers"), 0);
    }
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let expected = "HTTP/1.1 200 Scripted\r\ntransfer-encoding: chunked\r\ncontent-type: \
        text/event-stream\r\nx-test: 1\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n";
    assert_eq!(answer, expected);
    stream.write_all(ask).await.expect("it reads on");
    let mut answer = String::new();
    soon(stream.read_to_string(&mut answer)).await.expect("it closes");
    assert_eq!((answer.as_str(), upstream.connections()), ("not HTTP", 1));
}

#[tokio::test]
async fn it_notices_a_client_that_gives_up() {
    let upstream = Upstream::with([Reply::hang()]).await;
    let mut stream = TcpStream::connect(upstream.address()).await.expect("it listens");
    stream.write_all(b"GET / HTTP/1.1\r\n\r\n").await.expect("it reads");
    upstream.requests(1).await;
    drop(stream);
    upstream.given_up(1).await;
}
