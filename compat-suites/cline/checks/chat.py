"""Answers without tools."""

from .harness import Cline
from support.checks import check


@check
def in_pieces():
    run = Cline("pieces").authenticate().run("Count to three").succeeded()
    assert run.answer == "one, two, three", run.answer
    pieces = [event["text"] for event in run.inner("content_start") if event["contentType"] == "text"]
    assert pieces == ["one", ", two", ", three"], pieces


@check
def usage():
    used = Cline("usage").authenticate().run("Count to three").succeeded().result["usage"]
    told = (used["inputTokens"], used["outputTokens"], used["cacheReadTokens"])
    assert told == (7, 5, 2), used
