// What goes into a parameter and what comes out of a column.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { assertThrowsMessage } from "./databases.js";

const bound = async (env, value) => env.D1_MAIN.prepare("SELECT ? AS v, typeof(?1) AS t").bind(value).first();

const kept = [
  ["null", null, null, "null"],
  ["an integer", 5, 5, "real"],
  ["a fraction", -1.5, -1.5, "real"],
  ["2^53", 2 ** 53, 2 ** 53, "real"],
  ["a large number", 1e300, 1e300, "real"],
  ["NaN, which JSON has not", NaN, null, "null"],
  ["Infinity, which JSON has not", Infinity, null, "null"],
  ["true", true, 1, "real"],
  ["false", false, 0, "real"],
  ["a text", "käse 🧀", "käse 🧀", "text"],
  ["an empty text", "", "", "text"],
  ["a text with a zero in it", "a\0b", "a\0b", "text"],
  ["octets", new Uint8Array([0, 255]), [0, 255], "blob"],
  ["an ArrayBuffer", new Uint8Array([4, 5]).buffer, [4, 5], "blob"],
  ["a clamped array", new Uint8ClampedArray([1]), [1], "blob"],
  ["an array of octets", [7, 8], [7, 8], "blob"],
  ["an empty array", [], [], "blob"],
  ["floats, each cut to an octet", new Float64Array([1.5, 2]), [1, 2], "blob"],
];
for (const [name, value, expected, type] of kept)
  test(`a parameter: ${name}`, async ({ env }) => {
    assertEquals(await bound(env, value), { v: expected, t: type });
  });

const refused = [
  ["undefined", undefined, "Type 'undefined' not supported for value 'undefined'"],
  ["a bigint", 10n, "Type 'bigint' not supported for value '10'"],
  ["an object", { a: 1 }, "Type 'object' not supported for value '[object Object]'"],
  ["a date", new Date(0), "Type 'object' not supported for value 'Thu Jan 01 1970"],
  ["a Map", new Map(), "Type 'object' not supported for value '[object Map]'"],
  ["an array with a number that is no octet", [7, 8, 300], "Type 'object' not supported for value '7,8,300'"],
  ["an array of texts", ["a"], "Type 'object' not supported for value 'a'"],
  ["a function", () => 1, "Type 'function' not supported for value '()"],
];
for (const [name, value, message] of refused)
  test(`no parameter: ${name}`, async ({ env }) => {
    const error = assertThrowsMessage(() => env.D1_MAIN.prepare("SELECT ?").bind(value), "D1_TYPE_ERROR: " + message);
    assert(error.cause instanceof Error && error.cause.message.startsWith(message), String(error.cause));
  });

test("a symbol is no parameter", ({ env }) => {
  const error = assertThrowsMessage(() => env.D1_MAIN.prepare("SELECT ?").bind(Symbol("s")), "Cannot convert a Symbol");
  assert(error instanceof TypeError);
});

test("columns of each type", async ({ env }) => {
  const row = await env.D1_MAIN.prepare(
    "SELECT 1.0 a, 0.1 b, 1e400 c, -1e400 d, 9007199254740993 e, x'00ff' f, zeroblob(0) g, '' h, NULL i",
  ).first();
  assertEquals(row, { a: 1, b: 0.1, c: null, d: null, e: 9007199254740992, f: [0, 255], g: [], h: "", i: null });
});

test("a text that is no UTF-8 has replacement characters", async ({ env }) => {
  assertEquals(await env.D1_MAIN.prepare("SELECT CAST(x'ff41' AS TEXT) a").first("a"), "\ufffdA");
});

test("parameters by number", async ({ env }) => {
  assertEquals(await env.D1_MAIN.prepare("SELECT ?2 a, ?1 b").bind(1, 2).first(), { a: 2, b: 1 });
});

test("parameters by name take the next values", async ({ env }) => {
  assertEquals(await env.D1_MAIN.prepare("SELECT @a x, ? y").bind(1, 2).first(), { x: 1, y: 2 });
});

for (const [name, sql, values] of [
  ["too few", "SELECT ?, ?", [1]],
  ["too many", "SELECT ?", [1, 2]],
  ["none", "SELECT ?", []],
])
  test(`wrong number of parameters: ${name}`, async ({ env }) => {
    const { error } = await assertRejects(
      () =>
        env.D1_MAIN.prepare(sql)
          .bind(...values)
          .all(),
      Error,
      "D1_ERROR: Wrong number of parameter bindings for SQL query.",
    ).then(() => ({ error: undefined }));
    assertEquals(error, undefined);
  });
