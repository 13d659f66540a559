// Stubs, properties and promises: how they look, what they reach, pipelining, functions and targets in both directions.
import { RpcPromise, RpcProperty, RpcStub, RpcTarget } from "cloudflare:workers";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";
import { Counter } from "./targets.js";

const missing = (name) => `The RPC receiver does not implement the method "${name}".`;
const reserved = (name) => `'${name}' is a reserved method and cannot be called over RPC.`;

test("methods and properties of an entrypoint", async ({ env }) => {
  assertEquals(await env.RPC.hello("you"), "hello you");
  assertEquals(await env.RPC.property, "a property");
  assertEquals(await env.RPC.nested, { a: { b: { c: 3 } } });
  assertEquals(await env.RPC.nested.a.b.c, 3);
  assertEquals(await env.RPC.nested.a, { b: { c: 3 } });
  assertEquals(await env.RPC._underscore(), "_underscore");
  assertEquals(await env.RPC.readInstanceProperty(), "hidden");
  assertEquals(await env.RPC.scheduled(), "scheduled");
  assertEquals(await env.RPC.toJSON(), "toJSON");
});

test("what an entrypoint does not show", async ({ env }) => {
  for (const name of ["absent", "instanceProperty", "ctx", "env", "queue", "call2"]) {
    const error = await assertRejects(env.RPC[name](), TypeError, missing(name));
    assertEquals(error.remote, true);
    await assertRejects(env.RPC[name], TypeError, missing(name));
  }
  await assertRejects(env.RPC.nested.zzz, TypeError, missing("zzz"));
  await assertRejects(env.RPC.nested.zzz(), TypeError, missing("zzz"));
  await assertRejects(env.RPC.property(), TypeError, '"property" is not a function.');
});

test("names that no stub may call", async ({ env }) => {
  for (const name of ["alarm", "dup", "webSocketMessage"])
    await assertRejects(env.RPC[name](), TypeError, reserved(name));
  assertEquals(env.RPC.then, undefined);
  assertEquals(typeof env.RPC.anything, "function");
  assertEquals("anything" in env.RPC, true);
  assertEquals("then" in env.RPC, false);
});

test("a binding is a Fetcher", ({ env }) => {
  assertEquals(typeof env.RPC, "object");
  assertEquals(String(env.RPC), "[object Fetcher]");
  assertEquals(env.RPC.constructor.name, "Fetcher");
  assertEquals(Object.keys(env.RPC), []);
  assertEquals(env.RPC.hasOwnProperty("hello"), false);
});

test("a stub is a function of class RpcStub", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  assertEquals(typeof counter, "function");
  assertEquals(String(counter), "[object JsRpcStub]");
  assert(counter instanceof RpcStub);
  assert(!(counter instanceof RpcTarget));
  assertEquals(counter.constructor, RpcStub);
  assertEquals(Object.getOwnPropertyNames(counter), []);
  assertEquals(counter.then, undefined);
  assertEquals([typeof counter.dup, typeof counter[Symbol.dispose]], ["function", "function"]);
  assertEquals("anything" in counter, true);
  counter.mine = 5;
  assertEquals(counter.mine, 5);
  assertEquals(counter[0], undefined);
});

test("a promise is a thenable function, not a Promise", async ({ env }) => {
  const promise = env.RPC.hello("x");
  assertEquals(typeof promise, "function");
  assertEquals(String(promise), "[object JsRpcPromise]");
  assert(promise instanceof RpcPromise);
  assert(!(promise instanceof Promise));
  assertEquals(
    ["then", "catch", "finally"].map((name) => typeof promise[name]),
    ["function", "function", "function"],
  );
  assertEquals(typeof promise[Symbol.dispose], "function");
  assertEquals(await promise.then((text) => text.length), 7);
  let calls = 0;
  assertEquals(await env.RPC.hello("x").finally(() => calls++), "hello x");
  assertEquals(await env.RPC.absent().catch((error) => error.name), "TypeError");
  assertEquals(calls, 1);
  assertEquals(await Promise.all([env.RPC.hello("a"), env.RPC.hello("b")]), ["hello a", "hello b"]);
});

test("a property is a thenable function", async ({ env }) => {
  const property = env.RPC.property;
  assertEquals(typeof property, "function");
  assertEquals(String(property), "[object JsRpcProperty]");
  assert(property instanceof RpcProperty);
  assertEquals(property[Symbol.dispose], undefined);
  assertEquals(await property.then((text) => text.length), 10);
  assertEquals(String(env.RPC.nested.a), "[object JsRpcProperty]");
});

test("the classes cannot be made by hand", () => {
  assertThrows(() => new RpcPromise(), TypeError, "Illegal constructor");
  assertThrows(() => new RpcProperty(), TypeError, "Illegal constructor");
});

test("a target's methods, accessors and state", async ({ env }) => {
  const counter = await env.RPC.counter(3);
  assertEquals(await counter.increment(), 4);
  assertEquals(await counter.increment(2), 6);
  assertEquals(await counter.value, 6);
  assertEquals(await counter.data, { count: 6, deep: { list: [1, 2] } });
  assertEquals(await counter.data.deep.list, [1, 2]);
  assertEquals(await counter.later, "later");
  assertEquals(await counter.nothing, null);
  assertEquals(await counter._underscore(), "_underscore");
  assertEquals(await counter.readOwn(), 5);
});

test("names that only entrypoints reserve", async ({ env }) => {
  const counter = await env.RPC.counter(3);
  for (const name of ["alarm", "fetch", "name", "call", "toJSON"]) assertEquals(await counter[name](), name);
});

test("a target does not show what its instance holds or inherits from Object", async ({ env }) => {
  const counter = await env.RPC.counter(3);
  for (const name of ["own", "absent"]) {
    await assertRejects(counter[name], TypeError, missing(name));
    await assertRejects(counter[name](), TypeError, missing(name));
  }
  await assertRejects(counter.value(), TypeError, '"value" is not a function.');
  assertEquals(counter.hasOwnProperty("own"), false);
});

test("inherited methods and accessors are there", async ({ env }) => {
  const derived = await env.RPC.derived();
  assertEquals(await derived.derived, "derived");
  assertEquals(await derived.increment(), 11);
});

test("promises are pipelined", async ({ env }) => {
  assertEquals(await env.RPC.counter(3).increment(4), 7);
  assertEquals(await env.RPC.counter(3).value, 3);
  assertEquals(await env.RPC.counter(3).child(100).value, 100);
  assertEquals(await env.RPC.counter(3).childLater(100).child(7).increment(), 8);
  assertEquals(await env.RPC.counter(5).self.self.increment(), 6);
  assertEquals(await env.RPC.slowCounter(1).increment(), 2);
  assertEquals(await env.RPC.double()(4), 8);
  assertEquals(await env.RPC.bundle().counter.increment(3), 8);
  assertEquals(await env.RPC.bundle().add(3), 4);
  assertEquals(await env.RPC.bundle().plain, [1, 2]);
});

test("calls through one promise arrive in order", async ({ env }) => {
  const counter = env.RPC.slowCounter(0);
  const results = await Promise.all([1, 10, 100, 1000].map((by) => counter.increment(by)));
  assertEquals(results, [1, 11, 111, 1111]);
  const stub = await counter;
  assertEquals(await Promise.all([1, 1, 1].map((by) => stub.increment(by))), [1112, 1113, 1114]);
});

test("what results do not have cannot be pipelined", async ({ env }) => {
  await assertRejects(env.RPC.hello("x").length, TypeError, missing("length"));
  await assertRejects(env.RPC.nothing().foo, TypeError, missing("foo"));
  await assertRejects(env.RPC.echo([1, 2]).length, TypeError, missing("length"));
  await assertRejects(
    env.RPC.echo([1, 2]).map((x) => x),
    TypeError,
    missing("map"),
  );
  await assertRejects(env.RPC.makeResponse("x").text(), TypeError, missing("text"));
  await assertRejects(env.RPC.bundle().zzz, TypeError, missing("zzz"));
  const error = await assertRejects(env.RPC.absent().foo.bar(), TypeError, missing("absent"));
  assertEquals(error.remote, true);
  assertEquals(env.RPC.echo([1, 2])[0], undefined);
});

test("functions come back by reference", async ({ env }) => {
  const double = await env.RPC.double();
  assertEquals(typeof double, "function");
  assert(double instanceof RpcStub);
  assertEquals(await double(21), 42);
  assertEquals(await Promise.all([double(1), double(2)]), [2, 4]);
  const counter = await env.RPC.counter(5);
  const adder = await counter.adder;
  assertEquals(await adder(2), 7);
  assertEquals(await counter.adder(3), 10);
});

test("functions and targets anywhere in a result", async ({ env }) => {
  const bundle = await env.RPC.bundle();
  assertEquals(Object.keys(bundle), ["add", "counter", "list", "map", "plain"]);
  assertEquals(await bundle.add(1), 2);
  assertEquals(await bundle.counter.increment(), 6);
  assertEquals(await bundle.list[0](), "in a list");
  assertEquals(await bundle.map.get("f")(), "in a map");
  assertEquals(bundle.plain, [1, 2]);
  const { a, b } = await env.RPC.twice();
  assertEquals(a === b, true);
  assertEquals([await a.increment(), await b.increment()], [2, 3]);
});

test("functions as arguments are called back", async ({ env }) => {
  assertEquals(await env.RPC.call((x) => x + 10, 5), 15);
  assertEquals(await env.RPC.call(async (x, y) => [y, x], 1, { two: 2 }), [{ two: 2 }, 1]);
  assertEquals(await env.RPC.callTwice((x) => x * 2), [2, 4]);
  assertEquals(await env.RPC.callParallel((x) => x * 3), [3, 6, 9]);
  assertEquals(await env.RPC.callLater(() => "later"), "later");
  let seen;
  await env.RPC.call((value) => (seen = value), { a: [1] });
  assertEquals(seen, { a: [1] });
  assertEquals((await env.RPC.describe(() => 1)).isStub, true);
  assertEquals((await env.RPC.describe(class A {})).type, "function");
});

test("targets as arguments", async ({ env }) => {
  assertEquals(await env.RPC.use(new Counter(1)), [2, 7, 7, true]);
  assertEquals(await env.RPC.useNested({ a: { counter: new Counter(1) } }), 4);
  assertEquals(await env.RPC.useResult(() => new Counter(1)), 8);
  assertEquals((await env.RPC.describe(new Counter())).constructor, "RpcStub");
  const local = new Counter(1);
  await env.RPC.use(local);
  assertEquals(local.value, 7);
});

test("a function that gets functions", async ({ env }) => {
  const composed = await env.RPC.call(() => (x) => x + 1);
  assertEquals(await composed(1), 2);
  assertEquals(
    await env.RPC.call(
      (f) => f(5),
      (x) => x * 2,
    ),
    10,
  );
  const echoed = await env.RPC.echo(new Counter(50));
  assert(echoed instanceof RpcStub);
  assertEquals(await echoed.increment(), 51);
  const same = await env.RPC.echo((x) => x + 1);
  assertEquals(await same(1), 2);
});

test("stubs are passed on", async ({ env }) => {
  assertEquals(await env.RPC.passOn((x) => x * 5, 4), 20);
  assertEquals(await env.RPC.passOnCounter(new Counter(10)), [11, 16, 16, true]);
  const remote = await env.RPC.returnRemote(7);
  assertEquals(await remote.increment(), 8);
  assertEquals(await env.RPC.returnRemote(7).increment(2), 9);
  const counter = await env.RPC.counter(1);
  assertEquals(await env.RPC.use(counter.dup()), [2, 7, 7, true]);
  assertEquals(await counter.value, 7);
});

test("before 2026-01-20 an argument that is a stub is given away", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  assertEquals(await env.RPC.use(counter), [2, 7, 7, true]);
  await assertRejects(counter.value, Error, "RPC stub used after being disposed.");
});

test("promises and properties cannot be passed on", async ({ env }) => {
  await assertRejects(env.RPC.take(env.RPC.counter(1)), "DataCloneError", '"RpcPromise"');
  await assertRejects(env.RPC.take(env.RPC.property), "DataCloneError", '"RpcProperty"');
});

test("stubs of what is local", async () => {
  const f = new RpcStub((x) => x * 3);
  assertEquals(await f(3), 9);
  const object = new RpcStub({ a: 1, f: () => 2, deep: { g: (x) => x + 1 }, list: [1] });
  assertEquals(await object.a, 1);
  assertEquals(await object.f(), 2);
  assertEquals(await object.deep.g(1), 2);
  assertEquals(await object.list, [1]);
  await assertRejects(object.zzz, TypeError, missing("zzz"));
  const target = new RpcStub(new Counter(5));
  assertEquals(await target.increment(), 6);
  assertEquals(await target.child(1).increment(), 2);
  const value = { a: 1 };
  assertEquals(await new RpcStub((x) => x === value)(value), false);
  await assertRejects(
    new RpcStub(() => {
      throw new RangeError("local");
    })(),
    RangeError,
    "local",
  );
});

test("stubs of what cannot be one", () => {
  assertThrows(
    () => new RpcStub(new Date()),
    TypeError,
    "RpcStubs can only wrap plain objects, functions, and RpcTarget",
  );
  assertThrows(() => new RpcStub(5), TypeError, "Failed to construct 'JsRpcStub'");
  assertThrows(() => new RpcStub(null), TypeError, "Failed to construct 'JsRpcStub'");
});

test("structuredClone and JSON know no stubs", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  assertThrows(() => structuredClone(counter), "DataCloneError");
  assertThrows(() => structuredClone(new Counter(1)), "DataCloneError");
  assertEquals(JSON.stringify({ counter }), "{}");
});

test("an object with handlers takes one argument", async ({ env }) => {
  assertEquals(await env.HANDLERS.hello("x"), "x object function");
  assertEquals(await env.HANDLERS.isThis(1), true);
  assertEquals(await env.HANDLERS.value, 5);
  await assertRejects(env.HANDLERS.none(), TypeError, 'Attempted to call RPC function "none" with the wrong number');
  await assertRejects(env.HANDLERS.hello(1, 2), TypeError, "wrong number of arguments");
  await assertRejects(env.HANDLERS.absent(1), TypeError, missing("absent"));
});

test("a worker takes no connections", ({ env }) => {
  assertThrows(() => env.RPC.connect("example.com:80"), TypeError, "Incoming CONNECT on a worker not supported");
  assertThrows(() => env.RPC.connect("example.com"), TypeError, "Specified address is missing port.");
});
