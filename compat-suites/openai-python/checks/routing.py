"""Which agent answers, and which model behind it."""

import json

import openai

from support.checks import check, refused

from .harness import MAIN, MIRROR, client, says, scripted


def content(model=MAIN, **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = client().chat.completions.create(
        model=model, messages=says("Hello"), max_tokens=2, extra_headers=named
    )
    return answer.choices[0].message.content


@check
def every_listed_model_answers():
    for model in client().models.list():
        assert content(model.id).strip(), model.id


@check
def agent_header_chooses_the_agent():
    assert content(x_openclaw_agent_id="scripted") == "A scripted reply."


@check
def model_header_chooses_the_backend():
    assert content(x_openclaw_model="scripted/replies") == "A scripted reply."


@check
def model_header_goes_before_the_agents_model():
    answer = content(MIRROR, x_openclaw_model="scripted/replies")
    assert answer == "A scripted reply.", answer


@check
def backend_model_is_taken_at_its_word():
    answer = content(MIRROR, x_openclaw_model="mirror/another")
    assert json.loads(answer)["body"]["model"] == "another", answer


@check
def unknown_agent_header():
    headers = {"x-openclaw-agent-id": "nobody"}
    error = refused(openai.NotFoundError, scripted, "Hello", extra_headers=headers)
    assert error.code == "model_not_found", error


@check
def unknown_model_header():
    headers = {"x-openclaw-model": "nowhere/nothing"}
    error = refused(openai.NotFoundError, scripted, "Hello", extra_headers=headers)
    assert error.code == "model_not_found", error


@check
def embeddings_follow_the_model_header():
    create = client().embeddings.create
    headers = {"x-openclaw-model": "scripted/vectors"}
    ours = create(model=MAIN, input="Hello").data[0].embedding
    scripted = create(model=MAIN, input="Hello", extra_headers=headers).data[0].embedding
    assert len(ours) == len(scripted) == 384 and ours != scripted


@check
def embeddings_follow_the_agent_header():
    headers = {"x-openclaw-agent-id": "mirror"}
    create = client().embeddings.create
    assert create(model=MAIN, input="Hello", extra_headers=headers).data
