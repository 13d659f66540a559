// RPC with Durable Objects, on either shard.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";

// Enough names that some live on each shard.
const names = ["a", "b", "c", "d", "e", "f"];
const each = (what, run) =>
  test(what, async ({ env }) => {
    for (const name of names) await run(env.RPC_OBJECT.getByName(`${what} ${name}`), env, name);
  });

each("methods and properties", async (object) => {
  assertEquals(await object.increment(), 1);
  assertEquals(await object.increment(5), 6);
  assertEquals(await object.count, 6);
});

each("what an object does not show", async (object) => {
  await assertRejects(object.instanceProperty, TypeError, 'does not implement the method "instanceProperty"');
  await assertRejects(object.alarm(), TypeError, "'alarm' is a reserved method");
  await assertRejects(object.webSocketClose(), TypeError, "'webSocketClose' is a reserved method");
});

each("targets and pipelining", async (object) => {
  const counter = await object.counter(5);
  assertEquals(await counter.increment(), 6);
  assertEquals(await object.counter(1).child(7).increment(), 8);
  assertEquals(await counter.adder(4), 10);
  counter[Symbol.dispose]();
  await assertRejects(counter.increment(), Error, "RPC stub used after being disposed.");
});

each("functions are called back across shards", async (object) => {
  assertEquals(await object.call((x) => x + 1, 1), 2);
  assertEquals(
    await object.call(
      async (f) => f(3),
      (x) => x * 2,
    ),
    6,
  );
  assertEquals(await object.callBack((text) => `${text}!`), "after a write!");
});

each("a callback that calls the object", async (object) => {
  assertEquals(await object.call(() => object.increment(5)), 5);
});

each("a target whose methods write", async (object) => {
  const store = await object.storage();
  assertEquals(await store.put("k", { v: 1 }), { v: 1 });
  assertEquals(await Promise.all([store.put("a", 1), store.put("b", 2), store.get("a")]), [1, 2, 1]);
  assertEquals(await object.store("stored"), "stored");
});

each("streams", async (object) => {
  assertEquals(await object.readAll(new Response("streamed").body), "streamed");
  let size = 0;
  for await (const chunk of await object.stream(1_000_000)) size += chunk.byteLength;
  assertEquals(size, 1_000_000);
  const { readable, writable } = new IdentityTransformStream();
  const written = object.write(writable, "back");
  assertEquals(await new Response(readable).text(), "back");
  assertEquals(await written, "written");
});

each("stubs between objects", async (object, env, name) => {
  for (const other of names) {
    assertEquals(await object.passOn(`other ${other}`, (x) => `${x} ${name}`), `passed on ${name}`);
    const counter = await object.otherCounter(`other ${other}`, 3);
    assertEquals(await counter.increment(), 4);
  }
});

each("errors", async (object) => {
  const custom = await assertRejects(object.fail(), Error, "CustomError: in an object");
  assertEquals([custom.remote, custom.durableObjectReset], [true, undefined]);
  const typed = await assertRejects(object.failWith("RangeError"), RangeError, "typed");
  assertEquals(typed.remote, true);
});

each("large results", async (object) => {
  assertEquals((await object.large(1_000_000)).byteLength, 1_000_000);
});

each("an object that ends breaks what it gave", async (object, env, name) => {
  const counter = await object.counter(1);
  const error = await assertRejects(object.end(), Error, "ended by itself");
  assertEquals([error.remote, error.durableObjectReset], [undefined, true]);
  await assertRejects(
    counter.increment(),
    Error,
    "The execution context which hosts this callback is no longer running.",
  );
  const again = env.RPC_OBJECT.getByName(`an object that ends breaks what it gave ${name}`);
  assertEquals(await again.increment(), 1);
});

test("a class that does not extend DurableObject has no RPC", async ({ env }) => {
  await assertRejects(env.RPC_PLAIN.getByName("x").method(), TypeError, "does not support RPC");
});

test("an entrypoint passes an object a function", async ({ env }) => {
  const f = await env.RPC.double();
  assertEquals(await env.RPC_OBJECT.getByName("z").call(f.dup(), 8), 16);
  assertEquals(await f(2), 4);
  assert(true);
});
