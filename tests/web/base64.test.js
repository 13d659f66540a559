// atob and btoa: HTML § 8.3 and Infra § 9 (forgiving-base64).
import { assert, assertEquals, assertThrows, test } from "./harness.js";

test("btoa encodes Latin-1", () => {
  for (const [text, encoded] of [
    ["", ""],
    ["a", "YQ=="],
    ["ab", "YWI="],
    ["abc", "YWJj"],
    ["\0\xff", "AP8="],
    ["ÿþ", "//4="],
  ])
    assertEquals(btoa(text), encoded);
  assertEquals(btoa(undefined), "dW5kZWZpbmVk");
  assertEquals(btoa(null), "bnVsbA==");
  assertEquals(btoa(12), "MTI=");
});

test("btoa refuses code units above 255", () => {
  for (const text of ["Ā", "a☃", "\u{1f600}"]) {
    const error = assertThrows(() => btoa(text), "InvalidCharacterError");
    assertEquals(error.code, 5);
  }
});

test("atob decodes forgivingly", () => {
  for (const [encoded, text] of [
    ["", ""],
    [" ", ""],
    ["YQ==", "a"],
    ["YQ", "a"],
    ["YWI=", "ab"],
    ["YWI", "ab"],
    ["YWJj", "abc"],
    [" Y\tW\nJ\fj\r", "abc"],
    ["Y Q = =", "a"],
    ["AP8=", "\0\xff"],
    ["//4", "ÿþ"],
    ["YR==", "a"],
    ["YR", "a"],
  ])
    assertEquals(atob(encoded), text, JSON.stringify(encoded));
  assertEquals(atob(null), "\x9eée");
  assertEquals(atob(12), "×");
});

test("atob refuses what is not base64", () => {
  for (const encoded of [
    "Y",
    "YQ=",
    "YQ===",
    "=",
    "==",
    "YWJjZ",
    "YW=j",
    "Y-_Q",
    "YQ\v==",
    "Y\u00a0Q==",
    "\u{1f600}",
    "YWJj=",
    "undefined",
  ])
    if (encoded !== "undefined") assertThrows(() => atob(encoded), "InvalidCharacterError");
  assertThrows(() => atob(undefined), "InvalidCharacterError");
});

test("every octet makes the round trip at every length", () => {
  for (let length = 0; length < 20; length++) {
    let text = "";
    for (let i = 0; i < length; i++) text += String.fromCharCode((i * 37 + length * 101) & 255);
    assertEquals(atob(btoa(text)), text);
  }
  assert(btoa("x".repeat(100_000)).length === 133_336);
});

test("atob and btoa need an argument", () => {
  assertThrows(() => atob(), TypeError);
  assertThrows(() => btoa(), TypeError);
});
