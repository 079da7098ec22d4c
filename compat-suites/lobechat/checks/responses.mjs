// The switch "Use Responses API" of a provider's settings.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { called, MAIN, says, SCRIPTED, TOOLS } from "./asked.mjs";
import { ask as asked, runtime, sent, shownError } from "./harness.mjs";

function ask(payload, options) {
  return asked({ apiMode: "responses", ...payload }, options);
}

await check("responses.the_local_model_answers_in_pieces", async () => {
  const shown = await ask({ model: MAIN, messages: says("Tell me about Paris.") });
  assert(shown.pieces.filter((piece) => piece.type === "text").length > 3, JSON.stringify(shown));
  assert(shown.usage.totalOutputTokens > 3, JSON.stringify(shown.usage));
  assert("input" in sent.at(-1) && !("messages" in sent.at(-1)), "not the Responses API");
});

await check("responses.text_and_usage", async () => {
  const { text, usage } = await ask({ messages: says("count") });
  assert.equal(text, "one, two, three");
  assert.deepEqual([usage.totalInputTokens, usage.inputCachedTokens, usage.totalOutputTokens], [3, 2, 5]);
});

await check("responses.thoughts_are_shown_apart", async () => {
  const shown = await ask({ messages: says("think"), reasoning_effort: "low" });
  assert.deepEqual([shown.reasoning.content, shown.text], ["They want a number.", "42"]);
  assert.deepEqual(sent.at(-1).reasoning, { effort: "low" });
});

await check("responses.thoughts_in_the_history_are_taken", async () => {
  const thought = { role: "assistant", content: "42", reasoning: { content: "They want a number." } };
  const shown = await ask({ messages: [...says("think"), thought, ...says("Hello")] });
  assert(sent.at(-1).input.some((item) => item.type === "reasoning"), "no thought was sent");
  assert.equal(shown.text, "A scripted reply.", JSON.stringify(shown));
});

await check("responses.a_role_is_sent_as_developer", async () => {
  const shown = await ask({ messages: [{ role: "system", content: "Be brief." }, ...says("Hello")] });
  const { input } = sent.at(-1);
  assert(input.some((item) => item.role === "developer" && !item.type), JSON.stringify(input));
  assert.equal(shown.text, "A scripted reply.");
});

await check("responses.calls_side_by_side_are_not_mixed", async () => {
  const { toolCalls } = await ask({ messages: says("weather in both"), tools: TOOLS });
  assert.deepEqual(toolCalls.map(called), [
    ["call_oslo", "weather", { city: "Oslo", unit: "°C" }],
    ["call_lima", "weather", { city: "Lima", unit: "°C" }],
    ["call_time", "now", {}],
  ]);
});

await check("responses.an_answer_after_the_results", async () => {
  const first = await ask({ messages: says("weather in Oslo"), tools: TOOLS });
  const calls = { role: "assistant", content: "", tool_calls: first.toolCalls };
  const result = { role: "tool", tool_call_id: "call_oslo", name: "weather", content: "4 degrees" };
  const shown = await ask({ messages: [...says("weather in Oslo"), calls, result], tools: TOOLS });
  // What LobeChat sends as arguments is no JSON: it is the tool's name.
  const call = sent.at(-1).input.find((item) => item.type === "function_call");
  assert.deepEqual([call.name, call.arguments], ["weather", "weather"]);
  assert.equal(shown.text, "It is cold in Oslo.", JSON.stringify(shown));
});

await check("responses.streaming_switched_off", async () => {
  const shown = await ask({ messages: says("count"), stream: false });
  assert.equal(shown.text, "one, two, three", JSON.stringify(shown));
});

await check("responses.an_object_by_tools", async () => {
  const request = { model: SCRIPTED, messages: says("weather in Oslo"), tools: TOOLS, responseApi: true };
  assert.deepEqual(await runtime().generateObject(request),
    [{ name: "weather", arguments: { city: "Oslo", unit: "°C" } }]);
});

await check("responses.a_refusal_is_shown", async () => {
  const error = await shownError({ messages: says("fail: context") }, ask);
  assert.deepEqual([error.body.status, error.body.code], [400, "context_length_exceeded"]);
});

await check("responses.a_failure_on_the_way_is_shown", async () => {
  const error = await shownError({ messages: says("break off") }, ask);
  assert.match(error.message, /failed/);
});

await check("responses.stopping_keeps_what_was_said", async () => {
  const stop = new AbortController();
  const shown = await ask({ messages: says("a story") },
    { signal: stop.signal, onPiece: (piece) => piece.type === "text" && stop.abort() });
  assert.match(shown.aborted ?? shown.text, /^Once(?!.*sea)/);
});
