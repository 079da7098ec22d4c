// Every check, one area after the other.

for (const area of ["models", "chat", "tools", "titles", "responses", "errors", "connect"]) {
  await import(`./${area}.mjs`);
}
