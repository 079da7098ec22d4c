"""Writes what a client sent as a golden transcript that `cargo test` replays.

The client's own prose (instructions, descriptions of its tools) stays out: a longer line that is in
no file of the suite is told by its length. What a server answers to is the shape of a request.
"""

import json
import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .places import ROOT, SUITES

# Of the connection or of this machine, not of the client's contract.
DROPPED = {"host", "connection", "keep-alive", "content-length", "transfer-encoding",
           "accept-encoding", "traceparent", "tracestate"}
LONGEST_BODY = 256 * 1024
# What makes a line prose rather than a name, an address or a value.
PROSE_CHARACTERS, PROSE_SPACES = 60, 5
# Ids that the gateway makes; the replay names them by number, in the order they are told.
ID = re.compile(r"(?:resp|msg|fc|fco|rs|cmp)_([0-9a-f]{32})")


@dataclass(eq=False)
class Exchange:
    """A request, and what was answered."""

    method: str
    path: str
    headers: list[tuple[str, str]]
    body: bytes
    status: int = 0
    reply: bytes = b""

    def asked(self) -> list[str]:
        """The ids it goes back to."""
        return names(self.path.encode() + self.body)

    def shape(self) -> tuple:
        """What it has in common with another that shows nothing new."""
        try:
            body = json.dumps(kinds(json.loads(self.body)), sort_keys=True)
        except ValueError:
            body = str(len(self.body))
        names = sorted(name.lower() for name, _ in self.headers)
        return self.method, self.path, self.status, tuple(names), body


class Recording:
    def __init__(self, suite: str, token: str, scratch: str):
        self.suite, self.token, self.scratch = suite, token, scratch
        self.exchanges: list[Exchange] = []
        folder = SUITES / suite
        files = (file for file in folder.rglob("*") if file.is_file() and "lock" not in file.name)
        self.own = "".join(file.read_text(errors="replace") for file in files)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def write(self) -> None:
        """Writes the requests; replies come from `UPDATE_GOLDEN=1 cargo test --test it -- clients`."""
        folder = ROOT / "tests" / "golden" / "clients" / self.suite
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "case.json").write_text(json.dumps({"suite": self.suite}, indent=2) + "\n")
        told: list[str] = []
        requests = []
        for exchange in self.kept():
            requests.append(self.request(exchange, told))
            told += [name for name in names(exchange.reply) if name not in told]
        (folder / "exchange.http").write_text("\n".join(requests))

    def kept(self) -> list[Exchange]:
        """One exchange of each shape, and those that a kept one goes back to."""
        shapes, kept, wanted = set(), [], set()
        first = []
        exchanges = self.connected()
        for exchange in exchanges:
            replayable = b"openclaw/mirror" not in exchange.body and len(exchange.body) < LONGEST_BODY
            if replayable and exchange.shape() not in shapes:
                shapes.add(exchange.shape())
                first.append(exchange)
        for exchange in reversed(exchanges):
            if exchange in first or wanted & set(names(exchange.reply)):
                kept.append(exchange)
                wanted |= set(exchange.asked())
        return kept[::-1]

    def connected(self) -> list[Exchange]:
        """All but those that go back to an answer which its client cut off."""
        told: set[str] = set()
        found = []
        for exchange in self.exchanges:
            if exchange.status >= 400 or told.issuperset(exchange.asked()):
                told.update(names(exchange.reply))
                found.append(exchange)
        return found

    def request(self, exchange: Exchange, told: list[str]) -> str:
        """The request as lines of a transcript."""
        try:
            body = json.dumps(self.plain(json.loads(exchange.body)), indent=2, ensure_ascii=False)
        except ValueError:
            body = exchange.body.decode(errors="replace")
        headers = [f"{name.lower()}: {value}" for name, value in exchange.headers
                   if name.lower() not in DROPPED]
        lines = [f"{exchange.method} {exchange.path}", *headers, *(["", *body.splitlines()] if body else [])]
        text = "".join(f"> {line}".rstrip() + "\n" for line in lines)
        for at, name in enumerate(told, 1):
            text = text.replace(f"_{name}", f"_{{{at}}}")
        for place, word in ((self.token, "{token}"), (self.scratch, "/scratch"), (str(ROOT), "/project")):
            text = text.replace(place, word)
        return text

    def plain(self, value):
        """The value without the client's prose."""
        match value:
            case dict():
                return {key: self.plain(item) for key, item in value.items()}
            case list():
                return [self.plain(item) for item in value]
            case str() if not is_json(value):
                return "\n".join(map(self.line, value.split("\n")))
        return value

    def line(self, line: str) -> str:
        prose = len(line) > PROSE_CHARACTERS and line.count(" ") >= PROSE_SPACES
        return f"({len(line)} characters)" if prose and line not in self.own else line


def names(text: bytes) -> list[str]:
    """The ids in a text, each once, in order."""
    return list(dict.fromkeys(ID.findall(text.decode(errors="replace"))))


def kinds(value):
    """The keys and kinds of a value: a list is the kinds of its items, each once."""
    match value:
        case dict():
            return {key: item if key in ("model", "type", "role", "stream") else kinds(item)
                    for key, item in value.items()}
        case list():
            seen = []
            for item in map(kinds, value):
                if item not in seen:
                    seen.append(item)
            return seen
    return type(value).__name__


def is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict | list)
    except ValueError:
        return False
