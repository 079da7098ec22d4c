// What each of the SDK's three language models has to do on the gateway: `responses` and `chat` of OpenAI's
// provider, and `compatible`.

import assert from "node:assert/strict";
import {
  APICallError, NoObjectGeneratedError, Output, RetryError, ToolLoopAgent, generateObject, generateText,
  isStepCount, streamObject, streamText, tool,
} from "ai";
import { z } from "zod";
import { check, refused } from "../../support/checks.mjs";
import {
  MAIN, REPLY, SCRIPTED, all, compatible, compatibleWith, openai, openaiWith,
} from "./providers.mjs";

const OSLO = { city: "Oslo", degrees: 4 };
const Place = z.object({ city: z.string(), degrees: z.number() });

const models = {
  responses: { of: (name) => openai(name), without: () => openaiWith({ apiKey: "wrong" })(MAIN) },
  chat: { of: (name) => openai.chat(name), without: () => openaiWith({ apiKey: "wrong" }).chat(MAIN) },
  compatible: { of: (name) => compatible(name), without: () => compatibleWith({ apiKey: "wrong" })(MAIN) },
};

const local = { maxOutputTokens: 24, temperature: 0, maxRetries: 0 };

function tools() {
  const called = [];
  const weather = tool({
    description: "The weather in a city.", inputSchema: z.object({ city: z.string() }),
    execute: async ({ city }) => (called.push(city), "4 degrees"),
  });
  const now = tool({
    description: "The time.", inputSchema: z.object({}), execute: async () => (called.push("now"), "noon"),
  });
  return { called, tools: { weather, now } };
}

/** The options of a request to the script. */
function asks(of, prompt, options = {}) {
  return { model: of(SCRIPTED), prompt, maxRetries: 0, ...options };
}

/** A stream that keeps its errors to itself: they are told by its parts, too. */
function streamed(options) {
  return streamText({ onError: () => undefined, ...options });
}

function text(parts) {
  return parts.filter((part) => part.type === "text-delta").map((part) => part.text);
}

const behaviour = {
  async the_local_model_says_something({ of }) {
    const prompt = "What is the capital of France?";
    const result = await generateText({ ...local, model: of(MAIN), prompt });
    assert.ok(result.text.trim());
    assert.ok(["stop", "length"].includes(result.finishReason), result.finishReason);
    const { inputTokens, outputTokens, totalTokens } = result.usage;
    assert.ok(inputTokens > 0 && outputTokens > 0);
    assert.equal(totalTokens, inputTokens + outputTokens);
    assert.ok(Math.abs(result.response.timestamp - Date.now()) < 3_600_000, `${result.response.timestamp}`);
  },
  async the_local_model_comes_in_pieces({ of }) {
    const request = { ...local, model: of(MAIN), prompt: "Tell me of Paris." };
    const result = streamed(request);
    const pieces = await all(result.textStream);
    assert.ok(pieces.length > 3, `${pieces}`);
    assert.equal(pieces.join(""), (await generateText(request)).text);
    assert.ok((await result.usage).outputTokens > 3, await result.usage);
  },
  async instructions_and_history_are_taken({ of }) {
    const result = await generateText({
      model: of(SCRIPTED), maxRetries: 0, instructions: "Be brief.",
      messages: [
        { role: "user", content: [{ type: "text", text: "think" }] },
        { role: "assistant", content: [{ type: "reasoning", text: "Hm." }, { type: "text", text: "42" }] },
        { role: "user", content: "Hello" },
      ],
    });
    assert.equal(result.text, REPLY);
    assert.equal(result.finishReason, "stop");
  },
  async pieces_are_the_models_own({ of }) {
    const result = streamed(asks(of, "count"));
    assert.deepEqual(text(await all(result.stream)), ["one", ", two", ", three"]);
    const { inputTokens, outputTokens, inputTokenDetails } = await result.usage;
    assert.deepEqual([inputTokens, outputTokens, inputTokenDetails.cacheReadTokens], [3, 5, 2]);
    assert.equal(await result.finishReason, "stop");
  },
  async usage_has_details({ of }) {
    const { usage } = await generateText(asks(of, "think"));
    assert.equal(usage.outputTokenDetails.reasoningTokens, 7);
  },
  async length_and_content_filter_are_reported({ of }) {
    assert.equal((await generateText(asks(of, "too long"))).finishReason, "length");
    assert.equal((await generateText(asks(of, "rude"))).finishReason, "content-filter");
  },
  async tools_are_called_and_answered({ of }) {
    const { called, tools: mine } = tools();
    const result = await generateText(asks(of, "weather in Oslo", { tools: mine, stopWhen: isStepCount(3) }));
    assert.deepEqual([called, result.text], [["Oslo"], "It is cold in Oslo."]);
    assert.deepEqual(result.steps.map((step) => step.finishReason), ["tool-calls", "stop"]);
    const [call] = result.steps[0].toolCalls;
    assert.deepEqual([call.toolCallId, call.input], ["call_oslo", { city: "Oslo" }]);
    assert.equal(result.totalUsage.totalTokens, 66);
  },
  async parallel_tools_are_called_and_answered({ of }) {
    const { called, tools: mine } = tools();
    const result = await generateText(asks(of, "weather in both", { tools: mine, stopWhen: isStepCount(3) }));
    assert.deepEqual([called, result.text], [["Oslo", "Lima", "now"], "Cold there, and it is noon."]);
  },
  async tools_are_called_while_streaming({ of }) {
    const { called, tools: mine } = tools();
    const result = streamed(asks(of, "weather in both", { tools: mine, stopWhen: isStepCount(3) }));
    const parts = await all(result.stream);
    assert.deepEqual(parts.filter((part) => part.type === "error"), []);
    const calls = parts.filter((part) => part.type === "tool-call");
    assert.deepEqual(calls.map((call) => call.toolCallId), ["call_oslo", "call_lima", "call_time"]);
    assert.deepEqual(calls.map((call) => call.input), [{ city: "Oslo" }, { city: "Lima" }, {}]);
    const begun = parts.filter((part) => part.type === "tool-input-start").map((part) => part.id);
    const written = parts.filter((part) => part.type === "tool-input-delta" && part.id === begun[1]);
    assert.equal(begun.length, 3);
    assert.deepEqual(JSON.parse(written.map((part) => part.delta).join("")), { city: "Lima" });
    assert.deepEqual(called, ["Oslo", "Lima", "now"]);
    assert.equal(await result.text, "Cold there, and it is noon.");
    assert.equal((await result.totalUsage).totalTokens, 88);
  },
  async an_agent_loops_by_itself({ of }) {
    const { called, tools: mine } = tools();
    const agent = new ToolLoopAgent({ model: of(SCRIPTED), instructions: "Be brief.", tools: mine });
    const result = await agent.generate({ prompt: "weather in Oslo" });
    assert.deepEqual([called, result.text], [["Oslo"], "It is cold in Oslo."]);
  },
  async many_tools_do_not_keep_a_model_from_answering({ of }) {
    const names = [...Array(25).keys()].map((number) => `tool_${number}`);
    const many = Object.fromEntries(names.map((name) => [name, tools().tools.weather]));
    const request = { ...local, maxOutputTokens: 16, model: of(MAIN), tools: many, prompt: "Hello" };
    assert.ok((await generateText(request)).text.trim());
  },
  async objects({ of }) {
    assert.deepEqual((await generateObject(asks(of, "Oslo as JSON", { schema: Place }))).object, OSLO);
  },
  async objects_of_the_local_model({ of }) {
    const schema = z.object({ capital: z.boolean(), size: z.enum(["small", "large"]) });
    const { object } = await generateObject({
      model: of(MAIN), schema, prompt: "Describe Paris.", ...local, maxOutputTokens: 200,
    });
    schema.parse(object);
  },
  async objects_while_they_grow({ of }) {
    const result = streamObject(asks(of, "Oslo as JSON", { schema: Place }));
    const parts = await all(result.partialObjectStream);
    assert.ok(parts.some((part) => part.city === "Os" && part.degrees === undefined), JSON.stringify(parts));
    assert.deepEqual(await result.object, OSLO);
  },
  async output_of_an_answer({ of }) {
    const output = Output.object({ schema: Place });
    assert.deepEqual((await generateText(asks(of, "Oslo as JSON", { output }))).output, OSLO);
    const list = Output.array({ element: z.string() });
    const { output: cities } = await generateText(asks(of, "list of cities", { output: list }));
    assert.deepEqual(cities, ["Oslo", "Lima"]);
    const choice = Output.choice({ options: ["yes", "no"] });
    assert.equal((await generateText(asks(of, "yes or no", { output: choice }))).output, "yes");
  },
  async output_while_it_grows({ of }) {
    const output = Output.array({ element: z.string() });
    const result = streamed(asks(of, "list of cities", { output }));
    const parts = await all(result.partialOutputStream);
    assert.ok(parts.length > 1 && parts[0].length < 2, JSON.stringify(parts));
    assert.deepEqual(await result.output, ["Oslo", "Lima"]);
  },
  async an_object_of_another_form_is_an_error({ of }) {
    const request = () => generateObject(asks(of, "nonsense", { schema: Place }));
    const error = await refused(NoObjectGeneratedError, request);
    assert.equal(error.text, '{"city": 4}');
  },
  async a_file_is_taken({ of }) {
    const data = Buffer.from("iVBORw0KGgo=", "base64");
    const content = [{ type: "text", text: "Hello" }, { type: "file", data, mediaType: "image/png" }];
    const messages = [{ role: "user", content }];
    const result = await generateText({ model: of(SCRIPTED), messages, maxRetries: 0 });
    assert.equal(result.text, REPLY);
  },
  async a_wrong_key_is_an_error({ without }) {
    const request = () => generateText({ model: without(), prompt: "Hello", maxRetries: 0 });
    const error = await refused(APICallError, request);
    assert.deepEqual([error.statusCode, error.isRetryable], [401, false]);
    assert.equal(error.data.error.code, "invalid_api_key");
    assert.equal(error.message, error.data.error.message);
  },
  async an_unknown_model_is_an_error({ of }) {
    const request = () => generateText({ model: of("gpt-4o"), prompt: "Hello", maxRetries: 0 });
    const error = await refused(APICallError, request);
    assert.deepEqual([error.statusCode, error.data.error.code], [404, "model_not_found"]);
    assert.match(error.responseHeaders["x-request-id"], /^req_/);
  },
  async an_error_says_why({ of }) {
    const error = await refused(APICallError, () => generateText(asks(of, "fail: rejected")));
    assert.equal(error.statusCode, 400);
    assert.match(error.message, /No such voice\./);
  },
  async a_rate_limit_is_retried_when_it_says({ of }) {
    const begun = performance.now();
    const request = asks(of, "fail: rate limit", { maxRetries: 1 });
    const error = await refused(RetryError, () => generateText(request));
    assert.deepEqual(error.errors.map((attempt) => attempt.statusCode), [429, 429]);
    // Left to itself the SDK waits two seconds.
    assert.ok(performance.now() - begun >= 3000, "the second attempt came too early");
  },
  async an_error_before_a_stream_is_a_part({ of }) {
    const parts = await all(streamed(asks(of, "fail: rejected")).stream);
    const [error] = parts.filter((part) => part.type === "error");
    assert.ok(error.error instanceof APICallError, `${error}`);
    assert.equal(error.error.statusCode, 400);
  },
  async an_error_midway_is_a_part({ of }) {
    const parts = await all(streamed(asks(of, "break off")).stream);
    assert.deepEqual(text(parts), ["half an"]);
    assert.equal(parts.filter((part) => part.type === "error").length, 1, JSON.stringify(parts));
  },
  async an_abort_before_an_answer({ of }) {
    const hangUp = new AbortController();
    const answer = generateText(asks(of, "slow", { abortSignal: hangUp.signal }));
    hangUp.abort();
    assert.equal((await refused(DOMException, () => answer)).name, "AbortError");
    assert.equal((await generateText(asks(of, "Hello"))).text, REPLY);
  },
  async an_abort_midway({ of }) {
    const hangUp = new AbortController();
    const parts = [];
    for await (const part of streamed(asks(of, "count for long", { abortSignal: hangUp.signal })).stream) {
      parts.push(part);
      if (part.type === "text-delta") hangUp.abort();
    }
    assert.deepEqual(text(parts), ["one"]);
    assert.equal(parts.at(-1).type, "abort");
  },
};

for (const [area, model] of Object.entries(models)) {
  for (const [name, test] of Object.entries(behaviour)) await check(`${area}.${name}`, () => test(model));
}

// OpenAI's own chat has no thoughts to show; its provider has no field for them there.
for (const area of ["responses", "compatible"]) {
  const { of } = models[area];
  await check(`${area}.thoughts_are_apart_from_the_text`, async () => {
    const result = await generateText(asks(of, "think"));
    assert.deepEqual([result.reasoningText, result.text], ["They want a number.", "42"]);
  });
  await check(`${area}.thoughts_come_before_the_text`, async () => {
    const parts = await all(streamed(asks(of, "think")).stream);
    const told = parts.filter((part) => /^(reasoning|text)-(start|delta|end)$/.test(part.type));
    const written = told.filter((part) => part.text).map((part) => [part.type, part.text]);
    assert.deepEqual(written, [["reasoning-delta", "They want a number."], ["text-delta", "42"]]);
  });
}
