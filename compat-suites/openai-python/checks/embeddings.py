"""`client.embeddings.create`, with the local sentence model."""

import json

import numpy
import openai

from support.checks import check, refused

from .harness import MAIN, async_client, client

# cl100k_base, in which OpenAI's embedding models count: what LangChain sends instead of texts.
HELLO_WORLD = [15339, 1917]
HELLO = [15339]

DIMENSIONS = 384


def embed(input, **options):
    return client().embeddings.create(model=MAIN, input=input, **options)


def vectors(input, **options):
    return numpy.array([entry.embedding for entry in embed(input, **options).data])


def alike(left, right, tolerance=1e-3):
    difference = float(numpy.abs(left - right).max())
    assert difference < tolerance, f"the vectors differ by {difference}"


def raw(**options):
    """The SDK's request and the gateway's answer, as JSON."""
    response = client().embeddings.with_raw_response.create(model=MAIN, input="hello", **options)
    return json.loads(response.http_request.content), json.loads(response.text)


@check
def one_text_is_384_numbers():
    [vector] = vectors("hello")
    assert vector.shape == (DIMENSIONS,), vector.shape


@check
def the_sdk_asks_for_base64_and_gets_it():
    request, answer = raw()
    assert request["encoding_format"] == "base64", request
    vector = answer["data"][0]["embedding"]
    assert isinstance(vector, str) and len(vector) == DIMENSIONS * 4 * 4 // 3, vector


@check
def float_is_numbers_on_the_wire():
    _, answer = raw(encoding_format="float")
    vector = answer["data"][0]["embedding"]
    assert len(vector) == DIMENSIONS and all(isinstance(x, (float, int)) for x in vector), vector


@check
def null_format_is_float():
    _, answer = raw(extra_body={"encoding_format": None})
    assert isinstance(answer["data"][0]["embedding"], list), answer


@check
def base64_equals_float():
    alike(vectors("hello"), vectors("hello", encoding_format="float"), 1e-6)


@check
def length_is_one():
    for vector in vectors(["hello", "A much longer text. " * 40]):
        assert abs(numpy.linalg.norm(vector) - 1) < 1e-3, numpy.linalg.norm(vector)


@check
def order_is_kept():
    texts = ["a much longer text than the others, so that it may be put aside", "cat", "dog"]
    alike(vectors(texts), numpy.concatenate([vectors(text) for text in texts]))


@check
def index_counts_from_zero():
    data = embed(["a", "b", "c"]).data
    assert [entry.index for entry in data] == [0, 1, 2], data


@check
def equal_texts_have_equal_vectors():
    first, second = vectors(["hello", "hello"])
    alike(first, second, 1e-6)


@check
def token_ids_are_the_text_they_stand_for():
    alike(vectors(HELLO_WORLD), vectors("hello world"))


@check
def lists_of_token_ids_are_several_texts():
    alike(vectors([HELLO_WORLD, HELLO]), vectors(["hello world", "hello"]))


@check
def usage_counts_tokens():
    short, longer = embed("hello").usage, embed("hello world, hello again").usage
    assert 0 < short.prompt_tokens < longer.prompt_tokens, (short, longer)
    assert short.total_tokens == short.prompt_tokens, short


@check
def model_is_the_one_asked_for():
    assert embed("hello").model == MAIN


@check
def meaning_is_near():
    cat, kitten, quantum = vectors(["cat", "kitten", "quantum mechanics"])
    assert cat @ kitten > cat @ quantum + 0.2, (cat @ kitten, cat @ quantum)


@check
def two_hundred_texts():
    texts = [f"Text number {number}" for number in range(200)]
    many = vectors(texts)
    assert many.shape == (200, DIMENSIONS), many.shape
    alike(many[[0, 150, 199]], vectors([texts[0], texts[150], texts[199]]))


@check
def texts_longer_than_the_model_reads():
    assert vectors("A sentence of a long document. " * 500).shape == (1, DIMENSIONS)


@check
def the_models_own_dimensions():
    assert vectors("hello", dimensions=DIMENSIONS).shape == (1, DIMENSIONS)


@check
def fewer_dimensions():
    vector = embed("hello", dimensions=64).data[0].embedding
    assert len(vector) == 64, len(vector)
    assert abs(sum(value * value for value in vector) - 1) < 1e-4, vector


@check
def more_dimensions_than_there_are():
    error = refused(openai.BadRequestError, embed, "hello", dimensions=DIMENSIONS + 1)
    assert str(DIMENSIONS) in error.message and error.param == "dimensions", error


@check
def empty_text():
    assert refused(openai.BadRequestError, embed, "").param == "input"


@check
def empty_text_in_a_list():
    assert refused(openai.BadRequestError, embed, ["hello", ""]).param == "input"


@check
def empty_list():
    assert refused(openai.BadRequestError, embed, []).param == "input"


@check
def too_many_texts():
    error = refused(openai.BadRequestError, embed, ["a"] * 2049)
    assert error.param == "input" and "2048" in error.message, error


@check
def unknown_format():
    error = refused(openai.BadRequestError, embed, "hello", encoding_format="hex")
    assert error.param == "encoding_format", error


@check
def has_a_request_id():
    assert embed("hello")._request_id.startswith("req_")


@check
async def async_client_embeds():
    async with async_client() as client:
        answer = await client.embeddings.create(model=MAIN, input="hello")
    alike(numpy.array([answer.data[0].embedding]), vectors("hello"), 1e-6)
