"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import logging
import sys

from support.checks import run_all

from . import python_chat, python_responses, python_sockets

# What goes wrong on purpose is not to be told among the checks.
logging.getLogger("openai.agents").setLevel(logging.CRITICAL)
run_all([python_chat, python_responses, python_sockets], sys.argv[1:])
