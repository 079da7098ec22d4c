"""What LlamaIndex makes of refusals and failures."""

import time

import openai

from support.checks import check, refused

from .harness import chat, embeddings, responses, says


@check
def a_wrong_token():
    error = refused(openai.AuthenticationError, chat(api_key="wrong").chat, says("Hello"))
    assert error.status_code == 401 and error.code == "invalid_api_key", error.body


@check
def an_unknown_model():
    error = refused(openai.NotFoundError, chat("openclaw/nobody").chat, says("Hello"))
    assert error.code == "model_not_found", error.body


@check
def an_unknown_model_for_embeddings():
    model = embeddings(model_name="openclaw/nobody")
    error = refused(openai.NotFoundError, model.get_text_embedding, "hello")
    assert error.code == "model_not_found", error.body


@check
def a_rate_limit():
    error = refused(openai.RateLimitError, chat().chat, says("fail: rate limit"))
    assert error.response.headers["retry-after"] == "1", error.response.headers


@check
def retries_wait_as_long_as_they_are_told():
    begun = time.monotonic()
    refused(openai.RateLimitError, chat(max_retries=1).chat, says("fail: rate limit"))
    assert time.monotonic() - begun > 0.9, time.monotonic() - begun


@check
def a_failure_of_the_provider():
    refused(openai.InternalServerError, chat().chat, says("fail: unavailable"))


@check
def a_stream_that_never_begins():
    refused(openai.InternalServerError, lambda: list(chat().stream_chat(says("fail: unavailable"))))


@check
def a_stream_that_breaks_off():
    seen = []

    def read():
        for piece in chat().stream_chat(says("break off")):
            seen.append(piece.delta)

    refused(openai.APIError, read)
    assert "".join(delta or "" for delta in seen) == "half an", seen


@check
async def a_failure_in_async():
    try:
        answer = await responses().achat(says("fail: unavailable"))
    except openai.InternalServerError as error:
        assert error.status_code >= 500, error
        return
    raise AssertionError(answer)
