"""Calls the gateway with a client that openapi-python-client made: `calls.py LABEL FOLDER`."""

import importlib
import os
import pkgutil
import sys
from types import ModuleType

LABEL, FOLDER = sys.argv[1:]
ORIGIN, TOKEN = os.environ["ORIGIN"], os.environ["TOKEN"]
sys.path.insert(0, FOLDER)
generated = importlib.import_module("generated")
models = importlib.import_module("generated.models")
client = generated.AuthenticatedClient(base_url=ORIGIN, token=TOKEN, timeout=30)
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


def call(operation: str, *path: str, **arguments):
    """What an operation's reply is parsed into, for a reply of 2xx."""
    detailed = calls[operation].sync_detailed(*path, client=client, **arguments)
    assert detailed.status_code in (200, 201), f"{detailed.status_code}: {detailed.content[:300]}"
    assert detailed.parsed is not None, "the reply was not parsed"
    return detailed.parsed


def body(name: str, **fields):
    return getattr(models, name).from_dict(fields)


def is_a(value, name: str) -> None:
    assert type(value).__name__ == name, f"a {type(value).__name__}, not a {name}"


def models_listed():
    assert [model.id for model in call("list_models").data][0] == "openclaw"


def chat(**more):
    messages = [{"role": "user", "content": more.pop("says", "Hello")}]
    answer = call("create_chat_completion",
                  body=body("CreateChatCompletionRequest", model="openclaw", messages=messages, **more))
    is_a(answer, "CreateChatCompletionResponse")
    return answer


def chat_text():
    assert chat().choices[0].message.content == "A scripted reply."


def chat_tools():
    function = {"name": "get_weather", "parameters": TOOL}
    answer = chat(says="How warm is it?", tools=[{"type": "function", "function": function}])
    assert answer.choices[0].message.tool_calls[0].function.name == "get_weather"


def tool_parameters_are_kept():
    """What a function's schema holds survives the way through the generated types."""
    tool = {"type": "function", "function": {"name": "get_weather", "parameters": TOOL}}
    asked = body("CreateChatCompletionRequest", messages=[], tools=[tool]).to_dict()
    assert asked["tools"][0]["function"]["parameters"] == TOOL, asked


def respond(**fields):
    made = call("create_response", body=body("CreateResponse", model="openclaw", **fields))
    is_a(made, "ResponseObject")
    return made


def response_text():
    made = respond(input="Hello", metadata={"a": "b"})
    assert made.metadata.to_dict() == {"a": "b"}
    is_a(made.output[0], "MessageItem")
    is_a(made.output[0].content[0], "OutputTextPart")
    assert made.output[0].content[0].text == "A scripted reply."


def response_tools():
    made = respond(input="How warm is it?",
                   tools=[{"type": "function", "name": "get_weather", "parameters": TOOL}])
    is_a(made.output[0], "FunctionCallItem")
    assert made.output[0].name == "get_weather"


def response_again():
    made = respond(input="Hello")
    again = call("retrieve_response", made.id)
    assert again.to_dict() == made.to_dict()
    listed = call("list_input_items", made.id)
    is_a(listed.data[0], "MessageItem")
    assert call("delete_response", made.id).deleted


def response_cancelled():
    made = respond(input="Hello", background=True)
    assert call("cancel_response", made.id).status in ("cancelled", "completed")


def embeddings():
    made = call("create_embedding", body=body("CreateEmbeddingRequest", input=["a", "b"]))
    assert [len(one.embedding) for one in made.data] == [384, 384]


def events_are_parsed():
    event = body("ResponseOutputTextDeltaEvent", type="response.output_text.delta",
                 sequence_number=1, item_id="m", output_index=0, content_index=0, delta="x",
                 logprobs=[])
    assert event.delta == "x"


def refused():
    reply = calls["create_response"].sync_detailed(
        client=generated.AuthenticatedClient(base_url=ORIGIN, token="wrong"),
        body=body("CreateResponse", input="Hello"))
    assert reply.status_code == 401, reply
    is_a(reply.parsed, "ErrorResponse")
    assert reply.parsed.error.code == "invalid_api_key", reply.parsed


def check(test) -> None:
    name = f"{LABEL}.{test.__name__}"
    try:
        test()
        print(f"ok {name}", flush=True)
    except Exception as error:
        reason = " ".join(f"{type(error).__name__}: {error}".split())
        print(f"not ok {name} - {reason[:500]}", flush=True)


calls = operations()
for test in (models_listed, chat_text, chat_tools, tool_parameters_are_kept, response_text,
             response_tools, response_again, response_cancelled, embeddings, events_are_parsed,
             refused):
    check(test)
