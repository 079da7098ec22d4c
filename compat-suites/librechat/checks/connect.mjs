// The README's block as librechat.yaml, read and judged by LibreChat's own schema.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { TitleMethod } from "@librechat/agents";
import yaml from "js-yaml";
import { configSchema, extractEnvVariable } from "librechat-data-provider";
import { check } from "../../support/checks.mjs";
import { answer, sent, title } from "./harness.mjs";
import { listed } from "./models.mjs";

await check("connect.as_written", async () => {
  const config = configSchema.strict().parse(yaml.load(readFileSync(process.env.CONFIG_PATH, "utf8")));
  const [custom] = config.endpoints.custom;
  const settings = { baseURL: extractEnvVariable(custom.baseURL), apiKey: extractEnvVariable(custom.apiKey) };
  assert(custom.models.fetch, "the list is not asked for");
  const [model] = custom.models.default;
  assert((await listed(settings)).includes(model), `${model} is not listed`);
  const shown = await answer("Hello", { settings: { ...settings, model } });
  assert(shown.text.trim(), JSON.stringify(shown.parts));
  assert.equal(sent.at(-1).body.model, model);
  const made = await title("Hello", TitleMethod.COMPLETION, { ...settings, model: custom.titleModel });
  assert(custom.titleConvo && made.title.trim(), JSON.stringify(made));
});
