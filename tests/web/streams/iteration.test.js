import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { chunksOf, stateOf, streamOf } from "./helpers.js";

test("for await reads everything and releases the lock", async () => {
  const stream = streamOf(1, 2, 3);
  const seen = [];
  for await (const chunk of stream) seen.push(chunk);
  assertEquals(seen, [1, 2, 3]);
  assertEquals(stream.locked, false);
});

test("leaving for await early cancels the stream", async () => {
  let reason = "not cancelled";
  const stream = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (r) => void (reason = r) });
  for await (const chunk of stream) {
    assertEquals(chunk, 1);
    break;
  }
  assertEquals(reason, undefined);
  assertEquals(stream.locked, false);
  assertEquals((await stream.getReader().read()).done, true);
});

test("preventCancel leaves the stream usable", async () => {
  const stream = streamOf("a", "b", "c");
  for await (const chunk of stream.values({ preventCancel: true })) {
    assertEquals(chunk, "a");
    break;
  }
  assertEquals(stream.locked, false);
  assertEquals(await chunksOf(stream), ["b", "c"]);
});

test("an exception in the loop cancels too", async () => {
  let cancelled = false;
  const stream = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: () => void (cancelled = true) });
  await assertRejects(
    async () => {
      for await (const chunk of stream) throw new Error(`got ${chunk}`);
    },
    Error,
    "got 1",
  );
  assertEquals(cancelled, true);
});

test(
  "an error of the stream ends the loop with it",
  async () => {
    const stream = new ReadableStream({
      start(controller) {
        controller.error(new RangeError("broken"));
      },
    });
    await assertRejects(
      async () => {
        for await (const chunk of stream) assert(false, chunk);
      },
      RangeError,
      "broken",
    );
    assertEquals(stream.locked, false);
  },
  { workerd: "keeps the lock" },
);

test("next() by hand", async () => {
  const iterator = streamOf("a").values();
  assertEquals(await iterator.next(), { value: "a", done: false });
  assertEquals(await iterator.next(), { value: undefined, done: true });
  assertEquals(await iterator.next(), { value: undefined, done: true });
});

test("several next() at once answer in order", async () => {
  const iterator = streamOf("a", "b").values();
  const results = await Promise.all([iterator.next(), iterator.next(), iterator.next(), iterator.next()]);
  assertEquals(
    results.map((r) => r.value),
    ["a", "b", undefined, undefined],
  );
  assertEquals(
    results.map((r) => r.done),
    [false, false, true, true],
  );
});

test("return(value) gives the value back and finishes", async () => {
  let reason;
  const stream = new ReadableStream({ cancel: (r) => void (reason = r) });
  const iterator = stream.values();
  assertEquals(await iterator.return("bye"), { value: "bye", done: true });
  assertEquals(reason, "bye");
  assertEquals(await iterator.return("again"), { value: "again", done: true });
  assertEquals((await iterator.next()).done, true);
});

test("return() waits for a next() that is under way", async () => {
  let controller;
  const stream = new ReadableStream({ start: (c) => void (controller = c) });
  const iterator = stream.values();
  const next = iterator.next();
  const returned = iterator.return("done");
  assertEquals(await stateOf(returned), "pending");
  controller.enqueue("late");
  assertEquals(await next, { value: "late", done: false });
  assertEquals(await returned, { value: "done", done: true });
});

test(
  "next() after an error rejects once, then is done",
  async () => {
    const iterator = new ReadableStream({ start: (c) => c.error(new Error("once")) }).values();
    await assertRejects(iterator.next(), Error, "once");
    assertEquals(await iterator.next(), { value: undefined, done: true });
  },
  { workerd: "goes on rejecting" },
);

test("the iterator locks the stream", () => {
  const stream = new ReadableStream();
  stream.values();
  assertEquals(stream.locked, true);
  assertThrows(() => stream[Symbol.asyncIterator](), TypeError);
});

test("the iterator's prototype", () => {
  const iterator = new ReadableStream().values();
  const prototype = Object.getPrototypeOf(iterator);
  const asyncIteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf(async function* () {}).prototype);
  assertEquals(Object.getPrototypeOf(prototype) === asyncIteratorPrototype, true);
  assertEquals(iterator[Symbol.asyncIterator]() === iterator, true);
  assertEquals(typeof prototype.next, "function");
  assertEquals(typeof prototype.return, "function");
  assertEquals(prototype.throw, undefined);
});

test(
  "the iterator's members are enumerable and it has no constructor of its own",
  () => {
    const prototype = Object.getPrototypeOf(new ReadableStream().values());
    assertEquals(Object.getOwnPropertyNames(prototype).sort(), ["next", "return"]);
    assertEquals(Object.keys(prototype).sort(), ["next", "return"]);
    assertEquals(
      Object.prototype.toString.call(new ReadableStream().values()),
      "[object ReadableStream AsyncIterator]",
    );
    assertEquals(ReadableStream.prototype.values === ReadableStream.prototype[Symbol.asyncIterator], true);
  },
  { workerd: "has a constructor and another class string" },
);

test("from(array) and from(string)", async () => {
  assertEquals(await chunksOf(ReadableStream.from(["a", 1, null])), ["a", 1, null]);
  assertEquals(await chunksOf(ReadableStream.from("xyz")), ["x", "y", "z"]);
  assertEquals(await chunksOf(ReadableStream.from(new Set([1, 2]))), [1, 2]);
});

test("from() awaits promises of a synchronous iterable", async () => {
  assertEquals(await chunksOf(ReadableStream.from([Promise.resolve("a"), "b"])), ["a", "b"]);
});

test("from(async generator) is lazy and closes", async () => {
  let steps = 0;
  async function* generate() {
    for (; steps < 3; steps++) yield steps;
  }
  const stream = ReadableStream.from(generate());
  assertEquals(steps, 0);
  assertEquals(await chunksOf(stream), [0, 1, 2]);
});

test("from(another stream)", async () => {
  assertEquals(await chunksOf(ReadableStream.from(streamOf(1, 2))), [1, 2]);
});

test("from(): an iterator's throw errors the stream", async () => {
  function* generate() {
    yield 1;
    throw new RangeError("generator broke");
  }
  const reader = ReadableStream.from(generate()).getReader();
  assertEquals((await reader.read()).value, 1);
  await assertRejects(reader.read(), RangeError, "generator broke");
});

test("from(): cancel calls the iterator's return()", async () => {
  let returned;
  const iterable = {
    [Symbol.asyncIterator]: () => ({
      next: async () => ({ value: 1, done: false }),
      return: async (reason) => {
        returned = reason;
        return {};
      },
    }),
  };
  const reader = ReadableStream.from(iterable).getReader();
  await reader.read();
  await reader.cancel("stop");
  assertEquals(returned, "stop");
});

test("from() refuses what is not iterable", () => {
  for (const value of [undefined, null, 1, {}, { [Symbol.asyncIterator]: 1 }])
    assertThrows(() => ReadableStream.from(value), TypeError);
});

test("from() refuses iteration results that are no objects", async () => {
  const iterable = { [Symbol.asyncIterator]: () => ({ next: async () => 5 }) };
  await assertRejects(ReadableStream.from(iterable).getReader().read(), TypeError);
});
