// Hibernatable WebSockets of objects on the caller's shard and on others. That objects leave memory meanwhile is tests/e2e/hibernation.test.mjs.
import { assert, assertEquals, test } from "../../web/harness.js";

const run = `${Date.now()}-${Math.random()}`;
let names = 0;
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function onEach(name, body, options) {
  test(
    name,
    async ({ env }) => {
      for (let index = 0; index < 4; index++) {
        const id = `sleeper-${run}-${++names}`;
        await body(env.SLEEPER.getByName(id), () => env.SLEEPER.getByName(id));
      }
    },
    options,
  );
}

async function open(stub, query = "") {
  const response = await stub.fetch(`http://o/${query}`, { headers: { upgrade: "websocket" } });
  assertEquals(response.status, 101);
  const socket = response.webSocket;
  socket.binaryType = "arraybuffer";
  const queue = [];
  const waiting = [];
  const push = (event) => (waiting.length ? waiting.shift()(event) : queue.push(event));
  socket.addEventListener("message", ({ data }) => push(typeof data === "string" ? data : [...new Uint8Array(data)]));
  socket.addEventListener("close", ({ code, reason }) => push({ code, reason }));
  socket.accept();
  return {
    socket,
    next: () => (queue.length ? Promise.resolve(queue.shift()) : new Promise((resolve) => waiting.push(resolve))),
  };
}

async function logged(stub, length) {
  for (let tries = 0; tries < 200; tries++) {
    const found = await stub.read();
    if (found.log.length >= length) return found;
    await sleep(5);
  }
  throw new Error(`not ${length} entries: ${JSON.stringify(await stub.read())}`);
}

onEach("messages reach the handler, with the socket as the object knows it", async (stub) => {
  const { socket, next } = await open(stub, "?greet&tags=a,b&attach=7");
  assertEquals(await next(), "welcome");
  socket.send("text");
  socket.send(new Uint8Array([1, 2]));
  assertEquals([await next(), await next()], ["echo text", [1, 2]]);
  const { log, sockets } = await stub.read();
  const seen = {
    same: true,
    listed: true,
    state: 1,
    tags: ["a", "b"],
    attachment: { attached: "7" },
    rest: [null, "", ""],
  };
  assertEquals(log, [
    { message: "text", ...seen },
    { message: [1, 2], ...seen },
  ]);
  assertEquals(sockets, [[["a", "b"], 1]]);
  socket.close();
});

onEach("messages keep their order", async (stub) => {
  const { socket, next } = await open(stub);
  const large = "x".repeat(300_000);
  for (let index = 0; index < 30; index++) socket.send(index % 10 === 9 ? `${index}${large}` : String(index));
  for (let index = 0; index < 30; index++)
    assertEquals(await next(), index % 10 === 9 ? `echo ${index}${large}` : `echo ${index}`);
  socket.close();
});

onEach("the other side closes: the handler sees it, may still answer, and the socket is gone", async (stub) => {
  const { socket, next } = await open(stub);
  socket.close(4000, "bye");
  assertEquals(await next(), { code: 4002, reason: "answer" });
  const { log, sockets } = await logged(stub, 2);
  assertEquals(log, [{ close: [4000, "bye", true], state: 2, listed: true }, 3]);
  assertEquals(sockets, []);
});

onEach("the object closes", async (stub) => {
  const { socket, next } = await open(stub);
  socket.send("close");
  assertEquals(await next(), { code: 4001, reason: "by the object" });
  const { log } = await logged(stub, 2);
  assertEquals(log[1], [2, 1, "TypeError: Can't call WebSocket send() after close()."]);
});

onEach("the answer to the object's close is an event", async (stub) => {
  const { socket, next } = await open(stub);
  socket.send("close");
  await next();
  socket.close(4001, "no answer");
  const { log, sockets } = await logged(stub, 4);
  assertEquals([log[2], log[3]], [{ close: [4001, "no answer", true], state: 3, listed: true }, 3]);
  assertEquals(sockets, []);
});

onEach("a handler that fails leaves socket and object as they are", async (stub) => {
  const { socket, next } = await open(stub);
  const { made } = await stub.read();
  socket.send("throw");
  socket.send("on");
  assertEquals(await next(), "echo on");
  assertEquals((await stub.read()).made, made);
  socket.close();
});

onEach("an object that is reset loses its sockets", async (stub, fresh) => {
  const { socket, next } = await open(stub);
  socket.send("abort");
  assertEquals((await next()).code, 1006);
  assertEquals((await fresh().read()).sockets, []);
});

onEach("events do not wait for one another", async (stub) => {
  const { socket, next } = await open(stub);
  socket.send("slow");
  socket.send("fast");
  assertEquals([await next(), await next()], ["echo fast", "slow"]);
  socket.close();
});

onEach("an answer after a write comes after it", async (stub) => {
  const { socket, next } = await open(stub);
  socket.send("store");
  assertEquals([await next(), await next()], ["stored", "echo store"]);
  socket.close();
});

onEach("sockets are listed by tag, the newest first", async (stub) => {
  const opened = [];
  for (const tags of ["a", "b", "c,a"]) opened.push(await open(stub, `?tags=${tags}`));
  assertEquals(
    (await stub.read()).sockets.map(([tags]) => tags),
    [["c", "a"], ["b"], ["a"]],
  );
  assertEquals([await stub.broadcast("a", "to a"), await stub.broadcast("d", "to d")], [2, 0]);
  assertEquals(await stub.broadcast(undefined, "to all"), 3);
  assertEquals([await opened[0].next(), await opened[0].next()], ["to a", "to all"]);
  assertEquals(await opened[1].next(), "to all");
  for (const { socket } of opened) socket.close();
});

onEach("what cannot be accepted", async (stub) => {
  const found = await stub.acceptErrors();
  const type = (method, index, wanted) =>
    `TypeError: Failed to execute '${method}' on 'DurableObjectState': parameter ${index} is not of type '${wanted}'.`;
  assertEquals(found, {
    tags: ["a", "b"],
    wrong: [
      type("acceptWebSocket", 1, "WebSocket"),
      type("acceptWebSocket", 1, "WebSocket"),
      type("acceptWebSocket", 2, "Array"),
      type("acceptWebSocket", 2, "Array"),
      "Error: a Hibernatable WebSocket cannot have more than 10 tags",
      `Error: "${"x".repeat(257)}" is longer than the max tag length (256 characters).`,
    ],
    again: [
      "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`",
      "Error: Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`",
      "TypeError: Can't accept() WebSocket after enabling hibernation.",
    ],
    strange: [
      "Error: you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.",
      type("getTags", 1, "WebSocket"),
      type("getTags", 1, "WebSocket"),
    ],
    none: null,
    counts: [1, 0],
  });
});

onEach("automatic responses: pairs and their limits", async (stub) => {
  const found = await stub.pairErrors();
  const parameter = (index) =>
    `TypeError: Failed to construct 'WebSocketRequestResponsePair': constructor parameter ${index} is not of type 'string'.`;
  assertEquals(found, {
    pair: ["a", "5", [], "[object WebSocketRequestResponsePair]"],
    wrong: [
      parameter(1),
      parameter(2),
      "TypeError: Failed to execute 'setWebSocketAutoResponse' on 'DurableObjectState': parameter 1 is not of type 'WebSocketRequestResponsePair'.",
    ],
    long: [
      "RangeError: Request cannot be larger than 2048 bytes. A request of size 2050 was provided.",
      "RangeError: Response cannot be larger than 2048 bytes. A response of size 2049 was provided.",
    ],
    none: null,
  });
});

onEach("automatic responses answer exactly their text, without the handler", async (stub) => {
  assertEquals(await stub.autoRespond("ping", "pong"), ["ping", "pong"]);
  const { socket, next } = await open(stub);
  assertEquals(await stub.autoResponseTimes(), [null]);
  const before = Date.now();
  socket.send("ping");
  assertEquals(await next(), "pong");
  socket.send("ping ");
  socket.send(new TextEncoder().encode("ping"));
  assertEquals([await next(), await next()], ["echo ping ", [112, 105, 110, 103]]);
  const { log } = await stub.read();
  assertEquals(log.length, 2);
  const [time] = await stub.autoResponseTimes();
  assert(time instanceof Date && time.getTime() >= before - 1 && time.getTime() <= Date.now());
  assertEquals(await stub.autoRespond(), null);
  socket.send("ping");
  assertEquals(await next(), "echo ping");
  socket.close();
});

onEach("the time that an event may take", async (stub) => {
  assertEquals(await stub.timeouts(), {
    found: [1000, null, 7, null],
    wrong: [
      "TypeError: The value cannot be converted because it is negative and this API expects a positive number.",
      "Error: Event timeout should not exceed 604800000 ms.",
      "TypeError: The value cannot be converted because it is not an integer.",
    ],
  });
});

onEach("an event that takes too long does not end the object or the socket", async (stub) => {
  await stub.limitEvents(20);
  const { socket, next } = await open(stub);
  const { made } = await stub.read();
  socket.send("slow");
  await sleep(60);
  socket.send("on");
  assertEquals(await next(), "echo on");
  assertEquals((await stub.read()).made, made);
  socket.close();
});

onEach("attachments are kept up to their limit", async (stub) => {
  const { socket } = await open(stub);
  assertEquals(await stub.attach(16_000), 16_000);
  assert((await stub.attach(17_000)).startsWith("Error: A WebSocket 'attachment' cannot be larger than 16384 bytes."));
  socket.send("attach");
  socket.send("look");
  assertEquals((await logged(stub, 2)).log[1].attachment, new Map([[1, "one"]]));
  socket.close();
});

onEach("events go to handlers, not to listeners", async (stub) => {
  assertEquals(await stub.listeners(), [[], ["to the handler"]]);
});
