"""Whole answers, by `invoke`, `ainvoke` and `batch`."""

from langchain.chat_models import init_chat_model
from langchain_core.callbacks import get_usage_metadata_callback
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate

from support.checks import check

from .harness import MAIN, SCRIPTED, Wire, chat

DOT = ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA"
       "60e6kgAAAABJRU5ErkJggg==")


@check
def the_local_model_answers():
    answer = chat(MAIN, max_tokens=12).invoke("What is the capital of France?")
    assert isinstance(answer, AIMessage) and answer.text.strip(), answer


@check
def metadata_names_the_model_and_the_end():
    metadata = chat(MAIN, max_tokens=2).invoke("Tell me about the sea.").response_metadata
    assert (metadata["model_name"], metadata["finish_reason"]) == (MAIN, "length"), metadata


@check
def usage_of_the_local_model_adds_up():
    usage = chat(MAIN, max_tokens=5).invoke("Tell me about the sea.").usage_metadata
    assert usage["input_tokens"] > 0 and usage["output_tokens"] == 5, usage
    assert usage["total_tokens"] == usage["input_tokens"] + 5, usage


@check
def usage_has_details():
    usage = chat().invoke("count").usage_metadata
    assert (usage["input_tokens"], usage["output_tokens"], usage["total_tokens"]) == (3, 5, 8), usage
    assert usage["input_token_details"]["cache_read"] == 2, usage
    usage = chat().invoke("think").usage_metadata
    assert usage["output_token_details"]["reasoning"] == 7, usage


@check
def usage_callback_sums_up():
    with get_usage_metadata_callback() as told:
        chat().invoke("count")
        chat().invoke("think")
    usage = told.usage_metadata[SCRIPTED]
    assert (usage["input_tokens"], usage["output_tokens"]) == (7, 14), told


@check
def temperature_zero_repeats_itself():
    model = chat(MAIN, max_tokens=12, temperature=0)
    assert model.invoke("Name a fruit.").text == model.invoke("Name a fruit.").text


@check
def stop_text_ends_the_answer():
    whole = chat(MAIN, max_tokens=24).invoke("Count from one to nine.").text
    stop = whole[4:6]
    cut = chat(MAIN, max_tokens=24).invoke("Count from one to nine.", stop=[stop]).text
    assert cut == whole[:whole.index(stop)], (whole, stop, cut)


@check
def a_conversation_with_every_role():
    messages = [SystemMessage("Be brief."), HumanMessage("Hello"), AIMessage("Hello!"), HumanMessage("count")]
    assert chat().invoke(messages).text == "one, two, three"


@check
def a_picture_in_the_question():
    parts = [{"type": "text", "text": "What is in a picture like this?"},
             {"type": "image_url", "image_url": {"url": DOT}}]
    assert chat().invoke([HumanMessage(parts)]).text == "A single dot."


@check
def a_chain_of_prompt_model_and_parser():
    prompt = ChatPromptTemplate.from_messages([("system", "Be brief."), ("user", "Please {verb} for me.")])
    chain = prompt | chat() | StrOutputParser()
    assert chain.invoke({"verb": "count"}) == "one, two, three"


@check
def batch_keeps_the_order():
    answers = chat().batch(["count", "think", "a picture"] * 4, config={"max_concurrency": 6})
    texts = [answer.text for answer in answers]
    assert texts == ["one, two, three", "42", "A single dot."] * 4, texts


@check
async def async_batch_of_the_local_model():
    answers = await chat(MAIN, max_tokens=6).abatch(["Name a fruit.", "Name a river.", "Name a colour."])
    assert all(answer.text.strip() for answer in answers), answers
    assert len({answer.id for answer in answers}) == 3, answers


@check
async def ainvoke():
    assert (await chat().ainvoke("count")).text == "one, two, three"


@check
def init_chat_model_by_provider_name():
    model = init_chat_model(f"openai:{SCRIPTED}", max_retries=0)
    assert model.invoke("count").text == "one, two, three"


@check
def logprobs_are_scores_of_tokens():
    metadata = chat(logprobs=True, top_logprobs=2).invoke("scores").response_metadata
    scores = [(entry["token"], entry["logprob"]) for entry in metadata["logprobs"]["content"]]
    assert scores == [("yes", -0.5), ("!", -0.25)], metadata


@check
def an_answer_that_is_cut_says_so():
    answer = chat().invoke("too long")
    assert (answer.text, answer.response_metadata["finish_reason"]) == ("cut", "length"), answer


@check
def headers_and_unknown_fields_go_along():
    wire = Wire()
    model = chat(http_client=wire.client, default_headers={"x-anything": "1"}, extra_body={"top_k": 5},
                 reasoning_effort="low", seed=7, metadata={"place": "here"}, store=False)
    assert model.invoke("count").text == "one, two, three"
    assert wire.bodies[0]["top_k"] == 5 and wire.bodies[0]["seed"] == 7, wire.bodies
