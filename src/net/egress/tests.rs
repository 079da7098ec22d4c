use super::*;
use std::net::Ipv4Addr;
use std::sync::atomic::{AtomicUsize, Ordering};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

fn policy(private_hosts: &[String]) -> Policy<'_> {
    Policy {
        allowlist: None,
        private_hosts,
        max_bytes: 1000,
        overlong: Overlong::Refuse,
        max_redirects: 3,
        time: Duration::from_secs(20),
    }
}

fn ask(url: &str) -> Ask<'_> {
    Ask { url, accept: "*/*", user_agent: None }
}

fn hosts(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[test]
fn addresses_are_public_private_or_metadata() {
    let public = [
        "1.1.1.1",
        "8.8.8.8",
        "9.255.255.255",
        "11.0.0.0",
        "100.63.255.255",
        "100.128.0.0",
        "126.255.255.255",
        "128.0.0.0",
        "169.253.255.255",
        "169.255.0.0",
        "172.15.255.255",
        "172.32.0.0",
        "192.0.1.0",
        "192.167.255.255",
        "192.169.0.0",
        "198.17.255.255",
        "198.20.0.0",
        "203.0.112.255",
        "203.0.114.0",
        "223.255.255.255",
        "2606:4700::1111",
        "2a00:1450:4001::8",
        "2400:cb00::1",
        "2001:4860:4860::8888",
        "2003::1",
        "::ffff:8.8.8.8",
        "64:ff9b::808:808",
    ];
    let private = [
        "0.0.0.0",
        "0.1.2.3",
        "10.0.0.0",
        "10.255.255.255",
        "100.64.0.0",
        "100.127.255.255",
        "127.0.0.1",
        "127.255.255.255",
        "169.254.0.1",
        "169.254.255.255",
        "172.16.0.0",
        "172.31.255.255",
        "192.0.0.1",
        "192.0.0.8",
        "192.0.2.1",
        "192.88.99.1",
        "192.168.0.1",
        "192.168.255.255",
        "198.18.0.0",
        "198.19.255.255",
        "198.51.100.7",
        "203.0.113.9",
        "224.0.0.1",
        "239.255.255.255",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::7f00:1",
        "::8.8.8.8",
        "::ffff:127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:0:8.8.8.8",
        "64:ff9b::7f00:1",
        "64:ff9b::a00:1",
        "64:ff9b:1::808:808",
        "100::1",
        "2001::1",
        "2001:0:4136:e378:8000:63bf:3fff:fdd2",
        "2001:2::1",
        "2001:10::1",
        "2001:20::1",
        "2001:db8::1",
        "2002:808:808::1",
        "2002:7f00:1::",
        "3ffe::1",
        "3fff::1",
        "4000::1",
        "5f00::1",
        "fc00::1",
        "fd12:3456::1",
        "fe80::1",
        "febf::1",
        "fec0::1",
        "ff00::1",
        "ff02::1",
        "2a00::5efe:10.0.0.1",
        "2a00::200:5efe:192.168.0.1",
    ];
    let metadata = [
        "169.254.169.254",
        "169.254.170.2",
        "169.254.170.23",
        "100.100.100.200",
        "168.63.129.16",
        "192.0.0.192",
        "fd00:ec2::254",
        "fd00:ec2::23",
        "fd20:ce::254",
        "::ffff:169.254.169.254",
        "::169.254.169.254",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::a9fe:a9fe",
        "2002:a9fe:a9fe::",
        "2001:0:a9fe:a9fe::1",
        "2001::5601:5601",
        "::ffff:0:a9fe:a9fe",
        "fe80::5efe:169.254.169.254",
    ];
    for (list, expected) in
        [(&public[..], Class::Public), (&private, Class::Private), (&metadata, Class::Metadata)]
    {
        for address in list {
            let parsed: IpAddr = address.parse().expect(address);
            assert_eq!(class(parsed), expected, "{address}");
        }
    }
}

#[tokio::test]
async fn no_spelling_of_a_private_address_is_asked() {
    let egress = Egress::resolving(|name| panic!("{name} was looked up"));
    for url in [
        "http://127.0.0.1/",
        "http://127.1/",
        "http://0x7f.1/",
        "http://0177.0.0.1/",
        "http://2130706433/",
        "http://0x7f000001/",
        "http://017700000001/",
        "http://127.0.0.1./",
        "http://①②⑦.⓪.⓪.①/",
        "http://127。0。0。1/",
        "http://%31%32%37.0.0.1/",
        "http://0/",
        "http://[::1]/",
        "http://[::]/",
        "http://[::ffff:127.0.0.1]/",
        "http://[::ffff:7f00:1]/",
        "http://[::127.0.0.1]/",
        "http://[64:ff9b::7f00:1]/",
        "http://[2002:7f00:1::]/",
        "http://10.0.0.1:8080/",
        "https://192.168.1.1/",
        "http://[fd00::1]/",
        "http://[fe80::1]/",
        "http://169.254.169.254/latest/meta-data/",
        "http://2852039166/",
        "http://[fd00:ec2::254]/",
        "http://100.100.100.200/",
        "http:\\\\127.0.0.1\\",
        "http:127.0.0.1",
        "http:////127.0.0.1/",
    ] {
        let error = egress.fetch(ask(url), policy(&[])).await.expect_err(url);
        assert_eq!(error, Error::Refused(Refusal::Private), "{url}");
    }
}

#[tokio::test]
async fn only_plain_http_addresses_are_asked() {
    let egress = Egress::resolving(|name| panic!("{name} was looked up"));
    for (url, expected) in [
        ("", Error::Url),
        ("example.com", Error::Url),
        ("/etc/passwd", Error::Url),
        ("http://", Error::Url),
        ("http://a b/", Error::Url),
        ("http://1.2.3.999/", Error::Url),
        ("file:///etc/passwd", Error::Refused(Refusal::Scheme)),
        ("ftp://example.com/", Error::Refused(Refusal::Scheme)),
        ("gopher://example.com/", Error::Refused(Refusal::Scheme)),
        ("unix:/run/x.sock", Error::Refused(Refusal::Scheme)),
        ("http://me@example.com/", Error::Refused(Refusal::Credentials)),
        ("http://me:secret@example.com/", Error::Refused(Refusal::Credentials)),
        ("http://:secret@example.com/", Error::Refused(Refusal::Credentials)),
        ("http://example.com@127.0.0.1/", Error::Refused(Refusal::Credentials)),
    ] {
        let error = egress.fetch(ask(url), policy(&[])).await.expect_err(url);
        assert_eq!(error, expected, "{url}");
    }
}

#[tokio::test]
async fn a_name_is_refused_by_any_of_its_addresses() {
    for (addresses, expected) in [
        (&["10.0.0.1"][..], Error::Refused(Refusal::Private)),
        (&["8.8.8.8", "127.0.0.1"], Error::Refused(Refusal::Private)),
        (&["2606:4700::1111", "fd00::1"], Error::Refused(Refusal::Private)),
        (&[], Error::Unreachable("there is no such host")),
    ] {
        let found: Vec<IpAddr> = addresses.iter().map(|a| a.parse().expect(a)).collect();
        let egress = Egress::resolving(move |_| Ok(found.clone()));
        let error = egress.fetch(ask("http://a.test/"), policy(&[])).await.expect_err("refused");
        assert_eq!(error, expected, "{addresses:?}");
    }
    let egress = Egress::resolving(|_| Err(io::Error::other("10.1.2.3 does not answer")));
    let error = egress.fetch(ask("http://a.test/"), policy(&[])).await.expect_err("no host");
    assert!(!error.to_string().contains("10.1.2.3"), "{error}");
}

#[tokio::test]
async fn metadata_is_not_asked_although_its_host_may_be_private() {
    let lists = hosts(&["meta.test", "169.254.169.254", "fd00:ec2::254"]);
    let egress = Egress::resolving(|_| Ok(vec![Ipv4Addr::new(169, 254, 169, 254).into()]));
    for url in ["http://meta.test/", "http://169.254.169.254/", "http://[fd00:ec2::254]/"] {
        let error = egress.fetch(ask(url), policy(&lists)).await.expect_err(url);
        assert_eq!(error, Error::Refused(Refusal::Private), "{url}");
    }
}

/// A server that says `answer` to whoever comes.
async fn server(answer: &'static str) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            assert!(stream.read(&mut request).await.expect("a request") > 0);
            stream.write_all(answer.as_bytes()).await.expect("it listens");
        }
    });
    address
}

#[tokio::test]
async fn a_name_that_means_something_else_the_second_time_is_asked_where_it_was_checked() {
    let here = server("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    // Whoever looks it up a second time is led to an address where nobody is.
    let egress = Egress::resolving(move |_| {
        let first = counted.fetch_add(1, Ordering::SeqCst) == 0;
        Ok(vec![if first { here.ip() } else { Ipv4Addr::new(127, 1, 1, 1).into() }])
    });
    let url = format!("http://rebinding.test:{}/", here.port());
    let list = hosts(&["rebinding.test"]);
    let fetched = egress.fetch(ask(&url), policy(&list)).await.expect("an answer");
    assert_eq!((&*fetched.body, fetched.url), (&b"hi"[..], url));
    assert_eq!(asked.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_name_is_looked_up_and_checked_anew_on_every_hop() {
    let here = server("HTTP/1.1 302 Found\r\nlocation: /again\r\ncontent-length: 0\r\n\r\n").await;
    let asked = AtomicUsize::new(0);
    let egress = Egress::resolving(move |_| {
        let first = asked.fetch_add(1, Ordering::SeqCst) == 0;
        let metadata = Ipv4Addr::new(169, 254, 169, 254).into();
        Ok(vec![if first { here.ip() } else { metadata }])
    });
    let url = format!("http://rebinding.test:{}/", here.port());
    let list = hosts(&["rebinding.test"]);
    let error = egress.fetch(ask(&url), policy(&list)).await.expect_err("refused");
    assert_eq!(error, Error::Refused(Refusal::Private));
}

#[tokio::test]
async fn a_look_up_that_hangs_ends_with_the_fetch_and_keeps_its_place() {
    let (release, held) = std::sync::mpsc::channel::<()>();
    let held = std::sync::Mutex::new(held);
    let egress = Egress::resolving(move |_| {
        held.lock().expect("no panic").recv().ok();
        Ok(Vec::new())
    });
    let short = Policy { time: Duration::from_millis(50), ..policy(&[]) };
    let error = egress.fetch(ask("http://slow.test/"), short).await.expect_err("too late");
    assert_eq!(error, Error::Timeout { limit: short.time });
    assert_eq!(egress.0.lookups.available_permits(), MAX_LOOKUPS - 1);
    drop(release);
}

#[test]
fn a_redirect_never_leads_from_https_to_http() {
    let target = Target::parse("https://a.test/x/y").expect("a target");
    for (location, expected) in [
        ("z", Ok("https://a.test/x/z")),
        ("/z?q#f", Ok("https://a.test/z?q")),
        ("//b.test", Ok("https://b.test/")),
        ("https://b.test:8443/z", Ok("https://b.test:8443/z")),
        ("http://a.test/", Err(Error::Refused(Refusal::Downgrade))),
        ("ftp://a.test/", Err(Error::Refused(Refusal::Scheme))),
        ("https://me@b.test/", Err(Error::Refused(Refusal::Credentials))),
        ("https://[", Err(Error::Unreachable("it redirects to what is no URL"))),
    ] {
        let followed = target.follow(location);
        let followed = followed.as_ref().map(Target::url).map_err(Clone::clone);
        assert_eq!(followed, expected, "{location}");
    }
    let up = Target::parse("http://a.test/").expect("a target").follow("https://a.test/");
    assert!(up.is_ok());
}

#[test]
fn both_parsers_agree_on_the_host_or_nobody_is_asked() {
    for url in
        ["http://a.test:80/", "https://[::1]:443/x?y", "http://bücher.test/ä b", "http://0x7f.1"]
    {
        let target = Target::parse(url).expect(url);
        let uri = target.uri().expect(url);
        assert_eq!(uri.host(), target.url.host_str(), "{url}");
    }
}
