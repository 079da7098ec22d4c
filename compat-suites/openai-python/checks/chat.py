"""`client.chat.completions.create`, whole answers; the local model's where the script is not named."""

import json

from pydantic import BaseModel

from support.checks import check

from .harness import MAIN, SCRIPTED, async_client, client, says, scripted

QUESTION = says("What is the capital of France?")


def answer(**options):
    options = {"model": MAIN, "messages": QUESTION, "max_tokens": 24, "temperature": 0} | options
    return client().chat.completions.create(**options)


@check
def the_local_model_says_something():
    choice = answer(max_tokens=64).choices[0]
    assert choice.message.role == "assistant"
    assert choice.message.content.strip(), choice
    assert choice.finish_reason in ("stop", "length"), choice


@check
def nothing_is_asked_but_the_question():
    completion = client().chat.completions.create(model="openclaw", messages=QUESTION)
    assert completion.choices[0].message.content.strip(), completion


@check
def usage_adds_up():
    usage = answer().usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0, usage
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens, usage


@check
def longer_prompts_cost_more():
    longer = says("Tell me all you know about it. " * 20)
    assert answer(messages=longer).usage.prompt_tokens > answer().usage.prompt_tokens + 100


@check
def model_is_the_one_asked_for():
    assert answer(model="openclaw/main").model == "openclaw/main"


@check
def max_tokens_ends_with_length():
    completion = answer(messages=says("Tell me a long story."), max_tokens=3)
    assert completion.choices[0].finish_reason == "length", completion
    assert completion.usage.completion_tokens <= 3, completion


@check
def max_completion_tokens_ends_with_length():
    completion = client().chat.completions.create(
        model=MAIN, messages=says("Tell me a long story."), max_completion_tokens=3
    )
    assert completion.choices[0].finish_reason == "length", completion


@check
def stop_text_ends_the_answer():
    whole = answer(max_tokens=32).choices[0].message.content
    words = whole.split()
    assert len(words) > 2, whole
    stop = words[len(words) // 2]
    choice = answer(max_tokens=32, stop=[stop]).choices[0]
    assert stop not in choice.message.content, choice
    assert whole.startswith(choice.message.content), (whole, choice)
    assert choice.finish_reason == "stop", choice


@check
def temperature_zero_repeats_itself():
    first, second = (answer().choices[0].message.content for _ in range(2))
    assert first == second, (first, second)


@check
def a_seed_repeats_itself():
    options = {"messages": says("Tell me a story."), "temperature": 1.5, "max_tokens": 16}
    first, second = (answer(seed=7, **options).choices[0].message.content for _ in range(2))
    assert first == second, (first, second)


@check
def json_mode_answers_in_json():
    form = {"type": "json_object"}
    completion = answer(messages=says("Name a city as JSON."), response_format=form, max_tokens=200)
    choice = completion.choices[0]
    assert choice.message.content.lstrip().startswith("{"), choice
    # What was cut off is the beginning of an object, and no more can be asked of it.
    if choice.finish_reason != "length":
        assert isinstance(json.loads(choice.message.content), dict), choice


@check
def parse_helper_gets_what_it_asks_for():
    class City(BaseModel):
        capital: bool
        country: str

    completion = client().chat.completions.parse(
        model=MAIN, messages=says("Describe Paris."), response_format=City, max_tokens=200
    )
    assert isinstance(completion.choices[0].message.parsed, City), completion


@check
def answers_have_their_own_ids():
    first, second = scripted("Hello"), scripted("Hello")
    assert first.id.startswith("chatcmpl") and first.id != second.id, (first.id, second.id)


@check
def two_answers():
    choices = scripted("Hello", n=2).choices
    assert [choice.index for choice in choices] == [0, 1], choices
    assert all(choice.message.content == "A scripted reply." for choice in choices), choices


@check
def usage_details_are_kept():
    usage = scripted("count").usage
    assert usage.prompt_tokens_details.cached_tokens == 2, usage
    assert scripted("think").usage.completion_tokens_details.reasoning_tokens == 7


@check
def reasoning_is_beside_the_content():
    message = scripted("think").choices[0].message
    assert (message.content, message.reasoning_content) == ("42", "They want a number."), message


@check
def length_and_content_filter_are_reported():
    reasons = [scripted(text).choices[0].finish_reason for text in ("too long", "rude")]
    assert reasons == ["length", "content_filter"], reasons


@check
def developer_and_system_messages_may_come_anywhere():
    system = {"role": "system", "content": "Be brief."}
    developer = {"role": "developer", "content": "Be kind."}
    messages = [developer, *says("Hello"), system, *says("And now?")]
    completion = client().chat.completions.create(model=SCRIPTED, messages=messages)
    assert completion.choices[0].message.content == "A scripted reply."


@check
def with_raw_response():
    raw = client().chat.completions.with_raw_response.create(model=SCRIPTED, messages=says("Hi"))
    assert raw.headers["content-type"].startswith("application/json"), raw.headers
    assert raw.parse().choices[0].message.content == "A scripted reply."


@check
def with_streaming_response():
    create = client().chat.completions.with_streaming_response.create
    with create(model=SCRIPTED, messages=says("Hi")) as response:
        assert response.status_code == 200
        assert response.parse().choices[0].message.content == "A scripted reply."


@check
async def async_client_answers():
    async with async_client() as client:
        completion = await client.chat.completions.create(
            model=MAIN, messages=QUESTION, max_tokens=8
        )
    assert completion.choices[0].message.content.strip(), completion
