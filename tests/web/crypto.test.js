// Web Cryptography: random numbers, digests, HMAC; Workers' DigestStream and timingSafeEqual.
import { assert, assertEquals, assertRejects, assertThrows, test } from "./harness.js";

const utf8 = (text) => new TextEncoder().encode(text);
const hex = (buffer) => Array.from(new Uint8Array(buffer), (octet) => octet.toString(16).padStart(2, "0")).join("");
const abc = {
  "SHA-1": "a9993e364706816aba3e25717850c26c9cd0d89d",
  "SHA-256": "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  "SHA-384": "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7",
  "SHA-512":
    "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
  MD5: "900150983cd24fb0d6963f7d28e17f72",
};

test("getRandomValues fills integer arrays", () => {
  for (const Class of [
    Int8Array,
    Uint8Array,
    Uint8ClampedArray,
    Int16Array,
    Uint16Array,
    Int32Array,
    Uint32Array,
    BigInt64Array,
    BigUint64Array,
  ]) {
    const array = new Class(32);
    assert(crypto.getRandomValues(array) === array);
    assert(
      array.some((value) => value != 0),
      Class.name,
    );
  }
  const inner = new Uint8Array(64);
  crypto.getRandomValues(inner.subarray(16, 48));
  assert(inner.subarray(0, 16).every((octet) => octet === 0) && inner.subarray(48).every((octet) => octet === 0));
  assertEquals(crypto.getRandomValues(new Uint8Array(0)).length, 0);
  assertEquals(crypto.getRandomValues(new Uint8Array(65536)).length, 65536);
});

test("getRandomValues refuses", () => {
  assertEquals(assertThrows(() => crypto.getRandomValues(new Uint8Array(65537)), "QuotaExceededError").code, 22);
  for (const array of [new Float32Array(1), new Float64Array(1), new DataView(new ArrayBuffer(1))])
    assertThrows(() => crypto.getRandomValues(array), "TypeMismatchError");
  for (const value of [undefined, null, [], new ArrayBuffer(1)])
    assertThrows(() => crypto.getRandomValues(value), TypeError);
});

test("randomUUID", () => {
  const [a, b] = [crypto.randomUUID(), crypto.randomUUID()];
  for (const uuid of [a, b])
    assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(uuid), uuid);
  assert(a !== b);
});

test("digest", async () => {
  for (const [name, expected] of Object.entries(abc)) {
    const digest = await crypto.subtle.digest(name, utf8("abc"));
    assert(digest instanceof ArrayBuffer);
    assertEquals(hex(digest), expected, name);
    assertEquals(hex(await crypto.subtle.digest({ name: name.toLowerCase() }, utf8("abc").buffer)), expected);
  }
  assertEquals(
    hex(await crypto.subtle.digest("SHA-256", new Uint8Array(0))),
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
  );
  assertEquals(
    hex(await crypto.subtle.digest("SHA-1", new Uint8Array(200_000))),
    "e0798a0a2e0fe6856358d6c4225dde2c632e9263",
  );
});

test("a large digest equals the digest of its parts", async () => {
  const data = new Uint8Array(300_000).map((_, index) => index * 7);
  const stream = new crypto.DigestStream("SHA-256");
  const writer = stream.getWriter();
  for (let at = 0; at < data.length; at += 50_000) await writer.write(data.subarray(at, at + 50_000));
  await writer.close();
  assertEquals(hex(await stream.digest), hex(await crypto.subtle.digest("SHA-256", data)));
});

test("digest rejects", async () => {
  for (const name of ["SHA-224", "SHA256", "nope", {}])
    await assertRejects(crypto.subtle.digest(name, utf8("a")), "NotSupportedError");
  await assertRejects(crypto.subtle.digest(null, utf8("a")), TypeError);
  await assertRejects(crypto.subtle.digest("SHA-1", "abc"), TypeError);
  await assertRejects(crypto.subtle.digest("SHA-1"), TypeError);
});

test("DigestStream", async () => {
  const stream = new crypto.DigestStream("SHA-256");
  assert(stream instanceof WritableStream);
  const writer = stream.getWriter();
  await writer.write(utf8("a"));
  await writer.write("b");
  await writer.write(utf8("c").buffer);
  await writer.close();
  assertEquals(hex(await stream.digest), abc["SHA-256"]);
  assertEquals(stream.bytesWritten, 3n);
});

test("DigestStream that fails", async () => {
  assertThrows(() => new crypto.DigestStream("nope"), "NotSupportedError");
  assertThrows(() => crypto.DigestStream("MD5"), TypeError);
  const aborted = new crypto.DigestStream("SHA-1");
  await aborted.abort(new RangeError("stop"));
  await assertRejects(aborted.digest, RangeError, "stop");
  const wrong = new crypto.DigestStream("SHA-1");
  wrong.digest.catch(() => {});
  await assertRejects(wrong.getWriter().write(5), TypeError);
});

test("timingSafeEqual", () => {
  const { subtle } = crypto;
  assertEquals(
    [
      subtle.timingSafeEqual(utf8("a"), utf8("a")),
      subtle.timingSafeEqual(utf8("a"), utf8("b")),
      subtle.timingSafeEqual(utf8("ab").buffer, utf8("ab")),
    ],
    [true, false, true],
  );
  assertThrows(() => subtle.timingSafeEqual(utf8("a"), utf8("ab")), TypeError);
  assertThrows(() => subtle.timingSafeEqual("a", "a"), TypeError);
});

test("HMAC signs and verifies", async () => {
  // RFC 4231, test case 2.
  const key = await crypto.subtle.importKey("raw", utf8("Jefe"), { name: "HMAC", hash: "SHA-256" }, false, [
    "sign",
    "verify",
  ]);
  assertEquals(
    [key.type, key.extractable, [...key.usages], key.algorithm.name, key.algorithm.hash.name, key.algorithm.length],
    ["secret", false, ["sign", "verify"], "HMAC", "SHA-256", 32],
  );
  const data = utf8("what do ya want for nothing?");
  const signature = await crypto.subtle.sign("HMAC", key, data);
  assertEquals(hex(signature), "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
  assertEquals(await crypto.subtle.verify("HMAC", key, signature, data), true);
  assertEquals(await crypto.subtle.verify({ name: "HMAC" }, key, signature, utf8("other")), false);
  assertEquals(await crypto.subtle.verify("HMAC", key, signature.slice(1), data), false);
  const sha512 = await crypto.subtle.importKey(
    "raw",
    utf8("Jefe"),
    { name: "HMAC", hash: { name: "SHA-512" } },
    false,
    ["sign"],
  );
  assertEquals(hex(await crypto.subtle.sign("HMAC", sha512, data)).slice(0, 32), "164b7a7bfcf819e2e395fbe73b56e0a3");
});

test("HMAC keys travel as raw and jwk", async () => {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const key = await crypto.subtle.importKey("raw", utf8("secret"), algorithm, true, ["verify", "sign"]);
  assertEquals(hex(await crypto.subtle.exportKey("raw", key)), hex(utf8("secret")));
  const jwk = await crypto.subtle.exportKey("jwk", key);
  assertEquals([jwk.kty, jwk.k, jwk.alg, jwk.ext], ["oct", "c2VjcmV0", "HS256", true]);
  const again = await crypto.subtle.importKey("jwk", jwk, algorithm, false, ["sign"]);
  assertEquals(
    hex(await crypto.subtle.sign("HMAC", again, utf8("x"))),
    hex(await crypto.subtle.sign("HMAC", key, utf8("x"))),
  );
  await assertRejects(crypto.subtle.importKey("jwk", { ...jwk, kty: "RSA" }, algorithm, false, ["sign"]), "DataError");
  await assertRejects(
    crypto.subtle.importKey("jwk", { ...jwk, alg: "HS512" }, algorithm, false, ["sign"]),
    "DataError",
  );
});

test("generated HMAC keys", async () => {
  const key = await crypto.subtle.generateKey({ name: "HMAC", hash: "SHA-512" }, true, ["sign"]);
  assertEquals([key.algorithm.length, (await crypto.subtle.exportKey("raw", key)).byteLength], [1024, 128]);
});

test("HMAC keys are used as they allow", async () => {
  const algorithm = { name: "HMAC", hash: "SHA-256" };
  const signer = await crypto.subtle.importKey("raw", utf8("k"), algorithm, false, ["sign"]);
  await assertRejects(crypto.subtle.verify("HMAC", signer, utf8("x"), utf8("x")), "InvalidAccessError");
  await assertRejects(crypto.subtle.exportKey("raw", signer), "InvalidAccessError");
  await assertRejects(crypto.subtle.importKey("raw", utf8("k"), algorithm, false, ["encrypt"]), "SyntaxError");
  await assertRejects(crypto.subtle.importKey("raw", utf8("k"), algorithm, false, []), "SyntaxError");
  await assertRejects(crypto.subtle.sign("HMAC", {}, utf8("x")), TypeError);
});

test("shapes", () => {
  assertEquals([crypto[Symbol.toStringTag], crypto.subtle[Symbol.toStringTag]], ["Crypto", "SubtleCrypto"]);
  assert(crypto instanceof Crypto && crypto.subtle instanceof SubtleCrypto && crypto.subtle === crypto.subtle);
  assertThrows(() => new Crypto(), TypeError);
  assertThrows(() => new SubtleCrypto(), TypeError);
  assertThrows(() => new CryptoKey(), TypeError);
  assertThrows(() => Crypto.prototype.getRandomValues.call({}, new Uint8Array(1)), TypeError);
});
