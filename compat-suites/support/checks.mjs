// How a suite's JavaScript checks are run. `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENCLAW_ORIGIN` and
// `OPENCLAW_TOKEN` name the gateway.

const prefixes = process.argv.slice(2);

/** Runs one check and prints its line: it passes if `test` resolves. */
export async function check(name, test) {
  if (prefixes.length && !prefixes.some((prefix) => name.startsWith(prefix))) return;
  try {
    await test();
    console.log(`ok ${name}`);
  } catch (error) {
    const told = `${error?.name ?? "Error"}: ${error?.message ?? error}`.replace(/\s+/g, " ");
    console.log(`not ok ${name} - ${told.slice(0, 700)}`);
    const place = String(error?.stack ?? "").split("\n").find((line) => line.includes("compat-suites/"));
    if (place) console.log(`#   ${place.trim()}`);
  }
}

/** The error of this class that `request` is refused with. */
export async function refused(kind, request) {
  try {
    const answer = await request();
    throw new Error(`no ${kind.name}, but ${JSON.stringify(answer)?.slice(0, 300)}`);
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
}
