"""What the checks share: models by name, and a look at what goes over the wire."""

import json

import httpx2
from langchain_core.tools import tool
from langchain_openai import ChatOpenAI, OpenAIEmbeddings
from pydantic import BaseModel

MAIN = "openclaw/default"
SCRIPTED = "openclaw/scripted"

# Generous, because the local model shares the machine with whatever else runs on it.
TIMEOUT_SECONDS = 120


def chat(model: str = SCRIPTED, **options) -> ChatOpenAI:
    """A model that knows the gateway from OPENAI_BASE_URL and OPENAI_API_KEY, as users' do."""
    # A model as small as the local one now and then says nothing when it may choose.
    chosen = {"temperature": 0} if model == MAIN else {}
    defaults = {"model": model, "max_retries": 0, "timeout": TIMEOUT_SECONDS}
    return ChatOpenAI(**(defaults | chosen | options))


def embeddings(**options) -> OpenAIEmbeddings:
    defaults = {"model": MAIN, "max_retries": 0, "timeout": TIMEOUT_SECONDS}
    return OpenAIEmbeddings(**(defaults | options))


class Wire:
    """An HTTP client for LangChain that keeps the bodies of its requests."""

    def __init__(self):
        self.bodies: list[dict] = []
        self.client = httpx2.Client(event_hooks={"request": [self.keep]})

    def keep(self, request: httpx2.Request) -> None:
        self.bodies.append(json.loads(request.content))


class City(BaseModel):
    """A city and its weather."""

    name: str
    degrees: int


OSLO = City(name="Oslo", degrees=4)
DEGREES = {"Oslo": 4, "Lima": 19}


@tool
def weather(city: str, unit: str) -> str:
    """The weather of a city."""
    return f"{DEGREES[city]} degrees in {city}, in {unit}"
