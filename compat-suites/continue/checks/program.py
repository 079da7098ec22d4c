"""The program `cn`, asked for one answer at a time."""

import json

from .harness import Cn
from support.checks import check


@check
def answer():
    assert Cn("answer").said("Count to three") == "one, two, three"


@check
def reads_a_file():
    cn = Cn("reads")
    (cn.home.workspace / "note.txt").write_text("the oak is tall\n")
    assert cn.said("Read the note") == "The note is of an oak."


@check
def writes_a_file():
    cn = Cn("writes")
    assert cn.said("--auto", "Write a note") == "The note is written."
    assert cn.file("made.txt") == "the elm is old\n"


@check
def calls_two_tools():
    assert Cn("two").said("--auto", "Look around") == "There is an ash."


@check
def as_json():
    said = json.loads(Cn("json").said("--format", "json", "Count to three"))
    assert (said["response"], said["status"]) == ("one, two, three", "success"), said


@check
def goes_on():
    cn = Cn("goes_on")
    cn.said("Count to three")
    assert cn.said("--resume", "And now?") == "A scripted reply."
    (file,) = (cn.home.folder / ".continue" / "sessions").glob("*-*.json")
    turns = [turn["message"] for turn in json.loads(file.read_text())["history"]]
    said = [(turn["role"], turn["content"]) for turn in turns if turn["role"] != "system"]
    assert said == [("user", "Count to three"), ("assistant", "one, two, three"),
                    ("user", "And now?"), ("assistant", "A scripted reply.")], said


def refused(name: str, prompt: str, model: str = "openclaw/scripted", **variables: str) -> str:
    done = Cn(name, model).run(prompt, **variables)
    assert done.returncode == 1, f"code {done.returncode}: {done.stdout} {done.stderr}"
    told = json.loads(done.stderr.splitlines()[-1])
    assert told["status"] == "error", told
    return told["message"]


@check
def wrong_token():
    message = refused("token", "Count to three", OPENCLAW_TOKEN="wrong")
    assert message.startswith("401 Incorrect credential."), message


@check
def unknown_model():
    message = refused("model", "Count to three", "openclaw/nobody")
    assert message.startswith("404 The model 'openclaw/nobody' does not exist."), message


@check
def rejected():
    message = refused("rejected", "fail: rejected")
    assert message == "400 No such voice.", message


@check
def failure_within_an_answer():
    message = refused("within", "break off")
    assert "The line was cut." in message, message
