// What LibreChat is told when something fails: the classes of OpenAI's SDK.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { failure, turn } from "./harness.mjs";

async function told(text, settings) {
  const { constructor, status, code } = await failure(text, { settings: { maxRetries: 0, ...settings } });
  return [constructor.name, status, code];
}

await check("errors.a_wrong_key", async () => {
  assert.deepEqual(await told("Hello", { apiKey: "wrong" }), ["AuthenticationError", 401, "invalid_api_key"]);
});

await check("errors.an_unknown_model", async () => {
  const [kind, status, code] = await told("Hello", { model: "gpt-4o" });
  assert.deepEqual([kind, status, code], ["NotFoundError", 404, "model_not_found"]);
});

await check("errors.too_much_for_the_model", async () => {
  assert.deepEqual(await told("fail: context"), ["BadRequestError", 400, "context_length_exceeded"]);
});

await check("errors.too_many_requests", async () => {
  assert.deepEqual(await told("fail: rate limit"), ["RateLimitError", 429, "rate_limit_exceeded"]);
});

await check("errors.the_message_of_a_refusal_is_kept", async () => {
  assert.match((await failure("fail: rejected")).message, /No such voice\./);
});

await check("errors.a_failure_on_the_way", async () => {
  const { text, failed } = await turn("break off");
  assert.equal(text, "half an");
  assert.match(failed.message, /failed/);
});
