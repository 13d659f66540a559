// The output gate on a slow disk: while an object's write is not durable, nothing that the object does after it is seen anywhere; when the
// write fails, it never is; allowUnconfirmed lets it go at once.
import assert from "node:assert/strict";
import { rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { eventually, root, scratch, start, worker } from "../harness.mjs";

const source = `
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
const page = "http://cache.test/page";
const acts = {
  "KV put": (env) => env.KV.put("key", "told"),
  "KV put of a long value": (env) => env.KV.put("key", "told".repeat(200_000)),
  "KV delete": (env) => env.KV.delete("old"),
  "R2 put": (env) => env.BUCKET.put("key", "told"),
  "R2 delete": (env) => env.BUCKET.delete("old"),
  "R2 multipart upload": async (env) => (await env.BUCKET.createMultipartUpload("key")).uploadId !== "",
  "D1 statement": (env) => env.DB.prepare("INSERT INTO told VALUES ('told')").run(),
  "D1 batch": (env) => env.DB.batch([env.DB.prepare("INSERT INTO told VALUES ('told')")]),
  "cache put": () => caches.default.put(page, new Response("told", { headers: { "cache-control": "max-age=60" } })),
  "outbound fetch": async (env) => (await fetch(env.OUTSIDE)).text(),
  "service binding": async (env) => (await env.SELF.fetch(env.OUTSIDE)).text(),
  "RPC": (env) => env.SELF.tell(env.OUTSIDE),
  "another object": (env) => env.GATES.getByName("other").tell(env.OUTSIDE),
};
// What others see of each: asked from outside of the object.
const sights = {
  KV: async (env) => [(await env.KV.get("key")) !== null, (await env.KV.get("old")) === null],
  R2: async (env) => [(await env.BUCKET.head("key")) !== null, (await env.BUCKET.head("old")) === null],
  D1: async (env) => (await env.DB.prepare("SELECT count(*) AS n FROM told").first("n")) > 0,
  cache: async () => (await caches.default.match(page)) !== undefined,
};
export class Teller extends WorkerEntrypoint {
  fetch(request) { return fetch(request.url); }
  async tell(url) { return (await fetch(url)).text(); }
}
export class Gate extends DurableObject {
  async tell(url) { return (await fetch(url)).text(); }
  async act(kind, allowUnconfirmed) {
    this.ctx.storage.put("written", Math.random(), { allowUnconfirmed });
    await acts[kind](this.env);
    return "done";
  }
  fetch() {
    const { storage } = this.ctx;
    const { readable, writable } = new TransformStream();
    (async () => {
      const writer = writable.getWriter();
      await writer.write(new TextEncoder().encode("before."));
      await scheduler.wait(100);
      storage.put("written", Math.random());
      await writer.write(new TextEncoder().encode("after."));
      await writer.close();
    })();
    return new Response(readable);
  }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/act") return Response.json(await env.GATES.getByName("one").act(searchParams.get("kind"), searchParams.has("unconfirmed")));
    if (pathname === "/stream") return env.GATES.getByName("one").fetch(request);
    if (pathname === "/prepare") {
      await env.DB.exec("CREATE TABLE IF NOT EXISTS told (text)");
      await env.DB.exec("DELETE FROM told");
      await env.KV.delete("key");
      await env.KV.put("old", "x");
      await env.BUCKET.delete("key");
      await env.BUCKET.put("old", "x");
      await caches.default.delete(page);
      await env.GATES.getByName("other").tell(env.OUTSIDE);
      return Response.json("ready");
    }
    return Response.json(await sights[searchParams.get("store")](env));
  },
};`;

const settings = (outside) => `
[vars]
OUTSIDE = "${outside}"
[[kv_namespaces]]
binding = "KV"
id = "kv"
[[r2_buckets]]
binding = "BUCKET"
bucket_name = "bucket"
[[d1_databases]]
binding = "DB"
database_name = "db"
database_id = "db"
[[services]]
binding = "SELF"
service = "test-worker"
entrypoint = "Teller"
[[durable_objects.bindings]]
name = "GATES"
class_name = "Gate"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Gate"]
`;

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const within = (ms, promise) => Promise.race([promise.then((value) => ({ value })), wait(ms).then(() => undefined)]);

// A server on a disk that `hold` makes slow and `fail` broken, and a place outside that counts its visitors.
async function world(context, options = {}) {
  let visits = 0;
  const outside = createServer((request, response) => {
    visits++;
    response.end("heard");
  });
  await new Promise((resolve) => outside.listen(0, "127.0.0.1", resolve));
  const folder = scratch();
  const env = {
    LD_PRELOAD: join(root, "build/release/hold_sync.so"),
    HOLD_SYNC: join(folder, "hold"),
    FAIL_SYNC: join(folder, "fail"),
  };
  const code = worker({ "index.mjs": source }, settings(`http://127.0.0.1:${outside.address().port}/`));
  const server = await start(code, { env, args: ["--shards", "2"], ...options });
  context.after(async () => {
    rmSync(env.HOLD_SYNC, { force: true });
    await server.stop();
    outside.close();
  });
  const toggle = (path) => (on) => (on ? writeFileSync(path, "") : rmSync(path, { force: true }));
  await server.json("/prepare");
  return {
    server,
    code,
    hold: toggle(env.HOLD_SYNC),
    fail: toggle(env.FAIL_SYNC),
    visits: () => visits,
    act: (kind, more = "") => server.json(`/act?kind=${encodeURIComponent(kind)}${more}`),
    look: (store) => server.json(`/look?store=${store}`),
  };
}

const kinds = {
  KV: ["KV put", "KV put of a long value", "KV delete"],
  R2: ["R2 put", "R2 delete"],
  D1: ["D1 statement", "D1 batch"],
  cache: ["cache put"],
};

for (const [store, acts] of Object.entries(kinds))
  test(`nobody sees what an object does to ${store} before its own write is durable`, async (context) => {
    const here = await world(context);
    for (const kind of acts) {
      await here.server.json("/prepare");
      const before = await here.look(store);
      here.hold(true);
      const acting = here.act(kind);
      assert.equal(await within(150, acting), undefined, `${kind} was answered before the write was durable`);
      // At once: a read would wait for a write that has begun.
      assert.deepEqual(await within(2000, here.look(store)), { value: before }, kind);
      here.hold(false);
      assert.equal(await acting, "done");
      assert.notDeepEqual(await here.look(store), before, kind);
    }
  });

test("no request leaves an object before its write is durable, whichever way", async (context) => {
  const here = await world(context);
  for (const kind of ["outbound fetch", "service binding", "RPC", "another object"]) {
    here.hold(true);
    const before = here.visits();
    const acting = here.act(kind);
    assert.equal(await within(150, acting), undefined, kind);
    assert.equal(here.visits(), before, kind);
    here.hold(false);
    assert.equal(await acting, "done");
    assert.equal(here.visits(), before + 1, kind);
  }
});

test("an upload begins in R2 only when the object's write is durable", async (context) => {
  const here = await world(context);
  here.hold(true);
  const acting = here.act("R2 multipart upload");
  assert.equal(await within(150, acting), undefined);
  here.hold(false);
  assert.equal(await acting, "done");
});

test("a part of a body that follows a write leaves when the write is durable", async (context) => {
  const here = await world(context);
  here.hold(true);
  const response = await fetch(new URL("/stream", here.server.url));
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  assert.deepEqual(await reader.read(), { done: false, value: "before." });
  const next = reader.read();
  assert.equal(await within(300, next), undefined);
  here.hold(false);
  assert.deepEqual(await next, { done: false, value: "after." });
  assert.equal((await reader.read()).done, true);
});

test("what follows an unconfirmed write leaves at once", async (context) => {
  const here = await world(context);
  here.hold(true);
  assert.deepEqual(await within(2000, here.act("outbound fetch", "&unconfirmed")), { value: "done" });
  assert.deepEqual(await within(2000, here.act("cache put", "&unconfirmed")), { value: "done" });
  assert.equal(await here.look("cache"), true);
  const putting = here.act("KV put", "&unconfirmed");
  await wait(100);
  // It has begun: who reads the key waits for it.
  const looking = here.look("KV");
  assert.equal(await within(150, looking), undefined);
  here.hold(false);
  assert.equal(await putting, "done");
  assert.deepEqual(await looking, [true, false]);
});

test("what follows a write that fails never happens", async (context) => {
  const here = await world(context);
  const before = here.visits();
  here.fail(true);
  const acts = ["KV put", "R2 put", "D1 statement", "cache put", "outbound fetch"];
  const outcomes = await Promise.all(
    acts.map((kind) => here.server.fetch(`/act?kind=${encodeURIComponent(kind)}`).then(({ status }) => status)),
  );
  assert.deepEqual(
    outcomes,
    acts.map(() => 500),
  );
  assert.equal(here.visits(), before);
  assert.equal(await here.look("cache"), false);
  here.fail(false);
  await here.server.stop();
  const again = await start(here.code, { persist: here.server.persist });
  await eventually(async () => assert.deepEqual(await again.json("/look?store=KV"), [false, false]));
  assert.deepEqual(await again.json("/look?store=R2"), [false, false]);
  assert.equal(await again.json("/look?store=D1"), false);
  await again.stop();
});
