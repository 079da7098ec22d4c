"""The gateway's errors, as they reach who asked."""

from support.checks import check

from .harness import GATEWAY, TOKEN, admin, ask, events

NOBODY = "openclaw/nobody"


def nobody(**more):
    """Asks for a model that only Open WebUI believes in."""
    config = {
        "ENABLE_OPENAI_API": True,
        "OPENAI_API_BASE_URLS": [GATEWAY, f"{GATEWAY}/"],
        "OPENAI_API_KEYS": [TOKEN, TOKEN],
        "OPENAI_API_CONFIGS": {"1": {"model_ids": [NOBODY]}},
    }
    alone = config | {"OPENAI_API_BASE_URLS": [GATEWAY], "OPENAI_API_KEYS": [TOKEN], "OPENAI_API_CONFIGS": {}}
    admin().post("/openai/config/update", json=config).raise_for_status()
    try:
        admin().get("/api/models", params={"refresh": True}).raise_for_status()
        return ask("hello", NOBODY, **more)
    finally:
        admin().post("/openai/config/update", json=alone).raise_for_status()
        admin().get("/api/models", params={"refresh": True}).raise_for_status()


def is_unknown_model(reply) -> None:
    assert reply.status_code == 404, reply.text
    error = reply.json()["error"]
    assert error["code"] == "model_not_found" and NOBODY in error["message"], error


@check
def unknown_model():
    is_unknown_model(nobody())


@check
def unknown_model_streamed():
    is_unknown_model(nobody(stream=True))


def is_rate_limit(reply) -> None:
    assert reply.status_code == 429, reply.text
    assert reply.headers["retry-after"] == "7", reply.headers
    assert reply.json()["error"]["type"] == "rate_limit_error", reply.text


@check
def rate_limit():
    is_rate_limit(ask("fail: rate limit"))


@check
def rate_limit_streamed():
    is_rate_limit(ask("fail: rate limit", stream=True))


@check
def in_the_middle_of_a_stream():
    said = events(ask("break off", stream=True))
    assert "half an" in [event["choices"][0]["delta"].get("content") for event in said if "choices" in event]
    assert "choices" not in said[-1] and said[-1]["error"]["code"] == "upstream_unavailable", said[-1]
