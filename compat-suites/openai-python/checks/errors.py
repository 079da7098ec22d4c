"""Errors: the SDK's own classes, from statuses, headers and the error object."""

import time

import openai
from openai import omit

from support.checks import check, refused

from .harness import MAIN, SCRIPTED, client, says, scripted


def chat_refused(kind, model=SCRIPTED, messages=None, **options):
    create = client().chat.completions.create
    return refused(kind, create, model=model, messages=messages or says("Hello"), **options)


def upstream_refused(kind, text):
    return chat_refused(kind, messages=says(text))


@check
def wrong_key():
    error = refused(openai.AuthenticationError, client(api_key="wrong").models.list)
    assert (error.status_code, error.code) == (401, "invalid_api_key"), error
    assert error.type == "authentication_error", error
    assert error.response.headers["www-authenticate"] == "Bearer"


@check
def no_key():
    error = refused(
        openai.AuthenticationError, client().models.list, extra_headers={"Authorization": omit}
    )
    assert error.code == "invalid_api_key", error


@check
def unknown_model_to_retrieve():
    error = refused(openai.NotFoundError, client().models.retrieve, "gpt-4o")
    assert (error.status_code, error.code, error.param) == (404, "model_not_found", "model"), error


@check
def unknown_model_to_chat_with():
    error = chat_refused(openai.NotFoundError, model="gpt-4o")
    assert (error.code, error.param) == ("model_not_found", "model"), error
    assert "gpt-4o" in error.message, error


@check
def unknown_model_to_embed_with():
    create = client().embeddings.create
    error = refused(openai.NotFoundError, create, model="text-embedding-3-small", input="a")
    assert error.code == "model_not_found", error


@check
def unknown_agent():
    assert chat_refused(openai.NotFoundError, model="openclaw/nobody").code == "model_not_found"


@check
def unknown_path():
    assert refused(openai.NotFoundError, client().files.list).code == "not_found"


@check
def wrong_method():
    error = refused(openai.APIStatusError, client().models.delete, "openclaw")
    assert (error.status_code, error.code) == (405, "method_not_allowed"), error
    assert "GET" in error.response.headers["allow"], error.response.headers


@check
def body_has_the_four_fields():
    error = chat_refused(openai.NotFoundError, model="gpt-4o")
    assert set(error.body) == {"message", "type", "param", "code"}, error.body


@check
def success_has_a_request_id():
    assert scripted("Hello")._request_id.startswith("req_")


@check
def error_has_a_request_id():
    assert chat_refused(openai.NotFoundError, model="gpt-4o").request_id.startswith("req_")


@check
def too_many_answers():
    error = chat_refused(openai.BadRequestError, n=129)
    assert (error.code, error.param) == ("invalid_value", "n"), error


@check
def temperature_out_of_range():
    error = chat_refused(openai.BadRequestError, temperature=2.5)
    assert (error.type, error.param) == ("invalid_request_error", "temperature"), error


@check
def wrong_type_is_named_by_its_path():
    messages = [*says("Hello"), {"role": "user", "content": 5}]
    error = chat_refused(openai.BadRequestError, messages=messages)
    assert (error.code, error.param) == ("invalid_type", "messages[1].content"), error


@check
def no_messages():
    create = client().chat.completions.create
    error = refused(openai.BadRequestError, create, model=MAIN, messages=[])
    assert error.param == "messages", error


@check
def upstream_rate_limit():
    error = upstream_refused(openai.RateLimitError, "fail: rate limit")
    assert (error.status_code, error.code) == (429, "rate_limit_exceeded"), error
    assert error.response.headers["retry-after"] == "1", error.response.headers


@check
def upstream_overloaded():
    error = upstream_refused(openai.InternalServerError, "fail: overloaded")
    assert (error.status_code, error.code) == (503, "overloaded"), error
    assert error.response.headers["retry-after"] == "2", error.response.headers


@check
def upstream_failure_is_a_bad_gateway():
    error = upstream_refused(openai.InternalServerError, "fail: unavailable")
    assert (error.status_code, error.type) == (502, "upstream_error"), error


@check
def upstream_timeout():
    error = upstream_refused(openai.InternalServerError, "fail: timeout")
    assert (error.status_code, error.code) == (504, "upstream_timeout"), error


@check
def upstream_credentials_are_not_the_callers():
    error = upstream_refused(openai.InternalServerError, "fail: auth")
    assert (error.status_code, error.code) == (502, "upstream_auth"), error


@check
def upstream_context_length():
    error = upstream_refused(openai.BadRequestError, "fail: context")
    assert error.code == "context_length_exceeded", error


@check
def upstream_refusal_says_why():
    error = upstream_refused(openai.BadRequestError, "fail: rejected")
    assert "No such voice." in error.message, error


@check
def rate_limit_is_retried_when_it_says():
    create = client(max_retries=1).chat.completions.create
    begun = time.monotonic()
    refused(openai.RateLimitError, create, model=SCRIPTED, messages=says("fail: rate limit"))
    waited = time.monotonic() - begun
    assert 1 <= waited < 2, f"the second attempt came after {waited:.2f} s"


@check
def clients_timeout_leaves_the_gateway_healthy():
    create = client(timeout=0.3).chat.completions.create
    refused(openai.APITimeoutError, create, model=SCRIPTED, messages=says("slow"))
    assert scripted("Hello").choices[0].message.content == "A scripted reply."
