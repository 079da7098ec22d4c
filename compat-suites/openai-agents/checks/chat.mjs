// Agents on `OpenAIChatCompletionsModel`.

import { OpenAIChatCompletionsModel } from "@openai/agents";
import { checks, client } from "./behaviour.mjs";

await checks("javascript_chat", (model) => new OpenAIChatCompletionsModel(client, model));
