// Titles of conversations, by each method of `titleMethod`.

import assert from "node:assert/strict";
import { TitleMethod } from "@librechat/agents";
import { check } from "../../support/checks.mjs";
import { MAIN, sent, title } from "./harness.mjs";

await check("titles.of_a_completion", async () => {
  assert.deepEqual(await title("a talk about Lima", TitleMethod.COMPLETION), { title: "Weather in Lima" });
  assert.notEqual(sent.at(-1).body.stream, true);
});

await check("titles.of_the_local_model", async () => {
  const made = await title("Hello", TitleMethod.COMPLETION, { model: MAIN, maxTokens: 16, temperature: 0 });
  assert(made.title.trim(), JSON.stringify(made));
});

await check("titles.by_schema", async () => {
  const made = await title("a talk about Oslo", TitleMethod.STRUCTURED);
  assert.deepEqual(made, { title: "Weather in Oslo", language: "English" });
  assert.equal(sent.at(-1).body.response_format.type, "json_schema");
});

await check("titles.by_schema_through_responses", async () => {
  const made = await title("a talk about Oslo", TitleMethod.STRUCTURED, { useResponsesApi: true });
  assert.deepEqual(made, { title: "Weather in Oslo", language: "English" });
  assert.equal(sent.at(-1).body.text.format.type, "json_schema");
});
