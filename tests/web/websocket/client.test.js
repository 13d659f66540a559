// The outbound WebSocket: new WebSocket(url), and fetch() with Upgrade.
import { assert, assertEquals, assertThrows, test } from "../harness.js";

const socketUrl = (env, path = "/socket") => env.SERVER.replace("http", "ws") + path;
const next = (socket, type) => new Promise((resolve) => socket.addEventListener(type, resolve, { once: true }));

async function open(env, path) {
  const response = await fetch(env.SERVER + (path ?? "/socket"), { headers: { upgrade: "websocket" } });
  assertEquals(response.status, 101);
  const socket = response.webSocket;
  socket.accept();
  return socket;
}

test("new WebSocket connects and carries messages", async ({ env }) => {
  const socket = new WebSocket(socketUrl(env, "/socket?greet"), ["one", "two"]);
  assertEquals([socket.readyState, socket.url], [0, socketUrl(env, "/socket?greet")]);
  const welcome = next(socket, "message");
  const event = await next(socket, "open");
  assertEquals([event.type, socket.readyState, socket.protocol], ["open", 1, "two"]);
  assertEquals((await welcome).data, "welcome");
  socket.send("hello");
  assertEquals((await next(socket, "message")).data, "hello");
  socket.close(4000, "done");
  const close = await next(socket, "close");
  assert(close instanceof CloseEvent);
  assertEquals([close.code, close.reason, close.wasClean, socket.readyState], [4000, "done", true, 3]);
});

test("new WebSocket checks its arguments", () => {
  assertThrows(() => new WebSocket(), TypeError);
  for (const url of ["nonsense", "ftp://x/", "http://x/", "ws://x/#fragment"])
    assertThrows(() => new WebSocket(url), "SyntaxError", "WebSocket Constructor");
  for (const protocols of ["a b", ["a", "a"], [""]])
    assertThrows(() => new WebSocket("ws://127.0.0.1:1/", protocols), "SyntaxError", "WebSocket Constructor");
});

test("a refused handshake is an error and a close", async ({ env }) => {
  const socket = new WebSocket(socketUrl(env, "/refuse"));
  const log = [];
  socket.addEventListener("error", (event) => log.push(event.constructor.name, event.message.includes("403")));
  const close = await next(socket, "close");
  assertEquals(log, ["ErrorEvent", true]);
  assertEquals([close.code, close.wasClean, socket.readyState], [1006, false, 3]);
});

test("fetch with Upgrade gives the socket", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/socket`, {
    headers: { upgrade: "websocket", "sec-websocket-protocol": "chat" },
  });
  assertEquals(
    [response.status, response.headers.get("sec-websocket-protocol"), response.headers.get("upgrade")],
    [101, "chat", "websocket"],
  );
  const socket = response.webSocket;
  assert(socket instanceof WebSocket);
  socket.binaryType = "arraybuffer";
  socket.accept();
  socket.send("text");
  assertEquals((await next(socket, "message")).data, "text");
  socket.send(new Uint8Array([9, 8]));
  assertEquals(new Uint8Array((await next(socket, "message")).data), new Uint8Array([9, 8]));
  socket.close(1000);
  await next(socket, "close");
});

test("fetch with Upgrade gives the response of a server that does not switch", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/refuse`, { headers: { upgrade: "websocket" } });
  assertEquals([response.status, response.webSocket, await response.text()], [403, null, "no"]);
});

test("large messages arrive whole", async ({ env }) => {
  const socket = await open(env);
  const text = "0123456789abcdef".repeat(60_000);
  socket.send(text);
  assertEquals((await next(socket, "message")).data === text, true);
  socket.close(1000);
  await next(socket, "close");
});

test("the server's close is heard", async ({ env }) => {
  const socket = await open(env);
  socket.send("close");
  const close = await next(socket, "close");
  assertEquals([close.code, close.reason, close.wasClean], [4001, "as asked", true]);
  socket.close(1000);
  const other = await open(env);
  other.send("close without code");
  assertEquals((await next(other, "close")).code, 1005);
  other.close(1000);
});

test("a lost connection is a close with 1006", async ({ env }) => {
  const socket = await open(env);
  socket.send("drop");
  const close = await next(socket, "close");
  assertEquals([close.code, close.wasClean], [1006, false]);
});

test(
  "a server that breaks the protocol is hung up on",
  async ({ env }) => {
    const socket = await open(env);
    const closed = next(socket, "close");
    socket.send("bad utf-8");
    const close = await closed;
    assertEquals(close.wasClean, false);
  },
  { workerd: "takes text that is not UTF-8" },
);
