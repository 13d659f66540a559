// Exceptions: what of them reaches the caller.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";

for (const name of ["Error", "EvalError", "RangeError", "ReferenceError", "SyntaxError", "TypeError", "URIError"])
  test(`a ${name} keeps its class and message`, async ({ env }) => {
    const error = await assertRejects(env.RPC.throwBuiltin(name, "the message"), globalThis[name], "the message");
    assertEquals(error.constructor, globalThis[name]);
    assertEquals(error.message, "the message");
    assertEquals(error.remote, true);
    assertEquals(error.durableObjectReset, undefined);
  });

test("an AggregateError keeps its class", async ({ env }) => {
  const error = await assertRejects(env.RPC.throwAggregate(), AggregateError, "several");
  assertEquals([error.name, error.errors, error.remote], ["AggregateError", undefined, true]);
});

test("another class's name goes into the message", async ({ env }) => {
  const error = await assertRejects(env.RPC.throwCustom(), Error, "CustomError: custom");
  assertEquals(error.constructor, Error);
  assertEquals(error.name, "Error");
  assertEquals(error.code, undefined);
  assertEquals(error.remote, true);
  assertEquals((await assertRejects(env.RPC.throwNamed("Renamed"))).message, "Renamed: renamed");
  assert((await assertRejects(env.RPC.throwNamed("TypeError"))) instanceof TypeError);
});

test("a DOMException stays one", async ({ env }) => {
  const error = await assertRejects(env.RPC.throwDom(), "NotFoundError", "dom");
  assertEquals([error.code, error.remote], [8, true]);
});

test("what is no error becomes one", async ({ env }) => {
  for (const [value, message] of [
    ["text", "text"],
    [5, "5"],
    [null, "null"],
    [undefined, "undefined"],
    [{ a: 1 }, "#<Object>"],
  ]) {
    const error = await assertRejects(env.RPC.throwValue(value), Error);
    assertEquals(error.message, message);
    assertEquals(error.remote, true);
  }
});

test("an error of later", async ({ env }) => {
  const error = await assertRejects(env.RPC.throwAsync(), TypeError, "async");
  assertEquals(error.remote, true);
  assert(!error.stack.includes("throwAsync"), "the callee's stack stays there");
});

test("a target's error, also through a pipeline", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  await assertRejects(counter.fail("direct"), RangeError, "direct");
  await assertRejects(env.RPC.counter(1).fail("pipelined"), RangeError, "pipelined");
  assertEquals(await counter.increment(), 2);
});

test("a callback's error reaches the callee, and comes back", async ({ env }) => {
  const throws = () => {
    throw new TypeError("called back");
  };
  assertEquals(await env.RPC.tryCall(throws), {
    name: "TypeError",
    message: "called back",
    remote: true,
    isTypeError: true,
  });
  await assertRejects(env.RPC.call(throws), TypeError, "called back");
  await assertRejects(env.RPC.passOn(throws), TypeError, "called back");
});

test("calling what is no function", async ({ env }) => {
  await assertRejects(env.RPC.call(5), TypeError, "f is not a function");
});

test("fetch of an entrypoint", async ({ env }) => {
  const response = await env.RPC.fetch("http://service/path?q=1", { method: "PUT", headers: { x: "y" }, body: "b" });
  assertEquals(response.status, 201);
  assertEquals(await response.text(), "PUT http://service/path?q=1 y");
  const request = new Request("http://service/other", { redirect: "manual", headers: { x: "z" } });
  assertEquals(await (await env.RPC.fetch(request)).text(), "GET http://service/other z");
  assertEquals(await (await env.RPC.fetch("http://service/props")).json(), { tenant: "t1", list: [1, { a: 2 }] });
  const error = await assertRejects(env.RPC.fetch("http://service/throw"), RangeError, "from fetch");
  assertEquals(error.remote, true);
  await assertRejects(env.HANDLERS.fetch("http://service/"), Error, "Handler does not export a fetch() function.");
  await assertRejects(env.RPC.fetch(), TypeError, "Failed to execute 'fetch' on 'Fetcher'");
});
