"""Installs a suite's Python client into the ignored cache, exactly as its requirements say."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path

from . import places


def python(suite: Path) -> Path:
    """The interpreter of the suite's virtual environment, made anew when its requirements change."""
    requirements = suite / "requirements.txt"
    version = ".".join(map(str, sys.version_info[:3]))
    wanted = f"{hashlib.sha256(requirements.read_bytes()).hexdigest()} python {version}\n"
    home = places.CACHE / suite.name / "venv"
    # Written last, so that an installation that was cut short is not taken for a whole one.
    stamp = home / "installed"
    interpreter = home / "bin" / "python"
    if stamp.is_file() and stamp.read_text() == wanted:
        return interpreter
    shutil.rmtree(home, ignore_errors=True)
    print(f"# installing {suite.name}'s requirements into {home}", file=sys.stderr)
    pip = [interpreter, "-m", "pip", "--disable-pip-version-check", "install", "--quiet"]
    for command in (
        [sys.executable, "-m", "venv", home],
        [*pip, "--only-binary", ":all:", "--require-hashes", "--requirement", requirements],
    ):
        if subprocess.run(command).returncode != 0:
            sys.exit(f"Installing {suite.name} failed: {' '.join(map(str, command))}")
    stamp.write_text(wanted)
    return interpreter
