//! Whether two requests ask the same.

use crate::types::{ResponseFormat, RunRequest};
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};
use std::io;

/// A digest of all that decides what a request is answered.
pub(super) fn of(request: &RunRequest) -> [u8; 32] {
    let mut hash = settings(request);
    serde_json::to_writer(&mut hash, &request.input).expect("messages are JSON-able");
    hash.0.finalize().into()
}

/// The same without the messages: requests that agree in it can become one turn.
pub(super) fn of_settings(request: &RunRequest) -> [u8; 32] {
    settings(request).0.finalize().into()
}

fn settings(request: &RunRequest) -> Hashing {
    let mut hash = Hashing(Sha256::new());
    let RunRequest { agent, session, kind, sampling, model, delivery, origin, .. } = request;
    hash.value(&(agent, session, kind, sampling, model, delivery));
    hash.value(&(origin.surface, origin.caller.namespace()));
    hash.value(&(&request.tool_choice, request.parallel_tool_calls, request.tools.len()));
    for tool in &request.tools {
        hash.value(&(&tool.name, &tool.description, tool.strict));
        hash.text(tool.parameters.as_ref().map_or("", |schema| schema.get()));
    }
    match &request.response_format {
        None => hash.text(""),
        Some(ResponseFormat::JsonObject) => hash.text("object"),
        Some(ResponseFormat::JsonSchema(schema)) => hash.text(schema.get()),
    }
    hash
}

/// A digest that can be written to.
struct Hashing(Sha256);

impl Hashing {
    /// Takes what `Debug` writes: it tells every field, and nobody but this process compares it.
    fn value(&mut self, value: &impl fmt::Debug) {
        write!(self, "{value:?};").expect("a digest takes everything");
    }

    /// Takes a text with its length, so that two texts are never taken for two others.
    fn text(&mut self, text: &str) {
        self.0.update(text.len().to_le_bytes());
        self.0.update(text.as_bytes());
    }
}

impl fmt::Write for Hashing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
