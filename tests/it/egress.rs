//! The egress guard against real sockets: hosts on loopback, which tests may name.

use crate::support::soon;
use crate::support::upstream::{Reply, Upstream, refusing};
use openclaw::net::egress::{Ask, Egress, Error, Fetched, Overlong, Policy, Refusal};
use std::sync::LazyLock;
use std::time::{Duration, Instant};
use tokio::io::{AsyncReadExt, AsyncWriteExt};

/// The only host of these tests that may be private, at any port.
static LOOPBACK: LazyLock<Vec<String>> = LazyLock::new(|| vec!["127.0.0.1".to_owned()]);

fn policy(private_hosts: &[String]) -> Policy<'_> {
    Policy {
        allowlist: None,
        private_hosts,
        max_bytes: 1000,
        overlong: Overlong::Refuse,
        max_redirects: 3,
        time: Duration::from_secs(30),
    }
}

fn ask(url: &str) -> Ask<'_> {
    Ask { url, accept: "text/html", user_agent: None }
}

fn loopback() -> &'static [String] {
    &LOOPBACK
}

async fn fetch(url: &str) -> Result<Fetched, Error> {
    soon(Egress::new().fetch(ask(url), policy(loopback()))).await
}

fn url(upstream: &Upstream, path: &str) -> String {
    format!("http://{}{path}", upstream.address())
}

fn redirect(status: u16, location: &str) -> Reply {
    Reply::of(status, "text/plain").header("location", location).header("set-cookie", "a=b")
}

#[tokio::test]
async fn a_page_is_fetched_with_nothing_that_identifies_anybody() {
    let reply = Reply::of(200, "text/html; charset=utf-8").header("set-cookie", "a=b").then("hi");
    let upstream = Upstream::with([reply.clone(), reply]).await;
    let egress = Egress::new();
    for _ in 0..2 {
        let address = url(&upstream, "/a?b#c");
        let fetched = egress.fetch(ask(&address), policy(loopback())).await.expect("a page");
        let expected = Fetched {
            url: url(&upstream, "/a?b"),
            status: 200,
            content_type: Some("text/html; charset=utf-8".to_owned()),
            body: "hi".into(),
            cut: false,
        };
        assert_eq!(fetched, expected);
    }
    for seen in upstream.seen() {
        assert_eq!((&*seen.method, &*seen.path), ("GET", "/a?b"));
        let mut headers: Vec<_> = seen.headers.iter().map(|(k, v)| (&**k, &**v)).collect();
        headers.sort_unstable();
        let host = upstream.address().to_string();
        let agent = concat!("openclaw/", env!("CARGO_PKG_VERSION"));
        let expected = [
            ("accept", "text/html"),
            ("accept-encoding", "identity"),
            ("connection", "close"),
            ("host", &*host),
            ("user-agent", agent),
        ];
        assert_eq!(headers, expected);
    }
    assert_eq!(upstream.connections(), 2, "no connection is used twice");
}

#[tokio::test]
async fn loopback_is_not_asked_unless_the_config_names_it() {
    let upstream = Upstream::start().await;
    let port = upstream.address().port();
    let other = [format!("127.0.0.1:{}", port.wrapping_add(1))];
    for (address, hosts) in [
        (format!("http://127.0.0.1:{port}/"), &[][..]),
        (format!("http://localhost:{port}/"), loopback()),
        (format!("http://127.0.0.1:{port}/"), &other),
    ] {
        let error = Egress::new().fetch(ask(&address), policy(hosts)).await.expect_err("refused");
        assert_eq!(error, Error::Refused(Refusal::Private), "{address}");
        assert!(!error.to_string().contains("127"), "{error}");
    }
    assert_eq!(upstream.connections(), 0, "nobody even knocked");
}

#[tokio::test]
async fn a_name_that_may_be_private_is_asked_where_it_resolves_to() {
    let upstream = Upstream::with([Reply::of(200, "text/plain").then("hi")]).await;
    let port = upstream.address().port();
    let hosts = [format!("localhost:{port}")];
    let address = format!("http://localhost:{port}/");
    let fetched = Egress::new().fetch(ask(&address), policy(&hosts)).await.expect("a page");
    assert_eq!((&*fetched.url, &*fetched.body), (&*address, &b"hi"[..]));
}

#[tokio::test]
async fn redirects_are_followed_and_counted() {
    let upstream = Upstream::start().await;
    let there = upstream.address();
    upstream.otherwise(move |seen| match &*seen.path {
        "/1" => redirect(301, "/2"),
        "/2" => redirect(302, "three?x"),
        "/three?x" => redirect(307, &format!("http://{there}/4#f")),
        "/4" => Reply::of(200, "text/plain").then("here"),
        "/loop" => redirect(303, "/loop"),
        "/0" => redirect(308, "/1"),
        other => panic!("{other}"),
    });
    let fetched = fetch(&url(&upstream, "/1")).await.expect("a page");
    assert_eq!((&*fetched.body, fetched.url), (&b"here"[..], url(&upstream, "/4")));
    assert!(upstream.seen().iter().all(|seen| seen.header("cookie").is_none()));
    for path in ["/0", "/loop"] {
        let before = upstream.seen().len();
        let error = fetch(&url(&upstream, path)).await.expect_err(path);
        assert_eq!(error, Error::TooManyRedirects { limit: 3 }, "{path}");
        assert_eq!(upstream.seen().len() - before, 4, "{path}");
    }
    let none = Policy { max_redirects: 0, ..policy(loopback()) };
    let error = Egress::new().fetch(ask(&url(&upstream, "/1")), none).await;
    assert_eq!(error, Err(Error::TooManyRedirects { limit: 0 }));
}

#[tokio::test]
async fn every_redirect_is_checked_like_the_first_address() {
    let secret = Upstream::start().await;
    let port = secret.address().port();
    let private = Error::Refused(Refusal::Private);
    for (location, expected) in [
        (format!("http://localhost:{port}/"), private.clone()),
        (format!("http://[::1]:{port}/"), private.clone()),
        (format!("http://127.0.0.2:{port}/"), private.clone()),
        (format!("http://0x7f000002:{port}/"), private.clone()),
        (format!("http://[::ffff:127.0.0.1]:{port}/"), private.clone()),
        (format!("//10.0.0.1:{port}/"), private.clone()),
        ("http://169.254.169.254/latest/".to_owned(), private.clone()),
        ("http://[fd00:ec2::254]/".to_owned(), private),
        ("file:///etc/passwd".to_owned(), Error::Refused(Refusal::Scheme)),
        ("http://a:b@127.0.0.1/".to_owned(), Error::Refused(Refusal::Credentials)),
        ("http://[".to_owned(), Error::Unreachable("it redirects to what is no URL")),
    ] {
        let upstream = Upstream::with([redirect(302, &location)]).await;
        let error = fetch(&url(&upstream, "/")).await.expect_err(&location);
        assert_eq!(error, expected, "{location}");
    }
    assert_eq!(secret.connections(), 0, "nobody even knocked");
    let lost = Upstream::with([Reply::of(302, "text/plain").then("where?")]).await;
    let error = fetch(&url(&lost, "/")).await.expect_err("nowhere");
    assert_eq!(error, Error::Unreachable("it redirects without saying where to"));
}

#[tokio::test]
async fn a_list_of_hosts_holds_on_every_hop() {
    let upstream = Upstream::start().await;
    let port = upstream.address().port();
    upstream.otherwise(move |seen| match &*seen.path {
        "/away" => redirect(302, &format!("http://localhost:{port}/")),
        _ => Reply::of(200, "text/plain").then("here"),
    });
    let (hosts, list) = (["127.0.0.1", "localhost"].map(str::to_owned), loopback());
    let listed = Policy { allowlist: Some(list), ..policy(&hosts) };
    let get =
        async |path: &str, policy| Egress::new().fetch(ask(&url(&upstream, path)), policy).await;
    assert!(get("/", listed).await.is_ok());
    let unlisted = Err(Error::Refused(Refusal::Unlisted));
    assert_eq!(get("/away", listed).await, unlisted);
    assert!(get("/away", policy(&hosts)).await.is_ok());
    assert_eq!(get("/", Policy { allowlist: Some(&[]), ..listed }).await, unlisted);
}

#[tokio::test]
async fn an_answer_is_measured_while_it_is_read() {
    let get = async |reply: Reply, overlong| {
        let upstream = Upstream::with([reply]).await;
        let policy = Policy { overlong, ..policy(loopback()) };
        soon(Egress::new().fetch(ask(&url(&upstream, "/")), policy)).await
    };
    let body = |bytes: usize| Reply::of(200, "text/plain").then("x".repeat(bytes));
    let too_large = Err(Error::TooLarge { limit: 1000 });
    assert_eq!(get(body(1000), Overlong::Refuse).await.expect("it fits").body.len(), 1000);
    assert_eq!(get(body(1001), Overlong::Refuse).await, too_large);
    // What never ends is given up once there is enough of it.
    assert_eq!(get(body(2000).then_hang(), Overlong::Refuse).await, too_large);
    let announced = "HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n";
    assert_eq!(get(Reply::raw(announced), Overlong::Refuse).await, too_large);
    let cut = get(body(600).then("y".repeat(600)).then_hang(), Overlong::Cut).await;
    let cut = cut.expect("its beginning");
    assert_eq!((cut.body.len(), cut.cut), (1000, true));
    let whole = get(body(1000), Overlong::Cut).await.expect("all of it");
    assert_eq!((whole.body.len(), whole.cut), (1000, false));
}

#[tokio::test]
async fn an_answer_that_takes_too_long_is_given_up() {
    let upstream = Upstream::start().await;
    let there = url(&upstream, "/hang");
    upstream.otherwise(move |seen| match &*seen.path {
        "/silent" => Reply::hang(),
        "/slow" => redirect(302, "/hang"),
        _ => Reply::of(200, "text/plain").then("x").then_hang(),
    });
    // Long enough for a busy machine to have asked; a fetch that never was is not given up.
    let limit = Duration::from_secs(2);
    for (given_up, path) in ["/silent", "/hang", "/slow"].into_iter().enumerate() {
        let policy = Policy { time: limit, ..policy(loopback()) };
        let error = soon(Egress::new().fetch(ask(&url(&upstream, path)), policy)).await;
        assert_eq!(error, Err(Error::Timeout { limit }), "{path}");
        upstream.given_up(given_up + 1).await;
    }
    // Nor does the connection outlive whoever waited for it.
    let fetching = tokio::spawn(async move { fetch(&there).await });
    upstream.requests(5).await;
    fetching.abort();
    upstream.given_up(4).await;
}

#[tokio::test]
async fn what_is_no_answer_says_so() {
    let status = |status| Reply::of(status, "text/plain").then("no");
    let raw = |text: &str| Reply::raw(text);
    let broken = Error::Unreachable("the answer broke off");
    for (reply, expected) in [
        (status(404), Error::Status(404)),
        (status(500), Error::Status(500)),
        (raw("HTTP/1.1 304 Not Modified\r\n\r\n"), Error::Status(304)),
        (raw("HTTP/1.1 300 Multiple Choices\r\ncontent-length: 0\r\n\r\n"), Error::Status(300)),
        (raw("HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\n12345"), broken.clone()),
        (Reply::of(200, "text/plain").then("half").then_cut(), broken.clone()),
        (raw(""), broken),
        (raw("SSH-2.0-nobody\r\n\r\n"), Error::Unreachable("its host does not speak HTTP")),
        (
            Reply::of(200, "text/plain").header("content-encoding", "gzip").then("x"),
            Error::Unreachable("the answer is compressed, which was not asked for"),
        ),
    ] {
        let upstream = Upstream::with([reply]).await;
        assert_eq!(fetch(&url(&upstream, "/")).await, Err(expected));
    }
    let (_socket, nobody) = refusing();
    let unreached = Err(Error::Unreachable("its host cannot be reached"));
    assert_eq!(fetch(&nobody).await, unreached);
    let no_host = Err(Error::Unreachable("there is no such host"));
    assert_eq!(fetch("http://no-such-host.invalid/").await, no_host);
    // A listener that answers a TLS greeting with something else.
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    let speaking = tokio::spawn(async move {
        let (mut stream, _) = listener.accept().await.expect("a client");
        stream.read_u8().await.expect("a greeting");
        stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await.expect("it listens");
    });
    let no_tls = Err(Error::Unreachable("no TLS with its host"));
    assert_eq!(fetch(&format!("https://{address}/")).await, no_tls);
    speaking.await.expect("no panic");
}

#[tokio::test]
async fn no_more_than_so_many_are_fetched_at_once() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|_| Reply::hang());
    let (egress, address) = (Egress::new(), url(&upstream, "/"));
    let mut under_way = tokio::task::JoinSet::new();
    for _ in 0..32 {
        let (egress, address) = (egress.clone(), address.clone());
        under_way.spawn(async move { egress.fetch(ask(&address), policy(loopback())).await });
    }
    upstream.requests(32).await;
    let began = Instant::now();
    let error = egress.fetch(ask(&address), policy(loopback())).await;
    assert_eq!(error, Err(Error::Busy));
    assert!(began.elapsed() < Duration::from_secs(20));
    assert_eq!(upstream.connections(), 32);
    under_way.shutdown().await;
    upstream.otherwise(|_| Reply::of(200, "text/plain").then("hi"));
    assert!(egress.fetch(ask(&address), policy(loopback())).await.is_ok());
}
