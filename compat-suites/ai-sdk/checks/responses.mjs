// What only the responses model of OpenAI's provider does.

import assert from "node:assert/strict";
import { generateText, isStepCount, streamText, tool } from "ai";
import { z } from "zod";
import { check } from "../../support/checks.mjs";
import { MAIN, REPLY, SCRIPTED, all, openai } from "./providers.mjs";

const now = tool({ description: "The time.", inputSchema: z.object({}), execute: async () => "noon" });
const weather = tool({ inputSchema: z.object({ city: z.string() }), execute: async () => "4 degrees" });

function asked(prompt, options = {}, model = SCRIPTED) {
  return generateText({ model: openai(model), prompt, maxRetries: 0, providerOptions: { openai: options } });
}

await check("responses.are_continued_by_id", async () => {
  const story = "My name is Ada, and I live in a small house by the sea with two cats and a dog.";
  const first = await asked(story, {}, MAIN);
  const { responseId: previousResponseId } = first.providerMetadata.openai;
  assert.match(previousResponseId, /^resp_/);
  const second = await asked("And now?", { previousResponseId }, MAIN);
  assert.ok(second.usage.inputTokens > first.usage.inputTokens);
});

await check("responses.text_has_an_id_of_its_item", async () => {
  const { content } = await asked("Hello");
  assert.match(content[0].providerMetadata.openai.itemId, /^msg_/);
});

await check("responses.options_are_taken", async () => {
  const result = await asked("Hello", {
    store: false, include: ["reasoning.encrypted_content"], reasoningEffort: "low", reasoningSummary: "auto",
    parallelToolCalls: false, metadata: { of: "checks" }, user: "someone", serviceTier: "auto",
    textVerbosity: "low", truncation: "auto", forceReasoning: true, instructions: "Be brief.",
  });
  assert.equal(result.text, REPLY);
});

await check("responses.steps_that_are_kept_nowhere", async () => {
  const result = await generateText({
    model: openai(SCRIPTED), prompt: "weather in both", tools: { weather, now }, stopWhen: isStepCount(3),
    maxRetries: 0, providerOptions: { openai: { store: false } },
  });
  assert.equal(result.text, "Cold there, and it is noon.");
});

await check("responses.thoughts_are_played_back", async () => {
  const options = { store: false, include: ["reasoning.encrypted_content"] };
  const first = await asked("think", options);
  const messages = [
    { role: "user", content: "think" }, ...first.response.messages, { role: "user", content: "Hello" },
  ];
  const second = await generateText({
    model: openai(SCRIPTED), messages, maxRetries: 0, providerOptions: { openai: options },
  });
  assert.equal(second.text, REPLY);
});

await check("responses.stream_names_its_response", async () => {
  const result = streamText({ model: openai(SCRIPTED), prompt: "count", maxRetries: 0 });
  await all(result.textStream);
  const { responseId } = (await result.providerMetadata).openai;
  assert.match(responseId, /^resp_/);
  assert.equal((await result.response).id, responseId);
});
