// Responses that the gateway keeps: read again, continued, in the background, resumed, deleted.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { check, refused } from "../../support/checks.mjs";
import { REPLY, all, client, responded } from "./client.mjs";

/** The events of a response in the background until `enough` says so, and its id. */
async function begun(input, enough) {
  const events = [];
  for await (const event of await responded(input, { background: true, stream: true })) {
    events.push(event);
    if (enough(event)) break;
  }
  return { id: events[0].response.id, events };
}

await check("stored.retrieve_is_what_was_answered", async () => {
  const told = await responded("think");
  const kept = await client.responses.retrieve(told.id);
  assert.deepEqual(kept.output, told.output);
  assert.deepEqual([kept.status, kept.output_text, kept.usage], [told.status, "42", told.usage]);
});

await check("stored.not_kept_when_told_not_to", async () => {
  const told = await responded("Hello", { store: false });
  assert.equal(told.store, false);
  await refused(OpenAI.NotFoundError, () => client.responses.retrieve(told.id));
});

await check("stored.input_items_page_by_page", async () => {
  const texts = ["first", "second", "third"];
  const told = await responded(texts.map((content) => ({ role: "user", content })));
  const items = await all(client.responses.inputItems.list(told.id, { limit: 2, order: "asc" }));
  assert.deepEqual(items.map((item) => item.content[0].text), texts);
  const latest = await all(client.responses.inputItems.list(told.id, { limit: 1 }));
  assert.deepEqual(latest.map((item) => item.content[0].text), texts.toReversed());
});

await check("stored.delete_removes_it", async () => {
  const told = await responded("Hello");
  await client.responses.delete(told.id);
  await refused(OpenAI.NotFoundError, () => client.responses.retrieve(told.id));
  await refused(OpenAI.NotFoundError, () => client.responses.delete(told.id));
});

await check("stored.unknown_predecessor", async () => {
  const request = () => responded("Hello", { previous_response_id: `resp_${"0".repeat(32)}` });
  const error = await refused(OpenAI.APIError, request);
  assert.deepEqual([error.status, error.code, error.param],
    [404, "previous_response_not_found", "previous_response_id"]);
});

await check("stored.predecessor_is_what_was_said_before", async () => {
  const first = await responded("Hello");
  const second = await responded("And now?", { previous_response_id: first.id });
  const items = await all(client.responses.inputItems.list(second.id, { order: "asc" }));
  assert.equal(items.at(-1).content[0].text, "And now?");
  assert.equal(second.previous_response_id, first.id);
});

await check("stored.background_is_polled_to_its_end", async () => {
  let response = await responded("count slowly", { background: true });
  assert.ok(["queued", "in_progress"].includes(response.status), response.status);
  assert.equal(response.background, true);
  const deadline = performance.now() + 60_000;
  while (["queued", "in_progress"].includes(response.status)) {
    assert.ok(performance.now() < deadline, response.status);
    response = await client.responses.retrieve(response.id);
  }
  assert.equal(response.status, "completed");
  assert.equal(response.output_text, "one, two, three, four, five, six");
});

await check("stored.background_is_cancelled", async () => {
  const { id } = await begun("count for long", (event) => event.type === "response.output_text.delta");
  const cancelled = await client.responses.cancel(id);
  assert.equal(cancelled.status, "cancelled");
  assert.equal(cancelled.output[0].content[0].text, "one");
  assert.equal((await client.responses.retrieve(id)).status, "cancelled");
});

await check("stored.background_is_cancelled_before_it_speaks", async () => {
  const { id } = await responded("slow", { background: true });
  const cancelled = await client.responses.cancel(id);
  assert.deepEqual([cancelled.status, cancelled.output], ["cancelled", []]);
});

await check("stored.only_background_is_cancelled", async () => {
  const told = await responded("Hello");
  await refused(OpenAI.BadRequestError, () => client.responses.cancel(told.id));
});

await check("stored.background_is_resumed", async () => {
  const { id, events } = await begun("count slowly", (event) => event.type === "response.output_text.delta");
  const last = events.at(-1).sequence_number;
  const rest = await all(client.responses.retrieve(id, { stream: true, starting_after: last }));
  assert.deepEqual(rest.map((event) => event.sequence_number), rest.map((_, at) => last + 1 + at));
  assert.equal(rest.at(-1).type, "response.completed");
  const deltas = [...events, ...rest].filter((event) => event.type === "response.output_text.delta");
  assert.equal(deltas.map((event) => event.delta).join(""), "one, two, three, four, five, six");
});

await check("stored.helper_replays_a_response", async () => {
  const told = await responded("count");
  const stream = client.responses.stream({ response_id: told.id, starting_after: 4 });
  const numbers = [];
  stream.on("event", (event) => numbers.push(event.sequence_number));
  assert.equal((await stream.finalResponse()).output_text, "one, two, three");
  assert.ok(numbers.length > 3 && numbers.every((number) => number > 4), `${numbers}`);
});

await check("stored.events_are_the_same_again", async () => {
  const first = await all(responded("count", { stream: true }));
  const again = await all(client.responses.retrieve(first[0].response.id, { stream: true }));
  assert.deepEqual(again, first);
});

await check("stored.a_conversation_branches", async () => {
  const { id } = await responded("Hello");
  const requests = ["one", "two"].map((text) => responded(text, { previous_response_id: id }));
  const branches = await Promise.all(requests);
  assert.deepEqual(branches.map((branch) => branch.output_text), [REPLY, REPLY]);
});

await check("stored.compact_shortens_what_was_said", async () => {
  const compacted = await client.responses.compact({
    model: "openclaw/scripted", input: [{ role: "user", content: "Hello" }],
  });
  assert.equal(compacted.object, "response.compaction");
  assert.ok(compacted.output.some((item) => item.type === "compaction"), JSON.stringify(compacted.output));
});
