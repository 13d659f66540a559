// Every behaviour is asked of several objects, whose ids spread them over the shards: some are the caller's own shard's, some another's.
import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";

const run = `${Date.now()}-${Math.random()}`;
let names = 0;
const OBJECTS = 4;

/** The test for each of several fresh objects; fresh() makes another stub for the same. */
function onEach(name, body, { prefix = "", ...options } = {}) {
  test(
    name,
    async ({ env }) => {
      for (let index = 0; index < OBJECTS; index++) {
        const id = `${prefix}object-${run}-${++names}`;
        await body(env.ACTOR.getByName(id), { env, name: id, fresh: () => env.ACTOR.getByName(id) });
      }
    },
    options,
  );
}
const text = async (promise) => (await promise).text();
const json = async (promise) => (await promise).json();

onEach("text bodies go there and back", async (stub) => {
  assertEquals(await text(stub.fetch("http://o/text", { method: "POST", body: "hello" })), "POST hello");
  assertEquals(await text(stub.fetch("http://o/text", { method: "PUT", body: "héllo ☕" })), "PUT héllo ☕");
  assertEquals(await text(stub.fetch("http://o/text")), "GET ");
});

onEach("headers go there and back, and are immutable", async (stub) => {
  const response = await stub.fetch("http://o/echo", { method: "POST", body: "x", headers: { "X-Thing": "välue" } });
  assertEquals(response.headers.get("x-thing"), "välue");
  assertThrows(() => response.headers.set("a", "b"), TypeError, "immutable");
  assertEquals(await text(stub.fetch("http://o/immutable")), "Can't modify immutable headers.");
});

onEach("a status without a body", async (stub) => {
  const { status, statusText, body } = await stub.fetch("http://o/status");
  assertEquals([status, statusText, body], [204, "Nothing", null]);
});

onEach("redirects are followed unless they are manual", async (stub) => {
  const followed = await stub.fetch("http://o/redirect");
  assertEquals([followed.status, followed.redirected], [200, true]);
  assertEquals(await followed.text(), await text(stub.fetch("http://o/made")));
  assertEquals((await stub.fetch("http://o/redirect", { redirect: "manual" })).status, 302);
});

onEach("a stream that JavaScript makes is read in order", async (stub) => {
  const expected = Array.from({ length: 50 }, (_, index) => `${index};`).join("");
  assertEquals(await text(stub.fetch("http://o/stream")), expected);
});

onEach("a large stream arrives whole", async (stub) => {
  const bytes = new Uint8Array(await (await stub.fetch("http://o/big")).arrayBuffer());
  assertEquals(bytes.length, 64 * 65536);
  assert(bytes.every((octet, index) => octet === Math.floor(index / 65536)));
});

onEach("a stream is echoed while it is written", async (stub) => {
  const { readable, writable } = new TransformStream();
  const response = await stub.fetch("http://o/echo", { method: "POST", body: readable });
  const reader = response.body.getReader();
  const writer = writable.getWriter();
  for (let index = 0; index < 5; index++) {
    void writer.write(new Uint8Array([index]));
    assertEquals([...(await reader.read()).value], [index]);
  }
  void writer.close();
  assert((await reader.read()).done);
});

onEach("a reader that cancels stops the stream", async (stub) => {
  const response = await stub.fetch("http://o/endless");
  const reader = response.body.getReader();
  await reader.read();
  await reader.cancel();
  for (let tries = 0; tries < 100; tries++) {
    if ((await text(stub.fetch("http://o/cancelled"))) === "true") break;
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assertEquals(await text(stub.fetch("http://o/cancelled")), "true");
});

onEach("a stream that breaks is an error for its reader", async (stub) => {
  await assertRejects(text(stub.fetch("http://o/break")), Error);
});

onEach("exceptions keep their class and message, and say that they are remote", async (_, { fresh }) => {
  for (const name of ["Error", "TypeError", "RangeError", "SyntaxError"]) {
    const error = await assertRejects(fresh().fetch(`http://o/throw?name=${name}`), globalThis[name], `${name} text`);
    assertEquals([error.remote, error.constructor.name], [true, name]);
  }
  const error = await assertRejects(fresh().fetch("http://o/throw?name=dom"), "DataError", "dom text");
  assertEquals(error.remote, true);
  await assertRejects(fresh().fetch("http://o/throw?name=custom"), Error, "MyError: custom text");
  await assertRejects(fresh().fetch("http://o/throw?name=string"), Error, "a string");
  await assertRejects(fresh().fetch("http://o/throw?name=object"), Error, "#<Object>");
});

onEach("an answer that is no Response is the object's mistake", async (_, { fresh }) => {
  const message = "Incorrect type for Promise: the Promise did not resolve to 'Response'.";
  await assertRejects(fresh().fetch("http://o/none"), TypeError, message);
  await assertRejects(fresh().fetch("http://o/number"), TypeError, message);
});

onEach("abort() resets the object", async (_, { fresh }) => {
  const before = await text(fresh().fetch("http://o/made"));
  const error = await assertRejects(fresh().fetch("http://o/abort"), Error, "stop");
  assertEquals([error.remote, error.durableObjectReset], [true, true]);
  const after = await text(fresh().fetch("http://o/made"));
  assert(before !== after);
  await assertRejects(
    fresh().fetch("http://o/abortPlain"),
    Error,
    "Application called abort() to reset Durable Object.",
  );
});

onEach("what was written stays after an exception and after a reset", async (_, { fresh }) => {
  await assertRejects(fresh().fetch("http://o/putThenThrow"), Error, "after the put");
  assertEquals(await text(fresh().fetch("http://o/value")), "77");
  await assertRejects(fresh().fetch("http://o/putThenAbort"), Error, "after the put");
  assertEquals(await text(fresh().fetch("http://o/value")), "78");
});

onEach(
  "a constructor that throws fails the event, and the next one again",
  async (_, { fresh }) => {
    for (let times = 0; times < 2; times++) {
      const error = await assertRejects(fresh().fetch("http://o/made"), RangeError, "no constructor");
      assertEquals(error.durableObjectReset, true);
    }
  },
  { prefix: "throws" },
);

onEach(
  "an exception in the constructor's blockConcurrencyWhile() fails the event",
  async (_, { fresh }) => {
    const error = await assertRejects(fresh().fetch("http://o/made"), TypeError, "no start");
    assertEquals(error.durableObjectReset, true);
  },
  { prefix: "block-throws" },
);

onEach(
  "events wait for the constructor's blockConcurrencyWhile()",
  async (stub) => {
    const answers = await Promise.all(Array.from({ length: 5 }, () => text(stub.fetch("http://o/ready"))));
    assertEquals(answers, Array(5).fill("true"));
  },
  { prefix: "slow" },
);

onEach("events wait while an object blocks them", async (stub) => {
  const blocking = json(stub.fetch("http://o/blockAround"));
  const noting = text(stub.fetch("http://o/note"));
  const log = await blocking;
  await noting;
  assertEquals(log.slice(0, 3), ["called", "in", "out"]);
  const events = await json(stub.fetch("http://o/log"));
  assert(events.indexOf("event") > events.indexOf("out"));
});

onEach("critical sections come one after another, or inside one another", async (stub) => {
  assertEquals(await json(stub.fetch("http://o/twoBlocks")), ["a", "a end", "b", "b end"]);
  assertEquals(await json(stub.fetch("http://o/nestedBlocks")), ["outer", "inner", "outer end"]);
});

onEach("an exception in a critical section resets the object, caught or not", async (_, { fresh }) => {
  const before = await text(fresh().fetch("http://o/made"));
  const error = await assertRejects(fresh().fetch("http://o/blockCaught"), RangeError, "in the section");
  assertEquals(error.durableObjectReset, true);
  assert((await text(fresh().fetch("http://o/made"))) !== before);
});

onEach("transactions come one after another; one that fails undoes its own writes", async (stub) => {
  assertEquals(await json(stub.fetch("http://o/transactions")), ["a", "a end", "b", "b end", 11]);
  assertEquals(await json(stub.fetch("http://o/failedTransaction")), ["rolled back", null, 5]);
  assertEquals(await json(stub.fetch("http://o/nestedTransactions")), 5);
});

onEach("calls at once are all counted, each value once", async (stub) => {
  const values = await Promise.all(
    Array.from({ length: 40 }, async () => Number(await text(stub.fetch("http://o/increment")))),
  );
  assertEquals(
    values.sort((a, b) => a - b),
    Array.from({ length: 40 }, (_, index) => index + 1),
  );
});

onEach("an object that calls itself is not interrupted between reading and writing", async (stub) => {
  assertEquals(
    await json(stub.fetch("http://o/selfIncrement")),
    Array.from({ length: 10 }, (_, index) => 101 + index),
  );
});

onEach("objects call each other, and answers come between turns only", async (stub, { env, name }) => {
  const other = `${name}-other`;
  const made = await text(env.ACTOR.getByName(other).fetch("http://o/made"));
  assertEquals(await text(stub.fetch(`http://o/forward?to=${other}`)), made);
  assertEquals(await text(stub.fetch(`http://o/afterReplies?to=${other}`)), "10");
});

onEach("methods take and give structured clones", async (stub) => {
  assertEquals(await stub.add(1, 2), 3);
  assertEquals(await stub.add("a", "b"), "ab");
  assertEquals(await stub.count(1, undefined, 3), 3);
  const { map, bytes, ...rest } = await stub.values();
  assertEquals([map.get(1).getTime(), [...bytes], Object.keys(rest)], [5, [1, 2], ["nothing"]]);
  assertEquals(await stub.kept(), { deep: [1] });
  assertEquals(await stub.accessor, 9);
});

onEach("methods that fail or are none", async (stub) => {
  const error = await assertRejects(stub.fail(), RangeError, "method text");
  assertEquals(error.remote, true);
  await assertRejects(stub.none(), TypeError, 'The RPC receiver does not implement the method "none".');
  await assertRejects(Promise.resolve(stub.own), TypeError, 'The RPC receiver does not implement the method "own".');
  await assertRejects(stub.alarm(), TypeError, "'alarm' is a reserved method and cannot be called over RPC.");
  await assertRejects(async () => await stub.add(Symbol("x")), "DataCloneError");
});

test("a class without a base has fetch() but no methods", async ({ env }) => {
  for (let index = 0; index < OBJECTS; index++) {
    const name = `plain-${run}-${index}`;
    assertEquals(await text(env.PLAIN.getByName(name).fetch("http://o/")), `${name} object 1`);
    await assertRejects(env.PLAIN.getByName(name).method(), TypeError, "does not support RPC");
  }
});

test("a stub's own members and the object's", ({ env }) => {
  const stub = env.ACTOR.getByName("members");
  assertEquals(stub.then, undefined);
  assertEquals([typeof stub.anything, "anything" in stub, "fetch" in stub], ["function", true, true]);
  assertEquals(Object.getOwnPropertyNames(stub), ["name", "id"]);
  assertEquals(Object.prototype.toString.call(stub), "[object DurableObject]");
  assertThrows(() => structuredClone(stub), "DataCloneError");
  assertThrows(() => structuredClone(stub.id), "DataCloneError");
  assertThrows(() => new env.ACTOR.constructor(), TypeError, "Illegal constructor");
});
