// KV over several shards: what one connection has written every other one reads, whichever shards they are on, and it is there after
// the process died and came back with another number of shards.
import assert from "node:assert/strict";
import { existsSync, readdirSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { scratch, start, worker } from "./harness.mjs";

const source = `
export default {
  async fetch(request, env) {
    const [, binding, key] = new URL(request.url).pathname.split("/");
    if (binding === "nothing") return new Response("nothing");
    const kv = env[binding];
    try {
      if (request.method === "PUT") return new Response(await kv.put(key, request.body ?? "", { metadata: { key } }));
      if (request.method === "DELETE") return new Response(await kv.delete(key));
      if (key === undefined || key === "") return Response.json((await kv.list()).keys.map(({ name }) => name));
      const { value, metadata } = await kv.getWithMetadata(key, "stream");
      return new Response(value, { status: value === null ? 404 : 200, headers: { metadata: JSON.stringify(metadata) } });
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};`;
const settings = ["A", "B", "C"]
  .map((name) => `[[kv_namespaces]]\nbinding = "${name}"\nid = "space-${name}"\n`)
  .join("");
const folder = worker({ "src/index.js": source }, settings);
const startWith = (shards, options) =>
  start(folder, { ...options, args: ["--shards", String(shards), "--log-level", "warn"] });

// Each on a connection of its own, so that any shard may get it.
function send(server, method, path, body) {
  return new Promise((resolve, reject) => {
    const sent = request(new URL(path, server.url), { method, agent: false }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () => resolve({ status: response.statusCode, text, headers: response.headers }));
      response.on("error", reject);
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

test("what one connection has written every other one reads at once", async () => {
  const server = await startWith(4);
  const spaces = ["A", "B", "C"];
  await Promise.all(
    spaces.map(async (space) => {
      let acknowledged = -1;
      let done = false;
      let reads = 0;
      const readers = Array.from({ length: 4 }, async () => {
        while (!done) {
          const atLeast = acknowledged;
          const { status, text } = await send(server, "GET", `/${space}/counter`);
          reads++;
          if (atLeast >= 0)
            assert(
              status === 200 && Number(text) >= atLeast,
              `${space}: read ${text} after ${atLeast} was acknowledged`,
            );
        }
      });
      for (let n = 0; n < 150; n++) {
        assert.equal((await send(server, "PUT", `/${space}/counter`, String(n))).status, 200);
        acknowledged = n;
        // Several shards now remember the value that the next put replaces.
        if (n % 10 === 0) {
          const seen = await Promise.all(Array.from({ length: 8 }, () => send(server, "GET", `/${space}/counter`)));
          assert.deepEqual(
            seen.map(({ text }) => text),
            Array(8).fill(String(n)),
          );
        }
      }
      done = true;
      await Promise.all(readers);
      assert(reads > 100);
      assert.equal((await send(server, "DELETE", `/${space}/counter`)).status, 200);
      const gone = await Promise.all(Array.from({ length: 8 }, () => send(server, "GET", `/${space}/counter`)));
      assert.deepEqual(
        gone.map(({ status }) => status),
        Array(8).fill(404),
      );
    }),
  );
  assert.deepEqual(await server.stop(), { code: 0, signal: null });
});

test("acknowledged puts outlive kill -9 and another number of shards", async () => {
  const persist = scratch();
  const expected = new Map();
  for (const shards of [1, 3, 2, 4]) {
    const server = await startWith(shards, { persist });
    for (const [path, value] of expected) {
      const { text, headers } = await send(server, "GET", path);
      assert.equal(text, value, `${path} with ${shards} shards`);
      assert.deepEqual(JSON.parse(headers.metadata), { key: path.split("/")[2] });
    }
    const writes = ["A", "B", "C"].map(async (space) => {
      for (let n = 0; n < 1000; n++) {
        const path = `/${space}/${shards}-${n}`;
        const value = `${path} `.repeat(1 + (n % 50) * 10);
        try {
          if ((await send(server, "PUT", path, value)).status === 200) expected.set(path, value);
        } catch {
          return; // the server was killed
        }
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 300));
    server.kill("SIGKILL");
    await server.ended;
    await Promise.all(writes);
  }
  const server = await startWith(2, { persist });
  assert(expected.size > 50, `only ${expected.size} writes`);
  for (const [path, value] of expected) assert.equal((await send(server, "GET", path)).text, value);
  for (const space of ["A", "B", "C"]) {
    const listed = new Set((await server.json(`/${space}`)).slice(0, 1000));
    const names = [...expected.keys()]
      .filter((path) => path.startsWith(`/${space}/`))
      .map((path) => path.split("/")[2]);
    if (listed.size < 1000) for (const name of names) assert(listed.has(name), `${name} is not listed`);
  }
  await server.stop();
});

test("nothing is on the disk until something is stored", async () => {
  const persist = join(scratch(), "state");
  const server = await startWith(2, { persist });
  assert.equal((await server.fetch("/nothing")).status, 200);
  assert(!existsSync(persist));
  assert.equal((await server.fetch("/A/key", { method: "PUT", body: "x" })).status, 200);
  assert(existsSync(persist));
  await server.stop();
  assert.deepEqual(
    readdirSync(join(persist, "log"), { recursive: true }).filter((name) => name.endsWith(".log")),
    [],
    "a server that stopped leaves no log",
  );
});

test("a second server on the same state says why it cannot store", async () => {
  const first = await startWith(2);
  assert.equal((await first.fetch("/A/key", { method: "PUT", body: "x" })).status, 200);
  const second = await startWith(2, { persist: first.persist });
  const refused = await second.fetch("/A/key");
  assert.equal(refused.status, 500);
  assert.match(refused.text, /in use by another/);
  await first.stop();
  assert.equal((await second.fetch("/A/key")).text, "x");
  await second.stop();
});
