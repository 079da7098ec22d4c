// Function tools, with answers from the script, and the SDK's own loop.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { zodFunction } from "openai/helpers/zod";
import { z } from "zod";
import { check, refused } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, all, client, says, scripted } from "./client.mjs";

const OSLO = { city: "Oslo", unit: "°C" };
const LIMA = { city: "Lima", unit: "°C" };

function declared(name, properties = {}) {
  const parameters = { type: "object", properties, required: Object.keys(properties) };
  return { type: "function", function: { name, parameters } };
}

const tools = [declared("weather", { city: { type: "string" }, unit: { type: "string" } }), declared("now")];

/** What the deltas say of each call, by its index. */
async function deltas(text) {
  const calls = new Map();
  for await (const chunk of await scripted(text, { tools, stream: true })) {
    for (const delta of chunk.choices[0].delta.tool_calls ?? []) {
      calls.set(delta.index, [...calls.get(delta.index) ?? [], delta]);
    }
  }
  return calls;
}

/** The tools as the SDK's loop runs them, and what they were called with. */
function runnable() {
  const called = [];
  const weather = zodFunction({
    name: "weather",
    parameters: z.object({ city: z.string(), unit: z.string() }),
    function: (place) => (called.push(place), "4 degrees"),
  });
  const now = {
    type: "function",
    function: {
      name: "now", description: "", parse: JSON.parse, parameters: { type: "object", properties: {} },
      function: (nothing) => (called.push(nothing), "noon"),
    },
  };
  return { called, tools: [weather, now] };
}

await check("tools.one_call", async () => {
  const { choices: [choice] } = await scripted("weather in Oslo", { tools });
  assert.equal(choice.finish_reason, "tool_calls");
  assert.equal(choice.message.content, null);
  const [call] = choice.message.tool_calls;
  assert.deepEqual([call.id, call.type, call.function.name], ["call_oslo", "function", "weather"]);
  assert.deepEqual(JSON.parse(call.function.arguments), OSLO);
});

await check("tools.parallel_calls", async () => {
  const calls = (await scripted("weather in both", { tools })).choices[0].message.tool_calls;
  assert.deepEqual(calls.map((call) => call.id), ["call_oslo", "call_lima", "call_time"]);
  assert.deepEqual(calls.map((call) => JSON.parse(call.function.arguments)), [OSLO, LIMA, {}]);
});

await check("tools.streamed_calls_are_counted_from_zero", async () => {
  assert.deepEqual([...(await deltas("weather in both")).keys()], [0, 1, 2]);
});

await check("tools.streamed_call_has_id_type_and_name_once", async () => {
  const calls = await deltas("weather in both");
  for (const [first, ...rest] of calls.values()) {
    assert.ok(first.id && first.type === "function" && first.function.name, JSON.stringify(first));
    assert.ok(!rest.some((delta) => delta.id || delta.type || delta.function.name), JSON.stringify(rest));
  }
});

await check("tools.streamed_arguments_concatenate_to_json", async () => {
  const calls = [...(await deltas("weather in both")).values()];
  const written = calls.map((parts) => JSON.parse(parts.map((delta) => delta.function.arguments).join("")));
  assert.deepEqual(written, [OSLO, LIMA, {}]);
});

await check("tools.streamed_calls_end_with_tool_calls", async () => {
  const last = (await all(scripted("weather in Oslo", { tools, stream: true }))).at(-1);
  assert.equal(last.choices[0].finish_reason, "tool_calls");
});

await check("tools.stream_helper_assembles_the_calls", async () => {
  const request = { model: SCRIPTED, messages: says("weather in both"), tools };
  const stream = client.chat.completions.stream(request);
  const done = [];
  stream.on("tool_calls.function.arguments.done", (event) => {
    done.push([event.index, event.name, JSON.parse(event.arguments)]);
  });
  const message = await stream.finalMessage();
  assert.deepEqual(done, [[0, "weather", OSLO], [1, "weather", LIMA], [2, "now", {}]]);
  assert.deepEqual(message.tool_calls.map((call) => call.id), ["call_oslo", "call_lima", "call_time"]);
});

await check("tools.parse_helper_reads_the_arguments", async () => {
  const completion = await client.chat.completions.parse({
    model: SCRIPTED, messages: says("weather in Oslo"), tools: [runnable().tools[0]],
  });
  assert.deepEqual(completion.choices[0].message.tool_calls[0].function.parsed_arguments, OSLO);
});

await check("tools.run_tools_ends_in_an_answer", async () => {
  const { called, tools } = runnable();
  const request = { model: SCRIPTED, messages: says("weather in Oslo"), tools };
  const runner = client.chat.completions.runTools(request);
  assert.equal(await runner.finalContent(), "It is cold in Oslo.");
  assert.deepEqual(called, [OSLO]);
  assert.equal(await runner.finalFunctionToolCallResult(), "4 degrees");
  const roles = runner.messages.map((message) => message.role);
  assert.deepEqual(roles, ["user", "assistant", "tool", "assistant"]);
  assert.equal((await runner.totalUsage()).total_tokens, 66);
});

await check("tools.run_tools_with_parallel_calls", async () => {
  const { called, tools } = runnable();
  const request = { model: SCRIPTED, messages: says("weather in both"), tools };
  const runner = client.chat.completions.runTools(request);
  assert.equal(await runner.finalContent(), "Cold there, and it is noon.");
  assert.deepEqual(called, [OSLO, LIMA, {}]);
});

await check("tools.run_tools_streamed", async () => {
  const { called, tools } = runnable();
  const runner = client.chat.completions.runTools({
    model: SCRIPTED, messages: says("weather in both"), tools, stream: true,
  });
  const pieces = [];
  runner.on("content", (delta) => delta && pieces.push(delta));
  assert.equal(await runner.finalContent(), "Cold there, and it is noon.");
  assert.equal(pieces.join(""), "Cold there, and it is noon.");
  assert.deepEqual(called, [OSLO, LIMA, {}]);
});

await check("tools.unknown_choice_is_refused", async () => {
  const choice = { type: "function", function: { name: "nothing" } };
  const request = () => scripted("Hello", { tools, tool_choice: choice });
  assert.equal((await refused(OpenAI.BadRequestError, request)).param, "tool_choice.function.name");
});

await check("tools.requiring_a_call_without_tools_is_refused", async () => {
  const error = await refused(OpenAI.BadRequestError, () => scripted("Hello", { tool_choice: "required" }));
  assert.equal(error.param, "tool_choice");
});

await check("tools.many_tools_do_not_keep_a_model_from_answering", async () => {
  const text = { type: "string" };
  const many = [...Array(36).keys()].map((number) => declared(`tool_${number}`, { text }));
  const completion = await client.chat.completions.create({
    model: MAIN, messages: says("What is the capital of France?"), tools: many, max_tokens: 8,
  });
  assert.ok(completion.choices[0].message.content.trim());
});
