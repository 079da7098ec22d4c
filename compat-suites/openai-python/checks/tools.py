"""Function tools, with answers from the script."""

import json

import openai
from pydantic import BaseModel

from support.checks import check, refused

from .harness import MAIN, SCRIPTED, client, says, scripted


def function(name, **properties):
    parameters = {"type": "object", "properties": properties, "required": list(properties)}
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


WEATHER = function("weather", city={"type": "string"}, unit={"type": "string"})
NOW = function("now")
TOOLS = [WEATHER, NOW]
OSLO = {"city": "Oslo", "unit": "°C"}
LIMA = {"city": "Lima", "unit": "°C"}


def streamed_calls(text):
    """What the deltas say of each call, by its index."""
    calls = {}
    for chunk in scripted(text, tools=TOOLS, stream=True):
        for delta in chunk.choices[0].delta.tool_calls or []:
            calls.setdefault(delta.index, []).append(delta)
    return calls


@check
def one_call():
    choice = scripted("weather in Oslo", tools=TOOLS).choices[0]
    assert choice.finish_reason == "tool_calls", choice
    assert choice.message.content is None, choice
    [call] = choice.message.tool_calls
    assert (call.id, call.type, call.function.name) == ("call_oslo", "function", "weather"), call
    assert json.loads(call.function.arguments) == OSLO, call


@check
def parallel_calls():
    calls = scripted("weather in both", tools=TOOLS).choices[0].message.tool_calls
    assert [call.id for call in calls] == ["call_oslo", "call_lima", "call_time"], calls
    arguments = [json.loads(call.function.arguments) for call in calls]
    assert arguments == [OSLO, LIMA, {}], arguments


@check
def streamed_calls_are_counted_from_zero():
    assert list(streamed_calls("weather in both")) == [0, 1, 2]


@check
def streamed_call_has_id_type_and_name_once():
    for deltas in streamed_calls("weather in both").values():
        first, *rest = deltas
        assert first.id and first.type == "function" and first.function.name, first
        assert not any(d.id or d.type or d.function.name for d in rest), rest


@check
def streamed_arguments_concatenate_to_json():
    calls = streamed_calls("weather in both").values()
    arguments = [json.loads("".join(d.function.arguments for d in deltas)) for deltas in calls]
    assert arguments == [OSLO, LIMA, {}], arguments


@check
def streamed_calls_end_with_tool_calls():
    last = list(scripted("weather in Oslo", tools=TOOLS, stream=True))[-1]
    assert last.choices[0].finish_reason == "tool_calls", last


@check
def stream_helper_assembles_the_calls():
    done = []
    with client().chat.completions.stream(
        model=SCRIPTED, messages=says("weather in both"), tools=TOOLS
    ) as stream:
        for event in stream:
            if event.type == "tool_calls.function.arguments.done":
                done.append((event.index, event.name, json.loads(event.arguments)))
        final = stream.get_final_completion().choices[0]
    assert done == [(0, "weather", OSLO), (1, "weather", LIMA), (2, "now", {})], done
    assert len(final.message.tool_calls) == 3, final


@check
def parse_helper_reads_the_arguments():
    class weather(BaseModel):
        city: str
        unit: str

    completion = client().chat.completions.parse(
        model=SCRIPTED,
        messages=says("weather in Oslo"),
        tools=[openai.pydantic_function_tool(weather)],
    )
    [call] = completion.choices[0].message.tool_calls
    assert call.function.parsed_arguments == weather(**OSLO), call


@check
def a_tool_loop_ends_in_an_answer():
    messages = says("weather in Oslo")
    create = client().chat.completions.create
    asked = create(model=SCRIPTED, messages=messages, tools=TOOLS).choices[0].message
    messages.append(asked)
    for call in asked.tool_calls:
        messages.append({"role": "tool", "tool_call_id": call.id, "content": "4 degrees"})
    answer = create(model=SCRIPTED, messages=messages, tools=TOOLS).choices[0]
    assert (answer.finish_reason, answer.message.content) == ("stop", "It is cold in Oslo.")


@check
def choosing_an_unknown_function_is_refused():
    choice = {"type": "function", "function": {"name": "nothing"}}
    error = refused(openai.BadRequestError, scripted, "Hello", tools=TOOLS, tool_choice=choice)
    assert error.param == "tool_choice.function.name", error


@check
def requiring_a_call_without_tools_is_refused():
    error = refused(openai.BadRequestError, scripted, "Hello", tool_choice="required")
    assert error.param == "tool_choice", error


@check
def an_answer_without_the_required_call_is_an_error():
    error = refused(
        openai.InternalServerError, scripted, "Hello", tools=TOOLS, tool_choice="required"
    )
    assert (error.status_code, error.type) == (502, "upstream_error"), error


@check
def the_local_model_refuses_to_be_made_to_call():
    create = client().chat.completions.create
    refused(
        openai.BadRequestError, create, model=MAIN, messages=says("Hello"), tools=TOOLS,
        tool_choice="required",
    )


@check
def many_tools_do_not_keep_a_model_from_answering():
    tools = [function(f"tool_{number}", text={"type": "string"}) for number in range(36)]
    completion = client().chat.completions.create(
        model=MAIN, messages=says("What is the capital of France?"), tools=tools, max_tokens=8
    )
    assert completion.choices[0].message.content.strip(), completion
