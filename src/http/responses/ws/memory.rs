//! What a connection remembers: its latest response where that is kept nowhere else.

use crate::http::ApiError;
use crate::http::responses::convert::Before;
use crate::http::responses::wire::CreateResponse;
use crate::responses::{Item, ResponseId};

/// A conversation that takes more than this is not remembered.
const MAX_BYTES: usize = 64 * 1024 * 1024;

/// A response that only its connection knows, with the conversation up to its end.
#[derive(Debug, Clone)]
pub(super) struct Remembered {
    /// The response's id.
    pub(super) id: String,
    /// The kept response that the conversation goes on from.
    pub(super) kept: Option<ResponseId>,
    /// What came after it.
    pub(super) items: Vec<Item>,
    /// The bytes of the frames that the items came in.
    pub(super) bytes: usize,
}

/// The latest of them.
#[derive(Debug, Default)]
pub(super) struct Memory(Option<Remembered>);

impl Memory {
    /// Takes the place of what was remembered.
    pub(super) fn keep(&mut self, remembered: Remembered) {
        self.0 = (remembered.bytes <= MAX_BYTES).then_some(remembered);
    }

    /// What a request continues, and the bytes of what is remembered of it.
    pub(super) fn before(&self, request: &CreateResponse) -> Result<(Before, usize), ApiError> {
        match (&self.0, request.previous_response_id.as_deref()) {
            (Some(remembered), Some(id)) if remembered.id == id => {
                let Remembered { kept, items, bytes, .. } = remembered;
                Ok((Before { kept: *kept, items: items.clone() }, *bytes))
            }
            _ => Ok((Before::of(request)?, 0)),
        }
    }
}
