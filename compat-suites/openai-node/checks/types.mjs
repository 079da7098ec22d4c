// Answers against the SDK's own types: each is written into a program that `tsc --strict` has to accept.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { check } from "../../support/checks.mjs";
import { MAIN, SCRIPTED, all, client, responded, says, scripted } from "./client.mjs";
import { now, weather } from "./responses.mjs";

const PROGRAM = join(import.meta.dirname, "answers.ts");
const HEAD = `import OpenAI from "openai";
type Mutable<T> = { -readonly [K in keyof T]: Mutable<T[K]> };
// Made by the SDK, not sent.
type Made = "output_text" | "_request_id";
// The SDK has no type for thoughts.
type Choice = OpenAI.ChatCompletionChunk.Choice & { delta: { reasoning_content?: string } };
type Chunk = Omit<OpenAI.ChatCompletionChunk, "choices"> & { choices: Choice[] };
// Null in OpenAI's own answers where there is none; the SDK's types only know them absent.
type Absent = "usage" | "user" | "safety_identifier" | "prompt_cache_key";
type Told<T> = { [K in keyof T]: K extends Absent ? T[K] | null : T[K] };
type Response = Told<Omit<OpenAI.Responses.Response, Made>>;
type Sent<T> = T extends { response: OpenAI.Responses.Response }
  ? Omit<T, "response"> & { response: Response } : Told<Omit<T, Made>>;
`;
const TYPES = {
  completion: "OpenAI.ChatCompletion",
  chunk: "Chunk",
  response: "Sent<OpenAI.Responses.Response>",
  event: "Sent<OpenAI.Responses.ResponseStreamEvent>",
  model: "OpenAI.Model",
  embeddings: "OpenAI.CreateEmbeddingResponse",
};

const tools = [weather, now];
const chatTools = tools.map(({ type, name, parameters }) => ({ type, function: { name, parameters } }));

/** The answers of each check, as they came over the wire, and their type. */
const answers = {
  async local_chat() {
    return ["completion", [await raw(scripted("Hello", { model: MAIN, max_tokens: 4 }))]];
  },
  async chat() {
    const texts = ["Hello", "think", "count", "refuse", "weather in both"];
    const requests = texts.map((text) => raw(scripted(text, { tools: chatTools, logprobs: true })));
    return ["completion", await Promise.all(requests)];
  },
  async local_chunks() {
    return ["chunk", await all(scripted("Hello", { model: MAIN, max_tokens: 4, stream: true }))];
  },
  async chunks() {
    const options = { stream: true, stream_options: { include_usage: true }, tools: chatTools };
    const texts = ["count", "think", "refuse", "weather in both"];
    const streams = texts.map((text) => all(scripted(text, options)));
    return ["chunk", (await Promise.all(streams)).flat()];
  },
  async responses() {
    const fields = { model: MAIN, max_output_tokens: 16 };
    const scripts = ["think", "count", "refuse", "too long", "weather in both"];
    const requests = scripts.map((text) => raw(responded(text, { tools })));
    return ["response", await Promise.all([raw(responded("Hello", fields)), ...requests])];
  },
  async events() {
    const scripts = ["think", "count", "refuse", "too long", "weather in both", "break off"];
    const streams = scripts.map((text) => all(responded(text, { tools, stream: true })));
    return ["event", (await Promise.all(streams)).flat()];
  },
  async models() {
    return ["model", (await raw(client.models.list())).data];
  },
  async embeddings() {
    const request = { model: MAIN, input: ["a", "b"], encoding_format: "float", dimensions: 4 };
    return ["embeddings", [await raw(client.embeddings.create(request))]];
  },
};

async function raw(request) {
  return (await request.asResponse()).json();
}

/** What the compiler says of each value's declaration, by its line. */
function complaints(lines) {
  writeFileSync(PROGRAM, HEAD + lines.join("\n"));
  const program = ts.createProgram([PROGRAM], {
    strict: true, noEmit: true, skipLibCheck: true, types: [],
    target: ts.ScriptTarget.ESNext, module: ts.ModuleKind.NodeNext,
  });
  const file = program.getSourceFile(PROGRAM);
  const first = HEAD.split("\n").length - 1;
  return ts.getPreEmitDiagnostics(program).map((found) => {
    const line = found.file === file ? file.getLineAndCharacterOfPosition(found.start).line - first : -1;
    return { line, text: innermost(found.messageText) };
  });
}

/** The end of a complaint's chain of reasons, which names the field. */
function innermost(message) {
  // Whole types, quoted, would only hide it.
  if (typeof message === "string") return message.replace(/'[^']{60,}'/g, "'…'");
  return message.next?.length ? innermost(message.next.at(-1)) : innermost(message.messageText);
}

/** What each check has against its answers. They are compiled as one program, which takes seconds. */
async function compiled() {
  const lines = [];
  const ranges = new Map();
  for (const [name, ask] of Object.entries(answers)) {
    const from = lines.length;
    const [type, values] = await ask();
    for (const value of values) {
      const at = lines.length;
      lines.push(`const v${at} = ${JSON.stringify(value)} as const; ` +
        `((_: ${TYPES[type]}) => {})(v${at} as Mutable<typeof v${at}>);`);
    }
    ranges.set(name, [from, lines.length]);
  }
  const found = complaints(lines);
  const within = ([from, to]) => found.filter(({ line }) => line < 0 || (from <= line && line < to));
  return new Map([...ranges].map(([name, range]) => [name, new Set(within(range).map(({ text }) => text))]));
}

let complained;
for (const name of Object.keys(answers)) {
  await check(`types.${name}`, async () => {
    const mine = (await (complained ??= compiled())).get(name);
    if (mine.size) throw new TypeError([...mine].join("; "));
  });
}
