"""Rust clients: a crate of the suite's, built exactly as its Cargo.lock says."""

from pathlib import Path

from . import places
from .stamp import must

# One for all suites, so that what they share is built once.
TARGET = places.CACHE / "cargo"


def program(crate: Path, name: str) -> Path:
    """The program `name` of `crate`, built if it or what it needs has changed."""
    must(build(crate, name))
    return built(name)


def build(crate: Path, name: str) -> list[str | Path]:
    """The command that builds it, for a suite of which the building is a check."""
    return ["cargo", "build", "--locked", "--quiet", "--manifest-path", crate / "Cargo.toml",
            "--target-dir", TARGET, "--bin", name]


def built(name: str) -> Path:
    return TARGET / "debug" / name
