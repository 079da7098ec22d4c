// Turns with `useResponsesApi`.

import assert from "node:assert/strict";
import { GraphEvents } from "@librechat/agents";
import { AIMessage, HumanMessage } from "@librechat/agents/langchain/messages";
import { check } from "../../support/checks.mjs";
import { answer as answered, failure, MAIN, sent, tools } from "./harness.mjs";

function answer(text, { settings, ...more } = {}) {
  return answered(text, { settings: { useResponsesApi: true, ...settings }, ...more });
}

await check("responses.the_local_model_answers_in_pieces", async () => {
  const shown = await answer("Tell me about Paris.", { settings: { model: MAIN, maxTokens: 24, temperature: 0 } });
  const pieces = shown.events.filter((event) => event === GraphEvents.ON_MESSAGE_DELTA);
  assert(pieces.length > 3, shown.events.join());
  assert(shown.usage[0].output_tokens > 3, JSON.stringify(shown.usage));
  assert.equal(sent.at(-1).path, "/v1/responses");
});

await check("responses.an_empty_text_is_taken", async () => {
  const { text, usage } = await answer("count");
  assert.deepEqual(sent.at(-1).body.text, {});
  assert.deepEqual([text, usage[0].total_tokens, usage[0].input_token_details.cache_read],
    ["one, two, three", 8, 2]);
});

await check("responses.thoughts_are_a_part_of_their_own", async () => {
  const { parts } = await answer("think", { settings: { reasoning: { effort: "low", summary: "auto" } } });
  assert.deepEqual(parts.map((part) => part.think ?? part.text), ["They want a number.", "42"]);
});

await check("responses.history_and_instructions_are_taken", async () => {
  const history = [new HumanMessage("think"), new AIMessage("42")];
  const shown = await answer("Hello", { history, instructions: "Be brief." });
  assert.deepEqual(sent.at(-1).body.input.map((item) => item.role), ["system", "user", "assistant", "user"]);
  assert.equal(shown.text, "A scripted reply.");
});

await check("responses.tools_without_strictness_are_taken", async () => {
  const called = [];
  const shown = await answer("weather in both", { tools: tools(called) });
  assert.deepEqual(sent.at(-1).body.tools.map((tool) => tool.strict), [null, null]);
  assert.deepEqual([called.length, shown.text], [3, "It is cold in Oslo."]);
  const results = sent.at(-1).body.input.filter((item) => item.type === "function_call_output");
  assert.deepEqual(results.map((item) => item.call_id), ["call_oslo", "call_lima", "call_time"]);
});

await check("responses.a_turn_after_thoughts", async () => {
  const first = await answer("think");
  const shown = await answer("Hello", { history: [new HumanMessage("think"), ...first.messages] });
  assert.equal(shown.text, "A scripted reply.");
});

await check("responses.a_refusal", async () => {
  const error = await failure("fail: context", { settings: { useResponsesApi: true } });
  assert.deepEqual([error.status, error.code], [400, "context_length_exceeded"]);
});

await check("responses.a_failure_on_the_way", async () => {
  const error = await failure("break off", { settings: { useResponsesApi: true } });
  assert.match(error.message, /failed/);
});
