// The list of models as LibreChat's server asks for it: axios, a query with the user, five seconds.

import assert from "node:assert/strict";
import axios from "axios";
import { check } from "../../support/checks.mjs";
import { USER } from "./harness.mjs";

const BASE = process.env.OPENAI_BASE_URL;

export async function listed({ baseURL = BASE, apiKey = process.env.OPENAI_API_KEY, user = USER } = {}) {
  const url = new URL(`${baseURL.replace(/\/+$/, "")}/models`);
  url.searchParams.append("user", user);
  const headers = { Authorization: `Bearer ${apiKey}` };
  const { data } = await axios.get(url.toString(), { headers, timeout: 5000 });
  return data.data.map((model) => model.id);
}

await check("models.are_listed_for_a_user", async () => {
  assert.deepEqual(await listed(), ["openclaw", "openclaw/default", "openclaw/main", "openclaw/scripted"]);
});

await check("models.a_slash_at_the_end_of_the_address", async () => {
  assert.deepEqual(await listed({ baseURL: `${BASE}/` }), await listed());
});

await check("models.a_wrong_key_is_told", async () => {
  const { response } = await listed({ apiKey: "wrong" }).catch((error) => error);
  assert.deepEqual([response.status, response.data.error.code], [401, "invalid_api_key"]);
});
