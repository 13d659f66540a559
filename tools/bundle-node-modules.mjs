// Bundles builtins/node for nodejs_compat: one ES module per `node:` module, none of it in the start-up snapshot (a worker that imports
// nothing from Node pays nothing). `node tools/bundle-node-modules.mjs OUT`. builtins/node/NAME.ts becomes node:NAME (fs_promises:
// node:fs/promises), builtins/node/internal/NAME.ts becomes node-internal:NAME; each imports the others by name, so that every module
// exists once per isolate, and the snapshot's classes and ops through adit:internal.
// OUT is an archive: "NAME SIZE\n", the module's text (ASCII), "\n", and so on.
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { builtinModules } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..");
const folder = path.join(root, "builtins", "node");
const internalFolder = path.join(folder, "internal");
const out = process.argv[2];

const subpaths =
  /^(assert|dns|fs|inspector|path|readline|stream|test|timers|util)_(strict|promises|posix|win32|web|consumers|types|reporters)$/;
const publicName = (file) => `node:${path.basename(file, ".ts").replace(subpaths, "$1/$2")}`;
const internalName = (file) => `node-internal:${path.basename(file, ".ts")}`;
const sources = (directory) =>
  readdirSync(directory)
    .filter((name) => name.endsWith(".ts") && !name.endsWith(".d.ts"))
    .map((name) => path.join(directory, name));

const entries = [
  ...sources(folder).map((file) => [publicName(file), file]),
  ...sources(internalFolder).map((file) => [internalName(file), file]),
];
const known = new Set(entries.map(([name]) => name));

const keepApart = {
  name: "keep-apart",
  setup(build) {
    const external = (name, kind) => {
      if (!known.has(name)) return { errors: [{ text: `${name} is not in builtins/node` }] };
      // A CommonJS dependency gets the default export.
      return kind === "require-call" ? { path: name, namespace: "required" } : { path: name, external: true };
    };
    build.onResolve({ filter: /^adit:internal$/ }, ({ path: name }) => ({ path: name, external: true }));
    build.onResolve({ filter: /^[a-z_-]+:/ }, ({ path: name, kind }) => external(name, kind));
    build.onResolve({ filter: /^[a-z_]+(\/[a-z]+)?\/?$/ }, ({ path: name, kind }) => {
      const bare = name.replace(/\/$/, "");
      return builtinModules.includes(bare) ? external(`node:${bare}`, kind) : undefined;
    });
    build.onResolve({ filter: /^\./ }, ({ path: name, importer, kind, resolveDir }) => {
      if (!importer.startsWith(folder + path.sep)) return undefined;
      const file = path.join(resolveDir, `${name}.ts`);
      if (path.dirname(file) === internalFolder) return external(internalName(file), kind);
      if (path.dirname(file) === folder) return external(publicName(file), kind);
      return { errors: [{ text: `builtins/node may not import ${name}: it would be there twice; use adit:internal` }] };
    });
    // The url package brings a query parser of its own; Node's is here.
    build.onResolve({ filter: /^qs$/ }, () => ({ path: "qs", namespace: "query" }));
    build.onLoad({ filter: /.*/, namespace: "query" }, () => ({
      contents: `import { parse, stringify } from "node:querystring";
        module.exports = { parse: (text) => parse(text), stringify: (object) => stringify(object) };`,
      resolveDir: folder,
    }));
    // readable-stream falls back to this package where there is no AbortController.
    build.onResolve({ filter: /^abort-controller$/ }, () => ({ path: "abort-controller", namespace: "global" }));
    build.onLoad({ filter: /.*/, namespace: "global" }, () => ({ contents: "module.exports = globalThis;" }));
    build.onLoad({ filter: /.*/, namespace: "required" }, ({ path: name }) => ({
      contents: `import value from ${JSON.stringify(name)}; module.exports = value;`,
      resolveDir: folder,
    }));
  },
};

// node-inspect-extracted stands in for what only V8 knows; here V8 is asked.
const inspectHooks = {
  name: "inspect-hooks",
  setup(build) {
    build.onLoad({ filter: /node-inspect-extracted\/dist\/inspect\.js$/ }, ({ path: file }) => {
      let text = readFileSync(file, "utf8");
      for (const [standIn, hook] of [
        ["getPromiseDetails:()=>[g,void 0]", "getPromiseDetails:e=>promiseDetails(e,g,h)"],
        ["getProxyDetails:y.getProxyDetails", "getProxyDetails:proxyDetails"],
        ["previewEntries:t=>[[],!1]", "previewEntries"],
      ]) {
        if (!text.includes(standIn)) return { errors: [{ text: `node-inspect-extracted has no ${standIn} any more` }] };
        text = text.replace(standIn, hook);
      }
      const names = "promiseDetails, proxyDetails, previewEntries";
      return {
        contents: `import { ${names} } from "node-internal:inspect_hooks"; ${text}`,
        resolveDir: internalFolder,
      };
    });
  },
};

async function bundle([name, file]) {
  const result = await build({
    entryPoints: [file],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    platform: "neutral",
    mainFields: ["module", "main"],
    conditions: ["import", "module"],
    charset: "ascii",
    minifySyntax: true,
    minifyWhitespace: true,
    keepNames: true, // packages look at constructor.name
    legalComments: "none",
    logLevel: "warning",
    define: { "process.env.NODE_ENV": '"production"', global: "globalThis" },
    plugins: [keepApart, inspectHooks],
    nodePaths: [path.join(root, "node_modules")],
  });
  return [name, result.outputFiles[0].text];
}

const bundled = await Promise.all(entries.map(bundle));
writeFileSync(out, bundled.map(([name, text]) => `${name} ${text.length}\n${text}\n`).join(""), "latin1");
if (process.argv.includes("--verbose"))
  for (const [name, text] of bundled.sort((a, b) => b[1].length - a[1].length)) console.log(text.length, name);
