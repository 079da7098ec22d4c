// How a suite's JavaScript checks are run. `OPENAI_BASE_URL`, `OPENAI_API_KEY`, `OPENCLAW_ORIGIN` and
// `OPENCLAW_TOKEN` name the gateway.

const prefixes = process.argv.slice(2);

// A guard against a client that waits forever; several times what the slowest check takes, unless it says
// `seconds` itself.
const PATIENCE_SECONDS = 120;

/** Runs one check and prints its line: it passes if `test` resolves. */
export async function check(name, test, { seconds = PATIENCE_SECONDS } = {}) {
  if (prefixes.length && !prefixes.some((prefix) => name.startsWith(prefix))) return;
  try {
    await inTime(test, seconds);
    console.log(`ok ${name}`);
  } catch (error) {
    const told = `${error?.name ?? "Error"}: ${error?.message ?? error}`.replace(/\s+/g, " ");
    console.log(`not ok ${name} - ${told.slice(0, 700)}`);
    const place = String(error?.stack ?? "").split("\n").find((line) => line.includes("compat-suites/"));
    if (place) console.log(`#   ${place.trim()}`);
  }
}

/** What `test` resolves to, unless that takes too long. */
async function inTime(test, seconds) {
  let timer;
  const late = new Promise((_, failed) => {
    timer = setTimeout(() => failed(new Error(`not done after ${seconds} s`)), 1000 * seconds);
  });
  try {
    return await Promise.race([test(), late]);
  } finally {
    clearTimeout(timer);
  }
}

/** Ends the program after the last check, even if one still waits for something: the last line of each. */
export function end() {
  process.exit();
}

/** The error of this class that `request` is refused with. */
export async function refused(kind, request) {
  let answer;
  try {
    answer = await request();
  } catch (error) {
    if (error instanceof kind) return error;
    throw error;
  }
  throw new Error(`no ${kind.name}, but ${JSON.stringify(answer)?.slice(0, 300)}`);
}
