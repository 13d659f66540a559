// What a client can do wrong on the wire.
import assert from "node:assert/strict";
import { connect } from "node:net";
import test, { before } from "node:test";
import { example, start, worker } from "../harness.mjs";

let server;
before(async () => {
  server = await start(
    worker({
      "src/index.js": `
        export default {
          async fetch(request) {
            if (request.method !== "POST") return new Response("fine");
            return new Response(String((await request.arrayBuffer()).byteLength));
          },
        };`,
    }),
  );
});

// Sends the octets, then collects what comes back until the connection ends or `quiet_ms` passed without anything.
function raw(octets, { end = false, quiet_ms = 1500 } = {}) {
  const { hostname, port } = new URL(server.url);
  return new Promise((resolve) => {
    let answer = "";
    const socket = connect(Number(port), hostname, () => {
      socket.write(octets);
      if (end) socket.end();
    });
    socket.setTimeout(quiet_ms, () => socket.destroy());
    socket.on("data", (chunk) => (answer += chunk.toString("latin1")));
    socket.on("error", () => {});
    socket.on("close", () => resolve(answer));
  });
}

const fine = async () => assert.equal((await server.fetch("/")).text, "fine");
const refused = async (octets) => {
  const answer = await raw(octets);
  assert.match(
    answer,
    /^HTTP\/1\.1 (400|408|411|413|414|431|501|505)/,
    `for ${JSON.stringify(String(octets).slice(0, 60))}`,
  );
  await fine();
};

test("what is no request is refused with a 4xx or 5xx", async () => {
  await refused("nonsense\r\n\r\n");
  await refused("GET / HTTP/9.9\r\nHost: a\r\n\r\n");
  await refused("GET / HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n");
  await refused("GET / HTTP/1.1\r\nHost: a\r\nX: a\0b\r\n\r\n");
  await refused("GET /a b c HTTP/1.1\r\nHost: a\r\n\r\n");
});

test("ambiguous lengths, which smuggle requests, are refused", async () => {
  await refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd");
  await refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n");
  await refused("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n");
  await refused("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n\r\n");
});

test("headers without an end are refused", async () => {
  await refused(`GET / HTTP/1.1\r\nHost: a\r\nX-Long: ${"x".repeat(200_000)}\r\n\r\n`);
  await refused(
    `GET / HTTP/1.1\r\nHost: a\r\n${Array.from({ length: 20_000 }, (_, index) => `X-${index}: y\r\n`).join("")}\r\n`,
  );
});

test("a client that leaves in the middle of its body harms nobody", async () => {
  await raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000\r\n\r\npartial", { end: true, quiet_ms: 300 });
  await Promise.all(
    Array.from({ length: 50 }, () =>
      raw("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12", { quiet_ms: 100 }),
    ),
  );
  await fine();
});

test("pipelined requests are answered in order", async () => {
  const answer = await raw(
    "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabcGET / HTTP/1.1\r\nHost: a\r\n\r\n",
    { quiet_ms: 700 },
  );
  assert.match(answer, /^HTTP\/1\.1 200[^]*\r\n\r\n3HTTP\/1\.1 200[^]*fine$/);
});

test("a request octet by octet is answered, and HTTP/1.0 closes", async () => {
  const { hostname, port } = new URL(server.url);
  const answer = await new Promise((resolve) => {
    let text = "";
    const socket = connect(Number(port), hostname, async () => {
      socket.setNoDelay(true);
      for (const letter of "GET / HTTP/1.0\r\nHost: a\r\n\r\n") {
        socket.write(letter);
        await new Promise((next) => setTimeout(next, 2));
      }
    });
    socket.on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
  });
  assert.match(answer, /^HTTP\/1\.[01] 200[^]*fine$/);
});

test("a body of 20 MB arrives whole, with a length and chunked", async () => {
  const body = Buffer.alloc(20_000_000, "x");
  assert.equal((await server.fetch("/", { method: "POST", body })).text, "20000000");
  const stream = new ReadableStream({
    pull(controller) {
      this.sent = (this.sent ?? 0) + 1;
      if (this.sent > 100) controller.close();
      else controller.enqueue(new Uint8Array(50_000));
    },
  });
  assert.equal((await server.fetch("/", { method: "POST", body: stream, duplex: "half" })).text, "5000000");
});

test("a WebSocket client that breaks the protocol is closed, and the room goes on", async () => {
  const chat = await start(example("chat"));
  const { hostname, port } = new URL(chat.url);
  const handshake =
    "GET /rooms/a/socket?name=x HTTP/1.1\r\nHost: a\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n" +
    "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
  for (const frame of [
    [0x81, 0x01, 0x41], // not masked
    [0xf1, 0x80, 0, 0, 0, 0], // reserved bits
    [0x83, 0x80, 0, 0, 0, 0], // an unknown opcode
    [0x89, 0xfe, 0x01, 0x00, 0, 0, 0, 0], // a ping longer than 125 octets
    [0x81, 0x82, 0, 0, 0, 0, 0xff, 0xfe], // text that is no UTF-8
    [0x81, 0xff, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0, 0, 0, 0], // a length beyond any limit
  ]) {
    const ended = await new Promise((resolve) => {
      const socket = connect(Number(port), hostname, () => socket.write(handshake));
      socket.setTimeout(4000, () => (socket.destroy(), resolve("still open")));
      socket.once("data", () => socket.write(Buffer.from(frame)));
      socket.on("data", () => {});
      socket.on("error", () => {});
      socket.on("close", () => resolve("closed"));
    });
    assert.equal(ended, "closed", `after frame ${frame}`);
  }
  assert.equal((await chat.fetch("/rooms/a/messages")).status, 200);
  await chat.stop();
});
