// WebSocketPair: two ends in one worker.
import { assert, assertEquals, assertThrows, test } from "../harness.js";

const pause = (delay_ms = 20) => new Promise((resolve) => setTimeout(resolve, delay_ms));

function record(socket, log, name = "") {
  socket.addEventListener("message", (event) =>
    log.push(`${name}message ${typeof event.data === "string" ? event.data : [...new Uint8Array(event.data)]}`),
  );
  socket.addEventListener("close", (event) => log.push(`${name}close ${event.code} ${event.reason} ${event.wasClean}`));
  return log;
}

test("a pair has two ends at 0 and 1", () => {
  const pair = new WebSocketPair();
  assertEquals(Object.keys(pair), ["0", "1"]);
  assert(Object.values(pair).every((end) => end instanceof WebSocket));
  assertThrows(() => WebSocketPair(), TypeError);
});

test("an end that was not accepted is open, and says nothing", () => {
  const [end] = Object.values(new WebSocketPair());
  assertEquals([end.readyState, end.url, end.protocol, end.extensions, end.bufferedAmount ?? 0], [1, null, "", "", 0]);
  assertThrows(() => end.send("x"), TypeError, "accept()");
  assertThrows(() => end.close(1000, "x"), TypeError, "accept()");
});

test("the states are constants of the class and of its instances", () => {
  ["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
    for (const key of [name, `READY_STATE_${name}`])
      assertEquals([WebSocket[key], WebSocket.prototype[key]], [value, value], key);
  });
});

test("messages arrive in order, in later turns, with microtasks in between", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  a.accept();
  b.accept();
  const log = [];
  b.addEventListener("message", ({ data }) => {
    log.push(`message ${data}`);
    Promise.resolve()
      .then(() => log.push(`then ${data}`))
      .then(() => log.push(`again ${data}`));
  });
  a.send("1");
  a.send("2");
  log.push("sent");
  queueMicrotask(() => log.push("microtask"));
  await pause();
  assertEquals(log, ["sent", "microtask", "message 1", "then 1", "again 1", "message 2", "then 2", "again 2"]);
});

test("messages wait until the end is accepted", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = record(b, []);
  a.accept();
  a.send("early");
  await pause();
  assertEquals(log, []);
  b.accept();
  await pause();
  assertEquals(log, ["message early"]);
});

test("text, octets and whatever becomes text", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = record(b, []);
  b.binaryType = "arraybuffer";
  a.accept();
  b.accept();
  a.send("grün \u{1f600}");
  a.send(new Uint8Array([0, 1, 255]).subarray(1));
  a.send(new Uint8Array([7, 8]).buffer);
  a.send(5);
  a.send(null);
  a.send("");
  await pause();
  assertEquals(log, [
    "message grün \u{1f600}",
    "message 1,255",
    "message 7,8",
    "message 5",
    "message null",
    "message ",
  ]);
  assertThrows(() => a.send(), TypeError);
});

test("binaryType decides between ArrayBuffer and Blob", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const got = [];
  b.addEventListener("message", ({ data }) => got.push(data));
  a.accept();
  b.accept();
  b.binaryType = "blob";
  b.binaryType = "nonsense";
  assertEquals(b.binaryType, "blob");
  a.send(new Uint8Array([1, 2]));
  await pause();
  b.binaryType = "arraybuffer";
  a.send(new Uint8Array([3]));
  await pause();
  assert(got[0] instanceof Blob && got[1] instanceof ArrayBuffer);
  assertEquals(await got[0].bytes(), new Uint8Array([1, 2]));
});

test("a message event says where it comes from", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  a.accept();
  b.accept();
  const got = new Promise((resolve) => b.addEventListener("message", resolve));
  a.send("x");
  const event = await got;
  assert(event instanceof MessageEvent && event.isTrusted && event.target === b);
  assertEquals([event.type, event.data, event.lastEventId, event.ports.length], ["message", "x", "", 0]);
});

test("a close is answered by close()", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = [];
  record(a, log, "a ");
  record(b, log, "b ");
  b.addEventListener("close", ({ code }) => {
    log.push(`state ${b.readyState}`);
    b.close(code, "answer");
  });
  a.accept();
  b.accept({ allowHalfOpen: true });
  a.close(4001, "bye");
  assertEquals(a.readyState, WebSocket.CLOSING);
  a.close(4002);
  assertThrows(() => a.send("late"), TypeError, "after close()");
  await pause();
  assertEquals(log, ["b close 4001 bye true", "state 2", "a close 4001 answer true"]);
  assertEquals([a.readyState, b.readyState], [3, 3]);
});

test("the side that has not closed may go on sending", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = record(a, []);
  a.accept();
  b.accept({ allowHalfOpen: true });
  a.close(1000, "");
  await pause();
  b.send("one more");
  b.close(4000, "end");
  await pause();
  assertEquals(log, ["message one more", "close 4000 end true"]);
});

test("a close without a code is 1005", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = record(b, []);
  a.accept();
  b.accept();
  a.close();
  await pause();
  assertEquals(log, ["close 1005  true"]);
});

test("a listener that throws ends the connection", async () => {
  const [a, b] = Object.values(new WebSocketPair());
  const log = record(a, [], "a ");
  b.addEventListener("message", ({ data }) => {
    log.push(`b ${data}`);
    throw new Error("broken");
  });
  b.addEventListener("error", (event) => log.push(`b ${event.message}`));
  b.addEventListener("close", () => log.push("b close"));
  a.accept();
  b.accept();
  a.send("1");
  a.send("2");
  await pause();
  assertEquals(log.slice(0, 2), ["b 1", "b Uncaught Error: broken"]);
  assert(log[2].startsWith("a close 1006") && log.length === 3, String(log));
  assertEquals(b.readyState, WebSocket.CLOSED);
});

test("close codes are checked", () => {
  const [a] = Object.values(new WebSocketPair());
  a.accept();
  for (const code of [0, 1, 999, 1004, 1005, 1006, 1015, 5000, 65535, 70000, -1, "abc"]) {
    assertThrows(() => a.close(code), "InvalidAccessError", "Invalid WebSocket close code");
  }
  assertThrows(() => a.close(undefined, "reason"), "InvalidAccessError", "you must also specify a code");
  for (const code of [1000, 1001, 1011, 1012, 2999, 3000, 4999, 1000.5]) {
    const [end] = Object.values(new WebSocketPair());
    end.accept();
    end.close(code);
    assertEquals(end.readyState, WebSocket.CLOSING, String(code));
  }
});

test("attachments are clones", () => {
  const [a] = Object.values(new WebSocketPair());
  assertEquals(a.deserializeAttachment(), null);
  const value = { name: "x", when: new Date(5), list: [1, 2] };
  a.serializeAttachment(value);
  value.name = "y";
  assertEquals(a.deserializeAttachment(), { name: "x", when: new Date(5), list: [1, 2] });
  assertThrows(() => a.serializeAttachment(() => 1), "DataCloneError");
  assertThrows(() => a.serializeAttachment(), TypeError);
});

test("a response takes an end that was not accepted", () => {
  const [a] = Object.values(new WebSocketPair());
  const response = new Response(null, { status: 101, webSocket: a });
  assertEquals([response.status, response.webSocket], [101, a]);
  assertThrows(() => new Response(null, { status: 200, webSocket: a }), RangeError);
  assertThrows(() => new Response(null, { status: 101 }), RangeError);
  assertThrows(() => new Response(null, { status: 101, webSocket: {} }), TypeError);
});
