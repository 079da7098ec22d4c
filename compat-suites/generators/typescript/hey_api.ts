// Calls the gateway with the client that @hey-api/openapi-ts makes of its document.
import { check, DIMENSIONS, MAIN, ORIGIN, same, SCRIPTED, some, TOKEN } from "./checks.js";
import { client } from "./client/client.gen.js";
import * as sdk from "./client/index.js";

client.setConfig({ baseUrl: ORIGIN, auth: TOKEN });
const parameters: sdk.FreeObject = { type: "object", properties: { city: { type: "string" } } };

async function chat(body: sdk.CreateChatCompletionRequest): Promise<sdk.ChatCompletionChoice> {
  const { data, error } = await sdk.createChatCompletion({ body });
  return some(some(data, error).choices[0], data);
}

async function respond(body: sdk.CreateResponse): Promise<sdk.ResponseObject> {
  const { data, error } = await sdk.createResponse({ body });
  return some(data, error);
}

await check("models", async () => {
  const { data, error } = await sdk.listModels();
  same(some(data, error).data.some((model) => model.id === MAIN), true);
});

await check("model", async () => {
  const { data, error } = await sdk.retrieveModel({ path: { model: MAIN } });
  same([some(data, error).id, data?.owned_by], [MAIN, "openclaw"]);
});

await check("chat", async () => {
  const messages: sdk.ChatCompletionRequestMessage[] = [{ role: "user", content: "Hello" }];
  const choice = await chat({ model: MAIN, messages, max_tokens: 8 });
  same(some(choice.message.content, choice).length > 0, true);
});

await check("chat_tools", async () => {
  const messages: sdk.ChatCompletionRequestMessage[] = [{ role: "user", content: "How warm is it?" }];
  const tools: sdk.ChatCompletionTool[] = [
    { type: "function", function: { name: "get_weather", parameters } },
  ];
  const choice = await chat({ model: SCRIPTED, messages, tools });
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
  const tools: sdk.ResponseTool[] = [{ type: "function", name: "get_weather", parameters }];
  const made = await respond({ model: SCRIPTED, input: "How warm is it?", tools });
  const item = made.output[0];
  same(item?.type === "function_call" && item.name, "get_weather");
});

await check("response_again", async () => {
  const made = await respond({ model: SCRIPTED, input: "Hello" });
  const path = { response_id: made.id };
  same((await sdk.retrieveResponse({ path })).data, made);
  same((await sdk.listInputItems({ path })).data?.data.map((item) => item.type), ["message"]);
  same((await sdk.deleteResponse({ path })).data?.deleted, true);
});

await check("embeddings", async () => {
  const { data, error } = await sdk.createEmbedding({ body: { input: ["a", "b"] } });
  same(some(data, error).data.map((one) => one.embedding.length), [DIMENSIONS, DIMENSIONS]);
});

await check("refused", async () => {
  const { error, response } = await sdk.listModels({ auth: "wrong" });
  const code: string | null | undefined = error?.error.code;
  same([response?.status, code], [401, "invalid_api_key"]);
});
