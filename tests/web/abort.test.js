// DOM § 3: AbortController and AbortSignal.
import { assert, assertEquals, assertRejects, assertThrows, test } from "./harness.js";

test("abort() aborts the signal once", () => {
  const controller = new AbortController();
  const { signal } = controller;
  assert(controller.signal === signal);
  assertEquals([signal.aborted, signal.reason], [false, undefined]);
  let calls = 0;
  signal.addEventListener("abort", () => calls++);
  controller.abort("first");
  controller.abort("second");
  assertEquals([signal.aborted, signal.reason, calls], [true, "first", 1]);
});

test("the default reason is an AbortError", () => {
  const controller = new AbortController();
  controller.abort(undefined);
  const { reason } = controller.signal;
  assert(reason instanceof DOMException);
  assertEquals([reason.name, reason.code, reason.message], ["AbortError", 20, "The operation was aborted"]);
  const other = new AbortController();
  other.abort(null);
  assertEquals(other.signal.reason, null);
});

test("the abort event is trusted-shaped and aims at the signal", () => {
  const controller = new AbortController();
  let seen;
  controller.signal.addEventListener("abort", (event) => {
    seen = [event.type, event.target === controller.signal, event.bubbles, event.cancelable, controller.signal.aborted];
  });
  controller.abort();
  assertEquals(seen, ["abort", true, false, false, true]);
});

test("onabort is an event handler attribute", () => {
  const controller = new AbortController();
  const { signal } = controller;
  const calls = [];
  assertEquals(signal.onabort, null);
  signal.onabort = 1;
  assertEquals(signal.onabort, null);
  const handler = (event) => calls.push(event.type);
  signal.onabort = () => calls.push("replaced");
  signal.onabort = handler;
  assert(signal.onabort === handler);
  controller.abort();
  assertEquals(calls, ["abort"]);
  const other = new AbortController();
  other.signal.onabort = () => calls.push("removed");
  other.signal.onabort = null;
  other.abort();
  assertEquals(calls, ["abort"]);
});

test("throwIfAborted", () => {
  const controller = new AbortController();
  assertEquals(controller.signal.throwIfAborted(), undefined);
  controller.abort(7);
  let thrown;
  try {
    controller.signal.throwIfAborted();
  } catch (error) {
    thrown = error;
  }
  assertEquals(thrown, 7);
});

test("AbortSignal.abort", () => {
  assertEquals(
    [AbortSignal.abort().aborted, AbortSignal.abort().reason.name, AbortSignal.abort(1).reason],
    [true, "AbortError", 1],
  );
  assert(AbortSignal.abort() instanceof AbortSignal);
  assert(AbortSignal.abort() instanceof EventTarget);
});

test("AbortSignal has no constructor", () => {
  assertThrows(() => new AbortSignal(), TypeError, "Illegal constructor");
  assertThrows(() => AbortController(), TypeError);
});

test("AbortSignal.timeout", async () => {
  const signal = AbortSignal.timeout(5);
  assertEquals(signal.aborted, false);
  let events = 0;
  signal.addEventListener("abort", () => events++);
  await new Promise((resolve) => setTimeout(resolve, 40));
  assertEquals([signal.aborted, signal.reason.name, signal.reason.code, events], [true, "TimeoutError", 23, 1]);
  assertEquals(signal.reason.message, "The operation was aborted due to timeout");
  assertThrows(() => AbortSignal.timeout(), TypeError);
});

test("AbortSignal.any follows the first to abort", () => {
  const [a, b] = [new AbortController(), new AbortController()];
  const any = AbortSignal.any([a.signal, b.signal]);
  const calls = [];
  any.addEventListener("abort", () => calls.push(any.reason));
  assertEquals(any.aborted, false);
  b.abort("b");
  a.abort("a");
  assertEquals([any.aborted, any.reason, calls], [true, "b", ["b"]]);
});

test("AbortSignal.any of aborted, of none and of itself", () => {
  assertEquals(AbortSignal.any([]).aborted, false);
  const controller = new AbortController();
  const done = AbortSignal.any([controller.signal, AbortSignal.abort(3), AbortSignal.abort(4)]);
  assertEquals([done.aborted, done.reason], [true, 3]);
  const nested = AbortSignal.any([AbortSignal.any([controller.signal]), controller.signal]);
  controller.abort(5);
  assertEquals([nested.aborted, nested.reason], [true, 5]);
});

test("AbortSignal.any takes signals only", () => {
  assertThrows(() => AbortSignal.any([1]), TypeError);
  assertThrows(() => AbortSignal.any(), TypeError);
  assertThrows(() => AbortSignal.any(5), TypeError);
});

test(
  "dependent signals are aborted before any event is dispatched",
  () => {
    const controller = new AbortController();
    const any = AbortSignal.any([controller.signal]);
    let seen;
    controller.signal.addEventListener("abort", () => {
      seen = any.aborted;
    });
    controller.abort();
    assertEquals(seen, true);
  },
  { workerd: "the event of the source comes first there" },
);

test("AbortSignal.any keeps listeners alive", () => {
  const controller = new AbortController();
  let calls = 0;
  for (let i = 0; i < 100; i++) AbortSignal.any([controller.signal]).addEventListener("abort", () => calls++);
  controller.abort();
  assertEquals(calls, 100);
});

test("scheduler.wait waits and can be aborted", async () => {
  assertEquals(await scheduler.wait(1), undefined);
  await assertRejects(() => scheduler.wait(), TypeError);
  const controller = new AbortController();
  const waiting = scheduler.wait(10_000, { signal: controller.signal });
  controller.abort(new RangeError("enough"));
  await assertRejects(waiting, RangeError, "enough");
  await assertRejects(scheduler.wait(1, { signal: AbortSignal.abort() }), "AbortError");
});

test("shapes", () => {
  assertEquals(AbortController.prototype[Symbol.toStringTag], "AbortController");
  assertEquals(AbortSignal.prototype[Symbol.toStringTag], "AbortSignal");
  assertThrows(() => AbortController.prototype.signal, TypeError);
  assertThrows(() => AbortSignal.prototype.aborted, TypeError);
  assertThrows(() => AbortController.prototype.abort.call({}), TypeError);
});
