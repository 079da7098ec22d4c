// `client.responses` as a stream of events.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { check, refused } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, all, client, responded } from "./client.mjs";
import { now, weather } from "./responses.mjs";

function events(input, fields = {}) {
  return all(responded(input, { ...fields, stream: true }));
}

/** The kinds of events, repetitions of one told once. */
function kinds(events) {
  const types = events.map((event) => event.type.replace(/^response\./, ""));
  return types.filter((type, at) => type !== types[at - 1]);
}

function counts(events, from = 0) {
  assert.deepEqual(events.map((event) => event.sequence_number), events.map((_, at) => from + at));
}

await check("events.order_of_a_text", async () => {
  assert.deepEqual(kinds(await events("count")), [
    "created", "in_progress", "output_item.added", "content_part.added", "output_text.delta",
    "output_text.done", "content_part.done", "output_item.done", "completed",
  ]);
});

await check("events.sequence_numbers_count_from_zero", async () => {
  for (const text of ["count", "think", "weather in both", "refuse"]) {
    counts(await events(text, { tools: [weather, now] }));
  }
});

await check("events.local_model", async () => {
  const told = await events("Tell me of Paris.", { model: MAIN, max_output_tokens: 24, temperature: 0 });
  counts(told);
  const text = told.flatMap((event) => event.type === "response.output_text.delta" ? [event.delta] : []);
  const end = told.at(-1);
  assert.ok(["response.completed", "response.incomplete"].includes(end.type), end.type);
  assert.ok(text.length > 3, `${text}`);
  assert.equal(text.join(""), end.response.output[0].content[0].text);
});

await check("events.of_a_text_name_their_item_and_part", async () => {
  const told = await events("count");
  const { item } = told.find((event) => event.type === "response.output_item.added");
  const parts = told.filter((event) => /output_text|content_part/.test(event.type));
  assert.ok(parts.length >= 6);
  for (const part of parts) {
    assert.deepEqual([part.item_id, part.output_index, part.content_index], [item.id, 0, 0], part.type);
  }
  const done = told.find((event) => event.type === "response.output_text.done");
  assert.equal(done.text, "one, two, three");
});

await check("events.parts_have_annotations", async () => {
  const told = (await events("count")).map(({ type, part, item }) => [type, part ?? item?.content[0]]);
  const parts = told.filter(([, part]) => part);
  assert.deepEqual(parts.map(([type, part]) => [type, part.annotations]), [
    ["response.content_part.added", []], ["response.content_part.done", []], ["response.output_item.done", []],
  ]);
});

await check("events.of_function_calls", async () => {
  const told = await events("weather in both", { tools: [weather, now] });
  const written = new Map();
  for (const event of told) {
    if (event.type !== "response.function_call_arguments.delta") continue;
    written.set(event.item_id, (written.get(event.item_id) ?? "") + event.delta);
  }
  const done = told.filter((event) => event.type === "response.function_call_arguments.done");
  assert.deepEqual(done.map((event) => event.output_index), [0, 1, 2]);
  for (const event of done) assert.equal(event.arguments, written.get(event.item_id));
  const items = told.filter((event) => event.type === "response.output_item.done").map((event) => event.item);
  assert.deepEqual(items.map((item) => [item.name, item.status]),
    [["weather", "completed"], ["weather", "completed"], ["now", "completed"]]);
});

await check("events.of_reasoning_come_first", async () => {
  const order = kinds(await events("think"));
  const thought = order.indexOf("reasoning_summary_text.delta");
  assert.ok(thought > 0 && thought < order.indexOf("output_text.delta"), `${order}`);
});

await check("events.last_has_the_whole_response", async () => {
  const { type, response } = (await events("count")).at(-1);
  assert.equal(type, "response.completed");
  assert.equal(response.usage.total_tokens, 8);
  const kept = await client.responses.retrieve(response.id);
  assert.deepEqual(kept.output, response.output);
});

await check("events.failure_midway", async () => {
  const { type, response } = (await events("break off")).at(-1);
  assert.deepEqual([type, response.status], ["response.failed", "failed"]);
  assert.equal(typeof response.error.message, "string");
  assert.equal(typeof response.error.code, "string");
});

await check("events.helper_accumulates", async () => {
  const stream = client.responses.stream({ model: SCRIPTED, input: "count" });
  const snapshots = [];
  stream.on("response.output_text.delta", (event) => snapshots.push(event.snapshot));
  const final = await stream.finalResponse();
  assert.deepEqual(snapshots, ["one", "one, two", "one, two, three"]);
  assert.equal(final.output_text, "one, two, three");
});

await check("events.helper_with_function_calls", async () => {
  const request = { model: SCRIPTED, input: "weather in both", tools: [weather, now] };
  const stream = client.responses.stream(request);
  const written = new Map();
  stream.on("response.function_call_arguments.delta", ({ output_index: at, snapshot }) => {
    written.set(at, snapshot);
  });
  const { output } = await stream.finalResponse();
  assert.deepEqual(output.map((item) => item.arguments), [...written.values()]);
  assert.deepEqual(output.map((item) => item.call_id), ["call_oslo", "call_lima", "call_time"]);
});

await check("events.helper_with_the_local_model", async () => {
  const stream = client.responses.stream({
    model: MAIN, input: "Tell me of Paris.", max_output_tokens: 16, temperature: 0,
  });
  assert.ok((await stream.finalResponse()).output_text.trim());
});

await check("events.hanging_up_ends_the_response", async () => {
  const stream = await responded("count for long", { stream: true });
  let id;
  for await (const event of stream) {
    if (event.type === "response.created") id = event.response.id;
    if (event.type === "response.output_text.delta") break;
  }
  // Followed to its end; that it has one, long before the script's, is the point.
  const end = (await all(client.responses.retrieve(id, { stream: true }))).at(-1);
  assert.notEqual(end.type, "response.completed");
  assert.notEqual((await client.responses.retrieve(id)).status, "in_progress");
});

await check("events.error_before_the_first_has_its_status", async () => {
  const request = () => responded("fail: overloaded", { stream: true });
  assert.equal((await refused(OpenAI.InternalServerError, request)).status, 503);
});
