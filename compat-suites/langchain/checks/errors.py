"""What LangChain makes of refusals and failures."""

import time

import openai
from langchain_core.exceptions import ContextOverflowError

from support.checks import check

from .harness import MAIN, chat, embeddings

# Far more than the local model reads.
TOO_LONG = "word and " * 20_000


def raised(kind, request, *arguments, **options):
    """The error that `request` raises, which is `kind` or a kind of it."""
    try:
        answer = request(*arguments, **options)
    except kind as error:
        return error
    raise AssertionError(f"no {kind.__name__}, but {answer!r}")


@check
def a_wrong_token():
    error = raised(openai.AuthenticationError, chat(api_key="wrong").invoke, "Hello")
    assert error.status_code == 401 and error.code == "invalid_api_key", error.body


@check
def an_unknown_model():
    error = raised(openai.NotFoundError, chat("openclaw/nobody").invoke, "Hello")
    assert error.code == "model_not_found" and "nobody" in error.message, error.body


@check
def a_rate_limit():
    error = raised(openai.RateLimitError, chat().invoke, "fail: rate limit")
    assert error.response.headers["retry-after"] == "1", error.response.headers


@check
def a_context_that_is_too_long():
    error = raised(ContextOverflowError, chat(MAIN).invoke, TOO_LONG)
    assert error.code == "context_length_exceeded", error.body


@check
def a_context_that_is_too_long_by_responses():
    raised(ContextOverflowError, chat(MAIN, use_responses_api=True).invoke, TOO_LONG)


@check
def retries_wait_as_long_as_they_are_told():
    begun = time.monotonic()
    raised(openai.RateLimitError, chat(max_retries=1).invoke, "fail: rate limit")
    assert time.monotonic() - begun > 0.9, time.monotonic() - begun


@check
def another_model_steps_in():
    model = chat("openclaw/nobody").with_fallbacks([chat()])
    assert model.invoke("count").text == "one, two, three"


@check
def a_stream_that_breaks_off():
    seen = []

    def read():
        for chunk in chat().stream("break off"):
            seen.append(chunk.text)

    raised(openai.APIError, read)
    assert "".join(seen) == "half an", seen


@check
def a_stream_that_breaks_off_by_responses():
    seen = []

    def read():
        for chunk in chat(use_responses_api=True).stream("break off"):
            seen.append(chunk.text)

    # LangChain has no class of its own for a response that failed.
    assert "server_error" in str(raised(ValueError, read))
    assert "".join(seen) == "half an", seen


@check
def a_stream_that_never_begins():
    raised(openai.InternalServerError, lambda: list(chat().stream("fail: unavailable")))


@check
def a_batch_keeps_its_errors_apart():
    good, bad = chat().batch(["count", "fail: unavailable"], return_exceptions=True)
    assert good.text == "one, two, three" and isinstance(bad, openai.InternalServerError), (good, bad)


@check
def more_dimensions_than_there_are():
    error = raised(openai.BadRequestError, embeddings(dimensions=4000).embed_query, "hello")
    assert error.param == "dimensions", error.body
