// The adapters that Continue's editor extensions ask by.

import assert from "node:assert/strict";
import { constructLlmApi } from "@continuedev/openai-adapters";
import OpenAI from "openai";
import { check, end, refused } from "../../support/checks.mjs";

const connection = { provider: "openai", apiBase: process.env.OPENAI_BASE_URL };
const api = constructLlmApi({ ...connection, apiKey: process.env.OPENAI_API_KEY });
const signal = AbortSignal.timeout(120_000);
const user = (content) => ({ role: "user", content });
const weather = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

/** All chunks of a streamed answer. */
async function streamed(body) {
  const chunks = [];
  for await (const chunk of api.chatCompletionStream({ stream: true, ...body }, signal)) chunks.push(chunk);
  return chunks;
}

const text = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

/** The calls of a stream, put together as the extensions do: by index. */
function calls(chunks) {
  const found = [];
  for (const delta of chunks.flatMap((chunk) => chunk.choices[0]?.delta.tool_calls ?? [])) {
    const call = (found[delta.index] ??= { id: "", name: "", arguments: "" });
    call.id ||= delta.id ?? "";
    call.name += delta.function?.name ?? "";
    call.arguments += delta.function?.arguments ?? "";
  }
  return found.map((call) => ({ ...call, arguments: JSON.parse(call.arguments) }));
}

await check("adapter.models", async () => {
  const models = await api.list();
  const ids = models.map((model) => model.id);
  assert.ok(ids.includes("openclaw") && ids.includes("openclaw/scripted"), ids.join());
  for (const model of models) {
    assert.equal(model.object, "model");
    assert.ok(Number.isInteger(model.created));
  }
});

await check("adapter.whole", async () => {
  const body = { model: "openclaw", messages: [user("Say hello.")], max_tokens: 20 };
  const answer = await api.chatCompletionNonStream(body, signal);
  assert.match(answer.choices[0].message.content, /hello/i);
  assert.equal(answer.usage.total_tokens, answer.usage.prompt_tokens + answer.usage.completion_tokens);
});

await check("adapter.stream", async () => {
  const messages = [user("Say hello.")];
  const chunks = await streamed({ model: "openclaw", messages, stream_options: { include_usage: true } });
  assert.match(text(chunks), /hello/i);
  assert.equal(chunks.find((chunk) => chunk.choices[0]?.finish_reason)?.choices[0].finish_reason, "stop");
  const used = chunks.filter((chunk) => chunk.usage).map((chunk) => chunk.usage);
  assert.equal(used.length, 1);
  assert.ok(used[0].completion_tokens > 0);
});

await check("adapter.pieces", async () => {
  const chunks = await streamed({ model: "openclaw/scripted", messages: [user("Count to three")] });
  const pieces = chunks.map((chunk) => chunk.choices[0]?.delta.content).filter(Boolean);
  assert.deepEqual(pieces, ["one", ", two", ", three"]);
});

await check("adapter.tools", async () => {
  const messages = [user("What is the weather in both?")];
  const chunks = await streamed({ model: "openclaw/scripted", messages, tools: [weather] });
  assert.deepEqual(calls(chunks), [
    { id: "call_oslo", name: "weather", arguments: { city: "Oslo" } },
    { id: "call_lima", name: "weather", arguments: { city: "Lima" } },
  ]);
});

await check("adapter.tool_loop", async () => {
  const body = { model: "openclaw/scripted", tools: [weather] };
  const messages = [user("What is the weather in both?")];
  const asked = await api.chatCompletionNonStream({ ...body, messages }, signal);
  const { message, finish_reason } = asked.choices[0];
  assert.equal(finish_reason, "tool_calls");
  messages.push(message);
  for (const { id } of message.tool_calls) {
    messages.push({ role: "tool", tool_call_id: id, content: "4 degrees" });
  }
  const answer = await api.chatCompletionNonStream({ ...body, messages }, signal);
  assert.equal(answer.choices[0].message.content, "It is cold.");
});

await check("adapter.responses", async () => {
  const body = { model: "openclaw/scripted", messages: [user("Count to three")] };
  const whole = await api.responsesNonStream(body, signal);
  assert.equal(whole.output[0].content[0].text, "one, two, three");
  const chunks = [];
  for await (const chunk of api.responsesStream({ ...body, stream: true }, signal)) chunks.push(chunk);
  assert.equal(text(chunks), "one, two, three");
});

await check("adapter.embeddings", async () => {
  const input = ["A cat sleeps.", "A kitten naps.", "Taxes are due in April."];
  const { data } = await api.embed({ model: "openclaw", input });
  assert.deepEqual(data.map(({ index }) => index), [0, 1, 2]);
  const [cat, kitten, taxes] = data.map(({ embedding }) => embedding);
  assert.equal(cat.length, 384);
  const likeness = (one, other) => one.reduce((sum, value, at) => sum + value * other[at], 0);
  assert.ok(Math.abs(likeness(cat, cat) - 1) < 1e-3);
  assert.ok(likeness(cat, kitten) > likeness(cat, taxes) + 0.2);
});

await check("adapter.wrong_token", async () => {
  const stranger = constructLlmApi({ ...connection, apiKey: "wrong" });
  const error = await refused(OpenAI.AuthenticationError, () => stranger.list());
  assert.equal(error.status, 401);
  assert.match(error.message, /Incorrect credential/);
});

await check("adapter.rate_limit", async () => {
  const body = { model: "openclaw/scripted", messages: [user("fail: rate limit")] };
  const error = await refused(OpenAI.RateLimitError, () => api.chatCompletionNonStream(body, signal));
  assert.equal(error.status, 429);
  assert.equal(error.code, "rate_limit_exceeded");
});

end();
