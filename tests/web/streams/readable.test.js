import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { chunksOf, settle, stateOf, streamOf } from "./helpers.js";

test("a new stream is unlocked and readable", async () => {
  const stream = new ReadableStream();
  assertEquals(stream.locked, false);
  const reader = stream.getReader();
  assertEquals(stream.locked, true);
  assert(reader instanceof ReadableStreamDefaultReader);
  assertEquals(await stateOf(reader.closed), "pending");
});

test("start gets a controller and runs once, in the constructor", () => {
  let calls = 0;
  let given;
  new ReadableStream({
    start(controller) {
      calls++;
      given = controller;
      assertEquals(arguments.length, 1);
    },
  });
  assertEquals(calls, 1);
  assert(given instanceof ReadableStreamDefaultController);
});

test("the source's methods are called on the source", async () => {
  const seen = [];
  const source = {
    start() {
      seen.push(this === source);
    },
    pull(controller) {
      seen.push(this === source);
      controller.enqueue(1);
    },
    cancel() {
      seen.push(this === source);
    },
  };
  const stream = new ReadableStream(source, { highWaterMark: 0 });
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals(seen, [true, true, true]);
});

test(
  "start that throws makes the constructor throw",
  () => {
    const error = new Error("no start");
    const thrown = assertThrows(() => {
      new ReadableStream({
        start() {
          throw error;
        },
      });
    }, Error);
    assertEquals(thrown, error);
  },
  { workerd: "errors the stream instead" },
);

test("start that rejects errors the stream", async () => {
  const stream = new ReadableStream({ start: () => Promise.reject(new RangeError("late no")) });
  await assertRejects(stream.getReader().read(), RangeError, "late no");
});

test("pull waits for start", async () => {
  let begin;
  let pulls = 0;
  new ReadableStream({
    start: () => new Promise((resolve) => (begin = resolve)),
    pull() {
      pulls++;
    },
  });
  await settle();
  assertEquals(pulls, 0);
  begin();
  await settle();
  assertEquals(pulls, 1);
});

test("chunks come in the order they were enqueued", async () => {
  const stream = new ReadableStream({
    start(controller) {
      for (const chunk of ["a", "b", undefined, null, 0]) controller.enqueue(chunk);
      controller.close();
    },
  });
  assertEquals(await chunksOf(stream), ["a", "b", undefined, null, 0]);
});

test("reads that wait are answered in order", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  const reader = stream.getReader();
  const reads = [reader.read(), reader.read(), reader.read()];
  controller.enqueue(1);
  controller.enqueue(2);
  controller.close();
  assertEquals(await Promise.all(reads), [
    { value: 1, done: false },
    { value: 2, done: false },
    { value: undefined, done: true },
  ]);
});

test("a read result is a plain object with value and done", async () => {
  const { value, done } = await streamOf("x").getReader().read();
  assertEquals(value, "x");
  assertEquals(done, false);
  const result = await streamOf("x").getReader().read();
  assertEquals(Object.getPrototypeOf(result), Object.prototype);
  assertEquals(Object.keys(result).sort(), ["done", "value"]);
});

test("closing with a queue lets the queue drain first", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: 5 });
  controller.enqueue(1);
  controller.close();
  const reader = stream.getReader();
  assertEquals(await stateOf(reader.closed), "pending");
  assertEquals((await reader.read()).value, 1);
  assertEquals(await stateOf(reader.closed), "fulfilled");
  assertEquals((await reader.read()).done, true);
});

test("after close, enqueue and close throw TypeError", () => {
  let controller;
  new ReadableStream({ start: (c) => void (controller = c) });
  controller.close();
  assertThrows(() => controller.enqueue(1), TypeError);
  assertThrows(() => controller.close(), TypeError, "closed");
  assertEquals(controller.desiredSize, 0);
});

test("an error reaches waiting and later reads, and closed", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  const reader = stream.getReader();
  const pending = reader.read();
  const error = new Error("broken");
  controller.error(error);
  assertEquals(await pending.catch((e) => e), error);
  assertEquals(await reader.read().catch((e) => e), error);
  assertEquals(await reader.closed.catch((e) => e), error);
  assertEquals(controller.desiredSize, null);
  assertThrows(() => controller.enqueue(1), TypeError);
});

test("an error drops the queue", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  controller.enqueue("lost");
  controller.error(new Error("broken"));
  await assertRejects(stream.getReader().read(), Error, "broken");
});

test("error() twice keeps the first; error() after close does nothing", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  controller.error(new Error("first"));
  controller.error(new Error("second"));
  await assertRejects(stream.getReader().closed, Error, "first");
  const other = new ReadableStream({ start: (c) => void (controller = c) });
  controller.close();
  controller.error(new Error("late"));
  assertEquals((await other.getReader().read()).done, true);
});

test(
  "pull runs ahead of reads up to the high-water mark",
  async () => {
    let pulls = 0;
    const stream = new ReadableStream({ pull: (c) => c.enqueue(pulls++) }, { highWaterMark: 3 });
    await settle();
    assertEquals(pulls, 3);
    const reader = stream.getReader();
    assertEquals((await reader.read()).value, 0);
    await settle();
    assertEquals(pulls, 4);
  },
  { workerd: "pulls again with the next read only" },
);

test("with a high-water mark of 0, pull waits for a read", async () => {
  let pulls = 0;
  const stream = new ReadableStream({ pull: (c) => c.enqueue(pulls++) }, { highWaterMark: 0 });
  await settle();
  assertEquals(pulls, 0);
  const reader = stream.getReader();
  assertEquals(await reader.read(), { value: 0, done: false });
  await settle();
  assertEquals(pulls, 1);
});

test(
  "pull is not called again before its promise is fulfilled",
  async () => {
    let pulls = 0;
    let release;
    const stream = new ReadableStream({
      pull(controller) {
        pulls++;
        controller.enqueue(pulls);
        return new Promise((resolve) => (release = resolve));
      },
    });
    const reader = stream.getReader();
    await settle();
    await reader.read();
    await settle();
    assertEquals(pulls, 1);
    release();
    await settle();
    assertEquals(pulls, 2);
  },
  { workerd: "pulls again with the next read only" },
);

test("pull that throws or rejects errors the stream", async () => {
  const throwing = new ReadableStream({
    pull() {
      throw new RangeError("pull threw");
    },
  });
  await assertRejects(throwing.getReader().read(), RangeError, "pull threw");
  const rejecting = new ReadableStream({ pull: () => Promise.reject(new RangeError("pull rejected")) });
  await assertRejects(rejecting.getReader().read(), RangeError, "pull rejected");
});

test("desiredSize follows the strategy", () => {
  let controller;
  new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: 10, size: (chunk) => chunk.length });
  assertEquals(controller.desiredSize, 10);
  controller.enqueue("abc");
  assertEquals(controller.desiredSize, 7);
  controller.enqueue("defghijkl");
  assertEquals(controller.desiredSize, -2);
});

test("the default high-water mark is 1", () => {
  let controller;
  new ReadableStream({ start: (c) => void (controller = c) });
  assertEquals(controller.desiredSize, 1);
});

test(
  "a size that throws errors the stream and is thrown on",
  async () => {
    let controller;
    const error = new Error("size threw");
    const stream = new ReadableStream(
      { start: (c) => void (controller = c) },
      {
        size() {
          throw error;
        },
      },
    );
    assertEquals(
      assertThrows(() => controller.enqueue(1)),
      error,
    );
    assertEquals(await stream.getReader().closed.catch((e) => e), error);
  },
  { workerd: "does not throw it on" },
);

for (const size of [NaN, -1, Infinity, -Infinity]) {
  test(
    `a chunk of size ${size} is a RangeError`,
    async () => {
      let controller;
      const stream = new ReadableStream({ start: (c) => void (controller = c) }, { size: () => size });
      assertThrows(() => controller.enqueue(1), RangeError);
      await assertRejects(stream.getReader().closed, RangeError);
    },
    { workerd: "sizes are not checked" },
  );
}

test("cancel ends the stream and tells the source why", async () => {
  let reason;
  const stream = new ReadableStream({
    start: (c) => c.enqueue(1),
    cancel(r) {
      reason = r;
    },
  });
  assertEquals(await stream.cancel("enough"), undefined);
  assertEquals(reason, "enough");
  assertEquals((await stream.getReader().read()).done, true);
});

test("cancel ends waiting reads before the source hears of it", async () => {
  const order = [];
  const stream = new ReadableStream({ cancel: () => void order.push("cancel") });
  const reader = stream.getReader();
  const read = reader.read().then((result) => {
    order.push("read");
    return result;
  });
  const cancelled = reader.cancel();
  assertEquals(order, ["cancel"]);
  assertEquals(await read, { value: undefined, done: true });
  await cancelled;
  assertEquals(order, ["cancel", "read"]);
});

test("cancel waits for the source's promise and passes its rejection on", async () => {
  let release;
  const waiting = new ReadableStream({ cancel: () => new Promise((resolve) => (release = resolve)) });
  const promise = waiting.cancel();
  assertEquals(await stateOf(promise), "pending");
  release("ignored");
  assertEquals(await promise, undefined);
  await assertRejects(
    new ReadableStream({ cancel: () => Promise.reject(new Error("cannot")) }).cancel(),
    Error,
    "cannot",
  );
  const throwing = new ReadableStream({
    cancel() {
      throw new Error("threw");
    },
  });
  await assertRejects(throwing.cancel(), Error, "threw");
});

test("cancel of a closed stream fulfils, of an errored one rejects", async () => {
  let controller;
  const closed = new ReadableStream({ start: (c) => c.close() });
  assertEquals(await closed.cancel(), undefined);
  const errored = new ReadableStream({ start: (c) => void (controller = c) });
  controller.error(new Error("stored"));
  await assertRejects(errored.cancel(), Error, "stored");
});

test("cancel of a locked stream rejects with TypeError", async () => {
  const stream = new ReadableStream();
  stream.getReader();
  await assertRejects(stream.cancel(), TypeError, "locked");
});

test("a locked stream gives no second reader", () => {
  const stream = new ReadableStream();
  stream.getReader();
  assertThrows(() => stream.getReader(), TypeError, "locked");
  assertThrows(() => stream.tee(), TypeError);
  assertThrows(() => stream.values(), TypeError);
});

test("releaseLock unlocks; the reader is of no use then", async () => {
  const stream = streamOf("a", "b");
  const reader = stream.getReader();
  await reader.read();
  reader.releaseLock();
  assertEquals(stream.locked, false);
  await assertRejects(reader.read(), TypeError, "released");
  await assertRejects(reader.cancel(), TypeError);
  await assertRejects(reader.closed, TypeError);
  assertEquals((await stream.getReader().read()).value, "b");
  reader.releaseLock();
  assertEquals(stream.locked, true);
});

test("releaseLock rejects reads that wait, and the stream goes on", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  const first = stream.getReader();
  const read = first.read();
  first.releaseLock();
  await assertRejects(read, TypeError, "released");
  controller.enqueue("for the second");
  assertEquals((await stream.getReader().read()).value, "for the second");
});

test("closed of a closed and an errored stream", async () => {
  const closed = new ReadableStream({ start: (c) => c.close() }).getReader();
  assertEquals(await closed.closed, undefined);
  assertEquals(closed.closed, closed.closed);
  const errored = new ReadableStream({ start: (c) => c.error(new Error("why")) }).getReader();
  await assertRejects(errored.closed, Error, "why");
});

test("enqueue from inside pull answers the read that caused it", async () => {
  const stream = new ReadableStream({ pull: (c) => c.enqueue("now") }, { highWaterMark: 0 });
  assertEquals((await stream.getReader().read()).value, "now");
});

test("the constructor's arguments are checked", () => {
  assertThrows(() => new ReadableStream(1), TypeError);
  assertThrows(() => new ReadableStream({ start: 1 }), TypeError);
  assertThrows(() => new ReadableStream({ pull: "x" }), TypeError);
  assertThrows(() => new ReadableStream({ cancel: {} }), TypeError);
  assertThrows(() => new ReadableStream({ type: "text" }), TypeError, "text");
  assertThrows(() => new ReadableStream({}, { size: 1 }), TypeError);
});

test(
  "high-water marks must be non-negative numbers",
  () => {
    assertThrows(() => new ReadableStream({}, { highWaterMark: -1 }), RangeError);
    assertThrows(() => new ReadableStream({}, { highWaterMark: NaN }), RangeError);
  },
  { workerd: "throws a TypeError instead" },
);

test(
  "an infinite high-water mark is allowed",
  () => {
    let controller;
    new ReadableStream({ start: (c) => void (controller = c) }, { highWaterMark: Infinity });
    assertEquals(controller.desiredSize, Infinity);
  },
  { workerd: "high-water marks are integers there" },
);

test("getReader's mode", () => {
  assertThrows(() => new ReadableStream().getReader({ mode: "other" }), TypeError, "mode");
  assertThrows(() => new ReadableStream().getReader({ mode: "byob" }), TypeError, "BYOB");
  assert(new ReadableStream().getReader({}) instanceof ReadableStreamDefaultReader);
  assert(new ReadableStream().getReader(undefined) instanceof ReadableStreamDefaultReader);
  assert(new ReadableStream().getReader({ mode: undefined }) instanceof ReadableStreamDefaultReader);
});

test("the reader's constructor", () => {
  const stream = new ReadableStream();
  const reader = new ReadableStreamDefaultReader(stream);
  assertEquals(stream.locked, true);
  assert(reader instanceof ReadableStreamDefaultReader);
  assertThrows(() => new ReadableStreamDefaultReader(stream), TypeError);
  assertThrows(() => new ReadableStreamDefaultReader({}), TypeError);
});

test("a stream of 20000 chunks", async () => {
  let count = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (count++ < 20000) controller.enqueue(1);
      else controller.close();
    },
  });
  let sum = 0;
  for await (const one of stream) sum += one;
  assertEquals(sum, 20000);
});
