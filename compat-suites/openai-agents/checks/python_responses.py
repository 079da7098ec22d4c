"""Agents on `OpenAIResponsesModel`, the SDK's default, and what it alone can do."""

from agents import (
    Agent, OpenAIProvider, OpenAIResponsesCompactionSession, OpenAIResponsesModel, RunConfig, Runner,
    SQLiteSession,
)

from .behaviour import MAIN, REPLY, SCRIPTED, STORY, check, checks, client, local, scripted, tools


def responses(model: str) -> OpenAIResponsesModel:
    return OpenAIResponsesModel(model, client())


globals().update(checks(responses, __name__))


def read(result) -> int:
    """How many tokens the last request had as its input."""
    return result.raw_responses[-1].usage.input_tokens


@check
async def the_provider_takes_models_by_name():
    config = RunConfig(model_provider=OpenAIProvider(openai_client=client()))
    result = await Runner.run(Agent(name="assistant", model=SCRIPTED), "Hello", run_config=config)
    assert result.final_output == REPLY, result


@check
async def answers_have_ids():
    result = await Runner.run(scripted(responses), "Hello")
    assert result.last_response_id.startswith("resp_"), result.last_response_id
    assert result.raw_responses[0].request_id.startswith("req_"), result.raw_responses
    assert result.new_items[0].raw_item.id.startswith("msg_"), result.new_items


@check
async def goes_on_by_the_previous_response():
    agent = local(responses)
    first = await Runner.run(agent, STORY)
    second = await Runner.run(agent, "And now?", previous_response_id=first.last_response_id)
    alone = await Runner.run(agent, "And now?")
    assert read(second) > read(first) > read(alone), [read(run) for run in (first, second, alone)]


@check
async def tools_go_on_by_the_previous_response():
    called: list = []
    agent = scripted(responses, tools=tools(called))
    result = await Runner.run(agent, "weather in both", auto_previous_response_id=True)
    assert result.final_output == "Cold there, and it is noon.", result
    assert sorted(called) == ["Lima", "Oslo", "now"], called
    first, second = result.raw_responses
    kept = await client().responses.retrieve(second.response_id)
    assert kept.previous_response_id == first.response_id, kept


@check
async def goes_on_by_the_name_of_a_conversation():
    agent = local(responses)
    await Runner.run(agent, STORY, conversation_id="conv_of_ada")
    second = await Runner.run(agent, "And now?", conversation_id="conv_of_ada")
    assert read(second) > read(await Runner.run(agent, "And now?")) + 10, read(second)


@check
async def a_session_is_compacted():
    session = OpenAIResponsesCompactionSession(
        "one", SQLiteSession("one"), client=client(), model=MAIN, compaction_mode="input",
        should_trigger_compaction=lambda _: False,
    )
    await Runner.run(local(responses), STORY, session=session)
    await session.run_compaction({"force": True})
    kinds = [item.get("type") for item in await session.get_items()]
    assert "compaction" in kinds, kinds
    assert (await Runner.run(local(responses), "And now?", session=session)).final_output.strip()


@check
async def instructions_and_tools_are_kept_with_the_response():
    result = await Runner.run(scripted(responses, tools=tools([])), "Hello")
    kept = await client().responses.retrieve(result.last_response_id)
    assert kept.instructions == "Be brief.", kept
    assert [tool.name for tool in kept.tools] == ["weather", "now"], kept.tools
