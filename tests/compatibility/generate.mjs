// Writes docs/compatibility.md: what @cloudflare/workers-types names, whether a worker sees it on Adit (asked by running one) and on
// workerd (tests/compatibility/surface.json, which `generate.mjs --record` writes anew by asking the workerd of npm's miniflare).
import { readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { start, worker } from "../e2e/harness.mjs";
import { readTypes } from "./types.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const surfaceFile = join(here, "surface.json");
const document = join(here, "../../docs/compatibility.md");
const compatibilityDate = "2026-04-20";
const types = readTypes();
const probe = `const TYPES = ${JSON.stringify({ globals: types.globals, members: types.members })};\n${readFileSync(join(here, "probe.js"), "utf8")}`;

async function askWorkerd() {
  const { Miniflare } = await import("miniflare");
  const server = new Miniflare({
    name: "probe",
    modules: true,
    script: probe,
    compatibilityDate,
    kvNamespaces: ["KV"],
    r2Buckets: ["R2"],
    d1Databases: ["DB"],
    queueProducers: { QUEUE: "queue" },
    durableObjects: { PROBE: { className: "Probe", useSQLite: true } },
    serviceBindings: { SELF: "probe" },
    analyticsEngineDatasets: { ANALYTICS: { dataset: "data" } },
  });
  try {
    return await (await server.dispatchFetch("http://probe/")).json();
  } finally {
    await server.dispose();
  }
}

const settings = [
  '[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n',
  '[[r2_buckets]]\nbinding = "R2"\nbucket_name = "bucket"\n',
  '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "db"\ndatabase_id = "00000000-0000-0000-0000-000000000001"\n',
  '[[queues.producers]]\nbinding = "QUEUE"\nqueue = "queue"\n',
  '[[services]]\nbinding = "SELF"\nservice = "test"\n',
  '[[analytics_engine_datasets]]\nbinding = "ANALYTICS"\ndataset = "data"\n',
  '[[durable_objects.bindings]]\nname = "PROBE"\nclass_name = "Probe"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Probe"]\n',
];

async function askAdit() {
  const head = `name = "test"\nmain = "src/index.js"\ncompatibility_date = "${compatibilityDate}"\n`;
  const server = await start(worker({ "src/index.js": probe, "wrangler.toml": head + settings.join("") }));
  try {
    const { status, text } = await server.fetch("/");
    if (status !== 200) throw new Error(`the probe does not run: ${text}`);
    return JSON.parse(text);
  } finally {
    await server.stop();
  }
}

/** Of what neither a binding here nor a global is: the classes of products that are Cloudflare's own. */
const isProduct = (name) =>
  /^(Base_?Ai|Ai|AutoRAG|Agent|BrowserRun|ColoLocal|EmailEvent|Flagship|Span|ToMarkdown|Vectorize|WebSearch|Workflow)/.test(
    name,
  );

const counts = { members: 0, ours: 0, theirs: 0 };

function state(wanted, there) {
  if (there === undefined) return "no";
  return wanted.every((member) => there.includes(member)) ? "yes" : "in part";
}

/** One row: the members that Adit has, those that it has not struck through. */
function row(name, ours, theirs) {
  const wanted = types.members[name] ?? [];
  counts.members += wanted.length + 1;
  counts.ours += ours === undefined ? 0 : ours.length + 1;
  counts.theirs += theirs === undefined ? 0 : theirs.length + 1;
  const shown = wanted.map((member) => (ours?.includes(member) ? `\`${member}\`` : `~~\`${member}\`~~`));
  const missingThere = theirs === undefined ? [] : wanted.filter((member) => !theirs.includes(member));
  const there =
    missingThere.length === 0
      ? state(wanted, theirs)
      : `without ${missingThere.map((member) => `\`${member}\``).join(", ")}`;
  return `| \`${name}\` | ${state(wanted, ours)} | ${there} | ${shown.join(" ")} |`;
}

function flagTable() {
  const text = readFileSync(join(here, "../../src/worker/config/compatibility.cc"), "utf8");
  const rows = [...text.matchAll(/\{"(\w+)", "(\w*)", "([\d-]*)", true\}/g)].map(
    ([, name, opposite, since]) => `| \`${name}\` | ${opposite ? `\`${opposite}\`` : ""} | ${since} |`,
  );
  return ["| Flag | Off with | On from |", "| --- | --- | --- |", ...rows].join("\n");
}

/** The document's text, from what Adit shows. */
export async function generate() {
  const ours = await askAdit();
  const theirs = JSON.parse(readFileSync(surfaceFile, "utf8"));
  const isGlobal = (name) => ours.globals.includes(name) || theirs.globals.includes(name);
  const names = new Set([
    ...types.globals.filter((name) => isGlobal(name) || !isProduct(name)),
    ...Object.keys(ours.classes),
    ...Object.keys(theirs.classes),
  ]);
  const place = (surface, name) => surface.classes[name] ?? (surface.globals.includes(name) ? [] : undefined);
  const rows = [...names].sort().map((name) => row(name, place(ours, name), place(theirs, name)));
  const products = Object.keys(types.members).filter((name) => isProduct(name) && !names.has(name));
  const modules = Object.keys(theirs.modules).map((name) => {
    const missing = theirs.modules[name].filter((member) => !ours.modules[name]?.includes(member));
    return `| \`${name}\` | ${missing.length === 0 ? "yes" : "in part"} | ${missing.map((member) => `~~\`${member}\`~~`).join(" ")} |`;
  });
  const missingAlgorithms = theirs.algorithms.filter((name) => !ours.algorithms.includes(name));
  return `# Compatibility with Cloudflare Workers

${readFileSync(join(here, "features.md"), "utf8").trim()}

## Compatibility flags

Each is on from its date, or when it is set, and off when its opposite is set. Here are those that change something in Adit; what another
one changes is built as it is from the flag's date on, and setting it to something else is a warning. \`tests/web/flags.test.mjs\` shows both sides.

${flagTable()}

## The API surface

Written by \`node tests/compatibility/generate.mjs\`. Names and members are those of \`@cloudflare/workers-types\` ${types.version}; what is
struck through is not there. A worker asks Adit for them, and the workerd of npm, at compatibility date ${compatibilityDate}. A name being there says that
it can be called; how it behaves is what \`tests/\` check. Of ${counts.members} names, Adit has ${counts.ours}, workerd ${counts.theirs}.

| | Adit | workerd | Members |
| --- | --- | --- | --- |
${rows.join("\n")}

### Modules

| | Adit | Not there |
| --- | --- | --- |
${modules.join("\n")}

### WebCrypto

Works: ${ours.algorithms.join(", ") || "nothing"}. ${missingAlgorithms.length ? `Missing: ${missingAlgorithms.join(", ")}.` : ""}

### Products of Cloudflare's own

Their classes are types only, and no binding of Adit gives one: ${products.map((name) => `\`${name}\``).join(", ")}.
`;
  return format(text, { parser: "markdown", printWidth: 140 });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (process.argv[2] === "--record") writeFileSync(surfaceFile, `${JSON.stringify(await askWorkerd(), null, 1)}\n`);
  writeFileSync(document, await generate());
  console.log(`docs/compatibility.md: of ${counts.members} names Adit has ${counts.ours}, workerd ${counts.theirs}`);
}
