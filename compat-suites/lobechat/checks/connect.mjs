// The README's lines, read by what reads them on LobeChat's server.

import assert from "node:assert/strict";
import { check, end } from "../../support/checks.mjs";
import { says } from "./asked.mjs";
import { ask } from "./asking.mjs";
import { lobechat } from "./harness.mjs";

await check("connect.as_written", async () => {
  const { openai } = await lobechat.genServerAiProvidersConfig({});
  const offered = openai.serverModelLists.filter((model) => model.enabled);
  const told = offered.map(({ id, displayName, abilities, contextWindowTokens }) =>
    [id, displayName, abilities?.functionCall ?? false, contextWindowTokens]);
  assert.deepEqual(told, [["openclaw", "OpenClaw", false, 16384]]);
  const { provider, model } = lobechat.parseAgentConfig(process.env.DEFAULT_AGENT_CONFIG);
  const runtime = lobechat.initModelRuntimeWithUserPayload(provider, {});
  const shown = await ask(lobechat, runtime, { model, messages: says("Hello") });
  assert.deepEqual([shown.type, shown.errors], ["done", []]);
  assert(shown.text.trim(), JSON.stringify(shown));
  const title = lobechat.parseSystemAgent(process.env.SYSTEM_AGENT).topic;
  const titled = await ask(lobechat, lobechat.initModelRuntimeWithUserPayload(title.provider, {}),
    { model: title.model, messages: says("Give this talk a title: Hello"), stream: false });
  assert(titled.text.trim(), JSON.stringify(titled));
});

end();
