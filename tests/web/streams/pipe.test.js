import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { bytes, byteStreamOf, chunksOf, recordingSink, settle, stateOf, streamOf } from "./helpers.js";

test("pipeTo moves chunks, closes, and resolves to undefined", async () => {
  const { sink, events } = recordingSink();
  const source = streamOf(1, 2, 3);
  const destination = new WritableStream(sink);
  const piping = source.pipeTo(destination);
  assertEquals(source.locked, true);
  assertEquals(destination.locked, true);
  assertEquals(await piping, undefined);
  assertEquals(events, [["start"], ["write", 1], ["write", 2], ["write", 3], ["close"]]);
  assertEquals(source.locked, false);
  assertEquals(destination.locked, false);
});

test("pipeTo of queued chunks", async () => {
  const { sink, events } = recordingSink();
  const source = new ReadableStream(
    {
      start(controller) {
        controller.enqueue("a");
        controller.enqueue("b");
        controller.close();
      },
    },
    { highWaterMark: 5 },
  );
  await source.pipeTo(new WritableStream(sink, { highWaterMark: 10 }));
  assertEquals(events, [["start"], ["write", "a"], ["write", "b"], ["close"]]);
});

test("preventClose leaves the destination open", async () => {
  const { sink, events } = recordingSink();
  const destination = new WritableStream(sink);
  await streamOf(1).pipeTo(destination, { preventClose: true });
  assertEquals(events, [["start"], ["write", 1]]);
  await streamOf(2).pipeTo(destination);
  assertEquals(events, [["start"], ["write", 1], ["write", 2], ["close"]]);
});

test("an error of the source aborts the destination", async () => {
  const { sink, events } = recordingSink();
  const error = new RangeError("source broke");
  let controller;
  const piping = new ReadableStream({ start: (c) => void (controller = c) }).pipeTo(new WritableStream(sink));
  await settle();
  controller.error(error);
  assertEquals(await piping.catch((e) => e), error);
  assertEquals(events, [["start"], ["abort", error]]);
});

test("preventAbort leaves the destination usable", async () => {
  const { sink, events } = recordingSink();
  const destination = new WritableStream(sink);
  await assertRejects(
    new ReadableStream({ start: (c) => c.error(new RangeError("x")) }).pipeTo(destination, { preventAbort: true }),
    RangeError,
    "x",
  );
  assertEquals(destination.locked, false);
  const writer = destination.getWriter();
  await writer.write("still");
  assertEquals(events.at(-1), ["write", "still"]);
});

test("an error of the destination cancels the source", async () => {
  let reason;
  const error = new RangeError("sink broke");
  const source = new ReadableStream({ pull: (c) => c.enqueue(1), cancel: (r) => void (reason = r) });
  const piping = source.pipeTo(new WritableStream({ write: () => Promise.reject(error) }));
  assertEquals(await piping.catch((e) => e), error);
  assertEquals(reason, error);
  assertEquals(source.locked, false);
});

test("preventCancel leaves the source usable", async () => {
  const source = streamOf("a", "b");
  const error = new RangeError("sink broke");
  await assertRejects(
    source.pipeTo(
      new WritableStream({
        start(controller) {
          controller.error(error);
        },
      }),
      { preventCancel: true },
    ),
    RangeError,
    "sink broke",
  );
  assertEquals(source.locked, false);
  assertEquals(await chunksOf(source), ["a", "b"]);
});

test("a closed destination cancels the source with a TypeError", async () => {
  let reason;
  const destination = new WritableStream();
  await destination.close();
  const source = new ReadableStream({ cancel: (r) => void (reason = r) });
  await assertRejects(source.pipeTo(destination), TypeError, "closed");
  assert(reason instanceof TypeError);
});

test(
  "backpressure stops reading",
  async () => {
    let pulls = 0;
    let release;
    const source = new ReadableStream({ pull: (c) => c.enqueue(pulls++) }, { highWaterMark: 0 });
    source
      .pipeTo(new WritableStream({ write: () => new Promise((resolve) => (release = resolve)) }, { highWaterMark: 2 }))
      .catch(() => {});
    await settle();
    assertEquals(pulls, 2);
    release();
    await settle();
    assertEquals(pulls, 3);
  },
  { workerd: "asks for one chunk more or less" },
);

test("enqueue does not call the sink's write in the same turn", async () => {
  const { sink, events } = recordingSink();
  let controller;
  new ReadableStream({ start: (c) => void (controller = c) }).pipeTo(new WritableStream(sink)).catch(() => {});
  await settle();
  controller.enqueue(1);
  assertEquals(events, [["start"]]);
  await settle();
  assertEquals(events, [["start"], ["write", 1]]);
});

test("closing waits for the last write", async () => {
  let release;
  const { sink, events } = recordingSink({ write: () => new Promise((resolve) => (release = resolve)) });
  const piping = streamOf("last").pipeTo(new WritableStream(sink));
  await settle();
  assertEquals(events, [["start"], ["write", "last"]]);
  assertEquals(await stateOf(piping), "pending");
  release();
  await piping;
  assertEquals(events.at(-1), ["close"]);
});

test("a source error waits for the write in flight, and what was read is written", async () => {
  let release;
  let controller;
  const { sink, events } = recordingSink({ write: () => new Promise((resolve) => (release = resolve)) });
  const piping = new ReadableStream({ start: (c) => void (controller = c) }).pipeTo(new WritableStream(sink));
  piping.catch(() => {});
  await settle();
  controller.enqueue("in flight");
  await settle();
  const error = new Error("broken");
  controller.error(error);
  await settle();
  assertEquals(events, [["start"], ["write", "in flight"]]);
  release();
  await assertRejects(piping, Error, "broken");
  assertEquals(events, [["start"], ["write", "in flight"], ["abort", error]]);
});

test("a close that fails rejects the pipe", async () => {
  await assertRejects(
    streamOf(1).pipeTo(new WritableStream({ close: () => Promise.reject(new RangeError("not closable")) })),
    RangeError,
    "not closable",
  );
});

test("an abort that fails rejects the pipe with its own error", async () => {
  const source = new ReadableStream({ start: (c) => c.error(new Error("source")) });
  await assertRejects(
    source.pipeTo(new WritableStream({ abort: () => Promise.reject(new RangeError("abort failed")) })),
    RangeError,
    "abort failed",
  );
});

test("locked ends and wrong arguments reject", async () => {
  const locked = new ReadableStream();
  locked.getReader();
  await assertRejects(locked.pipeTo(new WritableStream()), TypeError, "locked");
  const writable = new WritableStream();
  writable.getWriter();
  const source = new ReadableStream();
  await assertRejects(source.pipeTo(writable), TypeError, "locked");
  assertEquals(source.locked, false);
  await assertRejects(source.pipeTo({}), TypeError);
  await assertRejects(source.pipeTo(), TypeError);
  await assertRejects(source.pipeTo(new WritableStream(), { signal: "no signal" }), TypeError);
  assertEquals(source.locked, false);
});

test("signal: aborted before", async () => {
  const { sink, events } = recordingSink();
  let reason;
  const source = new ReadableStream({ cancel: (r) => void (reason = r) });
  await assertRejects(
    source.pipeTo(new WritableStream(sink), { signal: AbortSignal.abort("early") }).catch((e) => {
      assertEquals(e, "early");
      throw new Error("rejected");
    }),
    Error,
    "rejected",
  );
  await settle();
  assertEquals(reason, "early");
  assertEquals(events, [["start"], ["abort", "early"]]);
});

test(
  "signal: aborted while piping",
  async () => {
    const { sink, events } = recordingSink();
    let reason;
    const source = new ReadableStream({ start: (c) => c.enqueue(1), cancel: (r) => void (reason = r) });
    const controller = new AbortController();
    const destination = new WritableStream(sink);
    const piping = source.pipeTo(destination, { signal: controller.signal });
    piping.catch(() => {});
    await settle();
    const error = new Error("stop");
    controller.abort(error);
    assertEquals(await piping.catch((e) => e), error);
    assertEquals(reason, error);
    assertEquals(events, [["start"], ["write", 1], ["abort", error]]);
    assertEquals([source.locked, destination.locked], [false, false]);
  },
  { workerd: "notices with the next chunk only" },
);

test(
  "signal with preventAbort and preventCancel",
  async () => {
    const { sink, events } = recordingSink();
    let cancelled = false;
    const source = new ReadableStream({ cancel: () => void (cancelled = true) });
    const controller = new AbortController();
    const destination = new WritableStream(sink);
    const piping = source.pipeTo(destination, { signal: controller.signal, preventAbort: true, preventCancel: true });
    piping.catch(() => {});
    await settle();
    controller.abort();
    const error = await piping.catch((e) => e);
    assertEquals(error.name, "AbortError");
    assertEquals(cancelled, false);
    assertEquals(events, [["start"]]);
    assertEquals([source.locked, destination.locked], [false, false]);
  },
  { workerd: "notices with the next chunk only" },
);

test("pipeThrough returns the readable of the pair", async () => {
  const pair = new TransformStream();
  const result = streamOf(1, 2).pipeThrough(pair);
  assert(result === pair.readable);
  assertEquals(await chunksOf(result), [1, 2]);
});

test("pipeThrough takes any pair", async () => {
  const { readable, writable } = new TransformStream({
    transform: (chunk, controller) => controller.enqueue(chunk * 2),
  });
  assertEquals(await chunksOf(streamOf(1, 2).pipeThrough({ readable, writable })), [2, 4]);
});

test("pipeThrough chains", async () => {
  const plus = (n) => new TransformStream({ transform: (chunk, controller) => controller.enqueue(chunk + n) });
  assertEquals(
    await chunksOf(streamOf(1, 2, 3).pipeThrough(plus(1)).pipeThrough(plus(10)).pipeThrough(plus(100))),
    [112, 113, 114],
  );
});

test("pipeThrough checks its arguments", () => {
  assertThrows(() => new ReadableStream().pipeThrough(), TypeError);
  assertThrows(() => new ReadableStream().pipeThrough({}), TypeError);
  assertThrows(() => new ReadableStream().pipeThrough({ readable: new ReadableStream(), writable: {} }), TypeError);
  assertThrows(() => new ReadableStream().pipeThrough({ readable: {}, writable: new WritableStream() }), TypeError);
  const locked = new ReadableStream();
  locked.getReader();
  assertThrows(() => locked.pipeThrough(new TransformStream()), TypeError, "locked");
  const pair = new TransformStream();
  pair.writable.getWriter();
  assertThrows(() => new ReadableStream().pipeThrough(pair), TypeError, "locked");
});

test("pipeThrough: an error of the source reaches the readable", async () => {
  const source = new ReadableStream({ start: (c) => c.error(new RangeError("upstream")) });
  await assertRejects(chunksOf(source.pipeThrough(new TransformStream())), RangeError, "upstream");
});

test("pipeThrough: cancelling the readable cancels the source", async () => {
  let reason;
  const source = new ReadableStream({ cancel: (r) => void (reason = r) });
  const result = source.pipeThrough(new TransformStream());
  await settle();
  await result.cancel("not wanted");
  await settle();
  assertEquals(reason, "not wanted");
});

test("pipeTo of a byte stream", async () => {
  const seen = [];
  await byteStreamOf([1, 2], [3]).pipeTo(new WritableStream({ write: (chunk) => void seen.push(...chunk) }));
  assertEquals(seen, [1, 2, 3]);
});

test(
  "pipeTo of a byte stream keeps its chunks apart",
  async () => {
    const { sink, events } = recordingSink();
    await new ReadableStream({
      type: "bytes",
      start(controller) {
        controller.enqueue(bytes(1));
        controller.enqueue(bytes(2));
        controller.close();
      },
    }).pipeTo(new WritableStream(sink));
    assertEquals(events.length, 4);
  },
  { workerd: "joins queued chunks" },
);

test("a slow sink gets 1000 chunks in order", async () => {
  let next = 0;
  let expected = 0;
  const source = new ReadableStream({ pull: (c) => (next < 1000 ? c.enqueue(next++) : c.close()) });
  await source.pipeTo(
    new WritableStream({
      async write(chunk) {
        if (chunk !== expected++) throw new Error("out of order");
        if (chunk % 100 === 0) await settle();
      },
    }),
  );
  assertEquals(expected, 1000);
});

test("patched prototypes do not matter to a pipe", async () => {
  const { getReader } = ReadableStream.prototype;
  const { getWriter } = WritableStream.prototype;
  ReadableStream.prototype.getReader = WritableStream.prototype.getWriter = () => {
    throw new Error("patched");
  };
  try {
    const seen = [];
    await streamOf(1, 2).pipeTo(new WritableStream({ write: (chunk) => void seen.push(chunk) }));
    assertEquals(seen, [1, 2]);
  } finally {
    ReadableStream.prototype.getReader = getReader;
    WritableStream.prototype.getWriter = getWriter;
  }
});

test("a pipe does not wait for what another writer wrote before", async () => {
  const destination = new WritableStream({ write: () => new Promise(() => {}) });
  const writer = destination.getWriter();
  writer.write("never done").catch(() => {});
  await settle();
  writer.releaseLock();
  const source = new ReadableStream({ start: (c) => c.close() });
  assertEquals(await source.pipeTo(destination, { preventClose: true }), undefined);
  assertEquals(destination.locked, false);
});
