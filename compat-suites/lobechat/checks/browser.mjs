// LobeChat's "request from the browser" and OpenAI's SDK, in pages of other origins than the gateway's.

import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { chromium } from "playwright-core";
import { check, end } from "../../support/checks.mjs";
import { SCRIPTED, TOOLS, says } from "./asked.mjs";

const { CHROMIUM, PAGES, OPENAI_API_KEY: KEY, OPENAI_BASE_URL: BASE } = process.env;
const PAGE = "http://chat.test";
const STRANGER = "http://stranger.test";
const NAMED = BASE.replace("127.0.0.1", "gateway.test");
const REBOUND = BASE.replace("127.0.0.1", "rebound.test");
const PATIENCE_MILLISECONDS = 120_000;
// No other name leads anywhere.
const RULES = [
  `MAP chat.test ${PAGES}`, `MAP stranger.test ${PAGES}`, "MAP gateway.test 127.0.0.1",
  "MAP rebound.test 127.0.0.1", "MAP * ~NOTFOUND", "EXCLUDE 127.0.0.1",
];
const FLAGS = [
  "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
  "--disable-background-networking", "--disable-component-update", "--disable-sync",
  `--host-resolver-rules=${RULES.join(", ")}`,
];

const browser = await chromium.launch({ executablePath: CHROMIUM, args: FLAGS });
try {
  const listed = await visit(PAGE);
  await sdk(listed);
  await lobechat(listed);
  await hosts(listed);
  await strangers(await visit(STRANGER));
} finally {
  await browser.close();
}
end();

/** A page in a profile of its own, and what its network does. */
async function visit(origin) {
  const page = await (await browser.newContext()).newPage();
  page.setDefaultTimeout(PATIENCE_MILLISECONDS);
  const network = await page.context().newCDPSession(page);
  const seen = { requests: [], statuses: new Map(), refusals: [], news: new EventEmitter() };
  const watch = (event, note) => network.on(`Network.${event}`, (told) => {
    note(told);
    seen.news.emit("news");
  });
  watch("requestWillBeSent", ({ requestId, request }) =>
    seen.requests.push({ id: requestId, method: request.method, url: request.url }));
  watch("responseReceivedExtraInfo", ({ requestId, statusCode }) => seen.statuses.set(requestId, statusCode));
  watch("loadingFailed", ({ corsErrorStatus }) => seen.refusals.push(corsErrorStatus?.corsError));
  await network.send("Network.enable");
  await page.goto(`${origin}/`);
  await page.waitForFunction(() => globalThis.client);
  const run = (work, more = {}) => page.evaluate(work, { key: KEY, base: BASE, model: SCRIPTED, ...more });
  return { page, seen, run };
}

/** What `look` finds in what the network did, once it is told: that may be after the page knows. */
async function told(seen, look) {
  const guard = AbortSignal.timeout(PATIENCE_MILLISECONDS);
  for (;;) {
    const found = look(seen);
    if (found) return found;
    await once(seen.news, "news", { signal: guard });
  }
}

async function sdk({ seen, run }) {
  await check("sdk.the_browser_asks_first_and_is_let_in", async () => {
    const ids = await run(async ({ key, base }) => {
      const openai = client.openai(key, base);
      return (await openai.models.list()).data.map((model) => model.id);
    });
    assert(ids.includes("openclaw/default"), ids.join());
    const answered = (method) => told(seen, ({ requests, statuses }) => statuses.get(
      requests.find((request) => request.method === method && request.url === `${BASE}/models`)?.id));
    assert.deepEqual([await answered("OPTIONS"), await answered("GET")], [204, 200]);
  });

  await check("sdk.the_local_model_streams", async () => {
    const pieces = await run(async ({ key, base, messages }) => {
      const openai = client.openai(key, base);
      const asked = { model: "openclaw/default", messages, stream: true, max_tokens: 16, temperature: 0 };
      const pieces = [];
      for await (const chunk of await openai.chat.completions.create(asked)) {
        pieces.push(chunk.choices[0].delta.content ?? "");
      }
      return pieces;
    }, { messages: says("Tell me about Paris.") });
    assert(pieces.filter(Boolean).length > 3, JSON.stringify(pieces));
  });

  await check("sdk.a_whole_answer_with_its_request_id", async () => {
    const { text, id, milliseconds } = await run(async ({ key, base, model, messages }) => {
      const openai = client.openai(key, base);
      const { data, response, request_id: id } =
        await openai.chat.completions.create({ model, messages }).withResponse();
      const milliseconds = response.headers.get("openai-processing-ms");
      return { text: data.choices[0].message.content, id, milliseconds };
    }, { messages: says("count") });
    assert.equal(text, "one, two, three");
    assert.match(id, /^req_/);
    assert.match(milliseconds, /^\d+$/);
  });

  await check("sdk.one_model_by_its_name", async () => {
    const id = await run(async ({ key, base }) => {
      const openai = client.openai(key, base);
      return (await openai.models.retrieve("openclaw/default")).id;
    });
    assert.equal(id, "openclaw/default");
  });

  await check("sdk.responses_stream", async () => {
    const types = await run(async ({ key, base, model }) => {
      const openai = client.openai(key, base);
      const types = [];
      for await (const event of await openai.responses.create({ model, input: "count", stream: true })) {
        types.push(event.type);
      }
      return types;
    });
    assert.deepEqual([types[0], types.at(-1)], ["response.created", "response.completed"]);
  });

  await check("sdk.embeddings", async () => {
    const numbers = await run(async ({ key, base }) => {
      const openai = client.openai(key, base);
      const asked = { model: "openclaw/default", input: ["a cat", "a dog"] };
      const { data } = await openai.embeddings.create(asked);
      return data.map((entry) => entry.embedding);
    });
    assert.deepEqual(numbers.map((vector) => vector.length), [384, 384]);
    assert(numbers.flat().every((value) => typeof value === "number"), JSON.stringify(numbers));
  });

  const refused = (more) => run(async ({ key, base, model, text }) => {
    const openai = client.openai(key, base);
    try {
      const messages = [{ role: "user", content: text ?? "Hello" }];
      return await openai.chat.completions.create({ model, messages });
    } catch (error) {
      return { status: error.status, code: error.code, message: error.message, headers: error.headers };
    }
  }, more);

  await check("sdk.a_wrong_key_can_be_read", async () => {
    const { status, code, headers } = await refused({ key: "wrong" });
    assert.deepEqual([status, code], [401, "invalid_api_key"]);
    assert.match(headers["x-request-id"], /^req_/);
  });

  await check("sdk.an_unknown_model_can_be_read", async () => {
    const { status, code, message } = await refused({ model: "gpt-4o" });
    assert.deepEqual([status, code], [404, "model_not_found"]);
    assert.match(message, /gpt-4o/);
  });

  await check("sdk.an_unknown_path_can_be_read", async () => {
    const error = await run(async ({ key, base }) => {
      const openai = client.openai(key, base);
      return openai.get("/nothing").catch(({ status, code }) => ({ status, code }));
    });
    assert.equal(error.status, 404);
  });

  await check("sdk.when_to_try_again_can_be_read", async () => {
    const { status, headers } = await refused({ text: "fail: rate limit" });
    assert.deepEqual([status, headers["retry-after"]], [429, "1"]);
  });
}

async function lobechat({ run }) {
  const ask = (payload, more = {}) => run(
    ({ key, base, payload }) => client.ask(client.runtime(key, base), payload),
    { payload: { model: SCRIPTED, ...payload }, ...more });

  await check("page.models_are_cards", async () => {
    const cards = await run(({ key, base }) => client.runtime(key, base).models());
    const card = cards.find(({ id }) => id === SCRIPTED);
    const { displayName, functionCall, contextWindowTokens } = card;
    assert.deepEqual([displayName, functionCall, contextWindowTokens], ["Written answers", true, 32768]);
  });

  await check("page.the_local_model_answers_in_pieces", async () => {
    const messages = says("Tell me about Paris.");
    const shown = await ask({ model: "openclaw/default", messages, max_tokens: 16 });
    assert(shown.pieces.filter((piece) => piece.type === "text").length > 3, JSON.stringify(shown));
    assert(shown.usage.totalOutputTokens > 3, JSON.stringify(shown.usage));
  });

  await check("page.thoughts_and_usage", async () => {
    const shown = await ask({ messages: says("think") });
    assert.deepEqual([shown.reasoning.content, shown.text], ["They want a number.", "42"]);
    assert.equal(shown.usage.totalTokens, 13);
  });

  await check("page.tools", async () => {
    const { toolCalls } = await ask({ messages: says("weather in both"), tools: TOOLS });
    assert.deepEqual(toolCalls.map((call) => call.id), ["call_oslo", "call_lima", "call_time"]);
  });

  await check("page.responses", async () => {
    const shown = await ask({ messages: says("count"), apiMode: "responses" });
    assert.deepEqual([shown.text, shown.usage.totalTokens], ["one, two, three", 8]);
  });

  await check("page.a_wrong_key", async () => {
    const { errors } = await ask({ messages: says("Hello") }, { key: "wrong" });
    assert.deepEqual(errors.map((error) => error.type), ["InvalidProviderAPIKey"]);
  });

  await check("page.an_unknown_model", async () => {
    const { errors } = await ask({ model: "gpt-4o", messages: says("Hello") });
    assert.deepEqual(errors.map((error) => error.type), ["ModelNotFound"]);
  });

  await check("page.a_failure_on_the_way", async () => {
    const { text, errors } = await ask({ messages: says("break off") });
    assert.equal(text, "half an");
    assert.deepEqual(errors.map((error) => error.type), ["ProviderBizError"]);
  });
}

/** The list of origins opens no other name of the gateway. */
async function hosts({ page, run }) {
  const list = (base) => run(({ key, base }) => {
    const asked = fetch(`${base}/models`, { headers: { authorization: `Bearer ${key}` } });
    return asked.then((reply) => reply.status, (error) => error.name);
  }, { base });

  await check("hosts.a_listed_name_answers", async () => {
    assert.equal(await list(NAMED), 200);
  });

  await check("hosts.another_name_does_not", async () => {
    assert.equal(await list(REBOUND), 421);
  });

  await check("hosts.another_name_cannot_be_visited", async () => {
    const visited = page.waitForResponse(`${REBOUND}/models`);
    await run(({ base }) => {
      document.body.append(Object.assign(document.createElement("iframe"), { src: `${base}/models` }));
    }, { base: REBOUND });
    assert.equal((await visited).status(), 421);
  });
}

async function strangers({ run, seen }) {
  await check("strangers.do_not_get_to_ask", async () => {
    const kind = await run(async ({ key, base, model }) => {
      const openai = client.openai(key, base);
      const asked = { model, messages: [{ role: "user", content: "Hello" }] };
      return openai.chat.completions.create(asked).then(() => "answered", (error) => error.constructor.name);
    });
    assert.match(kind, /^APIConnectionError/);
    assert.equal(await told(seen, ({ refusals }) => refusals[0]), "PreflightMissingAllowOriginHeader");
    // The browser knows of the request, but did not send it.
    const { id } = seen.requests.find(({ method }) => method === "POST");
    assert.equal(seen.statuses.get(id), undefined);
  });

  await check("strangers.cannot_read_a_refusal", async () => {
    const kind = await run(({ base }) => fetch(`${base}/models`).then(() => "read", (error) => error.name));
    assert.equal(kind, "TypeError");
    assert.equal(await told(seen, ({ refusals }) => refusals[1]), "MissingAllowOriginHeader");
  });
}
