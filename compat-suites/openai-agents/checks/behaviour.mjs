// Agents of JavaScript's SDK, and what both of its models have to do on the gateway.

import assert from "node:assert/strict";
import { Agent, MemorySession, ModelBehaviorError, OpenAIResponsesModel, run, tool } from "@openai/agents";
import OpenAI from "openai";
import { z } from "zod";
import { check, refused } from "../../support/checks.mjs";

export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const REPLY = "A scripted reply.";
export const STORY = "My name is Ada, and I live in a small house by the sea with two cats and a dog.";

export const client = new OpenAI({ maxRetries: 0, timeout: 120_000 });
const Place = z.object({ city: z.string(), degrees: z.number() });

export function tools() {
  const called = [];
  const weather = tool({
    name: "weather", description: "The weather in a city.", parameters: z.object({ city: z.string() }),
    execute: ({ city }) => (called.push(city), "4 degrees"),
  });
  const now = tool({
    name: "now", description: "The time.", parameters: z.object({}),
    execute: () => (called.push("now"), "noon"),
  });
  return { called, tools: [weather, now] };
}

/** An agent on a model that `kind` makes of a name. */
export function scripted(kind, options = {}) {
  return new Agent({ name: "assistant", instructions: "Be brief.", model: kind(SCRIPTED), ...options });
}

export function local(kind) {
  const modelSettings = { maxTokens: 24, temperature: 0 };
  return new Agent({ name: "assistant", model: kind(MAIN), modelSettings });
}

export async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}

/** How many tokens the last request of a run had as its input. */
export function read(result) {
  return result.rawResponses.at(-1).usage.inputTokens;
}

function types(result) {
  return result.newItems.map((item) => item.type);
}

const behaviour = {
  async the_local_model_says_something(kind) {
    const result = await run(local(kind), "What is the capital of France?");
    assert.ok(result.finalOutput.trim());
    const { usage } = result.runContext;
    assert.ok(usage.requests === 1 && usage.inputTokens > 0 && usage.outputTokens > 0, JSON.stringify(usage));
    assert.equal(usage.totalTokens, usage.inputTokens + usage.outputTokens);
  },
  async the_local_model_comes_in_pieces(kind) {
    const result = await run(local(kind), "Tell me of Paris.", { stream: true });
    const pieces = await all(result.toTextStream());
    await result.completed;
    assert.ok(pieces.length > 3, `${pieces}`);
    assert.equal(pieces.join(""), result.finalOutput);
  },
  async tools_are_called_and_answered(kind) {
    const { called, tools: mine } = tools();
    const result = await run(scripted(kind, { tools: mine }), "weather in Oslo");
    assert.deepEqual([called, result.finalOutput], [["Oslo"], "It is cold in Oslo."]);
    assert.deepEqual(types(result), ["tool_call_item", "tool_call_output_item", "message_output_item"]);
    assert.equal(result.runContext.usage.totalTokens, 66);
  },
  async parallel_tools_are_called_and_answered(kind) {
    const { called, tools: mine } = tools();
    const result = await run(scripted(kind, { tools: mine }), "weather in both");
    assert.deepEqual(called.sort(), ["Lima", "Oslo", "now"]);
    assert.equal(result.finalOutput, "Cold there, and it is noon.");
  },
  async tools_are_called_while_streaming(kind) {
    const { called, tools: mine } = tools();
    const result = await run(scripted(kind, { tools: mine }), "weather in both", { stream: true });
    const events = await all(result);
    assert.deepEqual(called.sort(), ["Lima", "Oslo", "now"]);
    assert.equal(result.finalOutput, "Cold there, and it is noon.");
    const names = events.filter((event) => event.type === "run_item_stream_event").map((event) => event.name);
    assert.equal(names.filter((name) => name === "tool_called").length, 3);
    const calls = result.newItems.filter((item) => item.type === "tool_call_item");
    assert.deepEqual(calls.map((item) => item.rawItem.callId), ["call_oslo", "call_lima", "call_time"]);
  },
  async pieces_are_the_models_own(kind) {
    const result = await run(scripted(kind), "count", { stream: true });
    assert.deepEqual(await all(result.toTextStream()), ["one", ", two", ", three"]);
    await result.completed;
    assert.equal(result.runContext.usage.totalTokens, 8);
  },
  async usage_has_details(kind) {
    const { usage } = (await run(scripted(kind), "count")).rawResponses[0];
    assert.equal(usage.inputTokensDetails[0].cached_tokens, 2);
  },
  async handoff_to_another_agent(kind) {
    const specialist = scripted(kind, { name: "specialist" });
    const result = await run(scripted(kind, { handoffs: [specialist] }), "I need a specialist");
    assert.equal(result.lastAgent, specialist);
    assert.equal(result.finalOutput, "The specialist speaks.");
  },
  async handoff_while_streaming(kind) {
    const specialist = scripted(kind, { name: "specialist" });
    const triage = scripted(kind, { handoffs: [specialist] });
    const result = await run(triage, "I need a specialist", { stream: true });
    const events = (await all(result)).filter((event) => event.type === "agent_updated_stream_event");
    assert.equal(events.at(-1).agent.name, "specialist");
    assert.equal(result.finalOutput, "The specialist speaks.");
  },
  async structured_output(kind) {
    const result = await run(scripted(kind, { outputType: Place }), "Oslo as JSON");
    assert.deepEqual(result.finalOutput, { city: "Oslo", degrees: 4 });
  },
  async a_session_remembers(kind) {
    const session = new MemorySession();
    const agent = local(kind);
    const first = await run(agent, STORY, { session });
    const second = await run(agent, "And now?", { session });
    assert.ok(read(second) > read(first), `${[read(first), read(second)]}`);
  },
  async a_session_with_tools_goes_on(kind) {
    const session = new MemorySession();
    const agent = scripted(kind, { tools: tools().tools });
    for (const text of ["weather in both", "think"]) await run(agent, text, { session });
    assert.equal((await run(agent, "Hello", { session })).finalOutput, REPLY);
    const kinds = (await session.getItems()).map((item) => item.type);
    assert.equal(kinds.filter((kind) => kind === "function_call_result").length, 3);
  },
  async history_is_played_back(kind) {
    const agent = scripted(kind, { tools: tools().tools });
    const { history } = await run(agent, "weather in Oslo");
    const result = await run(agent, [...history, { role: "user", content: "Hello" }]);
    assert.equal(result.finalOutput, REPLY);
  },
  async a_rate_limit_is_the_sdks_own_error(kind) {
    const error = await refused(OpenAI.RateLimitError, () => run(scripted(kind), "fail: rate limit"));
    assert.deepEqual([error.status, error.code], [429, "rate_limit_exceeded"]);
  },
  async an_unknown_model_is_the_sdks_own_error(kind) {
    const agent = new Agent({ name: "nobody", model: kind("gpt-4o") });
    assert.equal((await refused(OpenAI.NotFoundError, () => run(agent, "Hello"))).code, "model_not_found");
  },
  async a_stream_that_breaks_off_is_an_error(kind) {
    const result = await run(scripted(kind), "break off", { stream: true });
    const pieces = [];
    const ofResponses = kind(SCRIPTED) instanceof OpenAIResponsesModel;
    const error = await refused(ofResponses ? ModelBehaviorError : OpenAI.APIError, async () => {
      for await (const piece of result.toTextStream()) pieces.push(piece);
      await result.completed;
    });
    assert.deepEqual(pieces, ["half an"]);
    assert.match(error.message, ofResponses ? /"response\.failed"/ : /The provider `scripted` failed\./);
  },
  async an_abort_ends_the_run(kind) {
    const hangUp = new AbortController();
    const result = await run(scripted(kind), "count for long", { stream: true, signal: hangUp.signal });
    const pieces = [];
    for await (const piece of result.toTextStream()) {
      pieces.push(piece);
      hangUp.abort();
    }
    assert.deepEqual([pieces, result.cancelled], [["one"], true]);
  },
};

/** All of the behaviour as checks of an area. */
export async function checks(area, kind) {
  for (const [name, test] of Object.entries(behaviour)) await check(`${area}.${name}`, () => test(kind));
}
