"""Chat, whole and as it grows."""

from llama_index.core.chat_engine import SimpleChatEngine
from llama_index.core.llms import ChatMessage, ImageBlock, MessageRole, TextBlock
from llama_index.core.prompts import PromptTemplate

from support.checks import check

from .harness import MAIN, Wire, chat, says

DOT = ("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==")


@check
def the_local_model_answers():
    answer = chat(MAIN, max_tokens=12).chat(says("What is the capital of France?"))
    assert answer.message.role == MessageRole.ASSISTANT and answer.message.content.strip(), answer
    assert answer.raw.choices[0].finish_reason in ("stop", "length"), answer.raw


@check
def usage_of_the_local_model_adds_up():
    usage = chat(MAIN, max_tokens=5).chat(says("Tell me about the sea.")).additional_kwargs
    assert usage["prompt_tokens"] > 0 and usage["completion_tokens"] == 5, usage
    assert usage["total_tokens"] == usage["prompt_tokens"] + 5, usage


@check
def usage_of_the_provider_comes_along():
    answer = chat().chat(says("count"))
    usage = {"prompt_tokens": 3, "completion_tokens": 5, "total_tokens": 8}
    assert answer.additional_kwargs == usage, answer.additional_kwargs
    assert answer.raw.usage.prompt_tokens_details.cached_tokens == 2, answer.raw


@check
def complete_is_a_chat_of_one_message():
    wire = Wire()
    assert chat(http_client=wire.client).complete("count").text == "one, two, three"
    [body] = wire.bodies
    assert body["messages"] == [{"role": "user", "content": "count"}], body
    assert body["temperature"] == 0.1, body


@check
def stream_complete():
    pieces = list(chat().stream_complete("count"))
    assert "".join(piece.delta for piece in pieces) == "one, two, three", pieces
    assert pieces[-1].text == "one, two, three", pieces


@check
def stream_chat():
    pieces = list(chat().stream_chat(says("count")))
    deltas = [piece.delta for piece in pieces if piece.delta]
    assert deltas == ["one", ", two", ", three"], deltas
    assert pieces[-1].message.content == "one, two, three", pieces


@check
def stream_of_the_local_model_is_the_whole_answer():
    model = chat(MAIN, max_tokens=12, temperature=0)
    question = says("What is the capital of France?")
    deltas = [piece.delta for piece in model.stream_chat(question) if piece.delta]
    whole = model.chat(question).message.content
    assert len(deltas) > 2 and "".join(deltas) == whole, (deltas, whole)


@check
def usage_of_a_stream_when_asked_for():
    model = chat(additional_kwargs={"stream_options": {"include_usage": True}})
    last = list(model.stream_chat(says("count")))[-1]
    assert last.raw.usage.total_tokens == 8, last.raw


@check
async def achat():
    assert (await chat().achat(says("count"))).message.content == "one, two, three"


@check
async def acomplete_of_the_local_model():
    assert (await chat(MAIN, max_tokens=8).acomplete("Name a fruit.")).text.strip()


@check
async def astream_chat():
    stream = await chat().astream_chat(says("count"))
    deltas = [piece.delta async for piece in stream if piece.delta]
    assert deltas == ["one", ", two", ", three"], deltas


@check
async def astream_chat_of_the_local_model():
    stream = await chat(MAIN, max_tokens=8).astream_chat(says("Name a fruit."))
    assert "".join([piece.delta or "" async for piece in stream]).strip()


@check
def a_conversation_with_every_role():
    roles = [(MessageRole.SYSTEM, "Be brief."), (MessageRole.USER, "Hello"),
             (MessageRole.ASSISTANT, "Hello!"), (MessageRole.USER, "count")]
    answer = chat().chat([ChatMessage(role=role, content=text) for role, text in roles])
    assert answer.message.content == "one, two, three", answer


@check
def a_picture_in_the_question():
    blocks = [TextBlock(text="What is in a picture like this?"),
              ImageBlock(image=DOT.encode(), image_mimetype="image/png")]
    answer = chat().chat([ChatMessage(role=MessageRole.USER, blocks=blocks)])
    assert answer.message.content == "A single dot.", answer


@check
def predict_fills_a_template():
    assert chat().predict(PromptTemplate("Please {verb} for me."), verb="count") == "one, two, three"


@check
def stream_predicts_a_template():
    pieces = list(chat().stream(PromptTemplate("Please {verb} for me."), verb="count"))
    assert "".join(pieces) == "one, two, three" and len(pieces) >= 3, pieces


@check
def a_chat_engine_sends_its_history():
    wire = Wire()
    engine = SimpleChatEngine.from_defaults(llm=chat(http_client=wire.client), system_prompt="Be brief.")
    engine.chat("count")
    assert str(engine.chat("think")) == "42"
    roles = [message["role"] for message in wire.bodies[1]["messages"]]
    assert roles == ["system", "user", "assistant", "user"], wire.bodies


@check
def a_chat_engine_streams():
    engine = SimpleChatEngine.from_defaults(llm=chat(MAIN, max_tokens=12))
    tokens = list(engine.stream_chat("What is the capital of France?").response_gen)
    assert len(tokens) > 2 and "".join(tokens).strip(), tokens


@check
def logprobs_are_scores_of_tokens():
    choice = chat(logprobs=True, top_logprobs=2).chat(says("scores")).raw.choices[0]
    scores = [(entry.token, entry.logprob) for entry in choice.logprobs.content]
    assert scores == [("yes", -0.5), ("!", -0.25)], choice
