"""The README's examples, as a reader would paste it."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

from support.checks import check

README = Path(__file__).resolve().parents[3] / "README.md"


@check
def examples_run_as_written():
    blocks = re.findall(r"^```python\n(.*?)^```", README.read_text(), re.MULTILINE | re.DOTALL)
    # Later blocks go on with the client of the first.
    assert len(blocks) > 1, blocks
    example = "\n".join(blocks)
    port = urlsplit(os.environ["OPENAI_BASE_URL"]).port
    # All that is changed is the port: other gateways may run on this machine.
    assert "127.0.0.1:18789" in example, example
    example = example.replace("127.0.0.1:18789", f"127.0.0.1:{port}")
    environment = {"PATH": os.environ["PATH"], "OPENCLAW_TOKEN": os.environ["OPENAI_API_KEY"]}
    done = subprocess.run(
        [sys.executable, "-c", example], env=environment, capture_output=True, text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    first, length, _ = done.stdout.partition("384\n")
    assert first.strip() and length, done.stdout
