"""A home folder for a client that is a program: its settings, and the workspace that it works in."""

import contextlib
import os
import select
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

# Far above what a program takes; a guard against a hang.
PATIENCE_SECONDS = 120
# In which a process that is on its way out ends by itself.
FAREWELL_SECONDS = 10
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
        """Runs a program in the workspace to its end; one that hangs is ended, with all that it started."""
        command = list(map(str, command))
        with subprocess.Popen(command, cwd=self.workspace, env=self.environment(**variables),
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                              text=True, start_new_session=True) as child:
            try:
                out, noise = child.communicate(timeout=PATIENCE_SECONDS)
            except BaseException:
                os.killpg(child.pid, signal.SIGKILL)
                raise
        return subprocess.CompletedProcess(command, child.returncode, out, noise)


def left_running(folder: Path) -> list[str]:
    """Ends the processes whose home lies in `folder`, and says which these were; not one that ends by itself
    soon."""
    home = b"HOME=%b/" % bytes(folder)
    deadline = time.monotonic() + FAREWELL_SECONDS
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        # It is somebody else's, or it has just ended.
        with contextlib.suppress(OSError), handle(int(process.name)) as descriptor:
            command = (process / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
            variables = (process / "environ").read_bytes().split(b"\0")
            if not any(variable.startswith(home) for variable in variables):
                continue
            left = max(0, deadline - time.monotonic())
            if not select.select([descriptor], [], [], left)[0]:
                signal.pidfd_send_signal(descriptor, signal.SIGKILL)
                found.append(command)
    return found


@contextlib.contextmanager
def handle(process: int) -> Iterator[int]:
    """Names this process even after it has ended, and can be read from then."""
    descriptor = os.pidfd_open(process)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
