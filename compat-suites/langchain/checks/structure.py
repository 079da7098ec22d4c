"""`with_structured_output` in its three methods."""

from typing import TypedDict

from langchain_openai.chat_models.base import OpenAIRefusalError

from support.checks import check, refused

from .harness import OSLO, City, Wire, chat

TEXT = "the record of Oslo"
CALL = "the record of Oslo by function"


def asked(text, **options):
    """The answer, and the body of the request."""
    wire = Wire()
    answer = chat(http_client=wire.client).with_structured_output(City, **options).invoke(text)
    [body] = wire.bodies
    return answer, body


@check
def json_schema_is_the_default():
    answer, body = asked(TEXT)
    assert answer == OSLO, answer
    assert body["response_format"]["type"] == "json_schema", body
    assert body["response_format"]["json_schema"]["name"] == "City", body


@check
def json_schema_strict():
    answer, body = asked(TEXT, method="json_schema", strict=True)
    assert answer == OSLO and body["response_format"]["json_schema"]["strict"] is True, body


@check
def function_calling():
    answer, body = asked(CALL, method="function_calling")
    assert answer == OSLO, answer
    assert body["tool_choice"] == {"type": "function", "function": {"name": "City"}}, body
    assert body["parallel_tool_calls"] is False, body


@check
def json_mode():
    answer, body = asked(TEXT + " as JSON", method="json_mode")
    assert answer == OSLO and body["response_format"] == {"type": "json_object"}, (answer, body)


@check
def the_raw_answer_comes_along():
    answer, _ = asked(TEXT, include_raw=True)
    assert answer["parsed"] == OSLO and answer["parsing_error"] is None, answer
    assert answer["raw"].usage_metadata["output_tokens"] == 12, answer


@check
def an_answer_of_another_form_is_told():
    answer, _ = asked("count", method="json_mode", include_raw=True)
    assert answer["parsed"] is None and answer["parsing_error"], answer
    assert answer["raw"].text == "one, two, three", answer


@check
def a_typed_dict():
    class Town(TypedDict):
        """A town."""

        name: str
        degrees: int

    assert chat().with_structured_output(Town).invoke(TEXT) == {"name": "Oslo", "degrees": 4}


@check
def streamed_json_schema():
    *_, last = chat().with_structured_output(City).stream(TEXT)
    assert last == OSLO, last


@check
def streamed_function_calling():
    *_, last = chat().with_structured_output(City, method="function_calling").stream(CALL)
    assert last == OSLO, last


@check
async def async_json_schema():
    assert await chat().with_structured_output(City).ainvoke(TEXT) == OSLO


@check
def a_refusal_is_an_error_of_its_own():
    error = refused(OpenAIRefusalError, chat().with_structured_output(City).invoke, "I would rather not")
    assert "I will not say." in str(error), error
