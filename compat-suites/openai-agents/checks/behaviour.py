"""Agents of Python's SDK, and what both of its models have to do on the gateway."""

from typing import Callable

import openai
from agents import (
    Agent, Model, ModelBehaviorError, ModelRefusalError, ModelSettings, OpenAIResponsesModel, Runner,
    SQLiteSession, function_tool,
)
from openai.types.responses import ResponseTextDeltaEvent
from pydantic import BaseModel

from support import checks as support

MAIN = "openclaw/default"
SCRIPTED = "openclaw/scripted"
REPLY = "A scripted reply."
STORY = "My name is Ada, and I live in a small house by the sea with two cats and a dog."

# Makes the model of the SDK that asks for this model of the gateway.
Kind = Callable[[str], Model]


class Place(BaseModel):
    city: str
    degrees: int


# What the check that runs has opened.
OPEN: list[openai.AsyncOpenAI] = []


def client() -> openai.AsyncOpenAI:
    """A client that lives as long as the check: each check has an event loop of its own."""
    OPEN.append(openai.AsyncOpenAI(max_retries=0, timeout=120))
    return OPEN[-1]


def check(test):
    """Marks a check, as everywhere; this one closes its clients at its end."""
    async def run() -> None:
        try:
            await test()
        finally:
            while OPEN:
                await OPEN.pop().close()

    run.__module__ = test.__module__
    return support.check(run)


def tools(called: list) -> list:
    @function_tool
    def weather(city: str) -> str:
        """The weather in a city."""
        called.append(city)
        return "4 degrees"

    @function_tool
    def now() -> str:
        """The time."""
        called.append("now")
        return "noon"

    return [weather, now]


def scripted(kind: Kind, **options) -> Agent:
    options = {"name": "assistant", "instructions": "Be brief."} | options
    return Agent(model=kind(SCRIPTED), **options)


def local(kind: Kind) -> Agent:
    settings = ModelSettings(max_tokens=24, temperature=0)
    return Agent(name="assistant", model=kind(MAIN), model_settings=settings)


async def deltas(result) -> list[str]:
    events = [event async for event in result.stream_events()]
    data = [event.data for event in events if event.type == "raw_response_event"]
    return [event.delta for event in data if isinstance(event, ResponseTextDeltaEvent)]


async def the_local_model_says_something(kind: Kind) -> None:
    result = await Runner.run(local(kind), "What is the capital of France?")
    assert result.final_output.strip(), result
    usage = result.context_wrapper.usage
    assert usage.requests == 1 and usage.input_tokens > 0 and usage.output_tokens > 0, usage
    assert usage.total_tokens == usage.input_tokens + usage.output_tokens, usage


async def the_local_model_comes_in_pieces(kind: Kind) -> None:
    result = Runner.run_streamed(local(kind), "Tell me of Paris.")
    pieces = await deltas(result)
    assert len(pieces) > 3 and "".join(pieces) == result.final_output, (pieces, result.final_output)


async def tools_are_called_and_answered(kind: Kind) -> None:
    called: list = []
    result = await Runner.run(scripted(kind, tools=tools(called)), "weather in Oslo")
    assert (called, result.final_output) == (["Oslo"], "It is cold in Oslo."), (called, result)
    items = [item.type for item in result.new_items]
    assert items == ["tool_call_item", "tool_call_output_item", "message_output_item"], items
    usage = result.context_wrapper.usage
    assert (usage.requests, usage.total_tokens) == (2, 66), usage


async def parallel_tools_are_called_and_answered(kind: Kind) -> None:
    called: list = []
    result = await Runner.run(scripted(kind, tools=tools(called)), "weather in both")
    assert sorted(called) == ["Lima", "Oslo", "now"], called
    assert result.final_output == "Cold there, and it is noon.", result


async def tools_are_called_while_streaming(kind: Kind) -> None:
    called: list = []
    result = Runner.run_streamed(scripted(kind, tools=tools(called)), "weather in both")
    events = [event async for event in result.stream_events()]
    assert sorted(called) == ["Lima", "Oslo", "now"], called
    assert result.final_output == "Cold there, and it is noon.", result
    names = [event.name for event in events if event.type == "run_item_stream_event"]
    assert sorted(names) == ["message_output_created", *["tool_called"] * 3, *["tool_output"] * 3], names
    ids = [item.raw_item.call_id for item in result.new_items if item.type == "tool_call_item"]
    assert ids == ["call_oslo", "call_lima", "call_time"], ids


async def pieces_are_the_models_own(kind: Kind) -> None:
    # Asked for by the chat model only when told to.
    settings = ModelSettings(include_usage=True)
    result = Runner.run_streamed(scripted(kind, model_settings=settings), "count")
    assert await deltas(result) == ["one", ", two", ", three"]
    assert result.context_wrapper.usage.total_tokens == 8, result.context_wrapper.usage


async def usage_has_details(kind: Kind) -> None:
    usage = (await Runner.run(scripted(kind), "count")).context_wrapper.usage
    assert usage.input_tokens_details.cached_tokens == 2, usage
    usage = (await Runner.run(scripted(kind), "think")).context_wrapper.usage
    assert usage.output_tokens_details.reasoning_tokens == 7, usage


async def thoughts_are_an_item(kind: Kind) -> None:
    result = await Runner.run(scripted(kind), "think")
    items = [item.type for item in result.new_items]
    assert items == ["reasoning_item", "message_output_item"], items
    assert result.new_items[0].raw_item.summary[0].text == "They want a number.", result.new_items
    assert result.final_output == "42", result


async def handoff_to_another_agent(kind: Kind) -> None:
    specialist = scripted(kind, name="specialist", handoff_description="Knows more.")
    result = await Runner.run(scripted(kind, handoffs=[specialist]), "I need a specialist")
    assert result.last_agent is specialist, result.last_agent
    assert result.final_output == "The specialist speaks.", result


async def handoff_while_streaming(kind: Kind) -> None:
    specialist = scripted(kind, name="specialist")
    result = Runner.run_streamed(scripted(kind, handoffs=[specialist]), "I need a specialist")
    agents = [event.new_agent.name async for event in result.stream_events()
              if event.type == "agent_updated_stream_event"]
    assert agents == ["assistant", "specialist"], agents
    assert result.final_output == "The specialist speaks.", result


async def structured_output(kind: Kind) -> None:
    result = await Runner.run(scripted(kind, output_type=Place), "Oslo as JSON")
    assert result.final_output == Place(city="Oslo", degrees=4), result


async def structured_output_of_the_local_model(kind: Kind) -> None:
    settings = ModelSettings(max_tokens=100, temperature=0)
    agent = Agent(name="assistant", model=kind(MAIN), output_type=bool, model_settings=settings)
    result = await Runner.run(agent, "Is Paris a city?")
    assert result.final_output in (True, False), result


async def a_refusal_is_an_error(kind: Kind) -> None:
    try:
        result = await Runner.run(scripted(kind, output_type=Place), "refuse")
    except ModelRefusalError as error:
        assert error.refusal == "I would rather not.", error
    else:
        raise AssertionError(result)


async def a_session_remembers(kind: Kind) -> None:
    session = SQLiteSession("one")
    agent = local(kind)
    first = await Runner.run(agent, STORY, session=session)
    second = await Runner.run(agent, "And now?", session=session)
    alone = await Runner.run(agent, "And now?")
    grown, single = (run.context_wrapper.usage.input_tokens for run in (second, alone))
    assert grown > single + first.context_wrapper.usage.output_tokens, (grown, single)
    session.close()


async def a_session_with_tools_goes_on(kind: Kind) -> None:
    called: list = []
    session = SQLiteSession("one")
    agent = scripted(kind, tools=tools(called))
    await Runner.run(agent, "weather in both", session=session)
    await Runner.run(agent, "think", session=session)
    result = await Runner.run(agent, "Hello", session=session)
    assert result.final_output == REPLY, result
    kinds = [item.get("type") or item["role"] for item in await session.get_items()]
    assert kinds.count("function_call") == kinds.count("function_call_output") == 3, kinds
    session.close()


async def history_is_played_back(kind: Kind) -> None:
    agent = scripted(kind, tools=tools([]))
    first = await Runner.run(agent, "weather in Oslo")
    history = [*first.to_input_list(), {"role": "user", "content": "Hello"}]
    assert (await Runner.run(agent, history)).final_output == REPLY


async def a_rate_limit_is_the_sdks_own_error(kind: Kind) -> None:
    try:
        result = await Runner.run(scripted(kind), "fail: rate limit")
    except openai.RateLimitError as error:
        assert (error.status_code, error.code) == (429, "rate_limit_exceeded"), error
    else:
        raise AssertionError(result)


async def an_unknown_model_is_the_sdks_own_error(kind: Kind) -> None:
    try:
        result = await Runner.run(Agent(name="nobody", model=kind("gpt-4o")), "Hello")
    except openai.NotFoundError as error:
        assert error.code == "model_not_found", error
    else:
        raise AssertionError(result)


async def a_stream_that_breaks_off_is_an_error(kind: Kind) -> None:
    result = Runner.run_streamed(scripted(kind), "break off")
    wanted = ModelBehaviorError if isinstance(kind(SCRIPTED), OpenAIResponsesModel) else openai.APIError
    pieces = []
    try:
        async for event in result.stream_events():
            if event.type == "raw_response_event" and isinstance(event.data, ResponseTextDeltaEvent):
                pieces.append(event.data.delta)
    except wanted as error:
        assert "The provider `scripted` failed." in str(error), error
    else:
        raise AssertionError(f"no error, but {pieces} and {result.final_output!r}")
    assert pieces == ["half an"], pieces


BEHAVIOUR = [
    the_local_model_says_something, the_local_model_comes_in_pieces, tools_are_called_and_answered,
    parallel_tools_are_called_and_answered, tools_are_called_while_streaming, pieces_are_the_models_own,
    usage_has_details, thoughts_are_an_item, handoff_to_another_agent, handoff_while_streaming,
    structured_output, structured_output_of_the_local_model, a_refusal_is_an_error,
    a_session_remembers, a_session_with_tools_goes_on, history_is_played_back,
    a_rate_limit_is_the_sdks_own_error, an_unknown_model_is_the_sdks_own_error,
    a_stream_that_breaks_off_is_an_error,
]


def checks(kind: Kind, module: str) -> dict[str, Callable]:
    """All of the behaviour as checks of `module`."""
    def bound(behaviour):
        async def test() -> None:
            await behaviour(kind)

        test.__module__ = module
        return check(test)

    return {behaviour.__name__: bound(behaviour) for behaviour in BEHAVIOUR}
