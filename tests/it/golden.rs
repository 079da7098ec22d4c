//! The wire, case by case: `tests/golden` is the specification of behaviour.

use crate::support::golden::check_area;

#[tokio::test]
async fn models() {
    check_area("models").await;
}

#[tokio::test]
async fn chat() {
    check_area("chat").await;
}

#[tokio::test]
async fn chat_errors() {
    check_area("chat-errors").await;
}

#[tokio::test]
async fn embeddings() {
    check_area("embeddings").await;
}

#[tokio::test]
async fn common() {
    check_area("common").await;
}

#[tokio::test]
async fn sessions() {
    check_area("sessions").await;
}

#[tokio::test]
async fn cors() {
    check_area("cors").await;
}

#[tokio::test]
async fn limits() {
    check_area("limits").await;
}

#[tokio::test]
async fn responses() {
    check_area("responses").await;
}

#[tokio::test]
async fn responses_errors() {
    check_area("responses-errors").await;
}

#[tokio::test]
async fn clients() {
    check_area("clients").await;
}
