// What goes by value, in both directions, and what is refused.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { Plain } from "./targets.js";

const cloned = [
  "bigint",
  "boxed",
  "date",
  "domException",
  "error",
  "frozen",
  "map",
  "nestedNull",
  "set",
  "sparse",
  "typed",
  "buffer",
];
for (const kind of cloned)
  test(`${kind} comes and goes by value`, async ({ env }) => {
    const value = await env.RPC.make(kind);
    assertEquals(await env.RPC.echo(value), value);
    const { tag, isStub } = await env.RPC.describe(value);
    assertEquals(tag, Object.prototype.toString.call(value));
    assertEquals(isStub, false);
  });

test("regular expressions", async ({ env }) => {
  const value = await env.RPC.make("regExp");
  assert(value instanceof RegExp);
  assertEquals(String(value), "/a+b/giu");
  assertEquals(String(await env.RPC.echo(/x/y)), "/x/y");
});

test("primitives keep their type", async ({ env }) => {
  for (const value of [1, -1.5, NaN, Infinity, "", "text", true, false, null, undefined, 0n, -5n])
    assertEquals(await env.RPC.echo(value), value);
  assertEquals(await env.RPC.make("unicode"), "grüße 👋 \u0000 \ud800");
});

test("objects that lead back to themselves", async ({ env }) => {
  const value = await env.RPC.make("circular");
  assertEquals(value.name, "circle");
  assertEquals(value.self === value, true);
  const both = {};
  const echoed = await env.RPC.echo([both, both]);
  assertEquals(echoed[0] === echoed[1], true);
});

test("getters are read, symbols left out", async ({ env }) => {
  const value = await env.RPC.make("getter");
  assertEquals(Object.getOwnPropertyDescriptor(value, "a").value, 5);
  assertEquals(Object.getOwnPropertySymbols(value), [Symbol.dispose]);
  assertEquals(Object.isFrozen(await env.RPC.make("frozen")), false);
});

test("a view keeps its offset and length", async ({ env }) => {
  const view = await env.RPC.make("view");
  assertEquals([view.byteLength, view.getUint8(0), view.getUint8(1)], [2, 2, 3]);
  assertEquals([...(await env.RPC.echo(new Uint8Array([1, 2, 3, 4]).subarray(1, 3)))], [2, 3]);
});

test("headers keep their cookies apart", async ({ env }) => {
  const headers = await env.RPC.make("headers");
  assert(headers instanceof Headers);
  assertEquals(
    [...headers],
    [
      ["a", "1"],
      ["set-cookie", "x=1"],
      ["set-cookie", "y=2"],
    ],
  );
  headers.set("b", "2");
  assertEquals(headers.get("b"), "2");
  assertEquals((await env.RPC.describe(new Headers({ a: "b" }))).constructor, "Headers");
});

test("an error keeps its class, message and cause", async ({ env }) => {
  const error = await env.RPC.make("error");
  assert(error instanceof TypeError);
  assertEquals(error.message, "a value");
  assertEquals(error.remote, undefined);
  const outer = await env.RPC.make("errorWithCause");
  assert(outer.cause instanceof RangeError);
  assertEquals(outer.cause.message, "inner");
  const dom = await env.RPC.make("domException");
  assert(dom instanceof DOMException);
  assertEquals([dom.name, dom.message, dom.code], ["AbortError", "gone", 20]);
});

const refused = {
  symbol: "Symbol(s) could not be cloned.",
  nestedPromise: "#<Promise> could not be cloned.",
  classInstance: 'Could not serialize object of type "Plain". This type does not support serialization.',
  nestedInstance: 'Could not serialize object of type "Plain". This type does not support serialization.',
  nullPrototype: 'Could not serialize object of type "Object". This type does not support serialization.',
  url: 'Could not serialize object of type "URL". This type does not support serialization.',
  blob: 'Could not serialize object of type "Blob". This type does not support serialization.',
  formData: 'Could not serialize object of type "FormData". This type does not support serialization.',
  event: 'Could not serialize object of type "Event". This type does not support serialization.',
  weakMap: "#<WeakMap> could not be cloned.",
  generator: "[object Generator] could not be cloned.",
  webSocket: 'Could not serialize object of type "WebSocket". This type does not support serialization.',
  prototypeOnly: "This type does not support serialization.",
};
for (const [kind, message] of Object.entries(refused))
  test(`${kind} is refused`, async ({ env }) => {
    const error = await assertRejects(env.RPC.make(kind), "DataCloneError", message);
    assertEquals(error.remote, true);
  });

test("arguments are refused before the call", async ({ env }) => {
  for (const value of [new Plain(), Symbol("s"), new URL("http://a/"), [new Plain()], { a: Object.create(null) }]) {
    const error = await assertRejects(env.RPC.echo(value), "DataCloneError");
    assertEquals(error.remote, undefined);
  }
});

test("service bindings, namespaces and stubs of objects are refused", async ({ env }) => {
  await assertRejects(env.RPC.take(env.RPC), "DataCloneError", "ServiceStub serialization requires");
  await assertRejects(env.RPC.take(env.RPC_OBJECT), "DataCloneError", '"DurableObjectNamespace"');
  await assertRejects(env.RPC.take(env.RPC_OBJECT.getByName("a")), "DataCloneError", '"DurableObject"');
  await assertRejects(env.RPC.take(AbortSignal.abort()), "DataCloneError", "AbortSignal serialization is not enabled");
});

test("what an awaited promise or thenable gives is the result", async ({ env }) => {
  assertEquals(await env.RPC.call(async () => 5), 5);
  assertEquals(await env.RPC.call(() => ({ then: (resolve) => resolve(6) })), 6);
});

test("a message may have 32 MiB", async ({ env }) => {
  assertEquals((await env.RPC.large(31 * 1024 * 1024)).length, 31 * 1024 * 1024);
  const limit = "Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was:";
  const late = await assertRejects(env.RPC.large(33 * 1024 * 1024), Error, limit);
  assertEquals(late.remote, true);
  const early = await assertRejects(env.RPC.lengthOf(new Uint8Array(33 * 1024 * 1024)), Error, limit);
  assertEquals(early.remote, undefined);
});

test("undefined and missing arguments are told apart", async ({ env }) => {
  assertEquals(await env.RPC.argumentCount(), 0);
  assertEquals(await env.RPC.argumentCount(undefined), 1);
  assertEquals(await env.RPC.argumentCount(1, undefined, null), 3);
  assertEquals(await env.RPC.sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), 55);
  assertEquals(await env.RPC.nothing(), undefined);
});
