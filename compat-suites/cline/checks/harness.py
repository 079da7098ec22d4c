"""Runs `cline`, and reads the events that it prints."""

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from support.home import Home

# It does its work itself instead of a service that stays behind.
VARIABLES = {"CLINE_SESSION_BACKEND_MODE": "local"}
SETTINGS = {"telemetryOptOut": True, "autoUpdateEnabled": False}
PROVIDER = "openai-compatible"


@dataclass
class Run:
    """What a run of the program ended with, and the events that it told of it."""

    code: int
    events: list[dict]
    noise: str

    @property
    def result(self) -> dict:
        results = [event for event in self.events if event["type"] == "run_result"]
        assert len(results) == 1, self.told
        return results[0]

    @property
    def answer(self) -> str:
        """What was said last."""
        texts = [event["text"] for event in self.inner("content_end") if event["contentType"] == "text"]
        assert texts, self.told
        return texts[-1]

    @property
    def outputs(self) -> dict[str, list[dict]]:
        """What came of each call of a tool."""
        return {event["toolCallId"]: event["output"] for event in self.inner("content_end")
                if event["contentType"] == "tool"}

    def inner(self, kind: str) -> list[dict]:
        events = [event["event"] for event in self.events if event["type"] == "agent_event"]
        return [event for event in events if event["type"] == kind]

    @property
    def told(self) -> str:
        return f"code {self.code}: {json.dumps(self.events)[-500:]} {self.noise[-300:]}"

    def succeeded(self) -> Self:
        assert self.code == 0 and self.result["finishReason"] == "completed", self.told
        return self


class Cline:
    """The program, with a home and a workspace of its own."""

    def __init__(self, name: str):
        self.home = Home(name)
        self.home.write(".cline/data/settings/global-settings.json", json.dumps(SETTINGS))

    def authenticate(self, model: str = "openclaw/scripted", token: str | None = None) -> Self:
        """Says where to ask, as the README's lines do."""
        done = self.home.run(
            os.environ["CLINE"], "auth", PROVIDER, "--baseurl", os.environ["OPENAI_BASE_URL"],
            "--modelid", model, "--apikey", token or os.environ["OPENCLAW_TOKEN"], **VARIABLES)
        assert done.returncode == 0, done.stdout + done.stderr
        return self

    def run(self, *arguments: str) -> Run:
        done = self.home.run(os.environ["CLINE"], "-P", PROVIDER, "--json", *arguments, **VARIABLES)
        lines = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("{")]
        return Run(done.returncode, list(map(json.loads, lines)), done.stderr)

    def file(self, name: str) -> Path:
        """A file of the workspace."""
        return self.home.workspace / name
