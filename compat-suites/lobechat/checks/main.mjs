// Every check of LobeChat's runtime on a server, one after the other.

import { end } from "../../support/checks.mjs";

for (const area of ["models", "chat", "tools", "responses", "embeddings", "errors"]) {
  await import(`./${area}.mjs`);
}
end();
