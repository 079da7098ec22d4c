// Calls the gateway by the types that openapi-typescript makes of its document.
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];
declare const process: { env: Record<string, string> };

const client = createClient<paths>({
  baseUrl: process.env.ORIGIN!,
  headers: { Authorization: `Bearer ${process.env.TOKEN}` },
});
const parameters: Schemas["FunctionObject"]["parameters"] = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
};

async function check(name: string, test: () => Promise<unknown>): Promise<void> {
  try {
    const wrong = await test();
    console.log(wrong === true ? `ok ${name}` : `not ok ${name} - ${JSON.stringify(wrong)}`);
  } catch (error) {
    console.log(`not ok ${name} - ${error}`);
  }
}

await check("chat", async () => {
  const messages: Schemas["ChatCompletionRequestMessage"][] = [{ role: "user", content: "Hello" }];
  const { data } = await client.POST("/v1/chat/completions", { body: { model: "openclaw", messages } });
  // The same path may answer as a stream; what has a message is whole.
  const choice = data?.choices[0];
  return choice !== undefined && "message" in choice && choice.message.content === "A scripted reply.";
});

await check("chat_tools", async () => {
  const { data, error } = await client.POST("/v1/chat/completions", {
    body: {
      messages: [{ role: "user", content: "How warm is it?" }],
      tools: [{ type: "function", function: { name: "get_weather", parameters } }],
      logit_bias: { "1": 2 },
    },
  });
  const choice = data?.choices[0];
  if (choice === undefined || !("message" in choice)) return error;
  return choice.message.tool_calls?.[0]?.function.name === "get_weather";
});

await check("responses", async () => {
  const { data, error } = await client.POST("/v1/responses", {
    body: { model: "openclaw", input: "Hello", metadata: { a: "b" } },
  });
  if (data === undefined || !("output" in data)) return error;
  const note: string | undefined = data.metadata["a"];
  const texts = data.output.flatMap((item) => (item.type === "message" ? item.content : []));
  const text = texts.map((part) => (part.type === "output_text" ? part.text : "")).join("");
  const again = await client.GET("/v1/responses/{response_id}", {
    params: { path: { response_id: data.id } },
  });
  return note === "b" && text === "A scripted reply." && again.response.status === 200;
});

await check("response_tools", async () => {
  const { data, error } = await client.POST("/v1/responses", {
    body: {
      input: "How warm is it?",
      tools: [{ type: "function", name: "get_weather", parameters }],
    },
  });
  if (data === undefined || !("output" in data)) return error;
  const item = data.output[0];
  return item?.type === "function_call" && item.name === "get_weather";
});

await check("embeddings", async () => {
  const { data, error } = await client.POST("/v1/embeddings", { body: { input: ["a", "b"] } });
  return data === undefined ? error : data.data.every((one) => one.embedding.length === 384);
});

await check("refused", async () => {
  const { error, response } = await client.POST("/v1/responses", {
    body: { input: "Hello" },
    headers: { Authorization: "Bearer wrong" },
  });
  return response.status === 401 && error?.error.code === "invalid_api_key";
});
