"""Writes what a client sent as a golden transcript that `cargo test` replays.

The client's own prose (instructions, descriptions of its tools) stays out: a description, a longer
line and a text of many lines that are in no file of the suite are told by their length. So does what
is of one run or this machine: random ids, the time, the system. What a server answers to is the
shape of a request.
"""

import datetime
import json
import platform
import re
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from urllib.parse import urlsplit

from .places import ROOT, SUITES

# Of the connection or of this machine, not of the client's contract.
DROPPED = {"host", "connection", "keep-alive", "content-length", "transfer-encoding",
           "accept-encoding", "traceparent", "tracestate"}
LONGEST_BODY = 256 * 1024
# Documents of the gateway's that its other tests hold whole.
PUBLISHED = "/openapi"
# What makes a line prose rather than a name, an address or a value.
PROSE_CHARACTERS, PROSE_SPACES = 60, 5
# What makes a text prose although its lines are short.
PROSE_LINES = 12
# What stands out of a text: a heading of Markdown, a tag alone in its line.
MARK = re.compile(r"#+ \w.{,58}$|</?[\w-]+>$")
# Ids that the gateway makes; the replay names them by number, in the order they are told.
ID = re.compile(r"(?:resp|msg|fc|fco|rs|cmp)_([0-9a-f]{32})")
# Ids that a client makes, told by number too; and milliseconds since 1970.
UUID = re.compile(r"(?<![0-9a-f])[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?![0-9a-f])")
MILLISECONDS = re.compile(r"\b1[6-9]\d{11}\b")
# What is shorter stands in one line of the transcript.
LINE_CHARACTERS = 100


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
        self.suite = suite
        self.exchanges: list[Exchange] = []
        self.introduced: set[tuple[str, str]] = set()
        self.uuids: dict[str, str] = {}
        self.machine = [
            (token, "{token}"), (scratch, "/scratch"), (str(ROOT), "/project"),
            (datetime.date.today().isoformat(), "2026-01-01"),
        ]
        self.system = re.compile(rf"\b{re.escape(distribution())}\b[ /]*[\d.]*", re.IGNORECASE)
        folder = SUITES / suite
        files = (file for file in folder.rglob("*") if file.is_file() and "lock" not in file.name)
        self.own = "".join(file.read_text(errors="replace") for file in files)

    def add(self, exchange: Exchange) -> None:
        self.exchanges.append(exchange)

    def write(self) -> None:
        """Writes the requests; replies come from `UPDATE_GOLDEN=1 cargo test --test it -- clients`."""
        folder = ROOT / "tests" / "golden" / "clients" / self.suite
        folder.mkdir(parents=True, exist_ok=True)
        case = folder / "case.json"
        if not case.is_file():
            case.write_text(json.dumps({"suite": self.suite}, indent=2) + "\n")
        told: list[str] = []
        requests = []
        for exchange in self.kept():
            requests.append(self.request(exchange, told))
            told += [name for name in names(exchange.reply) if name not in told]
        (folder / "exchange.http").write_text("\n".join(requests))

    def kept(self) -> list[Exchange]:
        """One exchange of each shape, and those that a kept one goes back to."""
        shortest: dict[tuple, Exchange] = {}
        exchanges = self.connected()
        for exchange in exchanges:
            replayable = (
                b"openclaw/mirror" not in exchange.body
                and len(exchange.body) < LONGEST_BODY
                and not exchange.path.startswith(PUBLISHED)
            )
            known = shortest.get(exchange.shape())
            if replayable and (known is None or len(exchange.body) < len(known.body)):
                shortest[exchange.shape()] = exchange
        kept, wanted = [], set()
        for exchange in reversed(exchanges):
            if exchange in shortest.values() or wanted & set(names(exchange.reply)):
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
            body = laid_out(self.plain(json.loads(exchange.body)))
        except ValueError:
            body = exchange.body.decode(errors="replace")
        headers = [f"{name.lower()}: {value}" for name, value in exchange.headers if self.tells(name, value)]
        lines = [f"{exchange.method} {exchange.path}", *headers, *(["", *body.splitlines()] if body else [])]
        text = "".join(f"> {line}".rstrip() + "\n" for line in lines)
        for at, name in enumerate(told, 1):
            text = text.replace(f"_{name}", f"_{{{at}}}")
        return self.of_any_run(text)

    def of_any_run(self, text: str) -> str:
        """The text without what is of this run or this machine."""
        for place, word in self.machine:
            text = text.replace(place, word)
        text = UUID.sub(lambda found: self.uuids.setdefault(found[0], numbered(len(self.uuids) + 1)), text)
        return self.system.sub("Linux", MILLISECONDS.sub("1767225600000", text))

    def tells(self, name: str, value: str) -> bool:
        """Whether a header is shown; what a library says of itself, once."""
        name = name.lower()
        if name == "user-agent" or name.startswith("x-stainless-"):
            known = (name, value) in self.introduced
            self.introduced.add((name, value))
            return not known
        return name not in DROPPED

    def plain(self, value):
        """The value without the client's prose."""
        match value:
            case dict():
                return {key: self.description(item) if key == "description" else self.plain(item)
                        for key, item in value.items()}
            case list():
                return [self.plain(item) for item in value]
            case str() if not is_json(value) and value not in self.own:
                lines = value.split("\n")
                return self.outline(lines) if len(lines) > PROSE_LINES else "\n".join(map(self.line, lines))
        return value

    def outline(self, lines: list[str]) -> str:
        """A long text's headings and tags, by which a server may know it, and the length of the rest."""
        told: list[str] = []
        for is_mark, group in groupby(lines, lambda line: bool(MARK.match(line)) or self.is_own(line)):
            text = "\n".join(group)
            told.append(length(text) if text.strip() and not is_mark else text)
        return "\n".join(told)

    def is_own(self, line: str) -> bool:
        return len(line) > 1 and line in self.own

    def description(self, value):
        """A tool's or a field's description; a field may also have that name."""
        return length(value) if isinstance(value, str) and value not in self.own else self.plain(value)

    def line(self, line: str) -> str:
        prose = len(line) > PROSE_CHARACTERS and line.count(" ") >= PROSE_SPACES
        return length(line) if prose and line not in self.own else line


def distribution() -> str:
    """What this machine's system calls itself."""
    try:
        return platform.freedesktop_os_release()["ID"]
    except OSError:
        return "linux"


def laid_out(value, indent: str = "") -> str:
    """JSON in lines; what fits into one stands in one."""
    whole = json.dumps(value, ensure_ascii=False)
    if len(indent + whole) <= LINE_CHARACTERS or not isinstance(value, dict | list):
        return whole
    inner = indent + "  "
    if isinstance(value, dict):
        items = [f"{json.dumps(key, ensure_ascii=False)}: {laid_out(item, inner)}"
                 for key, item in value.items()]
    else:
        items = [laid_out(item, inner) for item in value]
    first, last = "{}" if isinstance(value, dict) else "[]"
    return f"{first}\n{inner}" + f",\n{inner}".join(items) + f"\n{indent}{last}"


def length(prose: str) -> str:
    return f"({len(prose)} characters)"


def numbered(at: int) -> str:
    """The UUID of a number."""
    return f"00000000-0000-4000-8000-{at:012}"


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
