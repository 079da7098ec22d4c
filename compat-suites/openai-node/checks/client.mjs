// The clients that checks use. They know the gateway from OPENAI_BASE_URL and OPENAI_API_KEY, as users' do.

import OpenAI from "openai";

export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const REPLY = "A scripted reply.";

export const DIMENSIONS = 384;

// Generous, because the local model shares the machine with whatever else runs on it.
const TIMEOUT_MS = 120_000;

export function connected(options = {}) {
  return new OpenAI({ maxRetries: 0, timeout: TIMEOUT_MS, ...options });
}

export const client = connected();

export function says(content) {
  return [{ role: "user", content }];
}

/** A chat answer of the script's. */
export function scripted(content, fields = {}, options = {}) {
  return client.chat.completions.create({ model: SCRIPTED, messages: says(content), ...fields }, options);
}

/** A response of the script's. */
export function responded(input, fields = {}, options = {}) {
  return client.responses.create({ model: SCRIPTED, input, ...fields }, options);
}

/** All of a stream. */
export async function all(stream) {
  const items = [];
  for await (const item of await stream) items.push(item);
  return items;
}
