// The language as Workers have it: what newer engines brought, native or by polyfill, and the small globals.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

test("Uint8Array.fromBase64", () => {
  const decode = (text, options) => [...Uint8Array.fromBase64(text, options)];
  assertEquals(decode("AP8="), [0, 255]);
  assertEquals(decode(" A P\n8 ="), [0, 255]);
  assertEquals(decode("AP8"), [0, 255]);
  assertEquals(decode("-_8=", { alphabet: "base64url" }), [251, 255]);
  assertEquals(decode("+/8="), [251, 255]);
  assertEquals(decode(""), []);
  assertEquals(decode("AP8", { lastChunkHandling: "stop-before-partial" }), []);
  assertEquals(decode("AAAAAP8", { lastChunkHandling: "stop-before-partial" }), [0, 0, 0]);
  for (const bad of ["A", "-_8=", "AP8==", "AP=8", "AP8=A", "☃"]) assertThrows(() => decode(bad), SyntaxError);
  assertThrows(() => decode("AP8", { lastChunkHandling: "strict" }), SyntaxError);
  assertThrows(() => decode("AP9=", { lastChunkHandling: "strict" }), SyntaxError);
  assertEquals(decode("AP9="), [0, 255]);
  assertThrows(() => decode(5), TypeError);
  assertThrows(() => decode("", { alphabet: "x" }), TypeError);
  assertThrows(() => decode("", { lastChunkHandling: "x" }), TypeError);
  assertThrows(() => decode("", null), TypeError);
});

test("Uint8Array.prototype.toBase64", () => {
  const bytes = new Uint8Array([251, 255]);
  assertEquals(
    [bytes.toBase64(), bytes.toBase64({ alphabet: "base64url" }), bytes.toBase64({ omitPadding: true })],
    ["+/8=", "-_8=", "+/8"],
  );
  assertEquals([new Uint8Array().toBase64(), bytes.subarray(1).toBase64()], ["", "/w=="]);
  assertEquals(bytes.toBase64({ alphabet: "base64url", omitPadding: true }), "-_8");
  assertThrows(() => Uint8Array.prototype.toBase64.call(new Uint16Array(1)), TypeError);
  assertThrows(() => bytes.toBase64({ alphabet: "x" }), TypeError);
});

test("Uint8Array.prototype.setFromBase64", () => {
  const target = new Uint8Array(5);
  assertEquals(target.setFromBase64("AQID"), { read: 4, written: 3 });
  assertEquals([...target], [1, 2, 3, 0, 0]);
  assertEquals(target.setFromBase64("AQIDBAUGBwgJ"), { read: 4, written: 3 });
  assertEquals(target.subarray(3).setFromBase64("Bwg="), { read: 4, written: 2 });
  assertEquals([...target], [1, 2, 3, 7, 8]);
  assertEquals(new Uint8Array(4).setFromBase64("AQIDBA=="), { read: 8, written: 4 });
  assertThrows(() => target.setFromBase64("CQkJ*"), SyntaxError);
  assertEquals([...target], [9, 9, 9, 7, 8]);
});

test("Uint8Array and hex", () => {
  assertEquals([...Uint8Array.fromHex("00fFa0")], [0, 255, 160]);
  assertEquals(new Uint8Array([0, 255, 160]).toHex(), "00ffa0");
  assertEquals([...Uint8Array.fromHex("")], []);
  for (const bad of ["0", "0g", "0 ", "0x00"]) assertThrows(() => Uint8Array.fromHex(bad), SyntaxError);
  const target = new Uint8Array(2);
  assertEquals(target.setFromHex("0a0b0c"), { read: 4, written: 2 });
  assertEquals([...target], [10, 11]);
  assertThrows(() => Uint8Array.fromHex(1), TypeError);
  assertEquals(
    [Uint8Array.fromHex.length, Uint8Array.fromHex.name, Object.keys(Uint8Array.prototype).length],
    [1, "fromHex", 0],
  );
});

test("Map and WeakMap getOrInsert", () => {
  const map = new Map([["a", 1]]);
  assertEquals([map.getOrInsert("a", 2), map.getOrInsert("b", 3), map.get("b")], [1, 3, 3]);
  let calls = 0;
  const compute = (key) => {
    calls++;
    return `${key}!`;
  };
  assertEquals([map.getOrInsertComputed("c", compute), map.getOrInsertComputed("c", compute), calls], ["c!", "c!", 1]);
  assertEquals(
    map.getOrInsertComputed(-0, (key) => Object.is(key, 0)),
    true,
  );
  assertThrows(() => map.getOrInsertComputed("a", 5), TypeError);
  assertThrows(() => Map.prototype.getOrInsert.call({}, 1, 2), TypeError);
  const weak = new WeakMap();
  const key = {};
  assertEquals([weak.getOrInsert(key, 1), weak.getOrInsert(key, 2), weak.getOrInsertComputed({}, () => 3)], [1, 1, 3]);
  assertThrows(() => weak.getOrInsert(1, 2), TypeError);
});

test("Iterator.concat", () => {
  const numbers = Iterator.concat([1, 2], new Set([3]), [], [4]);
  assertEquals([...numbers], [1, 2, 3, 4]);
  assertEquals([...Iterator.concat()], []);
  assert(Iterator.concat([1]) instanceof Iterator);
  assertEquals([...Iterator.concat([1], [2]).map((x) => x * 2)], [2, 4]);
  assertThrows(() => Iterator.concat(1), TypeError);
  assertThrows(() => Iterator.concat({}), TypeError);
  let closed = 0;
  const closing = {
    [Symbol.iterator]: () => ({
      next: () => ({ value: 1, done: false }),
      return: () => {
        closed++;
        return {};
      },
    }),
  };
  for (const value of Iterator.concat(closing)) if (value === 1) break;
  assertEquals(closed, 1);
});

test("Math.sumPrecise", () => {
  assertEquals(Math.sumPrecise([1e20, 0.1, -1e20]), 0.1);
  assertEquals(Math.sumPrecise([0.1, 0.2, 0.3]), 0.6);
  assertEquals([Math.sumPrecise([]), Math.sumPrecise([-0]), Math.sumPrecise([-0, 0])], [-0, -0, 0]);
  assertEquals(
    [Math.sumPrecise([Infinity, 1]), Math.sumPrecise([Infinity, -Infinity]), Math.sumPrecise([NaN, 1])],
    [Infinity, NaN, NaN],
  );
  assertEquals(
    Math.sumPrecise([1.7976931348623157e308, 1.7976931348623157e308, -1.7976931348623157e308]),
    1.7976931348623157e308,
  );
  assertThrows(() => Math.sumPrecise(["1"]), TypeError);
  assertThrows(() => Math.sumPrecise(null), TypeError);
});

test("the engine's own newer features are there", () => {
  assertEquals([...new Set([1, 2]).union(new Set([3]))], [1, 2, 3]);
  assertEquals(
    [1, 2, 3]
      .values()
      .filter((x) => x > 1)
      .toArray(),
    [2, 3],
  );
  assertEquals(
    [
      typeof Promise.try,
      typeof Promise.withResolvers,
      typeof Array.fromAsync,
      typeof Error.isError,
      typeof RegExp.escape,
      typeof Float16Array,
    ],
    Array(6).fill("function"),
  );
  assertEquals(Object.groupBy([1, 2, 3], (x) => (x % 2 ? "odd" : "even")).odd, [1, 3]);
  assertEquals(
    [typeof Symbol.dispose, typeof DisposableStack, typeof SuppressedError],
    ["symbol", "function", "function"],
  );
});

test("navigator", () => {
  assertEquals(
    [
      navigator.userAgent,
      navigator.hardwareConcurrency,
      navigator.language,
      [...navigator.languages],
      navigator.platform,
    ],
    ["Cloudflare-Workers", 1, "en", ["en"], ""],
  );
  assert(navigator instanceof Navigator);
  assertThrows(() => new Navigator(), TypeError);
  assertEquals(Object.prototype.toString.call(navigator), "[object Navigator]");
});

test("self, Cloudflare and console", () => {
  assert(self === globalThis);
  assertEquals(Object.prototype.toString.call(console), "[object console]");
  assertEquals(typeof Cloudflare.compatibilityFlags, "object");
  for (const method of [
    "debug",
    "error",
    "info",
    "log",
    "warn",
    "dir",
    "dirxml",
    "table",
    "trace",
    "group",
    "groupCollapsed",
    "groupEnd",
    "clear",
    "count",
    "countReset",
    "assert",
    "time",
    "timeLog",
    "timeEnd",
  ])
    assertEquals(typeof console[method], "function", method);
  assertEquals(console.assert(true, "fine"), undefined);
});

test("the console survives what it is given", () => {
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const cyclic = {};
  cyclic.self = cyclic;
  const hostile = {
    get a() {
      throw new Error("getter");
    },
    toString() {
      throw new Error("toString");
    },
  };
  for (const value of [
    revoked.proxy,
    cyclic,
    hostile,
    Object.create(null),
    Symbol("s"),
    new Proxy(
      {},
      {
        ownKeys() {
          throw new Error("trap");
        },
      },
    ),
    new Array(1e6),
    "x".repeat(20_000),
  ])
    assertEquals(console.debug(value), undefined);
  assertEquals(console.debug("%s %d %i %f %j %o %O %c %% %x", "a", 1, 2.5, "3.5", {}, {}, {}, "css"), undefined);
});

test("no code from strings", () => {
  assertThrows(() => (0, eval)("1"), EvalError);
  assertThrows(() => new Function("return 1"), EvalError);
});
