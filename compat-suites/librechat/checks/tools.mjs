// The loop of an agent with tools, through `/chat/completions`.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { answer, sent, tools } from "./harness.mjs";

const OSLO = { city: "Oslo", unit: "°C" };
const LIMA = { city: "Lima", unit: "°C" };

function outputs({ parts }) {
  const calls = parts.filter((part) => part?.type === "tool_call");
  return calls.map(({ tool_call: { id, output } }) => [id, output]);
}

await check("tools.one_call_and_the_answer_after_it", async () => {
  const called = [];
  const shown = await answer("weather in Oslo", { tools: tools(called) });
  assert.deepEqual(called, [["weather", OSLO]]);
  assert.deepEqual(outputs(shown), [["call_oslo", "4 degrees"]]);
  assert.equal(shown.text, "It is cold in Oslo.");
  assert.deepEqual(shown.usage.map((one) => one.total_tokens), [30, 36]);
});

await check("tools.calls_side_by_side_are_not_mixed", async () => {
  const called = [];
  const shown = await answer("weather in both", { tools: tools(called) });
  const order = ([name, { city = "" }], [other, { city: another = "" }]) =>
    `${name}${city}`.localeCompare(`${other}${another}`);
  assert.deepEqual(called.toSorted(order), [["now", {}], ["weather", LIMA], ["weather", OSLO]]);
  assert.deepEqual(outputs(shown).map(([id]) => id), ["call_oslo", "call_lima", "call_time"]);
  const results = sent.at(-1).body.messages.filter((message) => message.role === "tool");
  assert.deepEqual(results.map((message) => message.tool_call_id), ["call_oslo", "call_lima", "call_time"]);
});

await check("tools.a_turn_after_the_calls", async () => {
  const first = await answer("weather in both", { tools: tools() });
  const shown = await answer("Hello", { history: first.messages, tools: tools() });
  assert(sent.at(-1).body.messages.some((message) => message.tool_calls), JSON.stringify(sent.at(-1).body));
  assert.equal(shown.text, "A scripted reply.");
});

await check("tools.text_when_none_is_needed", async () => {
  const called = [];
  const shown = await answer("Hello", { tools: tools(called) });
  assert.equal(sent.at(-1).body.tools.length, 2);
  assert.deepEqual([shown.text, called], ["A scripted reply.", []]);
});
