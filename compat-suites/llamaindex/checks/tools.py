"""Functions that the model calls; the script calls them."""

from llama_index.core.llms import ChatMessage, MessageRole

from support.checks import check

from .harness import MAIN, Wire, chat, says, weather

OSLO = {"city": "Oslo", "unit": "°C"}
LIMA = {"city": "Lima", "unit": "°C"}


def told(selections):
    return [(call.tool_id, call.tool_name, call.tool_kwargs) for call in selections]


@check
def one_call():
    model = chat()
    answer = model.chat_with_tools([weather], user_msg="weather in Oslo")
    assert told(model.get_tool_calls_from_response(answer)) == [("call_oslo", "weather", OSLO)], answer
    assert answer.raw.choices[0].finish_reason == "tool_calls", answer.raw


@check
def parallel_calls():
    model = chat()
    answer = model.chat_with_tools([weather], user_msg="weather in both", allow_parallel_tool_calls=True)
    calls = told(model.get_tool_calls_from_response(answer))
    assert calls == [("call_oslo", "weather", OSLO), ("call_lima", "weather", LIMA)], calls


@check
def streamed_calls():
    model = chat()
    *_, last = model.stream_chat_with_tools(
        [weather], user_msg="weather in both", allow_parallel_tool_calls=True)
    calls = told(model.get_tool_calls_from_response(last))
    assert calls == [("call_oslo", "weather", OSLO), ("call_lima", "weather", LIMA)], calls


@check
async def async_streamed_calls():
    model = chat()
    stream = await model.astream_chat_with_tools([weather], user_msg="weather in Oslo")
    pieces = [piece async for piece in stream]
    assert told(model.get_tool_calls_from_response(pieces[-1])) == [("call_oslo", "weather", OSLO)], pieces


@check
def a_call_that_is_required():
    wire = Wire()
    model = chat(http_client=wire.client)
    answer = model.chat_with_tools([weather], user_msg="weather in Oslo", tool_required=True)
    assert told(model.get_tool_calls_from_response(answer)) == [("call_oslo", "weather", OSLO)], answer
    assert wire.bodies[0]["tool_choice"] == "required", wire.bodies


@check
def the_loop_of_question_call_result_answer():
    model = chat()
    messages = says("weather in both")
    answer = model.chat_with_tools([weather], chat_history=messages, allow_parallel_tool_calls=True)
    messages.append(answer.message)
    for call in model.get_tool_calls_from_response(answer):
        output = weather(**call.tool_kwargs)
        messages.append(ChatMessage(role=MessageRole.TOOL, content=str(output),
                                    additional_kwargs={"tool_call_id": call.tool_id}))
    answer = model.chat_with_tools([weather], chat_history=messages)
    assert answer.message.content == "Lima is warmer than Oslo.", answer


@check
def predict_and_call():
    answer = chat().predict_and_call([weather], user_msg="weather in Oslo")
    assert answer.response == "4 degrees in Oslo, in °C", answer


@check
def the_local_model_answers_beside_a_function():
    answer = chat(MAIN, max_tokens=8).chat_with_tools([weather], user_msg="What is the capital of France?")
    assert answer.message.content.strip(), answer
