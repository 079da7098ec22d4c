// What LobeChat shows when something fails: its own kinds of errors, from our statuses and codes.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { ask as asked } from "./asking.mjs";
import { says, SCRIPTED } from "./asked.mjs";
import { ask, lobechat, refusal, runtime, shownError } from "./harness.mjs";

function through(options) {
  const other = runtime({ maxRetries: 0, ...options });
  return (payload) => asked(lobechat, other, { model: SCRIPTED, ...payload });
}

await check("errors.a_wrong_key", async () => {
  const error = await shownError({ messages: says("Hello") }, through({ apiKey: "wrong" }));
  assert.equal(error.type, "InvalidProviderAPIKey");
  assert.equal(error.body.error.code, "invalid_api_key");
});

await check("errors.a_wrong_key_for_the_list", async () => {
  const error = await runtime({ apiKey: "wrong" }).models().catch((error) => error);
  assert.equal(error.status, 401);
});

await check("errors.an_unknown_model", async () => {
  const error = await shownError({ model: "gpt-4o-mini", messages: says("Hello") });
  assert.equal(error.type, "ModelNotFound");
  assert.match(error.body.error.message, /gpt-4o-mini/);
});

await check("errors.too_much_for_the_model", async () => {
  assert.equal((await shownError({ messages: says("fail: context") })).type, "ExceededContextWindow");
});

await check("errors.the_message_of_a_refusal_is_kept", async () => {
  const error = await shownError({ messages: says("fail: rejected") });
  assert.deepEqual([error.type, error.body.error.message], ["ProviderBizError", "No such voice."]);
});

await check("errors.too_many_requests", async () => {
  const error = await shownError({ messages: says("fail: rate limit") }, through({}));
  assert.deepEqual([error.type, error.body.error.code], ["ProviderBizError", "rate_limit_exceeded"]);
});

await check("errors.a_failure_on_the_way", async () => {
  const shown = await ask({ messages: says("break off") });
  assert.deepEqual([shown.text, shown.type], ["half an", "error"]);
  assert.deepEqual(shown.errors.map((error) => error.type), ["ProviderBizError"]);
  assert.match(shown.errors[0].message, /failed/);
});

await check("errors.an_empty_chat", async () => {
  const refused = await refusal(runtime().chat({ model: SCRIPTED, messages: [] }));
  assert.deepEqual([refused.errorType, refused.error.param], ["ProviderBizError", "messages"]);
});
