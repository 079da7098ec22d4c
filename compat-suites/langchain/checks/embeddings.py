"""`OpenAIEmbeddings`, which sends token ids instead of texts unless told otherwise."""

import numpy
import tiktoken

from support.checks import check

from .harness import Wire, embeddings

DIMENSIONS = 384
# What a server without OpenAI's vocabulary reads as something else.
TEXTS = [
    "hello world",
    "The quick brown fox jumps over the lazy dog, twice.",
    "Grüße aus Köln, naïve façade, señor!",
    "日本語のテキストと한국어 텍스트",
    "emoji: 👩‍👩‍👧 🎉 and symbols ∑∂√",
    "def f(x):\n    return {\"a\": x ** 2}\n",
    "   leading and trailing spaces   ",
    "UPPER lower MiXeD 1234567890 0x7f",
]


def alike(left, right, tolerance=1e-6):
    difference = float(numpy.abs(numpy.array(left) - numpy.array(right)).max())
    assert difference < tolerance, f"the vectors differ by {difference}"


def asked(texts, **options):
    """The vectors, and the bodies of the requests."""
    wire = Wire()
    return embeddings(http_client=wire.client, **options).embed_documents(texts), wire.bodies


@check
def token_ids_and_base64_are_the_default():
    _, [body] = asked(["hello world", "hello"])
    assert body["input"] == [[15339, 1917], [15339]], body
    assert body["encoding_format"] == "base64", body


@check
def token_ids_are_those_of_cl100k():
    _, [body] = asked(TEXTS)
    encoding = tiktoken.get_encoding("cl100k_base")
    assert body["input"] == [encoding.encode(text) for text in TEXTS], body


@check
def token_ids_have_the_vectors_of_their_texts():
    by_tokens, [tokens] = asked(TEXTS)
    by_text, [texts] = asked(TEXTS, check_embedding_ctx_length=False)
    assert texts["input"] == TEXTS and tokens["input"] != TEXTS, (texts, tokens)
    alike(by_tokens, by_text)


@check
def vectors_have_length_one():
    vectors, _ = asked(TEXTS)
    assert numpy.array(vectors).shape == (len(TEXTS), DIMENSIONS), numpy.array(vectors).shape
    alike(numpy.linalg.norm(vectors, axis=1), 1.0, 1e-3)


@check
def a_query_is_a_document():
    alike(embeddings().embed_query(TEXTS[1]), asked(TEXTS[1:2])[0][0], 1e-4)


@check
def order_is_kept():
    vectors, _ = asked(TEXTS)
    alike(vectors[::-1], asked(TEXTS[::-1])[0], 1e-3)
    alike(vectors, [asked([text])[0][0] for text in TEXTS], 1e-3)


@check
def more_than_a_thousand_documents():
    texts = [f"Entry {number} of the log" for number in range(1100)]
    vectors, bodies = asked(texts)
    assert [len(body["input"]) for body in bodies] == [1000, 100], [len(body["input"]) for body in bodies]
    assert len(vectors) == 1100
    some = [0, 1, 500, 999, 1000, 1099]
    alike([vectors[at] for at in some], [asked([texts[at]])[0][0] for at in some], 1e-3)


@check
def two_hundred_a_call_as_librechats_rag_api():
    texts = [f"Paragraph {number} of a file somebody sent" for number in range(450)]
    vectors, bodies = asked(texts, chunk_size=200)
    assert [len(body["input"]) for body in bodies] == [200, 200, 50], [len(body["input"]) for body in bodies]
    assert all(isinstance(entry[0], int) for body in bodies for entry in body["input"])
    alike([vectors[at] for at in (0, 199, 200, 449)],
          asked([texts[at] for at in (0, 199, 200, 449)], check_embedding_ctx_length=False)[0], 1e-3)


@check
def a_document_longer_than_openai_allows():
    vectors, [body] = asked(["A sentence of a long report. " * 1500, "hello"])
    # LangChain cuts it into pieces of 8191 tokens and averages their vectors.
    assert [len(piece) for piece in body["input"]] == [8191, 1 + 7 * 1500 - 8191, 1], [len(piece) for piece in body["input"]]
    assert abs(numpy.linalg.norm(vectors[0]) - 1) < 1e-3
    alike(vectors[1], asked(["hello"])[0][0], 1e-3)


@check
def fewer_dimensions():
    vectors, [body] = asked(["hello", "world"], dimensions=64)
    assert body["dimensions"] == 64 and numpy.array(vectors).shape == (2, 64), body
    alike(numpy.linalg.norm(vectors, axis=1), 1.0, 1e-3)


@check
def meaning_is_near():
    cat, kitten, quantum = numpy.array(asked(["cat", "kitten", "quantum mechanics"])[0])
    assert cat @ kitten > cat @ quantum + 0.2, (cat @ kitten, cat @ quantum)


@check
async def async_documents():
    alike(await embeddings().aembed_documents(TEXTS), asked(TEXTS)[0])


@check
async def async_query():
    alike(await embeddings().aembed_query("hello"), embeddings().embed_query("hello"))
