// Answers in a form that was asked for, read by the SDK's zod helpers.

import assert from "node:assert/strict";
import { zodResponseFormat, zodResponsesFunction, zodTextFormat } from "openai/helpers/zod";
import { z } from "zod";
import { check } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, client, says } from "./client.mjs";

const Place = z.object({ city: z.string(), degrees: z.number() });
const OSLO = { city: "Oslo", degrees: 4 };
const Capital = z.object({ capital: z.boolean(), size: z.enum(["small", "large"]) });

await check("structured.chat_parse", async () => {
  const completion = await client.chat.completions.parse({
    model: SCRIPTED, messages: says("Oslo as JSON"), response_format: zodResponseFormat(Place, "place"),
  });
  assert.deepEqual(completion.choices[0].message.parsed, OSLO);
});

await check("structured.chat_parse_with_the_local_model", async () => {
  const completion = await client.chat.completions.parse({
    model: MAIN, messages: says("Describe Paris."), max_tokens: 200, temperature: 0,
    response_format: zodResponseFormat(Capital, "capital"),
  });
  Capital.parse(completion.choices[0].message.parsed);
});

await check("structured.chat_stream", async () => {
  const stream = client.chat.completions.stream({
    model: MAIN, messages: says("Describe Paris."), max_tokens: 200, temperature: 0,
    response_format: zodResponseFormat(Capital, "capital"),
  });
  Capital.parse((await stream.finalMessage()).parsed);
});

await check("structured.json_mode_with_the_local_model", async () => {
  const { choices: [choice] } = await client.chat.completions.create({
    model: MAIN, messages: says("Name a city as JSON."), max_tokens: 60, temperature: 0,
    response_format: { type: "json_object" },
  });
  assert.match(choice.message.content, /^\s*\{/);
  // What was cut off is the beginning of an object, and no more can be asked of it.
  if (choice.finish_reason !== "length") assert.equal(typeof JSON.parse(choice.message.content), "object");
});

await check("structured.response_parse", async () => {
  const response = await client.responses.parse({
    model: SCRIPTED, input: "Oslo as JSON", text: { format: zodTextFormat(Place, "place") },
  });
  assert.deepEqual(response.output_parsed, OSLO);
  assert.equal(response.text.format.type, "json_schema");
  assert.equal(response.text.format.name, "place");
});

await check("structured.response_parse_with_the_local_model", async () => {
  const response = await client.responses.parse({
    model: MAIN, input: "Describe Paris.", max_output_tokens: 200, temperature: 0,
    text: { format: zodTextFormat(Capital, "capital") },
  });
  Capital.parse(response.output_parsed);
});

await check("structured.response_stream", async () => {
  const stream = client.responses.stream({
    model: SCRIPTED, input: "Oslo as JSON", text: { format: zodTextFormat(Place, "place") },
  });
  assert.deepEqual((await stream.finalResponse()).output_parsed, OSLO);
});

await check("structured.response_tool_arguments", async () => {
  const weather = zodResponsesFunction({
    name: "weather", parameters: z.object({ city: z.string(), unit: z.string() }),
  });
  const request = { model: SCRIPTED, input: "weather in Oslo", tools: [weather] };
  const response = await client.responses.parse(request);
  assert.deepEqual(response.output[0].parsed_arguments, { city: "Oslo", unit: "°C" });
});
