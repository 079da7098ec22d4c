"""Programs of Debian's that a suite needs, installed where they are not."""

import os
import shutil
import subprocess
import sys

# A fresh machine may be updating itself.
LOCK_SECONDS = 300


def program(name: str, *packages: str) -> str:
    """The program's path; `packages` bring it."""
    if not shutil.which(name):
        install(*packages)
    return shutil.which(name) or sys.exit(f"{name} is installed but not to be found")


def install(*packages: str) -> None:
    """Installs packages, or says how."""
    print(f"# installing {' '.join(packages)}", file=sys.stderr)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    for command in (["update"], ["install", "-y", "--no-install-recommends", *packages]):
        apt = ["apt-get", "-qq", "-o", f"DPkg::Lock::Timeout={LOCK_SECONDS}"]
        done = subprocess.run([*apt, *command], env=environment, stdout=sys.stderr)
        if done.returncode != 0:
            sys.exit(f"Something is missing; on Debian, as root: apt-get install {' '.join(packages)}")


def chromium() -> str:
    """A browser."""
    return program("chromium", "chromium")
