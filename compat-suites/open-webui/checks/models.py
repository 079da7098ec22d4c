"""The models, as everyone who signs in is told of them."""

from support.checks import check

from .harness import admin


def listed() -> dict[str, dict]:
    models = admin().get("/api/models").raise_for_status().json()["data"]
    return {model["id"]: model for model in models}


@check
def are_the_gateways():
    expected = {"openclaw", "openclaw/default", "openclaw/main", "openclaw/mirror", "openclaw/scripted"}
    assert set(listed()) == expected, list(listed())


@check
def have_names():
    names = {key: model["name"] for key, model in listed().items()}
    expected = {"openclaw": "OpenClaw", "openclaw/default": "OpenClaw default"}
    assert names == expected | {f"openclaw/{agent}": agent for agent in ("main", "mirror", "scripted")}, names


@check
def say_who_serves_them():
    owners = {model["openai"]["owned_by"] for model in listed().values()}
    assert owners == {"openclaw"}, owners
