//! Whether two requests ask the same.

use crate::types::RunRequest;
use sha2::{Digest, Sha256};
use std::fmt::{self, Write as _};

/// A digest of all that decides what a request is answered.
pub(super) fn of(request: &RunRequest) -> [u8; 32] {
    let mut hash = Hashing(Sha256::new());
    settings(&mut hash, request);
    hash.add(&request.input);
    hash.0.finalize().into()
}

/// The same without the messages: requests that agree in it can become one turn.
pub(super) fn of_settings(request: &RunRequest) -> [u8; 32] {
    let mut hash = Hashing(Sha256::new());
    settings(&mut hash, request);
    hash.0.finalize().into()
}

fn settings(hash: &mut Hashing, request: &RunRequest) {
    let RunRequest { agent, session, kind, sampling, response_format, tools, .. } = request;
    hash.add(&(agent, session, kind, sampling, response_format, tools));
    let RunRequest { tool_choice, parallel_tool_calls, model, delivery, origin, .. } = request;
    hash.add(&(tool_choice, parallel_tool_calls, model, delivery));
    hash.add(&(origin.surface, origin.caller.namespace()));
}

/// Digests what `Debug` writes. It tells every field and is read by nobody but the same process.
struct Hashing(Sha256);

impl Hashing {
    fn add(&mut self, value: &impl fmt::Debug) {
        write!(self, "{value:?}").expect("a digest takes everything");
    }
}

impl fmt::Write for Hashing {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.update(text.as_bytes());
        Ok(())
    }
}
