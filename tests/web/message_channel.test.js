// MessageChannel and MessagePort.
import { test, assert, assertEquals, assertThrows } from "./harness.js";

const next = (port) => new Promise((resolve) => (port.onmessage = resolve));
const settled = () => new Promise((resolve) => setTimeout(resolve, 10));

test("two ports, each a target of events", () => {
  const channel = new MessageChannel();
  for (const port of [channel.port1, channel.port2]) {
    assert(port instanceof MessagePort);
    assert(port instanceof EventTarget);
    assertEquals(`${port}`, "[object MessagePort]");
  }
  assertEquals(channel.port1, channel.port1);
  assert(channel.port1 !== channel.port2);
  assertThrows(() => new MessagePort(), TypeError, "Illegal constructor");
});

test("a message is a structured clone", async () => {
  const { port1, port2 } = new MessageChannel();
  const message = { map: new Map([[1, new Date(5)]]), bytes: new Uint8Array([1, 2]) };
  const event = next(port2);
  port1.postMessage(message);
  const { data, type, target, ports, isTrusted } = await event;
  assertEquals(data, message);
  assert(data !== message);
  assertEquals([type, target, ports, isTrusted], ["message", port2, [], true]);
});

test("messages come later, in order, before a timer", async () => {
  const { port1, port2 } = new MessageChannel();
  const order = [];
  port2.onmessage = (event) => order.push(event.data);
  port1.postMessage("first");
  port1.postMessage("second");
  order.push("sync");
  await new Promise((resolve) => setTimeout(() => resolve(order.push("timer")), 0));
  assertEquals(order, ["sync", "first", "second", "timer"]);
});

test("both directions", async () => {
  const { port1, port2 } = new MessageChannel();
  port2.onmessage = (event) => port2.postMessage(event.data + 1);
  const answer = next(port1);
  port1.postMessage(1);
  assertEquals((await answer).data, 2);
});

test("a listener alone does not start the port", async () => {
  const { port1, port2 } = new MessageChannel();
  const got = [];
  port2.addEventListener("message", (event) => got.push(event.data));
  port1.postMessage("waits");
  await settled();
  assertEquals(got, []);
  port2.start();
  await settled();
  assertEquals(got, ["waits"]);
});

test("close() lets pass what was posted, tells both ends and ends the traffic", async () => {
  const { port1, port2 } = new MessageChannel();
  const order = [];
  port2.onmessage = (event) => order.push(event.data);
  port2.addEventListener("close", () => order.push("close 2"));
  port1.addEventListener("close", () => order.push("close 1"));
  port1.postMessage("before");
  port1.close();
  await settled();
  port1.postMessage("after");
  port2.postMessage("after");
  await settled();
  assertEquals(order.toSorted(), ["before", "close 1", "close 2"]);
});

test("what cannot be cloned is refused where it is posted", () => {
  const { port1 } = new MessageChannel();
  assertThrows(() => port1.postMessage(() => {}), "DataCloneError");
  assertThrows(() => port1.postMessage(Symbol()), "DataCloneError");
});

test("nothing can be transferred", () => {
  const { port1 } = new MessageChannel();
  const buffer = new ArrayBuffer(8);
  assertThrows(() => port1.postMessage(buffer, [buffer]), Error, "Transfer list is not supported");
  assertThrows(() => port1.postMessage(buffer, { transfer: [buffer] }), Error, "Transfer list is not supported");
  assertEquals(buffer.byteLength, 8);
  assertThrows(() => structuredClone(port1), "DataCloneError");
});

test("onmessage is an event handler attribute", () => {
  const { port1 } = new MessageChannel();
  assertEquals(port1.onmessage, null);
  const handler = () => {};
  port1.onmessage = handler;
  assertEquals(port1.onmessage, handler);
  port1.onmessage = 5;
  assertEquals(port1.onmessage, null);
});
