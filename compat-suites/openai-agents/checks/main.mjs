// Runs the areas one after another; with arguments, the checks whose names begin with one of them.

import { setTracingDisabled } from "@openai/agents";
import { end } from "../../support/checks.mjs";

setTracingDisabled(true);
for (const area of ["chat", "responses", "sockets"]) await import(`./${area}.mjs`);
end();
