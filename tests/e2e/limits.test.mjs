// The limits of an invocation that are counted: subrequests. CPU time and memory are in bad_input/worker.test.mjs, sizes of a request's head in
// bad_input/http.test.mjs.
import assert from "node:assert/strict";
import test from "node:test";
import { peer, start, worker } from "./harness.mjs";

const skip = peer && "wrangler dev does not enforce it";

const source = `import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  async many(count) { return await times(count, () => this.env.KV.get("a")); }
  ping() { return "pong"; }
}
async function times(count, call) {
  for (let i = 0; i < count; i++) {
    try { await call(i); } catch (error) { return { after: i, message: String(error) }; }
  }
  return { after: count };
}
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const count = Number(searchParams.get("count"));
    const stub = env.THING.getByName("a");
    const calls = {
      "/kv": () => env.KV.get("a"),
      "/kv-put": () => env.KV.put("a", "b"),
      "/kv-list": () => env.KV.list(),
      "/kv-delete": () => env.KV.delete("a"),
      "/r2": () => env.BUCKET.head("a"),
      "/r2-put": () => env.BUCKET.put("a", "b"),
      "/d1": () => env.DB.prepare("SELECT 1").run(),
      "/stub": () => stub.ping(),
      "/cache": () => caches.default.match("http://a.example/"),
      "/fetch": () => fetch(request.headers.get("x-to")),
    };
    if (pathname === "/object") return Response.json(await stub.many(count));
    if (pathname === "/echo") return new Response("echo");
    return Response.json(await times(count, calls[pathname]));
  },
};`;
const settings = `kv_namespaces = [{ binding = "KV", id = "kv" }]
r2_buckets = [{ binding = "BUCKET", bucket_name = "bucket" }]
d1_databases = [{ binding = "DB", database_name = "db", database_id = "db" }]
durable_objects.bindings = [{ name = "THING", class_name = "Thing" }]
migrations = [{ tag = "v1", new_sqlite_classes = ["Thing"] }]
`;
const calls = ["kv", "kv-put", "kv-list", "kv-delete", "r2", "r2-put", "d1", "stub", "cache", "fetch"];

test("an invocation may make as many subrequests as the configuration says", { skip }, async () => {
  const server = await start(worker({ "index.js": source }, `${settings}limits.subrequests = 7\n`));
  for (const call of calls) {
    const headers = { "x-to": `${server.url}/echo` };
    assert.deepEqual(await server.json(`/${call}?count=7`, { headers }), { after: 7 }, call);
    const { after, message } = await server.json(`/${call}?count=20`, { headers });
    assert.equal(after, 7, call);
    assert.match(message, /Too many subrequests/, call);
  }
  await server.stop();
});

test("each event of an object has the limit anew", { skip }, async () => {
  const server = await start(worker({ "index.js": source }, `${settings}limits.subrequests = 7\n`));
  for (let event = 0; event < 3; event++) assert.deepEqual(await server.json("/object?count=7"), { after: 7 });
  assert.equal((await server.json("/object?count=8")).after, 7);
  await server.stop();
});

test("without a configuration it is the paid plan's: 10,000", { skip }, async () => {
  const server = await start(worker({ "index.js": source }, settings));
  assert.deepEqual(await server.json("/kv?count=10000"), { after: 10_000 });
  assert.equal((await server.json("/kv?count=10001")).after, 10_000);
  await server.stop();
});
