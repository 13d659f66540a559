// Many objects with many sockets: what they cost in memory. Heavy, so only with ADIT_LONG=1; the numbers are printed.
import assert from "node:assert/strict";
import { connect } from "node:net";
import { test } from "node:test";
import { peer, start, worker } from "./harness.mjs";
import { inParallel, memory_mb } from "./measure.mjs";

const skip = peer ? "looks into adit" : !process.env.ADIT_LONG && "ADIT_LONG is not set";

const folder = () =>
  worker({
    "wrangler.toml": `name = "scale"
main = "index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "THING"
class_name = "Thing"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Thing"]`,
    "index.js": `
import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  async fetch(request) {
    if (request.headers.has("upgrade")) {
      const [client, server] = Object.values(new WebSocketPair());
      this.ctx.acceptWebSocket(server);
      return new Response(null, { status: 101, webSocket: client });
    }
    return new Response(String(this.ctx.getWebSockets().length));
  }
  webSocketMessage(socket, message) { socket.send("echo " + message); }
}
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    return env.THING.getByName(url.searchParams.get("name")).fetch(request);
  },
};`,
  });

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

// A client that costs little: the handshake, and frames of one short text.
async function openPlain(port, path) {
  const socket = connect(port, "127.0.0.1");
  await new Promise((resolve, reject) => (socket.once("connect", resolve), socket.once("error", reject)));
  socket.write(
    `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n` +
      "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n",
  );
  const answer = await new Promise((resolve) => socket.once("data", resolve));
  assert.match(String(answer), /^HTTP\/1.1 101 /);
  return socket;
}
async function ask(socket, text) {
  // A masked frame with a mask of zeros.
  socket.write(Buffer.concat([Buffer.from([0x81, 0x80 | text.length, 0, 0, 0, 0]), Buffer.from(text)]));
  return String((await new Promise((resolve) => socket.once("data", resolve))).subarray(2));
}

test("10,000 idle sockets of 1,000 hibernated objects are under 250 MB in all", { skip }, async (context) => {
  const server = await start(folder(), { env: { ADIT_OBJECT_IDLE_MS: "1000" }, args: ["--shards", "2"] });
  const port = new URL(server.url).port;
  await server.fetch("/?name=warm");
  const before = memory_mb(server);
  const sockets = [];
  await inParallel(10_000, 50, async (index) => {
    sockets[index] = await openPlain(port, `/?name=room-${index % 1000}`);
  });
  const opened = memory_mb(server);
  await wait(4000);
  const asleep = memory_mb(server);
  context.diagnostic(
    `idle ${before.toFixed(0)} MB, opened ${opened.toFixed(0)} MB, hibernated ${asleep.toFixed(0)} MB: ` +
      `${(((asleep - before) * 1024) / 10_000).toFixed(1)} KB a socket`,
  );
  for (const index of [0, 1, 999, 5000, 9999]) assert.equal(await ask(sockets[index], "hello"), "echo hello");
  assert.equal((await server.fetch("/?name=room-7")).text, "10");
  assert(asleep < 250, `${asleep} MB`);
  for (const socket of sockets) socket.destroy();
  await server.stop();
});
