// KV's long values on disk and in memory, and reads as stale as on Cloudflare's network. tests/bindings/kv has what workers see of them.
import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { start, worker, sanitized } from "./harness.mjs";

const MiB = 1024 * 1024;
const app = () =>
  worker(
    {
      "index.mjs": `
        export default {
          async fetch(request, { KV }) {
            const { pathname, searchParams } = new URL(request.url);
            const key = pathname.slice(1);
            if (request.method === "PUT") { await KV.put(key, request.body, { metadata: key }); return new Response("ok"); }
            if (request.method === "DELETE") { await KV.delete(key); return new Response("ok"); }
            if (key === "") return Response.json((await KV.list({ prefix: searchParams.get("prefix") })).keys.map(({ name }) => name));
            return new Response(await KV.get(key, "stream"));
          },
        };`,
    },
    `[[kv_namespaces]]\nbinding = "KV"\nid = "long"\n`,
  );

const put = (server, key, body) => server.fetch(`/${key}`, { method: "PUT", body });
const blobFiles = (server) => {
  const folder = join(server.persist, "blobs-kv", "long");
  return existsSync(folder)
    ? readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile()).length
    : 0;
};
async function until(check, what) {
  for (let tries = 0; tries < 200; tries++) {
    if (check()) return;
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
  assert.fail(what);
}
// Memory that is the process's own, since its start at most.
const peakMemory = (server) =>
  Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${server.child.pid}/status`, "utf8"))[1]) / 1024;

test("a long value's file lives as long as the value", async () => {
  let server = await start(app());
  const { persist } = server;
  for (const key of ["a", "b", "c"]) await put(server, key, "x".repeat(2 * MiB));
  assert.equal(blobFiles(server), 3);
  await put(server, "a", "y".repeat(2 * MiB));
  await put(server, "b", "short");
  await server.fetch("/c", { method: "DELETE" });
  await until(() => blobFiles(server) === 1, "replaced and deleted values keep their files");
  assert.deepEqual(await server.json("/"), ["a", "b"]);
  for (const signal of ["SIGTERM", "SIGKILL"]) {
    await put(server, "d", signal.repeat(100_000));
    server.kill(signal);
    await server.ended;
    server = await start(app(), { persist });
    assert.equal((await server.fetch("/a")).text, "y".repeat(2 * MiB));
    assert.equal((await server.fetch("/d")).text, signal.repeat(100_000));
    await until(() => blobFiles(server) === 2, "a restart leaves files behind");
  }
  await server.stop();
});

test("a long value's write that a kill interrupts leaves nothing behind", async () => {
  let server = await start(app());
  const { persist } = server;
  await put(server, "kept", "k".repeat(MiB));
  for (let round = 0; round < 5; round++) {
    const writes = Array.from({ length: 4 }, (_, n) => put(server, `lost${n}`, "x".repeat(8 * MiB)).catch(() => {}));
    await new Promise((resolve) => setTimeout(resolve, 10 + 25 * round));
    server.kill("SIGKILL");
    await Promise.all(writes);
    await server.ended;
    server = await start(app(), { persist });
    const keys = await server.json("/");
    assert(keys.includes("kept"));
    for (const key of keys)
      assert.match((await server.fetch(`/${key}`)).text, key === "kept" ? /^k{1048576}$/ : /^x+$/);
    await until(() => blobFiles(server) === keys.length, `${blobFiles(server)} files for ${keys.length} values`);
    for (const key of keys) if (key !== "kept") await server.fetch(`/${key}`, { method: "DELETE" });
  }
  await server.stop();
});

test("values of 25 MiB go in and out in constant memory", { skip: sanitized }, async () => {
  const server = await start(app());
  await put(server, "warm", "x".repeat(MiB));
  await (await fetch(`${server.url}/warm`)).arrayBuffer();
  const before = peakMemory(server);
  const body = Buffer.alloc(25 * MiB, "abcdefgh");
  for (let round = 0; round < 4; round++) assert.equal((await put(server, "long", body)).text, "ok");
  for (let round = 0; round < 4; round++) {
    const read = Buffer.from(await (await fetch(`${server.url}/long`)).arrayBuffer());
    assert(read.equals(body));
  }
  const grown = peakMemory(server) - before;
  assert(grown < 20, `memory grew by ${grown.toFixed(1)} MiB`);
  await server.stop();
});

test("with --kv-propagation reads show for a while what they showed before", async () => {
  const server = await start(app(), { args: ["--kv-propagation", "2"] });
  assert.equal((await server.fetch("/key")).text, "");
  await put(server, "key", "one");
  assert.equal((await server.fetch("/key")).text, "", "that there was none is remembered too");
  assert.deepEqual(await server.json("/"), ["key"]);
  await put(server, "other", "two");
  assert.equal((await server.fetch("/other")).text, "two", "what was not read before is as it is");
  assert.deepEqual(await server.json("/"), ["key"]);
  await new Promise((resolve) => setTimeout(resolve, 2100));
  assert.equal((await server.fetch("/key")).text, "one");
  assert.deepEqual(await server.json("/"), ["key", "other"]);
  await server.stop();
});
