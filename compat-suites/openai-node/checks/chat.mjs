// `client.chat.completions.create`, whole answers; the local model's where the script is not named.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { MAIN, REPLY, SCRIPTED, client, says, scripted } from "./client.mjs";

const QUESTION = says("What is the capital of France?");

function answer(fields = {}) {
  return client.chat.completions.create({
    model: MAIN, messages: QUESTION, max_tokens: 24, temperature: 0, ...fields,
  });
}

await check("chat.the_local_model_says_something", async () => {
  const { choices: [choice] } = await answer();
  assert.equal(choice.message.role, "assistant");
  assert.ok(choice.message.content.trim());
  assert.ok(["stop", "length"].includes(choice.finish_reason), choice.finish_reason);
});

await check("chat.answer_is_an_object_not_a_text", async () => {
  const completion = await answer({ max_tokens: 2 });
  assert.equal(completion.object, "chat.completion");
  assert.match(completion.id, /^chatcmpl/);
  assert.ok(Number.isInteger(completion.created) && completion.created > 1_700_000_000);
});

await check("chat.nothing_is_asked_but_the_question", async () => {
  const completion = await client.chat.completions.create({ model: "openclaw", messages: QUESTION });
  assert.ok(completion.choices[0].message.content.trim());
});

await check("chat.usage_adds_up", async () => {
  const { usage } = await answer();
  assert.ok(usage.prompt_tokens > 0 && usage.completion_tokens > 0, JSON.stringify(usage));
  assert.equal(usage.total_tokens, usage.prompt_tokens + usage.completion_tokens);
});

await check("chat.longer_prompts_cost_more", async () => {
  const longer = await answer({ messages: says("Tell me all you know about it. ".repeat(20)) });
  assert.ok(longer.usage.prompt_tokens > (await answer()).usage.prompt_tokens + 100);
});

await check("chat.model_is_the_one_asked_for", async () => {
  assert.equal((await answer({ model: "openclaw/main", max_tokens: 1 })).model, "openclaw/main");
});

for (const limit of ["max_tokens", "max_completion_tokens"]) {
  await check(`chat.${limit}_ends_with_length`, async () => {
    const fields = { max_tokens: undefined, messages: says("Tell me a long story."), [limit]: 3 };
    const completion = await answer(fields);
    assert.equal(completion.choices[0].finish_reason, "length");
    assert.ok(completion.usage.completion_tokens <= 3, JSON.stringify(completion.usage));
  });
}

await check("chat.stop_text_ends_the_answer", async () => {
  const whole = (await answer()).choices[0].message.content;
  const words = whole.split(/\s+/).filter(Boolean);
  assert.ok(words.length > 2, whole);
  const stop = words[Math.floor(words.length / 2)];
  const { choices: [choice] } = await answer({ stop: [stop] });
  assert.ok(!choice.message.content.includes(stop), choice.message.content);
  assert.ok(whole.startsWith(choice.message.content), choice.message.content);
  assert.equal(choice.finish_reason, "stop");
});

await check("chat.temperature_zero_repeats_itself", async () => {
  const [first, second] = [await answer(), await answer()];
  assert.equal(first.choices[0].message.content, second.choices[0].message.content);
  assert.notEqual(first.id, second.id);
});

await check("chat.two_answers", async () => {
  const { choices } = await scripted("Hello", { n: 2 });
  assert.deepEqual(choices.map((choice) => [choice.index, choice.message.content]), [[0, REPLY], [1, REPLY]]);
});

await check("chat.usage_details_are_kept", async () => {
  assert.equal((await scripted("count")).usage.prompt_tokens_details.cached_tokens, 2);
  assert.equal((await scripted("think")).usage.completion_tokens_details.reasoning_tokens, 7);
});

await check("chat.logprobs_when_asked", async () => {
  const { choices: [asked] } = await scripted("count", { logprobs: true });
  assert.deepEqual(asked.logprobs.content.map((score) => score.logprob), [-0.5, -0.25, -0.125]);
  assert.equal((await scripted("count")).choices[0].logprobs, null);
});

await check("chat.reasoning_is_beside_the_content", async () => {
  const { message } = (await scripted("think")).choices[0];
  assert.deepEqual([message.content, message.reasoning_content], ["42", "They want a number."]);
});

await check("chat.refusal_is_beside_the_content", async () => {
  assert.equal((await scripted("refuse")).choices[0].message.refusal, "I would rather not.");
  assert.equal((await scripted("Hello")).choices[0].message.refusal, null);
});

await check("chat.length_and_content_filter_are_reported", async () => {
  for (const [text, reason] of [["too long", "length"], ["rude", "content_filter"]]) {
    assert.equal((await scripted(text)).choices[0].finish_reason, reason);
  }
});

await check("chat.instructions_may_come_anywhere", async () => {
  const messages = [
    { role: "developer", content: "Be kind." }, ...says("Hello"),
    { role: "system", content: "Be brief." }, ...says("And now?"),
  ];
  assert.equal((await scripted("", { messages })).choices[0].message.content, REPLY);
});

await check("chat.parts_and_empty_contents", async () => {
  const call = { id: "c1", type: "function", function: { name: "now", arguments: "" } };
  for (const content of [null, "", []]) {
    const messages = [
      { role: "user", content: [{ type: "text", text: "Hello" }] },
      { role: "assistant", content, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "yes" },
      ...says("And?"),
    ];
    assert.equal((await scripted("", { messages })).choices[0].message.content, REPLY);
  }
});

await check("chat.an_answer_may_be_played_back_whole", async () => {
  const { choices: [{ message }] } = await scripted("think");
  const messages = [...says("think"), message, ...says("Hello")];
  assert.equal((await scripted("", { messages })).choices[0].message.content, REPLY);
});

await check("chat.null_and_unknown_fields_are_taken", async () => {
  const fields = {
    store: null, metadata: null, stop: null, tools: null, stream_options: null, n: null, top_k: 40,
    chat_template_kwargs: { thinking: false }, service_tier: "auto", verbosity: "low",
    prediction: { type: "content", content: "A" }, parallel_tool_calls: true, user: null,
  };
  assert.equal((await scripted("Hello", fields)).choices[0].message.content, REPLY);
});

await check("chat.as_response_and_with_response", async () => {
  const request = () => scripted("Hello");
  const raw = await request().asResponse();
  assert.match(raw.headers.get("content-type"), /^application\/json/);
  assert.equal((await raw.json()).choices[0].message.content, REPLY);
  const { data, response } = await request().withResponse();
  assert.equal(response.status, 200);
  assert.equal(data.choices[0].message.content, REPLY);
});

await check("chat.eight_at_once", async () => {
  const numbers = [...Array(8).keys()];
  const answers = await Promise.all(numbers.map((number) => number % 2 ? scripted("count") : answer()));
  for (const [number, completion] of answers.entries()) {
    const { content } = completion.choices[0].message;
    assert.ok(number % 2 ? content === "one, two, three" : content.trim(), content);
  }
  assert.equal(new Set(answers.map((completion) => completion.id)).size, 8);
});
