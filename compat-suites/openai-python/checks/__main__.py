"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import sys

from . import chat, embeddings, errors, forwarding, goldens, models, parallel, readme, routing
from . import stream, structure, tolerance, tools
from support.checks import run_all

MODULES = [models, errors, chat, stream, tools, forwarding, tolerance, routing, embeddings,
           structure, goldens, parallel, readme]

run_all(MODULES, sys.argv[1:])
