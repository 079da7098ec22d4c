"""The golden transcripts of the gateway's tests: what was asked and what was answered, as text."""

import json
from dataclasses import dataclass, field
from pathlib import Path

GOLDEN = Path(__file__).resolve().parents[3] / "tests" / "golden"

# Where a transcript names what varies, a value of its kind.
VALUES = {"{time}": "1767225600", "{millis}": "1767225600000", "{age}": "1"}


@dataclass
class Exchange:
    """One request and its reply."""

    case: str
    method: str
    path: str
    status: int = 0
    kind: str = ""
    lines: list[str] = field(default_factory=list)

    @property
    def segments(self) -> list[str]:
        return [segment for segment in self.path.partition("?")[0].split("/") if segment]

    @property
    def text(self) -> str:
        return "\n".join(self.lines)

    def events(self) -> list[str]:
        """The data of its events but for the last, if it is a stream."""
        data = [line.removeprefix("data: ") for line in self.lines if line.startswith("data: ")]
        return [event for event in data if event != "[DONE]"]


def exchanges() -> list[Exchange]:
    """All exchanges of all transcripts."""
    found = []
    for file in sorted(GOLDEN.glob("*/*/exchange.http")):
        found += read(str(file.parent.relative_to(GOLDEN)), file.read_text())
    return found


def read(case: str, text: str) -> list[Exchange]:
    for name, value in VALUES.items():
        text = text.replace(name, value)
    found: list[Exchange] = []
    before, in_body = "", False
    for line in text.splitlines():
        mark, rest = line[:1], line[1:].lstrip()
        if mark == ">" != before:
            method, path = rest.split(" ", 1)
            found.append(Exchange(case, method, path))
        elif mark == "<" != before:
            found[-1].status = int(rest)
            in_body = False
        elif mark == "<" and in_body:
            found[-1].lines.append(rest)
        elif mark == "<" and rest:
            name, _, value = rest.partition(": ")
            if name == "content-type":
                found[-1].kind = value
        elif mark == "<":
            in_body = True
        before = mark
    return found


def without(text: str, name: str) -> str:
    """A JSON object's text without this field."""
    value = json.loads(text)
    del value[name]
    return json.dumps(value)
