"""What is printed when a request is refused or fails."""

from .harness import Codex
from support.checks import check


def failed(name: str, prompt: str, *options: str, **variables: str) -> str:
    run = Codex(name).exec(*options, prompt, **variables)
    assert run.code == 1, run.told
    assert not run.items("command_execution"), run.told
    return run.failure


@check
def wrong_token():
    failure = failed("token", "Count to three", OPENCLAW_TOKEN="wrong")
    assert "401 Unauthorized: Incorrect credential." in failure, failure
    assert "request id: req_" in failure, failure


@check
def unknown_model():
    failure = failed("model", "Count to three", "-m", "openclaw/nobody")
    assert "The model 'openclaw/nobody' does not exist." in failure, failure


@check
def too_long():
    failure = failed("length", "fail: too long")
    assert "ran out of room in the model's context window" in failure, failure


@check
def rate_limit():
    failure = failed("rate", "fail: rate limit")
    assert "429 Too Many Requests" in failure, failure


@check
def upstream():
    failure = failed("upstream", "fail: unavailable")
    assert "502 Bad Gateway: The lights are out." in failure, failure


@check
def within_an_answer():
    failure = failed("within", "break off")
    assert "The line was cut." in failure, failure
