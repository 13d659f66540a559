// WebSockets and bodies as a client of the worker sees them: served by a pair, passed through from another server, encoded on the way.
import assert from "node:assert/strict";
import http from "node:http";
import test, { after, before } from "node:test";
import { gunzipSync, brotliDecompressSync, gzipSync } from "node:zlib";
import WebSocketClient from "ws";
import { start as startTarget } from "../web/server.mjs";
import { peer, start, worker } from "./harness.mjs";

const source = `
export default {
  async fetch(request, env) {
    const { pathname, search } = new URL(request.url);
    if (pathname === "/pair") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.binaryType = "arraybuffer";
      server.addEventListener("message", ({ data }) => {
        if (data === "close") server.close(4002, "asked");
        else server.send(data);
      });
      server.addEventListener("close", ({ code, reason }) => {
        if (code === 4003) server.close(4004, "answer to " + reason);
        else server.close(code);
      });
      server.send("welcome");
      return new Response(null, { status: 101, webSocket: client, headers: { "Sec-WebSocket-Protocol": "chat", "X-Own": "yes" } });
    }
    if (pathname === "/through") return fetch(env.TARGET + "/socket?greet", request);
    if (pathname === "/pass") return fetch(env.TARGET + search.slice(1));
    if (pathname === "/change") {
      const response = await fetch(env.TARGET + search.slice(1));
      return new Response((await response.text()).toUpperCase(), response);
    }
    if (pathname === "/encode") return new Response("text ".repeat(1000), { headers: { "Content-Encoding": search.slice(1) } });
    if (pathname === "/manual") return new Response("by hand", { encodeBody: "manual", headers: { "Content-Encoding": "gzip" } });
    return new Response("not found", { status: 404 });
  },
};`;

let target, server, host;
before(async () => {
  target = await startTarget();
  server = await start(worker({ "worker.js": source }, `[vars]\nTARGET = "${target.origin}"\n`));
  host = server.url.slice("http://".length);
});
after(async () => {
  await server?.stop();
  await target?.close();
});

function connect(path, options) {
  const socket = new WebSocketClient(`ws://${host}${path}`, ["chat"], options);
  const messages = [];
  const waiting = [];
  socket.on("message", (data, isBinary) => {
    const message = isBinary ? [...data] : data.toString();
    if (waiting.length > 0) waiting.shift()(message);
    else messages.push(message);
  });
  socket.message = () =>
    messages.length > 0 ? Promise.resolve(messages.shift()) : new Promise((resolve) => waiting.push(resolve));
  socket.closed = new Promise((resolve) => socket.on("close", (code, reason) => resolve([code, reason.toString()])));
  socket.opened = new Promise((resolve, reject) => socket.on("open", resolve).on("error", reject));
  return socket;
}

/** Without decoding, which fetch() would do. */
function get(path, headers = {}) {
  return new Promise((resolve, reject) => {
    http
      .get(`http://${host}${path}`, { headers: { "accept-encoding": "gzip, br", ...headers } }, (response) => {
        const chunks = [];
        response.on("data", (chunk) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(chunks) }),
        );
      })
      .on("error", reject);
  });
}

for (const perMessageDeflate of [false, true]) {
  test(`a pair serves a client, compression ${perMessageDeflate}`, async () => {
    const socket = connect("/pair", { perMessageDeflate });
    let headers;
    socket.on("upgrade", (response) => (headers = response.headers));
    await socket.opened;
    assert.equal(socket.protocol, "chat");
    assert.equal(headers["x-own"], "yes");
    assert.equal(await socket.message(), "welcome");
    const text = "0123456789abcdef".repeat(50_000);
    socket.send(text);
    socket.send(Buffer.from([0, 1, 255]));
    socket.send("");
    assert.equal((await socket.message()) === text, true);
    assert.deepEqual(await socket.message(), [0, 1, 255]);
    assert.equal(await socket.message(), "");
    socket.send("close");
    assert.deepEqual(await socket.closed, [4002, "asked"]);
  });
}

test("the worker answers the client's close", async () => {
  const socket = connect("/pair");
  await socket.opened;
  socket.close(4003, "the end");
  assert.deepEqual(await socket.closed, [4004, "answer to the end"]);
});

test("a socket of another server is passed through", async () => {
  const socket = connect("/through");
  await socket.opened;
  assert.equal(socket.protocol, "chat");
  assert.equal(await socket.message(), "welcome");
  socket.send("there and back");
  assert.equal(await socket.message(), "there and back");
  socket.send(Buffer.from([7]));
  assert.deepEqual(await socket.message(), [7]);
  socket.send("close");
  assert.deepEqual(await socket.closed, [4001, "as asked"]);
});

test("many clients at once", async () => {
  const sockets = Array.from({ length: 50 }, () => connect("/pair"));
  await Promise.all(
    sockets.map(async (socket, index) => {
      await socket.opened;
      assert.equal(await socket.message(), "welcome");
      for (let i = 0; i < 20; i++) socket.send(`${index}/${i}`);
      for (let i = 0; i < 20; i++) assert.equal(await socket.message(), `${index}/${i}`);
      socket.close(1000);
      assert.deepEqual(await socket.closed, [1000, ""]);
    }),
  );
});

test("a body that came encoded goes on as it came", async () => {
  const gzip = await get("/pass?/gzip");
  assert.equal(gzip.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(gzip.body).toString(), "hello hello hello hello hello");
});

test("a body that the worker made is encoded as its header says", async () => {
  const changed = await get("/change?/gzip");
  assert.equal(changed.headers["content-encoding"], "gzip");
  assert.equal(gunzipSync(changed.body).toString(), "HELLO HELLO HELLO HELLO HELLO");
  const gzip = await get("/encode?gzip");
  assert.equal(gunzipSync(gzip.body).toString(), "text ".repeat(1000));
});

test(
  "codings are the worker's to choose, and octets its own to encode",
  { skip: peer && "wrangler dev's proxy encodes anew" },
  async () => {
    assert.deepEqual((await get("/pass?/gzip")).body, gzipSync("hello hello hello hello hello"));
    const passed = await get("/pass?/br");
    assert.equal(passed.headers["content-encoding"], "br");
    assert.equal(brotliDecompressSync(passed.body).toString(), "hello hello hello hello hello");
    const made = await get("/encode?br");
    assert.equal(brotliDecompressSync(made.body).toString(), "text ".repeat(1000));
    const manual = await get("/manual");
    assert.deepEqual([manual.headers["content-encoding"], manual.body.toString()], ["gzip", "by hand"]);
  },
);

test("a request that asks for no WebSocket gets no socket", async () => {
  const { status } = await get("/pair");
  assert.ok(status >= 400, String(status));
});
