"""One suite while it runs: what it installs, the gateway it starts, and the lines it reports."""

import os
import re
import signal
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from . import node, places, python, rust
from .gateway import Gateway

# Far above what any client takes; a guard against a hang.
PATIENCE_SECONDS = 900
REASON_CHARACTERS = 700
README_ORIGIN = "127.0.0.1:18789"
CONNECT = re.compile(r"^## Connect\n.*?^```\w*\n(?P<lines>.*?)^```", re.MULTILINE | re.DOTALL)


class Suite:
    """The suite that a `run` file belongs to: `suite = Suite(__file__)`, and at its end `suite.end()`."""

    def __init__(self, run: str):
        self.folder = Path(run).resolve().parent
        self.name = self.folder.name
        self.ended_badly = False
        self.gateways: list[Gateway] = []

    def python(self) -> Path:
        """The interpreter of the environment that requirements.txt pins."""
        return python.environment(self.folder)

    def node(self) -> node.Packages:
        """The packages that package-lock.json pins."""
        return node.packages(self.folder)

    def rust(self, program: str) -> Path:
        """A program of the suite's own crate, which Cargo.lock pins."""
        return rust.program(self.folder, program)

    def gateway(self, **variables: str) -> Gateway:
        """The gateway under test with the suite's openclaw.json and replies.json, for a `with` block."""
        files = [self.folder / name for name in ("openclaw.json", "replies.json")]
        models = {
            "COMPAT_CHAT_MODEL": places.CHAT_MODEL,
            "COMPAT_EMBEDDING_MODEL": places.EMBEDDING_MODEL,
        }
        gateway = Gateway(self.name, [file for file in files if file.is_file()], models | variables)
        self.gateways.append(gateway)
        return gateway

    def report(self, name: str, good: bool, reason: object = "") -> bool:
        """Says how one check went."""
        told = " ".join(str(reason).split())[:REASON_CHARACTERS]
        print(f"ok {name}" if good else f"not ok {name} - {told or 'no reason'}", flush=True)
        self.note(good)
        return good

    def remark(self, text: str) -> None:
        """Says something beside the checks."""
        for line in text.splitlines():
            print(f"# {line}", flush=True)

    def checks(self, command: list[str | Path], environment: dict[str, str], **options) -> None:
        """Runs a program that reports checks itself, line by line."""
        child = started(command, environment, stdout=subprocess.PIPE, **options)
        overdue = threading.Timer(PATIENCE_SECONDS, end, [child])
        overdue.start()
        try:
            for line in child.stdout:
                print(line, end="", flush=True)
                self.note(not line.startswith("not ok"))
            code = child.wait()
        finally:
            overdue.cancel()
            end(child)
        if code != 0:
            self.note(False)
            self.ended_badly = True
            self.remark(f"{Path(command[0]).name} ended with code {code}")

    def note(self, good: bool) -> None:
        """Keeps the logs of the gateways that run while something fails."""
        for gateway in self.gateways:
            gateway.failed |= not good

    def tried(
        self, command: list[str | Path], environment: dict[str, str],
        timeout: float = PATIENCE_SECONDS, **options,
    ) -> subprocess.CompletedProcess:
        """Runs a program to its end and returns what it said; one that hangs is ended, with its children."""
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
        child = started(command, environment, **pipes)
        try:
            said, complained = child.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            end(child)
            said, complained = child.communicate()
            complained = f"{complained} (ended after {timeout} s)"
        finally:
            end(child)
        return subprocess.CompletedProcess(command, child.returncode, said, complained)

    def connect_lines(self, gateway: Gateway) -> str:
        """The lines below "Connect" in the suite's README, with the port of this gateway."""
        readme = (self.folder / "README.md").read_text()
        found = CONNECT.search(readme)
        if not found or README_ORIGIN not in found["lines"]:
            sys.exit(f"{self.name}/README.md has no block below `## Connect` that names {README_ORIGIN}")
        # All that is changed is the port: other gateways may run on this machine.
        return found["lines"].replace(README_ORIGIN, f"127.0.0.1:{gateway.port}")

    def end(self) -> None:
        """Ends the suite; not well if a program or a gateway did not end well."""
        well = all(gateway.ended_well for gateway in self.gateways)
        sys.exit(not well or self.ended_badly)


def started(command: list[str | Path], environment: dict[str, str], **options) -> subprocess.Popen:
    """A program in a session of its own, so that `end` reaches its children too."""
    return subprocess.Popen(list(map(str, command)), env=environment, stdin=subprocess.DEVNULL, text=True,
                            start_new_session=True, **options)


def end(child: subprocess.Popen) -> None:
    """Ends a program and whatever it has started and left behind."""
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)


def reader(gateway: Gateway) -> dict[str, str]:
    """What somebody has who follows a README: the token, and nothing that says where the gateway is."""
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(gateway.scratch),
        "TMPDIR": str(gateway.scratch),
        "OPENCLAW_TOKEN": gateway.token,
    }


def environment(gateway: Gateway, **more: str) -> dict[str, str]:
    """What a client's process is given: the gateway, the shared harness, and nothing of the caller's."""
    return reader(gateway) | {
        "OPENAI_BASE_URL": gateway.base_url,
        "OPENAI_API_KEY": gateway.token,
        "OPENCLAW_ORIGIN": gateway.origin,
        "PYTHONPATH": str(places.SUITES),
        "PYTHONDONTWRITEBYTECODE": "1",
    } | more
