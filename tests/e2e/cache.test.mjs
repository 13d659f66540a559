// The cache is one for all shards, survives a restart, and takes bodies of any length without keeping them in memory.
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { scratch, start, worker } from "./harness.mjs";

const source = `
let mark = Math.random(); // one isolate, one mark
export default {
  async fetch(request) {
    const url = new URL(request.url);
    const key = "http://cache.example" + url.pathname;
    if (request.method === "PUT") {
      await caches.default.put(key, new Response(request.body, { headers: { "cache-control": "max-age=600" } }));
      return new Response("stored");
    }
    if (request.method === "DELETE") return Response.json(await caches.default.delete(key));
    const hit = await caches.default.match(new Request(key, { headers: request.headers }));
    const response = hit ? new Response(hit.body, hit) : new Response("miss", { status: 404 });
    response.headers.set("x-isolate", mark);
    return response;
  },
};
`;

// A connection of its own for each request, so that the kernel spreads them over the shards.
function ask(url, { method = "GET", headers = {}, body } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, headers, agent: false }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () =>
        resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

const folder = () => worker({ "index.js": source });

test("what one shard stored, every shard finds, also after a restart", async () => {
  const persist = scratch();
  const project = folder();
  const body = Buffer.alloc(300_000, "cached ");
  let server = await start(project, { persist, args: ["--shards", "2"] });
  assert.equal((await ask(`${server.url}/a`)).status, 404);
  await ask(`${server.url}/a`, { method: "PUT", body });
  const isolates = new Set();
  for (let tries = 0; tries < 100 && (tries < 8 || isolates.size < 2); tries++) {
    const hit = await ask(`${server.url}/a`);
    assert.equal(hit.headers["cf-cache-status"], "HIT");
    assert.ok(hit.body.equals(body));
    isolates.add(hit.headers["x-isolate"]);
  }
  assert.equal(isolates.size, 2);
  await server.stop();

  server = await start(project, { persist, args: ["--shards", "2"] });
  assert.ok((await ask(`${server.url}/a`)).body.equals(body));
  const part = await ask(`${server.url}/a`, { headers: { range: "bytes=299990-" } });
  assert.deepEqual([part.status, part.body.toString()], [206, body.subarray(299_990).toString()]);
  assert.equal((await ask(`${server.url}/a`, { method: "DELETE" })).body.toString(), "true");
  for (let tries = 0; tries < 8; tries++) assert.equal((await ask(`${server.url}/a`)).status, 404);
  await server.stop();
});

test("puts and reads of one key at a time from all shards give whole responses", async () => {
  const server = await start(folder(), { args: ["--shards", "2"] });
  const bodyOf = (index) => Buffer.alloc(50_000 + index, String(index % 10));
  const whole = new Set(Array.from({ length: 20 }, (_, index) => `${50_000 + index} ${index % 10}`));
  await ask(`${server.url}/hot`, { method: "PUT", body: bodyOf(0) });
  await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      await ask(`${server.url}/hot`, { method: "PUT", body: bodyOf(index) });
      const { status, body } = await ask(`${server.url}/hot`);
      assert.equal(status, 200);
      const text = body.toString();
      assert.ok(whole.has(`${text.length} ${text[0]}`), `${text.length} octets of ${text[0]}`);
      assert.equal(text, text[0].repeat(text.length));
    }),
  );
  await server.stop();
});

test("a client that breaks off while it sends leaves nothing in the cache", async () => {
  const server = await start(folder(), { args: ["--shards", "1"] });
  await new Promise((resolve) => {
    const request = http.request(`${server.url}/half`, { method: "PUT", headers: { "content-length": 1_000_000 } });
    request.on("error", resolve);
    request.write(Buffer.alloc(100_000));
    setTimeout(() => request.destroy(), 50);
  });
  assert.equal((await ask(`${server.url}/half`)).status, 404);
  await server.stop();
});
