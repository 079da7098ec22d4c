"""Files: what they say is embedded by the gateway's local model, found, and put before the question."""

import functools

from support.checks import check

from .harness import admin, answer, ask, events, new_chat, session_of

FACT = "The lighthouse of Vardholm is painted orange."
FILLER = (
    "Bread rises because yeast turns sugar into gas, and flour holds the gas.",
    "The violin has four strings, which are tuned in fifths.",
    "A binary search halves what is left with every comparison.",
    "Tax returns of small firms are due in the spring.",
)
QUESTION = "Which colour has the lighthouse of Vardholm?"


@functools.cache
def uploaded() -> str:
    """The id of a file with a fact among much else, one piece of the file each."""
    # Not in the middle, which is the same place from behind.
    lines = (FILLER[0], FACT, *FILLER[1:])
    pieces = [f"# {at}\n\n{(line + ' ') * 10}" for at, line in enumerate(lines)]
    file = ("coast.md", "\n\n".join(pieces).encode(), "text/markdown")
    kept = admin().post("/api/v1/files/", files={"file": file}, params={"process_in_background": False})
    status = admin().get(f"/api/v1/files/{kept.raise_for_status().json()['id']}/process/status")
    assert status.json() == {"status": "completed"}, status.text
    return kept.json()["id"]


def found(said: dict) -> tuple[list[str], list[float]]:
    (source,) = said["sources"]
    assert source["source"]["id"] == uploaded(), source
    return source["document"], source["distances"]


@check
def is_embedded():
    assert uploaded()


@check
def closest_piece_is_first():
    """By cosine, which is what Open WebUI's distances are here; the other pieces say other things."""
    reply = ask(QUESTION, files=[{"type": "file", "id": uploaded()}])
    pieces, distances = found(reply.json())
    assert FACT in pieces[0] and len(pieces) > 1, pieces
    assert distances[0] > 0.7 > 0.6 > distances[1], distances


@check
def is_put_before_the_question():
    reply = ask(QUESTION, files=[{"type": "file", "id": uploaded()}])
    assert answer(reply) == "It is orange [1].", reply.text


@check
def source_comes_first_in_a_stream():
    said = events(ask(QUESTION, files=[{"type": "file", "id": uploaded()}], stream=True))
    assert FACT in found(said[0])[0][0], said[0]
    assert said[2]["choices"][0]["delta"]["content"] == "It is orange [1].", said


@check
def turn_is_one_turn():
    """The query that Open WebUI asks for first is no part of the chat."""
    chat = new_chat()
    opening = "before the file is asked about"
    answer(ask(opening, chat_id=chat))
    messages = [
        {"role": "user", "content": opening},
        {"role": "assistant", "content": "A scripted reply."},
        {"role": "user", "content": QUESTION},
    ]
    reply = ask("", files=[{"type": "file", "id": uploaded()}], chat_id=chat, messages=messages)
    assert answer(reply) == "It is orange [1].", reply.text
    said = session_of(opening)
    assert [role for role, _ in said] == ["user", "assistant"] * 2, said
    assert FACT in said[2][1] and QUESTION in said[2][1], said[2]


@check
def embeddings_pass_through():
    body = {"model": "openclaw", "input": ["a lighthouse", "a tax return"]}
    data = admin().post("/api/embeddings", json=body).raise_for_status().json()["data"]
    assert [len(item["embedding"]) for item in data] == [384, 384], [item["index"] for item in data]
