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
    # The first line is of `auth`. A prompt that was only printed would be no answer.
    configured, _, answer = done.stdout.partition("\n")
    assert "Provider configured" in configured and answer.strip() not in ("", "Say hello."), done.stdout
