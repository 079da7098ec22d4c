"""Functions that the model calls; the script calls them."""

from functools import reduce
from operator import add

from langchain_core.messages import HumanMessage, ToolMessage

from support.checks import check

from .harness import MAIN, Wire, chat, weather

OSLO = {"name": "weather", "args": {"city": "Oslo", "unit": "°C"}, "id": "call_oslo", "type": "tool_call"}
LIMA = {"name": "weather", "args": {"city": "Lima", "unit": "°C"}, "id": "call_lima", "type": "tool_call"}


def bound(**options):
    return chat().bind_tools([weather], **options)


@check
def one_call():
    answer = bound().invoke("weather in Oslo")
    assert answer.tool_calls == [OSLO] and answer.content == "", answer
    assert answer.response_metadata["finish_reason"] == "tool_calls", answer
    assert answer.invalid_tool_calls == [], answer


@check
def parallel_calls():
    assert bound(parallel_tool_calls=True).invoke("weather in both").tool_calls == [OSLO, LIMA]


@check
def streamed_calls():
    chunks = list(bound().stream("weather in both"))
    assert reduce(add, chunks).tool_calls == [OSLO, LIMA], chunks
    pieces = [piece for chunk in chunks for piece in chunk.tool_call_chunks]
    assert sorted({piece["index"] for piece in pieces}) == [0, 1], pieces


@check
async def async_streamed_calls():
    chunks = [chunk async for chunk in bound().astream("weather in Oslo")]
    assert reduce(add, chunks).tool_calls == [OSLO], chunks


@check
def a_strict_and_forced_function():
    wire = Wire()
    model = chat(http_client=wire.client).bind_tools([weather], tool_choice="weather", strict=True)
    assert model.invoke("weather in Oslo").tool_calls == [OSLO]
    [body] = wire.bodies
    assert body["tool_choice"] == {"type": "function", "function": {"name": "weather"}}, body
    assert body["tools"][0]["function"]["strict"] is True, body


@check
def any_function_must_be_called():
    assert bound(tool_choice="any").invoke("weather in Oslo").tool_calls == [OSLO]


@check
def no_function_may_be_called():
    assert bound(tool_choice="none").invoke("count").text == "one, two, three"


@check
def the_loop_of_question_call_result_answer():
    messages = [HumanMessage("weather in both")]
    asked = bound().invoke(messages)
    messages.append(asked)
    for call in asked.tool_calls:
        result = weather.invoke(call)
        assert isinstance(result, ToolMessage) and result.tool_call_id == call["id"], result
        messages.append(result)
    answer = bound().invoke(messages)
    assert (answer.text, answer.tool_calls) == ("Lima is warmer than Oslo.", []), answer


@check
def the_local_model_answers_beside_a_function():
    answer = chat(MAIN, max_tokens=8).bind_tools([weather]).invoke("What is the capital of France?")
    assert answer.text.strip() and answer.tool_calls == [], answer
