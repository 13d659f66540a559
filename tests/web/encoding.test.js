// WHATWG Encoding: TextEncoder and TextDecoder.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

const bytes = (...octets) => new Uint8Array(octets);
const text = "aé☃😀";
const octets = [0x61, 0xc3, 0xa9, 0xe2, 0x98, 0x83, 0xf0, 0x9f, 0x98, 0x80];

test("encode", () => {
  const encoder = new TextEncoder();
  assertEquals(encoder.encoding, "utf-8");
  assertEquals([...encoder.encode(text)], octets);
  assertEquals(encoder.encode().length, 0);
  assertEquals(encoder.encode(undefined).length, 0);
  assertEquals([...encoder.encode(null)], [110, 117, 108, 108]);
  assertEquals([...encoder.encode(12)], [49, 50]);
  assertEquals([...encoder.encode("é")], [0xc3, 0xa9]);
  assert(encoder.encode("x") instanceof Uint8Array);
  assertEquals(encoder.encode("x".repeat(100_000)).length, 100_000);
  assertEquals(encoder.encode("é".repeat(100_000)).length, 200_000);
});

test("encode replaces lone surrogates", () => {
  const encoder = new TextEncoder();
  assertEquals([...encoder.encode("a\ud800b")], [97, 0xef, 0xbf, 0xbd, 98]);
  assertEquals([...encoder.encode("\udc00")], [0xef, 0xbf, 0xbd]);
  assertEquals([...encoder.encode("\udc00\ud800")], [0xef, 0xbf, 0xbd, 0xef, 0xbf, 0xbd]);
});

test("encodeInto writes whole characters only", () => {
  const encoder = new TextEncoder();
  const expected = {
    0: [0, 0],
    1: [1, 1],
    2: [1, 1],
    3: [2, 3],
    5: [2, 3],
    6: [3, 6],
    9: [3, 6],
    10: [5, 10],
    20: [5, 10],
  };
  for (const [size, [read, written]] of Object.entries(expected)) {
    const target = new Uint8Array(Number(size));
    const result = encoder.encodeInto(text, target);
    assertEquals([result.read, result.written], [read, written], size);
    assertEquals([...target.subarray(0, written)], octets.slice(0, written));
  }
  const inner = new Uint8Array(new ArrayBuffer(8), 2, 3);
  assertEquals(encoder.encodeInto("abcdef", inner).written, 3);
  assertEquals([...new Uint8Array(inner.buffer)], [0, 0, 97, 98, 99, 0, 0, 0]);
  assertThrows(() => encoder.encodeInto("x"), TypeError);
  assertThrows(() => encoder.encodeInto("x", new ArrayBuffer(4)), TypeError);
  assertThrows(() => encoder.encodeInto("x", new Uint16Array(4)), TypeError);
});

test("decode", () => {
  const decoder = new TextDecoder();
  assertEquals([decoder.encoding, decoder.fatal, decoder.ignoreBOM], ["utf-8", false, false]);
  assertEquals(decoder.decode(bytes(...octets)), text);
  assertEquals(decoder.decode(bytes(0x61, 0xc3, 0xa9)), "aé");
  assertEquals(decoder.decode(), "");
  assertEquals(decoder.decode(undefined), "");
  assertEquals(decoder.decode(bytes(97).buffer), "a");
  assertEquals(decoder.decode(new DataView(bytes(97, 98).buffer, 1)), "b");
  assertEquals(decoder.decode(new Uint16Array([0x6261])), "ab");
  assertEquals(decoder.decode(new Uint8Array(100_000).fill(97)).length, 100_000);
  for (const bad of ["x", null, 1, {}, [97]]) assertThrows(() => decoder.decode(bad), TypeError);
});

test("bad UTF-8 becomes U+FFFD by maximal subparts", () => {
  const cases = [
    [[0xff], "\ufffd"],
    [[0xc0, 0x80], "\ufffd\ufffd"],
    [[0xc2, 0x41], "\ufffdA"],
    [[0xe2, 0x82, 0x41], "\ufffdA"],
    [[0xf0, 0x9f, 0x98], "\ufffd"],
    [[0xed, 0xa0, 0x80], "\ufffd\ufffd\ufffd"],
    [[0xf4, 0x90, 0x80, 0x80], "\ufffd\ufffd\ufffd\ufffd"],
    [[0xf5, 0x80], "\ufffd\ufffd"],
    [[0x80], "\ufffd"],
    [[0xe0, 0x80, 0x41], "\ufffd\ufffdA"],
    [[0xf0, 0x9f, 0x41], "\ufffdA"],
  ];
  for (const [input, expected] of cases) {
    assertEquals(new TextDecoder().decode(bytes(...input)), expected, String(input));
    assertThrows(() => new TextDecoder("utf-8", { fatal: true }).decode(bytes(...input)), TypeError);
  }
});

test("the byte order mark", () => {
  const marked = bytes(0xef, 0xbb, 0xbf, 0x41);
  assertEquals(new TextDecoder().decode(marked), "A");
  assertEquals(new TextDecoder("utf-8", { ignoreBOM: true }).decode(marked), "\ufeffA");
  assertEquals(new TextDecoder().decode(bytes(0xef, 0xbb, 0xbf, 0xef, 0xbb, 0xbf)), "\ufeff");
  assertEquals(new TextDecoder("utf-16le").decode(bytes(0xff, 0xfe, 0x41, 0)), "A");
});

test("streaming", () => {
  const decoder = new TextDecoder();
  const stream = { stream: true };
  assertEquals(
    [
      decoder.decode(bytes(0xe2, 0x98), stream),
      decoder.decode(bytes(0x83), stream),
      decoder.decode(bytes(0xe2), stream),
      decoder.decode(),
    ],
    ["", "☃", "", "\ufffd"],
  );
  assertEquals(
    [decoder.decode(bytes(0xef), stream), decoder.decode(bytes(0xbb, 0xbf, 0x41), stream), decoder.decode(bytes(0x42))],
    ["", "A", "B"],
  );
  assertEquals(decoder.decode(bytes(0xf0, 0x9f), stream), "");
  assertEquals(decoder.decode(bytes(0x41), stream), "\ufffdA");
  assertEquals(decoder.decode(), "");
  const fatal = new TextDecoder("utf-8", { fatal: true });
  assertEquals(fatal.decode(bytes(0xe2), stream), "");
  assertThrows(() => fatal.decode(), TypeError);
  assertEquals(fatal.decode(bytes(0x41)), "A");
});

test("every split of a text decodes to the text", () => {
  for (let at = 0; at <= octets.length; at++) {
    const decoder = new TextDecoder();
    const first = decoder.decode(bytes(...octets.slice(0, at)), { stream: true });
    assertEquals(first + decoder.decode(bytes(...octets.slice(at))), text);
  }
});

test("labels", () => {
  const labels = {
    utf8: "utf-8",
    "UTF-8": "utf-8",
    " utf-8\n": "utf-8",
    "unicode-1-1-utf-8": "utf-8",
    latin1: "windows-1252",
    ascii: "windows-1252",
    "iso-8859-1": "windows-1252",
    "utf-16": "utf-16le",
    "utf-16be": "utf-16be",
    shift_jis: "shift_jis",
    "euc-jp": "euc-jp",
    gbk: "gbk",
    gb2312: "gbk",
    gb18030: "gb18030",
    big5: "big5",
    "euc-kr": "euc-kr",
    "iso-2022-jp": "iso-2022-jp",
    "koi8-r": "koi8-r",
    macintosh: "macintosh",
    "x-user-defined": "x-user-defined",
    ibm866: "ibm866",
    "iso-8859-8-i": "iso-8859-8-i",
    "x-mac-cyrillic": "x-mac-cyrillic",
    "windows-874": "windows-874",
  };
  for (const [label, name] of Object.entries(labels)) assertEquals(new TextDecoder(label).encoding, name, label);
  for (const label of ["nope", "utf-7", "replacement", "iso-2022-kr", "\u00a0utf8", ""])
    assertThrows(() => new TextDecoder(label), RangeError);
});

test("other encodings", () => {
  const decode = (label, ...octets) => new TextDecoder(label).decode(bytes(...octets));
  assertEquals(decode("latin1", 0x80, 0x81, 0xff), "€\x81ÿ");
  assertEquals(decode("utf-16le", 0x41, 0, 0x3d, 0xd8, 0, 0xde), "A😀");
  assertEquals(decode("utf-16be", 0, 0x41, 0xd8, 0x3d, 0xde, 0), "A😀");
  assertEquals(decode("utf-16be", 0, 0x41, 0xd8), "A\ufffd");
  assertEquals(decode("shift_jis", 0x82, 0xa0, 0x5c, 0x7e), "あ\\~");
  assertEquals(decode("euc-jp", 0xa4, 0xa2), "あ");
  assertEquals(decode("gbk", 0xc4, 0xe3), "你");
  assertEquals(decode("euc-kr", 0xc7, 0xd1), "한");
  assertEquals(decode("koi8-r", 0xc1), "а");
  assertEquals(decode("iso-8859-16", 0xa4, 0xaa, 0xff), "€Șÿ");
  assertEquals(decode("ibm866", 0x80, 0xb0), "А░");
  assertEquals(decode("iso-2022-jp", 0x1b, 0x24, 0x42, 0x24, 0x22, 0x1b, 0x28, 0x42), "あ");
  assertEquals(decode("gb18030", 0x81, 0x30, 0x81, 0x30), "\x80");
  assertEquals(decode("big5", 0xa7, 0x41), "你");
  assertEquals(decode("windows-1251", 0xc0), "А");
  assertEquals(decode("macintosh", 0x8a), "ä");
  assertEquals(decode("x-user-defined", 0x41, 0x80), "A\uf780");
});

test("shapes", () => {
  assertEquals(TextEncoder.prototype[Symbol.toStringTag], "TextEncoder");
  assertEquals(TextDecoder.prototype[Symbol.toStringTag], "TextDecoder");
  assertThrows(() => TextEncoder(), TypeError);
  assertThrows(() => TextEncoder.prototype.encode.call({}, "x"), TypeError);
  assertThrows(() => TextDecoder.prototype.decode.call({}, bytes(1)), TypeError);
  assertThrows(() => TextDecoder.prototype.encoding, TypeError);
});
