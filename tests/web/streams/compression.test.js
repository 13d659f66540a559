import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { bytes, byteStreamOf, chunksOf, joined, text } from "./helpers.js";

const FORMATS = ["gzip", "deflate", "deflate-raw"];

/** Pipes chunks through; unlike pipeThrough, any chunk may be written. */
async function through(stream, ...chunks) {
  const writer = stream.writable.getWriter();
  writer.closed.catch(() => {});
  for (const chunk of chunks) writer.write(chunk).catch(() => {});
  writer.close().catch(() => {});
  return joined(await chunksOf(stream.readable));
}

const compress = (format, ...chunks) => through(new CompressionStream(format), ...chunks);
const decompress = (format, ...chunks) => through(new DecompressionStream(format), ...chunks);

for (const format of FORMATS) {
  test(`${format}: what is compressed comes back`, async () => {
    const data = text("Adit ".repeat(5000));
    const packed = await compress(format, data);
    assert(packed.byteLength < 500, `${packed.byteLength}`);
    assertEquals(await decompress(format, packed), data);
  });

  test(`${format}: many small chunks, byte by byte back`, async () => {
    const chunks = Array.from({ length: 50 }, (_, i) => text(`chunk ${i};`));
    const packed = await compress(format, ...chunks);
    assertEquals(await decompress(format, ...[...packed].map((octet) => bytes(octet))), joined(chunks));
  });

  test(`${format}: nothing`, async () => {
    const packed = await compress(format);
    assert(packed.byteLength > 0);
    assertEquals(await decompress(format, packed), bytes());
  });

  test(`${format}: data that does not compress`, async () => {
    const data = crypto.getRandomValues(new Uint8Array(60000));
    assertEquals(await decompress(format, await compress(format, data)), data);
  });

  test(`${format}: incomplete data is a TypeError`, async () => {
    const packed = await compress(format, text("hello hello"));
    await assertRejects(decompress(format, packed.subarray(0, packed.length - 2)), TypeError, "incomplete");
  });

  test(`${format}: trailing data is a TypeError`, async () => {
    const packed = await compress(format, text("hello"));
    await assertRejects(decompress(format, joined([packed, bytes(1, 2, 3)])), TypeError, "Trailing");
  });
}

test("gzip starts with its magic number, deflate is zlib's format", async () => {
  assertEquals((await compress("gzip", bytes(1))).subarray(0, 3), bytes(0x1f, 0x8b, 8));
  assertEquals((await compress("deflate", bytes(1)))[0], 0x78);
});

test("a known gzip file", async () => {
  const file = Uint8Array.from(atob("H4sIAAAAAAAAA8tIzcnJVyjPL8pJAQCFEUoNCwAAAA=="), (c) => c.charCodeAt(0));
  assertEquals(new TextDecoder().decode(await decompress("gzip", file)), "hello world");
});

test("garbage is a TypeError", async () => {
  await assertRejects(decompress("gzip", bytes(1, 2, 3, 4)), TypeError);
  await assertRejects(decompress("deflate", bytes(0, 0, 0, 0)), TypeError);
  await assertRejects(decompress("deflate-raw", bytes(0xff, 0xff, 0xff)), TypeError);
});

test("unknown formats are TypeErrors", () => {
  assertThrows(() => new CompressionStream("zip"), TypeError, "deflate");
  assertThrows(() => new DecompressionStream("GZIP"), TypeError);
  assertThrows(() => new CompressionStream(), TypeError);
});

test("chunks must be bytes", async () => {
  await assertRejects(new CompressionStream("gzip").writable.getWriter().write("text"), TypeError, "string");
  await assertRejects(new DecompressionStream("gzip").writable.getWriter().write({}), TypeError, "byte stream");
});

test("writes and close do not wait for a reader", async () => {
  const stream = new CompressionStream("gzip");
  const writer = stream.writable.getWriter();
  await writer.write(text("first "));
  await writer.write(text("second"));
  await writer.close();
  const packed = joined(await chunksOf(stream.readable));
  assertEquals(new TextDecoder().decode(await decompress("gzip", packed)), "first second");
});

test("ArrayBuffers and views are compressed as their bytes", async () => {
  const packed = await compress("gzip", bytes(1, 2).buffer, new Uint16Array([0x0403]));
  assertEquals(await decompress("gzip", packed), bytes(1, 2, 3, 4));
});

test("a large result comes in full", async () => {
  const data = new Uint8Array(3_000_000).fill(7);
  const packed = await compress("gzip", data);
  assertEquals((await decompress("gzip", packed)).byteLength, 3_000_000);
});

test("pipeThrough both", async () => {
  const stream = byteStreamOf([1, 2], [3], [4, 5])
    .pipeThrough(new CompressionStream("deflate"))
    .pipeThrough(new DecompressionStream("deflate"));
  assertEquals(joined(await chunksOf(stream)), bytes(1, 2, 3, 4, 5));
});

test("the streams' shape", () => {
  const stream = new CompressionStream("gzip");
  assert(stream instanceof TransformStream);
  assert(stream.readable instanceof ReadableStream);
  assert(stream.writable instanceof WritableStream);
  assertEquals(String(stream), "[object CompressionStream]");
  assertEquals(String(new DecompressionStream("gzip")), "[object DecompressionStream]");
});
