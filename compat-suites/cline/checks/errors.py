"""What is printed when a request is refused or fails."""

from .harness import Cline
from support.checks import check


def failed(name: str, prompt: str, **connection: str) -> str:
    run = Cline(name).authenticate(**connection).run(prompt)
    assert run.code == 1, run.told
    return str(run.events) + run.noise


@check
def wrong_token():
    told = failed("token", "Count to three", token="wrong")
    assert "Incorrect credential." in told, told


@check
def unknown_model():
    told = failed("model", "Count to three", model="openclaw/nobody")
    assert "openclaw/nobody' does not exist" in told, told


@check
def rejected():
    told = failed("rejected", "fail: rejected")
    assert "No such voice." in told, told


@check
def within_an_answer():
    told = failed("within", "Please break off")
    assert "The line was cut." in told, told
