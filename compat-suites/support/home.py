"""A home folder for a client that is a program: its settings, and the workspace that it works in."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

# Far above what a program takes; a guard against a hang.
PATIENCE_SECONDS = 120
# What a program is given of the environment of its checks: see `support.elsewhere` for the proxies.
PASSED_ON = ("PATH", "OPENCLAW_TOKEN", "NODE_USE_ENV_PROXY")


class Home:
    """A new home below that of the checks."""

    def __init__(self, name: str):
        self.folder = Path(os.environ["HOME"]) / name
        shutil.rmtree(self.folder, ignore_errors=True)
        self.workspace = self.folder / "workspace"
        self.workspace.mkdir(parents=True)

    def write(self, name: str, content: str) -> Path:
        """Writes a file of the home."""
        file = self.folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(content)
        return file

    def environment(self, **variables: str) -> dict[str, str]:
        given = {name: value for name, value in os.environ.items()
                 if name in PASSED_ON or name.upper().endswith("_PROXY")}
        return given | {"HOME": str(self.folder), "TMPDIR": str(self.folder)} | variables

    def run(self, *command: str | Path, **variables: str) -> subprocess.CompletedProcess:
        """Runs a program in the workspace to its end."""
        return subprocess.run(list(map(str, command)), cwd=self.workspace,
                              env=self.environment(**variables), stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=PATIENCE_SECONDS)


def left_running(folder: Path) -> list[str]:
    """Ends the processes whose home lies in `folder`, and says which these were."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            variables = (process / "environ").read_bytes().split(b"\0")
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode()
        except OSError:
            # It is somebody else's, or it has just ended.
            continue
        if command and any(variable.startswith(b"HOME=%b/" % bytes(folder)) for variable in variables):
            found.append(command)
            os.kill(int(process.name), signal.SIGKILL)
    return found
