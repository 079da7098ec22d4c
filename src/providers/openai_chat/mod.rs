//! OpenAI's Chat Completions, as OpenAI and everyone who imitates it speak it.

mod decode;
mod encode;
mod reader;
mod tool_calls;

pub(super) use reader::Reader;

use super::call::{Completion, ModelCall};
use super::endpoint::Endpoint;
use super::error::Error;
use super::exchange::{Ask, Budget};
use super::stream::ModelStream;

const PATH: &str = "/chat/completions";

/// Asks for an answer as it grows.
pub(super) async fn stream(endpoint: Endpoint, call: &ModelCall) -> Result<ModelStream, Error> {
    let budget = Budget::since(endpoint.begun, endpoint.first_token);
    let body = encode::streamed(call, endpoint.flavour);
    let model = call.model.model.as_str();
    let response = Ask { endpoint: &endpoint, path: PATH, model, body, budget }.open().await?;
    let reader = Reader::new(response.into_body(), endpoint, model.to_owned(), budget);
    Ok(ModelStream::upstream(reader))
}

/// Asks for a whole answer.
pub(super) async fn complete(endpoint: Endpoint, call: &ModelCall) -> Result<Completion, Error> {
    let budget = Budget::since(endpoint.begun, endpoint.idle);
    let body = encode::whole(call, endpoint.flavour);
    let model = call.model.model.as_str();
    let answer = Ask { endpoint: &endpoint, path: PATH, model, body, budget }.fetch().await?;
    decode::completion(&answer).map_err(|trouble| trouble.at(&endpoint, model).logged(model))
}
