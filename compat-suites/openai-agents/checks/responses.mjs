// Agents on `OpenAIResponsesModel`, the SDK's default, and what it alone can do.

import assert from "node:assert/strict";
import { Agent, OpenAIProvider, OpenAIResponsesModel, Runner, run } from "@openai/agents";
import { check } from "../../support/checks.mjs";
import { REPLY, SCRIPTED, STORY, checks, client, local, read, scripted, tools } from "./behaviour.mjs";

const kind = (model) => new OpenAIResponsesModel(client, model);

await checks("javascript_responses", kind);

await check("javascript_responses.the_provider_takes_models_by_name", async () => {
  const runner = new Runner({ modelProvider: new OpenAIProvider({ openAIClient: client }) });
  const result = await runner.run(new Agent({ name: "assistant", model: SCRIPTED }), "Hello");
  assert.equal(result.finalOutput, REPLY);
});

await check("javascript_responses.answers_have_ids", async () => {
  const result = await run(scripted(kind), "Hello");
  assert.match(result.lastResponseId, /^resp_/);
  assert.match(result.newItems[0].rawItem.id, /^msg_/);
});

await check("javascript_responses.thoughts_are_an_item", async () => {
  const result = await run(scripted(kind), "think");
  assert.deepEqual(result.newItems.map((item) => item.type), ["reasoning_item", "message_output_item"]);
  assert.equal(result.newItems[0].rawItem.content[0].text, "They want a number.");
  assert.equal(result.rawResponses[0].usage.outputTokensDetails[0].reasoning_tokens, 7);
});

await check("javascript_responses.goes_on_by_the_previous_response", async () => {
  const agent = local(kind);
  const first = await run(agent, STORY);
  const second = await run(agent, "And now?", { previousResponseId: first.lastResponseId });
  assert.ok(read(second) > read(first), `${[read(first), read(second)]}`);
});

await check("javascript_responses.tools_go_on_by_the_previous_response", async () => {
  const { called, tools: mine } = tools();
  const agent = scripted(kind, { tools: mine });
  const { lastResponseId: previousResponseId } = await run(agent, "Hello");
  const result = await run(agent, "weather in both", { previousResponseId });
  assert.deepEqual(called.sort(), ["Lima", "Oslo", "now"]);
  assert.equal(result.finalOutput, "Cold there, and it is noon.");
  const kept = await client.responses.retrieve(result.lastResponseId);
  assert.equal(kept.previous_response_id, result.rawResponses[0].responseId);
});

await check("javascript_responses.goes_on_by_the_name_of_a_conversation", async () => {
  const agent = local(kind);
  const conversationId = "conv_of_ada_in_javascript";
  const first = await run(agent, STORY, { conversationId });
  const second = await run(agent, "And now?", { conversationId });
  assert.ok(read(second) > read(first), `${[read(first), read(second)]}`);
});
