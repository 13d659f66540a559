// Bodies that are passed on stay small in memory, however long they are, and end with their ends. ADIT_LONG=1 moves 1 GiB instead of 64 MiB.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import http from "node:http";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { start, worker, sanitized } from "./harness.mjs";

const size = (process.env.ADIT_LONG ? 1024 : 64) * 1024 * 1024;
const chunk = Buffer.alloc(64 * 1024, "0123456789abcdef");

const source = `
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    if (pathname === "/idle") return new Response("idle");
    if (pathname === "/down") return fetch(env.UPSTREAM + "/down");
    if (pathname === "/up") return fetch(env.UPSTREAM + "/up", { method: "PUT", body: request.body });
    // Through JavaScript: every chunk is a turn.
    const { body } = await fetch(env.UPSTREAM + "/down");
    const pass = new TransformStream({ transform: (part, controller) => controller.enqueue(part) });
    return new Response(body.pipeThrough(pass));
  },
};
`;

/** Serves `size` octets at /down, counts what comes at /up, and says which connections ended early. */
async function upstream() {
  const seen = { received: 0, cut: 0 };
  const server = http.createServer(async (request, response) => {
    if (request.url === "/up") {
      for await (const part of request) seen.received += part.length;
      return response.end(String(seen.received));
    }
    response.on("close", () => (seen.cut += response.writableFinished ? 0 : 1));
    response.writeHead(200, { "content-length": size });
    for (let sent = 0; sent < size && !response.destroyed; sent += chunk.length)
      if (!response.write(chunk))
        await new Promise((resolve) => response.once("drain", resolve).once("close", resolve));
    response.end();
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { seen, server, url: `http://127.0.0.1:${server.address().port}` };
}

const residentBytes = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))[1]) * 1024;

function download(url, { slow = false, stopAfter = Infinity } = {}) {
  return new Promise((resolve, reject) => {
    const request = http.get(url, (response) => {
      let received = 0;
      response.on("data", (part) => {
        received += part.length;
        if (received >= stopAfter) response.destroy();
        else if (slow && received % (8 << 20) < part.length) {
          response.pause();
          setTimeout(() => response.resume(), 5);
        }
      });
      response.on("close", () => resolve(received));
    });
    request.on("error", reject);
  });
}

/** The most memory that the process had while `work` ran, above what it had before. */
async function growth(pid, work) {
  const before = residentBytes(pid);
  let most = before;
  const watch = setInterval(() => (most = Math.max(most, residentBytes(pid))), 10);
  try {
    await work();
  } finally {
    clearInterval(watch);
  }
  return (most - before) / (1024 * 1024);
}

test("bodies pass through in constant memory", { skip: sanitized, timeout: 600_000 }, async (context) => {
  const peer = await upstream();
  context.after(() => peer.server.close());
  const settings = `name = "streaming"\nmain = "index.js"\ncompatibility_date = "2026-01-01"\n[vars]\nUPSTREAM = "${peer.url}"\n`;
  const args = ["--shards", "1", "--max-body-mb", "2048"];
  const server = await start(worker({ "index.js": source, "wrangler.toml": settings }), { args });
  const { pid } = server.child;
  await (await fetch(server.url + "/idle")).text();
  // What a first transfer makes once (buffers, code) is not what this is about.
  for (const path of ["/down", "/script"]) await download(server.url + path, { stopAfter: 16 << 20 });

  await context.test("from upstream to the client", async () => {
    const grown = await growth(pid, async () => assert.equal(await download(server.url + "/down"), size));
    assert.ok(grown < 20, `${grown} MB more`);
  });

  await context.test("to a client that is slow", async () => {
    const grown = await growth(pid, async () =>
      assert.equal(await download(server.url + "/down", { slow: true }), size),
    );
    assert.ok(grown < 20, `${grown} MB more`);
  });

  // Chunks that entered JavaScript go when V8 collects them, which is often enough.
  await context.test("through a TransformStream of JavaScript", async () => {
    const grown = await growth(pid, async () => assert.equal(await download(server.url + "/script"), size));
    assert.ok(grown < 20, `${grown} MB more`);
  });

  await context.test("from the client to upstream", async () => {
    const grown = await growth(pid, async () => {
      const answer = await new Promise((resolve, reject) => {
        const request = http.request(
          server.url + "/up",
          { method: "PUT", headers: { "content-length": size } },
          (response) => response.on("data", (part) => resolve(String(part))),
        );
        request.on("error", reject);
        let left = size;
        const write = () => {
          while (left > 0) {
            left -= chunk.length;
            if (!request.write(chunk)) return void request.once("drain", write);
          }
          request.end();
        };
        write();
      });
      assert.equal(answer, String(size));
    });
    assert.ok(grown < 20, `${grown} MB more`);
  });

  await context.test("a client that goes away ends the transfer from upstream", async () => {
    const { cut } = peer.seen;
    await download(server.url + "/down", { stopAfter: 1 << 20 });
    for (let tries = 0; tries < 200 && peer.seen.cut === cut; tries++) await sleep(10);
    assert.equal(peer.seen.cut, cut + 1);
    assert.equal(await (await fetch(server.url + "/idle")).text(), "idle");
  });
  await server.stop();
});
