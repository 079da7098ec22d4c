// Errors: the SDK's own classes, from statuses, headers and the error object.

import assert from "node:assert/strict";
import OpenAI from "openai";
import { check, refused } from "../../support/checks.mjs";
import { MAIN, REPLY, SCRIPTED, client, connected, responded, says, scripted } from "./client.mjs";

/** What a chat of the script is refused with: an error of exactly this class. */
async function failed(kind, text, fields = {}) {
  const error = await refused(kind, () => scripted(text, fields));
  assert.equal(error.constructor, kind);
  return error;
}

function told(error) {
  return { status: error.status, type: error.type, code: error.code };
}

await check("errors.wrong_key", async () => {
  const error = await refused(OpenAI.AuthenticationError, () => connected({ apiKey: "wrong" }).models.list());
  const expected = { status: 401, type: "authentication_error", code: "invalid_api_key" };
  assert.deepEqual(told(error), expected);
  assert.equal(error.headers.get("www-authenticate"), "Bearer");
});

await check("errors.no_key", async () => {
  const options = { headers: { Authorization: null } };
  const error = await refused(OpenAI.AuthenticationError, () => client.models.list(options));
  assert.equal(error.code, "invalid_api_key");
});

await check("errors.unknown_model_to_retrieve", async () => {
  const error = await refused(OpenAI.NotFoundError, () => client.models.retrieve("gpt-4o"));
  assert.deepEqual([error.status, error.code, error.param], [404, "model_not_found", "model"]);
});

await check("errors.unknown_model_to_chat_with", async () => {
  const error = await failed(OpenAI.NotFoundError, "Hello", { model: "gpt-4o" });
  assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
  assert.match(error.message, /gpt-4o/);
});

await check("errors.unknown_model_to_embed_with", async () => {
  const request = () => client.embeddings.create({ model: "text-embedding-3-small", input: "a" });
  assert.equal((await refused(OpenAI.NotFoundError, request)).code, "model_not_found");
});

await check("errors.unknown_model_to_respond", async () => {
  const error = await refused(OpenAI.NotFoundError, () => responded("Hello", { model: "gpt-4o" }));
  assert.deepEqual([error.code, error.param], ["model_not_found", "model"]);
});

await check("errors.what_the_gateway_does_not_have", async () => {
  const count = () => client.responses.inputTokens.count({ input: "a" });
  for (const request of [() => client.files.list(), count]) {
    assert.equal((await refused(OpenAI.NotFoundError, request)).code, "not_found");
  }
});

await check("errors.wrong_method", async () => {
  const error = await refused(OpenAI.APIError, () => client.models.delete("openclaw"));
  assert.deepEqual([error.status, error.code], [405, "method_not_allowed"]);
  assert.match(error.headers.get("allow"), /GET/);
});

await check("errors.body_has_the_four_fields", async () => {
  const error = await failed(OpenAI.NotFoundError, "Hello", { model: "gpt-4o" });
  assert.deepEqual(Object.keys(error.error).sort(), ["code", "message", "param", "type"]);
});

await check("errors.success_has_a_request_id", async () => {
  const answer = await scripted("Hello");
  assert.match(answer._request_id, /^req_/);
  const { request_id: id, response } = await client.models.list().withResponse();
  assert.match(id, /^req_/);
  assert.equal(response.headers.get("x-request-id"), id);
});

await check("errors.error_has_a_request_id", async () => {
  const error = await failed(OpenAI.NotFoundError, "Hello", { model: "gpt-4o" });
  assert.match(error.requestID, /^req_/);
});

await check("errors.temperature_out_of_range", async () => {
  const error = await failed(OpenAI.BadRequestError, "Hello", { temperature: 2.5 });
  assert.deepEqual([error.type, error.param], ["invalid_request_error", "temperature"]);
});

await check("errors.wrong_type_is_named_by_its_path", async () => {
  const messages = [...says("Hello"), ...says(5)];
  const error = await failed(OpenAI.BadRequestError, "", { messages });
  assert.deepEqual([error.code, error.param], ["invalid_type", "messages[1].content"]);
});

await check("errors.no_messages", async () => {
  assert.equal((await failed(OpenAI.BadRequestError, "", { messages: [] })).param, "messages");
});

await check("errors.upstream_rate_limit", async () => {
  const error = await failed(OpenAI.RateLimitError, "fail: rate limit");
  assert.deepEqual([error.status, error.code], [429, "rate_limit_exceeded"]);
  assert.equal(error.headers.get("retry-after"), "2");
});

await check("errors.upstream_overloaded", async () => {
  const error = await failed(OpenAI.InternalServerError, "fail: overloaded");
  assert.deepEqual([error.status, error.code], [503, "overloaded"]);
  assert.equal(error.headers.get("retry-after"), "2");
});

await check("errors.upstream_failure_is_a_bad_gateway", async () => {
  const error = await failed(OpenAI.InternalServerError, "fail: unavailable");
  assert.deepEqual([error.status, error.type], [502, "upstream_error"]);
});

await check("errors.upstream_timeout", async () => {
  const error = await failed(OpenAI.InternalServerError, "fail: timeout");
  assert.deepEqual([error.status, error.code], [504, "upstream_timeout"]);
});

await check("errors.upstream_credentials_are_not_the_callers", async () => {
  const error = await failed(OpenAI.InternalServerError, "fail: auth");
  assert.deepEqual([error.status, error.code], [502, "upstream_auth"]);
});

await check("errors.upstream_context_length", async () => {
  assert.equal((await failed(OpenAI.BadRequestError, "fail: context")).code, "context_length_exceeded");
});

await check("errors.upstream_refusal_says_why", async () => {
  assert.match((await failed(OpenAI.BadRequestError, "fail: rejected")).message, /No such voice\./);
});

await check("errors.rate_limit_is_retried_when_it_says", async () => {
  const begun = performance.now();
  const request = { model: SCRIPTED, messages: says("fail: rate limit") };
  await refused(OpenAI.RateLimitError, () => connected({ maxRetries: 1 }).chat.completions.create(request));
  const waited = performance.now() - begun;
  // Left to itself the SDK waits half a second.
  assert.ok(waited >= 2000, `the second attempt came after ${waited} ms`);
});

await check("errors.clients_timeout_leaves_the_gateway_healthy", async () => {
  const request = { model: SCRIPTED, messages: says("slow") };
  const hasty = connected({ timeout: 300 });
  await refused(OpenAI.APIConnectionTimeoutError, () => hasty.chat.completions.create(request));
  assert.equal((await scripted("Hello")).choices[0].message.content, REPLY);
});

await check("errors.abort_before_an_answer", async () => {
  const hangUp = new AbortController();
  const answer = scripted("slow", {}, { signal: hangUp.signal });
  hangUp.abort();
  await refused(OpenAI.APIUserAbortError, () => answer);
  assert.equal((await scripted("Hello")).choices[0].message.content, REPLY);
});

await check("errors.response_that_fails_before_it_begins", async () => {
  const error = await refused(OpenAI.RateLimitError, () => responded("fail: rate limit", { stream: true }));
  assert.equal(error.code, "rate_limit_exceeded");
});

await check("errors.base_url_with_a_slash_at_its_end", async () => {
  const sloped = connected({ baseURL: `${client.baseURL}/` });
  assert.equal((await sloped.models.retrieve(MAIN)).id, MAIN);
});
