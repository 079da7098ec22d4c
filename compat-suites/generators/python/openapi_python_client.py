"""Calls the gateway with a client of openapi-python-client's: `openapi_python_client.py LABEL FOLDER`."""

import importlib
import os
import pkgutil
import sys
from types import ModuleType

from support.checks import check, run_all

LABEL, FOLDER = sys.argv[1:]
ORIGIN, TOKEN = os.environ["OPENCLAW_ORIGIN"], os.environ["OPENCLAW_TOKEN"]
MAIN, SCRIPTED = "openclaw/default", "openclaw/scripted"
sys.path.insert(0, FOLDER)
generated = importlib.import_module("generated")
models_of = importlib.import_module("generated.models")
client = generated.AuthenticatedClient(base_url=ORIGIN, token=TOKEN, timeout=120)
TOOL = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}


def operations() -> dict[str, ModuleType]:
    """The generated operations, by name."""
    api = importlib.import_module("generated.api")
    found = pkgutil.walk_packages(api.__path__, "generated.api.")
    named = [one.name for one in found if not one.ispkg]
    return {name.rsplit(".", 1)[1]: importlib.import_module(name) for name in named}


calls = operations()


def call(operation: str, *path: str, **arguments):
    """What an operation's reply is parsed into, for a reply of 2xx."""
    detailed = calls[operation].sync_detailed(*path, client=client, **arguments)
    assert detailed.status_code in (200, 201), f"{detailed.status_code}: {detailed.content[:300]}"
    assert detailed.parsed is not None, "the reply was not parsed"
    return detailed.parsed


def body(name: str, **fields):
    return getattr(models_of, name).from_dict(fields)


def is_a(value, name: str) -> None:
    assert type(value).__name__ == name, f"a {type(value).__name__}, not a {name}"


def completed(says: str, **more):
    messages = [{"role": "user", "content": says}]
    request = body("CreateChatCompletionRequest", messages=messages, **more)
    answer = call("create_chat_completion", body=request)
    is_a(answer, "CreateChatCompletionResponse")
    return answer


def respond(**fields):
    made = call("create_response", body=body("CreateResponse", model=SCRIPTED, **fields))
    is_a(made, "ResponseObject")
    return made


@check
def models():
    assert MAIN in [model.id for model in call("list_models").data]


@check
def model():
    one = call("retrieve_model", MAIN)
    assert (one.id, one.owned_by) == (MAIN, "openclaw"), one


@check
def chat():
    answer = completed("Hello", model=MAIN, max_tokens=8)
    assert answer.choices[0].message.content and answer.usage.completion_tokens > 0, answer


@check
def chat_tools():
    function = {"name": "get_weather", "parameters": TOOL}
    answer = completed("How warm is it?", model=SCRIPTED, tools=[{"type": "function", "function": function}])
    assert answer.choices[0].message.tool_calls[0].function.name == "get_weather", answer


@check
def tool_parameters_are_kept():
    """What a function's schema holds survives the way through the generated types."""
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": TOOL}}
    asked = body("CreateChatCompletionRequest", messages=[], tools=[tool]).to_dict()
    assert asked["tools"][0]["function"]["parameters"] == TOOL, asked


@check
def response():
    made = respond(input="Hello", metadata={"a": "b"})
    assert made.metadata.to_dict() == {"a": "b"}
    is_a(made.output[0], "MessageItem")
    is_a(made.output[0].content[0], "OutputTextPart")
    assert made.output[0].content[0].text == "A scripted reply."


@check
def response_tools():
    made = respond(input="How warm is it?",
                   tools=[{"type": "function", "name": "get_weather", "parameters": TOOL}])
    is_a(made.output[0], "FunctionCallItem")
    assert made.output[0].name == "get_weather"


@check
def response_again():
    made = respond(input="Hello")
    again = call("retrieve_response", made.id)
    assert again.to_dict() == made.to_dict()
    listed = call("list_input_items", made.id)
    is_a(listed.data[0], "MessageItem")
    assert call("delete_response", made.id).deleted


@check
def response_cancelled():
    made = respond(input="Hello", background=True)
    assert call("cancel_response", made.id).status in ("cancelled", "completed")


@check
def embeddings():
    made = call("create_embedding", body=body("CreateEmbeddingRequest", input=["a", "b"]))
    assert [len(one.embedding) for one in made.data] == [384, 384]


@check
def events_are_parsed():
    event = body("ResponseOutputTextDeltaEvent", type="response.output_text.delta",
                 sequence_number=1, item_id="m", output_index=0, content_index=0, delta="x",
                 logprobs=[])
    assert event.delta == "x"


@check
def refused():
    reply = calls["create_response"].sync_detailed(
        client=generated.AuthenticatedClient(base_url=ORIGIN, token="wrong"),
        body=body("CreateResponse", input="Hello"))
    assert reply.status_code == 401, reply
    is_a(reply.parsed, "ErrorResponse")
    assert reply.parsed.error.code == "invalid_api_key", reply.parsed


if __name__ == "__main__":
    run_all([sys.modules["__main__"]], [], LABEL)
