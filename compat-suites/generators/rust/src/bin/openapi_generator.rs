//! Calls the gateway with the crate that openapi-generator made of its document.

use std::env;

use checks::{Checked, check, some};
use openapi_client::{
    apis::{
        Error,
        chat_api::create_chat_completion,
        configuration::Configuration,
        embeddings_api::create_embedding,
        models_api::{ListModelsError, list_models, retrieve_model},
        responses_api::{create_response, delete_response, list_input_items, retrieve_response},
    },
    models::{
        ChatCompletionMessageContent, ChatCompletionRequestMessage, ChatCompletionTool,
        CreateChatCompletionRequest, CreateEmbeddingRequest, CreateResponse, EmbeddingInput,
        EmbeddingVector, FunctionObject, Item, ItemPart, MessageRole, ResponseInputItemList,
        ResponseObject, ResponseTool,
    },
};

#[path = "../../../../support/checks.rs"]
mod checks;

const MAIN: &str = "openclaw/default";
const SCRIPTED: &str = "openclaw/scripted";

#[tokio::main(flavor = "current_thread")]
async fn main() {
    check("openapi_generator_rust.models", models()).await;
    check("openapi_generator_rust.model", model()).await;
    check("openapi_generator_rust.chat", chat()).await;
    check("openapi_generator_rust.chat_tools", chat_tools()).await;
    check("openapi_generator_rust.response", response()).await;
    check("openapi_generator_rust.response_tools", response_tools()).await;
    check("openapi_generator_rust.response_again", response_again()).await;
    check("openapi_generator_rust.embeddings", embeddings()).await;
    check("openapi_generator_rust.refused", refused()).await;
}

fn configuration(token: &str) -> Result<Configuration, env::VarError> {
    Ok(Configuration {
        base_path: env::var("OPENCLAW_ORIGIN")?,
        bearer_access_token: Some(token.to_owned()),
        ..Configuration::new()
    })
}

fn ours() -> Result<Configuration, env::VarError> {
    configuration(&env::var("OPENCLAW_TOKEN")?)
}

fn asks(model: &str, text: &str) -> CreateChatCompletionRequest {
    let content = ChatCompletionMessageContent::String(text.to_owned());
    let message = ChatCompletionRequestMessage {
        content: Some(Some(Box::new(content))),
        ..ChatCompletionRequestMessage::new(MessageRole::User)
    };
    CreateChatCompletionRequest {
        model: Some(Some(model.to_owned())),
        ..CreateChatCompletionRequest::new(vec![message])
    }
}

async fn models() -> Checked {
    let list = list_models(&ours()?).await?;
    assert!(list.data.iter().any(|model| model.id == MAIN), "{list:?}");
    Ok(())
}

async fn model() -> Checked {
    let model = retrieve_model(&ours()?, MAIN).await?;
    assert_eq!((model.id.as_str(), model.owned_by.as_str()), (MAIN, "openclaw"));
    Ok(())
}

async fn chat() -> Checked {
    let request = CreateChatCompletionRequest { max_tokens: Some(Some(8)), ..asks(MAIN, "Hello") };
    let answer = create_chat_completion(&ours()?, request, None, None, None, None, None).await?;
    let said = some(answer.choices[0].message.content.as_deref(), "content")?;
    assert!(!said.is_empty() && answer.usage.completion_tokens > 0, "{answer:?}");
    Ok(())
}

async fn chat_tools() -> Checked {
    let function = FunctionObject::new("get_weather".to_owned());
    let tool = ChatCompletionTool::new(function, "function".to_owned());
    let request = CreateChatCompletionRequest {
        tools: Some(Some(vec![tool])),
        ..asks(SCRIPTED, "How warm is it?")
    };
    let answer = create_chat_completion(&ours()?, request, None, None, None, None, None).await?;
    let calls = some(answer.choices[0].message.tool_calls.as_ref(), "tool_calls")?;
    assert_eq!(calls[0].function.name, "get_weather");
    Ok(())
}

async fn respond(
    text: &str,
    tools: Vec<ResponseTool>,
) -> Result<ResponseObject, Box<dyn std::error::Error>> {
    let request = CreateResponse {
        model: Some(Some(SCRIPTED.to_owned())),
        input: Some(Some(Box::new(ResponseInputItemList::String(text.to_owned())))),
        tools: Some(Some(tools)),
        ..CreateResponse::new()
    };
    Ok(create_response(&ours()?, request, None, None, None, None, None).await?)
}

async fn response() -> Checked {
    let made = respond("Hello", vec![]).await?;
    let [Item::MessageItem(message)] = &made.output[..] else {
        return Err(format!("{made:?}").into());
    };
    let [ItemPart::OutputTextPart(part)] = &message.content[..] else {
        return Err(format!("{message:?}").into());
    };
    assert_eq!(part.text, "A scripted reply.");
    Ok(())
}

async fn response_tools() -> Checked {
    let tool = ResponseTool {
        name: Some(Some("get_weather".to_owned())),
        ..ResponseTool::new("function".to_owned())
    };
    let made = respond("How warm is it?", vec![tool]).await?;
    let [Item::FunctionCallItem(call)] = &made.output[..] else {
        return Err(format!("{made:?}").into());
    };
    assert_eq!(call.name, "get_weather");
    Ok(())
}

async fn response_again() -> Checked {
    let made = respond("Hello", vec![]).await?;
    let again = retrieve_response(&ours()?, &made.id, None, None).await?;
    assert_eq!(again, made);
    let asked = list_input_items(&ours()?, &made.id, None, None, None).await?;
    assert!(matches!(asked.data[..], [Item::MessageItem(_)]), "{asked:?}");
    assert!(delete_response(&ours()?, &made.id).await?.deleted);
    Ok(())
}

async fn embeddings() -> Checked {
    let input = EmbeddingInput::ArrayVecString(vec!["a".to_owned(), "b".to_owned()]);
    let made = create_embedding(&ours()?, CreateEmbeddingRequest::new(input), None, None).await?;
    for one in &made.data {
        let EmbeddingVector::ArrayVecf32(vector) = &*one.embedding else {
            return Err(format!("{one:?}").into());
        };
        assert_eq!(vector.len(), 384);
    }
    assert_eq!(made.data.len(), 2);
    Ok(())
}

async fn refused() -> Checked {
    let Err(Error::ResponseError(reply)) = list_models(&configuration("wrong")?).await else {
        return Err("no error of the reply".into());
    };
    assert_eq!(reply.status, 401);
    let Some(ListModelsError::Status401(body)) = reply.entity else {
        return Err(format!("not typed: {}", reply.content).into());
    };
    assert_eq!(body.error.code.as_deref(), Some("invalid_api_key"), "{body:?}");
    Ok(())
}
