"""How checks are found and run, and the clients they use."""

import asyncio
import inspect
import traceback

from openai import AsyncOpenAI, OpenAI

MAIN = "openclaw/default"
SCRIPTED = "openclaw/scripted"
MIRROR = "openclaw/mirror"

# Generous, because the local model shares the machine with whatever else runs on it.
TIMEOUT_SECONDS = 120


def check(function):
    """Marks a check: it passes if it returns."""
    function.is_check = True
    return function


def client(**options) -> OpenAI:
    """A client that knows the gateway from OPENAI_BASE_URL and OPENAI_API_KEY, as users' do."""
    return OpenAI(**({"max_retries": 0, "timeout": TIMEOUT_SECONDS} | options))


def async_client() -> AsyncOpenAI:
    return AsyncOpenAI(max_retries=0, timeout=TIMEOUT_SECONDS)


def says(text) -> list:
    """A conversation of one user message."""
    return [{"role": "user", "content": text}]


def scripted(text, **options):
    """An answer from the script."""
    return client().chat.completions.create(model=SCRIPTED, messages=says(text), **options)


def refused(kind, request, *arguments, **options):
    """The error of exactly this kind that `request` raises."""
    try:
        answer = request(*arguments, **options)
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


def run_all(modules, prefixes) -> None:
    """Runs checks in the order of their files."""
    for module in modules:
        area = module.__name__.rpartition(".")[2]
        for name, function in vars(module).items():
            title = f"{area}.{name}"
            if not getattr(function, "is_check", False) or function.__module__ != module.__name__:
                continue
            if not prefixes or title.startswith(tuple(prefixes)):
                run(title, function)


def run(title, function) -> None:
    try:
        result = function()
        if inspect.iscoroutine(result):
            asyncio.run(result)
    except Exception as error:
        print(f"not ok {title} - {type(error).__name__}: {' '.join(str(error).split())[:500]}")
        for frame in traceback.extract_tb(error.__traceback__):
            if "/checks/" in frame.filename and not frame.filename.endswith("harness.py"):
                print(f"#   {frame.filename}:{frame.lineno}: {frame.line}")
        return
    print(f"ok {title}")
