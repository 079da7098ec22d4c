// `client.embeddings.create`, with the local sentence model.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { check, refused } from "../../support/checks.mjs";
import { DIMENSIONS, MAIN, client, connected } from "./client.mjs";

// cl100k_base, in which OpenAI's embedding models count: what some programs send instead of texts.
const HELLO_WORLD = [15339, 1917];
const HELLO = [15339];

function embed(input, fields = {}) {
  return client.embeddings.create({ model: MAIN, input, ...fields });
}

async function vectors(input, fields = {}) {
  return (await embed(input, fields)).data.map((entry) => entry.embedding);
}

function times(left, right) {
  return left.reduce((sum, value, at) => sum + value * right[at], 0);
}

/** All vectors have the length 1: two are alike if they point the same way. */
function alike(left, right) {
  assert.equal(left.length, right.length);
  left.forEach((vector, at) => assert.ok(times(vector, right[at]) > 0.999, `number ${at} is another`));
}

/** What the SDK sends, and what comes back, as JSON. */
async function wire(fields = {}) {
  let sent, answer;
  const overheard = connected({
    fetch: async (url, options) => {
      const response = await fetch(url, options);
      sent = JSON.parse(options.body);
      answer = await response.clone().json();
      return response;
    },
  });
  await overheard.embeddings.create({ model: MAIN, input: "hello", ...fields });
  return { sent, answer };
}

await check("embeddings.one_text_is_384_numbers", async () => {
  const [vector] = await vectors("hello");
  assert.equal(vector.length, DIMENSIONS);
  assert.ok(vector.every((value) => typeof value === "number"));
});

await check("embeddings.the_sdk_asks_for_base64_and_gets_it", async () => {
  const { sent, answer } = await wire();
  assert.equal(sent.encoding_format, "base64");
  const [{ embedding }] = answer.data;
  assert.equal(Buffer.from(embedding, "base64").length, DIMENSIONS * 4);
});

await check("embeddings.float_is_numbers_on_the_wire", async () => {
  const { answer } = await wire({ encoding_format: "float" });
  assert.ok(answer.data[0].embedding.every((value) => typeof value === "number"));
});

await check("embeddings.base64_equals_float", async () => {
  const [[packed], [plain]] = [await vectors("hello"), await vectors("hello", { encoding_format: "float" })];
  packed.forEach((value, at) => assert.ok(Math.abs(value - plain[at]) < 1e-6));
});

await check("embeddings.length_is_one", async () => {
  for (const vector of await vectors(["hello", "A much longer text. ".repeat(40)])) {
    assert.ok(Math.abs(times(vector, vector) - 1) < 1e-3, times(vector, vector));
  }
});

await check("embeddings.order_is_kept", async () => {
  const texts = ["a much longer text than the others, so that it may be put aside", "cat", "dog"];
  const single = [];
  for (const text of texts) single.push(...await vectors(text));
  alike(await vectors(texts), single);
});

await check("embeddings.index_counts_from_zero", async () => {
  assert.deepEqual((await embed(["a", "b", "c"])).data.map((entry) => entry.index), [0, 1, 2]);
});

await check("embeddings.token_ids_are_the_text_they_stand_for", async () => {
  alike(await vectors(HELLO_WORLD), await vectors("hello world"));
});

await check("embeddings.lists_of_token_ids_are_several_texts", async () => {
  alike(await vectors([HELLO_WORLD, HELLO]), await vectors(["hello world", "hello"]));
});

await check("embeddings.usage_counts_tokens", async () => {
  const [short, longer] = [(await embed("hello")).usage, (await embed("hello world, hello again")).usage];
  assert.ok(0 < short.prompt_tokens && short.prompt_tokens < longer.prompt_tokens);
  assert.equal(short.total_tokens, short.prompt_tokens);
});

await check("embeddings.answer_is_a_list_of_the_model", async () => {
  const answer = await embed("hello");
  assert.deepEqual([answer.object, answer.model, answer.data[0].object], ["list", MAIN, "embedding"]);
});

await check("embeddings.meaning_is_near", async () => {
  const [cat, kitten, quantum] = await vectors(["cat", "kitten", "quantum mechanics"]);
  assert.ok(times(cat, kitten) > times(cat, quantum) + 0.2);
});

await check("embeddings.three_hundred_texts", async () => {
  const texts = [...Array(300).keys()].map((number) => `Text number ${number}`);
  const many = await vectors(texts);
  assert.equal(many.length, 300);
  const picked = [0, 150, 299];
  alike(picked.map((at) => many[at]), await vectors(picked.map((at) => texts[at])));
});

await check("embeddings.fewer_dimensions", async () => {
  const [vector] = await vectors("hello", { dimensions: 64 });
  assert.equal(vector.length, 64);
  assert.ok(Math.abs(times(vector, vector) - 1) < 1e-4);
});

await check("embeddings.more_dimensions_than_there_are", async () => {
  const error = await refused(OpenAI.BadRequestError, () => embed("hello", { dimensions: DIMENSIONS + 1 }));
  assert.equal(error.param, "dimensions");
});

for (const [name, input] of [["text", ""], ["text_in_a_list", ["hello", ""]], ["list", []]]) {
  await check(`embeddings.empty_${name}_is_refused`, async () => {
    assert.equal((await refused(OpenAI.BadRequestError, () => embed(input))).param, "input");
  });
}

await check("embeddings.too_many_texts", async () => {
  const error = await refused(OpenAI.BadRequestError, () => embed(Array(2049).fill("a")));
  assert.equal(error.param, "input");
  assert.match(error.message, /2048/);
});

await check("embeddings.has_a_request_id", async () => {
  assert.match((await embed("hello"))._request_id, /^req_/);
});
