"""The lines of the README, as they stand there."""

import os

from .harness import Codex
from support.checks import check

# Nobody listens there: these lines do not say that nobody else shall be asked, as the others do.
NOBODY = {name: "http://127.0.0.1:9" for name in os.environ if name.lower() in ("https_proxy", "all_proxy")}


@check
def as_written():
    codex = Codex("connect")
    codex.home.write(".codex/config.toml", os.environ["CONNECT"])
    done = codex.home.run(os.environ["CODEX"], "exec", "--skip-git-repo-check",
                          "Count to three, please.", **NOBODY)
    assert done.returncode == 0, done.stderr
    # The answer alone goes to standard output; what else there is to tell goes beside it.
    assert done.stdout.strip(), done.stderr
    assert "model: openclaw\n" in done.stderr, done.stderr
