// Turns through `/chat/completions`.

import assert from "node:assert/strict";
import { GraphEvents } from "@librechat/agents";
import { AIMessage, HumanMessage } from "@librechat/agents/langchain/messages";
import { check } from "../../support/checks.mjs";
import { answer, MAIN, sent, turn, USER } from "./harness.mjs";

const PIXEL = "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJ"
  + "AAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

function pieces({ events }) {
  return events.filter((event) => event === GraphEvents.ON_MESSAGE_DELTA).length;
}

await check("chat.the_local_model_answers_in_pieces", async () => {
  const shown = await answer("Tell me about Paris.", { settings: { model: MAIN, maxTokens: 24, temperature: 0 } });
  assert(pieces(shown) > 3, JSON.stringify(shown.events));
  assert(shown.text.trim(), JSON.stringify(shown.parts));
  assert.equal(sent.at(-1).body.max_tokens ?? sent.at(-1).body.max_completion_tokens, 24);
});

await check("chat.tokens_of_the_local_model_are_counted", async () => {
  const [usage] = (await answer("Hello", { settings: { model: MAIN, maxTokens: 8, temperature: 0 } })).usage;
  assert(usage.input_tokens > 0 && usage.output_tokens > 0, JSON.stringify(usage));
  assert.equal(usage.total_tokens, usage.input_tokens + usage.output_tokens);
});

await check("chat.usage_is_asked_for_and_counted", async () => {
  const { usage } = await answer("count");
  assert.deepEqual(sent.at(-1).body.stream_options, { include_usage: true });
  assert.equal(usage.length, 1);
  const [{ input_tokens: read, output_tokens: written, input_token_details: details }] = usage;
  assert.deepEqual([read, written, details.cache_read], [3, 5, 2]);
});

await check("chat.pieces_are_those_of_the_model", async () => {
  const shown = await answer("count");
  assert.deepEqual([pieces(shown), shown.text], [3, "one, two, three"]);
});

await check("chat.thoughts_are_a_part_of_their_own", async () => {
  const { parts, usage } = await answer("think");
  assert.deepEqual(parts, [{ type: "think", think: "They want a number." }, { type: "text", text: "42" }]);
  assert.equal(usage[0].output_token_details.reasoning, 7);
});

await check("chat.history_and_instructions_are_taken", async () => {
  const history = [new HumanMessage("think"), new AIMessage("42")];
  const shown = await answer("Hello", { history, instructions: "Be brief." });
  const roles = sent.at(-1).body.messages.map((message) => message.role);
  assert.deepEqual(roles, ["system", "user", "assistant", "user"]);
  assert.equal(shown.text, "A scripted reply.");
});

await check("chat.a_picture_is_taken", async () => {
  const picture = { type: "image_url", image_url: { url: PIXEL, detail: "auto" } };
  const shown = await answer([{ type: "text", text: "count" }, picture]);
  assert.equal(shown.text, "one, two, three");
  assert.equal(sent.at(-1).body.messages[0].content.length, 2);
});

await check("chat.the_user_is_told", async () => {
  const shown = await answer("Hello");
  assert.deepEqual([sent.at(-1).body.user, shown.text], [USER, "A scripted reply."]);
});

await check("chat.settings_and_added_parameters_are_taken", async () => {
  const modelKwargs = { chat_template_kwargs: { thinking: false }, top_k: 40, reasoning_effort: "low" };
  const sampling = { temperature: 1, topP: 1, frequencyPenalty: 0, presencePenalty: 0, stop: ["END"] };
  const shown = await answer("Hello", { settings: { ...sampling, modelKwargs } });
  const { body } = sent.at(-1);
  assert.deepEqual([body.chat_template_kwargs, body.top_k, body.stop], [{ thinking: false }, 40, ["END"]]);
  assert.equal(shown.text, "A scripted reply.");
});

await check("chat.headers_of_the_endpoint_choose_the_agent", async () => {
  const headers = { "x-openclaw-agent-id": "scripted", "x-conversation": "65f0", "x-user": USER };
  const shown = await answer("count", { settings: { model: "openclaw", headers } });
  assert.equal(sent.at(-1).headers.get("x-conversation"), "65f0");
  assert.equal(shown.text, "one, two, three");
});

await check("chat.streaming_switched_off", async () => {
  const shown = await answer("count", { settings: { streaming: false, disableStreaming: true } });
  assert.notEqual(sent.at(-1).body.stream, true);
  assert.deepEqual([shown.text, shown.usage[0].total_tokens], ["one, two, three", 8]);
});

await check("chat.stopping_keeps_what_was_said", async () => {
  const stop = new AbortController();
  const onEvent = (event) => event === GraphEvents.ON_MESSAGE_DELTA && stop.abort();
  const shown = await turn("a story", { signal: stop.signal, onEvent });
  assert.match(shown.text, /^Once(?!.*sea)/);
  assert.equal((await answer("Hello")).text, "A scripted reply.");
});
