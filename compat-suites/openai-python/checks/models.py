"""`client.models`: the agents, as models."""

from openai.types import Model

from support.checks import check

from .harness import MAIN, MIRROR, SCRIPTED, client


@check
def list_holds_the_aliases_and_every_agent():
    ids = [model.id for model in client().models.list()]
    assert ids == ["openclaw", MAIN, "openclaw/main", SCRIPTED, MIRROR], ids


@check
def list_is_one_page():
    assert not client().models.list().has_next_page()


@check
def list_ignores_a_query():
    assert client().models.list(extra_query={"user": "someone"}).data


@check
def retrieve_as_the_sdk_encodes_it():
    response = client().models.with_raw_response.retrieve(MAIN)
    assert "openclaw%2Fdefault" in str(response.http_request.url), response.http_request.url
    assert response.parse().id == MAIN


@check
def retrieve_with_a_raw_slash():
    assert client().get(f"/models/{MAIN}", cast_to=Model).id == MAIN


@check
def retrieve_agrees_with_the_list():
    listed = {model.id: model for model in client().models.list()}
    assert client().models.retrieve(SCRIPTED) == listed[SCRIPTED]


@check
def created_is_a_real_time():
    created = client().models.retrieve("openclaw").created
    assert isinstance(created, int) and created > 1_700_000_000, created
