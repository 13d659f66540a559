import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { recordingSink, settle, stateOf } from "./helpers.js";

test("writes reach the sink in order, then close", async () => {
  const { sink, events } = recordingSink();
  const writer = new WritableStream(sink).getWriter();
  writer.write("a");
  writer.write("b");
  await writer.close();
  assertEquals(events, [["start"], ["write", "a"], ["write", "b"], ["close"]]);
});

test("the sink gets the controller and its own this", async () => {
  const seen = [];
  const sink = {
    start(controller) {
      seen.push(this === sink, controller instanceof WritableStreamDefaultController);
    },
    write(chunk, controller) {
      seen.push(this === sink, chunk, controller instanceof WritableStreamDefaultController);
    },
    close() {
      seen.push(this === sink, arguments.length);
    },
  };
  const writer = new WritableStream(sink).getWriter();
  writer.write("x");
  await writer.close();
  assertEquals(seen, [true, true, true, "x", true, true, 0]);
});

test("a second write waits for the first one's promise", async () => {
  const { sink, events } = recordingSink({ write: () => new Promise((resolve) => (release = resolve)) });
  let release;
  const writer = new WritableStream(sink).getWriter();
  const first = writer.write(1);
  const second = writer.write(2);
  await settle();
  assertEquals(events, [["start"], ["write", 1]]);
  release();
  await first;
  await settle();
  assertEquals(events, [["start"], ["write", 1], ["write", 2]]);
  assertEquals(await stateOf(second), "pending");
  release();
  assertEquals(await second, undefined);
});

test("writing waits for start", async () => {
  let begin;
  const events = [];
  const writer = new WritableStream({
    start: () => new Promise((resolve) => (begin = resolve)),
    write: (chunk) => void events.push(chunk),
  }).getWriter();
  writer.write("x");
  await settle();
  assertEquals(events, []);
  begin();
  await settle();
  assertEquals(events, ["x"]);
});

test("desiredSize and ready show backpressure", async () => {
  let release;
  const writer = new WritableStream(
    { write: () => new Promise((resolve) => (release = resolve)) },
    { highWaterMark: 2 },
  ).getWriter();
  assertEquals(writer.desiredSize, 2);
  const ready = writer.ready;
  assertEquals(await stateOf(ready), "fulfilled");
  writer.write(1);
  assertEquals(writer.desiredSize, 1);
  assertEquals(await stateOf(writer.ready), "fulfilled");
  writer.write(2);
  assertEquals(writer.desiredSize, 0);
  assertEquals(await stateOf(writer.ready), "pending");
  writer.write(3);
  assertEquals(writer.desiredSize, -1);
  release();
  await settle();
  assertEquals(writer.desiredSize, 0);
  assertEquals(await stateOf(writer.ready), "pending");
  release();
  await settle();
  assertEquals(writer.desiredSize, 1);
  assertEquals(await stateOf(writer.ready), "fulfilled");
});

test("ready is a new promise when backpressure begins", () => {
  const writer = new WritableStream({ write: () => new Promise(() => {}) }).getWriter();
  const before = writer.ready;
  assertEquals(writer.ready, before);
  writer.write(1);
  assert(writer.ready !== before);
});

test(
  "a high-water mark of 0 means backpressure from the start",
  async () => {
    const writer = new WritableStream({}, { highWaterMark: 0 }).getWriter();
    assertEquals(writer.desiredSize, 0);
    assertEquals(await stateOf(writer.ready), "pending");
  },
  { workerd: "ready is fulfilled at first" },
);

test("sizes count against the high-water mark", async () => {
  const writer = new WritableStream(
    { write: () => new Promise(() => {}) },
    { highWaterMark: 10, size: (chunk) => chunk.length },
  ).getWriter();
  writer.write("abcd");
  assertEquals(writer.desiredSize, 6);
});

test("a size that throws errors the stream", async () => {
  const writer = new WritableStream(
    {},
    {
      size() {
        throw new RangeError("size threw");
      },
    },
  ).getWriter();
  await assertRejects(writer.write(1), RangeError, "size threw");
  await assertRejects(writer.closed, RangeError, "size threw");
});

test(
  "a failed write errors the stream; later writes and close reject with it",
  async () => {
    const error = new Error("disk full");
    const { sink, events } = recordingSink({ write: () => Promise.reject(error) });
    const writer = new WritableStream(sink).getWriter();
    const results = await Promise.allSettled([writer.write(1), writer.write(2), writer.closed, writer.ready]);
    assertEquals(
      results.map((r) => r.reason === error),
      [true, true, true, true],
    );
    assertEquals(await writer.write(3).catch((e) => e), error);
    assert((await writer.close().catch((e) => e)) instanceof Error);
    assertEquals(writer.desiredSize, null);
    assertEquals(events, [["start"], ["write", 1]]);
  },
  { workerd: "ready is not rejected" },
);

test("a write that throws is the same", async () => {
  const writer = new WritableStream({
    write() {
      throw new RangeError("threw");
    },
  }).getWriter();
  await assertRejects(writer.write(1), RangeError, "threw");
  await assertRejects(writer.closed, RangeError, "threw");
});

test(
  "start that throws or rejects",
  async () => {
    assertThrows(
      () => {
        new WritableStream({
          start() {
            throw new RangeError("no");
          },
        });
      },
      RangeError,
      "no",
    );
    const writer = new WritableStream({ start: () => Promise.reject(new RangeError("later no")) }).getWriter();
    await assertRejects(writer.write(1), RangeError, "later no");
    await assertRejects(writer.closed, RangeError, "later no");
  },
  { workerd: "errors the stream instead of throwing" },
);

test("close waits for writes and for the sink's close", async () => {
  let release;
  const { sink, events } = recordingSink({ close: () => new Promise((resolve) => (release = resolve)) });
  const writer = new WritableStream(sink).getWriter();
  writer.write(1);
  const closing = writer.close();
  await settle();
  assertEquals(events.at(-1), ["close"]);
  assertEquals(await stateOf(closing), "pending");
  assertEquals(await stateOf(writer.closed), "pending");
  release();
  assertEquals(await closing, undefined);
  assertEquals(await writer.closed, undefined);
  assertEquals(writer.desiredSize, 0);
});

test("close twice, and writing after close, reject with TypeError", async () => {
  const writer = new WritableStream().getWriter();
  const closing = writer.close();
  await assertRejects(writer.close(), TypeError);
  await assertRejects(writer.write(1), TypeError);
  await closing;
  await assertRejects(writer.close(), TypeError);
  await assertRejects(writer.write(1), TypeError);
});

test("a close that fails errors the stream", async () => {
  const writer = new WritableStream({ close: () => Promise.reject(new RangeError("not closable")) }).getWriter();
  await assertRejects(writer.close(), RangeError, "not closable");
  await assertRejects(writer.closed, RangeError, "not closable");
});

test("stream.close() and stream.abort() without a writer", async () => {
  const { sink, events } = recordingSink();
  await new WritableStream(sink).close();
  assertEquals(events, [["start"], ["close"]]);
  const other = recordingSink();
  await new WritableStream(other.sink).abort("why");
  assertEquals(other.events, [["start"], ["abort", "why"]]);
});

test("stream.close() and stream.abort() of a locked stream reject with TypeError", async () => {
  const stream = new WritableStream();
  stream.getWriter();
  await assertRejects(stream.close(), TypeError, "locked");
  await assertRejects(stream.abort(), TypeError, "locked");
  assertThrows(() => stream.getWriter(), TypeError, "locked");
});

test("abort tells the sink and rejects what waits", async () => {
  const reason = new Error("stop it");
  const { sink, events } = recordingSink();
  const writer = new WritableStream(sink).getWriter();
  await settle();
  assertEquals(await writer.abort(reason), undefined);
  assertEquals(events, [["start"], ["abort", reason]]);
  assertEquals(await writer.closed.catch((e) => e), reason);
  assertEquals(await writer.write(1).catch((e) => e instanceof Error), true);
  assertEquals(writer.desiredSize, null);
});

test("abort waits for a write in flight", async () => {
  let release;
  const { sink, events } = recordingSink({ write: () => new Promise((resolve) => (release = resolve)) });
  const writer = new WritableStream(sink).getWriter();
  await settle();
  const first = writer.write(1);
  const second = writer.write(2);
  second.catch(() => {});
  writer.closed.catch(() => {});
  const aborted = writer.abort("no more");
  await settle();
  assertEquals(events, [["start"], ["write", 1]]);
  release();
  assertEquals(await first, undefined);
  assertEquals(await second.catch((e) => e), "no more");
  assertEquals(await aborted, undefined);
  assertEquals(events, [["start"], ["write", 1], ["abort", "no more"]]);
});

test("an abort of the sink that fails rejects abort()", async () => {
  const writer = new WritableStream({ abort: () => Promise.reject(new RangeError("cannot abort")) }).getWriter();
  writer.closed.catch(() => {});
  await settle();
  await assertRejects(writer.abort("x"), RangeError, "cannot abort");
});

test("abort of a closed stream fulfils", async () => {
  const writer = new WritableStream().getWriter();
  await writer.close();
  assertEquals(await writer.abort(), undefined);
});

test("controller.error() errors the stream", async () => {
  let controller;
  const writer = new WritableStream({ start: (c) => void (controller = c) }).getWriter();
  await settle();
  const error = new Error("from inside");
  controller.error(error);
  assertEquals(await writer.closed.catch((e) => e), error);
  assertEquals(await writer.ready.catch((e) => e), error);
  controller.error(new Error("ignored"));
  assertEquals(await writer.closed.catch((e) => e), error);
});

test("controller.signal is aborted with the reason", async () => {
  let controller;
  const writer = new WritableStream({ start: (c) => void (controller = c) }).getWriter();
  assert(controller.signal instanceof AbortSignal);
  assertEquals(controller.signal, controller.signal);
  assertEquals(controller.signal.aborted, false);
  const reason = new Error("aborted");
  writer.closed.catch(() => {});
  await writer.abort(reason);
  assertEquals(controller.signal.aborted, true);
  assertEquals(controller.signal.reason, reason);
});

test("controller.signal reaches a write in flight", async () => {
  const writer = new WritableStream({
    write: (chunk, controller) =>
      new Promise((resolve, reject) =>
        controller.signal.addEventListener("abort", () => reject(controller.signal.reason)),
      ),
  }).getWriter();
  await settle();
  const write = writer.write(1);
  write.catch(() => {});
  writer.closed.catch(() => {});
  writer.abort("give up").catch(() => {});
  assertEquals(await write.catch((e) => e), "give up");
});

test("controller.signal asked for after the abort is aborted", async () => {
  let controller;
  const stream = new WritableStream({ start: (c) => void (controller = c) });
  await stream.abort("early");
  assertEquals(controller.signal.aborted, true);
  assertEquals(controller.signal.reason, "early");
});

test("releaseLock", async () => {
  const stream = new WritableStream();
  const writer = stream.getWriter();
  assertEquals(stream.locked, true);
  writer.releaseLock();
  assertEquals(stream.locked, false);
  await assertRejects(writer.write(1), TypeError, "released");
  await assertRejects(writer.close(), TypeError, "released");
  await assertRejects(writer.abort(), TypeError, "released");
  await assertRejects(writer.closed, TypeError, "released");
  assertThrows(() => writer.desiredSize, TypeError);
  stream.getWriter().releaseLock();
  assertEquals(stream.locked, false);
});

test(
  "releaseLock: ready rejects",
  async () => {
    const writer = new WritableStream().getWriter();
    writer.releaseLock();
    await assertRejects(writer.ready, TypeError, "released");
  },
  { workerd: "ready stays fulfilled" },
);

test(
  "writes go on after their writer was released",
  async () => {
    const { sink, events } = recordingSink();
    const stream = new WritableStream(sink);
    const first = stream.getWriter();
    const write = first.write("kept");
    first.releaseLock();
    await write;
    await stream.getWriter().close();
    assertEquals(events, [["start"], ["write", "kept"], ["close"]]);
  },
  { workerd: "rejects them" },
);

test("the writer's constructor", () => {
  const stream = new WritableStream();
  assert(new WritableStreamDefaultWriter(stream) instanceof WritableStreamDefaultWriter);
  assertEquals(stream.locked, true);
  assertThrows(() => new WritableStreamDefaultWriter(stream), TypeError);
  assertThrows(() => new WritableStreamDefaultWriter({}), TypeError);
});

test("the constructor's arguments are checked", () => {
  assertThrows(() => new WritableStream(1), TypeError);
  assertThrows(() => new WritableStream({ write: 1 }), TypeError);
  assertThrows(() => new WritableStream({ close: 1 }), TypeError);
  assertThrows(() => new WritableStream({ abort: 1 }), TypeError);
});

test(
  "a sink's type and a bad high-water mark are RangeErrors",
  () => {
    assertThrows(() => new WritableStream({ type: "bytes" }), RangeError);
    assertThrows(() => new WritableStream({}, { highWaterMark: -1 }), RangeError);
    assertThrows(() => new WritableStream({}, { highWaterMark: NaN }), RangeError);
  },
  { workerd: "accepts a type; bad marks are TypeErrors" },
);

test("a stream without a sink swallows everything", async () => {
  const writer = new WritableStream().getWriter();
  for (let i = 0; i < 100; i++) await writer.write(i);
  assertEquals(await writer.close(), undefined);
});
