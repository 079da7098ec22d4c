"""Runs `codex exec`, and reads the events that it prints."""

import json
import os
from dataclasses import dataclass
from typing import Self

from support.home import Home

# As the README's lines, but that nothing is asked of other machines, commands run without a
# sandbox, and a failure is told at once.
SETTINGS = """\
model = "openclaw/scripted"
model_provider = "openclaw"
approval_policy = "never"
sandbox_mode = "danger-full-access"
check_for_update_on_startup = false

[analytics]
enabled = false

[feedback]
enabled = false

[features]
plugins = false

[model_providers.openclaw]
name = "OpenClaw"
base_url = "{base_url}"
env_key = "OPENCLAW_TOKEN"
wire_api = "responses"
request_max_retries = 0
stream_max_retries = 0
"""


@dataclass
class Run:
    """What a run of the program ended with, and the events that it told of it."""

    code: int
    events: list[dict]
    noise: str

    def items(self, kind: str) -> list[dict]:
        """The finished items of a kind."""
        items = [event["item"] for event in self.events if event["type"] == "item.completed"]
        return [item for item in items if item["type"] == kind]

    @property
    def answer(self) -> str:
        """What was said last."""
        messages = self.items("agent_message")
        assert messages, self.told
        return messages[-1]["text"]

    @property
    def usage(self) -> dict:
        (completed,) = [event for event in self.events if event["type"] == "turn.completed"]
        return completed["usage"]

    @property
    def failure(self) -> str:
        """Why the turn failed."""
        failed = [event for event in self.events if event["type"] == "turn.failed"]
        assert len(failed) == 1, self.told
        return failed[0]["error"]["message"]

    @property
    def told(self) -> str:
        return f"code {self.code}: {json.dumps(self.events)[-500:]} {self.noise[-300:]}"

    def succeeded(self) -> Self:
        assert self.code == 0, self.told
        assert not [event for event in self.events if event["type"] in ("error", "turn.failed")], self.told
        return self


class Codex:
    """The program, with a home and a workspace of its own."""

    def __init__(self, name: str):
        self.home = Home(name)
        self.home.write(".codex/config.toml", SETTINGS.format(base_url=os.environ["OPENAI_BASE_URL"]))

    def exec(self, *arguments: str, **variables: str) -> Run:
        done = self.home.run(os.environ["CODEX"], "exec", *arguments[:-1], "--json",
                             "--skip-git-repo-check", arguments[-1], **variables)
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return Run(done.returncode, events, done.stderr)

    def file(self, name: str) -> str:
        """A file of the workspace."""
        return (self.home.workspace / name).read_text()
