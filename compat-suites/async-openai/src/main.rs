//! Calls the gateway with async-openai, whose types are strict: a missing or odd field is an error.

use std::env;

use async_openai::{
    Client,
    config::OpenAIConfig,
    error::{ApiErrorResponse, OpenAIError},
    types::{
        chat::{
            ChatCompletionMessageToolCalls, ChatCompletionRequestAssistantMessageArgs,
            ChatCompletionRequestToolMessageArgs, ChatCompletionRequestUserMessage,
            ChatCompletionStreamOptions, ChatCompletionTool, CreateChatCompletionRequest,
            CreateChatCompletionRequestArgs, CreateChatCompletionStreamResponse, FinishReason,
            FunctionObjectArgs, FunctionType, Role,
        },
        embeddings::{
            CreateEmbeddingRequest, CreateEmbeddingRequestArgs, EmbeddingInput, EncodingFormat,
        },
        responses::{
            CompactResponseRequest, CreateResponse, CreateResponseArgs, FunctionTool, InputParam,
            OutputItem, Response, ResponseStreamEvent, Status, Tool,
        },
    },
};
use checks::{Checked, check, some};
use futures::TryStreamExt;
use serde_json::{Value, json};

#[path = "../../support/checks.rs"]
mod checks;

const MAIN: &str = "openclaw/default";
const SCRIPTED: &str = "openclaw/scripted";
const DIMENSIONS: usize = 384;

#[tokio::main(flavor = "current_thread")]
async fn main() {
    check("models.list", models_list()).await;
    check("models.retrieve_with_a_raw_slash", model_with_a_raw_slash()).await;
    check("chat.local", chat_local()).await;
    check("chat.every_counted_token", chat_usage()).await;
    check("chat.length", chat_length()).await;
    check("stream.local", stream_local()).await;
    check("stream.chunks", stream_chunks()).await;
    check("stream.usage", stream_usage()).await;
    check("tools.whole", tools_whole()).await;
    check("tools.stream", tools_stream()).await;
    check("tools.loop_ends", tools_loop()).await;
    check("responses.local", response_local()).await;
    check("responses.reasoning", response_reasoning()).await;
    check("responses.tools", response_tools()).await;
    check("responses.again", response_again()).await;
    check("responses.follow", response_follow()).await;
    check("responses.compact", response_compact()).await;
    check("responses.cancel", response_cancel()).await;
    check("events.local", events_local()).await;
    check("events.text", events_text()).await;
    check("events.tools", events_tools()).await;
    check("events.replayed", events_replayed()).await;
    check("embeddings.floats", embeddings_floats()).await;
    check("embeddings.base64", embeddings_base64()).await;
    check("embeddings.shorter", embeddings_shorter()).await;
    check("errors.wrong_key", wrong_key()).await;
    check("errors.unknown_model", unknown_model()).await;
    check("errors.bad_request", bad_request()).await;
    check("errors.upstream", upstream()).await;
    check("errors.before_a_stream", before_a_stream()).await;
    check("errors.unknown_response", unknown_response()).await;
}

/// It knows the gateway from OPENAI_BASE_URL and OPENAI_API_KEY, as users' programs do.
fn client() -> Client<OpenAIConfig> {
    Client::new()
}

fn chat(model: &str, text: &str) -> CreateChatCompletionRequestArgs {
    let mut request = CreateChatCompletionRequestArgs::default();
    request.model(model).messages(ChatCompletionRequestUserMessage::from(text));
    request
}

fn parameters() -> Value {
    json!({
        "type": "object",
        "properties": { "city": { "type": "string" } },
        "required": ["city"],
    })
}

fn weather() -> Result<ChatCompletionTool, OpenAIError> {
    let function =
        FunctionObjectArgs::default().name("weather").parameters(parameters()).build()?;
    Ok(ChatCompletionTool { function })
}

fn respond(model: &str, text: &str) -> CreateResponseArgs {
    let mut request = CreateResponseArgs::default();
    request.model(model).input(text);
    request
}

fn flat_weather() -> Tool {
    Tool::Function(FunctionTool {
        name: "weather".into(),
        parameters: Some(parameters()),
        ..FunctionTool::default()
    })
}

fn embed(texts: &[&str]) -> CreateEmbeddingRequestArgs {
    let mut request = CreateEmbeddingRequestArgs::default();
    let texts = texts.iter().map(ToString::to_string).collect();
    request.model(MAIN).input(EmbeddingInput::StringArray(texts));
    request
}

async fn models_list() -> Checked {
    let list = client().models().list().await?;
    assert_eq!(list.object, "list");
    let ids: Vec<&str> = list.data.iter().map(|model| model.id.as_str()).collect();
    assert!(ids.contains(&MAIN) && ids.contains(&SCRIPTED), "{ids:?}");
    Ok(())
}

async fn model_with_a_raw_slash() -> Checked {
    let model = client().models().retrieve(MAIN).await?;
    assert_eq!((model.id.as_str(), model.object.as_str()), (MAIN, "model"));
    assert_eq!(model.owned_by, "openclaw");
    assert!(model.created > 0);
    Ok(())
}

async fn chat_local() -> Checked {
    let answer =
        client().chat().create(chat(MAIN, "Hello").max_completion_tokens(8u32).temperature(0f32).build()?).await?;
    let [choice] = &answer.choices[..] else { return Err(format!("{answer:?}").into()) };
    assert_eq!(answer.object, "chat.completion");
    assert_eq!(choice.message.role, Role::Assistant);
    assert!(!some(choice.message.content.as_deref(), "content")?.is_empty());
    assert!(some(answer.usage, "usage")?.completion_tokens > 0);
    Ok(())
}

async fn chat_usage() -> Checked {
    let answer = client().chat().create(chat(SCRIPTED, "think").build()?).await?;
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("42"));
    assert_eq!(answer.choices[0].finish_reason, Some(FinishReason::Stop));
    let usage = some(answer.usage, "usage")?;
    assert_eq!((usage.prompt_tokens, usage.completion_tokens, usage.total_tokens), (4, 9, 13));
    let details = some(usage.completion_tokens_details, "completion_tokens_details")?;
    assert_eq!(details.reasoning_tokens, Some(7));
    Ok(())
}

async fn chat_length() -> Checked {
    let answer = client().chat().create(chat(SCRIPTED, "too long").build()?).await?;
    assert_eq!(answer.choices[0].finish_reason, Some(FinishReason::Length));
    Ok(())
}

async fn chunks(
    request: CreateChatCompletionRequest,
) -> Result<Vec<CreateChatCompletionStreamResponse>, OpenAIError> {
    client().chat().create_stream(request).await?.try_collect().await
}

/// The text, after everything that all chunks have in common was looked at.
fn text(chunks: &[CreateChatCompletionStreamResponse]) -> String {
    assert!(chunks.len() > 2, "{chunks:?}");
    let first = &chunks[0];
    assert!(chunks.iter().all(|chunk| chunk.id == first.id && chunk.created == first.created));
    assert!(chunks.iter().all(|chunk| chunk.object == "chat.completion.chunk"));
    assert_eq!(first.choices[0].delta.role, Some(Role::Assistant));
    let choices = chunks.iter().flat_map(|chunk| &chunk.choices);
    choices.filter_map(|choice| choice.delta.content.as_deref()).collect()
}

async fn stream_local() -> Checked {
    let chunks = chunks(chat(MAIN, "Hello").max_completion_tokens(8u32).temperature(0f32).build()?).await?;
    assert!(!text(&chunks).is_empty());
    assert!(some(chunks.last(), "chunk")?.choices[0].finish_reason.is_some());
    Ok(())
}

async fn stream_chunks() -> Checked {
    let chunks = chunks(chat(SCRIPTED, "count").build()?).await?;
    assert_eq!(text(&chunks), "one, two, three");
    assert!(chunks.iter().all(|chunk| chunk.usage.is_none()), "usage, though it was not asked for");
    let last = some(chunks.last(), "chunk")?;
    assert_eq!(last.choices[0].finish_reason, Some(FinishReason::Stop));
    Ok(())
}

async fn stream_usage() -> Checked {
    let options =
        ChatCompletionStreamOptions { include_usage: Some(true), include_obfuscation: None };
    let chunks = chunks(chat(SCRIPTED, "count").stream_options(options).build()?).await?;
    let last = some(chunks.last(), "chunk")?;
    assert!(last.choices.is_empty(), "{last:?}");
    let usage = some(last.usage.clone(), "usage")?;
    assert_eq!((usage.prompt_tokens, usage.completion_tokens), (3, 5));
    assert_eq!(some(usage.prompt_tokens_details, "prompt_tokens_details")?.cached_tokens, Some(2));
    Ok(())
}

async fn tools_whole() -> Checked {
    let request = chat(SCRIPTED, "weather in Oslo").tools(weather()?).build()?;
    let answer = client().chat().create(request).await?;
    let choice = &answer.choices[0];
    assert_eq!(choice.finish_reason, Some(FinishReason::ToolCalls));
    assert_eq!(choice.message.content, None);
    let calls = some(choice.message.tool_calls.as_ref(), "tool_calls")?;
    let [ChatCompletionMessageToolCalls::Function(call)] = &calls[..] else {
        return Err(format!("{calls:?}").into());
    };
    assert_eq!((call.id.as_str(), call.function.name.as_str()), ("call_oslo", "weather"));
    assert_eq!(serde_json::from_str::<Value>(&call.function.arguments)?, json!({ "city": "Oslo" }));
    Ok(())
}

async fn tools_stream() -> Checked {
    let chunks = chunks(chat(SCRIPTED, "weather in both").tools(weather()?).build()?).await?;
    let mut arguments = vec![String::new(); 2];
    let mut ids = Vec::new();
    let choices = chunks.iter().flat_map(|chunk| &chunk.choices);
    for delta in choices.flat_map(|choice| choice.delta.tool_calls.iter().flatten()) {
        let function = some(delta.function.as_ref(), "function")?;
        if let Some(id) = &delta.id {
            assert_eq!(delta.r#type, Some(FunctionType::Function));
            assert_eq!(function.name.as_deref(), Some("weather"));
            assert_eq!(delta.index as usize, ids.len());
            ids.push(id.clone());
        }
        arguments[delta.index as usize] += function.arguments.as_deref().unwrap_or_default();
    }
    assert_eq!(ids, ["call_oslo", "call_lima"]);
    let arguments: Result<Vec<Value>, _> =
        arguments.iter().map(|text| serde_json::from_str(text)).collect();
    assert_eq!(arguments?, [json!({ "city": "Oslo" }), json!({ "city": "Lima" })]);
    let last = some(chunks.last(), "chunk")?;
    assert_eq!(last.choices[0].finish_reason, Some(FinishReason::ToolCalls));
    Ok(())
}

async fn tools_loop() -> Checked {
    let request = chat(SCRIPTED, "weather in Oslo").tools(weather()?).build()?;
    let asked = client().chat().create(request.clone()).await?;
    let calls = some(asked.choices[0].message.tool_calls.clone(), "tool_calls")?;
    let assistant =
        ChatCompletionRequestAssistantMessageArgs::default().tool_calls(calls).build()?;
    let tool = ChatCompletionRequestToolMessageArgs::default()
        .tool_call_id("call_oslo")
        .content("4 degrees")
        .build()?;
    let mut request = request;
    request.messages.extend([assistant.into(), tool.into()]);
    let answer = client().chat().create(request).await?;
    assert_eq!(answer.choices[0].message.content.as_deref(), Some("It is cold in Oslo."));
    Ok(())
}

async fn response(request: &CreateResponseArgs) -> Result<Response, OpenAIError> {
    client().responses().create(request.build()?).await
}

async fn response_local() -> Checked {
    let made = response(respond(MAIN, "Hello").max_output_tokens(16u32).temperature(0f32)).await?;
    assert_eq!(made.object, "response");
    assert!(matches!(made.status, Status::Completed | Status::Incomplete), "{made:?}");
    assert!(!some(made.output_text(), "output_text")?.is_empty());
    Ok(())
}

async fn response_reasoning() -> Checked {
    let made = response(&respond(SCRIPTED, "think")).await?;
    let [OutputItem::Reasoning(reasoning), OutputItem::Message(_)] = &made.output[..] else {
        return Err(format!("{:?}", made.output).into());
    };
    assert_eq!(reasoning.summary.len(), 1);
    assert_eq!(made.output_text().as_deref(), Some("42"));
    let usage = some(made.usage, "usage")?;
    assert_eq!((usage.input_tokens, usage.output_tokens), (4, 9));
    assert_eq!(usage.output_tokens_details.reasoning_tokens, 7);
    Ok(())
}

async fn response_tools() -> Checked {
    let made = response(respond(SCRIPTED, "weather in Oslo").tools(vec![flat_weather()])).await?;
    let [OutputItem::FunctionCall(call)] = &made.output[..] else {
        return Err(format!("{:?}", made.output).into());
    };
    assert_eq!((call.call_id.as_str(), call.name.as_str()), ("call_oslo", "weather"));
    assert_eq!(serde_json::from_str::<Value>(&call.arguments)?, json!({ "city": "Oslo" }));
    Ok(())
}

async fn response_again() -> Checked {
    let made = response(&respond(SCRIPTED, "Hello")).await?;
    let again = client().responses().retrieve(&made.id).await?;
    assert_eq!(again, made);
    let asked = client().responses().list_input_items(&made.id).await?;
    assert_eq!((asked.object.as_str(), asked.data.len(), asked.has_more), ("list", 1, false));
    let deleted = client().responses().delete(&made.id).await?;
    assert!(deleted.deleted && deleted.id == made.id, "{deleted:?}");
    refused(client().responses().retrieve(&made.id).await, 404)?;
    Ok(())
}

async fn response_follow() -> Checked {
    let first = response(&respond(SCRIPTED, "Hello")).await?;
    let next = response(respond(SCRIPTED, "count").previous_response_id(&*first.id)).await?;
    assert_eq!(next.previous_response_id.as_deref(), Some(&*first.id));
    assert_eq!(next.output_text().as_deref(), Some("one, two, three"));
    Ok(())
}

async fn response_compact() -> Checked {
    let request = CompactResponseRequest {
        model: SCRIPTED.into(),
        input: Some(InputParam::Text("Hello".into())),
        ..CompactResponseRequest::default()
    };
    let made = client().responses().compact(request).await?;
    let last = some(made.output.last(), "output")?;
    assert!(matches!(last, OutputItem::Compaction(_)), "{last:?}");
    Ok(())
}

async fn response_cancel() -> Checked {
    let made = response(respond(SCRIPTED, "slow").background(true)).await?;
    assert!(matches!(made.status, Status::Queued | Status::InProgress), "{made:?}");
    let cancelled = client().responses().cancel(&made.id).await?;
    assert_eq!(cancelled.status, Status::Cancelled);
    Ok(())
}

async fn events(request: CreateResponse) -> Result<Vec<ResponseStreamEvent>, OpenAIError> {
    client().responses().create_stream(request).await?.try_collect().await
}

/// The response that the last event completes, after the numbers of all events were looked at.
fn completed(events: &[ResponseStreamEvent]) -> Result<&Response, String> {
    let numbers: Vec<u64> = events.iter().filter_map(number).collect();
    let expected: Vec<u64> = (0..events.len() as u64).collect();
    assert_eq!(numbers, expected);
    assert!(matches!(events[0], ResponseStreamEvent::ResponseCreated(_)), "{:?}", events[0]);
    match events.last() {
        Some(ResponseStreamEvent::ResponseCompleted(event)) => Ok(&event.response),
        Some(ResponseStreamEvent::ResponseIncomplete(event)) => Ok(&event.response),
        last => Err(format!("the last event is {last:?}")),
    }
}

fn number(event: &ResponseStreamEvent) -> Option<u64> {
    serde_json::to_value(event).ok()?["sequence_number"].as_u64()
}

fn spoken(events: &[ResponseStreamEvent]) -> String {
    let deltas = events.iter().filter_map(|event| match event {
        ResponseStreamEvent::ResponseOutputTextDelta(event) => Some(event.delta.as_str()),
        _ => None,
    });
    deltas.collect()
}

async fn events_local() -> Checked {
    let events = events(respond(MAIN, "Hello").max_output_tokens(16u32).temperature(0f32).build()?).await?;
    assert_eq!(completed(&events)?.output_text().as_deref(), Some(&*spoken(&events)));
    assert!(!spoken(&events).is_empty());
    Ok(())
}

async fn events_text() -> Checked {
    let events = events(respond(SCRIPTED, "count").build()?).await?;
    assert_eq!(spoken(&events), "one, two, three");
    assert_eq!(completed(&events)?.status, Status::Completed);
    Ok(())
}

async fn events_tools() -> Checked {
    let request = respond(SCRIPTED, "weather in Oslo").tools(vec![flat_weather()]).build()?;
    let events = events(request).await?;
    let [OutputItem::FunctionCall(call)] = &completed(&events)?.output[..] else {
        return Err(format!("{:?}", events.last()).into());
    };
    let deltas = events.iter().filter_map(|event| match event {
        ResponseStreamEvent::ResponseFunctionCallArgumentsDelta(event) => {
            Some(event.delta.as_str())
        }
        _ => None,
    });
    assert_eq!(deltas.collect::<String>(), call.arguments);
    Ok(())
}

async fn events_replayed() -> Checked {
    let events = events(respond(SCRIPTED, "count").background(true).build()?).await?;
    let made = completed(&events)?;
    let stream = client().responses().retrieve_stream(&made.id).await?;
    let replayed: Vec<ResponseStreamEvent> = stream.try_collect().await?;
    assert_eq!(completed(&replayed)?.output, made.output);
    Ok(())
}

async fn floats(request: CreateEmbeddingRequest) -> Result<Vec<Vec<f32>>, OpenAIError> {
    let made = client().embeddings().create(request).await?;
    assert!(made.usage.prompt_tokens > 0 && made.object == "list");
    let indices: Vec<u32> = made.data.iter().map(|one| one.index).collect();
    assert_eq!(indices, (0..made.data.len() as u32).collect::<Vec<_>>());
    Ok(made.data.into_iter().map(|one| one.embedding).collect())
}

async fn embeddings_floats() -> Checked {
    let made =
        floats(embed(&["A cat sleeps.", "The kitten naps.", "Taxes rise."]).build()?).await?;
    assert!(made.iter().all(|one| one.len() == DIMENSIONS));
    let likeness =
        |one: &[f32], other: &[f32]| one.iter().zip(other).map(|(a, b)| a * b).sum::<f32>();
    assert!(likeness(&made[0], &made[1]) > likeness(&made[0], &made[2]));
    Ok(())
}

async fn embeddings_base64() -> Checked {
    let as_floats = floats(embed(&["a", "b"]).build()?).await?;
    let request = embed(&["a", "b"]).encoding_format(EncodingFormat::Base64).build()?;
    let made = client().embeddings().create_base64(request).await?;
    let as_text: Vec<Vec<f32>> = made.data.into_iter().map(|one| one.embedding.into()).collect();
    let pairs = as_floats.iter().flatten().zip(as_text.iter().flatten());
    assert_eq!(as_text.iter().map(Vec::len).sum::<usize>(), 2 * DIMENSIONS);
    assert!(pairs.into_iter().all(|(one, other)| (one - other).abs() < 1e-6));
    Ok(())
}

async fn embeddings_shorter() -> Checked {
    let made = floats(embed(&["a"]).dimensions(32u32).build()?).await?;
    assert_eq!(made[0].len(), 32);
    Ok(())
}

/// The error, in OpenAI's form, that a request is refused with.
fn refused<T>(answer: Result<T, OpenAIError>, status: u16) -> Result<ApiErrorResponse, String> {
    match answer {
        Err(OpenAIError::ApiError(error)) if error.status_code.as_u16() == status => Ok(error),
        Err(error) => Err(format!("not an API error of {status}: {error:?}")),
        Ok(_) => Err(format!("an answer, not {status}")),
    }
}

async fn wrong_key() -> Checked {
    let config =
        OpenAIConfig::new().with_api_base(env::var("OPENAI_BASE_URL")?).with_api_key("wrong");
    let error = refused(Client::with_config(config).models().list().await, 401)?.api_error;
    assert_eq!(error.code.as_deref(), Some("invalid_api_key"), "{error:?}");
    assert!(!error.message.is_empty());
    Ok(())
}

async fn unknown_model() -> Checked {
    let error = refused(client().models().retrieve("nothing").await, 404)?.api_error;
    assert_eq!(error.code.as_deref(), Some("model_not_found"), "{error:?}");
    Ok(())
}

async fn bad_request() -> Checked {
    let request = chat(SCRIPTED, "Hello").temperature(9.0).build()?;
    let error = refused(client().chat().create(request).await, 400)?.api_error;
    assert_eq!(error.param.as_deref(), Some("temperature"), "{error:?}");
    assert_eq!(error.r#type.as_deref(), Some("invalid_request_error"), "{error:?}");
    Ok(())
}

/// Of a failing server's error this client keeps the text alone.
async fn upstream() -> Checked {
    let answer = client().chat().create(chat(SCRIPTED, "fail: auth").build()?).await;
    let text: Value = serde_json::from_str(&refused(answer, 502)?.api_error.message)?;
    assert_eq!(text["error"]["type"], "upstream_error", "{text}");
    Ok(())
}

async fn before_a_stream() -> Checked {
    let request = chat("openclaw/nobody", "Hello").build()?;
    let error = refused(chunks(request).await, 404)?.api_error;
    assert_eq!(error.code.as_deref(), Some("model_not_found"), "{error:?}");
    Ok(())
}

async fn unknown_response() -> Checked {
    let id = format!("resp_{}", "0".repeat(32));
    let error = refused(client().responses().retrieve(&id).await, 404)?.api_error;
    assert!(error.message.contains(&id), "{error:?}");
    Ok(())
}
