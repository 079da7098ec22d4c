"""The same by `/v1/responses`."""

from functools import reduce
from operator import add

from langchain_core.messages import HumanMessage

from support.checks import check

from .harness import MAIN, OSLO, City, Wire, chat, weather


def responses(*arguments, **options):
    return chat(*arguments, use_responses_api=True, **options)


@check
def the_local_model_answers():
    answer = responses(MAIN, max_tokens=16).invoke("What is the capital of France?")
    assert answer.text.strip() and answer.id.startswith("resp_"), answer
    assert answer.usage_metadata["output_tokens"] > 0, answer


@check
def usage_has_details():
    usage = responses().invoke("think").usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (4, 9, 13), usage
    assert usage["output_token_details"]["reasoning"] == 7, usage


@check
def chunks_are_the_whole_answer():
    chunks = list(responses().stream("count"))
    texts = [chunk.text for chunk in chunks if chunk.text]
    assert texts == ["one", ", two", ", three"], texts
    assert reduce(add, chunks).usage_metadata["total_tokens"] == 8, chunks


@check
async def astream_of_the_local_model():
    chunks = [chunk async for chunk in responses(MAIN, max_tokens=16).astream("Name a fruit.")]
    assert sum(bool(chunk.text) for chunk in chunks) > 1, chunks


@check
def reasoning_is_a_block_of_its_own():
    blocks = responses(output_version="v1", reasoning={"effort": "low", "summary": "auto"}).invoke("think")
    kinds = [block["type"] for block in blocks.content_blocks]
    assert kinds == ["reasoning", "text"], blocks.content_blocks
    assert blocks.content_blocks[0]["reasoning"] == "They want a number.", blocks.content_blocks


@check
def one_call():
    answer = responses().bind_tools([weather]).invoke("weather in Oslo")
    [call] = answer.tool_calls
    assert (call["name"], call["args"]["city"], call["id"]) == ("weather", "Oslo", "call_oslo"), call


@check
def streamed_calls():
    whole = reduce(add, responses().bind_tools([weather]).stream("weather in both"))
    assert [call["args"]["city"] for call in whole.tool_calls] == ["Oslo", "Lima"], whole


@check
def the_loop_of_question_call_result_answer():
    model = responses().bind_tools([weather])
    messages = [HumanMessage("weather in Oslo")]
    messages.append(model.invoke(messages))
    messages.extend(weather.invoke(call) for call in messages[-1].tool_calls)
    assert model.invoke(messages).text == "It is cold in Oslo."


@check
def a_loop_that_only_sends_what_is_new():
    wire = Wire()
    model = responses(use_previous_response_id=True, http_client=wire.client).bind_tools([weather])
    messages = [HumanMessage("weather in Oslo")]
    messages.append(model.invoke(messages))
    messages.extend(weather.invoke(call) for call in messages[-1].tool_calls)
    assert model.invoke(messages).text == "It is cold in Oslo."
    second = wire.bodies[1]
    assert second["previous_response_id"].startswith("resp_"), second
    assert [item["type"] for item in second["input"]] == ["function_call_output"], second


@check
def json_schema():
    assert responses().with_structured_output(City).invoke("the record of Oslo") == OSLO


@check
def function_calling():
    model = responses().with_structured_output(City, method="function_calling")
    assert model.invoke("the record of Oslo by function") == OSLO


@check
def streamed_json_schema():
    *_, last = responses().with_structured_output(City).stream("the record of Oslo")
    assert last == OSLO, last


@check
def zero_retention():
    wire = Wire()
    model = responses(store=False, include=["reasoning.encrypted_content"], http_client=wire.client)
    first = model.invoke("think")
    assert model.invoke([HumanMessage("think"), first, HumanMessage("count")]).text == "one, two, three"
    assert all(body["store"] is False for body in wire.bodies), wire.bodies
