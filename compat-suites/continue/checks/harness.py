"""Runs `cn -p`."""

import os
import subprocess

from support.home import Home


class Cn:
    """The program, with a home and a workspace of its own."""

    def __init__(self, name: str, model: str = "openclaw/scripted"):
        self.home = Home(name)
        # The README's lines, and another model where a script is needed.
        lines = os.environ["CONNECT"].replace("model: openclaw\n", f"model: {model}\n")
        self.home.write(".continue/config.yaml", lines)

    def run(self, *arguments: str, **variables: str) -> subprocess.CompletedProcess:
        return self.home.run(os.environ["NODE"], os.environ["CN"], "-p", *arguments, **variables)

    def said(self, *arguments: str) -> str:
        """What it prints to standard output, where all went well."""
        done = self.run(*arguments)
        assert done.returncode == 0, f"code {done.returncode}: {done.stdout} {done.stderr}"
        return done.stdout.strip()

    def file(self, name: str) -> str:
        """A file of the workspace."""
        return (self.home.workspace / name).read_text()
