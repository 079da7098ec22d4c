"""What the checks share: models by name, and a look at what goes over the wire."""

import json
import os

import httpx
from llama_index.core.llms import ChatMessage
from llama_index.core.tools import FunctionTool
from llama_index.embeddings.openai_like import OpenAILikeEmbedding
from llama_index.llms.openai_like import OpenAILike, OpenAILikeResponses
from pydantic import BaseModel

MAIN = "openclaw/default"
SCRIPTED = "openclaw/scripted"

# LlamaIndex does not read OPENAI_BASE_URL itself. The time is generous, because the local model shares
# the machine with whatever else runs on it.
GATEWAY = {
    "api_base": os.environ["OPENAI_BASE_URL"],
    "api_key": os.environ["OPENAI_API_KEY"],
    "max_retries": 0,
    "timeout": 120.0,
}


def chat(model: str = SCRIPTED, **options) -> OpenAILike:
    kinds = {"is_chat_model": True, "is_function_calling_model": True}
    return OpenAILike(**(GATEWAY | kinds | {"model": model} | options))


def responses(model: str = SCRIPTED, **options) -> OpenAILikeResponses:
    return OpenAILikeResponses(**(GATEWAY | {"model": model, "is_function_calling_model": True} | options))


def embeddings(**options) -> OpenAILikeEmbedding:
    return OpenAILikeEmbedding(**(GATEWAY | {"model_name": MAIN, "embed_batch_size": 100} | options))


def says(text) -> list[ChatMessage]:
    """A conversation of one user message."""
    return [ChatMessage(text)]


class Wire:
    """An HTTP client for LlamaIndex that keeps the bodies of its requests."""

    def __init__(self):
        self.bodies: list[dict] = []
        self.client = httpx.Client(event_hooks={"request": [self.keep]}, timeout=120)

    def keep(self, request: httpx.Request) -> None:
        self.bodies.append(json.loads(request.content))


class City(BaseModel):
    """A city and its weather."""

    name: str
    degrees: int


OSLO = City(name="Oslo", degrees=4)
DEGREES = {"Oslo": 4, "Lima": 19}


def degrees(city: str, unit: str) -> str:
    """The weather of a city."""
    return f"{DEGREES[city]} degrees in {city}, in {unit}"


weather = FunctionTool.from_defaults(degrees, name="weather")
