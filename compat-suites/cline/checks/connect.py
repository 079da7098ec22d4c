"""The lines of the README, as they stand there."""

import os
from pathlib import Path

from .harness import VARIABLES, Cline
from support.checks import check


@check
def as_written():
    home = Cline("connect").home
    path = f"{Path(os.environ['CLINE']).parent}:{os.environ['PATH']}"
    done = home.run("sh", "-euc", os.environ["CONNECT"], **VARIABLES, PATH=path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "hello" in done.stdout.lower(), done.stdout
