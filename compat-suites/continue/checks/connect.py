"""The lines of the README, as they stand there."""

import os

from .harness import Cn
from support.checks import check


@check
def as_written():
    cn = Cn("connect", "openclaw")
    said = cn.said("Say hello.")
    assert said.strip() not in ("", "Say hello."), said


@check
def token_in_a_file():
    cn = Cn("token_in_a_file", "openclaw")
    cn.home.write(".continue/.env", f"OPENCLAW_TOKEN={os.environ['OPENCLAW_TOKEN']}\n")
    done = cn.run("Say hello.", OPENCLAW_TOKEN="")
    assert done.stdout.strip() not in ("", "Say hello."), f"{done.stdout} {done.stderr}"
