// Plugins and structured answers through `/chat/completions`.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { called, says, SCRIPTED, TOOLS } from "./asked.mjs";
import { ask, runtime, sent } from "./harness.mjs";

const OSLO = { city: "Oslo", unit: "°C" };
const SCHEMA = {
  name: "weather",
  strict: true,
  schema: {
    type: "object",
    properties: { city: { type: "string" }, degrees: { type: "number" } },
    required: ["city", "degrees"],
    additionalProperties: false,
  },
};

await check("tools.one_call", async () => {
  const { toolCalls, type } = await ask({ messages: says("weather in Oslo"), tools: TOOLS });
  assert.deepEqual(toolCalls.map((call) => [call.id, call.type, call.function.name]),
    [["call_oslo", "function", "weather"]]);
  assert.deepEqual(JSON.parse(toolCalls[0].function.arguments), OSLO);
  assert.equal(type, "done");
});

await check("tools.calls_side_by_side_are_not_mixed", async () => {
  const { toolCalls } = await ask({ messages: says("weather in both"), tools: TOOLS });
  assert.deepEqual(toolCalls.map(called), [
    ["call_oslo", "weather", OSLO],
    ["call_lima", "weather", { city: "Lima", unit: "°C" }],
    ["call_time", "now", {}],
  ]);
});

await check("tools.an_answer_after_the_results", async () => {
  const first = await ask({ messages: says("weather in both"), tools: TOOLS });
  const results = first.toolCalls.map((call) => ({
    role: "tool", tool_call_id: call.id, name: call.function.name, content: "4 degrees",
  }));
  // LobeChat makes an empty list of a content that is null.
  const calls = { role: "assistant", content: null, tool_calls: first.toolCalls };
  const shown = await ask({ messages: [...says("weather in both"), calls, ...results], tools: TOOLS });
  assert.deepEqual(sent.at(-1).messages[1].content, []);
  assert.equal(shown.text, "It is cold in Oslo.", JSON.stringify(shown));
});

await check("tools.text_when_none_is_needed", async () => {
  const shown = await ask({ messages: says("Hello"), tools: TOOLS });
  assert.deepEqual([shown.text, shown.toolCalls], ["A scripted reply.", undefined]);
});

await check("tools.an_object_by_schema", async () => {
  const asked = { model: SCRIPTED, messages: says("The weather as JSON"), schema: SCHEMA };
  assert.deepEqual(await runtime().generateObject(asked), { city: "Oslo", degrees: 4 });
  assert.equal(sent.at(-1).response_format.type, "json_schema");
});

await check("tools.an_object_by_tools", async () => {
  const asked = { model: SCRIPTED, messages: says("weather in Oslo"), tools: TOOLS };
  const made = await runtime().generateObject(asked);
  assert.deepEqual(made, [{ name: "weather", arguments: OSLO }]);
  assert.equal(sent.at(-1).tool_choice, "required");
});
