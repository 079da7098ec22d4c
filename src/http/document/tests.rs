use super::examples::SAMPLES;
use super::page;
use crate::http::chat::CreateChatCompletionRequest;
use crate::http::embeddings::CreateEmbeddingRequest;
use crate::http::json::parse;
use crate::http::responses::{CompactResponse, CreateResponse};
use crate::http::tools::InvokeToolRequest;

#[test]
fn every_sample_of_a_request_is_read_by_its_parser() {
    let mut read = 0;
    for sample in SAMPLES.iter().filter(|sample| sample.place == "request") {
        let body = sample.value().to_string();
        let body = body.as_bytes();
        let result = match sample.operation {
            "createChatCompletion" => parse::<CreateChatCompletionRequest>(body).map(drop),
            "createResponse" => parse::<CreateResponse>(body).map(drop),
            "compactResponse" => parse::<CompactResponse>(body).map(drop),
            "createEmbedding" => parse::<CreateEmbeddingRequest>(body).map(drop),
            "invokeTool" => parse::<InvokeToolRequest>(body).map(drop),
            other => panic!("no parser for {other}"),
        };
        result.unwrap_or_else(|error| panic!("{}/{}: {error}", sample.operation, sample.name));
        read += 1;
    }
    assert!(read > 8, "{read} samples");
}

#[test]
fn the_page_holds_the_document_and_leads_nowhere_else() {
    let page::Page { html, policy } =
        page::make(r#"{"url": "http://127.0.0.1:18789", "x": "</script>"}"#);
    assert!(html.starts_with("<!DOCTYPE html>"), "{}", &html[..80]);
    assert!(html.contains("<title>OpenClaw API reference</title>"));
    assert!(html.contains(r#"spec: {"url": "/", "x": "<\/script>"}"#), "the document as given");
    assert!(html.trim_end().ends_with("</html>"), "all of the template");
    for outside in ["src=\"http", "href=\"http", "@import", "url(http", "url(//"] {
        assert!(!html.contains(outside), "{outside}");
    }
    let policy = policy.to_str().expect("ASCII");
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    assert_eq!(policy.matches("'sha256-").count(), 2, "{policy}");
}
