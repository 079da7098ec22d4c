"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import sys

from . import connect, program
from support.checks import run_all

run_all([connect, program], sys.argv[1:])
