"""Answers as they grow."""

from functools import reduce
from operator import add

from langchain_core.messages import AIMessageChunk

from support.checks import check

from .harness import MAIN, Wire, chat


@check
def chunks_of_the_local_model_are_the_whole_answer():
    model = chat(MAIN, max_tokens=12)
    chunks = list(model.stream("What is the capital of France?"))
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert len(texts) > 2 and all(isinstance(chunk, AIMessageChunk) for chunk in chunks), chunks
    assert "".join(texts) == model.invoke("What is the capital of France?").text, texts


@check
def chunks_are_those_of_the_provider():
    texts = [chunk.text for chunk in chat().stream("count") if chunk.text]
    assert texts == ["one", ", two", ", three"], texts


@check
def usage_comes_when_asked_for():
    wire = Wire()
    whole = reduce(add, chat(stream_usage=True, http_client=wire.client).stream("count"))
    assert wire.bodies[0]["stream_options"] == {"include_usage": True}, wire.bodies
    usage = whole.usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (3, 5, 8), usage
    assert usage["input_token_details"]["cache_read"] == 2, usage


@check
def no_usage_when_not_asked_for():
    # LangChain asks only OpenAI's own address by itself.
    assert reduce(add, chat().stream("count")).usage_metadata is None


@check
def the_end_is_told_once():
    chunks = list(chat(MAIN, max_tokens=3).stream("Tell me about the sea."))
    ends = [chunk.response_metadata["finish_reason"] for chunk in chunks
            if "finish_reason" in chunk.response_metadata]
    assert ends == ["length"], chunks


@check
def chunks_share_an_id():
    assert len({chunk.id for chunk in chat().stream("count")}) == 1


@check
async def astream():
    texts = [chunk.text async for chunk in chat().astream("count") if chunk.text]
    assert texts == ["one", ", two", ", three"], texts


@check
async def astream_of_the_local_model():
    texts = [chunk.text async for chunk in chat(MAIN, max_tokens=8).astream("Name a fruit.")]
    assert "".join(texts).strip(), texts


@check
async def astream_events():
    events = [event async for event in chat().astream_events("count", version="v2")]
    names = [event["event"] for event in events]
    assert names[0] == "on_chat_model_start" and names[-1] == "on_chat_model_end", names
    assert events[-1]["data"]["output"].text == "one, two, three", events[-1]


@check
def a_stream_that_is_left_leaves_the_gateway_well():
    stream = chat(MAIN, max_tokens=200).stream("Tell me a long story.")
    assert next(stream) is not None
    stream.close()
    assert chat().invoke("count").text == "one, two, three"


@check
def streamed_logprobs():
    whole = reduce(add, chat(logprobs=True).stream("scores"))
    tokens = [entry["token"] for entry in whole.response_metadata["logprobs"]["content"]]
    assert tokens == ["yes", "!"], whole
