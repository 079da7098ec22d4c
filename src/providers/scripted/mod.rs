//! Replies from a file, for tests and compat suites. It is used only where a provider with
//! `api: "scripted"` is configured, and never picked by itself.
//!
//! The file named by `models.providers.<id>.script` is JSON:
//!
//! ```json
//! {
//!   "dimensions": 8,
//!   "rules": [
//!     {
//!       "when": { "contains": "weather" },
//!       "reply": {
//!         "tool_calls": [{ "id": "call_1", "name": "weather", "arguments": { "city": "Oslo" } }]
//!       }
//!     },
//!     { "reply": { "chunks": ["Hel", "lo"], "usage": { "input": 3, "output": 2 } } }
//!   ]
//! }
//! ```
//!
//! The first rule whose `contains` is found in the last user or tool message answers; one without
//! `when` always does. A reply may have:
//!
//! - `text`, or `chunks` to say how a stream is cut; `reasoning` before it, `refusal` after it;
//! - `logprobs`: a number for each chunk, told where they are asked for;
//! - `tool_calls`: `name`, `arguments` (JSON, or a string taken as it is), and `id`, which is
//!   `call_<n>` when left out;
//! - `finish`: `stop`, `length`, `tool_calls` or `content_filter`; by default what fits;
//! - `usage`: `input`, `output`, `cached_input`, `reasoning`;
//! - `error`: `kind` (`unknown_model`, `auth`, `rate_limit`, `overloaded`, `timeout`,
//!   `context_length`, `rejected`, `unavailable`, `malformed`, `not_installed`), and optionally
//!   `message`, `status` and `retry_after_ms`. It comes after the texts and calls of the reply; a
//!   reply of nothing else fails before the stream begins;
//! - `delay_ms` before the first event, `pause_ms` before each further one.
//!
//! Embeddings are made from a hash of the text: equal texts have equal vectors of length 1, with
//! as many dimensions as the request or the file asks for (384 by default).

mod playback;
mod script;
mod vector;

pub(super) use playback::Playback;
pub(super) use script::{Script, load};
