"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import sys

from . import chat, connect, errors, tools
from support.checks import run_all

run_all([connect, chat, tools, errors], sys.argv[1:])
