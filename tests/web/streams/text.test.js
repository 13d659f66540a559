import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { bytes, chunksOf, joined, streamOf } from "./helpers.js";

const encoded = async (...chunks) => joined(await chunksOf(streamOf(...chunks).pipeThrough(new TextEncoderStream())));
const decoded = async (chunks, ...args) =>
  (await chunksOf(streamOf(...chunks).pipeThrough(new TextDecoderStream(...args)))).join("");

test("TextEncoderStream encodes strings", async () => {
  assertEquals(await encoded("a", "é", "€", "😀"), new TextEncoder().encode("aé€😀"));
  const [chunk] = await chunksOf(streamOf("x").pipeThrough(new TextEncoderStream()));
  assertEquals(chunk.constructor, Uint8Array);
});

test("TextEncoderStream converts what is no string", async () => {
  assertEquals(await encoded(1, null, true), new TextEncoder().encode("1nulltrue"));
});

test("TextEncoderStream: empty strings give no chunk", async () => {
  assertEquals(await chunksOf(streamOf("", "", "").pipeThrough(new TextEncoderStream())), []);
});

test("TextEncoderStream joins a pair that two chunks share", async () => {
  assertEquals(await encoded("a\ud83d", "\ude00b"), new TextEncoder().encode("a😀b"));
  assertEquals(await encoded("\ud83d", "", "\ude00"), new TextEncoder().encode("😀"));
});

test("TextEncoderStream: lone surrogates become U+FFFD", async () => {
  const replacement = bytes(0xef, 0xbf, 0xbd);
  assertEquals(await encoded("\ud83d"), replacement);
  assertEquals(await encoded("\ude00"), replacement);
  assertEquals(await encoded("\ud83d", "x"), joined([replacement, bytes(0x78)]));
  assertEquals(await encoded("\ud83d", "\ud83d", "\ude00"), joined([replacement, new TextEncoder().encode("😀")]));
});

test("TextEncoderStream's attributes", () => {
  const stream = new TextEncoderStream();
  assertEquals(stream.encoding, "utf-8");
  assert(stream.readable instanceof ReadableStream);
  assert(stream.writable instanceof WritableStream);
});

test("TextDecoderStream decodes across chunks", async () => {
  const data = new TextEncoder().encode("aé€😀z");
  assertEquals(await decoded([data]), "aé€😀z");
  assertEquals(await decoded([...data].map((octet) => bytes(octet))), "aé€😀z");
});

test("TextDecoderStream takes ArrayBuffers and views", async () => {
  assertEquals(await decoded([bytes(0x61).buffer, new DataView(bytes(0x62, 0x63).buffer)]), "abc");
});

test("TextDecoderStream: incomplete input at the end", async () => {
  assertEquals(await decoded([bytes(0x61, 0xe2, 0x82)]), "a\ufffd");
  await assertRejects(decoded([bytes(0xe2, 0x82)], "utf-8", { fatal: true }), TypeError);
});

test("TextDecoderStream: fatal", async () => {
  await assertRejects(decoded([bytes(0xff)], "utf-8", { fatal: true }), TypeError);
  assertEquals(await decoded([bytes(0xff)]), "\ufffd");
});

test("TextDecoderStream: byte order marks", async () => {
  assertEquals(await decoded([bytes(0xef, 0xbb), bytes(0xbf, 0x61)]), "a");
  assertEquals(await decoded([bytes(0xef, 0xbb, 0xbf, 0x61)], "utf-8", { ignoreBOM: true }), "\ufeffa");
});

test("TextDecoderStream: other encodings", async () => {
  assertEquals(await decoded([bytes(0x61, 0x00, 0x3d), bytes(0xd8, 0x00, 0xde)], "utf-16le"), "a😀");
  assertEquals(await decoded([bytes(0xe4, 0xf6)], "windows-1252"), "äö");
});

test("TextDecoderStream's attributes", () => {
  const stream = new TextDecoderStream("UTF-16", { fatal: true, ignoreBOM: true });
  assertEquals([stream.encoding, stream.fatal, stream.ignoreBOM], ["utf-16le", true, true]);
  const plain = new TextDecoderStream();
  assertEquals([plain.encoding, plain.fatal, plain.ignoreBOM], ["utf-8", false, false]);
  assertThrows(() => new TextDecoderStream("no such encoding"), RangeError);
});

test("TextDecoderStream refuses chunks that are no bytes", async () => {
  await assertRejects(decoded(["text"]), TypeError);
  await assertRejects(decoded([1]), TypeError);
});

test("encoder and decoder in a row", async () => {
  const stream = streamOf("grüße ", "\ud83d", "\ude00")
    .pipeThrough(new TextEncoderStream())
    .pipeThrough(new TextDecoderStream());
  assertEquals((await chunksOf(stream)).join(""), "grüße 😀");
});
