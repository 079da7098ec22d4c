"""The clients that checks use, beside the harness that all suites share."""

from openai import AsyncOpenAI, OpenAI

MAIN = "openclaw/default"
SCRIPTED = "openclaw/scripted"
MIRROR = "openclaw/mirror"

# Generous, because the local model shares the machine with whatever else runs on it.
TIMEOUT_SECONDS = 120


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
