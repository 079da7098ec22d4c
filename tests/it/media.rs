//! Images and files, inline and by URL, with the real child process behind PDF and HTML.

use crate::support::pdf;
use crate::support::soon;
use crate::support::upstream::{Reply, Upstream};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use openclaw::config::{Files, Images};
use openclaw::media::{Error, Form, Kind, Media, Source};
use openclaw::net::egress::Egress;
use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::Stdio;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::unix::pipe;
use tokio::process::Command;

/// Linux gives a pipe so much unless it is asked for more.
const MAX_PIPE_BYTES: usize = 64 * 1024;
const PNG: &[u8] = b"\x89PNG\r\n\x1a\n and so on";

fn media() -> Media {
    Media::new(Egress::new(), Some(env!("CARGO_BIN_EXE_openclaw").into()))
}

fn inline(bytes: &[u8], media_type: Option<&str>) -> Source {
    Source::Inline { base64: STANDARD.encode(bytes), media_type: media_type.map(str::to_owned) }
}

fn files() -> Files {
    Files { allow_private_hosts: vec!["127.0.0.1".to_owned()], ..Files::default() }
}

async fn file(bytes: &[u8], name: &str) -> Result<String, Error> {
    let read = soon(media().file(inline(bytes, None), Some(name), &files())).await?;
    Ok(read.text)
}

/// The source and the text of a wrapped file.
fn parts(wrapped: &str) -> (&str, &str) {
    let (head, rest) = wrapped.split_once("\n<<<UNTRUSTED_CONTENT ").expect("a marker");
    let (_, rest) = rest.split_once(">>>\n").expect("its end");
    let (text, _) = rest.rsplit_once("\n<<<END_UNTRUSTED_CONTENT ").expect("a marker");
    let source = head.split_once("was taken from ").expect("a source").1;
    (source.split_once(". It comes").expect("a sentence").0, text)
}

async fn check(bytes: &[u8], name: &str, expected: (&str, &str)) {
    let wrapped = file(bytes, name).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    assert_eq!(parts(&wrapped), expected, "{name}");
}

async fn refused(bytes: &[u8], name: &str, kind: Kind, says: &str) {
    let error = file(bytes, name).await.expect_err(name);
    assert_eq!(error.kind, kind, "{name}: {error}");
    assert!(error.message.contains(says), "{name}: {error}");
}

#[tokio::test]
async fn text_files_are_read_as_they_are() {
    check(b"a,b\n1,2", "t.csv", ("the file \"t.csv\" (text/csv)", "a,b\n1,2")).await;
    check(b"{\"a\": 1}", "t.json", ("the file \"t.json\" (application/json)", "{\"a\": 1}")).await;
    check(b"# Hi", "t.MD", ("the file \"t.MD\" (text/markdown)", "# Hi")).await;
    check(b"BM is how it begins", "t", ("the file \"t\" (text/plain)", "BM is how it begins"))
        .await;
    check(b"\xff\xfeh\0i\0", "t.txt", ("the file \"t.txt\" (text/plain)", "hi")).await;
    refused(b"gr\xfcn", "t.txt", Kind::Invalid, "UTF-8").await;
    refused(PNG, "t.txt", Kind::Invalid, "image/png").await;
    refused(PNG, "t.xyz", Kind::Unsupported, "image/png").await;
    refused(b"a\0b", "t.csv", Kind::Invalid, "not text").await;
    refused(b"", "t.txt", Kind::Invalid, "empty").await;
}

#[tokio::test]
async fn a_file_is_the_same_each_time_and_no_other() {
    let read = async |bytes: &[u8], name: &str| {
        media().file(inline(bytes, None), Some(name), &files()).await.expect("a file")
    };
    let (first, again) = (read(b"12345", "a.txt").await, read(b"12345", "a.txt").await);
    assert_ne!(first.text, again.text, "the marks differ");
    assert_eq!(first.digest, again.digest);
    for (bytes, name) in [(b"54321", "a.txt"), (b"12345", "b.txt")] {
        assert_ne!(read(bytes, name).await.digest, first.digest, "{name}");
    }
}

#[tokio::test]
async fn a_long_file_is_cut_and_says_so() {
    let limits = Files { max_chars: 100, ..files() };
    let source = inline("ä".repeat(150).as_bytes(), Some("text/plain"));
    let wrapped = media().file(source, None, &limits).await.expect("a file");
    let expected = "the file (text/plain, cut after 100 of 150 characters)";
    assert_eq!(parts(&wrapped.text), (expected, &*"ä".repeat(100)));
    let limits = Files { max_bytes: 10, ..files() };
    let error = media().file(inline(&[b'x'; 11], None), None, &limits).await.expect_err("large");
    assert_eq!(error.kind, Kind::TooLarge);
}

#[tokio::test]
async fn web_pages_become_markdown() {
    let html = b"<title>T</title><script>x</script><h2>Hi</h2><p>a <a href='b'>c</a></p>";
    let expected = ("the file \"p.html\" (text/html)", "## Hi\n\na [c](b)");
    check(html, "p.html", expected).await;
    let page = media().page(std::str::from_utf8(html).expect("UTF-8"), "", Form::Text).await;
    let page = page.expect("a page");
    assert_eq!((page.title.as_deref(), &*page.text), (Some("T"), "Hi\n\na c"));
}

#[tokio::test]
async fn a_page_nested_too_deeply_takes_only_the_child_with_it() {
    let html = "<div>".repeat(20_000);
    let error = soon(media().page(&html, "", Form::Markdown)).await.expect_err("too deep");
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    let page = media().page("<p>fine</p>", "", Form::Markdown).await.expect("a page");
    assert_eq!(page.text, "fine");
}

#[tokio::test]
async fn the_first_pages_of_a_pdf_are_read() {
    let two = pdf::with_pages(&["Hello there", "Second page"]);
    let whole = ("the file \"a.pdf\" (application/pdf)", "Hello there\n\nSecond page");
    check(&two, "a.pdf", whole).await;
    check(&two, "a", ("the file \"a\" (application/pdf)", whole.1)).await;
    let preceded = [b"junk\n".as_slice(), &two].concat();
    check(&preceded, "a.pdf", whole).await;
    let six = pdf::with_pages(&["1", "2", "3", "4", "5", "6"]);
    let first = "the file \"a.pdf\" (application/pdf, the first 4 of 6 pages)";
    check(&six, "a.pdf", (first, "1\n\n2\n\n3\n\n4")).await;
}

#[tokio::test]
async fn a_pdf_without_text_asks_for_images() {
    refused(&pdf::with_pages(&["", ""]), "scan.pdf", Kind::Invalid, "pages as images").await;
    let late = pdf::with_pages(&["", "", "", "", "late"]);
    refused(&late, "scan.pdf", Kind::Invalid, "in the first 4 pages of the PDF").await;
}

#[tokio::test]
async fn an_encrypted_pdf_is_read_only_without_a_password() {
    let plain = pdf::with_pages(&["Secret"]);
    let expected = ("the file \"a.pdf\" (application/pdf)", "Secret");
    check(&pdf::encrypted(&plain, ""), "a.pdf", expected).await;
    refused(&pdf::encrypted(&plain, "pw"), "a.pdf", Kind::Invalid, "encrypted").await;
}

#[tokio::test]
async fn a_damaged_pdf_is_refused_whatever_is_wrong_with_it() {
    let good = pdf::with_pages(&["Hello"]);
    refused(b"hello", "a.pdf", Kind::Invalid, "does not begin as one").await;
    refused(b"%PDF-1.4\n", "a.pdf", Kind::Invalid, "cannot be read").await;
    refused(&good[..good.len() / 2], "a.pdf", Kind::Invalid, "cannot be read").await;
    let garbage: Vec<u8> =
        b"%PDF-1.4\n".iter().copied().chain((0..=255).cycle().take(5000)).collect();
    refused(&garbage, "a.pdf", Kind::Invalid, "cannot be read").await;
    // A page whose parents go round in a circle.
    let mut objects = pdf::beginning("4 0 R", 1);
    objects[1] = b"<</Type/Pages/Kids[4 0 R]/Count 1/Parent 2 0 R>>".to_vec();
    objects.push(b"<</Type/Page/Parent 2 0 R/Contents 5 0 R>>".to_vec());
    objects.push(pdf::stream("", b"BT ET"));
    refused(&pdf::of(&objects), "a.pdf", Kind::Invalid, "cannot be read").await;
    // Pages that are their own children.
    let circle = pdf::of(&pdf::beginning("2 0 R 2 0 R", 2));
    refused(&circle, "a.pdf", Kind::Invalid, "cannot be read").await;
    // A page without a size, on which the parser panics, beside one that is as it should be.
    let mut objects = pdf::beginning("4 0 R 6 0 R", 2);
    objects[1] =
        b"<</Type/Pages/Kids[4 0 R 6 0 R]/Count 2/Resources<</Font<</F1 3 0 R>>>>>>".to_vec();
    objects.push(b"<</Type/Page/Parent 2 0 R/Contents 5 0 R>>".to_vec());
    objects.push(pdf::stream("", b"BT /F1 12 Tf (lost) Tj ET"));
    objects.push(b"<</Type/Page/Parent 2 0 R/Contents 7 0 R/MediaBox[0 0 9 9]>>".to_vec());
    objects.push(pdf::stream("", b"BT /F1 12 Tf (found) Tj ET"));
    let source = "the file \"a.pdf\" (application/pdf, without pages that cannot be read: 1)";
    check(&pdf::of(&objects), "a.pdf", (source, "found")).await;
}

#[tokio::test]
async fn a_pdf_that_asks_for_too_much_is_given_up() {
    // Deeper than any stack.
    let mut objects = pdf::beginning("4 0 R", 1);
    let nested = ["[".repeat(500_000), "]".repeat(500_000)].concat();
    objects.push(format!("<</Type/Page/Parent 2 0 R/Contents {nested}>>").into_bytes());
    let error = file(&pdf::of(&objects), "deep.pdf").await.expect_err("too deep");
    assert_eq!(error.kind, Kind::Invalid, "{error}");
    // Content of a few kilobytes that becomes gigabytes: no memory, or no time, is enough.
    let mut objects = pdf::beginning("4 0 R", 1);
    let contents = "5 0 R ".repeat(400);
    objects.push(format!("<</Type/Page/Parent 2 0 R/Contents[{contents}]>>").into_bytes());
    let bomb = pdf::deflated(b"0 0 m ".repeat(1_500_000));
    objects.push(pdf::stream("/Filter/FlateDecode", &bomb));
    let file_with_bomb = pdf::of(&objects);
    assert!(file_with_bomb.len() < 100_000, "{}", file_with_bomb.len());
    let error = file(&file_with_bomb, "bomb.pdf").await.expect_err("too large");
    assert_eq!(error.kind, Kind::Invalid, "{error}");
}

#[tokio::test]
async fn a_pdf_of_very_many_pages_is_read_from_its_beginning() {
    let kids = (0..20_000).map(|at| format!("{} 0 R", at + 5)).collect::<Vec<_>>().join(" ");
    let mut objects = pdf::beginning(&kids, 20_000);
    objects.push(pdf::stream("", b"BT /F1 12 Tf 9 9 Td (again) Tj ET"));
    let page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R>>".to_vec();
    objects.extend(std::iter::repeat_n(page, 20_000));
    let wrapped = file(&pdf::of(&objects), "long.pdf").await.expect("a file");
    let (source, text) = parts(&wrapped);
    assert!(source.contains("the first 4 of 20000 pages"), "{source}");
    assert_eq!(text, "again\n\nagain\n\nagain\n\nagain");
}

#[tokio::test]
async fn the_child_takes_its_limits_before_it_reads() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_openclaw"))
        .args(["extract-text", "--pdf-pages", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .expect("it runs");
    let file = format!("/proc/{}/limits", child.id().expect("it lives"));
    let expected = [
        ["Max cpu time", "5", "5"],
        ["Max core file size", "0", "0"],
        ["Max open files", "0", "0"],
        ["Max address space", "1073741824", "1073741824"],
    ];
    // More than a pipe holds: once all of it is written, the child has begun to read.
    let mut stdin = child.stdin.take().expect("a pipe");
    soon(stdin.write_all(&vec![b'x'; 2 * MAX_PIPE_BYTES])).await.expect("it reads");
    let limits = std::fs::read_to_string(&file).expect("it lives");
    for [name, soft, hard] in expected {
        let line = limits.lines().find_map(|line| line.strip_prefix(name));
        let mut values = line.unwrap_or_default().split_whitespace();
        assert_eq!((values.next(), values.next()), (Some(soft), Some(hard)), "{name}: {limits}");
    }
    drop(stdin);
    assert!(soon(child.wait()).await.expect("it ends").success(), "it can still answer");
}

/// A program that takes the place of the child.
fn stand_in(folder: &TempDir, does: &str) -> Media {
    let program = folder.path().join("stand-in");
    std::fs::write(&program, format!("#!/bin/sh\n{does}\n")).expect("written");
    std::fs::set_permissions(&program, Permissions::from_mode(0o755)).expect("executable");
    Media::new(Egress::new(), Some(program))
}

#[tokio::test]
async fn the_child_knows_nothing_of_its_parent() {
    let folder = TempDir::new().expect("a folder");
    let media = stand_in(&folder, "cat >/dev/null; echo '{}'; echo \"$@\"; pwd; env");
    let page = soon(media.page("<p>", "http://a.test/?secret", Form::Text)).await.expect("a page");
    let mut lines = page.text.lines();
    assert_eq!((lines.next(), lines.next()), (Some("extract-text --html text"), Some("/")));
    // The shell sets a few of its own.
    let ours =
        |line: &&str| !["PWD=", "OLDPWD=", "SHLVL=", "_="].iter().any(|own| line.starts_with(own));
    assert_eq!(lines.filter(ours).collect::<Vec<_>>(), [""; 0]);
}

#[tokio::test]
async fn a_child_that_lies_or_floods_is_a_damaged_file() {
    for does in [
        "cat >/dev/null; echo not a head",
        "cat >/dev/null; echo '{\"pages\": -1}'",
        "cat >/dev/null; echo '{}'; echo text; exit 1",
        "echo '{}'; exec yes",
        "kill -9 $$",
    ] {
        let folder = TempDir::new().expect("a folder");
        let error = soon(stand_in(&folder, does).page("<p>", "", Form::Text)).await;
        let error = error.expect_err(does);
        assert_eq!(error.kind, Kind::Invalid, "{does}: {error}");
        assert!(error.message.contains("damaged"), "{does}: {error}");
    }
}

#[tokio::test]
async fn children_that_hang_are_killed_and_meanwhile_others_are_busy() {
    let folder = TempDir::new().expect("a folder");
    let pipe = folder.path().join("pipe");
    let made = Command::new("mkfifo").arg(&pipe).status().await.expect("it runs");
    assert!(made.success());
    let told = pipe::OpenOptions::new().open_receiver(&pipe).expect("a pipe");
    // It has an end only once nobody can write any more: not this test, and no child.
    let writer = pipe::OpenOptions::new().open_sender(&pipe).expect("a pipe");
    let does = format!("exec 9>{}; echo started >&9; exec sleep 600", pipe.display());
    let media = stand_in(&folder, &does);
    let read = |media: Media| async move { media.page("<p>", "", Form::Text).await };
    let hanging: Vec<_> = (0..4).map(|_| tokio::spawn(read(media.clone()))).collect();
    let mut told = BufReader::new(told).lines();
    for _ in 0..4 {
        let line = soon(told.next_line()).await.expect("a pipe");
        assert_eq!(line.as_deref(), Some("started"));
    }
    drop(writer);
    let error = soon(read(media.clone())).await.expect_err("no place");
    assert_eq!(error.kind, Kind::Busy, "{error}");
    for hanging in hanging {
        let error = soon(hanging).await.expect("no panic").expect_err("too slow");
        assert!(error.message.contains("takes too long"), "{error}");
    }
    assert_eq!(soon(told.next_line()).await.expect("a pipe"), None, "they are gone");
}

#[tokio::test]
async fn without_the_binary_nothing_hostile_is_read() {
    for program in [None, Some(PathBuf::from("/no/such/program"))] {
        let media = Media::new(Egress::new(), program);
        let source = inline(&pdf::with_pages(&["Hi"]), None);
        let error = media.file(source, None, &files()).await.expect_err("no child");
        assert_eq!(error.kind, Kind::Internal, "{error}");
        assert!(!error.message.contains("/no/such"), "{error}");
        assert!(media.file(inline(b"text", None), None, &files()).await.is_ok());
    }
}

#[tokio::test]
async fn a_file_by_url_takes_its_name_and_type_from_there() {
    let upstream = Upstream::start().await;
    upstream.otherwise(|seen| match &*seen.path {
        "/a%20b.csv?x=y" => Reply::of(200, "application/octet-stream").then("1,2"),
        "/page" => Reply::of(200, "text/html; charset=latin1").then(&b"<b>gr\xfcn</b>"[..]),
        "/a.pdf" => Reply::of(200, "application/pdf").then(pdf::with_pages(&["From afar"])),
        "/picture" => Reply::of(200, "image/png").then(PNG),
        "/large" => Reply::of(200, "text/plain").then("x".repeat(2000)),
        _ => Reply::of(404, "text/plain").then("no"),
    });
    let base = format!("http://{}", upstream.address());
    let limits = Files { max_bytes: 1500, ..files() };
    let get =
        async |path: &str| media().file(Source::Url(format!("{base}{path}")), None, &limits).await;
    for (path, expected) in [
        ("/a%20b.csv?x=y", ("the file \"a b.csv\" (text/csv)", "1,2")),
        ("/page", ("the file \"page\" (text/html)", "**grün**")),
        ("/a.pdf", ("the file \"a.pdf\" (application/pdf)", "From afar")),
    ] {
        let wrapped = get(path).await.unwrap_or_else(|error| panic!("{path}: {error}"));
        assert_eq!(parts(&wrapped.text), expected, "{path}");
    }
    for (path, kind, says) in [
        ("/picture", Kind::Unsupported, "image/png"),
        ("/large", Kind::TooLarge, "1500 bytes"),
        ("/gone", Kind::Unreachable, "status 404"),
    ] {
        let error = get(path).await.expect_err(path);
        assert_eq!(error.kind, kind, "{path}: {error}");
        assert!(error.message.contains(says), "{path}: {error}");
    }
    let error = media().file(Source::Url(base), None, &Files::default()).await;
    assert_eq!(error.expect_err("private").kind, Kind::Refused);
}

#[tokio::test]
async fn an_image_comes_inline_or_by_url() {
    let upstream = Upstream::with([Reply::of(200, "image/png").then(PNG)]).await;
    let limits = Images { allow_private_hosts: vec!["127.0.0.1".to_owned()], ..Images::default() };
    let expected = format!("data:image/png;base64,{}", STANDARD.encode(PNG));
    let url = format!("http://{}/x", upstream.address());
    let data = format!("data:image/png;base64,{}", STANDARD.encode(PNG));
    for source in [Source::Url(url), Source::Url(data), inline(PNG, Some("image/png"))] {
        let image = media().image(source.clone(), &limits).await.expect("an image");
        assert_eq!((&*image.data_uri, image.bytes), (&*expected, PNG.len()), "{source:?}");
    }
    for (source, kind) in [
        (Source::Url("ftp://a.test/x.png".to_owned()), Kind::Refused),
        (Source::Url("no URL".to_owned()), Kind::Invalid),
        (Source::Url("http://10.0.0.1/x.png".to_owned()), Kind::Refused),
        (Source::Url("data:image/png;base64".to_owned()), Kind::Invalid),
        (inline(PNG, Some("image/gif")), Kind::Invalid),
        (inline(b"<svg/>", Some("image/svg+xml")), Kind::Unsupported),
    ] {
        let error = media().image(source.clone(), &limits).await.expect_err("refused");
        assert_eq!(error.kind, kind, "{source:?}: {error}");
    }
    let closed = Images { allow_url: false, ..limits };
    let error = media().image(Source::Url("http://a.test/".to_owned()), &closed).await;
    assert_eq!(error.expect_err("switched off").kind, Kind::Refused);
    let small = Images { max_bytes: 4, ..closed };
    let error = media().image(inline(PNG, None), &small).await.expect_err("too large");
    assert_eq!(error.kind, Kind::TooLarge);
}
