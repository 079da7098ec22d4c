"""A TypeScript client of each document, where Node.js is installed."""

import hashlib
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Iterator

from support.places import CACHE

CLIENT = Path(__file__).resolve().parent / "client"
LEAST_NODE = 20


@dataclass
class Failure:
    name: str
    reason: str


def typescript(documents: dict[str, Path], environment: dict[str, str]) -> Iterator[Failure]:
    """What fails; what passes is only remarked, for it is not tested everywhere."""
    if not node_is_here():
        print(f"# no npm and Node.js {LEAST_NODE} or newer: TypeScript is not tested", flush=True)
        return
    home = installed()
    for label, document in documents.items():
        yield from tested(label, document, home, environment)


def node_is_here() -> bool:
    if not (shutil.which("node") and shutil.which("npm")):
        return False
    said = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout
    return said.startswith("v") and int(said[1:].split(".")[0]) >= LEAST_NODE


def installed() -> Path:
    """The folder with the packages, installed anew when the lock file changes."""
    lock = (CLIENT / "package-lock.json").read_bytes()
    home = CACHE / "generators" / f"npm-{hashlib.sha256(lock).hexdigest()[:12]}"
    if not (home / "installed").is_file():
        shutil.rmtree(home, ignore_errors=True)
        shutil.copytree(CLIENT, home)
        subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
                       cwd=home, check=True, stdout=subprocess.DEVNULL)
        (home / "installed").touch()
    return home


def tested(label: str, document: Path, home: Path, environment: dict[str, str]) -> Iterator[Failure]:
    folder = document.parent / f"typescript-{label}"
    folder.mkdir()
    for name in ("program.ts", "tsconfig.json", "package.json"):
        shutil.copy(CLIENT / name, folder)
    (folder / "node_modules").symlink_to(home / "node_modules")
    tools = home / "node_modules" / ".bin"
    for name, command in (
        ("is_generated", [tools / "openapi-typescript", document, "--output", "api.d.ts"]),
        ("is_compiled", [tools / "tsc", "--project", "."]),
    ):
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
        if done.returncode != 0:
            yield Failure(f"{label}.{name}", done.stdout + done.stderr)
            return
    done = subprocess.run(["node", "built/program.js"], cwd=folder, env=environment,
                          capture_output=True, text=True, timeout=60)
    if done.returncode != 0:
        yield Failure(f"{label}.runs", done.stdout + done.stderr)
    for line in done.stdout.splitlines():
        if line.startswith("not ok "):
            name, _, reason = line.removeprefix("not ok ").partition(" - ")
            yield Failure(f"{label}.{name}", reason)
        else:
            print(f"# {line.replace('ok ', f'typescript.{label}.', 1)} passed", flush=True)
