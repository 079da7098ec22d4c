//! Calls the gateway with the client that progenitor made of its document.

use std::env;

use checks::{Checked, check, some};
use client::{
    Client, Error,
    types::{
        CreateChatCompletionRequest, CreateEmbeddingRequest, CreateResponse, EmbeddingVector,
        ErrorResponse, FunctionObject, InvokeToolRequest, Item, ItemPart, ResponseObject,
    },
};
use reqwest::header::{AUTHORIZATION, HeaderMap};
use serde_json::{Value, json};

#[path = "../../../../support/checks.rs"]
mod checks;

#[expect(clippy::all, reason = "it is generated")]
#[allow(dead_code, reason = "a program uses what it needs of a client")]
mod client {
    include!(concat!(env!("OUT_DIR"), "/progenitor.rs"));
}

const MAIN: &str = "openclaw/default";
const SCRIPTED: &str = "openclaw/scripted";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    check("progenitor.models", models()).await;
    check("progenitor.model", model()).await;
    check("progenitor.chat", chat()).await;
    check("progenitor.chat_tools", chat_tools()).await;
    check("progenitor.response", response()).await;
    check("progenitor.response_tools", response_tools()).await;
    check("progenitor.response_again", response_again()).await;
    check("progenitor.embeddings", embeddings()).await;
    check("progenitor.refused", refused()).await;
    check("progenitor.probes", probes()).await;
    check("progenitor.tool", tool()).await;
    check("progenitor.tool_refused", tool_refused()).await;
}

fn client(token: &str) -> Result<Client, Box<dyn std::error::Error>> {
    let headers = HeaderMap::from_iter([(AUTHORIZATION, format!("Bearer {token}").parse()?)]);
    let http = reqwest::Client::builder().default_headers(headers).build()?;
    Ok(Client::new_with_client(&env::var("OPENCLAW_ORIGIN")?, http))
}

fn ours() -> Result<Client, Box<dyn std::error::Error>> {
    client(&env::var("OPENCLAW_TOKEN")?)
}

fn weather() -> Value {
    json!({ "name": "get_weather", "parameters": { "type": "object", "properties": {} } })
}

async fn models() -> Checked {
    let list = ours()?.list_models().await?.into_inner();
    assert!(list.data.iter().any(|model| model.id == MAIN), "{list:?}");
    Ok(())
}

async fn model() -> Checked {
    let model = ours()?.retrieve_model(MAIN).await?.into_inner();
    assert_eq!((model.id.as_str(), model.owned_by.as_str()), (MAIN, "openclaw"));
    Ok(())
}

async fn chat() -> Checked {
    let messages = json!([{ "role": "user", "content": "Hello" }]);
    let request = json!({ "model": MAIN, "messages": messages, "max_tokens": 8 });
    let request: CreateChatCompletionRequest = serde_json::from_value(request)?;
    let answer = ours()?.create_chat_completion(None, None, None, None, None, &request).await?;
    let said = some(answer.choices[0].message.content.as_deref(), "content")?;
    assert!(!said.is_empty() && answer.usage.completion_tokens > 0, "{answer:?}");
    Ok(())
}

async fn chat_tools() -> Checked {
    let function: FunctionObject = serde_json::from_value(weather())?;
    let messages = json!([{ "role": "user", "content": "How warm is it?" }]);
    let tools = json!([{ "type": "function", "function": function }]);
    let request = json!({ "model": SCRIPTED, "messages": messages, "tools": tools });
    let request: CreateChatCompletionRequest = serde_json::from_value(request)?;
    let answer = ours()?.create_chat_completion(None, None, None, None, None, &request).await?;
    let [call] = &answer.choices[0].message.tool_calls[..] else {
        return Err(format!("{answer:?}").into());
    };
    assert_eq!(call.function.name, "get_weather");
    Ok(())
}

async fn respond(request: Value) -> Result<ResponseObject, Box<dyn std::error::Error>> {
    let request: CreateResponse = serde_json::from_value(request)?;
    Ok(ours()?.create_response(None, None, None, None, None, &request).await?.into_inner())
}

async fn response() -> Checked {
    let made =
        respond(json!({ "model": SCRIPTED, "input": "Hello", "metadata": { "a": "b" } })).await?;
    let [Item::MessageItem(message)] = &made.output[..] else {
        return Err(format!("{made:?}").into());
    };
    let [ItemPart::OutputTextPart(part)] = &message.content[..] else {
        return Err(format!("{message:?}").into());
    };
    assert_eq!(part.text, "A scripted reply.");
    assert_eq!(made.metadata.get("a").map(String::as_str), Some("b"));
    Ok(())
}

async fn response_tools() -> Checked {
    let mut tool = weather();
    tool["type"] = "function".into();
    let made =
        respond(json!({ "model": SCRIPTED, "input": "How warm is it?", "tools": [tool] })).await?;
    let [Item::FunctionCallItem(call)] = &made.output[..] else {
        return Err(format!("{made:?}").into());
    };
    assert_eq!(call.name, "get_weather");
    Ok(())
}

async fn response_again() -> Checked {
    let made = respond(json!({ "model": SCRIPTED, "input": "Hello" })).await?;
    let again = ours()?.retrieve_response(&made.id, None, None).await?;
    assert_eq!((&again.id, again.output.len()), (&made.id, 1));
    let asked = ours()?.list_input_items(&made.id, None, None, None).await?;
    assert!(matches!(asked.data[..], [Item::MessageItem(_)]), "{asked:?}");
    assert!(ours()?.delete_response(&made.id).await?.deleted);
    Ok(())
}

async fn embeddings() -> Checked {
    let request: CreateEmbeddingRequest = serde_json::from_value(json!({ "input": ["a", "b"] }))?;
    let made = ours()?.create_embedding(None, None, &request).await?;
    for one in &made.data {
        let EmbeddingVector::Array(vector) = &one.embedding else {
            return Err(format!("{one:?}").into());
        };
        assert_eq!(vector.len(), 384);
    }
    assert_eq!(made.data.len(), 2);
    Ok(())
}

async fn refused() -> Checked {
    let Err(Error::ErrorResponse(reply)) = client("wrong")?.list_models().await else {
        return Err("no typed error".into());
    };
    assert_eq!(reply.status(), 401);
    let body: ErrorResponse = reply.into_inner();
    assert_eq!(body.error.code.as_deref(), Some("invalid_api_key"), "{body:?}");
    Ok(())
}

async fn probes() -> Checked {
    let live = ours()?.get_health().await?.into_inner();
    assert_eq!((live.ok, live.status.as_deref()), (Some(true), Some("live")));
    assert_eq!(ours()?.get_ready().await?.ready, Some(true));
    Ok(())
}

async fn tool() -> Checked {
    let request: InvokeToolRequest = serde_json::from_value(json!({ "name": "agents_list" }))?;
    let said = ours()?.invoke_tool(None, None, None, None, &request).await?.into_inner();
    assert!(said.ok && !said.result.content.is_empty(), "{said:?}");
    Ok(())
}

async fn tool_refused() -> Checked {
    let request: InvokeToolRequest = serde_json::from_value(json!({ "name": "nothing" }))?;
    let Err(Error::ErrorResponse(reply)) =
        ours()?.invoke_tool(None, None, None, None, &request).await
    else {
        return Err("no typed error".into());
    };
    assert_eq!((reply.status().as_u16(), reply.error.type_.as_str()), (404, "not_found"));
    Ok(())
}
