// Runs the areas one after another; with arguments, the checks whose names begin with one of them.

import { end } from "../../support/checks.mjs";

// Warnings of the SDK would be lines among the checks'.
globalThis.AI_SDK_LOG_WARNINGS = false;
for (const area of ["language", "responses", "embeddings"]) await import(`./${area}.mjs`);
end();
