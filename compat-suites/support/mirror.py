"""An OpenAI-compatible provider whose answer is the request it was sent.

A check that asks the gateway for an answer by this provider reads, as the answer's text, the JSON
`{"authorization": …, "body": …}` that went over the wire between the two. A request that insists
on a function call gets one, with the same JSON as its arguments.
"""

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Mirror:
    """A mirror on loopback that lives as long as a `with` block."""

    def __enter__(self) -> str:
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Reflection)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever)
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/v1"

    def __exit__(self, *_exception) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()


class Reflection(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        seen = json.dumps({"authorization": self.headers["Authorization"], "body": body})
        if body.get("stream"):
            self.reply("text/event-stream", stream(body, seen))
        else:
            self.reply("application/json", whole(body, seen))

    def reply(self, kind: str, content: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments) -> None:
        """Nobody reads it."""


USAGE = {"prompt_tokens": 5, "completion_tokens": 7, "total_tokens": 12}
HEAD = {"id": "chatcmpl-mirror", "created": 1}


def insisted_on(body: dict) -> str | None:
    """The function that must be called, if one must."""
    match body.get("tool_choice"):
        case {"function": {"name": name}}:
            return name
        case "required":
            return body["tools"][0]["function"]["name"]
    return None


def whole(body: dict, text: str) -> bytes:
    name = insisted_on(body)
    if name:
        call = {"id": "c1", "type": "function", "function": {"name": name, "arguments": text}}
        message = {"role": "assistant", "content": None, "tool_calls": [call]}
    else:
        message = {"role": "assistant", "content": text}
    reason = "tool_calls" if name else "stop"
    choice = {"index": 0, "message": message, "finish_reason": reason}
    head = HEAD | {"object": "chat.completion", "model": body["model"]}
    return json.dumps(head | {"choices": [choice], "usage": USAGE}).encode()


def stream(body: dict, text: str) -> bytes:
    head = HEAD | {"object": "chat.completion.chunk", "model": body["model"]}
    half = len(text) // 2
    deltas = [{"role": "assistant", "content": text[:half]}, {"content": text[half:]}, {}]
    choices = [{"index": 0, "delta": delta, "finish_reason": None} for delta in deltas]
    choices[-1]["finish_reason"] = "stop"
    events = [head | {"choices": [choice]} for choice in choices]
    events.append(head | {"choices": [], "usage": USAGE})
    lines = [f"data: {json.dumps(event)}\n\n" for event in events]
    return "".join([*lines, "data: [DONE]\n\n"]).encode()
