"""Open WebUI's API as its administrator uses it, and the gateway's sessions as its operator sees them."""

import functools
import json
import os
import subprocess
import uuid

import httpx

ORIGIN = os.environ["WEBUI"]
GATEWAY = os.environ["OPENAI_BASE_URL"]
TOKEN = os.environ["OPENAI_API_KEY"]
ADMIN = {"name": "Ada", "email": "ada@example.com", "password": "a password of this run"}
SCRIPTED = "openclaw/scripted"
# Above what a reply of the local model takes on a busy machine.
PATIENCE_SECONDS = 600
# Far above what a command of the gateway's takes; a guard against a hang.
COMMAND_SECONDS = 60


@functools.cache
def admin(origin: str = ORIGIN) -> httpx.Client:
    """A client that is signed in; the first who signs up is the administrator."""
    client = httpx.Client(base_url=origin, timeout=PATIENCE_SECONDS)
    account = client.post("/api/v1/auths/signup", json=ADMIN).raise_for_status().json()
    assert account["role"] == "admin", account
    client.headers["Authorization"] = f"Bearer {account['token']}"
    return client


def ask(text: str, model: str = SCRIPTED, client: httpx.Client | None = None, **more) -> httpx.Response:
    messages = [{"role": "user", "content": text}]
    body = {"model": model, "messages": messages} | more
    if "chat_id" in body:
        # The message that is to be the answer; each has its own.
        body["id"] = str(uuid.uuid4())
    return (client or admin()).post("/api/chat/completions", json=body)


def answer(response: httpx.Response) -> str:
    assert response.status_code == 200, response.text
    return response.json()["choices"][0]["message"]["content"]


def events(response: httpx.Response) -> list[dict]:
    """What a stream said, which must have been one to its end."""
    assert response.status_code == 200, response.text
    assert response.headers["content-type"].startswith("text/event-stream"), response.headers
    lines = [line.removeprefix("data: ") for line in response.text.splitlines() if line.startswith("data: ")]
    assert lines[-1] == "[DONE]", lines[-1]
    return [json.loads(line) for line in lines[:-1]]


def new_chat(client: httpx.Client | None = None) -> str:
    """The id of an empty chat of Open WebUI's."""
    chat = {"title": "New Chat", "models": [SCRIPTED], "history": {"messages": {}, "currentId": None}}
    kept = (client or admin()).post("/api/v1/chats/new", json={"chat": chat}).raise_for_status().json()
    return kept["id"]


def told(*arguments: str) -> dict:
    """What the gateway's own command says."""
    done = subprocess.run([os.environ["OPENCLAW"], "sessions", *arguments, "--json"], capture_output=True,
                          text=True, check=True, timeout=COMMAND_SECONDS)
    return json.loads(done.stdout)


def sessions() -> dict[str, list[tuple[str, str]]]:
    """What was said in each session: who, and what."""
    keys = [session["key"] for session in told("--all-agents", "--limit", "1000")["sessions"]]
    return {key: transcript(key) for key in keys}


def transcript(key: str) -> list[tuple[str, str]]:
    entries = told("show", key)["entries"]
    messages = [entry["message"] for entry in entries if entry["type"] == "message"]
    return [(message["role"], message.get("content") or message.get("text") or "") for message in messages]


def session_of(text: str) -> list[tuple[str, str]]:
    """What was said in the one session in which this was asked."""
    found = [said for said in sessions().values() if ("user", text) in said]
    assert len(found) == 1, f"{len(found)} sessions in which {text!r} was asked"
    return found[0]
