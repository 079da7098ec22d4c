// `client.models`: the agents, as models.

import assert from "node:assert/strict";
import { check } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, all, client } from "./client.mjs";

await check("models.list_holds_the_aliases_and_every_agent", async () => {
  const ids = (await all(client.models.list())).map((model) => model.id);
  assert.deepEqual(ids, ["openclaw", MAIN, "openclaw/main", SCRIPTED]);
});

await check("models.list_is_one_page", async () => {
  const page = await client.models.list();
  assert.equal(page.object, "list");
  assert.equal(page.hasNextPage(), false);
});

await check("models.list_ignores_a_query", async () => {
  const page = await client.models.list({ query: { user: "someone" } });
  assert.equal(page.data.length, 4);
});

await check("models.retrieve_as_the_sdk_encodes_it", async () => {
  const { data, response } = await client.models.retrieve(MAIN).withResponse();
  assert.match(response.url, /openclaw%2Fdefault$/);
  assert.equal(data.id, MAIN);
});

await check("models.retrieve_with_a_raw_slash", async () => {
  assert.equal((await client.get(`/models/${MAIN}`)).id, MAIN);
});

await check("models.retrieve_agrees_with_the_list", async () => {
  const listed = (await all(client.models.list())).find((model) => model.id === SCRIPTED);
  assert.deepEqual(await client.models.retrieve(SCRIPTED), listed);
});

await check("models.created_is_a_real_time", async () => {
  const { created, owned_by: owner, object } = await client.models.retrieve("openclaw");
  assert.ok(Number.isInteger(created) && created > 1_700_000_000, `${created}`);
  assert.equal(typeof owner, "string");
  assert.equal(object, "model");
});
