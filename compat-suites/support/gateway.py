"""Runs the gateway as a child process with a state directory of its own."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

from . import between, places

START_SECONDS = 60
# A guard: the clients are gone by then, and a stop takes well below a second.
STOP_SECONDS = 30
POLL_SECONDS = 0.02


class Gateway:
    """A gateway that lives as long as a `with` block.

    `files` are copied into its state directory, `openclaw.json` among them; `variables` are added
    to its environment, which otherwise has none of the caller's: a key that happens to be set here
    must not change what a suite measures. A client's own files belong into `scratch`, which goes
    with the gateway.

    `origin` is where clients are sent: the gateway itself, unless its traffic is to be recorded or
    broken on the way (`between`).

    After the block `ended_well` says whether it lived to its end and stopped when told to. Set
    `failed` to keep its log.
    """

    def __init__(self, suite: str, files: list[Path], variables: dict[str, str]):
        self.suite = suite
        self.files = files
        self.variables = variables
        self.token = secrets.token_hex(16)
        self.port = self.own_port = free_port()
        self.failed = False
        self.ended_well = False

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def base_url(self) -> str:
        return f"{self.origin}/v1"

    def published(self, path: str) -> bytes:
        """A document of the gateway's as it is, neither recorded nor broken on the way."""
        with places.opened(f"http://127.0.0.1:{self.own_port}{path}") as reply:
            return reply.read()

    def __enter__(self) -> "Gateway":
        openclaw = places.binary()
        models = places.local_models(openclaw)
        self.state = Path(tempfile.mkdtemp(prefix="openclaw-compat-"))
        self.log = self.state / "console.log"
        self.scratch = self.state / "client"
        self.scratch.mkdir()
        try:
            (self.state / "models").symlink_to(models)
            for file in self.files:
                shutil.copy(file, self.state)
            environment = {
                "PATH": os.environ["PATH"],
                "HOME": str(self.state),
                "OPENCLAW_STATE_DIR": str(self.state),
                "OPENCLAW_GATEWAY_TOKEN": self.token,
                **self.variables,
            }
            command = [openclaw, "gateway", "--port", str(self.port)]
            with self.log.open("wb") as log:
                self.process = subprocess.Popen(
                    command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log
                )
            self.wait_until_ready()
            self.between = between.begin(self.suite, self.port, self.token, str(self.scratch))
            if self.between:
                self.port = self.between.port
        except BaseException:
            self.failed = True
            self.__exit__()
            raise
        return self

    def wait_until_ready(self) -> None:
        """Returns once the gateway says it is ready, and not later because it died."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            try:
                with places.opened(f"{self.origin}/readyz"):
                    return
            except OSError:
                pass
            try:
                code = self.process.wait(timeout=POLL_SECONDS)
            except subprocess.TimeoutExpired:
                continue
            raise SystemExit(f"The gateway ended with code {code} before it was ready.")
        raise SystemExit(f"The gateway was not ready within {START_SECONDS} s.")

    def operator(self, *command: str) -> dict:
        """What a command of the operator's says as JSON, asked beside the running gateway."""
        environment = {"PATH": os.environ["PATH"], "HOME": str(self.state),
                       "OPENCLAW_STATE_DIR": str(self.state)}
        told = subprocess.run([places.binary(), *command, "--json"], env=environment, check=True,
                              stdout=subprocess.PIPE, timeout=START_SECONDS)
        return json.loads(told.stdout)

    def __exit__(self, *_exception) -> None:
        try:
            if getattr(self, "between", None):
                self.between.end()
        finally:
            if hasattr(self, "process"):
                self.ended_well = self.stop()
        if self.failed or not self.ended_well:
            self.keep_log()
        shutil.rmtree(self.state, ignore_errors=True)

    def stop(self) -> bool:
        if self.process.poll() is not None:
            print(f"# the gateway had ended with code {self.process.returncode}", flush=True)
            return False
        self.process.terminate()
        try:
            code = self.process.wait(timeout=STOP_SECONDS)
        except subprocess.TimeoutExpired:
            print(f"# the gateway did not stop within {STOP_SECONDS} s of SIGTERM", flush=True)
            self.process.kill()
            self.process.wait()
            return False
        if code != 0:
            print(f"# the gateway stopped with code {code}", flush=True)
        return code == 0

    def keep_log(self) -> None:
        kept = places.CACHE / self.suite / "gateway.log"
        kept.parent.mkdir(parents=True, exist_ok=True)
        if self.log.exists():
            shutil.copy(self.log, kept)
            print(f"# the gateway's log is in {kept}", flush=True)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
