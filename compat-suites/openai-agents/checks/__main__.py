"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import sys

from support.checks import run_all

from . import python_chat, python_responses, python_sockets

run_all([python_chat, python_responses, python_sockets], sys.argv[1:])
