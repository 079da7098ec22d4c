"""What Open WebUI asks for beside a chat: titles and the like, which must leave no trace in its session."""

import json

from support.checks import check

from .harness import SCRIPTED, admin, answer, ask, new_chat, session_of

QUESTION = "tell me about tasks"


def task(name: str) -> str:
    """Does one task for a chat with one turn, and sees that it is the only turn afterwards."""
    question = f"{QUESTION}: {name}"
    chat = new_chat()
    assert answer(ask(question, chat_id=chat)) == "A scripted reply."
    said = [{"role": "user", "content": question}, {"role": "assistant", "content": "A scripted reply."}]
    body = {
        "model": SCRIPTED, "chat_id": chat, "messages": said, "prompt": question, "stream": False,
        "type": "retrieval" if name == "queries" else "search query", "responses": ["one", "two"],
    }
    done = answer(admin().post(f"/api/v1/tasks/{name}/completions", json=body))
    left = session_of(question)
    assert left == [("user", question), ("assistant", "A scripted reply.")], left
    return done


@check
def a_title():
    assert json.loads(task("title")) == {"title": "A Painted Lighthouse"}


@check
def tags():
    assert json.loads(task("tags")) == {"tags": ["Lighthouses"]}


@check
def follow_ups():
    assert json.loads(task("follow_up")) == {"follow_ups": ["And its harbour?"]}


@check
def queries():
    assert json.loads(task("queries")) == {"queries": ["lighthouse of Vardholm"]}


@check
def autocompletion():
    assert task("auto")


@check
def an_emoji():
    assert task("emoji")


@check
def an_image_prompt():
    assert task("image_prompt")


@check
def merging_leaves_no_turn():
    assert task("moa")
