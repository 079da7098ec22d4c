"""Every answer against the SDK's own types, strictly: it reads leniently, generated clients do not."""

import json

from openai.types import CreateEmbeddingResponse, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseStreamEvent
from pydantic import TypeAdapter

from support.checks import check

from .harness import MAIN, SCRIPTED, client, says
from .tools import TOOLS

# The same tools as the responses API has them.
FLAT_TOOLS = [{"type": "function", **tool["function"]} for tool in TOOLS]


def strict(kind, text: str):
    """Reads `text` as `kind` with every required field there and no type converted."""
    kind.model_validate_json(text, strict=True)


def chat(model, text, **options):
    create = client().chat.completions.with_raw_response.create
    strict(ChatCompletion, create(model=model, messages=says(text), **options).text)


def chat_stream(model, text, **options):
    create = client().chat.completions.with_streaming_response.create
    with create(model=model, messages=says(text), stream=True, **options) as response:
        data = [line.removeprefix("data: ") for line in response.iter_lines() if line]
    assert len(data) > 2, data
    for event in data[:-1]:
        strict(ChatCompletionChunk, event)


def response(model, text, **options):
    create = client().responses.with_raw_response.create
    strict(Response, create(model=model, input=text, **options).text)


def response_stream(model, text, **options):
    create = client().responses.with_streaming_response.create
    with create(model=model, input=text, stream=True, **options) as reply:
        lines = [line for line in reply.iter_lines() if line.startswith("data: {")]
    events = [line.removeprefix("data: ") for line in lines]
    assert len(events) > 5, events
    for event in events:
        TypeAdapter(ResponseStreamEvent).validate_json(event, strict=True)
    numbers = [json.loads(event)["sequence_number"] for event in events]
    assert numbers == list(range(len(events))), numbers


@check
def local_chat():
    chat(MAIN, "Hello", max_tokens=4)


@check
def scripted_chat():
    chat(SCRIPTED, "Hello")


@check
def tool_calls():
    chat(SCRIPTED, "weather in both", tools=TOOLS)


@check
def local_chunks():
    chat_stream(MAIN, "Hello", max_tokens=4)


@check
def chunks_with_usage():
    chat_stream(SCRIPTED, "count", stream_options={"include_usage": True})


@check
def tool_call_chunks():
    chat_stream(SCRIPTED, "weather in both", tools=TOOLS)


@check
def local_response():
    response(MAIN, "Hello", max_output_tokens=16)


@check
def scripted_response():
    response(SCRIPTED, "Hello")


@check
def response_with_tool_calls():
    response(SCRIPTED, "weather in both", tools=FLAT_TOOLS)


@check
def local_response_events():
    response_stream(MAIN, "Hello", max_output_tokens=16)


@check
def response_events():
    response_stream(SCRIPTED, "count")


@check
def response_events_with_reasoning():
    response_stream(SCRIPTED, "think")


@check
def response_events_with_tool_calls():
    response_stream(SCRIPTED, "weather in both", tools=FLAT_TOOLS)


@check
def model():
    strict(Model, client().models.with_raw_response.retrieve(MAIN).text)


@check
def model_list():
    page = json.loads(client().models.with_raw_response.list().text)
    assert page["object"] == "list", page
    for entry in page["data"]:
        strict(Model, json.dumps(entry))


@check
def embeddings():
    create = client().embeddings.with_raw_response.create
    strict(CreateEmbeddingResponse, create(model=MAIN, input="a", encoding_format="float").text)


@check
def choices_have_every_field_the_description_requires():
    create = client().chat.completions.with_raw_response.create
    body = json.loads(create(model=SCRIPTED, messages=says("Hello")).text)
    [choice] = body["choices"]
    assert {"id", "object", "created", "model", "choices", "usage"} <= body.keys(), body
    assert {"index", "message", "logprobs", "finish_reason"} <= choice.keys(), choice
    assert {"role", "content", "refusal"} <= choice["message"].keys(), choice
