"""Runs the checks whose names begin with an argument, or all, and prints one line each."""

import sys

from . import agents, chat, embeddings, errors, rag, responses, stream, structure, tools
from support.checks import run_all

MODULES = [chat, stream, tools, structure, responses, agents, errors, embeddings, rag]

run_all(MODULES, sys.argv[1:])
