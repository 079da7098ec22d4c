"""Where things are: the tree, the binary, the local models."""

import os
import subprocess
import sys
import urllib.request
from pathlib import Path

SUITES = Path(__file__).resolve().parent.parent
ROOT = SUITES.parent
CACHE = SUITES / ".cache"

CHAT_MODEL = "gemma-3-270m"
EMBEDDING_MODEL = "all-minilm-l6-v2"
MODELS = {CHAT_MODEL: "chat", EMBEDDING_MODEL: "embedding"}


def cache(suite: Path) -> Path:
    """Where what a suite (a folder below this one, however deep) needs is installed."""
    return CACHE / suite.resolve().relative_to(SUITES)


def binary() -> Path:
    """The gateway to test: OPENCLAW_BIN, else the release build, else the debug build."""
    named = os.environ.get("OPENCLAW_BIN")
    candidates = [Path(named)] if named else [
        ROOT / "target" / build / "openclaw" for build in ("release", "debug")
    ]
    for candidate in candidates:
        if os.access(candidate, os.X_OK) and candidate.is_file():
            return candidate.resolve()
    looked = " or ".join(str(candidate) for candidate in candidates)
    sys.exit(f"There is no openclaw binary at {looked}. Build one: cargo build --release")


def local_models(openclaw: Path) -> Path:
    """The folder of the two local models, fetched on the first use.

    OPENCLAW_TEST_MODELS names a state directory in which `openclaw models pull` was run.
    """
    state = Path(os.environ.get("OPENCLAW_TEST_MODELS") or ROOT / "target" / "test-models")
    state = state.resolve()
    models = state / "models"
    missing = [name for name, kind in MODELS.items() if not (models / kind / name).is_dir()]
    if missing:
        state.mkdir(parents=True, exist_ok=True)
        print(f"# fetching {', '.join(missing)} into {models}", file=sys.stderr)
        command = [openclaw, "models", "pull", *missing]
        pulled = subprocess.run(command, env=os.environ | {"OPENCLAW_STATE_DIR": str(state)})
        if pulled.returncode != 0:
            sys.exit(f"`openclaw models pull` failed; set OPENCLAW_TEST_MODELS or try it by hand:\n"
                     f"  OPENCLAW_STATE_DIR={state} {openclaw} models pull")
    return models


# Not by a proxy: a caller's may be for the registries, and what is asked here is on this machine.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
ANSWER_SECONDS = 60


def opened(url: str):
    """What is at an address on this machine."""
    return DIRECT.open(url, timeout=ANSWER_SECONDS)
