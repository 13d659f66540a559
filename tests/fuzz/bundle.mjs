// bundle.mjs OUT: the builtins' bundle as cmake/builtins.cmake makes it, with a counter in every branch of builtins/web, so that libFuzzer
// sees which of the TypeScript an input reached. `__adit_counters` is empty until src/web/fuzz_isolate.h puts libFuzzer's counters there.
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";
import { parsers } from "prettier/plugins/acorn";

const root = join(dirname(fileURLToPath(import.meta.url)), "..", "..");
let branches = 0;

/** Calls `visit` for the node and all below it. */
function walk(node, visit) {
  if (typeof node?.type !== "string") return;
  visit(node);
  for (const value of Object.values(node)) {
    if (Array.isArray(value)) value.forEach((child) => walk(child, visit));
    else if (typeof value === "object") walk(value, visit);
  }
}

async function instrumented(code) {
  const insertions = []; // [position, text]; at one position, what closes comes first and what opens later was inside
  const start = (node) => node.range?.[0] ?? node.start;
  const end = (node) => node.range?.[1] ?? node.end;
  const count = () => `__adit_counters[${branches++}]++`;
  const insert = (position, text) => insertions.push([position, text]);
  const wrapExpression = (node) => {
    insert(start(node), `(${count()}, (`);
    insert(end(node), "))");
  };
  const wrapStatement = (node) => {
    if (!node || node.type === "BlockStatement") return;
    insert(start(node), `{ ${count()}; `);
    insert(end(node), " }");
  };
  walk(await parsers.acorn.parse(code, {}), (node) => {
    switch (node.type) {
      case "BlockStatement":
        insert(start(node) + 1, ` ${count()}; `);
        break;
      case "IfStatement":
        wrapStatement(node.consequent);
        wrapStatement(node.alternate);
        break;
      case "ForStatement":
      case "ForInStatement":
      case "ForOfStatement":
      case "WhileStatement":
        wrapStatement(node.body);
        break;
      case "SwitchCase":
        if (node.consequent.length > 0) insert(start(node.consequent[0]), `${count()}; `);
        break;
      case "ConditionalExpression":
        wrapExpression(node.consequent);
        wrapExpression(node.alternate);
        break;
      case "LogicalExpression":
        wrapExpression(node.right);
        break;
    }
  });
  let out = "";
  let position = 0;
  // The sort is stable: of two insertions at one place, the outer node's comes first where both open, and has to come last where both close.
  const closes = (text) => /^[ )]*[)}]$/.test(text);
  insertions.forEach((insertion, index) => (insertion[2] = closes(insertion[1]) ? -1e9 - index : index));
  insertions.sort((a, b) => a[0] - b[0] || a[2] - b[2]);
  for (const [at, text] of insertions) {
    out += code.slice(position, at) + text;
    position = at;
  }
  return out + code.slice(position);
}

const counters = {
  name: "counters",
  setup(bundler) {
    bundler.onLoad({ filter: /builtins\/web\/.*\.ts$/ }, async ({ path }) => {
      const { code } = await transform(await readFile(path, "utf8"), { loader: "ts", target: "es2023" });
      return { contents: await instrumented(code), loader: "js" };
    });
  },
};

await build({
  absWorkingDir: root,
  entryPoints: ["builtins/main.ts"],
  outfile: process.argv[2],
  bundle: true,
  format: "iife",
  target: "es2023",
  plugins: [counters],
  banner: { js: "globalThis.__adit_counters = new Uint8Array(0);" },
  logLevel: "warning",
});
console.log(`${branches} branches`);
