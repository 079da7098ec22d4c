"""Writes docs/compat.md from what the suites say of themselves."""

import json
import re
import sys
import tomllib
from pathlib import Path

from .defects import DEFECTS
from .places import ROOT, SUITES
from .suite import CONNECT
from .verdict import Expected

PAGE = ROOT / "docs" / "compat.md"
# Which suites noticed which defect, as `compat-suites/run --defect` saw it.
SEEN = SUITES / "defects.json"
INTRODUCTION = """\
# Clients that work

Other people's programs, each run against the built gateway by a suite of this project: `compat-suites/run all`. This page is written from the suites (`compat-suites/run --page`), which fail if it is not true; how a suite is made is told in [compat-suites](../compat-suites/README.md).
"""


def write() -> int:
    PAGE.write_text(text())
    return 0


def is_stale() -> bool:
    return not PAGE.is_file() or PAGE.read_text() != text()


def note_defect(name: str, failed: dict[str, int]) -> None:
    """Keeps which suites went red; a suite that was not run keeps what was seen before."""
    seen = json.loads(SEEN.read_text()) if SEEN.is_file() else {}
    seen[name] = dict(sorted((seen.get(name, {}) | failed).items()))
    SEEN.write_text(json.dumps(dict(sorted(seen.items())), indent=2) + "\n")


def text() -> str:
    suites = {file.parent: Expected.read(file) for file in sorted(SUITES.glob("*/expected.toml"))}
    return "\n".join([INTRODUCTION, *table(suites), *gaps(suites), *connecting(suites), *defects()])


def table(suites: dict[Path, Expected]) -> list[str]:
    rows = [
        f"| {expected.client} | {', '.join(versions(folder, expected))} | {expected.tested} | {expected.model} "
        f"| {expected.checks - len(expected.gaps)} of {expected.checks} "
        f"| [{folder.name}](../compat-suites/{folder.name}/README.md) |"
        for folder, expected in suites.items()
    ]
    checks = sum(expected.checks for expected in suites.values())
    missing = sum(len(expected.gaps) for expected in suites.values())
    outside = [f"`{folder.name}` ({expected.outside_ci})" for folder, expected in suites.items()
               if expected.outside_ci]
    left_out = f" CI leaves out {'; '.join(outside)}." if outside else " CI runs all of them."
    return [
        "| Client | Versions | What was run | What answers | Checks passed | Suite |",
        "|---|---|---|---|---|---|", *rows, "",
        f"{len(suites)} suites, {checks} checks, {checks - missing} passed, {missing} known gaps.{left_out}", "",
    ]


def gaps(suites: dict[Path, Expected]) -> list[str]:
    rows = [f"| {expected.client} | `{check}` | {reason} |"
            for expected in suites.values() for check, reason in expected.gaps.items()]
    if not rows:
        return []
    return ["## Known gaps", "", "Each has its cause in the client.", "",
            "| Client | Check | Cause |", "|---|---|---|", *rows, ""]


def connecting(suites: dict[Path, Expected]) -> list[str]:
    """The "Connect" part of each suite's README; the suite runs its block as it is written."""
    lines = ["## Connecting", "", "For a gateway on this machine. The suites run these lines as they stand "
             "here, but for the port. All of them take the token from one variable:", "", "```sh",
             'export OPENCLAW_TOKEN="$(openclaw gateway auth-token)"', "```", ""]
    for folder, expected in suites.items():
        readme = (folder / "README.md").read_text()
        if CONNECT.search(readme):
            part = readme.split("## Connect\n", 1)[1].split("\n## ", 1)[0].strip()
            lines += [f"### {expected.client}", "", part, ""]
    return lines


def defects() -> list[str]:
    seen = json.loads(SEEN.read_text()) if SEEN.is_file() else {}
    rows = []
    for name, defect in DEFECTS.items():
        red = ", ".join(f"{suite} {failed}" for suite, failed in seen.get(name, {}).items() if failed)
        rows.append(f"| {defect.told} | {red or 'not seen yet'} |")
    return ["## Do the suites notice?", "", "Each of these defects was planted between the clients and the "
            "gateway (`compat-suites/run --defect NAME <suite>…`), for the clients that it was most likely to "
            "reach; the figures are failing checks. A suite that is not named was not tried, or stayed green.", "",
            "| Defect | Suites that turn red |", "|---|---|", *rows, ""]


def versions(folder: Path, expected: Expected) -> list[str]:
    """The named packages with their versions, from whatever lock files the suite has."""
    locked = {}
    for file in folder.rglob("requirements.txt"):
        locked |= dict(re.findall(r"^([\w.-]+)(?:\[.*\])?==([^\s;]+)", file.read_text(), re.MULTILINE))
    for file in folder.rglob("package-lock.json"):
        for place, package in json.loads(file.read_text())["packages"].items():
            if place.count("node_modules/") == 1:
                locked[place.removeprefix("node_modules/")] = package["version"]
    for file in folder.rglob("Cargo.lock"):
        locked |= {package["name"]: package["version"]
                   for package in tomllib.loads(file.read_text())["package"]}
    missing = [name for name in expected.packages if name not in locked and "@" not in name[1:]]
    if missing:
        sys.exit(f"{folder.name}: no lock file names {', '.join(missing)}")
    return [f"{name} {locked[name]}" if name in locked else " ".join(name.rsplit("@", 1))
            for name in expected.packages]
