// Every check, one area after the other.

import { end } from "../../support/checks.mjs";

for (const area of ["models", "chat", "tools", "titles", "responses", "errors", "connect"]) {
  await import(`./${area}.mjs`);
}
end();
