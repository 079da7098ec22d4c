"""Every reply and event of the golden transcripts against the SDK's own types, strictly."""

import json
from typing import Literal

from openai.types import CreateEmbeddingResponse, ErrorObject, Model
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from openai.types.responses import Response, ResponseItem, ResponseStreamEvent, ResponseUsage
from pydantic import BaseModel, TypeAdapter

from support.checks import check
from .transcripts import exchanges, without


class ErrorBody(BaseModel):
    error: ErrorObject


class Models(BaseModel):
    object: str
    data: list[Model]


class Compaction(BaseModel):
    id: str
    encrypted_content: str
    type: Literal["compaction"]


class Items(BaseModel):
    object: str
    data: list[ResponseItem]
    first_id: str | None
    last_id: str | None
    has_more: bool


class Compacted(BaseModel):
    """With the user's messages in it, for which the SDK's own type has no place."""

    id: str
    object: str
    created_at: int
    output: list[ResponseItem | Compaction]
    usage: ResponseUsage


class Deleted(BaseModel):
    id: str
    object: str
    deleted: bool


class EncodedEmbedding(BaseModel):
    """The SDK decodes these by itself, before its own type sees them."""

    object: str
    index: int
    embedding: str


class EncodedEmbeddings(BaseModel):
    object: str
    data: list[EncodedEmbedding]
    model: str
    usage: dict[str, int]


def kind_of(exchange):
    """What a reply should be, by its request."""
    match exchange.method, exchange.segments[1:]:
        case _, _ if exchange.status >= 400:
            return ErrorBody
        case _, ["models"]:
            return Models
        case _, ["models", *_]:
            return Model
        case _, ["chat", "completions"]:
            return ChatCompletion
        case _, ["embeddings"]:
            encoded = '"embedding": "' in exchange.text.replace('"object": "embedding"', "")
            return EncodedEmbeddings if encoded else CreateEmbeddingResponse
        case _, ["responses", "compact"]:
            return Compacted
        case _, ["responses", _, "input_items"]:
            return Items
        case "DELETE", ["responses", _]:
            return Deleted
        case _, ["responses", *_]:
            return Response
    raise AssertionError(f"what is answered to {exchange.method} {exchange.path}?")


def pieces(prefix: str):
    """Type, JSON and place of every reply and event to a path that begins so."""
    for exchange in exchanges():
        segments = exchange.segments
        if segments[:1] != ["v1"] or not exchange.lines or not "/".join(segments).startswith(prefix):
            continue
        place = f"{exchange.case} {exchange.method} {exchange.path}"
        if not exchange.kind.startswith("text/event-stream"):
            yield kind_of(exchange), exchange.text, place
            continue
        event = ChatCompletionChunk if "chat" in segments else ResponseStreamEvent
        for data in exchange.events():
            yield ErrorBody if data.startswith('{"error":') else event, data, place


def strict(kind, text: str, place: str = "") -> None:
    """Reads `text` as `kind` with every required field there and no type converted."""
    try:
        TypeAdapter(kind).validate_json(text, strict=True)
    except ValueError as error:
        raise AssertionError(f"{place}: {error}: {text[:300]}") from error


def without_audio(text: str) -> str:
    """Recordings are an extension to what a response may be asked: leaves their parts out."""
    value = json.loads(text)
    for item in value.get("data", []):
        if isinstance(item.get("content"), list):
            item["content"] = [part for part in item["content"] if part["type"] != "input_audio"]
    return json.dumps(value)


def all_of(prefix: str, least: int) -> None:
    count = 0
    for kind, text, place in pieces(prefix):
        strict(kind, without_audio(text) if kind is Items else text, place)
        count += 1
    assert count >= least, f"only {count} replies to {prefix}"


@check
def models():
    all_of("v1/models", 10)


@check
def chat():
    all_of("v1/chat/completions", 100)


@check
def embeddings():
    all_of("v1/embeddings", 10)


@check
def responses():
    all_of("v1/responses", 100)


def first(kind) -> str:
    return next(text for found, text, _ in pieces("v1") if found is kind)


def refused(kind, text: str) -> bool:
    try:
        strict(kind, text)
    except AssertionError:
        return True
    return False


@check
def a_missing_field_is_noticed():
    required = {
        Model: ("id", "created", "object", "owned_by"),
        ChatCompletion: ("id", "created", "model", "object", "choices"),
        ChatCompletionChunk: ("id", "created", "model", "object", "choices"),
        CreateEmbeddingResponse: ("data", "model", "object", "usage"),
        Response: ("id", "created_at", "model", "object", "output", "parallel_tool_calls",
                   "tool_choice", "tools"),
    }
    for kind, names in required.items():
        text = first(kind)
        assert not refused(kind, text), kind
        for name in names:
            assert refused(kind, without(text, name)), f"{kind.__name__} without {name}"


@check
def an_odd_value_is_noticed():
    text = first(ChatCompletion)
    odd = {
        '"created": 1767225600': '"created": "1767225600"',
        '"object": "chat.completion"': '"object": "chat"',
        '"finish_reason": "stop"': '"finish_reason": "end_turn"',
    }
    for good, bad in odd.items():
        assert good in text and refused(ChatCompletion, text.replace(good, bad)), bad
