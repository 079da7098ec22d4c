//! The integration tests, in one binary.

mod architecture;
mod chat;
mod client;
mod crash;
mod decoding;
mod document;
mod egress;
mod golden;
mod http_embeddings;
mod http_sessions;
mod http_status;
mod local;
mod logs;
mod media;
mod net;
mod providers;
mod quickstart;
mod responses;
mod responses_ws;
mod runs;
mod seed;
mod sessions;
mod store;
mod stream;
mod support;
mod tools;
