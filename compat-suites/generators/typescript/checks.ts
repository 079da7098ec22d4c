// How these programs run their checks and know the gateway.
declare const process: { env: Record<string, string>; argv: string[] };

export const ORIGIN = process.env.OPENCLAW_ORIGIN!;
export const TOKEN = process.env.OPENCLAW_TOKEN!;
export const MAIN = "openclaw/default";
export const SCRIPTED = "openclaw/scripted";
export const DIMENSIONS = 384;
const label = process.argv[2];

/** Runs one check and prints its line: it passes if `test` resolves. */
export async function check(name: string, test: () => Promise<void>): Promise<void> {
  try {
    await test();
    console.log(`ok ${label}.${name}`);
  } catch (error) {
    console.log(`not ok ${label}.${name} - ${String(error).replace(/\s+/g, " ")}`);
  }
}

/** Ends the check unless the two are the same. */
export function same<T>(found: T, wanted: T): void {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new Error(`${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
  }
}

/** What must be there. */
export function some<T>(value: T | null | undefined, what: unknown): T {
  if (value === null || value === undefined) throw new Error(`missing: ${JSON.stringify(what)}`);
  return value;
}
