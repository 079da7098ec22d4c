// Calls the gateway by the types that openapi-typescript makes of its document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";
import { check, DIMENSIONS, MAIN, ORIGIN, same, SCRIPTED, some, TOKEN } from "./checks.js";

type Schemas = components["schemas"];

const client = createClient<paths>({ baseUrl: ORIGIN, headers: { Authorization: `Bearer ${TOKEN}` } });
const parameters: Schemas["FunctionObject"]["parameters"] = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

function says(content: string): Schemas["ChatCompletionRequestMessage"][] {
  return [{ role: "user", content }];
}

/** The whole answer: the same operation may answer as a stream, whose chunks have no message. */
async function chat(body: Schemas["CreateChatCompletionRequest"]): Promise<Schemas["ChatCompletionChoice"]> {
  const { data, error } = await client.POST("/v1/chat/completions", { body });
  const choice = some(data, error).choices[0];
  if (choice === undefined || !("message" in choice)) throw new Error("no whole answer");
  return choice;
}

async function respond(body: Schemas["CreateResponse"]): Promise<Schemas["ResponseObject"]> {
  const { data, error } = await client.POST("/v1/responses", { body });
  const made = some(data, error);
  if (!("output" in made)) throw new Error("an event, not a response");
  return made;
}

await check("models", async () => {
  const { data, error } = await client.GET("/v1/models");
  same(some(data, error).data.some((model) => model.id === MAIN), true);
});

await check("model", async () => {
  const { data, error } = await client.GET("/v1/models/{model}", { params: { path: { model: MAIN } } });
  same([some(data, error).id, data?.owned_by], [MAIN, "openclaw"]);
});

await check("chat", async () => {
  const choice = await chat({ model: MAIN, messages: says("Hello"), max_tokens: 8 });
  same(some(choice.message.content, choice).length > 0, true);
});

await check("chat_tools", async () => {
  const tools: Schemas["ChatCompletionTool"][] = [
    { type: "function", function: { name: "get_weather", parameters } },
  ];
  const choice = await chat({ model: SCRIPTED, messages: says("How warm is it?"), tools });
  same(choice.message.tool_calls?.[0]?.function.name, "get_weather");
});

await check("response", async () => {
  const made = await respond({ model: SCRIPTED, input: "Hello", metadata: { a: "b" } });
  const note: string | undefined = made.metadata["a"];
  const parts = made.output.flatMap((item) => (item.type === "message" ? item.content : []));
  const text = parts.map((part) => (part.type === "output_text" ? part.text : "")).join("");
  same([note, text], ["b", "A scripted reply."]);
});

await check("response_tools", async () => {
  const tools: Schemas["ResponseTool"][] = [{ type: "function", name: "get_weather", parameters }];
  const made = await respond({ model: SCRIPTED, input: "How warm is it?", tools });
  const item = made.output[0];
  same(item?.type === "function_call" && item.name, "get_weather");
});

await check("response_again", async () => {
  const made = await respond({ model: SCRIPTED, input: "Hello" });
  const params = { path: { response_id: made.id } };
  const again = await client.GET("/v1/responses/{response_id}", { params });
  same(again.data, made);
  const asked = await client.GET("/v1/responses/{response_id}/input_items", { params });
  same(asked.data?.data.map((item) => item.type), ["message"]);
  const gone = await client.DELETE("/v1/responses/{response_id}", { params });
  same(gone.data?.deleted, true);
});

await check("embeddings", async () => {
  const { data, error } = await client.POST("/v1/embeddings", { body: { input: ["a", "b"] } });
  const lengths: number[] = some(data, error).data.map((one) => one.embedding.length);
  same(lengths, [DIMENSIONS, DIMENSIONS]);
});

await check("refused", async () => {
  const headers = { Authorization: "Bearer wrong" };
  const { error, response } = await client.POST("/v1/responses", { body: { input: "Hello" }, headers });
  const code: string | null | undefined = error?.error.code;
  same([response.status, code], [401, "invalid_api_key"]);
});
