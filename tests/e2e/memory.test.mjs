// The 128 MB that an isolate may use: every kind of memory that a worker can get hold of counts, however the buffer was born. One that takes
// more loses its isolate, with the same error as for a heap that is full; other workers of the same thread go on, and the memory returns.
import assert from "node:assert/strict";
import test from "node:test";
import { writeFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { eventually, openSocket, peer, sanitized, start, worker } from "./harness.mjs";
import { memory_mb, proc } from "./measure.mjs";

const skip = peer ? "wrangler dev does not enforce it" : sanitized;

// On HTTP: the innocent one, of the same and only shard.
const innocent = `
let requests = 0;
const megabyte = new Uint8Array(1 << 20).fill(7);
export default {
  fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/") return new Response(String(++requests));
    if (pathname === "/megabyte") return new Response(megabyte);
    return env.HOARDER.fetch(request);
  },
};`;

const hoarder = `
import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import { Buffer } from "node:buffer";
import zlib from "node:zlib";
const size = 1 << 20;
const kept = [];
const fresh = () => new Uint8Array(size).fill(1);
let one;
const once = () => (one ??= fresh());
const made = new Map();
const prepared = async (make) => made.get(String(make)) ?? (made.set(String(make), (await make()) ?? true), made.get(String(make)));

// Each gives what holds another megabyte.
const kinds = {
  "array-buffer": () => { const buffer = new ArrayBuffer(size); new Uint8Array(buffer).fill(1); return buffer; },
  "uint8-array": fresh,
  "shared-array-buffer": () => { const buffer = new SharedArrayBuffer(size); new Uint8Array(buffer).fill(1); return buffer; },
  "resizable": () => { const buffer = new ArrayBuffer(0, { maxByteLength: size }); buffer.resize(size); new Uint8Array(buffer).fill(1); return buffer; },
  fetch: async (env, request) => (await fetch(request.headers.get("x-origin") + "/megabyte")).arrayBuffer(),
  "fetch-chunks": async (env, request) => { const chunks = []; for await (const chunk of (await fetch(request.headers.get("x-origin") + "/megabyte")).body) chunks.push(chunk); return chunks; },
  "fetch-blob": async (env, request) => (await fetch(request.headers.get("x-origin") + "/megabyte")).blob(),
  kv: async (env) => { await prepared(() => env.KV.put("a", once())); return env.KV.get("a", "arrayBuffer"); },
  r2: async (env) => { await prepared(() => env.BUCKET.put("a", once())); return (await env.BUCKET.get("a")).arrayBuffer(); },
  cache: async (env) => { await prepared(() => caches.default.put("http://a.example/", new Response(once(), { headers: { "cache-control": "max-age=1000" } }))); return (await caches.default.match("http://a.example/")).arrayBuffer(); },
  d1: async (env) => { await prepared(async () => { await env.DB.exec("CREATE TABLE a (b)"); await env.DB.prepare("INSERT INTO a VALUES (?)").bind(once()).run(); }); return env.DB.prepare("SELECT b FROM a").first("b"); },
  "object-storage": async (env) => env.THING.getByName("a").stored(),
  "object-sql": async (env) => env.THING.getByName("a").sql(),
  rpc: async (env) => env.SELF.echo(once()),
  clone: () => structuredClone(once()),
  encoder: () => new TextEncoder().encode("x".repeat(size)),
  encrypt: async () => { const key = await prepared(() => crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"])); return crypto.subtle.encrypt({ name: "AES-GCM", iv: new Uint8Array(12) }, key, once()); },
  random: () => { const octets = new Uint8Array(size); for (let at = 0; at < size; at += 65536) crypto.getRandomValues(octets.subarray(at, at + 65536)); return octets; },
  digest: async () => { const all = []; for (let i = 0; i < 3000; i++) all.push(await crypto.subtle.digest("SHA-512", once().subarray(i, i + 1))); return all; },
  decompress: async () => { const packed = await prepared(async () => new Response(new Blob([once()]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer()); const chunks = []; for await (const chunk of new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"))) chunks.push(chunk); return chunks; },
  zlib: () => zlib.gunzipSync((kinds.packed ??= zlib.gzipSync(once()))),
  buffer: () => Buffer.alloc(size, 1),
  "buffer-from": () => Buffer.from("x".repeat(size), "latin1"),
  "small-buffers": () => Array.from({ length: 1024 }, () => new Uint8Array(1024).fill(1)),
  blob: () => new Blob([once()]),
  "blob-buffer": () => new Blob([once()]).arrayBuffer(),
  response: () => new Response(once()),
  "response-buffer": () => new Response("x".repeat(size)).arrayBuffer(),
  tee: async () => { const response = new Response(fresh()); const copy = response.clone(); await response.arrayBuffer(); return copy; },
  "wasm-memory": () => { const memory = new WebAssembly.Memory({ initial: 16 }); new Uint8Array(memory.buffer).fill(1); return memory; },
  "wasm-grow": () => { const memory = (kinds.memory ??= new WebAssembly.Memory({ initial: 16, maximum: 65536 })); memory.grow(16); new Uint8Array(memory.buffer).fill(1, memory.buffer.byteLength - size); return memory; },
  "websocket-pair": () => new Promise((resolve) => { const [a, b] = Object.values(new WebSocketPair()); a.accept(); b.accept(); b.binaryType = "arraybuffer"; b.addEventListener("message", ({ data }) => resolve([data, a, b])); a.send(once()); }),
  "websocket-unread": () => { const [a, b] = Object.values(new WebSocketPair()); a.accept(); a.send(once()); return [a, b]; },
  "body-unread": () => { const response = new Response(once()); return [response, response.body]; },
  "identity-unread": () => { const { readable, writable } = new IdentityTransformStream(); const writer = writable.getWriter(); writer.write(fresh()).catch(() => {}); return [readable, writer]; },
  "kv-puts": async (env) => { env.KV.put("b" + kept.length, once()).catch(() => {}); },
  "r2-puts": async (env) => { env.BUCKET.put("b" + kept.length, once()).catch(() => {}); },
  heap: () => new Array(131072).fill(0).map((_, i) => i + 0.5),
  // Never more than ten megabytes of each are held.
  "garbage-uint8-array": () => { kept.length = kept.length % 10; return fresh(); },
  "garbage-fetch": async (env, request) => { kept.length = kept.length % 10; return kinds.fetch(env, request); },
  "garbage-kv": async (env, request) => { kept.length = kept.length % 10; return kinds.kv(env, request); },
  "garbage-websocket": async (env, request) => { kept.length = kept.length % 10; await scheduler.wait(0); return kinds["websocket-unread"](env, request); },
  "garbage-wasm": async (env, request) => { kept.length = kept.length % 10; return kinds["wasm-memory"](); },
};

export class Echo extends WorkerEntrypoint { echo(value) { return value; } }
export class Thing extends DurableObject {
  async stored() { await prepared(() => this.ctx.storage.put("a", once().subarray(0, 1_000_000))); const kept = []; for (let i = 0; i < 1; i++) kept.push(await this.ctx.storage.get("a")); return kept[0]; }
  async sql() { const { sql } = this.ctx.storage; await prepared(() => { sql.exec("CREATE TABLE a (b)"); sql.exec("INSERT INTO a VALUES (?)", once()); }); return sql.exec("SELECT b FROM a").one().b; }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    if (pathname === "/keep") { kept.push(await request.arrayBuffer()); return new Response(String(kept.length)); }
    if (pathname === "/keep-blob") { kept.push((await request.formData()).get("file")); return new Response(String(kept.length)); }
    if (pathname === "/keep-request") { kept.push(request.clone()); return new Response(String(kept.length)); }
    if (pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.binaryType = "arraybuffer";
      server.addEventListener("message", ({ data }) => { kept.push(data); server.send(String(kept.length)); });
      return new Response(null, { status: 101, webSocket: client });
    }
    if (pathname === "/read") return new Response(String((await request.arrayBuffer()).byteLength));
    if (pathname === "/tee-body") {
      const [first, second] = request.body.tee();
      let size = 0;
      for await (const chunk of first) size += chunk.byteLength;
      return new Response(String(size) + second);
    }
    if (pathname === "/gunzip") {
      let size = 0;
      for await (const chunk of request.body.pipeThrough(new DecompressionStream("gzip"))) size += chunk.byteLength;
      return new Response(String(size));
    }
    if (pathname === "/gunzip-sync") return new Response(String(zlib.gunzipSync(await request.arrayBuffer()).length));
    const kind = pathname.slice(1);
    const count = Number(searchParams.get("count"));
    for (let i = 0; i < count; i++) kept.push(await kinds[kind](env, request));
    return new Response("kept " + kept.length);
  },
};`;

const folders = () => [
  worker({
    "index.js": innocent,
    "wrangler.json": JSON.stringify({
      name: "innocent",
      main: "index.js",
      compatibility_date: "2026-01-01",
      services: [{ binding: "HOARDER", service: "hoarder" }],
    }),
  }),
  worker({
    "index.js": hoarder,
    "wrangler.json": JSON.stringify({
      name: "hoarder",
      main: "index.js",
      compatibility_date: "2026-01-01",
      compatibility_flags: ["nodejs_compat"],
      services: [{ binding: "SELF", service: "hoarder", entrypoint: "Echo" }],
      kv_namespaces: [{ binding: "KV", id: "kv" }],
      r2_buckets: [{ binding: "BUCKET", bucket_name: "bucket" }],
      d1_databases: [{ binding: "DB", database_name: "db", database_id: "db" }],
      durable_objects: { bindings: [{ name: "THING", class_name: "Thing" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Thing"] }],
    }),
  }),
];
const kinds = [...hoarder.matchAll(/^  "?([a-z][\w-]*)"?: (?:async )?(?:\(|fresh)/gm)].map(([, kind]) => kind);
const lost = /The worker exceeded its memory limit of 128 MB/g;

async function startBoth() {
  const [first, second] = folders();
  const server = await start(first, { args: [second, "--shards", "1", "--max-body-mb", "2000"] });
  let requests = 0;
  // It is the same isolate as ever.
  server.innocentGoesOn = async () => assert.equal((await server.fetch("/")).text, String(++requests));
  await server.innocentGoesOn();
  server.before_mb = memory_mb(server);
  server.measurePeak = () => writeFileSync(proc(server, "clear_refs"), "5");
  // What stays is V8's and malloc's reserve and the stores' caches.
  server.memoryReturns = () =>
    eventually(() => assert(memory_mb(server) < server.before_mb + 200, `${memory_mb(server)} MB`), 5000);
  server.losses = () => server.output.match(lost)?.length ?? 0;
  return server;
}

test(
  "a gigabyte of any kind ends the isolate that holds it and nothing else, and the memory returns",
  { skip },
  async (t) => {
    const server = await startBoth();
    assert(kinds.length > 35);
    for (const kind of kinds.filter((kind) => !kind.startsWith("garbage-"))) {
      await t.test(kind, async () => {
        const before = server.losses();
        server.measurePeak();
        const [{ status, text }] = await Promise.all([
          server.fetch(`/${kind}?count=1024`, { headers: { "x-origin": server.url } }),
          server.innocentGoesOn(),
        ]);
        assert.equal(status, 500, text);
        assert.match(text, /Worker exceeded its memory limit/);
        await eventually(() => assert.equal(server.losses(), before + 1));
        await server.innocentGoesOn();
        const peak = memory_mb(server, "VmHWM");
        assert(peak < server.before_mb + 400, `${peak} MB at the most`);
        await server.memoryReturns();
      });
    }
    assert.equal((await server.stop()).code, 0);
  },
);

test("a gigabyte of garbage of any kind ends nothing", { skip }, async (t) => {
  const server = await startBoth();
  for (const kind of kinds.filter((kind) => kind.startsWith("garbage-"))) {
    await t.test(kind, async () => {
      const { status, text } = await server.fetch(`/${kind}?count=1024`, { headers: { "x-origin": server.url } });
      assert.equal(status, 200, text);
      const peak = memory_mb(server, "VmHWM");
      assert(peak < server.before_mb + 250, `${peak} MB at the most`);
    });
  }
  assert.equal(server.losses(), 0);
  assert.equal((await server.stop()).code, 0);
});

test("what many requests and messages leave behind counts as what one does", { skip }, async () => {
  const server = await startBoth();
  const megabyte = Buffer.alloc(1 << 20, 1);
  const form = () => {
    const form = new FormData();
    form.append("file", new File([megabyte], "a"));
    return form;
  };
  for (const [path, body] of [
    ["/keep", () => megabyte],
    ["/keep-blob", form],
  ]) {
    const before = server.losses();
    let count = 0;
    while ((await server.fetch(path, { method: "POST", body: body() })).status === 200) assert(++count < 130, path);
    assert(count > 60, `${path} after ${count}`);
    await eventually(() => assert.equal(server.losses(), before + 1));
    await server.innocentGoesOn();
  }
  const before = server.losses();
  const socket = await openSocket(server, "/socket");
  for (let count = 0; ; count++) {
    socket.send(megabyte);
    const { data } = await socket.next();
    if (data === undefined) break;
    assert(count < 130);
  }
  await eventually(() => assert.equal(server.losses(), before + 1));
  await server.innocentGoesOn();
  await server.memoryReturns();
  assert.equal((await server.stop()).code, 0);
});

test("a body that does not fit is an error for its reader, before it is in memory", { skip }, async () => {
  const server = await startBoth();
  const zeros = gzipSync(Buffer.alloc(1 << 29));
  const long = () =>
    new ReadableStream({
      sent: 0,
      pull(controller) {
        if (this.sent++ < 600) controller.enqueue(new Uint8Array(1 << 20));
        else controller.close();
      },
    });
  for (const [path, body, message] of [
    ["/read", long(), /does not fit into the memory/],
    ["/tee-body", long(), /does not fit into the memory/],
    ["/gunzip", zeros, /does not fit into memory|memory limit/],
    ["/gunzip-sync", zeros, /larger than|ERR_BUFFER_TOO_LARGE/],
  ]) {
    const sent = server.fetch(path, { method: "POST", body, duplex: "half" });
    // The server stops to read what nobody wants: the client may learn of that first.
    const answer = await sent.catch(() => undefined);
    if (answer) assert.equal(answer.status, 500, path);
    await server.waitForOutput(message);
    await server.innocentGoesOn();
  }
  assert(memory_mb(server, "VmHWM") < server.before_mb + 500, `${memory_mb(server, "VmHWM")} MB at the most`);
  assert.equal((await server.stop()).code, 0);
});

test("one buffer that would never fit is a RangeError and no more", { skip }, async () => {
  const server = await start(
    worker({
      "index.js": `
        let requests = 0;
        export default {
          fetch() {
            requests++;
            try { return new Response(String(new Uint8Array(200 << 20).length)); }
            catch (error) { return new Response(requests + " " + error.name); }
          },
        };`,
    }),
    { args: ["--shards", "1"] },
  );
  for (const number of [1, 2, 3]) assert.equal((await server.fetch("/")).text, `${number} RangeError`);
  assert.equal((await server.stop()).code, 0);
});
