"""Embeddings, a hundred a call, by both classes."""

import numpy
from llama_index.embeddings.openai import OpenAIEmbedding

from support.checks import check

from .harness import GATEWAY, MAIN, Wire, embeddings

DIMENSIONS = 384
TEXTS = ["hello world", "Grüße aus Köln", "日本語のテキスト", "The quick brown fox jumps, twice."]


def alike(left, right, tolerance=1e-3):
    difference = float(numpy.abs(numpy.array(left) - numpy.array(right)).max())
    assert difference < tolerance, f"the vectors differ by {difference}"


@check
def one_text_is_384_numbers_of_length_one():
    vector = embeddings().get_text_embedding("hello world")
    assert len(vector) == DIMENSIONS and all(isinstance(number, float) for number in vector), len(vector)
    assert abs(numpy.linalg.norm(vector) - 1) < 1e-3


@check
def texts_and_base64_go_over_the_wire():
    wire = Wire()
    embeddings(http_client=wire.client).get_text_embedding_batch(TEXTS)
    [body] = wire.bodies
    assert body["input"] == TEXTS and body["encoding_format"] == "base64", body


@check
def batches_of_a_hundred_in_order():
    wire = Wire()
    texts = [f"Entry {number} of the log" for number in range(250)]
    vectors = embeddings(http_client=wire.client).get_text_embedding_batch(texts)
    assert [len(body["input"]) for body in wire.bodies] == [100, 100, 50], len(wire.bodies)
    some = [0, 99, 100, 199, 200, 249]
    alike([vectors[at] for at in some], [embeddings().get_text_embedding(texts[at]) for at in some])


@check
def order_is_kept():
    model = embeddings()
    alike(model.get_text_embedding_batch(TEXTS), [model.get_text_embedding(text) for text in TEXTS])


@check
def a_query_is_a_text():
    alike(embeddings().get_query_embedding("hello"), embeddings().get_text_embedding("hello"), 1e-6)


@check
def openais_own_class():
    model = OpenAIEmbedding(model_name=MAIN, **GATEWAY)
    assert model.embed_batch_size == 100, model
    alike(model.get_text_embedding_batch(TEXTS), embeddings().get_text_embedding_batch(TEXTS))


@check
def fewer_dimensions():
    vector = embeddings(dimensions=64).get_text_embedding("hello")
    assert len(vector) == 64 and abs(numpy.linalg.norm(vector) - 1) < 1e-3, len(vector)


@check
def meaning_is_near():
    model = embeddings()
    cat, kitten, quantum = model.get_text_embedding_batch(["cat", "kitten", "quantum mechanics"])
    assert model.similarity(cat, kitten) > model.similarity(cat, quantum) + 0.2


@check
async def async_batches():
    texts = [f"Entry {number}" for number in range(120)]
    vectors = await embeddings(num_workers=2).aget_text_embedding_batch(texts)
    alike([vectors[at] for at in (0, 119)], embeddings().get_text_embedding_batch([texts[0], texts[119]]))


@check
async def async_query():
    alike(await embeddings().aget_query_embedding("hello"), embeddings().get_query_embedding("hello"), 1e-6)
