// A turn of a conversation as LibreChat makes it with its agents package.

import {
  createContentAggregator, GraphEvents, ModelEndHandler, Providers, Run, ToolEndHandler,
} from "@librechat/agents";
import { HumanMessage } from "@librechat/agents/langchain/messages";
import { tool } from "@librechat/agents/langchain/tools";

export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const USER = "65f0c0ffee";
const CONVERSATION = { configurable: { thread_id: "conversation", user_id: USER }, version: "v2" };
const SHOWN = [
  GraphEvents.ON_RUN_STEP, GraphEvents.ON_RUN_STEP_DELTA, GraphEvents.ON_RUN_STEP_COMPLETED,
  GraphEvents.ON_MESSAGE_DELTA, GraphEvents.ON_REASONING_DELTA,
];

/** Every request, in order. */
export const sent = [];

/** What LibreChat makes of a custom endpoint in its config and of the user's settings. */
export function endpoint(settings = {}) {
  const { baseURL = process.env.OPENAI_BASE_URL, headers, ...more } = settings;
  return {
    model: SCRIPTED,
    apiKey: process.env.OPENAI_API_KEY,
    user: USER,
    streaming: true,
    streamUsage: true,
    ...more,
    configuration: { baseURL, defaultHeaders: headers, fetch: noting },
  };
}

function noting(address, init) {
  const path = new URL(address).pathname;
  sent.push({ path, headers: new Headers(init.headers), body: JSON.parse(init.body) });
  return fetch(address, init);
}

/**
 * What a turn shows: the parts of the answer, the events it came in, and its tokens.
 *
 * `history` are the messages before it, `settings` those of `endpoint`.
 */
export async function turn(text, { history = [], instructions, onEvent, settings, signal, tools } = {}) {
  const { contentParts: parts, aggregateContent } = createContentAggregator();
  const events = [];
  const usage = [];
  const note = (event, data) => {
    aggregateContent({ event, data });
    events.push(event);
    onEvent?.(event);
  };
  const run = await make({ tools, instructions, clientOptions: endpoint(settings) }, {
    ...Object.fromEntries(SHOWN.map((event) => [event, { handle: note }])),
    [GraphEvents.CHAT_MODEL_END]: new ModelEndHandler(usage),
    [GraphEvents.TOOL_END]: new ToolEndHandler(),
  });
  const message = typeof text === "string" ? new HumanMessage(text) : new HumanMessage({ content: text });
  const failed = await run
    .processStream({ messages: [...history, message] }, { ...CONVERSATION, recursionLimit: 10, signal })
    .then(() => undefined, (error) => error);
  return { parts, events, usage, failed, text: textOf(parts), messages: run.getRunMessages() };
}

/** The turn's answer; one that fails is no answer. */
export async function answer(text, options) {
  const shown = await turn(text, options);
  if (shown.failed) throw shown.failed;
  return shown;
}

/** What a turn fails with. */
export async function failure(text, options) {
  const { failed, text: said } = await turn(text, options);
  if (!failed) throw new Error(`no failure, but: ${said}`);
  return failed;
}

/** The title of a conversation that begins with `text`. */
export async function title(text, titleMethod, settings = {}) {
  const clientOptions = { ...endpoint(settings), streaming: false };
  const run = await make({ clientOptions });
  return run.generateTitle({
    provider: Providers.OPENAI,
    inputText: text,
    contentParts: [{ type: "text", text: "It is cold." }],
    titleMethod,
    clientOptions,
    chainOptions: CONVERSATION,
  });
}

function make(agent, customHandlers) {
  return Run.create({
    runId: crypto.randomUUID(),
    graphConfig: { type: "standard", agents: [{ agentId: "agent", provider: Providers.OPENAI, ...agent }] },
    customHandlers,
    returnContent: true,
  });
}

export function textOf(parts) {
  return parts.filter((part) => part?.type === "text").map((part) => part.text).join("");
}

/** Two tools; `called` gets what they were called with. */
export function tools(called = []) {
  const offer = (name, properties, reply) => tool((given) => {
    called.push([name, given]);
    return reply;
  }, { name, description: `Tells the ${name}.`, schema: schema(properties) });
  return [
    offer("weather", { city: { type: "string" }, unit: { type: "string" } }, "4 degrees"),
    offer("now", {}, "It is noon, and 4 degrees."),
  ];
}

function schema(properties) {
  return { type: "object", properties, required: Object.keys(properties) };
}
