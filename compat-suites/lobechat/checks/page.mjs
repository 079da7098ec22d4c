// What the page runs: OpenAI's SDK, and LobeChat's runtime as its "request from the browser" makes it.

import OpenAI from "openai";
import { ask } from "./asking.mjs";
import * as lobechat from "./runtime.mjs";

globalThis.client = {
  openai: (apiKey, baseURL) => new OpenAI({ apiKey, baseURL, dangerouslyAllowBrowser: true, maxRetries: 0 }),
  runtime: (apiKey, baseURL) => lobechat.ModelRuntime.initializeWithProvider(
    "openai", { apiKey, baseURL, dangerouslyAllowBrowser: true }),
  ask: (runtime, payload) => ask(lobechat, runtime, payload),
};
