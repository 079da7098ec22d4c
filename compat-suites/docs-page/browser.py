"""Chromium without a window: what a page shows, what it is refused, and what it asks for."""

import json
import re
import subprocess
import tempfile
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from support.debian import chromium

PATIENCE_SECONDS = 120
# The page's own clock; it runs ahead while the page has nothing to do.
PAGE_MILLISECONDS = 20_000

# The names of hosts lead nowhere, so that nothing from outside can be part of what is shown.
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--enable-logging=stderr", "--v=0", f"--virtual-time-budget={PAGE_MILLISECONDS}",
]


@dataclass
class Visit:
    """One page, opened in a profile of its own."""

    shown: str
    said: str
    events: list

    @classmethod
    def to(cls, url: str) -> "Visit":
        with tempfile.TemporaryDirectory(prefix="openclaw-browser-") as profile:
            log = Path(profile) / "net.json"
            done = subprocess.run(
                [chromium(), *FLAGS, f"--user-data-dir={profile}/profile", f"--log-net-log={log}",
                 "--dump-dom", url],
                capture_output=True, text=True, timeout=PATIENCE_SECONDS,
            )
            # A script holds the document it shows; that is not the same as showing it.
            shown = re.sub("<script>.*?</script>", "", done.stdout, flags=re.DOTALL)
            return cls(shown, done.stderr, json.loads(log.read_text())["events"])

    def refused(self) -> list[str]:
        """What the page's policy forbade, or its scripts failed in."""
        signs = ("Content Security Policy", "Uncaught")
        return [line for line in self.said.splitlines() if any(sign in line for sign in signs)]

    def asked_by_the_page(self) -> list[str]:
        """The addresses asked for, but for what the browser asks for by itself."""
        starts = [event["params"] for event in self.events
                  if {"url", "initiator"} <= event.get("params", {}).keys()]
        own = {"initiator": "not an origin", "request_type": "other"}
        return [start["url"] for start in starts
                if any(start.get(key) != value for key, value in own.items())]


class Planted:
    """A page on loopback with this body and policy, as long as a `with` block."""

    def __init__(self, body: str, policy: str):
        class Page(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                content = f"<!DOCTYPE html><title>planted</title>{body}".encode()
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", str(len(content)))
                if policy:
                    self.send_header("Content-Security-Policy", policy)
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_arguments) -> None:
                """Nobody reads it."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Page)
        self.thread = threading.Thread(target=self.server.serve_forever)

    def __enter__(self) -> str:
        self.thread.start()
        return f"http://127.0.0.1:{self.server.server_port}/"

    def __exit__(self, *_exception) -> None:
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
