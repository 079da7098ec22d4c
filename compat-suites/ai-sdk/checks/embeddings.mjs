// `embed` and `embedMany` of both providers, with the local sentence model.

import assert from "node:assert/strict";
import { APICallError, cosineSimilarity, embed, embedMany } from "ai";
import { check, refused } from "../../support/checks.mjs";
import { MAIN, compatible, openai } from "./providers.mjs";

const models = {
  openai: openai.embedding,
  compatible: (name) => compatible.embeddingModel(name),
};

function embedded(of, values, options = {}) {
  return embedMany({ model: of(MAIN), values, maxRetries: 0, ...options });
}

/** A few vectors are those of these texts alone. */
async function alike(of, vectors, texts) {
  for (const [at, value] of texts.entries()) {
    const { embedding } = await embed({ model: of(MAIN), value, maxRetries: 0 });
    assert.ok(cosineSimilarity(embedding, vectors[at]) > 0.999, `number ${at} is another`);
  }
}

for (const [name, of] of Object.entries(models)) {
  await check(`embeddings.${name}_embeds_a_text`, async () => {
    const { embedding, usage } = await embed({ model: of(MAIN), value: "hello", maxRetries: 0 });
    assert.equal(embedding.length, 384);
    assert.ok(usage.tokens > 0, JSON.stringify(usage));
  });

  await check(`embeddings.${name}_keeps_the_order`, async () => {
    const texts = ["a much longer text than the others, so that it may be put aside", "cat", "dog"];
    await alike(of, (await embedded(of, texts)).embeddings, texts);
  });

  await check(`embeddings.${name}_embeds_many`, async () => {
    const texts = [...Array(400).keys()].map((number) => `Text number ${number}`);
    const { embeddings } = await embedded(of, texts);
    assert.equal(embeddings.length, 400);
    const picked = [0, 250, 399];
    await alike(of, picked.map((at) => embeddings[at]), picked.map((at) => texts[at]));
  });

  await check(`embeddings.${name}_has_fewer_dimensions_when_asked`, async () => {
    const provider = name === "openai" ? "openai" : "openclaw";
    const providerOptions = { [provider]: { dimensions: 64 } };
    const { embeddings } = await embedded(of, ["hello"], { providerOptions });
    assert.equal(embeddings[0].length, 64);
  });

  await check(`embeddings.${name}_is_near_in_meaning`, async () => {
    const { embeddings: [cat, kitten, quantum] } = await embedded(of, ["cat", "kitten", "quantum mechanics"]);
    assert.ok(cosineSimilarity(cat, kitten) > cosineSimilarity(cat, quantum) + 0.2);
  });

  await check(`embeddings.${name}_refuses_an_empty_text`, async () => {
    const error = await refused(APICallError, () => embedded(of, ["hello", ""]));
    assert.deepEqual([error.statusCode, error.data.error.param], [400, "input"]);
  });

  await check(`embeddings.${name}_refuses_an_unknown_model`, async () => {
    const request = () => embed({ model: of("text-embedding-3-small"), value: "hello", maxRetries: 0 });
    assert.equal((await refused(APICallError, request)).statusCode, 404);
  });
}
