"""Chats through Open WebUI's own API."""

import json

from support.checks import check

from .harness import answer, ask, events


def text(said: list[dict]) -> str:
    return "".join(event["choices"][0]["delta"].get("content") or "" for event in said)


@check
def whole():
    reply = ask("count").json()
    assert reply["choices"][0]["message"]["content"] == "one, two, three", reply
    assert reply["choices"][0]["finish_reason"] == "stop", reply


@check
def streamed():
    said = events(ask("count", stream=True))
    assert text(said) == "one, two, three", said
    assert len([event for event in said if event["choices"][0]["delta"].get("content")]) == 3, said
    assert said[-1]["choices"][0]["finish_reason"] == "stop", said[-1]


@check
def local_model_whole():
    assert answer(ask("Say hello.", "openclaw", max_tokens=12)).strip()


@check
def local_model_streamed():
    said = events(ask("Say hello.", "openclaw/default", stream=True, max_tokens=12))
    assert text(said).strip(), said
    assert {event["model"] for event in said} == {"openclaw/default"}, said


@check
def parameters_arrive():
    asked = json.loads(answer(ask("hello", "openclaw/mirror", temperature=0.5, max_tokens=9, stop=["x"])))
    body = asked["body"]
    assert body["temperature"] == 0.5 and body["stop"] == ["x"], body
    assert 9 in (body.get("max_tokens"), body.get("max_completion_tokens")), body


@check
def a_callers_tools_pass_through():
    tool = {"type": "function", "function": {"name": "get_current_timestamp", "parameters": {"type": "object"}}}
    reply = ask("what time is it?", tools=[tool]).json()
    (call,) = reply["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "get_current_timestamp", "arguments": "{}"}, call
    assert reply["choices"][0]["finish_reason"] == "tool_calls", reply
