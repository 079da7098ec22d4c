// Chats through `/chat/completions`, from the runtime to what the interface shows.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { MAIN, says, SCRIPTED } from "./asked.mjs";
import { ask, runtime, sent } from "./harness.mjs";

const PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
  + "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function texts(shown) {
  return shown.pieces.filter((piece) => piece.type === "text").map((piece) => piece.text);
}

await check("chat.the_local_model_answers_in_pieces", async () => {
  const shown = await ask({ model: MAIN, messages: says("Tell me about Paris."), max_tokens: 24 });
  assert(texts(shown).length > 3, JSON.stringify(shown));
  assert.equal(texts(shown).join(""), shown.text);
  assert.deepEqual([shown.type, shown.errors], ["done", []]);
});

await check("chat.tokens_of_the_local_model_are_counted", async () => {
  const { usage } = await ask({ model: MAIN, messages: says("Hello"), max_tokens: 8 });
  assert(usage.totalInputTokens > 0 && usage.totalOutputTokens > 0, JSON.stringify(usage));
  assert.equal(usage.totalTokens, usage.totalInputTokens + usage.totalOutputTokens);
});

await check("chat.usage_is_asked_for_and_shown", async () => {
  const { usage } = await ask({ messages: says("count") });
  assert.deepEqual(sent.at(-1).stream_options, { include_usage: true });
  assert.deepEqual([usage.totalInputTokens, usage.inputCachedTokens, usage.totalOutputTokens], [3, 2, 5]);
});

await check("chat.pieces_are_those_of_the_model", async () => {
  assert.deepEqual(texts(await ask({ messages: says("count") })), ["one", ", two", ", three"]);
});

await check("chat.everything_the_interface_sends_is_taken", async () => {
  const settings = { temperature: 1, top_p: 1, presence_penalty: 0, frequency_penalty: 0, max_tokens: 2000 };
  const shown = await ask({ messages: says("Hello"), ...settings }, { user: "user_1" });
  assert.equal(shown.text, "A scripted reply.");
  assert.equal(sent.at(-1).user, "user_1");
});

await check("chat.the_reason_of_the_end_is_shown", async () => {
  const end = async (text) => {
    const { pieces } = await ask({ messages: says(text) });
    return pieces.find((piece) => piece.type === "stop").reason;
  };
  assert.deepEqual([await end("Hello"), await end("too long")], ["stop", "length"]);
});

await check("chat.thoughts_are_shown_apart", async () => {
  const shown = await ask({ messages: says("think") });
  assert.deepEqual([shown.reasoning.content, shown.text], ["They want a number.", "42"]);
  assert.deepEqual([shown.usage.outputReasoningTokens, shown.usage.outputTextTokens], [7, 2]);
});

await check("chat.thoughts_in_the_history_are_taken", async () => {
  const thought = { role: "assistant", content: "42", reasoning_content: "They want a number." };
  const shown = await ask({ messages: [...says("think"), thought, ...says("Hello")] });
  assert.equal(shown.text, "A scripted reply.");
});

await check("chat.a_picture_is_taken", async () => {
  const picture = { type: "image_url", image_url: { url: PIXEL, detail: "auto" } };
  const shown = await ask({ messages: says([{ type: "text", text: "count" }, picture]) });
  assert.equal(shown.text, "one, two, three", JSON.stringify(shown));
});

await check("chat.streaming_switched_off", async () => {
  const shown = await ask({ messages: says("count"), stream: false });
  assert.equal(sent.at(-1).stream, false);
  assert.deepEqual([shown.text, shown.usage.totalTokens], ["one, two, three", 8]);
});

await check("chat.json_for_side_tasks", async () => {
  const payload = { model: SCRIPTED, messages: says("count"), stream: false, responseMode: "json" };
  const answer = await (await runtime().chat(payload)).json();
  assert.equal(answer.choices[0].message.content, "one, two, three");
});

await check("chat.stopping_keeps_what_was_said", async () => {
  const stop = new AbortController();
  const options = { signal: stop.signal, onPiece: () => stop.abort() };
  const shown = await ask({ messages: says("a story") }, options);
  assert.match(shown.aborted ?? shown.text, /^Once(?!.*sea)/);
  assert.equal((await ask({ messages: says("Hello") })).text, "A scripted reply.");
});
