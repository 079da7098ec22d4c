// `client.responses.create`, whole answers, and the forms that its input may have.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { MAIN, REPLY, client, responded } from "./client.mjs";

const properties = { city: { type: "string" }, unit: { type: "string" } };
export const weather = {
  type: "function", name: "weather", strict: false, description: null,
  parameters: { type: "object", properties, required: ["city"] },
};
export const now = {
  type: "function", name: "now", strict: null, parameters: { type: "object", properties: {} },
};

await check("responses.the_local_model_says_something", async () => {
  const response = await client.responses.create({
    model: MAIN, input: "What is the capital of France?", max_output_tokens: 24, temperature: 0,
  });
  assert.match(response.id, /^resp_/);
  assert.ok(response.output_text.trim());
  const { usage } = response;
  assert.ok(usage.input_tokens > 0 && usage.output_tokens > 0);
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
});

await check("responses.object_is_complete", async () => {
  const response = await responded("Hello", { metadata: { of: "checks" }, instructions: "Be brief." });
  const { object, status, error, incomplete_details: details, metadata, instructions } = response;
  assert.deepEqual({ object, status, error, details, metadata, instructions }, {
    object: "response", status: "completed", error: null, details: null,
    metadata: { of: "checks" }, instructions: "Be brief.",
  });
  assert.deepEqual([response.tools, response.tool_choice, response.truncation], [[], "auto", "disabled"]);
  assert.equal(response.parallel_tool_calls, true);
  assert.equal(response.previous_response_id, null);
  assert.ok(Number.isInteger(response.created_at));
});

await check("responses.message_has_annotations_and_an_id", async () => {
  const [message] = (await responded("Hello")).output;
  assert.match(message.id, /^msg_/);
  assert.deepEqual([message.type, message.role, message.status], ["message", "assistant", "completed"]);
  const [part] = message.content;
  assert.deepEqual([part.type, part.text, part.annotations], ["output_text", REPLY, []]);
});

await check("responses.usage_has_details", async () => {
  const { usage } = await responded("count");
  assert.equal(usage.input_tokens_details.cached_tokens, 2);
  assert.equal((await responded("think")).usage.output_tokens_details.reasoning_tokens, 7);
});

await check("responses.reasoning_is_an_item_of_its_own", async () => {
  const { output } = await responded("think");
  assert.deepEqual(output.map((item) => item.type), ["reasoning", "message"]);
  assert.equal(output[0].summary[0].text, "They want a number.");
});

await check("responses.refusal_is_a_part", async () => {
  const [message] = (await responded("refuse")).output;
  assert.deepEqual(message.content, [{ type: "refusal", refusal: "I would rather not." }]);
});

await check("responses.incomplete_says_why", async () => {
  for (const [text, reason] of [["too long", "max_output_tokens"], ["rude", "content_filter"]]) {
    const response = await responded(text);
    assert.deepEqual([response.status, response.incomplete_details], ["incomplete", { reason }]);
  }
});

await check("responses.function_calls", async () => {
  const { output } = await responded("weather in both", { tools: [weather, now] });
  assert.deepEqual(output.map((item) => item.type), Array(3).fill("function_call"));
  assert.deepEqual(output.map((item) => item.call_id), ["call_oslo", "call_lima", "call_time"]);
  assert.deepEqual(JSON.parse(output[1].arguments), { city: "Lima", unit: "°C" });
});

await check("responses.tool_loop_by_history", async () => {
  const input = [{ role: "user", content: "weather in Oslo" }];
  const asked = await responded(input, { tools: [weather], store: false });
  const [{ call_id: id }] = asked.output;
  input.push(...asked.output, { type: "function_call_output", call_id: id, output: "4 degrees" });
  const told = await responded(input, { tools: [weather], store: false });
  assert.equal(told.output_text, "It is cold in Oslo.");
});

await check("responses.tool_loop_by_previous_response", async () => {
  const asked = await responded("weather in Oslo", { tools: [weather] });
  const output = { type: "function_call_output", call_id: asked.output[0].call_id, output: "4 degrees" };
  const told = await responded([output], { tools: [weather], previous_response_id: asked.id });
  assert.equal(told.output_text, "It is cold in Oslo.");
  assert.equal(told.previous_response_id, asked.id);
});

await check("responses.every_form_of_a_message", async () => {
  const response = await responded([
    { role: "system", content: "Be brief." },
    { type: "message", role: "developer", content: [{ type: "input_text", text: "Be kind." }] },
    { role: "user", content: [{ type: "input_text", text: "Hi" }] },
    { role: "assistant", content: [{ type: "output_text", text: "Hi", annotations: [], logprobs: [] }] },
    { role: "user", content: "Hello" },
  ]);
  assert.equal(response.output_text, REPLY);
});

await check("responses.output_may_be_played_back_whole", async () => {
  const said = await responded("think");
  const response = await responded([...said.output, { role: "user", content: "Hello" }]);
  assert.equal(response.output_text, REPLY);
});

await check("responses.fields_of_other_programs_are_taken", async () => {
  const response = await responded("Hello", {
    include: ["reasoning.encrypted_content"], prompt_cache_key: undefined, safety_identifier: "someone",
    service_tier: "auto", truncation: "disabled", text: { verbosity: "low" }, reasoning: { effort: "low" },
    client_metadata: { a: "b" }, top_logprobs: null, parallel_tool_calls: false, max_tool_calls: null,
    tools: [{ type: "web_search" }, weather],
  });
  assert.equal(response.output_text, REPLY);
});
