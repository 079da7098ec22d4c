"""Retrieval over ten real documents with the real embedding model, and answers made from them."""

from functools import cache
from pathlib import Path

from langchain_core.documents import Document
from langchain_core.output_parsers import StrOutputParser
from langchain_core.prompts import ChatPromptTemplate
from langchain_core.runnables import RunnablePassthrough
from langchain_core.vectorstores import InMemoryVectorStore
from langchain_text_splitters import RecursiveCharacterTextSplitter

from support.checks import check

from .harness import MAIN, chat, embeddings

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
# In other words than the documents use, with what the script answers to the right document.
QUESTIONS = [
    ("When can I get something to eat in the morning?", "breakfast", "From seven to half past nine."),
    ("How can I go online with my laptop?", "wireless", "Look inside the wardrobe door."),
    ("When do we have to be out of our bedroom?", "departure", "By eleven."),
    ("Can I bring my puppy along?", "animals", "Yes, on the ground floor."),
    ("Is there something to cycle around with?", "bicycles", "In the shed, free of charge."),
    ("Which evenings can we sweat in the steam bath?", "sauna", "On Wednesdays and Saturdays."),
    ("How late does a boat bring us home from the island?", "ferry", "At twenty past eight."),
    ("Where can I recharge my automobile?", "parking", "At the barn."),
    ("I need to clean my dirty shirts.", "laundry", "In the cellar, for two tokens."),
    ("Somebody stole what unlocks my door.", "keys", "Ring the bell marked Night."),
]
PROMPT = ChatPromptTemplate.from_messages([
    ("system", "Answer from the notice only."),
    ("user", "Notice: {context}\n\nQuestion: {question}"),
])


def documents():
    return [Document(file.read_text(), metadata={"topic": file.stem}) for file in sorted(DOCUMENTS.iterdir())]


@cache
def store() -> InMemoryVectorStore:
    return InMemoryVectorStore.from_documents(documents(), embeddings())


def retriever(count=1):
    return store().as_retriever(search_kwargs={"k": count})


def joined(found):
    return "\n".join(document.page_content for document in found)


def chain(model):
    given = {"context": retriever() | joined, "question": RunnablePassthrough()}
    return given | PROMPT | model


@check
def every_question_finds_its_document():
    assert len(documents()) == 10
    found = [retriever().invoke(question)[0].metadata["topic"] for question, _, _ in QUESTIONS]
    wrong = [(question, got) for (question, topic, _), got in zip(QUESTIONS, found) if got != topic]
    assert not wrong, wrong


@check
async def every_question_at_once():
    found = await retriever().abatch([question for question, _, _ in QUESTIONS])
    assert [first.metadata["topic"] for [first] in found] == [topic for _, topic, _ in QUESTIONS], found


@check
def scores_fall():
    for question, topic, _ in QUESTIONS:
        found = store().similarity_search_with_score(question, k=4)
        scores = [score for _, score in found]
        assert scores == sorted(scores, reverse=True) and -1 <= scores[-1] < scores[0] <= 1, scores
        assert found[0][0].metadata["topic"] == topic, found


@check
def a_filter_leaves_the_next_best():
    found = store().similarity_search("Can I bring my puppy along?", k=1,
                                      filter=lambda document: document.metadata["topic"] != "animals")
    assert found[0].metadata["topic"] != "animals", found


@check
def various_documents_by_marginal_relevance():
    found = store().max_marginal_relevance_search(QUESTIONS[0][0], k=3, fetch_k=8)
    assert found[0].metadata["topic"] == "breakfast" and len(found) == 3, found


@check
def pieces_of_one_long_text():
    splitter = RecursiveCharacterTextSplitter.from_tiktoken_encoder(
        "cl100k_base", chunk_size=64, chunk_overlap=0, separators=["\n\n", "\n"])
    whole = "\n\n".join(document.page_content.strip() for document in documents())
    pieces = InMemoryVectorStore.from_documents(splitter.create_documents([whole]), embeddings())
    wrong = []
    for question, topic, _ in QUESTIONS:
        [piece] = pieces.similarity_search(question, k=1)
        if (DOCUMENTS / f"{topic}.txt").read_text().strip() not in piece.page_content:
            wrong.append((question, piece.page_content))
    assert not wrong, wrong


@check
def the_answer_is_made_from_what_was_found():
    answers = (chain(chat()) | StrOutputParser()).batch([question for question, _, _ in QUESTIONS])
    assert answers == [answer for _, _, answer in QUESTIONS], answers


@check
def the_local_model_reads_what_was_found():
    question = "When can I get something to eat in the morning?"
    model = chat(MAIN, max_tokens=32)
    alone, informed = model.invoke(question), chain(model).invoke(question)
    more = informed.usage_metadata["input_tokens"] - alone.usage_metadata["input_tokens"]
    # As many tokens as the document has, at least.
    assert more > 40, more
    assert informed.text.strip() and informed.text != alone.text, informed


@check
def the_local_model_streams_its_answer():
    texts = list((chain(chat(MAIN, max_tokens=24)) | StrOutputParser()).stream(QUESTIONS[3][0]))
    assert len(texts) > 2 and "".join(texts).strip(), texts
