// Writes docs/compatibility.md by asking a running Adit what a worker can see, and comparing with tests/compatibility/surface.json,
// which is what workerd shows. `generate.mjs` needs the release build; `generate.mjs --record MODULES` asks workerd again, through the
// miniflare in the folder MODULES.
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start, worker } from "../e2e/harness.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const probe = readFileSync(join(here, "probe.js"), "utf8");
const surfaceFile = join(here, "surface.json");

if (process.argv[2] === "--record") {
  const { Miniflare } = createRequire(`${process.argv[3]}/`)("miniflare");
  const server = new Miniflare({
    modules: true,
    script: probe,
    compatibilityDate: "2026-01-01",
    kvNamespaces: ["KV"],
    durableObjects: { PROBE: { className: "Probe", useSQLite: true } },
  });
  const surface = await (await server.dispatchFetch("http://probe/")).json();
  writeFileSync(surfaceFile, `${JSON.stringify(surface, null, 1)}\n`);
  await server.dispose();
  process.exit();
}

const workers = JSON.parse(readFileSync(surfaceFile, "utf8"));
const kv = '[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n';
const object = '[[durable_objects.bindings]]\nname = "PROBE"\nclass_name = "Probe"\n';
const migration = '[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Probe"]\n';

// A kind of binding that is not built keeps a worker from starting: then it is left out and the matrix says "no".
async function ask(settings) {
  const server = await start(worker({ "src/index.js": probe }, settings));
  const { status, text } = await server.fetch("/");
  await server.stop();
  return status === 200 ? JSON.parse(text) : undefined;
}
const ours = (await ask(kv + object + migration)) ?? (await ask(kv)) ?? (await ask(""));
if (!ours) throw new Error("the probe does not run");

const counts = { whole: 0, part: 0, none: 0 };
function row(name, theirs, own) {
  const missing = theirs.filter((member) => !own?.includes(member));
  const state =
    !own || (theirs.length && missing.length === theirs.length) ? "none" : missing.length ? "part" : "whole";
  counts[state]++;
  const note = state === "part" ? `without ${missing.map((member) => `\`${member}\``).join(", ")}` : "";
  return `| \`${name}\` | ${{ whole: "yes", part: "partly", none: "no" }[state]} | ${note} |`;
}

function matrix(theirs, own) {
  const rows = Object.keys(theirs).map((name) => row(name, theirs[name], own[name]));
  return ["| | Adit | |", "| --- | --- | --- |", ...rows].join("\n");
}

const globals = matrix(workers.globals, ours.globals);
const objects = matrix(workers.objects, ours.objects);
const modules = matrix(workers.modules, ours.modules);
const missingAlgorithms = workers.algorithms.filter((name) => !ours.algorithms.includes(name));
const handWritten = readFileSync(join(here, "features.md"), "utf8").trim();

writeFileSync(
  join(here, "../../docs/compatibility.md"),
  `# Compatibility with Cloudflare Workers

${handWritten}

## The API surface

Written by \`node tests/compatibility/generate.mjs\`: a worker lists what it sees on Adit, compared with what the same worker sees on
workerd at compatibility date 2026-01-01. A name being there says that it can be called; how it behaves is what \`tests/\` check.
Of ${counts.whole + counts.part + counts.none} names, ${counts.whole} are whole, ${counts.part} in part, ${counts.none} missing.

### Globals

${globals}

### Objects that the platform hands out

${objects}

### Modules

${modules}

### WebCrypto

Works: ${ours.algorithms.join(", ") || "nothing"}. ${missingAlgorithms.length ? `Missing: ${missingAlgorithms.join(", ")}.` : ""}
`,
);
console.log(`docs/compatibility.md: ${counts.whole} whole, ${counts.part} in part, ${counts.none} missing`);
