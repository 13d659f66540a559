// What a worker can be made of: service-worker syntax, and modules of every kind by wrangler's rules.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { start, worker } from "./harness.mjs";

test("service-worker syntax: bindings are global variables", async () => {
  const folder = worker(
    {
      "src/index.js": `addEventListener("fetch", (event) => {
        event.waitUntil(KV.put("key", TEXT));
        event.respondWith(Response.json([TEXT, OBJECT, typeof KV.get]));
      });`,
    },
    `[vars]\nTEXT = "text"\nOBJECT = { k = [1] }\n[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n`,
  );
  const server = await start(folder);
  assert.deepEqual(await server.json("/"), ["text", { k: [1] }, "function"]);
  await server.stop();
});

test("text, data, JSON and WebAssembly modules, dynamic import and top-level await", async () => {
  const folder = worker({
    "src/index.mjs": `import text from "./a.txt";
      import bytes from "./b.bin";
      import json from "./c.json";
      import wasm from "./add.wasm";
      const ready = await Promise.resolve("awaited");
      export default {
        async fetch() {
          const { exports } = await WebAssembly.instantiate(wasm);
          const { late } = await import("./late.mjs");
          const refused = [];
          for (const attempt of [() => eval("1"), () => new Function("1")]) {
            try { attempt(); } catch (error) { refused.push(error.name); }
          }
          return Response.json([text, bytes.byteLength, json, exports.add(2, 3), late, ready, refused]);
        },
      };`,
    "src/a.txt": "some text",
    "src/c.json": '{ "j": 1 }',
    "src/late.mjs": 'export const late = "late";',
  });
  writeFileSync(join(folder, "src/b.bin"), Uint8Array.of(0, 1, 2));
  const add = "0061736d0100000001070160027f7f017f030201000707010361646400000a09010700200020016a0b";
  writeFileSync(join(folder, "src/add.wasm"), Buffer.from(add, "hex"));
  const server = await start(folder);
  const answer = ["some text", 3, { j: 1 }, 5, "late", "awaited", ["EvalError", "EvalError"]];
  assert.deepEqual(await server.json("/"), answer);
  await server.stop();
});
