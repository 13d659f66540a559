// The native ends of the streams (builtins/web/streams/native.ts) over op tables made of plain JavaScript, on plain V8: what is read
// when, what is handed over, what never enters JavaScript. The ops themselves are tested in src/web/source_ops_test.cc.
import assert from "node:assert/strict";
import path from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const root = path.join(path.dirname(fileURLToPath(import.meta.url)), "..", "..", "..");

// Older V8s than Adit's lack these two.
if (!ArrayBuffer.prototype.transfer) {
  Object.defineProperty(ArrayBuffer.prototype, "transfer", {
    value() {
      return structuredClone(this, { transfer: [this] });
    },
  });
}
if (!("detached" in ArrayBuffer.prototype)) {
  Object.defineProperty(ArrayBuffer.prototype, "detached", {
    get() {
      try {
        return new Uint8Array(this) === undefined;
      } catch {
        return true;
      }
    },
  });
}

const bytes = (text) => new TextEncoder().encode(text);
const text = (value) => new TextDecoder().decode(value);
const settle = async () => {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 1));
};

/** A native source: `chunks` are given one per read, then the end. A chunk that is an Error fails. */
class FakeSource {
  reads = 0;
  cancelled = undefined;
  constructor(chunks, { later = false, length = undefined } = {}) {
    Object.assign(this, { chunks: [...chunks], later, length });
  }
  answer() {
    this.reads++;
    const chunk = this.chunks.shift() ?? "";
    if (chunk instanceof Error) throw chunk;
    return bytes(chunk);
  }
}

class FakePipe {
  written = [];
  constructor(length) {
    this.length = length;
  }
}

const timers = new Map();
globalThis.__adit_ops = {
  source_read: (source) => (source.later ? Promise.resolve().then(() => source.answer()) : source.answer()),
  source_read_all(source) {
    source.drained = true;
    return bytes(source.chunks.splice(0).join(""));
  },
  source_cancel: (source, reason) => void (source.cancelled = reason),
  source_length: (source) => source.length,
  source_from_bytes: (value) => new FakeSource([text(value)], { length: value.byteLength }),
  source_tee: (source) => [new FakeSource(source.chunks), new FakeSource(source.chunks)],
  source_link(source, length) {
    const linked = { linkOf: source, length };
    return [linked, new Promise((resolve, reject) => Object.assign(linked, { resolve, reject }))];
  },
  pipe_create: (length) => new FakePipe(length),
  pipe_write(pipe, value) {
    if (pipe.broken) throw new TypeError(pipe.broken);
    pipe.written.push(text(value));
    return pipe.full ? new Promise((resolve, reject) => Object.assign(pipe, { resolve, reject })) : undefined;
  },
  pipe_close: (pipe) => void (pipe.closed = true),
  pipe_abort: (pipe, reason) => void (pipe.aborted = reason),
  utf8_encode: bytes,
  timer_start: (id, delay) => new Promise((resolve) => timers.set(id, setTimeout(resolve, delay))),
  timer_stop: (id) => clearTimeout(timers.get(id)),
  performance_now: () => performance.now(),
};

const bundled = await build({
  entryPoints: [path.join(root, "builtins/web/streams/index.ts")],
  bundle: true,
  write: false,
  format: "esm",
  target: "es2023",
  loader: { ".json": "json" },
});
const streams = await import(
  `data:text/javascript;base64,${Buffer.from(bundled.outputFiles[0].text).toString("base64")}`
);
const {
  streamFromSource,
  streamFromBytes,
  takeSource,
  sourceOf,
  pumpToPipe,
  readAllBytes,
  isDisturbed,
  ReadableStream,
} = streams;

for (const later of [false, true]) {
  const kind = later ? "answers come later" : "answers come at once";

  test(`a native stream reads nothing before its first read (${kind})`, async () => {
    const source = new FakeSource(["one", "two"], { later });
    const stream = streamFromSource(source);
    const reader = stream.getReader();
    await settle();
    assert.equal(source.reads, 0);
    assert.equal(text((await reader.read()).value), "one");
    await settle();
    assert.equal(source.reads, 1);
    assert.equal(text((await reader.read()).value), "two");
    assert.deepEqual(await reader.read(), { value: undefined, done: true });
    assert.equal(source.reads, 3);
    await reader.closed;
  });

  test(`byob reads of a native stream (${kind})`, async () => {
    const reader = streamFromSource(new FakeSource(["abcde", "f"], { later })).getReader({ mode: "byob" });
    assert.equal(text((await reader.read(new Uint8Array(3))).value), "abc");
    assert.equal(text((await reader.read(new Uint8Array(3))).value), "de");
    assert.equal(text((await reader.readAtLeast(1, new Uint8Array(9))).value), "f");
    const last = await reader.read(new Uint8Array(4));
    assert.equal(last.done, true);
    assert.equal(last.value.byteLength, 0);
  });

  test(`several reads at once are answered in order (${kind})`, async () => {
    const reader = streamFromSource(new FakeSource(["a", "b"], { later })).getReader();
    const results = await Promise.all([reader.read(), reader.read(), reader.read()]);
    assert.deepEqual(
      results.map(({ value, done }) => (done ? "end" : text(value))),
      ["a", "b", "end"],
    );
  });

  test(`a native failure is a TypeError with its message (${kind})`, async () => {
    const reader = streamFromSource(new FakeSource(["a", new Error("connection reset")], { later })).getReader();
    await reader.read();
    await assert.rejects(reader.read(), (error) => error instanceof TypeError && error.message === "connection reset");
    await assert.rejects(reader.closed, TypeError);
  });

  test(`a native stream through a pipe (${kind})`, async () => {
    const seen = [];
    await streamFromSource(new FakeSource(["x", "y"], { later })).pipeTo(
      new streams.WritableStream({ write: (chunk) => void seen.push(text(chunk)) }),
    );
    assert.deepEqual(seen, ["x", "y"]);
  });
}

test("cancel reaches the source as text", async () => {
  const source = new FakeSource(["a"]);
  await streamFromSource(source).cancel(new Error("client went away"));
  assert.equal(source.cancelled, "client went away");
  const other = new FakeSource(["a"]);
  for await (const chunk of streamFromSource(other)) {
    assert.equal(text(chunk), "a");
    break;
  }
  assert.equal(other.cancelled, "the stream was cancelled");
});

test("takeSource hands an untouched source over and leaves the stream locked and disturbed", () => {
  const source = new FakeSource(["a"]);
  const stream = streamFromSource(source);
  assert.equal(isDisturbed(stream), false);
  assert.equal(takeSource(stream), source);
  assert.equal(stream.locked, true);
  assert.equal(isDisturbed(stream), true);
  assert.equal(takeSource(stream), undefined);
  assert.equal(source.reads, 0);
});

test("takeSource refuses streams that were read, locked or made by scripts", async () => {
  const read = streamFromSource(new FakeSource(["a", "b"]));
  const reader = read.getReader();
  assert.equal(takeSource(read), undefined);
  await reader.read();
  reader.releaseLock();
  assert.equal(takeSource(read), undefined);
  assert.equal(takeSource(new ReadableStream()), undefined);
});

test("a stream of bytes is one chunk, and a source when asked for", async () => {
  const reader = streamFromBytes(bytes("hello")).getReader();
  assert.equal(text((await reader.read()).value), "hello");
  assert.equal((await reader.read()).done, true);
  assert.equal((await streamFromBytes(bytes("")).getReader().read()).done, true);
  const source = takeSource(streamFromBytes(bytes("hello")));
  assert.deepEqual(source.chunks, ["hello"]);
  assert.equal(streams.streamLength(streamFromBytes(bytes("hello"))), 5);
});

test("readAllBytes drains a native source natively and others in JavaScript", async () => {
  const source = new FakeSource(["ab", "cd"]);
  assert.equal(text(await readAllBytes(streamFromSource(source))), "abcd");
  assert.equal(source.drained, true);
  assert.equal(source.reads, 0);
  assert.equal(text(await readAllBytes(streamFromBytes(bytes("xyz")))), "xyz");
  const script = new ReadableStream({
    start(controller) {
      controller.enqueue(bytes("12"));
      controller.enqueue(bytes("34").buffer);
      controller.close();
    },
  });
  assert.equal(text(await readAllBytes(script)), "1234");
  assert.equal(script.locked, true);
});

test("readAllBytes of a source that fails rejects with a TypeError", async () => {
  const source = new FakeSource([]);
  const { source_read_all } = globalThis.__adit_ops;
  globalThis.__adit_ops.source_read_all = () => {
    throw new Error("disk gone");
  };
  await assert.rejects(
    readAllBytes(streamFromSource(source)),
    (error) => error instanceof TypeError && error.message === "disk gone",
  );
  globalThis.__adit_ops.source_read_all = () => Promise.reject(new Error("late"));
  await assert.rejects(
    readAllBytes(streamFromSource(source)),
    (error) => error instanceof TypeError && error.message === "late",
  );
  globalThis.__adit_ops.source_read_all = source_read_all;
});

test("readAllBytes rejects for locked streams, errors and chunks that are no bytes", async () => {
  const locked = new ReadableStream();
  locked.getReader();
  await assert.rejects(readAllBytes(locked), TypeError);
  await assert.rejects(readAllBytes(new ReadableStream({ start: (c) => c.error(new RangeError("x")) })), RangeError);
  let reason;
  const text = new ReadableStream({ start: (c) => c.enqueue("text"), cancel: (r) => void (reason = r) });
  await assert.rejects(readAllBytes(text), TypeError);
  assert.ok(reason instanceof TypeError);
});

test("a result of readAllBytes shares nothing with the script's chunk", async () => {
  const chunk = bytes("abc");
  const result = await readAllBytes(new ReadableStream({ start: (c) => (c.enqueue(chunk), c.close()) }));
  chunk[0] = 0;
  assert.equal(text(result), "abc");
});

test("pumpToPipe writes everything and closes", async () => {
  const pipe = new FakePipe();
  let n = 0;
  const stream = new ReadableStream({ pull: (c) => (n < 3 ? c.enqueue(bytes(`${n++}`)) : c.close()) });
  await pumpToPipe(stream, pipe);
  assert.deepEqual(pipe.written, ["0", "1", "2"]);
  assert.equal(pipe.closed, true);
});

test("pumpToPipe waits while the pipe is full", async () => {
  const pipe = new FakePipe();
  pipe.full = true;
  let pulls = 0;
  const stream = new ReadableStream({ pull: (c) => c.enqueue(bytes(`${pulls++}`)) }, { highWaterMark: 0 });
  void pumpToPipe(stream, pipe);
  await settle();
  assert.deepEqual(pipe.written, ["0"]);
  pipe.resolve();
  await settle();
  assert.deepEqual(pipe.written, ["0", "1"]);
  assert.equal(pulls, 2);
});

test("pumpToPipe: an error of the stream aborts the pipe", async () => {
  const pipe = new FakePipe();
  await pumpToPipe(new ReadableStream({ start: (c) => c.error(new Error("broken")) }), pipe);
  assert.equal(pipe.aborted, "broken");
});

test("pumpToPipe: a reader that has gone cancels the stream", async () => {
  for (const full of [true, false]) {
    const pipe = new FakePipe();
    let reason;
    const stream = new ReadableStream({ pull: (c) => c.enqueue(bytes("x")), cancel: (r) => void (reason = r) });
    if (full) pipe.full = true;
    else pipe.broken = "gone";
    const done = pumpToPipe(stream, pipe);
    await settle();
    if (full) pipe.reject(new TypeError("gone"));
    await done;
    assert.equal(reason.message, "gone");
  }
});

test("pumpToPipe: a chunk that is no bytes aborts the pipe and cancels the stream", async () => {
  const pipe = new FakePipe();
  let reason;
  await pumpToPipe(new ReadableStream({ start: (c) => c.enqueue({}), cancel: (r) => void (reason = r) }), pipe);
  assert.match(pipe.aborted, /did not return bytes/);
  assert.ok(reason instanceof TypeError);
});

test("sourceOf: a native stream's own source, else a pipe; a FixedLengthStream's length is known", async () => {
  const source = new FakeSource(["a"]);
  assert.equal(sourceOf(streamFromSource(source)), source);
  const pipe = sourceOf(new ReadableStream({ start: (c) => (c.enqueue(bytes("q")), c.close()) }), 1);
  assert.ok(pipe instanceof FakePipe);
  assert.equal(pipe.length, 1);
  await settle();
  assert.deepEqual(pipe.written, ["q"]);
  const fixed = new streams.FixedLengthStream(7);
  assert.equal(streams.streamLength(fixed.readable), 7);
  assert.equal(sourceOf(fixed.readable).length, 7);
});

test("tee of an untouched native stream is native", async () => {
  const source = new FakeSource(["a", "b"]);
  const [first, second] = streamFromSource(source).tee();
  assert.equal(source.reads, 0);
  assert.ok(takeSource(first) instanceof FakeSource);
  assert.equal(text(await readAllBytes(second)), "ab");
  const [third, fourth] = streamFromBytes(bytes("xy")).tee();
  assert.equal(text(await readAllBytes(third)), "xy");
  assert.equal(text(await readAllBytes(fourth)), "xy");
});

test("a native stream piped into an identity transform whose readable leaves as a body is linked natively", async () => {
  const source = new FakeSource(["a"]);
  const stream = streamFromSource(source);
  const { readable, writable } = new streams.IdentityTransformStream();
  const piping = stream.pipeTo(writable);
  assert.equal(stream.locked, true);
  assert.equal(writable.locked, true);
  const linked = sourceOf(readable);
  assert.equal(linked.linkOf, source);
  assert.equal(readable.locked, true);
  linked.resolve();
  assert.equal(await piping, undefined);
  assert.equal(writable.locked, false);
  assert.equal(source.reads, 0);
});

test("a linked FixedLengthStream hands its length on, and a failure rejects the pipe", async () => {
  const { readable, writable } = new streams.FixedLengthStream(3);
  const piping = streamFromSource(new FakeSource(["abc"])).pipeTo(writable);
  const linked = sourceOf(readable);
  assert.equal(linked.length, 3);
  linked.reject(new Error("the client went away"));
  await assert.rejects(piping, (error) => error instanceof TypeError && error.message === "the client went away");
});

test("a parked pipe starts when its readable side is read", async () => {
  const { readable, writable } = new streams.IdentityTransformStream();
  const piping = streamFromSource(new FakeSource(["a", "b"])).pipeTo(writable);
  const seen = [];
  for await (const chunk of readable) seen.push(text(chunk));
  await piping;
  assert.deepEqual(seen, ["a", "b"]);
});

test("a parked pipe starts when the turn ends", async () => {
  const source = new FakeSource([]);
  const { writable } = new streams.IdentityTransformStream();
  await streamFromSource(source).pipeTo(writable);
  assert.equal(source.reads, 1);
});

test("cancelling the readable side of a parked pipe cancels the source", async () => {
  const source = new FakeSource(["a"]);
  const { readable, writable } = new streams.IdentityTransformStream();
  const piping = streamFromSource(source).pipeTo(writable);
  await readable.cancel(new Error("no thanks"));
  await assert.rejects(piping, /no thanks/);
  assert.equal(source.cancelled, "no thanks");
});

test("errorStream errors the stream and cancels its source", async () => {
  const source = new FakeSource(["a"]);
  const stream = streamFromSource(source);
  streams.errorStream(stream, new RangeError("aborted"));
  assert.equal(source.cancelled, "aborted");
  await assert.rejects(stream.getReader().read(), RangeError);
});

test("createReadableStream makes default and byte streams from functions", async () => {
  let n = 0;
  let reason;
  const make = (options) =>
    streams.createReadableStream(
      (controller) => (n++ % 2 === 0 ? controller.enqueue(bytes("z")) : controller.close()),
      (r) => void (reason = r),
      options,
    );
  assert.equal(text(await readAllBytes(make())), "z");
  const reader = make({ type: "bytes" }).getReader({ mode: "byob" });
  assert.equal(text((await reader.read(new Uint8Array(4))).value), "z");
  await reader.cancel("over");
  assert.equal(reason, "over");
});
