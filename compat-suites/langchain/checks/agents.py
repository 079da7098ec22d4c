"""LangChain's own agents on top of the gateway's."""

from langchain.agents import create_agent
from langchain.agents.structured_output import ProviderStrategy, ToolStrategy
from langgraph.checkpoint.memory import InMemorySaver

from support.checks import check

from .harness import OSLO, City, chat, weather


def asks(text):
    return {"messages": [{"role": "user", "content": text}]}


def kinds(messages):
    return [message.type for message in messages]


@check
def an_agent_calls_and_answers():
    messages = create_agent(chat(), [weather]).invoke(asks("weather in both"))["messages"]
    assert kinds(messages) == ["human", "ai", "tool", "tool", "ai"], messages
    assert messages[2].content == "4 degrees in Oslo, in °C", messages
    assert messages[-1].text == "Lima is warmer than Oslo.", messages


@check
async def an_agent_by_responses_and_async():
    agent = create_agent(chat(use_responses_api=True), [weather], system_prompt="Be brief.")
    messages = (await agent.ainvoke(asks("weather in Oslo")))["messages"]
    assert messages[-1].text == "It is cold in Oslo.", messages


@check
def an_agent_streams_its_messages():
    stream = create_agent(chat(), [weather]).stream(asks("weather in Oslo"), stream_mode="messages")
    texts = [piece.text for piece, about in stream if about["langgraph_node"] == "model" and piece.text]
    assert "".join(texts) == "It is cold in Oslo.", texts


@check
def an_agent_remembers_its_thread():
    agent = create_agent(chat(), [weather], checkpointer=InMemorySaver())
    thread = {"configurable": {"thread_id": "one"}}
    agent.invoke(asks("weather in Oslo"), thread)
    messages = agent.invoke(asks("count"), thread)["messages"]
    assert kinds(messages) == ["human", "ai", "tool", "ai", "human", "ai"], messages
    assert messages[-1].text == "one, two, three", messages


@check
def a_structured_answer_by_a_function():
    agent = create_agent(chat(), [], response_format=ToolStrategy(City))
    assert agent.invoke(asks("the record of Oslo by function"))["structured_response"] == OSLO


@check
def a_structured_answer_by_the_provider():
    agent = create_agent(chat(), [], response_format=ProviderStrategy(City))
    assert agent.invoke(asks("the record of Oslo"))["structured_response"] == OSLO
