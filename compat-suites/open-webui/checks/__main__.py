"""Runs the checks at Open WebUI's API."""

import sys

from support.checks import run_all

from . import account, chat, connection, errors, files, models, sessions, tasks
from .harness import admin

# The page is signed in to with the same account.
admin()
run_all([account, connection, models, chat, errors, tasks, files, sessions], sys.argv[1:])
