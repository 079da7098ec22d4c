"""What can be broken in the gateway's answers, to see which clients notice.

A suite that stays green under a defect that its client cannot live with does not test the client.
"""

import json
from dataclasses import dataclass
from typing import Callable, Iterator
from urllib.parse import urlsplit

Json = dict | list | str | int | float | bool | None
Headers = list[tuple[str, str]]
EVENT = b"data: "


def unchanged(document: Json) -> Json:
    return document


@dataclass
class Defect:
    """`told` is what docs/compat.md says of it; the other fields are how it is made."""

    told: str = ""
    # Changes a JSON body, and the JSON of an event; None leaves the event out.
    document: Callable[[Json], Json] = unchanged
    event: Callable[[Json], Json] = unchanged
    # What a path is refused with.
    refused: Callable[[str, str], bool] = lambda method, path: False
    json_type: str | None = None
    # Adds a chunk before the end of a chat stream that did not ask for usage.
    usage_unasked: bool = False

    def refuses(self, method: str, path: str) -> bytes | None:
        if not self.refused(method, urlsplit(path).path):
            return None
        error = {"message": "Not found.", "type": "invalid_request_error", "param": None, "code": "not_found"}
        return json.dumps({"error": error}).encode()

    def headers(self, headers: Headers) -> Headers:
        if self.json_type is None or not is_json(headers):
            return headers
        kept = [(name, value) for name, value in headers if name != "content-type"]
        return [*kept, ("content-type", self.json_type)]

    @staticmethod
    def is_stream(headers: Headers) -> bool:
        return any(name == "content-type" and "event-stream" in value for name, value in headers)

    def whole(self, headers: Headers, content: bytes) -> bytes:
        if not content or not is_json(headers) or self.document is unchanged:
            return content
        return json.dumps(self.document(json.loads(content))).encode()

    def stream(self, lines: Iterator[bytes], asked: bytes) -> Iterator[bytes]:
        """The lines of a stream, broken; an event's lines stay one piece each."""
        last: Json = None
        for line in lines:
            if not line.startswith(EVENT) or line.strip() == b"data: [DONE]":
                if self.usage_unasked and line.strip() == b"data: [DONE]" and wants_no_usage(asked):
                    usage = {"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2}
                    yield frame(last | {"choices": [], "usage": usage}) + b"\n"
                yield line
                continue
            last = json.loads(line[len(EVENT):])
            event = self.event(last)
            if event is not None:
                yield line if self.event is unchanged else frame(event)


def frame(event: Json) -> bytes:
    return EVENT + json.dumps(event).encode() + b"\n"


def is_json(headers: Headers) -> bool:
    return any(name == "content-type" and "json" in value for name, value in headers)


def wants_no_usage(asked: bytes) -> bool:
    body = json.loads(asked)
    return "messages" in body and not (body.get("stream_options") or {}).get("include_usage")


def without(key: str, *inside: str) -> Callable[[Json], Json]:
    """Takes `key` out of every object; if `inside` is named, only of objects below these keys."""
    def strip(value: Json, within: bool) -> Json:
        if isinstance(value, list):
            return [strip(item, within) for item in value]
        if not isinstance(value, dict):
            return value
        return {name: strip(item, within or name in inside) for name, item in value.items()
                if not (within and name == key)}

    return lambda document: strip(document, not inside)


def left_out(kind: str) -> Callable[[Json], Json]:
    """Leaves out the events of this type."""
    return lambda event: None if event.get("type") == kind else event


def error_as_text(document: Json) -> Json:
    if isinstance(document, dict) and isinstance(document.get("error"), dict):
        return document | {"error": document["error"]["message"]}
    return document


def reversed_embeddings(document: Json) -> Json:
    if isinstance(document, dict) and isinstance(document.get("data"), list):
        if any("embedding" in item for item in document["data"]):
            return document | {"data": document["data"][::-1]}
    return document


def raw_slash(method: str, path: str) -> bool:
    return method == "GET" and path.startswith("/v1/models/") and path.count("/") > 3


DEFECTS = {
    "tool-delta-without-index": Defect(
        "`index` missing from tool deltas", event=without("index", "tool_calls")),
    "no-sequence-number": Defect(
        "`sequence_number` missing from events of responses", event=without("sequence_number")),
    "embeddings-reversed": Defect(
        "embeddings out of order, `data` the other way round", document=reversed_embeddings),
    "json-as-text": Defect("JSON served as `text/plain`", json_type="text/plain"),
    "raw-slash-404": Defect("a model id with a raw slash is 404", refused=raw_slash),
    "usage-unasked": Defect("a usage chunk although none was asked for", usage_unasked=True),
    "usage-never": Defect("`usage` missing from streams", event=without("usage")),
    "error-as-text": Defect("errors that are a text, no object", document=error_as_text),
    "no-annotations": Defect(
        "`annotations` missing from output text", document=without("annotations"),
        event=without("annotations")),
    "no-completed": Defect(
        "`response.completed` missing", event=left_out("response.completed")),
    "no-item-done": Defect(
        "`response.output_item.done` missing", event=left_out("response.output_item.done")),
    "no-role": Defect("`role` missing from the first delta", event=without("role", "delta")),
}
