import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { bytes, byteStreamOf, chunksOf, joined, settle, stateOf } from "./helpers.js";

test("an IdentityTransformStream is a TransformStream over bytes", async () => {
  const stream = new IdentityTransformStream();
  assert(stream instanceof TransformStream);
  assert(stream.readable instanceof ReadableStream);
  assert(stream.writable instanceof WritableStream);
  assert(stream.readable.getReader({ mode: "byob" }) instanceof ReadableStreamBYOBReader);
});

test("chunks keep their boundaries with a default reader", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.write(bytes(1, 2));
  writer.write(bytes(3));
  writer.close();
  assertEquals(
    (await chunksOf(readable)).map((chunk) => [...chunk]),
    [[1, 2], [3]],
  );
});

test("nothing is buffered: a write is done when its chunk is read", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const write = writer.write(bytes(1));
  assertEquals(await stateOf(write), "pending");
  assertEquals((await readable.getReader().read()).value, bytes(1));
  assertEquals(await stateOf(write), "fulfilled");
});

test("the writer keeps its buffer, the reader gets another", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const chunk = bytes(1, 2, 3);
  const read = readable.getReader().read();
  await writable.getWriter().write(chunk);
  assertEquals(chunk, bytes(1, 2, 3));
  const { value } = await read;
  assert(value.buffer !== chunk.buffer);
  chunk[0] = 9;
  assertEquals(value[0], 1);
});

test("ArrayBuffers and any views are written as their bytes", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.write(bytes(1, 2).buffer);
  writer.write(new Uint16Array([0x0403]));
  writer.write(new DataView(bytes(0, 5, 6).buffer, 1));
  writer.close();
  const chunks = await chunksOf(readable);
  assertEquals(
    chunks.every((chunk) => chunk instanceof Uint8Array),
    true,
  );
  assertEquals(joined(chunks), bytes(1, 2, 3, 4, 5, 6));
});

test("strings and objects are refused", async () => {
  const first = new IdentityTransformStream();
  first.readable
    .getReader()
    .read()
    .catch(() => {});
  await assertRejects(first.writable.getWriter().write("text"), TypeError, "received a string");
  const second = new IdentityTransformStream();
  second.readable
    .getReader()
    .read()
    .catch(() => {});
  await assertRejects(second.writable.getWriter().write({}), TypeError, "byte stream");
});

test("desiredSize with and without a high-water mark", () => {
  assertEquals(new IdentityTransformStream().writable.getWriter().desiredSize, 1);
  const writer = new IdentityTransformStream({ highWaterMark: 10 }).writable.getWriter();
  assertEquals(writer.desiredSize, 10);
  writer.write(bytes(1, 2, 3, 4)).catch(() => {});
  assertEquals(writer.desiredSize, 6);
  writer.write(new Uint8Array(8)).catch(() => {});
  assertEquals(writer.desiredSize, -2);
});

test("byob reads of small parts", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.write(bytes(1, 2, 3, 4, 5));
  writer.close();
  const reader = readable.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(1, 2));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(3, 4));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(5));
  const last = await reader.read(new Uint8Array(2));
  assertEquals(last.done, true);
  assertEquals(last.value.byteLength, 0);
});

test("readAtLeast joins writes", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  writer.write(bytes(1, 2, 3));
  writer.write(bytes(4, 5, 6));
  writer.close();
  const reader = readable.getReader({ mode: "byob" });
  const { value, done } = await reader.readAtLeast(5, new Uint8Array(8));
  assertEquals(done, false);
  assertEquals(value, bytes(1, 2, 3, 4, 5, 6));
  assertEquals((await reader.readAtLeast(1, new Uint8Array(8))).done, true);
});

test("an empty write gives no chunk", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const read = readable.getReader().read();
  await writer.write(bytes());
  assertEquals(await stateOf(read), "pending");
  writer.write(bytes(7));
  assertEquals((await read).value, bytes(7));
});

test("abort and cancel reach the other side", async () => {
  const aborted = new IdentityTransformStream();
  const reader = aborted.readable.getReader();
  const read = reader.read();
  read.catch(() => {});
  await aborted.writable.abort(new RangeError("aborted"));
  await assertRejects(read, RangeError, "aborted");
  const cancelled = new IdentityTransformStream();
  const writer = cancelled.writable.getWriter();
  const write = writer.write(bytes(1));
  write.catch(() => {});
  writer.closed.catch(() => {});
  await settle();
  cancelled.readable.cancel(new RangeError("cancelled"));
  await assertRejects(write, RangeError, "cancelled");
  await assertRejects(writer.write(bytes(2)));
});

test("close of an unread stream", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  assertEquals(await stateOf(writer.close()), "fulfilled");
  const reader = readable.getReader();
  assertEquals((await reader.read()).done, true);
  assertEquals(await stateOf(reader.closed), "fulfilled");
});

test("pipeThrough an IdentityTransformStream", async () => {
  const chunks = await chunksOf(byteStreamOf([1, 2], [3, 4]).pipeThrough(new IdentityTransformStream()));
  assertEquals(joined(chunks), bytes(1, 2, 3, 4));
});

test("tee of the readable side", async () => {
  const { readable, writable } = new IdentityTransformStream();
  const [a, b] = readable.tee();
  const writer = writable.getWriter();
  writer.write(bytes(1, 2, 3));
  writer.close();
  const [x, y] = await Promise.all([chunksOf(a), chunksOf(b)]);
  assertEquals(joined(x), bytes(1, 2, 3));
  assertEquals(joined(y), bytes(1, 2, 3));
});

test("a FixedLengthStream passes exactly its length", async () => {
  const stream = new FixedLengthStream(4);
  assert(stream instanceof IdentityTransformStream);
  const writer = stream.writable.getWriter();
  writer.write(bytes(1, 2, 3));
  writer.write(bytes(4));
  const closing = writer.close();
  assertEquals(joined(await chunksOf(stream.readable)), bytes(1, 2, 3, 4));
  assertEquals(await closing, undefined);
});

test("a FixedLengthStream refuses more bytes than it said", async () => {
  const stream = new FixedLengthStream(2);
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  const read = stream.readable.getReader().read();
  read.catch(() => {});
  writer.write(bytes(1, 2, 3)).catch(() => {});
  await assertRejects(read, TypeError, "too many bytes");
});

test("a FixedLengthStream refuses to end early", async () => {
  const stream = new FixedLengthStream(5);
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  const reader = stream.readable.getReader();
  const first = reader.read();
  writer.write(bytes(1)).catch(() => {});
  assertEquals((await first).value, bytes(1));
  const second = reader.read();
  second.catch(() => {});
  writer.close().catch(() => {});
  await assertRejects(second, TypeError, "did not see all expected bytes");
});

test("a FixedLengthStream of length 0", async () => {
  const stream = new FixedLengthStream(0);
  stream.writable.getWriter().close();
  assertEquals(await chunksOf(stream.readable), []);
});

test("a FixedLengthStream's length may be a bigint, but not negative or missing", () => {
  assert(new FixedLengthStream(5n) instanceof FixedLengthStream);
  assertThrows(() => new FixedLengthStream(-1), TypeError);
  assertThrows(() => new FixedLengthStream(), TypeError);
  assertThrows(() => new FixedLengthStream("many"), TypeError);
});

test("a FixedLengthStream's high-water mark", () => {
  assertEquals(new FixedLengthStream(10, { highWaterMark: 6 }).writable.getWriter().desiredSize, 6);
});
