// `stream: true`, chunk by chunk and through the SDK's own accumulation.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { ChatCompletionStream } from "openai/lib/ChatCompletionStream";
import { check, refused } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, all, client, says, scripted } from "./client.mjs";

const STORY = {
  model: MAIN, messages: says("Tell me about the city of Paris."), max_tokens: 24, temperature: 0,
};

function chunks(fields = {}) {
  return all(client.chat.completions.create({ ...STORY, ...fields, stream: true }));
}

function text(chunks) {
  return chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");
}

await check("stream.first_chunk_has_the_role", async () => {
  const [first, ...rest] = (await chunks()).map((chunk) => chunk.choices[0].delta.role);
  assert.equal(first, "assistant");
  assert.ok(!rest.some(Boolean), `${rest}`);
});

await check("stream.chunks_are_of_one_answer", async () => {
  const heads = (await chunks()).map(({ id, object, created, model }) => [id, object, created, model]);
  for (const head of heads) assert.deepEqual(head, heads[0]);
  const [id, object, created, model] = heads[0];
  assert.match(id, /^chatcmpl/);
  assert.deepEqual([object, model], ["chat.completion.chunk", MAIN]);
  assert.ok(created > 1_700_000_000, `${created}`);
});

await check("stream.the_last_change_alone_has_the_finish_reason", async () => {
  const reasons = (await chunks()).map((chunk) => chunk.choices[0].finish_reason);
  assert.ok(["stop", "length"].includes(reasons.pop()));
  assert.ok(reasons.every((reason) => reason === null), `${reasons}`);
});

await check("stream.the_local_model_comes_in_pieces", async () => {
  assert.ok((await chunks()).filter((chunk) => chunk.choices[0].delta.content).length > 3);
});

await check("stream.equals_the_whole_answer", async () => {
  const whole = (await client.chat.completions.create(STORY)).choices[0];
  const streamed = await chunks();
  assert.equal(text(streamed), whole.message.content);
  assert.equal(streamed.at(-1).choices[0].finish_reason, whole.finish_reason);
});

await check("stream.no_usage_unless_asked", async () => {
  for (const chunk of await chunks()) {
    assert.ok(!("usage" in chunk), JSON.stringify(chunk));
    assert.equal(chunk.choices.length, 1);
  }
});

await check("stream.usage_when_asked", async () => {
  const streamed = await chunks({ stream_options: { include_usage: true } });
  const last = streamed.pop();
  assert.ok(streamed.every((chunk) => chunk.usage === null && chunk.choices.length === 1));
  assert.deepEqual(last.choices, []);
  const whole = (await client.chat.completions.create(STORY)).usage;
  assert.equal(last.usage.prompt_tokens, whole.prompt_tokens);
  assert.equal(last.usage.completion_tokens, whole.completion_tokens);
});

await check("stream.pieces_are_the_models_own", async () => {
  const streamed = await all(scripted("count", { stream: true }));
  const pieces = streamed.map((chunk) => chunk.choices[0].delta.content);
  assert.deepEqual(pieces.filter(Boolean), ["one", ", two", ", three"]);
});

await check("stream.reasoning_comes_before_the_content", async () => {
  const deltas = (await all(scripted("think", { stream: true }))).map((chunk) => chunk.choices[0].delta);
  const told = deltas.flatMap((delta) => [delta.reasoning_content, delta.content]).filter(Boolean);
  assert.deepEqual(told, ["They want a number.", "42"]);
});

await check("stream.has_a_request_id", async () => {
  const { response, data } = await scripted("count", { stream: true }).withResponse();
  assert.match(response.headers.get("content-type"), /^text\/event-stream/);
  assert.match(response.headers.get("x-request-id"), /^req_/);
  data.controller.abort();
});

await check("stream.error_before_the_first_token_has_its_status", async () => {
  const error = await refused(OpenAI.RateLimitError, () => scripted("fail: rate limit", { stream: true }));
  assert.match(error.headers.get("content-type"), /^application\/json/);
});

await check("stream.error_midway_is_an_error", async () => {
  const seen = [];
  const error = await refused(OpenAI.APIError, async () => {
    for await (const chunk of await scripted("break off", { stream: true })) seen.push(chunk);
  });
  assert.equal(text(seen), "half an");
  assert.equal(error.code, "upstream_unavailable");
});

await check("stream.hanging_up_midway_frees_the_model", async () => {
  const story = { ...STORY, messages: says("Tell me a very long story."), max_tokens: 4000, stream: true };
  const stream = await client.chat.completions.create(story);
  let count = 0;
  for await (const _ of stream) if (++count === 4) break;
  assert.ok(stream.controller.signal.aborted);
  const begun = performance.now();
  await chunks({ max_tokens: 2 });
  const waited = performance.now() - begun;
  assert.ok(waited < 10_000, `the next answer took ${waited} ms: the story was told to nobody`);
});

await check("stream.abort_signal_ends_it", async () => {
  const hangUp = new AbortController();
  const stream = await scripted("count for long", { stream: true }, { signal: hangUp.signal });
  const seen = [];
  // Breaking a stream off is no error to the SDK: the loop ends.
  for await (const chunk of stream) {
    seen.push(chunk);
    if (chunk.choices[0].delta.content) hangUp.abort();
  }
  assert.equal(text(seen), "one");
});

await check("stream.helper_accumulates", async () => {
  const stream = client.chat.completions.stream({
    model: SCRIPTED, messages: says("count"), stream_options: { include_usage: true },
  });
  const told = [];
  stream.on("content", (delta, snapshot) => delta && told.push([delta, snapshot]));
  const final = await stream.finalChatCompletion();
  assert.deepEqual(told, [["one", "one"], [", two", "one, two"], [", three", "one, two, three"]]);
  assert.equal(final.object, "chat.completion");
  assert.equal(final.choices[0].finish_reason, "stop");
  assert.equal(await stream.finalContent(), "one, two, three");
  assert.equal((await stream.finalMessage()).role, "assistant");
  assert.equal((await stream.totalUsage()).total_tokens, 8);
});

await check("stream.helper_with_the_local_model", async () => {
  const stream = client.chat.completions.stream(STORY);
  const whole = (await client.chat.completions.create(STORY)).choices[0].message.content;
  assert.equal(await stream.finalContent(), whole);
});

await check("stream.helper_has_events_for_content_and_scores", async () => {
  const stream = client.chat.completions.stream({ model: SCRIPTED, messages: says("count"), logprobs: true });
  const done = [];
  stream.on("content.done", (event) => done.push(event.content));
  stream.on("logprobs.content.done", (event) => done.push(event.content.map((score) => score.token)));
  await stream.done();
  assert.deepEqual(done.sort(), ["one, two, three", ["one", ", two", ", three"]].sort());
});

await check("stream.helper_fails_midway", async () => {
  const stream = client.chat.completions.stream({ model: SCRIPTED, messages: says("break off") });
  await refused(OpenAI.OpenAIError, () => stream.finalContent());
});

await check("stream.passed_on_to_a_browser", async () => {
  const stream = client.chat.completions.stream({ model: SCRIPTED, messages: says("count") });
  const passed = ChatCompletionStream.fromReadableStream(stream.toReadableStream());
  assert.equal(await passed.finalContent(), "one, two, three");
});

await check("stream.tee_gives_both_all", async () => {
  const [left, right] = (await scripted("count", { stream: true })).tee();
  assert.deepEqual([text(await all(left)), text(await all(right))], Array(2).fill("one, two, three"));
});
