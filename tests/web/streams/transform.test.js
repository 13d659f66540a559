import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { chunksOf, settle, stateOf, streamOf } from "./helpers.js";

/** Writes chunks and closes; failures are the readable side's to tell. */
function feed(writable, ...chunks) {
  const writer = writable.getWriter();
  for (const chunk of chunks) writer.write(chunk).catch(() => {});
  writer.close().catch(() => {});
  writer.closed.catch(() => {});
}

test("a transform without transformer passes chunks on", async () => {
  const stream = new TransformStream();
  assert(stream.readable instanceof ReadableStream);
  assert(stream.writable instanceof WritableStream);
  assert(stream.readable === stream.readable);
  const chunk = { an: "object" };
  feed(stream.writable, chunk, 2);
  const chunks = await chunksOf(stream.readable);
  assertEquals(chunks, [chunk, 2]);
  assert(chunks[0] === chunk);
});

test("transform may enqueue none or many", async () => {
  const stream = new TransformStream({
    transform(chunk, controller) {
      for (let i = 0; i < chunk; i++) controller.enqueue(chunk);
    },
  });
  feed(stream.writable, 0, 1, 0, 3);
  assertEquals(await chunksOf(stream.readable), [1, 3, 3, 3]);
});

test("start, transform and flush are called on the transformer, with the controller", async () => {
  const seen = [];
  const transformer = {
    start(controller) {
      seen.push(this === transformer, controller instanceof TransformStreamDefaultController);
      controller.enqueue("start");
    },
    transform(chunk, controller) {
      seen.push(this === transformer, chunk);
      controller.enqueue("transform");
    },
    flush(controller) {
      seen.push(this === transformer);
      controller.enqueue("flush");
    },
  };
  const stream = new TransformStream(transformer);
  feed(stream.writable, "x");
  assertEquals(await chunksOf(stream.readable), ["start", "transform", "flush"]);
  assertEquals(seen, [true, true, true, "x", true]);
});

test("an asynchronous transform is awaited between chunks", async () => {
  let running = 0;
  const stream = new TransformStream({
    async transform(chunk, controller) {
      if (++running !== 1) controller.error(new Error("two at once"));
      await settle();
      controller.enqueue(chunk);
      running--;
    },
  });
  feed(stream.writable, 1, 2, 3);
  assertEquals(await chunksOf(stream.readable), [1, 2, 3]);
});

test("an asynchronous flush is awaited", async () => {
  const stream = new TransformStream({
    async flush(controller) {
      await settle();
      controller.enqueue("flushed");
    },
  });
  feed(stream.writable);
  assertEquals(await chunksOf(stream.readable), ["flushed"]);
});

test("writes wait for the readable side", async () => {
  const transformed = [];
  const stream = new TransformStream({
    transform(chunk, controller) {
      transformed.push(chunk);
      controller.enqueue(chunk);
    },
  });
  const writer = stream.writable.getWriter();
  assertEquals(writer.desiredSize, 1);
  const first = writer.write(1);
  assertEquals(writer.desiredSize, 0);
  assertEquals(await stateOf(first), "pending");
  assertEquals(transformed, []);
  assertEquals((await stream.readable.getReader().read()).value, 1);
  assertEquals(await stateOf(first), "fulfilled");
  assertEquals(transformed, [1]);
});

test("a readable high-water mark lets writes run ahead", async () => {
  const stream = new TransformStream({}, undefined, { highWaterMark: 2 });
  const writer = stream.writable.getWriter();
  const writes = [writer.write(1), writer.write(2), writer.write(3)];
  assertEquals(await Promise.all(writes.map(stateOf)), ["fulfilled", "fulfilled", "pending"]);
});

test("the strategies are those of the two sides", async () => {
  const stream = new TransformStream({}, { highWaterMark: 7 }, { highWaterMark: 3 });
  assertEquals(stream.writable.getWriter().desiredSize, 7);
  let controller;
  new TransformStream({ start: (c) => void (controller = c) }, undefined, { highWaterMark: 3 });
  assertEquals(controller.desiredSize, 3);
  new TransformStream({ start: (c) => void (controller = c) });
  assertEquals(controller.desiredSize, 0);
});

test("a transform that throws errors both sides", async () => {
  const error = new RangeError("bad chunk");
  const stream = new TransformStream({
    transform() {
      throw error;
    },
  });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const read = reader.read();
  assertEquals(await writer.write(1).catch((e) => e), error);
  assertEquals(await read.catch((e) => e), error);
  assertEquals(await writer.closed.catch((e) => e), error);
  assertEquals(await reader.closed.catch((e) => e), error);
});

test("a transform that rejects errors both sides", async () => {
  const stream = new TransformStream({ transform: () => Promise.reject(new RangeError("later")) });
  const writer = stream.writable.getWriter();
  const read = stream.readable.getReader().read();
  read.catch(() => {});
  await assertRejects(writer.write(1), RangeError, "later");
  await assertRejects(read, RangeError, "later");
});

test("a flush that throws errors both sides", async () => {
  const stream = new TransformStream({
    flush() {
      throw new RangeError("flush");
    },
  });
  const writer = stream.writable.getWriter();
  const read = stream.readable.getReader().read();
  read.catch(() => {});
  await assertRejects(writer.close(), RangeError, "flush");
  await assertRejects(read, RangeError, "flush");
});

test(
  "start that throws",
  () => {
    assertThrows(
      () => {
        new TransformStream({
          start() {
            throw new RangeError("no start");
          },
        });
      },
      RangeError,
      "no start",
    );
  },
  { workerd: "errors the stream instead" },
);

test("start that rejects errors both sides", async () => {
  const stream = new TransformStream({ start: () => Promise.reject(new RangeError("late")) });
  await assertRejects(stream.readable.getReader().read(), RangeError, "late");
  await assertRejects(stream.writable.getWriter().closed, RangeError, "late");
});

test("controller.error errors both sides", async () => {
  let controller;
  const stream = new TransformStream({ start: (c) => void (controller = c) });
  const writer = stream.writable.getWriter();
  const reader = stream.readable.getReader();
  const error = new Error("from inside");
  controller.error(error);
  assertEquals(await reader.read().catch((e) => e), error);
  assertEquals(await writer.closed.catch((e) => e), error);
  assertEquals(writer.desiredSize, null);
  assertEquals(controller.desiredSize, null);
});

test("controller.terminate closes the readable and errors the writable", async () => {
  const stream = new TransformStream({
    transform(chunk, controller) {
      controller.enqueue("last");
      controller.terminate();
    },
  });
  const writer = stream.writable.getWriter();
  writer.write(1).catch(() => {});
  assertEquals(await chunksOf(stream.readable), ["last"]);
  await assertRejects(writer.closed, TypeError, "terminated");
  await assertRejects(writer.write(2), TypeError);
});

test("enqueue after terminate or error throws TypeError", () => {
  let controller;
  new TransformStream({ start: (c) => void (controller = c) });
  controller.terminate();
  assertThrows(() => controller.enqueue(1), TypeError);
  new TransformStream({ start: (c) => void (controller = c) });
  controller.error(new Error("x"));
  assertThrows(() => controller.enqueue(1), TypeError);
});

test("cancelling the readable errors the writable with the reason", async () => {
  const stream = new TransformStream();
  const writer = stream.writable.getWriter();
  const reason = new Error("not wanted");
  await stream.readable.cancel(reason);
  assertEquals(await writer.closed.catch((e) => e), reason);
  assertEquals(await writer.write(1).catch((e) => e), reason);
});

test("aborting the writable errors the readable with the reason", async () => {
  const stream = new TransformStream();
  const reader = stream.readable.getReader();
  const reason = new Error("stop");
  await stream.writable.abort(reason);
  assertEquals(await reader.read().catch((e) => e), reason);
  assertEquals(await reader.closed.catch((e) => e), reason);
});

test("the transformer's cancel() hears of both", async () => {
  const reasons = [];
  const transformer = { cancel: (reason) => void reasons.push(reason) };
  await new TransformStream(transformer).readable.cancel("cancelled");
  await new TransformStream(transformer).writable.abort("aborted");
  assertEquals(reasons, ["cancelled", "aborted"]);
});

test("a cancel() that fails rejects cancel and errors the other side", async () => {
  const stream = new TransformStream({ cancel: () => Promise.reject(new RangeError("cannot")) });
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  await assertRejects(stream.readable.cancel("x"), RangeError, "cannot");
  await assertRejects(writer.closed, RangeError, "cannot");
});

test(
  "cancel unblocks a write that waits, with the reason",
  async () => {
    const stream = new TransformStream();
    const writer = stream.writable.getWriter();
    const write = writer.write(1);
    write.catch(() => {});
    writer.closed.catch(() => {});
    await settle();
    await stream.readable.cancel("enough");
    assertEquals(await write.catch((e) => e), "enough");
  },
  { workerd: "rejects with an error of its own" },
);

test("closing the writable closes the readable once it is read", async () => {
  const stream = new TransformStream();
  const writer = stream.writable.getWriter();
  const closing = writer.close();
  assertEquals(await stateOf(closing), "fulfilled");
  assertEquals((await stream.readable.getReader().read()).done, true);
});

test("the constructor's arguments are checked", () => {
  assertThrows(() => new TransformStream(1), TypeError);
  assertThrows(() => new TransformStream({ transform: 1 }), TypeError);
  assertThrows(() => new TransformStream({ flush: 1 }), TypeError);
  assertThrows(() => new TransformStream({ start: 1 }), TypeError);
  assertThrows(() => new TransformStream({ cancel: 1 }), TypeError);
  assertThrows(() => new TransformStream({ readableType: "bytes" }), Error, "readableType");
  assertThrows(() => new TransformStream({ writableType: "bytes" }), Error, "writableType");
});

test(
  "readableType and bad marks are RangeErrors",
  () => {
    assertThrows(() => new TransformStream({ readableType: "bytes" }), RangeError);
    assertThrows(() => new TransformStream({ writableType: "bytes" }), RangeError);
    assertThrows(() => new TransformStream({}, { highWaterMark: -1 }), RangeError);
  },
  { workerd: "throws TypeErrors" },
);

test("10000 chunks through three transforms", async () => {
  let next = 0;
  const source = new ReadableStream({ pull: (c) => (next < 10000 ? c.enqueue(next++) : c.close()) });
  const same = () => new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk) });
  let expected = 0;
  for await (const chunk of source.pipeThrough(same()).pipeThrough(same()).pipeThrough(same()))
    if (chunk === expected) expected++;
  assertEquals(expected, 10000);
});

test("a transform that enqueues nothing asks for the next chunk", async () => {
  const stream = new TransformStream({
    transform(chunk, controller) {
      if (chunk % 10 === 0) controller.enqueue(chunk);
    },
  });
  assertEquals(
    await chunksOf(streamOf(...Array.from({ length: 31 }, (_, i) => i)).pipeThrough(stream)),
    [0, 10, 20, 30],
  );
});
