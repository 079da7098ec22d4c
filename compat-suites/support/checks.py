"""How a suite's Python checks are found and run, inside the environment of its client.

A module of checks marks its functions with `@check`; its `__main__` calls `run_all`. The variables
`OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENCLAW_ORIGIN` and `OPENCLAW_TOKEN` name the gateway.
"""

import asyncio
import inspect
import traceback
from pathlib import Path


def check(function):
    """Marks a check: it passes if it returns."""
    function.is_check = True
    return function


def refused(kind, request, *arguments, **options):
    """The error of exactly this kind that `request` raises."""
    try:
        answer = request(*arguments, **options)
    except kind as error:
        assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


def run_all(modules, prefixes, area=None) -> None:
    """Runs checks in the order of their files; with `prefixes`, those whose names begin so.

    A check is named by its module, unless `area` is given.
    """
    # One event loop for all, as in a user's program: clients keep connections from call to call.
    with asyncio.Runner() as loop:
        for module in modules:
            area_of_module = area or module.__name__.rpartition(".")[2]
            for name, function in list(vars(module).items()):
                title = f"{area_of_module}.{name}"
                if not getattr(function, "is_check", False) or function.__module__ != module.__name__:
                    continue
                if not prefixes or title.startswith(tuple(prefixes)):
                    run(title, function, loop)


def run(title, function, loop: asyncio.Runner) -> None:
    try:
        result = function()
        if inspect.iscoroutine(result):
            loop.run(result)
    except Exception as error:
        print(f"not ok {title} - {type(error).__name__}: {' '.join(str(error).split())[:500]}")
        for frame in traceback.extract_tb(error.__traceback__):
            if Path(inspect.getfile(function)).parent == Path(frame.filename).parent:
                print(f"#   {frame.filename}:{frame.lineno}: {frame.line}")
        return
    print(f"ok {title}")
