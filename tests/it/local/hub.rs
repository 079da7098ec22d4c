//! Pulling from a hub, against one on loopback.

use openclaw::providers::local::pull::{self, Error, Hub, Progress, Request, Source, Target};
use openclaw::providers::local::{Installed, Store};
use openclaw::secrets::Secret;
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::sync::{Arc, Mutex};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

const MODEL: &str = "owner/repo:tiny.gguf";
const PART: &str = "models/.partial/chat-tiny/model.gguf.part";

/// A request as the hub saw it.
#[derive(Debug, Clone)]
struct Seen {
    path: String,
    headers: Vec<(String, String)>,
}

impl Seen {
    fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(key, _)| key == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// A server that answers each request with whatever bytes `answer` makes, then closes.
struct Server {
    address: String,
    seen: Arc<Mutex<Vec<Seen>>>,
}

impl Server {
    async fn start(answer: impl Fn(&Seen) -> Vec<u8> + Send + Sync + 'static) -> Server {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = format!("http://{}", listener.local_addr().expect("an address"));
        let seen = Arc::new(Mutex::new(Vec::new()));
        let log = seen.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (request, mut stream) = read(stream).await;
                log.lock().expect("not poisoned").push(request.clone());
                stream.write_all(&answer(&request)).await.ok();
                stream.shutdown().await.ok();
            }
        });
        Server { address, seen }
    }

    fn seen(&self) -> Vec<Seen> {
        self.seen.lock().expect("not poisoned").clone()
    }
}

async fn read(stream: TcpStream) -> (Seen, TcpStream) {
    let mut lines = BufReader::new(stream);
    let mut line = String::new();
    lines.read_line(&mut line).await.expect("a request line");
    let path = line.split(' ').nth(1).expect("a path").to_owned();
    let mut headers = Vec::new();
    loop {
        line.clear();
        lines.read_line(&mut line).await.expect("a header");
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.push((name.to_ascii_lowercase(), value.to_owned()));
    }
    (Seen { path, headers }, lines.into_inner())
}

/// An answer that announces all of `body` from `from` on but sends only `send` bytes of it.
fn file(body: &[u8], (from, send): (usize, usize), extra: &str) -> Vec<u8> {
    let rest = &body[from..];
    let status = match from {
        0 => "200 OK".to_owned(),
        _ => format!(
            "206 Partial Content\r\ncontent-range: bytes {from}-{}/{}",
            body.len() - 1,
            body.len()
        ),
    };
    let head = format!(
        "HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: {}\r\n{extra}\r\n",
        rest.len()
    );
    [head.as_bytes(), &rest[..send.min(rest.len())]].concat()
}

fn bare(status: &str, extra: &str) -> Vec<u8> {
    format!("HTTP/1.1 {status}\r\nconnection: close\r\ncontent-length: 0\r\n{extra}\r\n").into()
}

fn model() -> Vec<u8> {
    let noise = (0..300_000u32).flat_map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes());
    b"GGUF".iter().copied().chain(noise).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn linked(bytes: &[u8]) -> String {
    format!("etag: \"v1\"\r\nx-linked-etag: \"{}\"\r\n", sha256(bytes))
}

/// Where the request wants to begin.
fn range(seen: &Seen) -> usize {
    let text = seen.header("range").and_then(|text| text.strip_prefix("bytes="));
    text.map_or(0, |text| text.trim_end_matches('-').parse().expect("a number"))
}

async fn pull_to(state: &TempDir, server: &Server) -> Result<Installed, Error> {
    pull_with(state, server, None).await
}

async fn pull_with(
    state: &TempDir,
    server: &Server,
    sha256: Option<String>,
) -> Result<Installed, Error> {
    pull_named(MODEL, state, server, sha256).await
}

async fn pull_named(
    model: &str,
    state: &TempDir,
    server: &Server,
    sha256: Option<String>,
) -> Result<Installed, Error> {
    let hub = Hub { endpoint: server.address.clone(), token: Some(Secret::new("hf_secret")) };
    let target = Target::parse(model).expect("a target");
    let request = Request { target, source: Source::Hub, hub, sha256 };
    let progress = watch::Sender::new(Progress::default());
    pull::run(&Store::at(state.path()), &request, &progress).await
}

fn state() -> TempDir {
    tempfile::tempdir().expect("a folder")
}

fn nothing_installed(state: &TempDir) {
    assert!(Store::at(state.path()).installed().is_empty());
}

#[tokio::test]
async fn a_redirect_is_followed_and_the_token_stays_with_the_hub() {
    let body = model();
    let content = body.clone();
    let cdn =
        Server::start(move |seen| file(&content, (range(seen), usize::MAX), "etag: \"c\"\r\n"));
    let cdn = cdn.await;
    let location = format!("location: {}/blob?sig=1\r\n{}", cdn.address, linked(&body));
    let hub = Server::start(move |_| bare("302 Found", &location)).await;
    let state = state();

    let installed = pull_to(&state, &hub).await.expect("it is pulled");
    assert_eq!(fs::read(installed.dir.join("model.gguf")).expect("a file"), body);
    assert_eq!(installed.manifest.name, "tiny");
    assert_eq!(installed.manifest.files[0].sha256, sha256(&body));
    assert_eq!(installed.manifest.source, format!("hub {MODEL}"));
    assert_eq!(Store::at(state.path()).default_chat().as_deref(), Some("tiny"));
    assert!(!state.path().join(PART).exists());

    assert_eq!(hub.seen()[0].path, "/owner/repo/resolve/main/tiny.gguf");
    assert_eq!(hub.seen()[0].header("authorization"), Some("Bearer hf_secret"));
    assert_eq!(cdn.seen()[0].path, "/blob?sig=1");
    assert_eq!(cdn.seen()[0].header("authorization"), None);

    pull_to(&state, &hub).await.expect("it is there already");
    assert_eq!(hub.seen().len(), 1, "what is installed is not asked for again");
}

#[tokio::test]
async fn a_cut_download_goes_on_by_itself() {
    let body = model();
    let (content, head) = (body.clone(), linked(&body));
    let hub = Server::start(move |seen| match range(seen) {
        0 => file(&content, (0, 100_000), &head),
        from => file(&content, (from, usize::MAX), &head),
    })
    .await;
    let state = state();
    let installed = pull_to(&state, &hub).await.expect("it is pulled");
    assert_eq!(fs::read(installed.dir.join("model.gguf")).expect("a file"), body);
    let second = &hub.seen()[1];
    assert_eq!(second.header("range"), Some("bytes=100000-"));
    assert_eq!(second.header("if-range"), Some("\"v1\""));
}

#[tokio::test]
async fn an_interrupted_pull_is_resumed_by_the_next() {
    let body = model();
    let (content, head) = (body.clone(), linked(&body));
    // Cuts every connection, after 50,000 bytes at first and then at once.
    let first = Server::start(move |seen| match range(seen) {
        0 => file(&content, (0, 50_000), &head),
        from => file(&content, (from, 0), &head),
    })
    .await;
    let state = state();
    let error = pull_to(&state, &first).await.expect_err("it is cut").to_string();
    assert!(error.contains("50000 bytes") && error.contains("run the command again"), "{error}");
    nothing_installed(&state);
    assert_eq!(fs::metadata(state.path().join(PART)).expect("the part").len(), 50_000);

    // The address is part of what must fit, so the same server has to change its mind.
    let (content, head) = (body.clone(), linked(&body));
    let meta = state.path().join(format!("{PART}.json"));
    let second = Server::start(move |seen| file(&content, (range(seen), usize::MAX), &head)).await;
    let moved = fs::read_to_string(&meta).expect("the note");
    fs::write(&meta, moved.replace(&first.address, &second.address)).expect("the note");
    let installed = pull_to(&state, &second).await.expect("it is pulled");
    assert_eq!(range(&second.seen()[0]), 50_000);
    assert_eq!(fs::read(installed.dir.join("model.gguf")).expect("a file"), body);
}

#[tokio::test]
async fn a_file_that_changed_is_fetched_from_its_beginning() {
    let (old, new) = (model(), [model(), vec![7; 10]].concat());
    let (content, head) = (old.clone(), linked(&old));
    let (fresh, fresh_head) = (new.clone(), linked(&new).replace("v1", "v2"));
    // As If-Range has it: another version is sent whole, whatever range was asked for.
    let hub = Server::start(move |seen| match seen.header("if-range") {
        None => file(&content, (0, 100_000), &head),
        Some(_) => file(&fresh, (0, usize::MAX), &fresh_head),
    })
    .await;
    let state = state();
    let installed = pull_to(&state, &hub).await.expect("it is pulled");
    assert_eq!(fs::read(installed.dir.join("model.gguf")).expect("a file"), new);
}

#[tokio::test]
async fn a_wrong_checksum_removes_the_file() {
    let body = model();
    let (content, head) = (body.clone(), linked(b"something else"));
    let hub = Server::start(move |_| file(&content, (0, usize::MAX), &head)).await;
    let state = state();
    let error = pull_to(&state, &hub).await.expect_err("it is refused");
    assert!(matches!(error, Error::Checksum { .. }), "{error}");
    assert!(error.to_string().contains("was removed"));
    assert!(!state.path().join(PART).exists());
    nothing_installed(&state);

    let right = Some(sha256(&body));
    pull_with(&state, &hub, right).await.expect("the caller's checksum counts before the hub's");
}

#[tokio::test]
async fn without_any_checksum_nothing_is_fetched() {
    let body = model();
    let head = "etag: \"abc\"\r\nx-linked-etag: \"not-a-sha256\"\r\n";
    let hub = Server::start(move |_| file(&body, (0, usize::MAX), head)).await;
    let state = state();
    let error = pull_to(&state, &hub).await.expect_err("it is refused").to_string();
    assert!(error.contains("--sha256 HEX"), "{error}");
    assert!(!state.path().join(PART).exists());
}

#[tokio::test]
async fn what_is_not_gguf_is_refused() {
    let body = b"<html>please log in</html>".to_vec();
    let head = linked(&body);
    let hub = Server::start(move |_| file(&body, (0, usize::MAX), &head)).await;
    let state = state();
    let error = pull_to(&state, &hub).await.expect_err("it is refused").to_string();
    assert!(error.contains("not a GGUF file"), "{error}");
    nothing_installed(&state);
}

#[tokio::test]
async fn refusals_say_what_to_do() {
    for (status, next) in [
        ("401 Unauthorized", "HF_TOKEN"),
        ("404 Not Found", "check the spelling"),
        ("429 Too Many Requests", "wait a few minutes"),
        ("500 Internal Server Error", "try again later"),
    ] {
        let hub = Server::start(move |_| bare(status, "")).await;
        let error = pull_to(&state(), &hub).await.expect_err(status).to_string();
        assert!(error.contains(next), "{status}: {error}");
        assert!(!error.contains("hf_secret"));
    }
    let hub = Server::start(|_| bare("302 Found", "location: /owner/again\r\n")).await;
    let error = pull_to(&state(), &hub).await.expect_err("a loop").to_string();
    assert!(error.contains("redirects"), "{error}");
    assert_eq!(hub.seen().len(), 6, "the first and five redirects");
}

#[tokio::test]
async fn a_hub_that_is_not_there_is_named() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    drop(listener);
    let hub = Server { address: address.clone(), seen: Arc::default() };
    let error = pull_to(&state(), &hub).await.expect_err("nobody listens").to_string();
    assert!(error.contains(address.trim_start_matches("http://")), "{error}");
    assert!(error.contains("run `openclaw models pull` again"), "{error}");
}

#[tokio::test]
async fn two_pulls_do_not_fight() {
    let state = state();
    fs::create_dir_all(state.path().join("models")).expect("a folder");
    let lock = File::create(state.path().join("models/.lock")).expect("a file");
    lock.lock().expect("the lock");
    let hub = Server::start(|_| bare("500 Oops", "")).await;
    let error = pull_to(&state, &hub).await.expect_err("it is locked");
    assert!(matches!(error, Error::Busy), "{error}");
    assert!(hub.seen().is_empty());
}

#[tokio::test]
async fn another_model_of_the_same_name_is_not_the_one_asked_for() {
    let body = model();
    let (content, head) = (body.clone(), linked(&body));
    let hub = Server::start(move |_| file(&content, (0, usize::MAX), &head)).await;
    let state = state();
    pull_to(&state, &hub).await.expect("it is pulled");

    let other = "someone/else:sub/Tiny.gguf";
    let error = pull_named(other, &state, &hub, None).await.expect_err("another repository");
    assert!(matches!(error, Error::Taken { .. }), "{error}");
    assert!(error.to_string().contains("from hub owner/repo:tiny.gguf, not from someone/else"));
    let wrong = Some(sha256(b"another"));
    let error = pull_with(&state, &hub, wrong).await.expect_err("another checksum").to_string();
    assert!(error.contains(&sha256(b"another")) && error.contains("delete"), "{error}");

    let right = Some(sha256(&body));
    pull_named(other, &state, &hub, right).await.expect("the very same content");
    assert_eq!(hub.seen().len(), 1);
}

#[tokio::test]
async fn what_has_a_known_name_but_other_content_is_not_the_known_model() {
    let state = state();
    super::install(state.path(), "gemma-3-270m");
    let hub = Server::start(|_| bare("500 Oops", "")).await;
    let error = pull_named("gemma-3-270m", &state, &hub, None).await.expect_err("another model");
    assert!(matches!(error, Error::Taken { .. }), "{error}");
}

#[tokio::test]
async fn a_known_model_has_the_length_it_should_have() {
    // Announced, and wrong.
    let hub = Server::start(|_| file(&[0; 1000], (0, usize::MAX), "")).await;
    let state = state();
    let pull = pull_named("all-minilm-l6-v2", &state, &hub, None);
    let error = pull.await.expect_err("another length").to_string();
    assert!(error.contains("90868376 bytes"), "{error}");

    // Not announced: four bytes are left, and ten come.
    let hub = Server::start(|_| {
        let range = "content-range: bytes 90868372-90868375/90868376";
        let head = format!("HTTP/1.1 206 Partial Content\r\nconnection: close\r\n{range}\r\n\r\n");
        [head.as_bytes(), &[0; 10]].concat()
    })
    .await;
    let dir = state.path().join("models/.partial/embedding-all-minilm-l6-v2");
    let part = dir.join("model.safetensors.part");
    File::create(&part).and_then(|part| part.set_len(90_868_372)).expect("a part");
    let repo = "sentence-transformers/all-MiniLM-L6-v2";
    let note = serde_json::json!({
        "address": format!("{}/{repo}/resolve/main/model.safetensors", hub.address),
        "etag": "\"v1\"", "total": 90_868_376,
        "sha256": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    });
    fs::write(dir.join("model.safetensors.part.json"), note.to_string()).expect("a note");
    let pull = pull_named("all-minilm-l6-v2", &state, &hub, None);
    let error = pull.await.expect_err("too long").to_string();
    assert!(error.contains("90868376 bytes"), "{error}");
    assert_eq!(range(&hub.seen()[0]), 90_868_372);
    assert!(!part.exists());
}
