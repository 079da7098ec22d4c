// "Fetch models" of a provider's settings: what of our list becomes LobeChat's model cards.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { runtime } from "./harness.mjs";

const cards = Object.fromEntries((await runtime().models()).map((card) => [card.id, card]));
const plain = cards["openclaw/main"];
const described = cards["openclaw/scripted"];

await check("models.every_agent_is_a_card", () => {
  const ids = ["openclaw", "openclaw/default", "openclaw/main", "openclaw/scripted"];
  assert.deepEqual(Object.keys(cards), ids);
});

await check("models.tools_are_on_for_every_agent", () => {
  assert.deepEqual(Object.values(cards).map((card) => [card.type, card.functionCall, card.enabled]),
    Object.values(cards).map(() => ["chat", true, true]));
});

await check("models.names_are_the_agents", () => {
  assert.equal(plain.displayName, "Local model");
  assert.equal(described.displayName, "Written answers");
});

await check("models.limits_are_those_of_the_config", () => {
  assert.deepEqual([described.contextWindowTokens, described.maxOutput], [32768, 4096]);
});

await check("models.abilities_are_those_of_the_config", () => {
  assert.deepEqual([described.vision, described.reasoning], [true, true]);
  assert.deepEqual([plain.vision, plain.reasoning], [false, false]);
});

await check("models.prices_are_dollars_for_a_million_tokens", () => {
  const rates = Object.fromEntries(described.pricing.units.map((unit) => [unit.name, unit.rate]));
  assert.deepEqual([rates.textInput, rates.textOutput], [2, 8]);
});

await check("models.a_date_is_shown", () => {
  // The day the gateway started; a test may run across midnight.
  const day = Date.parse(plain.releasedAt);
  assert(Math.abs(Date.now() - day) < 2 * 86_400_000, plain.releasedAt);
});

await check("models.another_provider_lists_them_too", async () => {
  const listed = await runtime({}, "vllm").models();
  assert.deepEqual(listed.map((card) => card.id), Object.keys(cards));
});
