// Several workers in one process: service bindings between them, by fetch and by RPC, Durable Objects of another worker, reloading one.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { binary, openSocket, peer, start, worker } from "./harness.mjs";

const skip = peer ? "starts several workers" : false;

const api = (greeting) => `
import { DurableObject, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
class Counter extends RpcTarget {
  #count = 0;
  increment(by = 1) { return (this.#count += by); }
}
export class Admin extends WorkerEntrypoint {
  whoami() { return { props: this.ctx.props, greeting: ${JSON.stringify(greeting)} }; }
  counter() { return new Counter(); }
  async call(f, value) { return f(value); }
  async fill(writable) {
    const writer = writable.getWriter();
    for (let i = 0; i < 40; i++) await writer.write(new Uint8Array(50_000));
    await writer.close();
  }
  async size(stream) { let size = 0; for await (const chunk of stream) size += chunk.byteLength; return size; }
  back() { return this.env.SITE.hello("api"); }
  fail() { throw new RangeError("out of range"); }
  hang() { return new Promise(() => {}); }
  spin() { for (;;); }
}
export class Room extends DurableObject {
  async add(n) {
    const sum = ((await this.ctx.storage.get("sum")) ?? 0) + n;
    await this.ctx.storage.put("sum", sum);
    return sum;
  }
  call(f) { return f("from the room"); }
  fetch() { return new Response("room"); }
}
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", ({ data }) => server.send("api heard " + data));
      return new Response(null, { status: 101, webSocket: client });
    }
    if (url.pathname === "/stream") return new Response(new ReadableStream({
      type: "bytes",
      async pull(controller) {
        await scheduler.wait(1);
        this.left = (this.left ?? 20) - 1;
        controller.enqueue(new Uint8Array(30_000));
        if (this.left === 0) controller.close();
      },
    }));
    return new Response(\`\${request.method} \${url.pathname} \${await request.text()} \${env.NAME}\`, { status: 207, headers: { from: "api" } });
  },
};`;

const site = `
import { WorkerEntrypoint } from "cloudflare:workers";
const actions = {
  async fetch(env) {
    const response = await env.API.fetch("http://api/path", { method: "POST", body: "posted" });
    return [response.status, response.headers.get("from"), await response.text()];
  },
  async stream(env) {
    const body = await (await env.API.fetch("http://api/stream")).arrayBuffer();
    return body.byteLength;
  },
  whoami: (env) => env.ADMIN.whoami(),
  async counter(env) {
    using counter = await env.ADMIN.counter();
    return [await counter.increment(), await counter.increment(4), await env.ADMIN.counter().increment(2)];
  },
  callback: (env) => env.ADMIN.call(async (value) => value * 2, 21),
  async fill(env) {
    const { readable, writable } = new IdentityTransformStream();
    const filled = env.ADMIN.fill(writable);
    const size = (await new Response(readable).arrayBuffer()).byteLength;
    await filled;
    return size;
  },
  size: (env) => env.ADMIN.size(new Response(new Uint8Array(1_000_000)).body),
  back: (env) => env.ADMIN.back(),
  fail: (env) => env.ADMIN.fail().catch((error) => [error.constructor.name, error.message, error.remote]),
  hang: (env) => env.ADMIN.hang().catch((error) => error.message),
  spin: (env) => env.ADMIN.spin().catch((error) => error.message),
  async room(env) {
    const sums = [];
    for (const name of ["a", "b", "c", "d"]) sums.push(await env.ROOM.getByName(name).add(1));
    sums.push(await env.ROOM.getByName("a").call((text) => text + "!"));
    sums.push(await (await env.ROOM.getByName("a").fetch("http://room/")).text());
    return sums;
  },
};
export class Hello extends WorkerEntrypoint {
  hello(name) { return "hello " + name; }
}
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/socket") return env.API.fetch(request);
    const action = actions[pathname.slice(1)];
    if (action === undefined) return new Response("site");
    return Response.json(await action(env));
  },
};`;

const siteWorker = () =>
  worker({
    "index.js": site,
    "wrangler.json": JSON.stringify({
      name: "site",
      main: "index.js",
      compatibility_date: "2026-01-01",
      services: [
        { binding: "API", service: "api" },
        { binding: "ADMIN", service: "api", entrypoint: "Admin", props: { role: "root" } },
      ],
      durable_objects: { bindings: [{ name: "ROOM", class_name: "Room", script_name: "api" }] },
    }),
  });
const apiWorker = () =>
  worker({
    "index.js": api("first"),
    "wrangler.json": JSON.stringify({
      name: "api",
      main: "index.js",
      compatibility_date: "2026-01-01",
      vars: { NAME: "api's own" },
      limits: { cpu_ms: 100 },
      services: [{ binding: "SITE", service: "site", entrypoint: "Hello" }],
      durable_objects: { bindings: [{ name: "ROOM", class_name: "Room" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Room"] }],
    }),
  });

async function both(options = {}) {
  const folder = apiWorker();
  const server = await start(siteWorker(), { ...options, args: [folder, "--shards", "2"] });
  return { server, folder };
}

test("the first worker is on HTTP, the other behind its bindings", { skip }, async () => {
  const { server } = await both();
  assert.equal((await server.fetch("/")).text, "site");
  assert.deepEqual(await server.json("/fetch"), [207, "api", "POST /path posted api's own"]);
  assert.deepEqual(await server.json("/whoami"), { props: { role: "root" }, greeting: "first" });
  assert.deepEqual(await server.json("/counter"), [1, 5, 2]);
  assert.equal(await server.json("/callback"), 42);
  assert.equal(await server.json("/back"), "hello api");
  await server.stop();
});

test("streams flow between workers", { skip }, async () => {
  const { server } = await both();
  assert.equal(await server.json("/stream"), 600_000);
  assert.equal(await server.json("/fill"), 2_000_000);
  assert.equal(await server.json("/size"), 1_000_000);
  await server.stop();
});

test("errors, hanging and endless code of the callee reach the caller", { skip }, async () => {
  const { server } = await both();
  assert.deepEqual(await server.json("/fail"), ["RangeError", "out of range", true]);
  assert.match(await server.json("/hang"), /hung/);
  assert.match(await server.json("/spin"), /CPU time limit/);
  assert.deepEqual(await server.json("/whoami"), { props: { role: "root" }, greeting: "first" });
  await server.stop();
});

test("a WebSocket of the other worker", { skip }, async () => {
  const { server } = await both();
  const socket = await openSocket(server, "/socket");
  for (const word of ["hi", "there"]) {
    socket.send(word);
    assert.deepEqual(await socket.next(), { data: `api heard ${word}` });
  }
  socket.close();
  await server.stop();
});

test("Durable Objects of another worker (script_name), on both shards", { skip }, async () => {
  const { server } = await both();
  assert.deepEqual(await server.json("/room"), [1, 1, 1, 1, "from the room!", "room"]);
  assert.deepEqual(await server.json("/room"), [2, 2, 2, 2, "from the room!", "room"]);
  await server.stop();
});

test("one worker's source changes", { skip }, async () => {
  const { server, folder } = await both();
  assert.equal((await server.json("/whoami")).greeting, "first");
  writeFileSync(join(folder, "index.js"), api("second"));
  await server.waitForOutput(/Reloaded/);
  assert.equal((await server.json("/whoami")).greeting, "second");
  assert.deepEqual(await server.json("/room"), [1, 1, 1, 1, "from the room!", "room"]);
  await server.stop();
});

test("a service that does not run is named", { skip }, async () => {
  const source = `export default { async fetch(_, env) { try { return new Response(await env.GONE.hello()); } catch (error) { return new Response(error.message); } } };`;
  const server = await start(worker({ "index.js": source }, `services = [{ binding = "GONE", service = "gone" }]`));
  assert.match(server.output, /no worker "gone" runs beside this one/);
  assert.match((await server.fetch("/")).text, /The worker "gone" of a service binding is not running/);
  await server.stop();
});

test("two workers of one name are refused", { skip }, () => {
  const folders = [worker({ "index.js": site }), worker({ "index.js": site })];
  const run = spawnSync(binary, ["dev", ...folders, "--port", "0"], { encoding: "utf8", timeout: 10_000 });
  assert.notEqual(run.status, 0);
  assert.match(run.stderr, /both name their worker "test-worker"/);
});
