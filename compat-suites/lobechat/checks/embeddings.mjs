// Vectors of files and memories, from the local model.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { MAIN } from "./asked.mjs";
import { refusal, runtime, sent } from "./harness.mjs";

const DIMENSIONS = 384;

function embed(input, more = {}) {
  return runtime().embeddings({ model: MAIN, input, ...more }, { user: "user_1" });
}

function likeness(left, right) {
  return left.reduce((sum, value, at) => sum + value * right[at], 0);
}

await check("embeddings.numbers_are_asked_for_and_come", async () => {
  const [vector] = await embed("hello");
  assert.equal(sent.at(-1).encoding_format, "float");
  assert.equal(vector.length, DIMENSIONS);
  assert(vector.every((value) => typeof value === "number"), JSON.stringify(vector.slice(0, 3)));
});

await check("embeddings.vectors_are_in_the_order_of_the_texts", async () => {
  const texts = ["A cat sat on the mat.", "The stock market fell.", "Rain is expected in Oslo."];
  const together = await embed(texts);
  for (const [at, text] of texts.entries()) {
    const [alone] = await embed(text);
    assert(likeness(together[at], alone) > 0.999, `${text} is at another place`);
  }
});

await check("embeddings.fewer_dimensions", async () => {
  const [vector] = await embed("hello", { dimensions: 64 });
  assert.equal(vector.length, 64);
});

await check("embeddings.too_many_dimensions_are_refused_by_name", async () => {
  // So many does LobeChat's knowledge base ask for, whatever the model.
  const refused = await refusal(embed("hello", { dimensions: 1024 }));
  assert.deepEqual([refused.errorType, refused.error.param], ["ProviderBizError", "dimensions"]);
});

await check("embeddings.a_wrong_key", async () => {
  const wrong = runtime({ apiKey: "wrong" }).embeddings({ model: MAIN, input: "hello" });
  assert.equal((await refusal(wrong)).errorType, "InvalidProviderAPIKey");
});
