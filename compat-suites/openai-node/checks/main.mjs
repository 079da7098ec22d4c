// Runs the areas one after another; with arguments, the checks whose names begin with one of them.

import { end } from "../../support/checks.mjs";

const AREAS = ["models", "errors", "chat", "stream", "tools", "structured", "embeddings", "responses",
               "events", "stored", "sockets", "types"];

for (const area of AREAS) await import(`./${area}.mjs`);
end();
