// The limits of Cloudflare's plans: the request's body, variables, the worker's size, the log of an invocation, and how many connections of one
// may wait for an answer at a time. Subrequests are in limits.test.mjs.
import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import http from "node:http";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { eventually, launch, peer, start, worker } from "./harness.mjs";

const skip = peer && "wrangler dev does not enforce it";
const MB = 1024 * 1024;

// ---- The request's body

const uploads = `let running = 0, failure = "none";
export default {
  async fetch(request) {
    const { pathname } = new URL(request.url);
    if (pathname === "/state") return Response.json({ running, failure });
    running++;
    if (pathname === "/early") {
      const { readable, writable } = new IdentityTransformStream();
      const writer = writable.getWriter();
      writer.write(new TextEncoder().encode("early"));
      request.arrayBuffer().catch((error) => { failure = String(error); });
      return new Response(readable);
    }
    try {
      let length = 0;
      for await (const chunk of request.body ?? []) length += chunk.length;
      return new Response(String(length));
    } catch (error) { failure = String(error); throw error; }
  },
};`;

/** Sends a request by hand, its body as far as the server takes it; all that came back. */
function exchange(server, head, body) {
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(new URL(server.url).port, "127.0.0.1");
    socket.on("data", (data) => (answer += data));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
    socket.write(head);
    let left = body;
    const chunk = Buffer.from(`${(64 * 1024).toString(16)}\r\n${"x".repeat(64 * 1024)}\r\n`);
    const more = () => {
      while (left > 0 && !socket.destroyed) {
        left -= 64 * 1024;
        if (!socket.write(chunk)) return socket.once("drain", more);
      }
      if (left <= 0 && body > 0) socket.write("0\r\n\r\n");
    };
    more();
  });
}

const chunked = (path) => `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n`;

test("a body whose length is over 100 MB is refused before the worker runs", { skip }, async () => {
  const server = await start(worker({ "index.js": uploads }), { args: ["--shards", "1"] });
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${100 * MB + 1}\r\n\r\n`;
  const answer = await exchange(server, head, 0);
  assert.match(answer, /^HTTP\/1\.1 413 /);
  assert.match(answer, /larger than 100 MB.*--max-body-mb/s);
  assert.deepEqual(await server.json("/state"), { running: 0, failure: "none" });
  // One that is not is taken.
  const { status, text } = await server.fetch("/", { method: "POST", body: new Uint8Array(3 * MB) });
  assert.deepEqual([status, text], [200, String(3 * MB)]);
  await server.stop();
});

test("a chunked body that passes the limit fails in the worker, and the client gets 413", { skip }, async () => {
  const server = await start(worker({ "index.js": uploads }), { args: ["--max-body-mb", "1", "--shards", "1"] });
  assert.match(await exchange(server, chunked("/"), MB), /^HTTP\/1\.1 200 .*1048576/s);
  const answer = await exchange(server, chunked("/"), 4 * MB);
  assert.match(answer, /^HTTP\/1\.1 413 .*larger than 1 MB/s);
  assert.match(answer, /connection: close/i);
  const state = await eventually(async () => {
    const state = await server.json("/state");
    assert.notEqual(state.failure, "none");
    return state;
  });
  assert.equal(state.running, 2);
  assert.match(state.failure, /larger than 1 MB/);
  await server.stop();
});

test("a chunked body that passes the limit during the response ends the connection", { skip }, async () => {
  const server = await start(worker({ "index.js": uploads }), { args: ["--max-body-mb", "1", "--shards", "1"] });
  const answer = await exchange(server, chunked("/early"), 4 * MB);
  assert.match(answer, /^HTTP\/1\.1 200 .*early/s);
  assert.doesNotMatch(answer, /413|\r\n0\r\n/);
  await eventually(async () => assert.match((await server.json("/state")).failure, /larger than 1 MB/));
  await server.stop();
});

// ---- The response's headers

test("a response with more than 128 KB of headers is an error", { skip }, async () => {
  const source = `export default { fetch(request) {
    const size = Number(new URL(request.url).searchParams.get("size"));
    const headers = Array.from({ length: size / 1024 }, (_, i) => ["x" + (1000 + i), "h".repeat(1015)]);
    return new Response("ok", { headers });
  } };`;
  const server = await start(worker({ "index.js": source }), { args: ["--shards", "1"] });
  const size = (kb) =>
    new Promise((resolve, reject) => {
      const options = { maxHeaderSize: 1024 * 1024 };
      http
        .get(`${server.url}/?size=${kb * 1024}`, options, (response) => {
          response.resume();
          response.on("end", () => resolve(response.statusCode));
        })
        .on("error", reject);
    });
  assert.equal(await size(126), 200);
  assert.equal(await size(129), 500);
  assert.match(server.output, /headers of a response may have 128 KB/);
  assert.equal(await size(1), 200);
  await server.stop();
});

// ---- Variables and the worker's size

test("too long and too many variables are errors of the configuration", { skip }, async () => {
  const long = "v".repeat(5 * 1024 + 1);
  const folder = worker({ "index.js": uploads, ".dev.vars": `SHORT=a\nLONG=${long}\n` });
  const server = await launch(folder);
  assert.equal((await server.ended).code, 1);
  assert.match(server.output, /\.dev\.vars:2:1: error: LONG: the value has 5121 bytes, and a variable may have 5 KB/);
  assert.doesNotMatch(server.output, /vvvv/);
  writeFileSync(join(folder, ".dev.vars"), Array.from({ length: 129 }, (_, i) => `V${i}=${i}\n`).join(""));
  const second = await launch(folder);
  assert.equal((await second.ended).code, 1);
  assert.match(
    second.output,
    /\.dev\.vars:\d+:1: error: V\d+: the worker has 129 variables and secrets, and may have 128/,
  );
});

test("a worker of more than 64 MB is not built, and the largest modules are named", { skip }, async () => {
  const settings = `no_bundle = true\nrules = [{ type = "Data", globs = ["**/*.bin"] }]\n`;
  const folder = worker({ "index.js": "export default { fetch: () => new Response('fits') };" }, settings);
  writeFileSync(join(folder, "large.bin"), Buffer.alloc(40 * MB));
  writeFileSync(join(folder, "larger.bin"), Buffer.alloc(24 * MB - 1000));
  const server = await start(folder);
  assert.equal((await server.fetch("/")).text, "fits");
  writeFileSync(join(folder, "larger.bin"), Buffer.alloc(24 * MB));
  await server.waitForOutput(
    /the worker is too large: its modules have 64\.0 MB together.*large\.bin 40\.0 MB, larger\.bin 24\.0 MB/,
  );
  await server.stop();
});

// ---- The log

const logging = `import { DurableObject } from "cloudflare:workers";
function log(lines, name) {
  for (let i = 0; i < lines; i++) console.log(name + " " + "l".repeat(1024));
  console.table([{ a: 1 }]); console.dir({ dir: name }); console.error(name + " end");
}
export class Thing extends DurableObject {
  log(lines, name) { log(lines, name); }
}
export default {
  async fetch(request, env) {
    const { searchParams } = new URL(request.url);
    const lines = Number(searchParams.get("lines")), name = searchParams.get("name");
    if (searchParams.has("object")) await env.THING.getByName("a").log(lines, name);
    else log(lines, name);
    return new Response("ok");
  },
};`;
const logSettings = `durable_objects.bindings = [{ name = "THING", class_name = "Thing" }]
migrations = [{ tag = "v1", new_sqlite_classes = ["Thing"] }]
`;

test("an invocation logs 256 KB and says once that there was more", { skip }, async () => {
  const server = await start(worker({ "index.js": logging }, logSettings));
  const count = (pattern) => server.output.match(pattern)?.length ?? 0;
  await server.fetch("/?lines=1000&name=many");
  await server.fetch("/?lines=2&name=few");
  await server.fetch("/?lines=1000&name=object-many&object");
  await server.fetch("/?lines=2&name=object-few&object");
  await server.waitForOutput(/object-few end/);
  assert.equal(count(/^.*\bmany l+$/gm) - count(/object-many l+$/gm), Math.floor((256 * 1024) / (1024 + 5)));
  assert.equal(count(/object-many l+$/gm), Math.floor((256 * 1024) / (1024 + 12)));
  assert.equal(count(/Log size limit exceeded: More than 256KB/g), 2);
  assert.equal(count(/ (object-)?many end|dir: '(object-)?many'/g), 0);
  assert.equal(count(/few l+$/gm), 4);
  assert.equal(count(/dir: '(object-)?few'/g), 2);
  await server.stop();
});

// ---- Connections

/** A server that answers what is asked of it when it is told to; `most` is how many waited at a time. */
async function slowServer() {
  const waiting = [];
  const seen = { most: 0, requests: 0, waiting, urls: [] };
  const server = http.createServer((request, response) => {
    seen.requests++;
    seen.urls.push(request.url);
    request.resume();
    waiting.push({ url: request.url, response });
    response.on("close", () => {
      const at = waiting.findIndex((item) => item.response === response);
      if (at >= 0) waiting.splice(at, 1);
    });
    seen.most = Math.max(seen.most, waiting.length);
  });
  server.on("upgrade", (request, socket) => {
    seen.requests++;
    waiting.push({ url: request.url, socket, key: request.headers["sec-websocket-key"] });
    seen.most = Math.max(seen.most, waiting.length);
    socket.on("error", () => {});
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    ...seen,
    seen,
    url: `http://127.0.0.1:${server.address().port}`,
    /** Answers one with a head, and a body that never ends. */
    answerHead: () => waiting.shift().response.writeHead(200, { "content-length": "10" }).write("some"),
    answer: () => waiting.shift().response.end("done"),
    breakOne: () => waiting.shift().response.destroy(),
    close: () => {
      server.closeAllConnections();
      for (const { socket } of waiting) socket?.destroy();
      server.close();
    },
  };
}

const fetching = `import { connect } from "cloudflare:sockets";
import { DurableObject } from "cloudflare:workers";
let failures = [];
const calls = (env) => ({
  fetch: (i) => fetch(env.TO + "/" + i).then((response) => response.text()),
  head: (i) => fetch(env.TO + "/" + i).then((response) => response.status),
  kv: () => env.KV.get("a"), "kv-put": (i) => env.KV.put("k" + i, "v"), "kv-list": () => env.KV.list(),
  "kv-delete": () => env.KV.delete("none"), "kv-many": () => env.KV.get(["a", "b"]),
  r2: () => env.BUCKET.get("a"), "r2-put": (i) => env.BUCKET.put("k" + i, "v"), "r2-list": () => env.BUCKET.list(),
  "r2-head": () => env.BUCKET.head("a"), "r2-delete": () => env.BUCKET.delete("none"),
  cache: () => caches.default.match("http://c.example/"), "cache-delete": () => caches.default.delete("http://c.example/"),
  "cache-put": (i) => caches.default.put("http://c.example/" + i, new Response("c", { headers: { "cache-control": "max-age=60" } })),
  connect: () => connect(new URL(env.TO).host).opened,
  socket: (i) => fetch(env.TO + "/socket" + i, { headers: { upgrade: "websocket" } }),
  d1: () => env.DB.prepare("SELECT 1").run(),
  stub: () => env.THING.getByName("other").ping(),
});
async function run(env, kind, count, also) {
  const all = Array.from({ length: count }, (_, i) => calls(env)[kind](i).catch((error) => "error: " + error.message));
  if (also) return calls(env)[also](count);
  return (await Promise.all(all)).map(String);
}
export class Thing extends DurableObject {
  run(kind, count, also) { return run(this.env, kind, count, also); }
  ping() { return "pong"; }
}
export default {
  async fetch(request, env, ctx) {
    const { pathname, searchParams } = new URL(request.url);
    const kind = searchParams.get("kind"), count = Number(searchParams.get("count")), also = searchParams.get("also");
    if (pathname === "/object") return Response.json(await env.THING.getByName("a").run(kind, count, also));
    if (pathname === "/abort") {
      const controller = new AbortController();
      const six = Array.from({ length: 6 }, (_, i) => fetch(env.TO + "/" + i, { signal: controller.signal }).catch(String));
      const alone = new AbortController();
      const seventh = fetch(env.TO + "/seventh", { signal: alone.signal }).catch((error) => "seventh: " + error);
      const eighth = fetch(env.TO + "/eighth").then((response) => response.text());
      alone.abort("given up");
      const first = await seventh; // although the six still wait
      controller.abort("enough");
      return Response.json([first, ...(await Promise.all(six)), await eighth]);
    }
    if (pathname === "/leave") {
      run(env, "fetch", count);
      return new Response("left");
    }
    return Response.json((await run(env, kind, count, also)) ?? null);
  },
};`;
const fetchSettings = `${logSettings}r2_buckets = [{ binding = "BUCKET", bucket_name = "bucket" }]
kv_namespaces = [{ binding = "KV", id = "kv" }]
d1_databases = [{ binding = "DB", database_name = "db", database_id = "db" }]
`;

async function slowly(use) {
  const slow = await slowServer();
  const server = await start(worker({ "index.js": fetching }, fetchSettings), {
    args: ["--shards", "1", "--var", `TO:${slow.url}`],
  });
  const waits = (count) => eventually(async () => assert.equal(slow.seen.waiting.length, count), 10_000);
  try {
    await use(server, slow, waits);
  } finally {
    slow.close();
    await server.stop();
  }
}

test("a seventh fetch begins when one of six has its response's head", { skip }, async () => {
  await slowly(async (server, slow, waits) => {
    const answer = server.json("/?kind=head&count=9");
    await waits(6);
    await sleep(50);
    assert.equal(slow.seen.requests, 6);
    slow.answerHead(); // whose body is never read and never ends
    await eventually(async () => assert.equal(slow.seen.requests, 7), 5000);
    slow.breakOne();
    await eventually(async () => assert.equal(slow.seen.requests, 8), 5000);
    slow.answer();
    await eventually(async () => assert.equal(slow.seen.requests, 9), 5000);
    while (slow.seen.waiting.length > 0) slow.answer();
    const results = await answer;
    assert.equal(results.filter((result) => result === "200").length, 8);
    assert.match(results[1], /^error: /);
    assert.equal(slow.seen.most, 6);
  });
});

const stores = ["kv", "kv-put", "kv-list", "kv-delete", "kv-many", "r2", "r2-put", "r2-list", "r2-head", "r2-delete"];
for (const kind of [...stores, "cache", "cache-put", "cache-delete", "connect", "socket"])
  test(`${kind} waits while six wait for their answers`, { skip }, async () => {
    await slowly(async (server, slow, waits) => {
      const answer = server.fetch(`/?kind=fetch&count=6&also=${kind}`);
      await waits(6);
      assert.equal(await Promise.race([answer, sleep(100, "waits")]), "waits");
      assert.equal(slow.seen.requests, 6);
      slow.answer();
      if (kind === "socket") {
        await eventually(async () => assert.equal(slow.seen.requests, 7), 5000);
        while (slow.seen.waiting.length > 0)
          if (slow.seen.waiting[0].response) slow.answer();
          else slow.seen.waiting.shift().socket.end("HTTP/1.1 400 No\r\nContent-Length: 0\r\n\r\n");
      }
      assert.equal((await answer).status, 200);
    });
  });

for (const kind of ["stub", "d1"])
  test(`${kind} does not count among the six`, { skip }, async () => {
    await slowly(async (server, slow, waits) => {
      const answer = server.fetch(`/?kind=fetch&count=6&also=${kind}`);
      await waits(6);
      assert.equal((await answer).status, 200);
    });
  });

for (const kind of [...stores, "cache", "cache-put", "cache-delete", "connect"])
  test(`a hundred of ${kind} at once all end`, { skip }, async () => {
    await slowly(async (server) => {
      for (const path of ["/", "/object"]) {
        const results = await server.json(`${path}?kind=${kind}&count=100`);
        assert.equal(results.length, 100);
        assert.deepEqual(
          results.filter((result) => result.startsWith("error")),
          [],
        );
      }
    });
  });

test("an abort frees what it ends, and ends what waits for its turn at once", { skip }, async () => {
  await slowly(async (server, slow) => {
    const answer = server.json("/abort");
    await eventually(async () => assert.equal(slow.seen.waiting.at(-1)?.url, "/eighth"), 10_000);
    slow.seen.waiting.at(-1).response.end("eighth");
    assert.deepEqual(await answer, ["seventh: given up", ...Array(6).fill("enough"), "eighth"]);
    assert(!slow.seen.urls.includes("/seventh"));
  });
});

test("a WebSocket is none of the six once it is open", { skip }, async () => {
  const target = await start(
    worker({
      "index.js": `export default { fetch() {
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    return new Response(null, { status: 101, webSocket: client });
  } };`,
    }),
  );
  const server = await start(
    worker({
      "index.js": `export default { async fetch(request, env) {
    const open = await Promise.all(Array.from({ length: 20 }, () => fetch(env.TO, { headers: { upgrade: "websocket" } })));
    for (const { webSocket } of open) webSocket.accept();
    return new Response(open.filter(({ webSocket }) => webSocket).length);
  } };`,
    }),
    { args: ["--var", `TO:${target.url}`] },
  );
  assert.equal((await server.fetch("/")).text, "20");
  await server.stop();
  await target.stop();
});

test("each request and each event of an object has six of its own", { skip }, async () => {
  await slowly(async (server, slow, waits) => {
    const answers = [];
    for (const path of ["/", "/", "/object", "/object"]) {
      answers.push(server.json(`${path}?kind=fetch&count=8`));
      await waits(6 * answers.length);
    }
    await sleep(50);
    assert.equal(slow.seen.requests, 24);
    for (let i = 0; i < 32; i++) {
      await eventually(async () => assert(slow.seen.waiting.length > 0), 5000);
      slow.answer();
    }
    for (const answer of answers) assert.deepEqual(await answer, Array(8).fill("done"));
    assert.equal(slow.seen.most, 24);
  });
});

test("what waits for its turn when its request is over never begins", { skip }, async () => {
  await slowly(async (server, slow, waits) => {
    assert.equal((await server.fetch("/leave?count=9")).text, "left");
    await waits(6);
    while (slow.seen.waiting.length > 0) slow.answer();
    await sleep(100);
    assert.equal(slow.seen.requests, 6);
    // The server goes on as if nothing had been.
    assert.equal((await server.json("/?kind=kv&count=20")).length, 20);
  });
});
