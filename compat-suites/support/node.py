"""JavaScript clients: packages exactly as a package-lock.json names them, on a pinned Node.js."""

import base64
import hashlib
import os
import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from . import debian, places
from .stamp import installed, must

# These npm packages carry the program itself, so that every machine tests with the same one.
TOOLCHAIN = Path(__file__).resolve().parent / "node"


@dataclass
class Packages:
    """Installed packages, and the Node.js that runs them."""

    home: Path
    node: Path

    @property
    def modules(self) -> Path:
        return self.home / "node_modules"

    @property
    def path(self) -> str:
        """`PATH` with this Node.js and the packages' own programs first."""
        return f"{self.node.parent}:{self.modules / '.bin'}:{os.environ['PATH']}"

    def checks(self, suite: Path) -> Path:
        """The suite's `checks` folder, copied to where it finds the packages, and the shared harness
        by the same relative path as in the source tree: `../../support/checks.mjs`."""
        placed = self.home / "suite" / "checks"
        for source, target in (
            (suite / "checks", placed),
            (TOOLCHAIN.parent / "checks.mjs", self.home / "support" / "checks.mjs"),
        ):
            target.parent.mkdir(exist_ok=True)
            if source.is_dir():
                shutil.rmtree(target, ignore_errors=True)
                shutil.copytree(source, target)
            else:
                shutil.copy(source, target)
        return placed


def program() -> Path:
    """The pinned Node.js."""
    def install(home: Path) -> None:
        shutil.copytree(TOOLCHAIN, home, dirs_exist_ok=True)
        must([npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=home)

    home = installed(places.CACHE / "node", [TOOLCHAIN / "package-lock.json"], "", install)
    (node,) = home.glob("node_modules/node-linux-*/bin/node")
    return node


def packages(folder: Path) -> Packages:
    """What `folder`/package-lock.json pins. No package's install script is run."""
    node = program()

    def install(home: Path) -> None:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(folder / name, home)
        must([npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"], cwd=home,
             env=os.environ | {"PATH": f"{node.parent}:{os.environ['PATH']}"})

    pins = [folder / "package-lock.json", TOOLCHAIN / "package-lock.json"]
    return Packages(installed(places.cache(folder) / "npm", pins, "", install), node)


def source(folder: Path, package: str, integrity: str) -> Path:
    """A package's files as published, without what it depends on; `integrity` as lock files write it."""
    home = places.cache(folder) / "source"

    def install(home: Path) -> None:
        must([npm(), "pack", "--silent", package], cwd=home)
        (archive,) = home.glob("*.tgz")
        algorithm, _, wanted = integrity.partition("-")
        found = base64.b64encode(hashlib.new(algorithm, archive.read_bytes()).digest()).decode()
        if found != wanted:
            sys.exit(f"{package} is {algorithm}-{found}, not {integrity}")
        must(["tar", "-xzf", archive, "-C", home])
        archive.unlink()

    return installed(home, [], f"{package} {integrity}", install) / "package"


def npm() -> str:
    """npm, which is installed from Debian where it is not."""
    return debian.program("npm", "npm")


