"""`stream=True`, on the wire and through the SDK's stream helpers."""

import json
import time

import openai

from support.checks import check, refused

from .harness import MAIN, SCRIPTED, async_client, client, says, scripted

OPTIONS = {
    "model": MAIN,
    "messages": says("Tell me about the city of Paris."),
    "max_tokens": 24,
    "temperature": 0,
}


def chunks(**options):
    return list(client().chat.completions.create(stream=True, **OPTIONS | options))


def text(chunks) -> str:
    return "".join(c.choices[0].delta.content or "" for c in chunks if c.choices)


def lines(**options) -> list[str]:
    """The lines of a stream as they came over the wire, without the blank ones."""
    create = client().chat.completions.with_streaming_response.create
    with create(stream=True, **OPTIONS | options) as response:
        kind = response.headers["content-type"]
        assert kind.startswith("text/event-stream"), kind
        return [line for line in response.iter_lines() if line]


@check
def first_chunk_has_the_role():
    roles = [chunk.choices[0].delta.role for chunk in chunks()]
    assert roles[0] == "assistant", roles
    assert not any(roles[1:]), roles


@check
def chunks_are_of_one_answer():
    heads = {(c.id, c.object, c.created, c.model) for c in chunks()}
    assert len(heads) == 1, heads
    [(id, object, created, model)] = heads
    assert id.startswith("chatcmpl") and object == "chat.completion.chunk", heads
    assert created > 1_700_000_000 and model == MAIN, heads


@check
def the_last_change_alone_has_the_finish_reason():
    reasons = [chunk.choices[0].finish_reason for chunk in chunks()]
    assert reasons[-1] in ("stop", "length") and not any(reasons[:-1]), reasons


@check
def the_local_model_comes_in_pieces():
    pieces = [chunk for chunk in chunks() if chunk.choices[0].delta.content]
    assert len(pieces) > 3, [text([piece]) for piece in pieces]


@check
def equals_the_whole_answer():
    whole = client().chat.completions.create(**OPTIONS).choices[0]
    streamed = chunks()
    assert text(streamed) == whole.message.content, (text(streamed), whole)
    assert streamed[-1].choices[0].finish_reason == whole.finish_reason


@check
def max_tokens_ends_with_length():
    assert chunks(max_tokens=3)[-1].choices[0].finish_reason == "length"


@check
def no_usage_unless_asked():
    for line in lines()[:-1]:
        event = json.loads(line.removeprefix("data: "))
        assert "usage" not in event and len(event["choices"]) == 1, event


@check
def usage_when_asked():
    *changes, last = chunks(stream_options={"include_usage": True})
    assert all(chunk.usage is None and len(chunk.choices) == 1 for chunk in changes), changes
    assert last.choices == [], last
    whole = client().chat.completions.create(**OPTIONS).usage
    assert last.usage.prompt_tokens == whole.prompt_tokens, (last.usage, whole)
    assert last.usage.completion_tokens == whole.completion_tokens, (last.usage, whole)
    assert last.usage.total_tokens == last.usage.prompt_tokens + last.usage.completion_tokens


@check
def null_stream_options_mean_none():
    assert all(chunk.usage is None for chunk in chunks(extra_body={"stream_options": None}))


@check
def every_line_is_data_and_the_last_is_done():
    wire = lines()
    assert all(line.startswith("data: ") for line in wire), wire
    assert wire[-1] == "data: [DONE]" and wire.count("data: [DONE]") == 1, wire


@check
def pieces_are_the_models_own():
    assert [c.choices[0].delta.content for c in chunks(model=SCRIPTED, messages=says("count"))
            if c.choices[0].delta.content] == ["one", ", two", ", three"]


@check
def reasoning_comes_before_the_content():
    deltas = [chunk.choices[0].delta for chunk in scripted("think", stream=True)]
    kinds = ["reasoning" if getattr(delta, "reasoning_content", None) else "content"
             for delta in deltas if delta.content or getattr(delta, "reasoning_content", None)]
    assert kinds == ["reasoning", "content"], deltas


@check
def has_a_request_id():
    stream = scripted("count", stream=True)
    assert stream.response.headers["x-request-id"].startswith("req_")
    stream.close()


@check
async def async_stream_is_the_same():
    async with async_client() as client:
        stream = await client.chat.completions.create(stream=True, **OPTIONS)
        streamed = [chunk async for chunk in stream]
    assert text(streamed) == text(chunks())


@check
def stream_helper_accumulates():
    seen = []
    with client().chat.completions.stream(model=SCRIPTED, messages=says("count")) as stream:
        for event in stream:
            # The delta with the role has an empty content, as OpenAI's own has.
            if event.type == "content.delta" and event.delta:
                seen.append(event.delta)
                assert event.snapshot == "".join(seen), event
        final = stream.get_final_completion()
    assert seen == ["one", ", two", ", three"], seen
    assert final.choices[0].message.content == "one, two, three", final


@check
def error_before_the_first_token_has_its_status():
    error = refused(openai.RateLimitError, scripted, "fail: rate limit", stream=True)
    assert error.response.headers["content-type"].startswith("application/json")


@check
def error_midway_is_an_error():
    seen = []

    def read():
        for chunk in scripted("break off", stream=True):
            seen.append(chunk)

    error = refused(openai.APIError, read)
    assert text(seen) == "half an", seen
    assert error.body["code"] == "upstream_unavailable", error.body


@check
def hanging_up_midway_frees_the_model():
    story = says("Tell me a very long story.")
    with client().chat.completions.create(
        model=MAIN, messages=story, max_tokens=4000, stream=True
    ) as stream:
        for count, _ in enumerate(stream):
            if count == 3:
                break
    begun = time.monotonic()
    chunks(max_tokens=2)
    waited = time.monotonic() - begun
    assert waited < 10, f"the next answer took {waited:.1f} s: the story was told to nobody"
