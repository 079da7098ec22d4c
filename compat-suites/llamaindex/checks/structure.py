"""Answers as objects: by a function that must be called, and by text that is parsed."""

from llama_index.core.program import LLMTextCompletionProgram
from llama_index.core.prompts import PromptTemplate

from support.checks import check

from .harness import OSLO, City, Wire, chat, says

CALL = PromptTemplate("the record of {city} by function")


@check
def structured_predict():
    wire = Wire()
    answer = chat(http_client=wire.client).structured_predict(City, CALL, city="Oslo")
    assert answer == OSLO, answer
    [body] = wire.bodies
    assert [tool["function"]["name"] for tool in body["tools"]] == ["City"], body
    assert body["tool_choice"] != "auto", body


@check
async def async_structured_predict():
    assert await chat().astructured_predict(City, CALL, city="Oslo") == OSLO


@check
def streamed_structured_predict():
    *_, last = chat().stream_structured_predict(City, CALL, city="Oslo")
    assert last == OSLO, last


@check
def a_structured_model():
    answer = chat().as_structured_llm(City).chat(says("the record of Oslo by function"))
    assert answer.raw == OSLO, answer


@check
def structured_predict_by_json_schema():
    wire = Wire()
    model = chat(should_use_structured_outputs=True, http_client=wire.client)
    answer = model.structured_predict(City, PromptTemplate("the record of {city}"), city="Oslo")
    assert answer == OSLO, answer
    assert wire.bodies[0]["response_format"]["type"] == "json_schema", wire.bodies


@check
def a_text_that_is_parsed():
    program = LLMTextCompletionProgram.from_defaults(
        output_cls=City, prompt_template_str="the record of {city}", llm=chat())
    assert program(city="Oslo") == OSLO
