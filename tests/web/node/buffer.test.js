import { Buffer, constants, isAscii, isUtf8, kMaxLength, transcode } from "node:buffer";
import { assert, assertEquals, assertThrows, test } from "../harness.js";

const bytes = (buffer) => [...buffer];
function assertCode(fn, code) {
  const error = assertThrows(fn);
  assertEquals(error.code, code);
}

test("from text in every encoding, and back", () => {
  const rows = [
    ["héllo €", "utf8", "68c3a96c6c6f20e282ac"],
    ["héllo", "latin1", "68e96c6c6f"],
    ["héllo", "binary", "68e96c6c6f"],
    ["hello", "ascii", "68656c6c6f"],
    ["h€", "utf16le", "6800ac20"],
    ["h€", "ucs2", "6800ac20"],
    ["aGk=", "base64", "6869"],
    ["_-8", "base64url", "ffef"],
    ["00fF10", "hex", "00ff10"],
  ];
  for (const [text, encoding, hex] of rows) {
    const buffer = Buffer.from(text, encoding);
    assertEquals(buffer.toString("hex"), hex, encoding);
    if (encoding !== "hex") assertEquals(buffer.toString(encoding), text, `${encoding} back`);
  }
  assertEquals(Buffer.from("00fF1", "hex").toString("hex"), "00ff");
  assertEquals(Buffer.from("0g11", "hex").length, 0);
  assertEquals(Buffer.from("abcxx", "hex").toString("hex"), "ab");
});

test("base64 is read leniently, in both alphabets", () => {
  const rows = [
    ["aGVsbG8", "hello"],
    ["aGVs\nbG8=", "hello"],
    ["aGVs bG8", "hello"],
    ["aGVsbG8==junk", "hello"],
    ["=aGVsbG8", ""],
    ["a", ""],
    ["aG", "h"],
  ];
  for (const [text, expected] of rows) assertEquals(Buffer.from(text, "base64").toString(), expected, text);
  assertEquals(Buffer.from("-_-_", "base64").toString("hex"), "fbffbf");
  assertEquals(Buffer.from("+/+/", "base64url").toString("hex"), "fbffbf");
  assertEquals(Buffer.from([0xfb, 0xff]).toString("base64"), "+/8=");
  assertEquals(Buffer.from([0xfb, 0xff]).toString("base64url"), "-_8");
});

test("malformed UTF-8 becomes U+FFFD, lone surrogates too", () => {
  assertEquals(Buffer.from([0x61, 0xff, 0x62]).toString(), "a\ufffdb");
  assertEquals(Buffer.from([0xe2, 0x82]).toString(), "\ufffd");
  assertEquals(Buffer.from([0xf0, 0x9f, 0x98]).toString(), "\ufffd");
  assertEquals(Buffer.from("\ud800").toString("hex"), "efbfbd");
  assertEquals(Buffer.from([0x80, 0xe9]).toString("latin1"), "\x80é");
  assertEquals(Buffer.from([0xe1, 0x80]).toString("ascii"), "a\0");
});

test("from arrays, buffers and objects", () => {
  assertEquals(bytes(Buffer.from([1, 256, -1, 2.9, "3"])), [1, 0, 255, 2, 3]);
  const source = Buffer.from("abc");
  const copy = Buffer.from(source);
  copy[0] = 0;
  assertEquals(source.toString(), "abc");
  const shared = Buffer.from(source.buffer, source.byteOffset, 2);
  shared[0] = 0x7a;
  assertEquals(source.toString(), "zbc");
  assertEquals(bytes(Buffer.from({ type: "Buffer", data: [1, 2] })), [1, 2]);
  assertEquals(bytes(Buffer.from(new String("ab"))), [97, 98]);
  assertEquals(bytes(Buffer.from({ length: 2, 0: 7, 1: 8 })), [7, 8]);
  assertEquals(bytes(Buffer.from(new Uint16Array([1, 300]))), [1, 44]);
  assertEquals(Buffer.from("").length, 0);
  assertEquals(JSON.stringify(Buffer.from("ab")), '{"type":"Buffer","data":[97,98]}');
  for (const bad of [5, null, undefined, true, {}, Symbol("x")])
    assertCode(() => Buffer.from(bad), "ERR_INVALID_ARG_TYPE");
  assertCode(() => Buffer.from("a", "nope"), "ERR_UNKNOWN_ENCODING");
  assertCode(() => Buffer.from(new ArrayBuffer(2), 3), "ERR_BUFFER_OUT_OF_BOUNDS");
  assertCode(() => Buffer.from(new ArrayBuffer(2), 0, 3), "ERR_BUFFER_OUT_OF_BOUNDS");
});

test("alloc and fill", () => {
  assertEquals(bytes(Buffer.alloc(3)), [0, 0, 0]);
  assertEquals(bytes(Buffer.alloc(3, 7)), [7, 7, 7]);
  assertEquals(Buffer.alloc(5, "ab").toString(), "ababa");
  assertEquals(Buffer.alloc(4, "YQ==", "base64").toString(), "aaaa");
  assertEquals(Buffer.alloc(3).fill("é").toString("hex"), "c3a9c3");
  assertEquals(Buffer.alloc(4).fill("x", 1, 3).toString("latin1"), "\0xx\0");
  assertEquals(bytes(Buffer.alloc(3).fill(Buffer.from([1, 2]))), [1, 2, 1]);
  assertEquals(bytes(Buffer.alloc(2).fill(257)), [1, 1]);
  assertEquals(Buffer.allocUnsafe(10).length, 10);
  assertThrows(() => Buffer.alloc(-1), RangeError);
  assertCode(() => Buffer.alloc("1"), "ERR_INVALID_ARG_TYPE");
});

test("a Buffer is a Uint8Array, its parts share memory", () => {
  const buffer = Buffer.from("hello");
  assert(buffer instanceof Uint8Array);
  assert(Buffer.isBuffer(buffer) && !Buffer.isBuffer(new Uint8Array(1)));
  const part = buffer.subarray(1, 3);
  assert(Buffer.isBuffer(part));
  part[0] = 0x61;
  assertEquals(buffer.toString(), "hallo");
  assertEquals(buffer.slice(-2).toString(), "lo");
  assertEquals(buffer.slice(3, 1).length, 0);
  assertEquals(buffer.subarray(NaN, "3").toString(), "hal");
  assert(Buffer.isBuffer(buffer.map((x) => x)));
  assertEquals(new Buffer("a").toString(), "a");
  assertEquals(Buffer("a").toString(), "a");
  assertEquals(Object.prototype.toString.call(buffer), "[object Uint8Array]");
});

test("byteLength, concat, compare, equals", () => {
  for (const [text, encoding, length] of [
    ["é", "utf8", 2],
    ["é", "latin1", 1],
    ["é", "utf16le", 2],
    ["aGk=", "base64", 2],
    ["aGk", "base64", 2],
    ["abcd", "hex", 2],
    ["😀", undefined, 4],
  ])
    assertEquals(Buffer.byteLength(text, encoding), length, `${text} ${encoding}`);
  assertEquals(Buffer.byteLength(new ArrayBuffer(3)), 3);
  assertCode(() => Buffer.byteLength(5), "ERR_INVALID_ARG_TYPE");
  assertEquals(Buffer.concat([Buffer.from("a"), new Uint8Array([98])]).toString(), "ab");
  assertEquals(Buffer.concat([Buffer.from("abc")], 2).toString(), "ab");
  assertEquals(bytes(Buffer.concat([Buffer.from("a")], 3)), [97, 0, 0]);
  assertCode(() => Buffer.concat("a"), "ERR_INVALID_ARG_TYPE");
  assertEquals(Buffer.compare(Buffer.from("a"), Buffer.from("b")), -1);
  assertEquals(Buffer.from("b").compare(Buffer.from("ab"), 1, 2), 0);
  assertEquals(Buffer.from("abc").compare(Buffer.from("abd"), 0, 2, 0, 2), 0);
  assertEquals(Buffer.from("ab").compare(Buffer.from("abc")), -1);
  assert(Buffer.from("a").equals(new Uint8Array([97])));
  assert(!Buffer.from("a").equals(Buffer.from("ab")));
  assertCode(() => Buffer.from("a").equals("a"), "ERR_INVALID_ARG_TYPE");
});

test("indexOf, lastIndexOf, includes", () => {
  const buffer = Buffer.from("this is a buffer");
  assertEquals(buffer.indexOf("is"), 2);
  assertEquals(buffer.indexOf("is", 3), 5);
  assertEquals(buffer.indexOf(Buffer.from("a buffer")), 8);
  assertEquals(buffer.indexOf(97), 8);
  assertEquals(buffer.indexOf("nope"), -1);
  assertEquals(buffer.indexOf("buffer", -6), 10);
  assertEquals(buffer.indexOf(""), 0);
  assertEquals(buffer.lastIndexOf("is"), 5);
  assertEquals(buffer.lastIndexOf("is", 4), 2);
  assertEquals(buffer.lastIndexOf("b", -7), -1);
  assert(buffer.includes("this") && !buffer.includes("that"));
  const wide = Buffer.from("\u039a\u0391\u03a3\u03a3\u0395", "utf16le");
  assertEquals(wide.indexOf("\u03a3", 0, "utf16le"), 4);
  assertEquals(wide.indexOf("\u03a3", -4, "utf16le"), 6);
  assertCode(() => buffer.indexOf({}), "ERR_INVALID_ARG_TYPE");
});

test("copy and write", () => {
  const target = Buffer.alloc(5);
  assertEquals(Buffer.from("abc").copy(target, 1), 3);
  assertEquals(target.toString("latin1"), "\0abc\0");
  assertEquals(Buffer.from("abc").copy(target, 4), 1);
  assertEquals(Buffer.from("abc").copy(target, 0, 1, 2), 1);
  assertEquals(target.toString("latin1"), "babca");
  const buffer = Buffer.alloc(6);
  assertEquals(buffer.write("héé"), 5);
  assertEquals(buffer.write("éééé", 1), 4); // no half characters
  assertEquals(buffer.write("abcdef", 0, 3), 3);
  assertEquals(buffer.write("616263", "hex"), 3);
  assertEquals(buffer.write("aGVsbG8=", 1, "base64"), 5);
  assertEquals(buffer.toString("latin1"), "ahello");
  assertEquals(buffer.write("ab", 0, 4, "utf16le"), 4);
});

test("numbers are read and written", () => {
  const buffer = Buffer.from([0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0]);
  const reads = {
    readUInt8: 0x12,
    readInt8: 0x12,
    readUInt16LE: 0x3412,
    readUInt16BE: 0x1234,
    readUInt32LE: 0x78563412,
    readUInt32BE: 0x12345678,
    readInt32LE: 0x78563412,
    readBigUInt64LE: 0xf0debc9a78563412n,
    readBigInt64LE: -0xf21436587a9cbeen,
    readBigUInt64BE: 0x123456789abcdef0n,
    readUint16BE: 0x1234,
  };
  for (const [name, value] of Object.entries(reads)) assert(buffer[name]() === value, name);
  assertEquals(buffer.readInt16BE(4), -25924);
  assertEquals(buffer.readInt8(4), -102);
  assertEquals(buffer.readUIntBE(0, 6), 0x123456789abc);
  assertEquals(buffer.readUIntLE(0, 3), 0x563412);
  const out = Buffer.alloc(8);
  assertEquals(out.writeUInt32BE(0xdeadbeef, 1), 5);
  assertEquals(out.toString("hex"), "00deadbeef000000");
  out.writeInt16LE(-2, 0);
  assertEquals(out.readInt16LE(0), -2);
  out.writeIntBE(-5, 0, 6);
  assertEquals(out.readIntBE(0, 6), -5);
  out.writeDoubleLE(-1.5);
  assertEquals(out.readDoubleLE(), -1.5);
  out.writeFloatBE(0.5, 4);
  assertEquals(out.readFloatBE(4), 0.5);
  out.writeBigInt64BE(-1n);
  assertEquals(out.toString("hex"), "ffffffffffffffff");
  assertCode(() => out.writeUInt8(256), "ERR_OUT_OF_RANGE");
  assertCode(() => out.writeInt8(-129), "ERR_OUT_OF_RANGE");
  assertCode(() => out.readUInt16LE(7), "ERR_OUT_OF_RANGE");
  assertCode(() => out.readUInt8("0"), "ERR_INVALID_ARG_TYPE");
  assertCode(() => out.readUInt8(0.5), "ERR_OUT_OF_RANGE");
  assertCode(() => Buffer.alloc(1).readUInt32LE(), "ERR_BUFFER_OUT_OF_BOUNDS");
  assertCode(() => out.writeBigUInt64LE(-1n), "ERR_OUT_OF_RANGE");
});

test("swap, iteration, isEncoding", () => {
  assertEquals(Buffer.from([1, 2, 3, 4]).swap16().toString("hex"), "02010403");
  assertEquals(Buffer.from([1, 2, 3, 4]).swap32().toString("hex"), "04030201");
  assertCode(() => Buffer.from([1]).swap16(), "ERR_INVALID_BUFFER_SIZE");
  assertEquals(
    [...Buffer.from("ab").entries()],
    [
      [0, 97],
      [1, 98],
    ],
  );
  for (const [name, good] of [
    ["utf8", true],
    ["UTF-8", true],
    ["hex", true],
    ["base64url", true],
    ["binary", true],
    ["utf16", false],
    ["", false],
    [5, false],
  ])
    assertEquals(Buffer.isEncoding(name), good, String(name));
});

test("isUtf8, isAscii, transcode, limits", () => {
  assert(isUtf8(Buffer.from("é")) && !isUtf8(Buffer.from([0xff])));
  assert(isAscii(Buffer.from("a")) && !isAscii(Buffer.from("é")));
  assertEquals(transcode(Buffer.from("é"), "utf8", "latin1").toString("hex"), "e9");
  assertEquals(transcode(Buffer.from("é"), "utf8", "utf16le").toString("hex"), "e900");
  assertEquals(typeof kMaxLength, "number");
  assertEquals(constants.MAX_LENGTH, kMaxLength);
});

test("toString takes a part", () => {
  const buffer = Buffer.from("hello world");
  assertEquals(buffer.toString("utf8", 6), "world");
  assertEquals(buffer.toString("utf8", 0, 5), "hello");
  assertEquals(buffer.toString("utf8", -3, 2), "he");
  assertEquals(buffer.toString("utf8", 5, 3), "");
  assertEquals(buffer.toString(undefined, 9), "ld");
  assertCode(() => buffer.toString("nope"), "ERR_UNKNOWN_ENCODING");
  assertEquals(buffer.latin1Slice(0, 2), "he");
});

test("Buffer is global", () => {
  assert(globalThis.Buffer === Buffer);
});
