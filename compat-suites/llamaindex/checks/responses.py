"""The same by `/v1/responses`."""

from llama_index.core.base.llms.types import TextBlock, ThinkingBlock
from llama_index.core.prompts import PromptTemplate

from support.checks import check

from .harness import MAIN, OSLO, City, Wire, responses, says, weather


@check
def the_local_model_answers():
    answer = responses(MAIN, max_output_tokens=16).chat(says("What is the capital of France?"))
    assert answer.message.content.strip() and answer.raw.id.startswith("resp_"), answer
    assert answer.additional_kwargs["usage"].output_tokens > 0, answer


@check
def usage_has_details():
    usage = responses().chat(says("think")).additional_kwargs["usage"]
    assert (usage.input_tokens, usage.output_tokens, usage.total_tokens) == (4, 9, 13), usage
    assert usage.output_tokens_details.reasoning_tokens == 7, usage


@check
def reasoning_is_a_block_of_its_own():
    thought, text = responses().chat(says("think")).message.blocks
    assert isinstance(thought, ThinkingBlock) and thought.content == "They want a number.", thought
    assert isinstance(text, TextBlock) and text.text == "42", text


@check
def chunks_are_the_whole_answer():
    pieces = list(responses().stream_chat(says("count")))
    assert [piece.delta for piece in pieces if piece.delta] == ["one", ", two", ", three"], pieces
    assert pieces[-1].message.content == "one, two, three", pieces[-1]


@check
async def async_stream_of_the_local_model():
    stream = await responses(MAIN, max_output_tokens=16).astream_chat(says("Name a fruit."))
    deltas = [piece.delta async for piece in stream if piece.delta]
    assert len(deltas) > 1, deltas


@check
async def achat():
    assert (await responses().achat(says("count"))).message.content == "one, two, three"


@check
def one_call():
    model = responses()
    answer = model.chat_with_tools([weather], user_msg="weather in Oslo")
    [call] = model.get_tool_calls_from_response(answer)
    assert (call.tool_id, call.tool_kwargs["city"]) == ("call_oslo", "Oslo"), call


@check
def streamed_calls():
    model = responses()
    *_, last = model.stream_chat_with_tools(
        [weather], user_msg="weather in both", allow_parallel_tool_calls=True)
    calls = model.get_tool_calls_from_response(last)
    assert [call.tool_kwargs["city"] for call in calls] == ["Oslo", "Lima"], calls


@check
def structured_predict_by_json_schema():
    wire = Wire()
    model = responses(http_client=wire.client)
    assert model.structured_predict(City, PromptTemplate("the record of {city}"), city="Oslo") == OSLO
    assert wire.bodies[0]["text"]["format"]["type"] == "json_schema", wire.bodies


@check
def streamed_structured_predict_by_function():
    template = PromptTemplate("the record of {city} by function")
    *_, last = responses().stream_structured_predict(City, template, city="Oslo")
    assert last == OSLO, last


@check
def previous_responses_are_tracked():
    model = responses(track_previous_responses=True, store=True)
    first = model.chat(says("think")).raw.id
    second = model.chat(says("count"))
    assert second.raw.previous_response_id == first, second.raw
    assert second.message.content == "one, two, three", second
