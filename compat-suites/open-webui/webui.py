"""Open WebUI as a child process, started with the lines of the suite's README."""

import os
import shutil
import signal
import subprocess
import time
import urllib.request
from pathlib import Path

from support import places
from support.gateway import Gateway, free_port
from support.suite import environment

# Far above what it takes; a guard against a hang.
START_SECONDS = 300
STOP_SECONDS = 30
POLL_SECONDS = 0.2

# What keeps it from looking outside, and the one side task that it leaves out unless told.
HERMETIC = {
    "OFFLINE_MODE": "true",
    "ENABLE_OLLAMA_API": "false",
    "WEBUI_SECRET_KEY": "the-key-of-one-short-run-on-loopback",
    "ENABLE_AUTOCOMPLETE_GENERATION": "true",
}


class WebUI:
    """The server that `lines` start, as long as a `with` block; its data goes with the gateway."""

    def __init__(self, name: str, lines: str, gateway: Gateway, interpreter: Path):
        self.port = free_port()
        self.lines = lines
        self.kept = places.CACHE / gateway.suite / f"{name}.log"
        self.home = gateway.scratch / name
        self.log = self.home / "console.log"
        self.environment = environment(gateway, **HERMETIC, PORT=str(self.port),
                                       DATA_DIR=str(self.home / "data"), STATIC_DIR=str(self.home / "static"))
        self.environment["PATH"] = f"{interpreter.parent}:{self.environment['PATH']}"
        # What the checks are given is not what Open WebUI is given: that is in the lines.
        for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "PYTHONPATH"):
            del self.environment[name]

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> "WebUI":
        self.home.mkdir()
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                ["sh", "-ec", self.lines], env=self.environment, cwd=self.home, stdin=subprocess.DEVNULL,
                stdout=log, stderr=log, start_new_session=True)
        return self

    def is_healthy(self) -> bool:
        """Waits until it answers, but not for one that has died."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline and self.process.poll() is None:
            try:
                with urllib.request.urlopen(f"{self.origin}/health", timeout=5):
                    return True
            except OSError:
                time.sleep(POLL_SECONDS)
        return False

    def said(self) -> str:
        """The end of its log."""
        return self.log.read_text(errors="replace")[-600:]

    def keep_log(self) -> None:
        shutil.copy(self.log, self.kept)
        print(f"# Open WebUI's log is in {self.kept}", flush=True)

    def __exit__(self, *_exception) -> None:
        for number in (signal.SIGTERM, signal.SIGKILL):
            # The shell and the server are one group.
            try:
                os.killpg(self.process.pid, number)
            except ProcessLookupError:
                break
            try:
                self.process.wait(timeout=STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue
