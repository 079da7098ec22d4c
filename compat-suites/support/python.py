"""Python clients: a virtual environment with exactly what a requirements.txt names."""

import sys
from pathlib import Path

from . import places
from .stamp import installed, must


def environment(folder: Path) -> Path:
    """The interpreter of the environment that `folder`/requirements.txt pins.

    The file is the whole list, by version and hash; nothing that it does not name is installed.
    """
    requirements = folder / "requirements.txt"
    version = ".".join(map(str, sys.version_info[:3]))
    home = places.cache(folder) / "venv"

    def install(home: Path) -> None:
        must([sys.executable, "-m", "venv", home])
        must([
            home / "bin" / "python", "-m", "pip", "--disable-pip-version-check", "install",
            "--quiet", "--no-deps", "--only-binary", ":all:", "--require-hashes",
            "--requirement", requirements,
        ])

    return installed(home, [requirements], f"python {version}", install) / "bin" / "python"
