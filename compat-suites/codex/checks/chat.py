"""Answers without tools."""

import json

from .harness import Codex
from support.checks import check

CITY = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"],
        "additionalProperties": False}


@check
def in_pieces():
    run = Codex("pieces").exec("Count to three").succeeded()
    assert run.answer == "one, two, three", run.answer
    assert len(run.items("agent_message")) == 1, run.told


@check
def usage():
    used = Codex("usage").exec("Count to three").succeeded().usage
    told = {name: used[name] for name in
            ("input_tokens", "cached_input_tokens", "output_tokens", "reasoning_output_tokens")}
    assert list(told.values()) == [7, 2, 5, 1], told


@check
def local_model():
    run = local("local", "Say hello.")
    assert run.answer.strip() not in ("", "Say hello."), run.answer
    assert run.usage["input_tokens"] > 100 and 0 < run.usage["output_tokens"] < 200, run.usage


@check
def local_model_to_a_schema():
    run = local("schema", "Name a city.", json.dumps(CITY))
    answer = json.loads(run.answer)
    assert list(answer) == ["city"] and isinstance(answer["city"], str), answer


@check
def longer_than_the_local_model_reads():
    failure = Codex("long").exec("-m", "openclaw", "Say hello. " * 5000).failure
    # It knows what `context_length_exceeded` means, and says it in its own words.
    assert "ran out of room in the model's context window" in failure, failure


def local(name: str, prompt: str, schema: str | None = None):
    """Asks the local model, which reads the program's own instructions first."""
    codex = Codex(name)
    options = ["-m", "openclaw"]
    if schema:
        options += ["--output-schema", str(codex.home.write("schema.json", schema))]
    return codex.exec(*options, prompt).succeeded()
