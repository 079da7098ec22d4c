"""LlamaIndex's own agents on top of the gateway's."""

from llama_index.core.agent.workflow import (
    AgentStream, AgentWorkflow, FunctionAgent, ReActAgent, ToolCallResult,
)
from llama_index.core.workflow import Context

from support.checks import check

from .harness import chat, responses, weather


@check
async def a_function_agent_calls_and_answers():
    agent = FunctionAgent(tools=[weather], llm=chat(), system_prompt="Be brief.")
    answer = await agent.run("weather in both")
    assert str(answer) == "Lima is warmer than Oslo.", answer
    outputs = [call.tool_output.content for call in answer.tool_calls]
    assert outputs == ["4 degrees in Oslo, in °C", "19 degrees in Lima, in °C"], outputs


@check
async def a_function_agent_without_streams():
    agent = FunctionAgent(tools=[weather], llm=chat(), streaming=False)
    assert str(await agent.run("weather in Oslo")) == "It is cold in Oslo."


@check
async def a_function_agent_by_responses():
    agent = FunctionAgent(tools=[weather], llm=responses())
    assert str(await agent.run("weather in Oslo")) == "It is cold in Oslo."


@check
async def a_function_agent_streams_its_events():
    handler = FunctionAgent(tools=[weather], llm=chat()).run("weather in Oslo")
    events = [event async for event in handler.stream_events()]
    await handler
    assert sum(isinstance(event, ToolCallResult) for event in events) == 1, events
    deltas = [event.delta for event in events if isinstance(event, AgentStream) and event.delta]
    assert "".join(deltas) == "It is cold in Oslo.", deltas


@check
async def a_function_agent_remembers():
    agent = FunctionAgent(tools=[weather], llm=chat())
    context = Context(agent)
    await agent.run("weather in Oslo", ctx=context)
    assert str(await agent.run("count", ctx=context)) == "one, two, three"


@check
async def an_agent_that_reasons_in_text():
    answer = await ReActAgent(tools=[weather], llm=chat()).run("reason about Oslo")
    assert str(answer) == "It is cold in Oslo.", answer
    assert [call.tool_name for call in answer.tool_calls] == ["weather"], answer


@check
async def an_agent_hands_over_to_another():
    desk = FunctionAgent(name="Desk", description="Takes questions.", llm=chat(), can_handoff_to=["Reporter"])
    reporter = FunctionAgent(name="Reporter", description="Knows the weather.", llm=chat(), tools=[weather])
    workflow = AgentWorkflow(agents=[desk, reporter], root_agent="Desk")
    answer = await workflow.run("hand Oslo over")
    assert (answer.current_agent_name, str(answer)) == ("Reporter", "It is cold in Oslo."), answer
