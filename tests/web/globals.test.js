// The global scope: what is there, what is not, and what cannot be made.
import { test, assert, assertEquals, assertRejects, assertThrows } from "./harness.js";

test("the global object is a ServiceWorkerGlobalScope", () => {
  assertEquals(self, globalThis);
  assert(self instanceof ServiceWorkerGlobalScope);
  assertEquals(origin, "null");
});

for (const name of [
  "ExtendableEvent",
  "FetchEvent",
  "ScheduledEvent",
  "ServiceWorkerGlobalScope",
  "WorkerGlobalScope",
  "Cache",
  "CacheStorage",
  "Body",
  "Navigator",
  "CryptoKey",
])
  test(`a script cannot make a ${name}`, () => {
    assertEquals(globalThis[name].name, name);
    assertThrows(() => new globalThis[name]("x"), TypeError, "Illegal constructor");
  });

for (const name of [
  "window",
  "document",
  "XMLHttpRequest",
  "BroadcastChannel",
  "Worker",
  "localStorage",
  "importScripts",
])
  test(`there is no ${name}`, () => assert(!(name in globalThis)));

test("the interfaces' ancestors", () => {
  assert(Object.create(FetchEvent.prototype) instanceof ExtendableEvent);
  assert(Object.create(ScheduledEvent.prototype) instanceof ExtendableEvent);
  assert(Object.create(ExtendableEvent.prototype) instanceof Event);
  assert(Request.prototype instanceof Body);
  assert(Response.prototype instanceof Body);
});

test("navigator", async ({ env }) => {
  assertEquals(navigator.userAgent, "Cloudflare-Workers");
  assertEquals([navigator.language, navigator.languages, navigator.platform], ["en", ["en"], ""]);
  assertEquals(navigator.hardwareConcurrency, 1);
  assertEquals(navigator.sendBeacon(`${env.SERVER}/echo`, "data"), true);
  assertThrows(() => navigator.sendBeacon(), TypeError);
});

test("performance", () => {
  assert(performance.now() >= 0);
  assert(performance.timeOrigin >= 0);
  assertEquals(typeof performance.mark, "undefined");
  assertEquals(`${performance}`, "[object Performance]");
});

const emptyModule = new Uint8Array([0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]);
test("WebAssembly is not compiled from bytes", async () => {
  const message = "Wasm code generation disallowed by embedder";
  assertThrows(() => new WebAssembly.Module(emptyModule), WebAssembly.CompileError, message);
  await assertRejects(WebAssembly.compile(emptyModule), WebAssembly.CompileError, message);
  await assertRejects(WebAssembly.instantiate(emptyModule), WebAssembly.CompileError, message);
  assert(WebAssembly.validate(emptyModule));
  assertEquals(new WebAssembly.Memory({ initial: 1 }).buffer.byteLength, 65536);
});

test("code is not made from strings", () => {
  assertThrows(() => (0, eval)("1"), EvalError);
  assertThrows(() => new Function("return 1"), EvalError);
});

test("URLs of objects", () => {
  assertThrows(() => URL.createObjectURL(new Blob(["x"])), Error, "URL.createObjectURL() is not implemented");
  assertThrows(() => URL.revokeObjectURL("blob:x"), Error, "URL.revokeObjectURL() is not implemented");
});

test("Intl has data of every language", () => {
  assertEquals(new Intl.NumberFormat("de").format(1234.5), "1.234,5");
  assertEquals(new Intl.DateTimeFormat("fr", { dateStyle: "long", timeZone: "UTC" }).format(0), "1 janvier 1970");
  assertEquals(new Intl.DateTimeFormat().resolvedOptions().timeZone, "UTC");
  assertEquals(new Intl.ListFormat("en").format(["a", "b", "c"]), "a, b, and c");
  assertEquals(new Intl.RelativeTimeFormat("es", { numeric: "auto" }).format(-1, "day"), "ayer");
  assertEquals([...new Intl.Segmenter("en", { granularity: "word" }).segment("a b")].length, 3);
  assertEquals(new Intl.PluralRules("ar").select(3), "few");
  assertEquals(["z", "ä", "a"].sort(new Intl.Collator("de").compare), ["a", "ä", "z"]);
});

test("console.context() is a console", () => {
  assertEquals(typeof console.context("name").log, "function");
});

test("queueMicrotask() takes functions", () => {
  assertThrows(() => queueMicrotask(5), TypeError);
  assertThrows(() => queueMicrotask(), TypeError);
});

test("tracing gives spans that are not traced", async () => {
  const { tracing } = await import("cloudflare:workers");
  let seen;
  const result = tracing.enterSpan(
    "work",
    (span, a, b) => {
      span.setAttribute("kind", "test");
      seen = [span.isTraced, a, b];
      return "done";
    },
    1,
    2,
  );
  assertEquals([result, seen], ["done", [false, 1, 2]]);
  assertEquals(await tracing.enterSpan("later", async () => 6), 6);
  assertThrows(
    () =>
      tracing.enterSpan("fails", () => {
        throw new RangeError("no");
      }),
    RangeError,
    "no",
  );
  assertThrows(() => tracing.enterSpan(), TypeError);
});

test("NonRetryableError of cloudflare:workflows", async () => {
  const { NonRetryableError } = await import("cloudflare:workflows");
  const error = new NonRetryableError("stop");
  assert(error instanceof Error);
  assertEquals(
    [error.name, error.message, new NonRetryableError("x", "Mine").name],
    ["NonRetryableError", "stop", "Mine"],
  );
});
