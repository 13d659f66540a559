// What the console prints in `adit dev`. The expected texts are what workerd prints for the same values, except where a comment says so.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..");
const program =
  process.env.ADIT_BINARY ??
  ["release", "dev"].map((preset) => path.join(root, "build", preset, "adit")).find(existsSync);

const cases = [
  [`"a", 1, -0, 1n, true, null, undefined, Symbol("s")`, "a 1 -0 1n true null undefined Symbol(s)"],
  [
    `{ a: 1, b: "x", c: "it's", "a-b": [1, 2], [Symbol("k")]: 3 }`,
    `{ a: 1, b: 'x', c: "it's", 'a-b': [ 1, 2 ], Symbol(k): 3 }`,
  ],
  [
    `[], {}, [, 1, ,], new Array(5), ["a\\nb"]`,
    "[] {} [ <1 empty item>, 1, <1 empty item> ] [ <5 empty items> ] [ 'a\\nb' ]",
  ],
  [`{ a: { b: { c: { d: 1 } } } }`, "{ a: { b: { c: [Object] } } }"],
  [
    `new Map([["a", 1], [{ x: 1 }, new Set([1])]]), new WeakMap()`,
    "Map(2) { 'a' => 1, { x: 1 } => Set(1) { 1 } } WeakMap { <items unknown> }",
  ],
  [`new (class Foo { a = 1; #b = 2; get c() { return 3 } })()`, "Foo { a: 1 }"],
  [
    `class Foo {}, class Bar extends Array {}, () => {}, function f() {}, async () => {}`,
    "[class Foo] [class Bar extends Array] [Function (anonymous)] [Function: f] [AsyncFunction (anonymous)]",
  ],
  [`(() => { const c = { n: 1 }; c.self = c; return c })()`, "<ref *1> { n: 1, self: [Circular *1] }"],
  [
    `new Date(0), new Date(NaN), /a/gi, new Uint8Array(3), new ArrayBuffer(2)`,
    "1970-01-01T00:00:00.000Z Invalid Date /a/gi Uint8Array(3) [ 0, 0, 0 ] ArrayBuffer { [Uint8Contents]: <00 00>, byteLength: 2 }",
  ],
  [`Promise.resolve(5), new Promise(() => {})`, "Promise { 5 } Promise { <pending> }"],
  [`new Proxy({ a: 1 }, {}), Object.create(null)`, "Proxy({ a: 1 }) [Object: null prototype] {}"],
  [
    `{ get a() { return 1 }, set b(x) {}, get c() { return 1 }, set c(x) {} }`,
    "{ a: [Getter], b: [Setter], c: [Getter/Setter] }",
  ],
  [`new Number(1), new String("abc"), Object(Symbol("x"))`, "[Number: 1] [String: 'abc'] [Symbol: Symbol(x)]"],
  [
    `"%s is %d and %i %f %j %o %O %c styled %%", "a", 1.5, 1.5, "2.5", { a: 1 }, { b: 1 }, { c: 1 }, "css", "extra"`,
    `a is 1.5 and 1 2.5 {"a":1} { b: 1 } { c: 1 }  styled % extra`,
  ],
  [
    `Array.from({ length: 30 }, (_, i) => i)`,
    "[\n   0,  1,  2,  3,  4,  5,  6,  7,  8,\n   9, 10, 11, 12, 13, 14, 15, 16, 17,\n  18, 19, 20, 21, 22, 23, 24, 25, 26,\n  27, 28, 29\n]",
  ],
  [`new Headers({ a: "b" }).get("a"), new URLSearchParams("a=b")`, "b URLSearchParams(1) { 'a' => 'b' }"],
  [
    `{ e: Object.assign(new TypeError("bad"), { stack: "TypeError: bad\\n    at x", extra: 1 }) }`,
    "{\n  e: TypeError: bad\n      at x {\n    extra: 1\n  }\n}",
  ],
];

let folder, child, output, origin;

before(async () => {
  assert.ok(program, "no build/*/adit");
  folder = mkdtempSync(path.join(tmpdir(), "adit-console-"));
  const lines = cases.map(([source], index) => `case ${index}: console.log(${source}); break;`);
  writeFileSync(
    path.join(folder, "worker.js"),
    `export default { fetch(request) { switch (Number(new URL(request.url).pathname.slice(1))) { ${lines.join("\n")}
      case 100: console.group("G"); console.log("in\\nside"); console.groupEnd(); console.log("out"); break;
      case 101: console.table([{ a: 1, b: "x" }, { a: 2 }]); break;
      case 102: console.count(); console.count("x"); console.count(); console.countReset(); console.count(); break;
      case 103: console.assert(true, "no"); console.assert(false, "yes %s", "v"); console.assert(false); break;
      case 104: setTimeout(() => { throw new TypeError("thrown in a timer") }, 1); return scheduler.wait(20).then(() => new Response());
      } return new Response(); } };`,
  );
  writeFileSync(
    path.join(folder, "wrangler.toml"),
    `name = "console"\nmain = "worker.js"\ncompatibility_date = "2026-01-01"\nno_bundle = true\n`,
  );
  child = spawn(program, ["dev", folder, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  output = "";
  for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => (output += text));
  for (let i = 0; i < 400 && !origin; i++) {
    await new Promise((resolve) => setTimeout(resolve, 25));
    origin = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
  }
  assert.ok(origin, `adit dev did not start: ${output}`);
});

after(() => {
  child?.kill("SIGTERM");
  if (folder) rmSync(folder, { recursive: true, force: true });
});

/** What the request printed: everything before adit's own line about it. */
async function printed(index) {
  const from = output.length;
  await (await fetch(`${origin}/${index}`)).text();
  for (let i = 0; i < 200; i++) {
    const end = output.indexOf(`GET /${index} 200`, from);
    if (end >= 0) return output.slice(from, output.lastIndexOf("\n", end) + 1).trimEnd();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.fail(`no line about the request: ${output.slice(from)}`);
}

for (const [index, [source, expected]] of cases.entries())
  test(`console.log(${source})`, async () => assert.equal(await printed(index), expected));

// From here on Workers print nothing or less; this is the Console standard's sense, in the form of Node.
test("groups indent", async () => assert.equal(await printed(100), "G\n  in\n  side\nout"));
test("tables", async () =>
  assert.equal(
    await printed(101),
    "┌─────────┬───┬─────┐\n│ (index) │ a │ b   │\n├─────────┼───┼─────┤\n│ 0       │ 1 │ 'x' │\n│ 1       │ 2 │     │\n└─────────┴───┴─────┘",
  ));
test("counts", async () =>
  assert.deepEqual((await printed(102)).match(/(default|x): \d/g), ["default: 1", "x: 1", "default: 2", "default: 1"]));
test("assertions", async () => assert.match(await printed(103), /^.*Assertion failed: yes v\n.*Assertion failed$/));
test("an exception that nobody catches is printed with the worker's own frames", async () => {
  const text = await printed(104);
  assert.match(text, /Uncaught TypeError: thrown in a timer\n {4}at .*worker\.js/);
  assert.doesNotMatch(text, /adit:builtins/);
});
