// WebSockets of objects on the caller's shard and on others, used by the caller and passed on.
import { assert, assertEquals, test } from "../../web/harness.js";

const run = `${Date.now()}-${Math.random()}`;
let names = 0;

async function open(stub, query = "") {
  const response = await stub.fetch(`http://o/socket${query}`, { headers: { upgrade: "websocket" } });
  assertEquals(response.status, 101);
  const socket = response.webSocket;
  socket.binaryType = "arraybuffer";
  const queue = [];
  const waiting = [];
  const push = (event) => (waiting.length ? waiting.shift()(event) : queue.push(event));
  socket.addEventListener("message", ({ data }) => push({ data }));
  socket.addEventListener("close", ({ code, reason }) => push({ code, reason }));
  socket.accept();
  return {
    socket,
    next: () => (queue.length ? Promise.resolve(queue.shift()) : new Promise((resolve) => waiting.push(resolve))),
  };
}

function onEach(name, body, options) {
  test(
    name,
    async ({ env }) => {
      for (let index = 0; index < 4; index++) {
        const id = `socket-${run}-${++names}`;
        await body(env.ACTOR.getByName(id), () => env.ACTOR.getByName(id));
      }
    },
    options,
  );
}

onEach("messages go there and back in order", async (stub) => {
  const { socket, next } = await open(stub);
  for (let i = 0; i < 50; i++) socket.send(`m${i}`);
  for (let i = 0; i < 50; i++) assertEquals((await next()).data, `echo m${i}`);
  socket.send(new Uint8Array([1, 2, 3]));
  assertEquals([...new Uint8Array((await next()).data)], [1, 2, 3]);
  const large = "x".repeat(500_000);
  socket.send(large);
  assertEquals((await next()).data, `echo ${large}`);
  socket.close(1000, "done");
});

onEach("what was sent before the caller accepts arrives", async (stub) => {
  const { socket, next } = await open(stub, "?greet");
  for (let i = 0; i < 20; i++) assertEquals((await next()).data, `greeting ${i}`);
  socket.close();
});

onEach("the object closes", async (stub) => {
  const { socket, next } = await open(stub);
  socket.send("close");
  assertEquals(await next(), { code: 4001, reason: "as asked" });
});

onEach("the object hears of the close", async (stub) => {
  const { socket } = await open(stub);
  socket.close(4002, "bye");
  let log = [];
  for (let tries = 0; tries < 100 && log.length === 0; tries++) {
    await new Promise((resolve) => setTimeout(resolve, 5));
    log = await (await stub.fetch("http://o/log")).json();
  }
  assertEquals(log, ["closed 4002"]);
});

onEach("messages after a write come after it, in order", async (stub, fresh) => {
  const { socket, next } = await open(stub);
  socket.send("store");
  assertEquals((await next()).data, "stored");
  assertEquals((await next()).data, "after");
  assertEquals(await (await fresh().fetch("http://o/value")).text(), "1000");
  socket.close();
});

onEach("a reset object's sockets are lost", async (stub, fresh) => {
  const { socket, next } = await open(stub);
  socket.send("abort");
  const { code } = await next();
  assertEquals(code, 1006);
  assert((await fresh().fetch("http://o/made")).ok);
});
