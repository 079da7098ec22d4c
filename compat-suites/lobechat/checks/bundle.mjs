// Bundles LobeChat's own code, as its npm package carries it, for Node.js and for a page:
// `bundle.mjs SOURCE OUTPUT`.
//
// Its workspace packages and path aliases lead where its package.json files and its tsconfig.json say.

import { copyFileSync, existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { build } from "esbuild";

const [source, output] = process.argv.slice(2);
const here = import.meta.dirname;

// Other providers' SDKs, icons, the database and Next.js: nothing that is run here calls them.
const ABSENT = new Set([
  "@anthropic-ai/sdk", "@aws-sdk/client-bedrock-runtime", "@azure-rest/ai-inference", "@azure/core-auth",
  "@fal-ai/client", "@google/genai", "@huggingface/inference", "ollama", "replicate",
  "@icons-pack/react-simple-icons", "klavis", "@/database/models/aiProvider", "@/libs/traces", "next/server",
  // Optional for the packages that ask for them.
  "encoding", "supports-color",
]);
// What only a server calls.
const ABSENT_FROM_A_PAGE = ["request-filtering-agent", "node:stream"];
// Whatever is looked up in it is there, and does nothing.
const STAND_IN = `
  const absent = new Proxy(class {}, {
    get: (self, name) =>
      name === "__esModule" || (name in self || typeof name === "symbol" ? self[name] : absent),
    // A bundled module inherits what it was not told by name.
    getPrototypeOf: () => absent,
  });
  module.exports = absent;
`;

const FORMS = ["", ".ts", ".tsx", "/index.ts", "/index.tsx"];
const workspace = workspacePackages();

await bundle("server.mjs", "node", ABSENT);
await bundle("page.mjs", "browser", new Set([...ABSENT, ...ABSENT_FROM_A_PAGE]));
copyFileSync(join(here, "index.html"), join(output, "index.html"));

async function bundle(entry, platform, absent) {
  await build({
    entryPoints: [join(here, entry)],
    outfile: join(output, entry),
    bundle: true,
    format: "esm",
    platform,
    target: "es2022",
    logLevel: "error",
    define: platform === "browser" ? { "process.env": "{}" } : {},
    // What packages in the older form are required with.
    banner: platform === "node"
      ? { js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);' }
      : {},
    plugins: [{ name: "lobechat", setup: (build) => lobechat(build, absent) }],
  });
}

function lobechat(build, absent) {
  build.onResolve({ filter: /^[^./]/ }, async ({ path, importer, kind, pluginData }) => {
    if (pluginData === "npm" || kind === "entry-point") return undefined;
    const name = path.split("/", path.startsWith("@") ? 2 : 1).join("/");
    if (absent.has(path) || absent.has(name)) return { path, namespace: "absent" };
    if (path.startsWith("@/")) return { path: aliased(path.slice(2)) };
    if (workspace.has(name)) return { path: exported(workspace.get(name), path.slice(name.length + 1)) };
    // The rest comes from this suite's packages: the source has none of its own.
    const resolveDir = importer.startsWith(source) ? here : dirname(importer);
    return build.resolve(path, { kind, resolveDir, pluginData: "npm" });
  });
  build.onLoad({ filter: /.*/, namespace: "absent" }, () => ({ contents: STAND_IN, loader: "js" }));
}

/** The folders of LobeChat's own packages, by name. */
function workspacePackages() {
  const places = ["packages", "packages/business"].flatMap((folder) =>
    readdirSync(join(source, folder)).map((name) => join(source, folder, name)));
  const packages = places.filter((place) => existsSync(join(place, "package.json")));
  return new Map(packages.map((place) => [manifest(place).name, place]));
}

function manifest(place) {
  return JSON.parse(readFileSync(join(place, "package.json"), "utf8"));
}

/** The file of one of LobeChat's own packages, or of a part of it. */
function exported(place, part) {
  const { exports = {}, main = "src/index.ts" } = manifest(place);
  const told = exports[part ? `./${part}` : "."];
  const target = told?.default ?? told ?? (part ? undefined : main);
  return target ? file(join(place, target)) : file(join(place, "src", part)) ?? file(join(place, part));
}

/** The file that `@/PATH` names. */
function aliased(path) {
  const [room, ...rest] = path.split("/");
  const shared = ["const", "types", "utils"].includes(room);
  return (shared && file(join(source, "packages", room, "src", ...rest))) || file(join(source, "src", path));
}

function file(path) {
  return FORMS.map((form) => path + form).find((form) => existsSync(form) && statSync(form).isFile());
}
