"""Agents on responses over a WebSocket."""

import os

from agents import Agent, ModelSettings, responses_websocket_session

from .behaviour import MAIN, REPLY, SCRIPTED, check, tools

# The SDK takes what is before a slash for a provider's name, unless it is told not to.
LITERAL = {"unknown_prefix_mode": "model_id"}


def session():
    return responses_websocket_session(
        base_url=os.environ["OPENAI_BASE_URL"], api_key=os.environ["OPENAI_API_KEY"], **LITERAL
    )


@check
async def turns_of_one_connection():
    async with session() as runs:
        agent = Agent(name="assistant", model=SCRIPTED)
        first = await runs.run(agent, "count")
        second = await runs.run(agent, "Hello", previous_response_id=first.last_response_id)
    assert (first.final_output, second.final_output) == ("one, two, three", REPLY), (first, second)


@check
async def tools_are_called_and_answered():
    called: list = []
    async with session() as runs:
        agent = Agent(name="assistant", model=SCRIPTED, tools=tools(called))
        result = runs.run_streamed(agent, "weather in both")
        async for _ in result.stream_events():
            pass
    assert sorted(called) == ["Lima", "Oslo", "now"], called
    assert result.final_output == "Cold there, and it is noon.", result


@check
async def the_local_model_says_something():
    settings = ModelSettings(max_tokens=16, temperature=0)
    async with session() as runs:
        agent = Agent(name="assistant", model=MAIN, model_settings=settings)
        result = await runs.run(agent, "What is the capital of France?")
    assert result.final_output.strip(), result
