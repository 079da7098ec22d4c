//! The integration tests, in one binary.

mod architecture;
mod chat;
mod client;
mod crash;
mod document;
mod golden;
mod http_embeddings;
mod http_sessions;
mod http_status;
mod local;
mod logs;
mod net;
mod providers;
mod quickstart;
mod responses_ws;
mod runs;
mod seed;
mod sessions;
mod store;
mod stream;
mod support;
mod tools;
