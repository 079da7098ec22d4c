"""What an answer calls is run here, and its output goes back."""

import json

from .harness import Codex
from support.checks import check


@check
def command():
    codex = Codex("command")
    run = codex.exec("Write a greeting").succeeded()
    (ran,) = run.items("command_execution")
    assert ran["exit_code"] == 0 and ran["status"] == "completed", ran
    assert ran["aggregated_output"] == "hello there\n", ran
    assert codex.file("greeting.txt") == "hello there\n"
    assert run.answer == "The file says hello.", run.answer
    # Of both calls of the model together.
    assert (run.usage["input_tokens"], run.usage["output_tokens"]) == (50, 15), run.usage


@check
def patch():
    codex = Codex("patch")
    (codex.home.workspace / "greeting.txt").write_text("good morning\n")
    run = codex.exec("Patch the greeting").succeeded()
    (changed,) = run.items("file_change")
    assert [change["kind"] for change in changed["changes"]] == ["update"], changed
    assert codex.file("greeting.txt") == "good evening\n"
    assert run.answer == "The file is patched.", run.answer


@check
def two_in_one_answer():
    codex = Codex("two")
    (codex.home.workspace / "one.txt").write_text("the first of two\n")
    (codex.home.workspace / "two.txt").write_text("the second of two\n")
    run = codex.exec("Read both").succeeded()
    outputs = {ran["aggregated_output"] for ran in run.items("command_execution")}
    assert outputs == {"the first of two\n", "the second of two\n"}, outputs
    assert run.answer == "Both were read.", run.answer


@check
def declared():
    # All its functions reach a provider, and of its tools only functions do.
    tools = mirrored(Codex("declared"), "What is declared?")["tools"]
    names = [tool["function"]["name"] for tool in tools]
    assert {"exec_command", "write_stdin", "view_image"} <= set(names), names
    assert all(tool["type"] == "function" for tool in tools), tools


def mirrored(codex: Codex, prompt: str) -> dict:
    """What the provider is asked."""
    return json.loads(codex.exec("-m", "openclaw/mirror", prompt).succeeded().answer)["body"]
