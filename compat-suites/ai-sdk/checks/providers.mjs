// The SDK's two ways to the gateway: OpenAI's provider, and the one for servers compatible with it.

import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";

const baseURL = process.env.OPENAI_BASE_URL;
const apiKey = process.env.OPENAI_API_KEY;

export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const REPLY = "A scripted reply.";

export function openaiWith(settings = {}) {
  return createOpenAI({ baseURL, apiKey, ...settings });
}

export function compatibleWith(settings = {}) {
  return createOpenAICompatible({
    name: "openclaw", baseURL, apiKey, includeUsage: true, supportsStructuredOutputs: true, ...settings,
  });
}

export const openai = openaiWith();
export const compatible = compatibleWith();

export async function all(stream) {
  const items = [];
  for await (const item of stream) items.push(item);
  return items;
}
