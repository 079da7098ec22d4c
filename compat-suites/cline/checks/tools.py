"""What an answer calls is run here, and its output goes back."""

from .harness import Cline
from support.checks import check


@check
def reads_a_file():
    cline = Cline("reads").authenticate()
    cline.file("note.txt").write_text("the oak is tall\n")
    run = cline.run("Read the note").succeeded()
    (read,) = run.outputs["call_read"]
    assert read["success"] and "the oak is tall" in read["result"], read
    assert run.answer == "The note is of an oak.", run.answer
    # Of both calls of the model together.
    used = run.result["usage"]
    assert (used["inputTokens"], used["outputTokens"]) == (50, 16), used


@check
def writes_a_file():
    cline = Cline("writes").authenticate()
    run = cline.run("Write a note").succeeded()
    assert cline.file("made.txt").read_text() == "the elm is old\n"
    assert run.answer == "The note is written.", run.answer


@check
def two_in_one_answer():
    cline = Cline("two").authenticate()
    cline.file("note.txt").write_text("the birch is white\n")
    run = cline.run("Look around").succeeded()
    assert cline.file("ash.txt").read_text() == "the ash is green\n"
    assert list(run.outputs) == ["call_run", "call_search"], run.outputs
    assert "note.txt" in str(run.outputs["call_search"]), run.outputs
    assert run.answer == "There is a birch.", run.answer
