// Calls the gateway with the client that openapi-generator's `typescript-fetch` makes of its document.
import { check, DIMENSIONS, MAIN, ORIGIN, same, SCRIPTED, some, TOKEN } from "./checks.js";
import {
  ChatApi, Configuration, EmbeddingsApi, ErrorResponseFromJSON, ModelsApi, ResponseError, ResponsesApi,
} from "./client/index.js";
import type {
  ChatCompletionChoice, CreateChatCompletionRequest, CreateResponse, ErrorResponse, FunctionObject,
  ResponseObject,
} from "./client/index.js";

function configuration(accessToken: string): Configuration {
  return new Configuration({ basePath: ORIGIN, accessToken });
}

const ours = configuration(TOKEN);
const responses = new ResponsesApi(ours);
const parameters: FunctionObject["parameters"] = {
  type: "object",
  properties: { city: { type: "string" } },
};

async function chat(body: CreateChatCompletionRequest): Promise<ChatCompletionChoice> {
  const answer = await new ChatApi(ours).createChatCompletion({ createChatCompletionRequest: body });
  return some(answer.choices[0], answer);
}

function respond(createResponse: CreateResponse): Promise<ResponseObject> {
  return responses.createResponse({ createResponse });
}

await check("models", async () => {
  const list = await new ModelsApi(ours).listModels();
  same(list.data.some((model) => model.id === MAIN), true);
});

await check("model", async () => {
  const model = await new ModelsApi(ours).retrieveModel({ model: MAIN });
  same([model.id, model.ownedBy], [MAIN, "openclaw"]);
});

await check("chat", async () => {
  const choice = await chat({ model: MAIN, messages: [{ role: "user", content: "Hello" }], maxTokens: 8 });
  same(some(choice.message.content, choice).length > 0, true);
});

await check("chat_tools", async () => {
  const choice = await chat({
    model: SCRIPTED,
    messages: [{ role: "user", content: "How warm is it?" }],
    tools: [{ type: "function", _function: { name: "get_weather", parameters } }],
  });
  same(choice.message.toolCalls?.[0]?._function.name, "get_weather");
});

await check("response", async () => {
  const made = await respond({ model: SCRIPTED, input: "Hello", metadata: { a: "b" } });
  const note: string | undefined = made.metadata["a"];
  const parts = made.output.flatMap((item) => (item.type === "message" ? item.content : []));
  const text = parts.map((part) => (part.type === "output_text" ? part.text : "")).join("");
  same([note, text], ["b", "A scripted reply."]);
});

await check("response_tools", async () => {
  const tools = [{ type: "function", name: "get_weather", parameters }];
  const made = await respond({ model: SCRIPTED, input: "How warm is it?", tools });
  const item = made.output[0];
  same(item?.type === "function_call" && item.name, "get_weather");
});

await check("response_again", async () => {
  const made = await respond({ model: SCRIPTED, input: "Hello" });
  const responseId = made.id;
  same(await responses.retrieveResponse({ responseId }), made);
  const asked = await responses.listInputItems({ responseId });
  same(asked.data.map((item) => item.type), ["message"]);
  same((await responses.deleteResponse({ responseId })).deleted, true);
});

await check("embeddings", async () => {
  const createEmbeddingRequest = { input: ["a", "b"] };
  const made = await new EmbeddingsApi(ours).createEmbedding({ createEmbeddingRequest });
  same(made.data.map((one) => one.embedding.length), [DIMENSIONS, DIMENSIONS]);
});

await check("refused", async () => {
  const refusal = await new ModelsApi(configuration("wrong")).listModels().catch((error) => error);
  if (!(refusal instanceof ResponseError)) throw new Error(`no ResponseError, but ${refusal}`);
  const body: ErrorResponse = ErrorResponseFromJSON(await refusal.response.json());
  same([refusal.response.status, body.error.code], [401, "invalid_api_key"]);
});
