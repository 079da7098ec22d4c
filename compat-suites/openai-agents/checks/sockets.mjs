// Agents on responses over a WebSocket.

import assert from "node:assert/strict";
import { Agent, withResponsesWebSocketSession } from "@openai/agents";
import { check } from "../../support/checks.mjs";
import { MAIN, REPLY, SCRIPTED, client, tools } from "./behaviour.mjs";

/** What a session over one connection makes of it. */
function connected(turns) {
  return withResponsesWebSocketSession(turns, { providerOptions: { openAIClient: client } });
}

await check("javascript_sockets.turns_of_one_connection", () => connected(async (session) => {
  const agent = new Agent({ name: "assistant", model: SCRIPTED });
  const first = await session.run(agent, "count");
  const second = await session.run(agent, "Hello", { previousResponseId: first.lastResponseId });
  assert.deepEqual([first.finalOutput, second.finalOutput], ["one, two, three", REPLY]);
}));

await check("javascript_sockets.tools_are_called_and_answered", () => connected(async (session) => {
  const { called, tools: mine } = tools();
  const agent = new Agent({ name: "assistant", model: SCRIPTED, tools: mine });
  const result = await session.run(agent, "weather in both", { stream: true });
  await result.completed;
  assert.deepEqual(called.sort(), ["Lima", "Oslo", "now"]);
  assert.equal(result.finalOutput, "Cold there, and it is noon.");
}));

await check("javascript_sockets.the_local_model_says_something", () => connected(async (session) => {
  const agent = new Agent({ name: "assistant", model: MAIN, modelSettings: { maxTokens: 16, temperature: 0 } });
  assert.ok((await session.run(agent, "What is the capital of France?")).finalOutput.trim());
}));
