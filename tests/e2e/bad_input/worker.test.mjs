// What a worker can do wrong: the process goes on, the client gets an error, the log says where it happened.
import assert from "node:assert/strict";
import test from "node:test";
import { eventually, peer, start, worker } from "../harness.mjs";

const misbehaving = `
  export default {
    async fetch(request, env, ctx) {
      const url = new URL(request.url);
      switch (url.pathname) {
        case "/throw": return explode();
        case "/reject": await Promise.reject(new RangeError("rejected on purpose")); break;
        case "/throw-null": throw null;
        case "/throw-string": throw "only a string";
        case "/no-response": return "not a Response";
        case "/undefined": return undefined;
        case "/unknown-binding": return env.NOT_THERE.get("key");
        case "/recursion": return (function deeper() { return deeper() + 1; })();
        case "/pass-through": ctx.passThroughOnException(); throw new Error("passed through");
        case "/unhandled": Promise.reject(new Error("nobody waits for this")); return new Response("answered");
        case "/wait-until": ctx.waitUntil(Promise.reject(new Error("failed in the background"))); return new Response("answered");
        case "/timer": setTimeout(() => { throw new Error("thrown in a timer"); }, 1); await scheduler.wait(20); return new Response("answered");
        case "/never": return new Promise(() => {});
        case "/body-twice": await request.text(); return new Response(await request.text());
        case "/half-body": return new Response(new ReadableStream({
          start(controller) { controller.enqueue(new TextEncoder().encode("half")); },
          async pull(controller) { await scheduler.wait(20); controller.error(new Error("the other half failed")); },
        }));
        case "/bad-header": return new Response("", { headers: { "x-bad": "a\\nb" } });
        case "/bad-status": return new Response("", { status: 42 });
        case "/never-body": return new Response(new ReadableStream({ pull() { return new Promise(() => {}); } }));
        case "/huge-string": return new Response("x".repeat(2 ** 29 + 100));
        default: return new Response("fine");
      }
    },
  };

  function explode() {
    throw new Error("thrown on purpose");
  }
`;

const fine = async (server) => assert.equal((await server.fetch("/")).text, "fine");

test("an exception in fetch is a 500, and its stack with source lines is logged", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  assert.equal((await server.fetch("/throw")).status, 500);
  await server.waitForOutput(/thrown on purpose/);
  await server.waitForOutput(/explode[^\n]*index\.js:34/);
  await fine(server);
  await server.stop();
});

for (const [path, logged] of [
  ["/reject", /rejected on purpose/],
  ["/throw-null", /null/],
  ["/throw-string", /only a string/],
  ["/no-response", /Response/],
  ["/undefined", /Response/],
  ["/unknown-binding", /undefined/],
  ["/recursion", /call stack/i],
  ["/body-twice", /body|disturbed|used/i],
  ["/bad-header", /header/i],
  ["/bad-status", /status/i],
  ["/huge-string", /string length/i],
]) {
  test(`${path} is a 500, is logged, and the next request works`, async () => {
    const server = await start(worker({ "src/index.js": misbehaving }));
    assert.equal((await server.fetch(path, { method: "POST", body: "body" })).status, 500);
    await server.waitForOutput(logged);
    await fine(server);
    await server.stop();
  });
}

test("a failure after or beside the response does not change it", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  for (const path of ["/unhandled", "/wait-until", "/timer"]) {
    const { status, text } = await server.fetch(path);
    assert.deepEqual([path, status, text], [path, 200, "answered"]);
  }
  if (!peer) {
    for (const logged of [/nobody waits for this/, /failed in the background/, /thrown in a timer/])
      await server.waitForOutput(logged);
  }
  await fine(server);
  await server.stop();
});

test("passThroughOnException has no origin to pass to: an error, and the worker goes on", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  assert((await server.fetch("/pass-through")).status >= 500);
  await fine(server);
  await server.stop();
});

test("a handler that nothing can wake any more is an error for its client", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  const started = Date.now();
  assert.equal((await server.fetch("/never")).status, 500);
  assert(Date.now() - started < 5000);
  await server.waitForOutput(/never|hung/i);
  await fine(server);
  await server.stop();
});

test("a body that fails half-way cuts the connection; the client sees it", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  await assert.rejects(server.fetch("/half-body"));
  await fine(server);
  await server.stop();
});

test("a body that never comes does not hold up others, and its client can leave", async () => {
  const server = await start(worker({ "src/index.js": misbehaving }));
  await assert.rejects(server.fetch("/never-body", { signal: AbortSignal.timeout(300) }));
  await fine(server);
  await server.stop();
});

test("an endless loop is stopped by the CPU limit, and other requests are answered", async () => {
  const server = await start(
    worker(
      {
        "src/index.js": `
          export default {
            fetch(request) {
              if (new URL(request.url).pathname === "/loop") for (;;);
              return new Response("fine");
            },
          };`,
      },
      "[limits]\ncpu_ms = 300\n",
    ),
  );
  const started = Date.now();
  const [loop, ...others] = await Promise.all([
    server.fetch("/loop"),
    ...Array.from({ length: 20 }, () => server.fetch("/")),
  ]);
  assert([500, 503].includes(loop.status), `status ${loop.status}`);
  assert(Date.now() - started < 10_000);
  assert(others.every(({ text }) => text === "fine"));
  await server.waitForOutput(/CPU/i);
  await fine(server);
  for (let round = 0; round < 5; round++) assert((await server.fetch("/loop")).status >= 500);
  await fine(server);
  await server.stop();
});

test("an endless chain of microtasks is stopped by the CPU limit", async () => {
  const server = await start(
    worker(
      {
        "src/index.js": `
          export default {
            async fetch(request) {
              if (new URL(request.url).pathname === "/loop") for (;;) await null;
              return new Response("fine");
            },
          };`,
      },
      "[limits]\ncpu_ms = 300\n",
    ),
  );
  assert((await server.fetch("/loop")).status >= 500);
  await fine(server);
  await server.stop();
});

for (const [kind, grow] of [
  ["objects", "kept.push({ index: kept.length, text: 'x'.repeat(10) + kept.length });"],
  ["buffers", "kept.push(new Uint8Array(1 << 20).fill(1));"],
  ["strings", "kept.push(String.fromCharCode(...new Array(50000).fill(0x4e00 + (kept.length % 100))));"],
]) {
  test(`a memory bomb of ${kind} ends its isolate only; the next request works`, async () => {
    const server = await start(
      worker({
        "src/index.js": `
          const kept = [];
          export default {
            fetch(request) {
              if (new URL(request.url).pathname !== "/bomb") return new Response("fine");
              for (;;) { ${grow} }
            },
          };`,
      }),
    );
    await fine(server);
    const bomb = await server.fetch("/bomb", { signal: AbortSignal.timeout(60_000) });
    assert([500, 503].includes(bomb.status), `status ${bomb.status}`);
    await server.waitForOutput(/memory|allocation failed/i);
    await eventually(() => fine(server));
    assert((await server.fetch("/bomb", { signal: AbortSignal.timeout(60_000) })).status >= 500);
    await eventually(() => fine(server));
    await server.stop();
  });
}

test("a body as text, or a buffer of native code, beyond the memory limit ends the isolate and not the process", async () => {
  const server = await start(
    worker({
      "src/index.js": `
        const kept = [];
        export default {
          async fetch(request) {
            switch (new URL(request.url).pathname) {
              case "/text":
                for (let i = 0; i < 9; i++) kept.push(await request.clone().text());
                break;
              case "/encode":
                for (let size = 1 << 24; size >= 1; size /= 2)
                  try { while (kept.length < 100_000) kept.push(new ArrayBuffer(size)); } catch {}
                kept.push(new TextEncoder().encode("text".repeat(1000)));
                await scheduler.wait(1);
                break;
            }
            return new Response("fine");
          },
        };`,
    }),
  );
  for (const path of ["/text", "/encode"]) {
    const body = path === "/text" ? Buffer.alloc(40_000_000, 0x61) : "";
    assert((await server.fetch(path, { method: "POST", body })).status >= 500, path);
    await eventually(() => fine(server));
  }
  assert.equal((await server.stop()).code, 0);
});

test("a slow leak over many requests is collected or replaced, not fatal", async () => {
  const server = await start(
    worker({
      "src/index.js": `
        const kept = [];
        export default {
          fetch() { kept.push(new Array(250_000).fill(kept.length)); return new Response("fine"); },
        };`,
    }),
  );
  let failures = 0;
  for (let index = 0; index < 150; index++) if ((await server.fetch("/")).status !== 200) failures++;
  assert(failures < 20, `${failures} of 150 failed`);
  await eventually(() => fine(server));
  await server.stop();
});

test("a Durable Object that misbehaves is reset; its storage stays", async () => {
  const server = await start(
    worker(
      {
        "src/index.js": `
          import { DurableObject } from "cloudflare:workers";
          export class Thing extends DurableObject {
            async fetch(request) {
              const { pathname } = new URL(request.url);
              if (pathname === "/put") { await this.ctx.storage.put("value", "kept"); return new Response("ok"); }
              if (pathname === "/throw") throw new Error("thrown in the object");
              if (pathname === "/never") await new Promise(() => {});
              if (pathname === "/loop") for (;;);
              if (pathname === "/block") await this.ctx.blockConcurrencyWhile(async () => { throw new Error("failed while blocking"); });
              return new Response(await this.ctx.storage.get("value"));
            }
          }
          export default {
            fetch(request, env) { return env.THING.get(env.THING.idFromName("one")).fetch(request); },
          };`,
      },
      `[limits]\ncpu_ms = 300\n[[durable_objects.bindings]]\nname = "THING"\nclass_name = "Thing"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Thing"]\n`,
    ),
  );
  const kept = async () => assert.equal((await server.fetch("/")).text, "kept");
  await server.fetch("/put");
  await kept();
  for (const path of ["/throw", "/loop", "/block"]) {
    assert((await server.fetch(path)).status >= 500, path);
    await eventually(kept);
  }
  await assert.rejects(server.fetch("/never", { signal: AbortSignal.timeout(300) }));
  await kept();
  await server.stop();
});
