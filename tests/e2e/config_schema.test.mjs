// Walks the configuration schema that wrangler publishes: each field in it is used, or named as not built yet, or documented to have no
// effect; and a field that is not in it is refused with its place and a hint.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { binary, peer, root, scratch } from "./harness.mjs";

const skip = peer && "about adit check";
const schema = JSON.parse(readFileSync(join(root, "node_modules/wrangler/config-schema.json"), "utf8"));
const fields = Object.entries(schema.definitions.RawConfig.properties).filter(([name]) => name !== "env");
const minimal = { name: "w", main: "src/index.js", compatibility_date: "2026-01-01" };

// The table of docs/configuration.md: field → { support, note }.
const documented = new Map(
  [
    ...readFileSync(join(root, "docs/configuration.md"), "utf8").matchAll(
      /^\| `(\S+)` \| [^|]* \| ([^|]*) \| (.*) \|$/gm,
    ),
  ].map(([, name, support, note]) => [name, { support, note }]),
);

// Texts that must be more than text.
const texts = {
  main: "src/other.js",
  tsconfig: "tsconfig.json",
  compatibility_date: "2025-01-01",
  route: "a.example/*",
  routes: "a.example/*",
  pattern: "a.example/*",
  crons: "*/5 * * * *",
};

let named = 0; // bindings have names of their own

function resolved(node) {
  return node.$ref ? resolved(schema.definitions[decodeURIComponent(node.$ref.replace("#/definitions/", ""))]) : node;
}

/** Values that the schema allows: each alternative of each property once. */
function samples(node, name, depth = 0) {
  if (node.$ref === "#/definitions/Json" || depth > 8) return ["any"];
  const type = resolved(node);
  if (type.const !== undefined) return [type.const];
  if (type.enum) return type.enum;
  if (type.anyOf) return type.anyOf.flatMap((part) => samples(part, name, depth));
  if (type.allOf) return samples(Object.assign({}, ...type.allOf.map(resolved)), name, depth);
  return [type.type ?? "any"].flat().flatMap((kind) => {
    if (kind === "string" && (name === "binding" || (name === "name" && depth > 0))) return [`NAME_${named++}`];
    if (kind === "string") return [texts[name] ?? `a-${name}`];
    if (kind === "number" || kind === "integer") return [7];
    if (kind === "boolean") return [true];
    if (kind === "null") return [null];
    if (kind === "object") return objects(type, depth);
    if (kind !== "array") return ["any"];
    if (Array.isArray(type.items)) return [type.items.map((item) => samples(item, name, depth + 1)[0])];
    return samples(type.items ?? {}, name, depth + 1).map((item) => [item]);
  });
}

function objects(type, depth) {
  const properties = Object.entries(type.properties ?? {}).map(([name, part]) => [
    name,
    samples(part, name, depth + 1),
  ]);
  if (!properties.length) {
    if (typeof type.additionalProperties !== "object") return [{ some: "thing" }];
    return samples(type.additionalProperties, "some", depth + 1).map((some) => ({ some }));
  }
  const all = Object.fromEntries(properties.map(([name, values]) => [name, values[0]]));
  // A custom domain has no path, and what a migration makes it cannot also delete.
  if (all.custom_domain) all.pattern = "a.example";
  if (all.new_classes) Object.assign(all, { new_sqlite_classes: ["B"], renamed_classes: [], deleted_classes: [] });
  const others = properties.flatMap(([name, values]) => values.slice(1).map((value) => ({ ...all, [name]: value })));
  return [
    all,
    ...others.map((other) => (other.custom_domain === false ? { ...other, pattern: "a.example/*" } : other)),
  ];
}

/** { exit, json, messages } of `adit check --print`. */
async function check(configuration) {
  const folder = scratch();
  mkdirSync(join(folder, "src"));
  for (const name of ["src/index.js", "src/other.js"]) writeFileSync(join(folder, name), "export default {};");
  writeFileSync(join(folder, "tsconfig.json"), "{}");
  writeFileSync(join(folder, "wrangler.json"), JSON.stringify(configuration, null, 1));
  const child = spawn(binary, ["check", "--print", folder], { stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  const exit = await new Promise((resolve) => child.on("close", resolve));
  const json = /^\{\n[^]*?^\}$/m.exec(output)?.[0];
  return { exit, output, json: json?.replaceAll(/"\d+:\d+"/g, '""').replaceAll(folder, "") };
}

async function each(items, work) {
  const queue = [...items];
  await Promise.all(
    Array.from({ length: 3 }, async () => {
      for (let item = queue.shift(); item !== undefined; item = queue.shift()) await work(item);
    }),
  );
}

/** Every path to a property in a sample: ["dev", "port"]; through lists, too. */
function paths(value, at = []) {
  if (Array.isArray(value)) return value.flatMap((item, index) => paths(item, [...at, index]));
  if (value === null || typeof value !== "object") return [];
  return Object.entries(value)
    .filter(([, part]) => !Array.isArray(part) || part.length)
    .flatMap(([name, part]) => [[...at, name], ...paths(part, [...at, name])]);
}

function without(value, [first, ...rest]) {
  const copy = Array.isArray(value) ? [...value] : { ...value };
  if (rest.length) copy[first] = without(copy[first], rest);
  else delete copy[first];
  return copy;
}

test("whatever wrangler's schema allows is understood", { skip }, async () => {
  // Each configuration has one sample of every field. Routes are said in one way.
  const all = fields.filter(([name]) => name !== "route").map(([name, type]) => [name, samples(type, name)]);
  const longest = Math.min(60, Math.max(...all.map(([, values]) => values.length)));
  assert(longest > 10, `the walk found only ${longest} alternatives`);
  const configurations = Array.from({ length: longest }, (_, i) =>
    Object.fromEntries(all.map(([name, values]) => [name, values[i % values.length]])),
  );
  const [, route] = fields.find(([name]) => name === "route");
  configurations.push(...samples(route, "route").map((value) => ({ ...minimal, route: value })));
  await each(configurations, async (configuration) => {
    const { exit, output } = await check(configuration);
    assert.equal(exit, 0, `${JSON.stringify(configuration)}\n${output}`);
  });
});

test("a field is used, or is said not to be built yet, or is documented to have no effect", { skip }, async () => {
  const used = new Set();
  const dropped = new Set();
  await each(fields, async ([name, type]) => {
    const row = documented.get(name);
    assert(row, `docs/configuration.md does not know ${name}`);
    if (row.support === "accepted, no effect") return;
    for (const value of samples(type, name)) {
      const whole = await check({ ...minimal, [name]: value });
      if (row.support === "parsed, not yet built") {
        assert.match(whole.output, new RegExp(`${name.replace("$", "\\$")}.*not built yet`), `${name} is not named`);
        return;
      }
      for (const path of paths({ [name]: value })) {
        if (path.length === 1) continue;
        const part = await check({ ...minimal, ...without({ [name]: value }, path) });
        const names = path.filter((step) => typeof step === "string");
        if (part.exit !== 0 || part.json !== whole.json || part.output !== whole.output) {
          used.add(names.join("."));
          continue;
        }
        const said = names.slice(1).some((step) => row.note.includes(`\`${step}\``));
        if (!/no effect/.test(row.note) || said === /the rest has no effect/.test(row.note))
          dropped.add(names.join("."));
      }
    }
  });
  assert.deepEqual([...dropped].filter((path) => !used.has(path)).sort(), []);
});

test("a field that the schema does not have is refused, with its place and a hint", { skip }, async () => {
  await each(fields, async ([name, type]) => {
    const { exit, output } = await check({ ...minimal, [`${name}x`]: samples(type, name)[0] });
    assert.equal(exit, 1, output);
    assert.match(output, new RegExp(`wrangler\\.json:\\d+:\\d+: error: unknown field "${name.replace("$", "\\$")}x"`));
    assert.match(output, new RegExp(`did you mean "${name.replace("$", "\\$")}"`));
  });
});
