// LobeChat's runtime, pointed at the gateway, with what it sent kept.

import { SCRIPTED } from "./asked.mjs";
import { ask as asked } from "./asking.mjs";

/** LobeChat's own code, bundled by `bundle.mjs`. */
export const lobechat = await import(process.env.LOBECHAT_SERVER);

/** Every request body, in order. */
export const sent = [];

/** The runtime of LobeChat's provider "OpenAI", or of another one. */
export function runtime(more = {}, provider = "openai") {
  return lobechat.ModelRuntime.initializeWithProvider(provider, {
    apiKey: process.env.OPENAI_API_KEY,
    baseURL: process.env.OPENAI_BASE_URL,
    fetch: (address, init) => {
      if (init?.body) sent.push(JSON.parse(init.body));
      return fetch(address, init);
    },
    ...more,
  });
}

export function ask(payload, options) {
  return asked(lobechat, runtime(), { model: SCRIPTED, ...payload }, options);
}

/** The one error that is shown instead of an answer. */
export async function shownError(payload, ask_ = ask) {
  const shown = await ask_(payload);
  if (shown.errors.length !== 1) throw new Error(`not one error, but ${JSON.stringify(shown)}`);
  return shown.errors[0];
}

/** What a runtime call is refused with. */
export async function refusal(promise) {
  try {
    const answer = await promise;
    throw new Error(`not refused, but ${JSON.stringify(answer)}`);
  } catch (refused) {
    if (refused instanceof Error) throw refused;
    return refused;
  }
}
