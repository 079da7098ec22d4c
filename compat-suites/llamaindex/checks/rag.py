"""Retrieval over nine real documents with the real embedding model, and answers made from them."""

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from llama_index.core import (
    Document, SimpleDirectoryReader, StorageContext, VectorStoreIndex, load_index_from_storage,
)
from llama_index.core.node_parser import SentenceSplitter
from llama_index.core.query_engine import RetrieverQueryEngine
from llama_index.core.response_synthesizers import get_response_synthesizer
from llama_index.core.vector_stores import ExactMatchFilter, MetadataFilters

from support.checks import check

from .harness import MAIN, Wire, chat, embeddings, says

DOCUMENTS = Path(__file__).resolve().parents[1] / "documents"
# In other words than the documents use, with what the script answers to the right document.
QUESTIONS = [
    ("Am I allowed to burn vinyl with the light beam?", "laser", "No, PVC is forbidden."),
    ("What do I pay to belong to the club?", "membership", "Eighteen euros a month."),
    ("Which plastic does the machine that prints objects need?", "printer", "PLA of 1.75 millimetres."),
    ("When is pottery baked?", "kiln", "On the first Friday."),
    ("How do I stitch a leather bag together?", "sewing", "With the blue machine."),
    ("I have cut my finger, where is a bandage?", "firstaid", "Beside the sink."),
    ("Where do I throw away old batteries?", "waste", "Into the jar at the entrance."),
    ("Which evenings can I come by without a key?", "doors", "On Tuesdays and Thursdays."),
    ("May I borrow a hammer until next week?", "lending", "Yes, for a week."),
]


def documents():
    read = SimpleDirectoryReader(DOCUMENTS, file_metadata=lambda path: {"topic": Path(path).stem}).load_data()
    for document in read:
        # What is embedded and read is the text alone.
        document.excluded_embed_metadata_keys = document.excluded_llm_metadata_keys = ["topic"]
    return read


@cache
def index() -> VectorStoreIndex:
    return VectorStoreIndex.from_documents(documents(), embed_model=embeddings())


def topics(nodes):
    return [node.metadata["topic"] for node in nodes]


def engine(model, **options):
    return index().as_query_engine(llm=model, similarity_top_k=1, **options)


@check
def every_question_finds_its_document():
    assert len(documents()) == 9
    retriever = index().as_retriever(similarity_top_k=1)
    found = [(question, topics(retriever.retrieve(question))) for question, _, _ in QUESTIONS]
    wrong = [hit for hit, (_, topic, _) in zip(found, QUESTIONS) if hit[1] != [topic]]
    assert not wrong, wrong


@check
async def every_question_in_async():
    retriever = index().as_retriever(similarity_top_k=3)
    for question, topic, _ in QUESTIONS:
        nodes = await retriever.aretrieve(question)
        scores = [node.score for node in nodes]
        assert topics(nodes)[0] == topic and scores == sorted(scores, reverse=True), (question, nodes)


@check
def pieces_of_one_long_text():
    long = Document(text="\n\n".join(document.text for document in documents()))
    nodes = SentenceSplitter(chunk_size=64, chunk_overlap=0).get_nodes_from_documents([long])
    assert len(nodes) > 5, len(nodes)
    pieces = VectorStoreIndex(nodes, embed_model=embeddings()).as_retriever(similarity_top_k=3)
    text = "\n".join(node.text for node in pieces.retrieve("What do I pay to belong to the club?"))
    assert "eighteen euros a month" in text, text


@check
def a_filter_leaves_one_document():
    filters = MetadataFilters(filters=[ExactMatchFilter(key="topic", value="kiln")])
    nodes = index().as_retriever(similarity_top_k=3, filters=filters).retrieve(QUESTIONS[0][0])
    assert topics(nodes) == ["kiln"], nodes


@check
def a_stored_index_finds_the_same():
    with TemporaryDirectory() as folder:
        index().storage_context.persist(folder)
        storage = StorageContext.from_defaults(persist_dir=folder)
        stored = load_index_from_storage(storage, embed_model=embeddings())
    nodes = stored.as_retriever(similarity_top_k=1).retrieve(QUESTIONS[1][0])
    assert topics(nodes) == ["membership"], nodes


@check
def the_answer_is_made_from_what_was_found():
    answers = [str(engine(chat()).query(question)) for question, _, _ in QUESTIONS]
    assert answers == [answer for _, _, answer in QUESTIONS], answers


@check
def an_answer_names_its_sources():
    answer = engine(chat()).query(QUESTIONS[3][0])
    assert topics(answer.source_nodes) == ["kiln"], answer.source_nodes


@check
async def an_answer_in_async():
    assert str(await engine(chat()).aquery(QUESTIONS[4][0])) == QUESTIONS[4][2]


@check
def an_answer_as_it_grows():
    answer = engine(chat(), streaming=True).query(QUESTIONS[5][0])
    assert "".join(answer.response_gen) == "Beside the sink."


@check
def an_answer_refined_by_a_second_document():
    wire = Wire()
    synthesizer = get_response_synthesizer(llm=chat(http_client=wire.client), response_mode="refine")
    retriever = index().as_retriever(similarity_top_k=2)
    answer = RetrieverQueryEngine(retriever, synthesizer).query(QUESTIONS[6][0])
    assert len(wire.bodies) == 2 and len(answer.source_nodes) == 2, wire.bodies


@check
def a_chat_engine_answers_from_the_documents():
    talk = index().as_chat_engine(chat_mode="context", llm=chat(MAIN, max_tokens=24), similarity_top_k=1)
    answer = talk.chat(QUESTIONS[7][0])
    assert str(answer).strip() and topics(answer.source_nodes) == ["doors"], answer


@check
def the_local_model_reads_what_was_found():
    question = QUESTIONS[8][0]
    wire = Wire()
    model = chat(MAIN, max_tokens=24, temperature=0, http_client=wire.client)
    informed = engine(model).query(question)
    assert "taken home for a week" in wire.bodies[0]["messages"][-1]["content"], wire.bodies
    assert str(informed).strip(), informed
    # As many tokens as the document has, at least.
    alone = model.chat(says(question))
    full = model.chat(says(wire.bodies[0]["messages"][-1]["content"]))
    more = full.additional_kwargs["prompt_tokens"] - alone.additional_kwargs["prompt_tokens"]
    assert more > 40, more
