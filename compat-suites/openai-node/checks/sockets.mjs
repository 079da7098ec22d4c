// Responses over a WebSocket.

import assert from "node:assert/strict";
import { ResponsesWS } from "openai/resources/responses/ws";
import { check } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, client } from "./client.mjs";

/** What a request over a connection of its own is told. */
async function told(...requests) {
  const socket = new ResponsesWS(client);
  const events = [];
  try {
    for (const request of requests) {
      await new Promise((done, failed) => {
        socket.on("error", failed);
        socket.on("event", (event) => {
          events.push(event);
          if (["response.completed", "response.incomplete", "response.failed"].includes(event.type)) done();
        });
        const previous = events.at(-1)?.response.id;
        const chained = previous ? { previous_response_id: previous } : {};
        socket.send({ type: "response.create", ...request, ...chained });
      });
    }
  } finally {
    socket.close();
  }
  // Each request added a listener, so that later events were noted more than once.
  return [...new Set(events)];
}

await check("sockets.events_of_a_response", async () => {
  const events = await told({ model: SCRIPTED, input: "count" });
  assert.deepEqual(events.map((event) => event.sequence_number), [...events.keys()]);
  const text = events.flatMap((event) => event.type === "response.output_text.delta" ? [event.delta] : []);
  assert.deepEqual(text, ["one", ", two", ", three"]);
});

await check("sockets.local_model", async () => {
  const request = { model: MAIN, input: "Tell me of Paris.", max_output_tokens: 8, temperature: 0 };
  const { response } = (await told(request)).at(-1);
  assert.ok(response.output[0].content[0].text.trim());
});

await check("sockets.goes_on_with_what_is_kept_nowhere_else", async () => {
  const fields = { model: SCRIPTED, store: false };
  const events = await told({ ...fields, input: "think" }, { ...fields, input: "count" });
  const ends = events.filter((event) => event.type === "response.completed").map((event) => event.response);
  assert.equal(ends.length, 2);
  assert.equal(ends[1].previous_response_id, ends[0].id);
});
