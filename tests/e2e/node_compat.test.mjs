// nodejs_compat by flag and date: which modules and globals there are, and what is said when there are none.
import assert from "node:assert/strict";
import { test } from "node:test";
import { launch, start, worker } from "./harness.mjs";

const files = (main) => ({ "src/index.mjs": main });
const configured = (main, date, flags) =>
  worker({
    ...files(main),
    "wrangler.toml": `name = "w"\nmain = "src/index.mjs"\ncompatibility_date = "${date}"\ncompatibility_flags = ${JSON.stringify(flags)}\n[vars]\nA = "text"\nB = { j = 1 }\n`,
  });

async function answerOf(main, date, flags) {
  const server = await start(configured(main, date, flags));
  try {
    return await server.fetch("/");
  } finally {
    await server.stop();
  }
}

const globals = `export default { fetch() {
  return Response.json([typeof process, typeof Buffer, typeof global, typeof setImmediate, globalThis.process?.env.A ?? null]);
} };`;

test("globals come with nodejs_compat from 2024-09-23, variables in process.env from 2025-04-01", async () => {
  const seen = async (date, flags) => JSON.parse((await answerOf(globals, date, flags)).text);
  const none = ["undefined", "undefined", "undefined", "undefined", null];
  const all = (variable) => ["object", "function", "object", "function", variable];
  assert.deepEqual(await seen("2026-01-01", []), none);
  assert.deepEqual(await seen("2024-09-01", ["nodejs_compat"]), none);
  assert.deepEqual(await seen("2026-01-01", ["nodejs_compat"]), all("text"));
  assert.deepEqual(await seen("2024-09-23", ["nodejs_compat"]), all(null));
  assert.deepEqual(await seen("2024-09-01", ["nodejs_compat_v2", "nodejs_compat_populate_process_env"]), all("text"));
  assert.deepEqual(await seen("2026-01-01", ["nodejs_compat", "nodejs_compat_do_not_populate_process_env"]), all(null));
  assert.deepEqual(await seen("2026-01-01", ["nodejs_compat", "no_nodejs_compat_v2"]), none);
});

test("nodejs_als has AsyncLocalStorage and nothing else", async () => {
  const main = (name) =>
    `import * as module from "${name}"; export default { fetch: () => new Response(Object.keys(module).join()) };`;
  assert.match((await answerOf(main("node:async_hooks"), "2026-01-01", ["nodejs_als"])).text, /AsyncLocalStorage/);
  const refused = await answerOf(main("node:buffer"), "2026-01-01", ["nodejs_als"]);
  assert.equal(refused.status, 500);
  assert.match(refused.text, /No such module "node:buffer"/);
});

test("names without node: are modules with version 2 only; the bundler says which flag is missing", async () => {
  const main =
    'import fs from "fs"; import { createHash } from "node:crypto"; export default { fetch: () => new Response(typeof fs.readFileSync) };';
  assert.equal((await answerOf(main, "2026-01-01", ["nodejs_compat"])).text, "function");
  for (const [date, flags, advice] of [
    ["2026-01-01", [], /Add the "nodejs_compat" compatibility flag/],
    ["2024-01-01", ["nodejs_compat"], /prefix the module name with "node:" or update your compatibility_date/],
  ]) {
    const server = await launch(configured(main, date, flags));
    await server.waitForOutput(advice);
    await server.stop();
  }
});

test("a module that a flag takes away is not there", async () => {
  const main =
    'export default { fetch: () => import("node:fs").then(() => new Response("there"), (error) => new Response(error.message)) };';
  assert.equal((await answerOf(main, "2026-01-01", ["nodejs_compat"])).text, "there");
  assert.match(
    (await answerOf(main, "2026-01-01", ["nodejs_compat", "disable_nodejs_fs_module"])).text,
    /No such module "node:fs"/,
  );
});
