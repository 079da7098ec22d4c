"""A conversation that goes on in another run of the program, which keeps it on its own disk."""

import json

from .harness import Codex
from support.checks import check


@check
def by_id():
    codex = Codex("by_id")
    begun = codex.exec("Write a greeting").succeeded()
    (started,) = [event for event in begun.events if event["type"] == "thread.started"]
    resumed = codex.exec("resume", started["thread_id"], "Count to three").succeeded()
    assert resumed.answer == "one, two, three", resumed.answer


@check
def whole_conversation():
    codex = Codex("whole")
    codex.exec("Write a greeting").succeeded()
    run = codex.exec("resume", "--last", "-m", "openclaw/mirror", "What was said?").succeeded()
    messages = json.loads(run.answer)["body"]["messages"]
    turns = [message for message in messages if message["role"] != "system"]
    begun = next(at for at, message in enumerate(turns) if "Write a greeting" in str(message["content"]))
    asked, called, told, answered, last = turns[begun:]
    (call,) = called["tool_calls"]
    assert call["id"] == told["tool_call_id"] == "call_write", turns
    assert json.loads(call["function"]["arguments"])["cmd"].startswith("echo 'hello there'"), call
    assert "hello there" in told["content"], told
    assert answered["content"] == "The file says hello.", answered
    assert "What was said?" in str(last["content"]), last
