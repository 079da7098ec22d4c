"""What reaches an OpenAI-compatible provider: the mirror answers with what it was asked."""

import json
import os

from support.checks import check

from .harness import MIRROR, client, says
from .tools import TOOLS


def seen(**options) -> dict:
    options = {"messages": says("Hello"), "model": MIRROR} | options
    message = client().chat.completions.create(**options).choices[0].message
    calls = message.tool_calls
    return json.loads(calls[0].function.arguments if calls else message.content)


def asked(**options) -> dict:
    return seen(**options)["body"]


@check
def the_backend_model_is_asked():
    assert asked()["model"] == "glass"


@check
def the_callers_key_stays_here():
    request = json.dumps(seen())
    assert "Bearer the-mirrors-key" in request, request
    assert os.environ["OPENAI_API_KEY"] not in request


@check
def streams_are_asked_for_as_streams():
    stream = client().chat.completions.create(model=MIRROR, messages=says("Hello"), stream=True)
    body = json.loads("".join(c.choices[0].delta.content or "" for c in stream))["body"]
    assert body["stream"] is True, body


@check
def streamed_usage_comes_from_the_provider():
    *_, last = client().chat.completions.create(
        model=MIRROR, messages=says("Hi"), stream=True, stream_options={"include_usage": True}
    )
    assert (last.usage.prompt_tokens, last.usage.completion_tokens) == (5, 7), last


@check
def sampling_fields():
    fields = {
        "temperature": 0.5,
        "top_p": 0.25,
        "frequency_penalty": -0.5,
        "presence_penalty": 1.5,
        "seed": 7,
    }
    body = asked(**fields)
    assert {name: body.get(name) for name in fields} == fields, body


@check
def stop_texts():
    assert asked(stop=["a", "b"])["stop"] == ["a", "b"]


@check
def token_limit():
    body = asked(max_tokens=9)
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens")), body


@check
def tools_are_unchanged():
    assert asked(tools=TOOLS)["tools"] == TOOLS


@check
def required_tool_choice():
    assert asked(tools=TOOLS, tool_choice="required")["tool_choice"] == "required"


@check
def named_tool_choice():
    choice = {"type": "function", "function": {"name": "now"}}
    assert asked(tools=TOOLS, tool_choice=choice)["tool_choice"] == choice


@check
def parallel_tool_calls_off():
    assert asked(tools=TOOLS, parallel_tool_calls=False)["parallel_tool_calls"] is False


@check
def json_schema():
    schema = {"type": "object", "properties": {"b": {"type": "string"}, "a": {"type": "number"}}}
    form = {"type": "json_schema", "json_schema": {"name": "answer", "schema": schema}}
    body = asked(response_format=form)
    assert body["response_format"] == form, body
    assert list(body["response_format"]["json_schema"]["schema"]["properties"]) == ["b", "a"]


@check
def image_as_data_uri():
    image = {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "low"}
    parts = [{"type": "text", "text": "What is it?"}, {"type": "image_url", "image_url": image}]
    assert asked(messages=says(parts))["messages"] == says(parts)


@check
def tool_history():
    call = {"id": "c1", "type": "function", "function": {"name": "now", "arguments": "{}"}}
    messages = [
        *says("What time is it?"),
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "c1", "content": "noon"},
    ]
    user, assistant, tool = asked(messages=messages, tools=TOOLS)["messages"]
    assert (user, tool) == (messages[0], messages[2]), (user, tool)
    assert assistant["tool_calls"] == [call] and not assistant.get("content"), assistant
