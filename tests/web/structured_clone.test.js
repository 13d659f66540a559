// HTML § 2.7: structuredClone.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

test("primitives and boxes", () => {
  for (const value of [undefined, null, true, 1, -0, NaN, 2n ** 70n, "x", "☃", ""])
    assertEquals(structuredClone(value), value);
  assertEquals(
    structuredClone([new Number(1), new String("x"), new Boolean(false), Object(1n)]).map((box) => typeof box),
    ["object", "object", "object", "object"],
  );
});

test("what has a structure keeps it", () => {
  const value = { a: [1, , 3], m: new Map([[{ k: 1 }, new Set([1, "x"])]]), d: new Date(5), r: /a/giu, n: { n: null } };
  const clone = structuredClone(value);
  assert(clone !== value && clone.a !== value.a && clone.m !== value.m);
  assertEquals(
    [clone.a.length, 1 in clone.a, clone.d, String(clone.r), clone.n],
    [3, false, new Date(5), "/a/giu", { n: null }],
  );
  assertEquals([[...clone.m.keys()], [...clone.m.values()][0]], [[{ k: 1 }], new Set([1, "x"])]);
});

test("cycles and shared references stay", () => {
  const shared = { x: 1 };
  const value = { one: shared, two: shared };
  value.self = value;
  const clone = structuredClone(value);
  assert(clone.self === clone && clone.one === clone.two && clone.one !== shared);
});

test("instances of classes become plain objects of their own data", () => {
  class Thing {
    x = 1;
    #hidden = 2;
    get y() {
      return this.#hidden;
    }
  }
  const clone = structuredClone(new Thing());
  assertEquals(clone, { x: 1 });
});

test("errors", () => {
  for (const Class of [Error, TypeError, RangeError, SyntaxError, EvalError, ReferenceError, URIError]) {
    const clone = structuredClone(new Class("m", { cause: { a: 1 } }));
    assert(clone instanceof Class);
    assertEquals([clone.name, clone.message, clone.cause], [Class.name, "m", { a: 1 }]);
  }
  assertEquals(structuredClone(Object.assign(new Error("m"), { extra: 1 })).extra, undefined);
});

test("DOMException is serializable", () => {
  const error = new DOMException("m", "AbortError");
  const clone = structuredClone({ error }).error;
  assert(clone instanceof DOMException && clone !== error);
  assertEquals([clone.name, clone.message, clone.code], ["AbortError", "m", 20]);
});

test("buffers and views", () => {
  const buffer = new Uint8Array([1, 2, 3, 4, 5, 6, 7, 8]).buffer;
  const clone = structuredClone({
    buffer,
    view: new Uint8Array(buffer, 1, 2),
    words: new Float64Array([1.5]),
    data: new DataView(buffer, 4),
  });
  assertEquals([...new Uint8Array(clone.buffer)], [1, 2, 3, 4, 5, 6, 7, 8]);
  assert(clone.view.buffer === clone.buffer && clone.buffer !== buffer);
  assertEquals([[...clone.view], [...clone.words], clone.data.getUint8(0)], [[2, 3], [1.5], 5]);
  assertEquals(buffer.byteLength, 8);
  assert(structuredClone(new ArrayBuffer(1, { maxByteLength: 4 })).resizable);
});

test("transfer moves the buffer", () => {
  const buffer = new Uint8Array([7, 8]).buffer;
  const view = new Uint8Array(buffer, 1);
  const clone = structuredClone({ buffer, view }, { transfer: [buffer] });
  assertEquals([buffer.byteLength, view.length, clone.buffer.byteLength, [...clone.view]], [0, 0, 2, [8]]);
  assert(clone.view.buffer === clone.buffer);
  const unused = new ArrayBuffer(3);
  assertEquals(structuredClone(1, { transfer: [unused] }), 1);
  assertEquals(unused.byteLength, 0);
  assertEquals(structuredClone(1, undefined), 1);
  assertEquals(structuredClone(1, {}), 1);
});

test(
  "what cannot be transferred",
  () => {
    assertThrows(() => structuredClone(1, { transfer: [{}] }), "DataCloneError");
    const buffer = new ArrayBuffer(1);
    assertThrows(() => structuredClone(1, { transfer: [buffer, buffer] }), "DataCloneError");
    assertEquals(buffer.byteLength, 1);
    const gone = new ArrayBuffer(1);
    gone.transfer();
    assertThrows(() => structuredClone(1, { transfer: [gone] }), "DataCloneError");
  },
  { workerd: "duplicates and detached buffers pass there, other objects are a TypeError" },
);

test("what cannot be cloned is a DataCloneError", () => {
  const detached = new ArrayBuffer(1);
  detached.transfer();
  for (const value of [
    () => {},
    Symbol(),
    Object(Symbol()),
    Promise.resolve(),
    new WeakMap(),
    new WeakSet(),
    new WeakRef({}),
    new Proxy({}, {}),
    detached,
    { deep: [() => {}] },
  ]) {
    const error = assertThrows(() => structuredClone(value), "DataCloneError");
    assertEquals(error.code, 25);
  }
});

test("platform objects are not plain objects", () => {
  for (const value of [
    new Event("x"),
    new URL("http://x"),
    new URLSearchParams(),
    new EventTarget(),
    new TextEncoder(),
    new AbortController(),
    crypto,
    new FormData(),
  ])
    assertThrows(() => structuredClone({ value }), "DataCloneError");
});

test("a getter's error passes through", () => {
  assertThrows(
    () =>
      structuredClone({
        get a() {
          throw new RangeError("mine");
        },
      }),
    RangeError,
    "mine",
  );
});

test("structuredClone needs an argument", () => assertThrows(() => structuredClone(), TypeError));

test("headers, requests and responses without a body are cloned", () => {
  const headers = new Headers([
    ["a", "1"],
    ["set-cookie", "b=2"],
    ["set-cookie", "c=3"],
  ]);
  const copy = structuredClone({ headers }).headers;
  assert(copy instanceof Headers && copy !== headers);
  assertEquals([...copy], [...headers]);
  copy.set("a", "2");
  assertEquals(headers.get("a"), "1");
  const request = structuredClone(new Request("https://example.com/x", { method: "DELETE", headers: { a: "1" } }));
  assert(request instanceof Request);
  assertEquals([request.url, request.method, request.headers.get("a")], ["https://example.com/x", "DELETE", "1"]);
  const response = structuredClone(new Response(null, { status: 404, headers: { a: "1" } }));
  assertEquals([response.status, response.headers.get("a")], [404, "1"]);
  const twice = { headers };
  const clones = structuredClone([twice.headers, twice.headers]);
  assert(clones[0] === clones[1]);
});

test("what cannot be cloned says why", () => {
  const stream = "ReadableStream can only be serialized for RPC.";
  for (const [value, message] of [
    [new Response("body"), stream],
    [new Request("https://example.com", { method: "POST", body: "x" }), stream],
    [new ReadableStream(), stream],
    [new WritableStream(), "WritableStream can only be serialized for RPC."],
    [AbortSignal.abort(), "AbortSignal serialization is not enabled."],
    [new URL("https://x"), 'Could not serialize object of type "URL". This type does not support serialization.'],
    [new Blob([]), 'Could not serialize object of type "Blob". This type does not support serialization.'],
  ])
    assertThrows(() => structuredClone(value), "DataCloneError", message);
});
