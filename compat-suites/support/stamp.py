"""Installs into the ignored cache, once for each state of what pins the installation."""

import hashlib
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Callable


def installed(home: Path, pins: list[Path], beside: str, install: Callable[[Path], None]) -> Path:
    """The folder, filled by `install` unless it was by the same pins.

    `beside` is whatever else the content depends on, as the interpreter's version.
    """
    digest = hashlib.sha256()
    for pin in pins:
        digest.update(pin.read_bytes())
    wanted = f"{digest.hexdigest()} {beside}\n"
    # Written last, so that an installation that was cut short is not taken for a whole one.
    stamp = home / "installed"
    if not stamp.is_file() or stamp.read_text() != wanted:
        shutil.rmtree(home, ignore_errors=True)
        home.mkdir(parents=True)
        print(f"# installing into {home}", file=sys.stderr)
        install(home)
        stamp.write_text(wanted)
    return home


def must(command: list, **options) -> None:
    """Runs one step of an installation; its failure ends the suite."""
    command = list(map(str, command))
    if subprocess.run(command, stdout=sys.stderr, **options).returncode != 0:
        sys.exit(f"Installing failed: {' '.join(command)}")
