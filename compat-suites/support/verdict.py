"""Judges what a suite reports against what is expected of it."""

import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path

LINE = re.compile(r"(?P<bad>not )?ok (?P<name>[\w.]+)(?: - (?P<reason>.*))?$")


@dataclass
class Verdict:
    """How a suite did. `problems` has one line for everything that is not as expected; `red` counts
    the checks that failed without a gap."""

    passed: int = 0
    red: int = 0
    gaps: int = 0
    problems: list[str] = field(default_factory=list)


@dataclass
class Expected:
    """A suite's `expected.toml`.

    `client` is what the suite drives; `packages` are those of its lock files whose versions
    docs/compat.md names; `tested` says what was run, and `model` what answered. `outside_ci` is the
    reason why CI leaves the suite out, if it does.
    """

    client: str
    packages: list[str]
    tested: str
    model: str
    checks: int
    gaps: dict[str, str]
    outside_ci: str | None

    @classmethod
    def read(cls, file: Path) -> "Expected":
        content = tomllib.loads(file.read_text())
        gaps = content.pop("gap", [])
        words = {name: content.pop(name) for name in ("client", "packages", "tested", "model", "checks")}
        outside_ci = content.pop("outside_ci", None)
        if content:
            raise SystemExit(f"{file}: there is no {', '.join(content)} in an expected.toml")
        for gap in gaps:
            if set(gap) != {"check", "reason"} or not gap["reason"].strip():
                raise SystemExit(f"{file}: a gap has a `check` and a `reason`, nothing else: {gap}")
        reasons = {gap["check"]: gap["reason"] for gap in gaps}
        return cls(**words, gaps=reasons, outside_ci=outside_ci)


def judge(output: str, exit_code: int, expected: Expected) -> Verdict:
    """A suite prints `ok NAME` or `not ok NAME - reason` a check; `#` begins any other line.

    It exits 0 if all checks ran, whatever they said.
    """
    verdict = Verdict()
    results: dict[str, str | None] = {}
    for line in output.splitlines():
        found = LINE.match(line)
        if not found:
            continue
        name = found["name"]
        if name in results:
            verdict.problems.append(f"{name}: reported twice")
        results[name] = (found["reason"] or "no reason given") if found["bad"] else None
    for name, reason in results.items():
        gap = name in expected.gaps
        match (reason, gap):
            case (None, False):
                verdict.passed += 1
            case (None, True):
                verdict.problems.append(f"{name}: passes now; take its gap out of expected.toml")
            case (_, True):
                verdict.gaps += 1
            case _:
                verdict.red += 1
                verdict.problems.append(f"{name}: {reason}")
    for name in expected.gaps.keys() - results.keys():
        verdict.problems.append(f"{name}: a gap is expected, but no check has this name")
    if len(results) != expected.checks:
        verdict.problems.append(f"{len(results)} checks ran; expected.toml says {expected.checks}")
    if exit_code != 0:
        verdict.problems.append(f"the suite ended with code {exit_code}")
    return verdict
