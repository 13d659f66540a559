// CryptoKey: what generateKey makes, what importKey and exportKey take and give in each format, usages and extractability.
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";
import {
  counting,
  fromBase64url,
  hex,
  plain,
  rfc7515Pkcs8,
  rfc7515RsaKey,
  rfc7515RsaPublicKey,
  rfc7515Spki,
  subtle,
  utf8,
} from "./tools.js";

const rsa = { modulusLength: 1024, publicExponent: new Uint8Array([1, 0, 1]), hash: "SHA-256" };
const secretAlgorithms = [
  [{ name: "AES-CBC", length: 128 }, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]],
  [{ name: "AES-CTR", length: 192 }, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]],
  [{ name: "AES-GCM", length: 256 }, ["encrypt", "decrypt", "wrapKey", "unwrapKey"]],
  [{ name: "AES-KW", length: 256 }, ["wrapKey", "unwrapKey"]],
  [{ name: "HMAC", hash: "SHA-256" }, ["sign", "verify"]],
  [{ name: "HMAC", hash: "SHA-1", length: 160 }, ["sign", "verify"]],
];
// The algorithm, the usages of the public key and those of the private one.
const pairAlgorithms = [
  [{ name: "RSASSA-PKCS1-v1_5", ...rsa }, ["verify"], ["sign"]],
  [{ name: "RSA-PSS", ...rsa, hash: { name: "SHA-384" } }, ["verify"], ["sign"]],
  [{ name: "RSA-OAEP", ...rsa }, ["encrypt", "wrapKey"], ["decrypt", "unwrapKey"]],
  [{ name: "ECDSA", namedCurve: "P-256" }, ["verify"], ["sign"]],
  [{ name: "ECDSA", namedCurve: "P-384" }, ["verify"], ["sign"]],
  [{ name: "ECDSA", namedCurve: "P-521" }, ["verify"], ["sign"]],
  [{ name: "ECDH", namedCurve: "P-256" }, [], ["deriveKey", "deriveBits"]],
  [{ name: "ECDH", namedCurve: "P-521" }, [], ["deriveKey", "deriveBits"]],
  [{ name: "Ed25519" }, ["verify"], ["sign"]],
  [{ name: "NODE-ED25519", namedCurve: "NODE-ED25519" }, ["verify"], ["sign"]],
  [{ name: "X25519" }, [], ["deriveKey", "deriveBits"]],
];

test("generated secret keys, and their way out and in", async () => {
  for (const [algorithm, usages] of secretAlgorithms) {
    const { name } = algorithm;
    const key = await subtle.generateKey({ ...algorithm, name: name.toLowerCase() }, true, usages);
    assert(key instanceof CryptoKey && Object.prototype.toString.call(key) === "[object CryptoKey]");
    assertEquals(plain(key), { type: "secret", extractable: true, name, usages });
    const expected_bits = algorithm.length ?? 512;
    assertEquals(key.algorithm.length, expected_bits, name);
    const raw = await subtle.exportKey("raw", key);
    assertEquals(raw.byteLength, expected_bits / 8);
    assert(hex(raw) !== hex(await subtle.exportKey("raw", await subtle.generateKey(algorithm, true, usages))));
    const jwk = await subtle.exportKey("jwk", key);
    assertEquals([jwk.kty, jwk.ext, hex(fromBase64url(jwk.k))], ["oct", true, hex(raw)]);
    assertEquals([...jwk.key_ops], usages);
    for (const [format, data] of [
      ["raw", raw],
      ["jwk", jwk],
    ]) {
      const again = await subtle.importKey(format, data, algorithm, true, usages.toReversed());
      assertEquals(plain(again), plain(key), `${name} ${format}`);
      assertEquals(hex(await subtle.exportKey("raw", again)), hex(raw));
    }
    const hidden = await subtle.importKey("raw", raw, algorithm, false, usages);
    for (const format of ["raw", "jwk"])
      await assertRejects(subtle.exportKey(format, hidden), "InvalidAccessError", "non-extractable");
    await assertRejects(subtle.exportKey("spki", key), "NotSupportedError");
  }
});

test("JWK names of secret keys", async () => {
  for (const [algorithm, bytes, expected] of [
    ["AES-CBC", 16, "A128CBC"],
    ["AES-CTR", 24, "A192CTR"],
    ["AES-GCM", 32, "A256GCM"],
    ["AES-KW", 16, "A128KW"],
    [{ name: "HMAC", hash: "SHA-1" }, 16, "HS1"],
    [{ name: "HMAC", hash: "SHA-256" }, 16, "HS256"],
    [{ name: "HMAC", hash: "SHA-384" }, 16, "HS384"],
    [{ name: "HMAC", hash: "SHA-512" }, 16, "HS512"],
  ]) {
    const name = algorithm.name ?? algorithm;
    const usages = name === "HMAC" ? ["sign"] : ["wrapKey"];
    const key = await subtle.importKey("raw", counting(1, bytes), algorithm, true, usages);
    const jwk = await subtle.exportKey("jwk", key);
    assertEquals(jwk.alg, expected);
    await assertRejects(subtle.importKey("jwk", { ...jwk, alg: "nope" }, algorithm, true, usages), "DataError", "nope");
  }
});

test("generated key pairs, and their way out and in", async () => {
  for (const [algorithm, publicUsages, privateUsages] of pairAlgorithms) {
    const { name } = algorithm;
    const pair = await subtle.generateKey(algorithm, true, [...publicUsages, ...privateUsages]);
    assertEquals(Object.keys(pair).sort(), ["privateKey", "publicKey"]);
    assertEquals(plain(pair.publicKey), { type: "public", extractable: true, name, usages: publicUsages });
    assertEquals(plain(pair.privateKey), { type: "private", extractable: true, name, usages: privateUsages });
    assertEquals(pair.publicKey.algorithm.namedCurve, algorithm.namedCurve);
    const isRsa = name.startsWith("RSA");
    if (isRsa) {
      const { modulusLength, publicExponent, hash } = pair.privateKey.algorithm;
      assertEquals(
        [modulusLength, [...publicExponent], hash.name],
        [1024, [1, 0, 1], algorithm.hash.name ?? algorithm.hash],
      );
    }
    for (const [key, usages, formats] of [
      [pair.publicKey, publicUsages, ["spki", "jwk", ...(isRsa ? [] : ["raw"])]],
      [pair.privateKey, privateUsages, ["pkcs8", "jwk"]],
    ]) {
      for (const format of formats) {
        const exported = await subtle.exportKey(format, key);
        assertEquals(exported instanceof ArrayBuffer, format !== "jwk");
        const again = await subtle.importKey(format, exported, algorithm, true, usages);
        assertEquals(plain(again), plain(key), `${name} ${format}`);
        const same = (value) => (value instanceof ArrayBuffer ? hex(value) : JSON.stringify(value));
        assertEquals(same(await subtle.exportKey(format, again)), same(exported));
      }
    }
    await assertRejects(subtle.exportKey("pkcs8", pair.publicKey), "InvalidAccessError", "requires private key");
    await assertRejects(subtle.exportKey("spki", pair.privateKey), "InvalidAccessError", "requires public key");
    await assertRejects(subtle.exportKey("raw", pair.privateKey), "InvalidAccessError");
  }
});

test("a pair's private key hides when it is not extractable, the public one never", async () => {
  const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign"]);
  assertEquals([pair.publicKey.extractable, pair.privateKey.extractable], [true, false]);
  assertEquals([[...pair.publicKey.usages], [...pair.privateKey.usages]], [[], ["sign"]]);
  assertEquals((await subtle.exportKey("raw", pair.publicKey)).byteLength, 65);
  for (const format of ["pkcs8", "jwk"])
    await assertRejects(subtle.exportKey(format, pair.privateKey), "InvalidAccessError", "non-extractable ECDSA");
  await assertRejects(
    subtle.verify({ name: "ECDSA", hash: "SHA-256" }, pair.publicKey, new Uint8Array(64), utf8("x")),
    "InvalidAccessError",
  );
});

test("generateKey refuses", async () => {
  for (const [algorithm, usages, error] of [
    ["nope", ["sign"], "NotSupportedError"],
    ["Ed448", ["sign"], "NotSupportedError"],
    ["PBKDF2", ["deriveBits"], "NotSupportedError"],
    ["HKDF", ["deriveBits"], "NotSupportedError"],
    ["SHA-256", ["sign"], "NotSupportedError"],
    [{}, ["sign"], "NotSupportedError"],
    [undefined, ["sign"], TypeError],
    [null, ["sign"], TypeError],
    ["AES-GCM", ["encrypt"], TypeError],
    [{ name: "AES-GCM", length: 100 }, ["encrypt"], "OperationError"],
    [{ name: "AES-GCM", length: 128 }, [], "SyntaxError"],
    [{ name: "AES-GCM", length: 128 }, ["sign"], "SyntaxError"],
    [{ name: "AES-GCM", length: 128 }, ["bogus"], "SyntaxError"],
    [{ name: "AES-GCM", length: 128 }, "encrypt", TypeError],
    [{ name: "AES-GCM", length: 128 }, undefined, TypeError],
    [{ name: "AES-KW", length: 128 }, ["encrypt"], "SyntaxError"],
    ["HMAC", ["sign"], TypeError],
    [{ name: "HMAC", hash: "nope" }, ["sign"], "NotSupportedError"],
    [{ name: "HMAC", hash: "SHA-256", length: 0 }, ["sign"], "OperationError"],
    [{ name: "HMAC", hash: "SHA-256" }, [], "SyntaxError"],
    [{ name: "HMAC", hash: "SHA-256" }, ["encrypt"], "SyntaxError"],
    ["ECDSA", ["sign"], TypeError],
    [{ name: "ECDSA", namedCurve: "P-255" }, ["sign"], "NotSupportedError"],
    [{ name: "ECDSA", namedCurve: "P-256" }, ["verify"], "SyntaxError"],
    [{ name: "ECDSA", namedCurve: "P-256" }, [], "SyntaxError"],
    [{ name: "ECDSA", namedCurve: "P-256" }, ["encrypt"], "SyntaxError"],
    [{ name: "ECDH", namedCurve: "P-256" }, ["sign"], "SyntaxError"],
    ["Ed25519", ["verify"], "SyntaxError"],
    ["Ed25519", ["encrypt"], "SyntaxError"],
    ["X25519", ["sign"], "SyntaxError"],
    ["X25519", [], "SyntaxError"],
    ["NODE-ED25519", ["sign"], TypeError],
    [{ name: "RSA-PSS", ...rsa }, [], "SyntaxError"],
    [{ name: "RSA-PSS", ...rsa }, ["encrypt"], "SyntaxError"],
    [{ name: "RSA-OAEP", ...rsa }, ["sign"], "SyntaxError"],
    [{ name: "RSA-PSS", ...rsa, hash: undefined }, ["sign"], TypeError],
    [{ name: "RSA-PSS", ...rsa, hash: "nope" }, ["sign"], "NotSupportedError"],
    [{ name: "RSA-PSS", ...rsa, modulusLength: undefined }, ["sign"], TypeError],
    [{ name: "RSA-PSS", ...rsa, publicExponent: undefined }, ["sign"], TypeError],
    [{ name: "RSA-PSS", ...rsa, modulusLength: 128 }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, modulusLength: 256 }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, modulusLength: 1025 }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, modulusLength: 16392 }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, publicExponent: new Uint8Array([2]) }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, publicExponent: new Uint8Array(0) }, ["sign"], "OperationError"],
    [{ name: "RSA-PSS", ...rsa, publicExponent: new Uint8Array([5]) }, ["sign"], "OperationError"],
  ])
    await assertRejects(subtle.generateKey(algorithm, true, usages), error);
});

test("importKey of raw keys refuses", async () => {
  const octets = (count) => new Uint8Array(count);
  const hmac = { name: "HMAC", hash: "SHA-256" };
  for (const [format, data, algorithm, extractable, usages, error] of [
    ["raw", octets(15), "AES-GCM", true, ["encrypt"], "DataError"],
    ["raw", octets(16), "AES-GCM", true, [], "SyntaxError"],
    ["raw", octets(16), "AES-GCM", true, ["sign"], "SyntaxError"],
    ["raw", octets(16), "AES-KW", true, ["encrypt"], "SyntaxError"],
    ["raw", octets(16), "nope", true, ["encrypt"], "NotSupportedError"],
    ["spki", octets(16), "AES-GCM", true, ["encrypt"], "NotSupportedError"],
    ["foo", octets(16), "AES-GCM", true, ["encrypt"], "NotSupportedError"],
    ["raw", { kty: "oct" }, "AES-GCM", true, ["encrypt"], TypeError],
    ["jwk", octets(16), "AES-GCM", true, ["encrypt"], TypeError],
    ["raw", "abc", "AES-GCM", true, ["encrypt"], TypeError],
    ["raw", null, "AES-GCM", true, ["encrypt"], TypeError],
    ["raw", octets(16), undefined, true, ["encrypt"], TypeError],
    ["raw", octets(16), "AES-GCM", true, undefined, TypeError],
    ["raw", octets(0), hmac, true, ["sign"], "DataError"],
    ["raw", octets(4), { ...hmac, length: 24 }, true, ["sign"], "DataError"],
    ["raw", octets(4), { ...hmac, length: 33 }, true, ["sign"], "DataError"],
    ["raw", octets(4), { ...hmac, length: 0 }, true, ["sign"], "DataError"],
    ["raw", octets(4), "HMAC", true, ["sign"], TypeError],
    ["raw", octets(4), { ...hmac, hash: "SHA-224" }, true, ["sign"], "NotSupportedError"],
    ["raw", octets(4), hmac, true, [], "SyntaxError"],
    ["pkcs8", octets(4), hmac, true, ["sign"], "NotSupportedError"],
    ["raw", octets(4), "PBKDF2", true, ["deriveBits"], "SyntaxError"],
    ["raw", octets(4), "PBKDF2", false, ["sign"], "SyntaxError"],
    ["raw", octets(4), "PBKDF2", false, [], "SyntaxError"],
    ["jwk", { kty: "oct", k: "AAAA" }, "PBKDF2", false, ["deriveBits"], "NotSupportedError"],
    ["raw", octets(4), "HKDF", true, ["deriveBits"], "SyntaxError"],
    ["pkcs8", octets(4), "HKDF", false, ["deriveBits"], "NotSupportedError"],
    ["raw", octets(31), "Ed25519", true, ["verify"], "DataError"],
    ["raw", octets(32), "Ed25519", true, ["sign"], "SyntaxError"],
    ["raw", octets(32), { name: "NODE-ED25519" }, true, ["verify"], TypeError],
    ["raw", octets(33), "X25519", true, [], "DataError"],
    ["raw", octets(32), "X25519", true, ["deriveBits"], "SyntaxError"],
    ["raw", octets(65), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"], "DataError"],
    ["raw", octets(12), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"], "DataError"],
    ["spki", octets(20), { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"], "DataError"],
    ["pkcs8", octets(20), { name: "ECDSA", namedCurve: "P-256" }, true, ["sign"], "DataError"],
    ["raw", octets(3), { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"], "NotSupportedError"],
    ["spki", rfc7515Spki, "RSA-PSS", true, ["verify"], TypeError],
    ["spki", rfc7515Spki, { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"], "SyntaxError"],
    ["pkcs8", rfc7515Pkcs8, { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"], "SyntaxError"],
    ["pkcs8", rfc7515Pkcs8, { name: "RSA-PSS", hash: "SHA-256" }, true, [], "SyntaxError"],
    ["pkcs8", rfc7515Pkcs8.subarray(1), { name: "RSA-PSS", hash: "SHA-256" }, true, ["sign"], "DataError"],
    ["spki", rfc7515Spki.subarray(0, 100), { name: "RSA-PSS", hash: "SHA-256" }, true, ["verify"], "DataError"],
    ["spki", rfc7515Spki, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"], "DataError"],
  ])
    await assertRejects(subtle.importKey(format, data, algorithm, extractable, usages), error);
});

test("importKey takes a copy", async () => {
  const octets = counting(0, 16);
  const key = await subtle.importKey("raw", octets.subarray(0), "AES-GCM", true, ["encrypt"]);
  octets[0] = 99;
  const exported = new Uint8Array(await subtle.exportKey("raw", key));
  assertEquals(exported[0], 0);
  exported[0] = 98;
  assertEquals(new Uint8Array(await subtle.exportKey("raw", key))[0], 0);
  const view = new DataView(counting(0, 32).buffer, 8, 16);
  const viewed = await subtle.importKey("raw", view, "AES-GCM", true, ["encrypt"]);
  assertEquals(hex(await subtle.exportKey("raw", viewed)), hex(counting(8, 16)));
});

test("usages come once and in order", async () => {
  const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, [
    "unwrapKey",
    "decrypt",
    "encrypt",
    "decrypt",
  ]);
  assertEquals([...key.usages], ["encrypt", "decrypt", "unwrapKey"]);
});

test("what a script does to a key's properties does not change the key", async () => {
  const key = await subtle.generateKey({ name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  key.algorithm.name = "AES-GCM";
  key.algorithm.hash.name = "SHA-1";
  key.usages.push("verify");
  assertThrows(() => {
    "use strict";
    key.extractable = true;
  }, TypeError);
  assertEquals((await subtle.sign("HMAC", key, utf8("x"))).byteLength, 32);
  await assertRejects(subtle.verify("HMAC", key, new Uint8Array(32), utf8("x")), "InvalidAccessError");
  await assertRejects(subtle.exportKey("raw", key), "InvalidAccessError");
});

test("keys cannot be cloned", async () => {
  const key = await subtle.generateKey({ name: "AES-GCM", length: 128 }, true, ["encrypt"]);
  assertThrows(() => structuredClone(key), "DataCloneError", 'object of type "CryptoKey"');
  assertThrows(() => structuredClone({ key }), "DataCloneError");
});

test("RSA keys of RFC 7515 in every format", async () => {
  for (const name of ["RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"]) {
    const algorithm = { name, hash: "SHA-256" };
    const [publicUsage, privateUsage] = name === "RSA-OAEP" ? ["encrypt", "decrypt"] : ["verify", "sign"];
    const spki = await subtle.importKey("spki", rfc7515Spki, algorithm, true, [publicUsage]);
    const { n, e, alg, kty } = await subtle.exportKey("jwk", spki);
    const names = { "RSASSA-PKCS1-v1_5": "RS256", "RSA-PSS": "PS256", "RSA-OAEP": "RSA-OAEP-256" };
    assertEquals({ n, e, kty, alg }, { ...rfc7515RsaPublicKey, alg: names[name] });
    const pkcs8 = await subtle.importKey("pkcs8", rfc7515Pkcs8, algorithm, true, [privateUsage]);
    const jwk = await subtle.exportKey("jwk", pkcs8);
    assertEquals([jwk.n, jwk.d], [rfc7515RsaKey.n, rfc7515RsaKey.d]);
    for (const member of ["p", "q", "dp", "dq", "qi"]) assertEquals(fromBase64url(jwk[member]).length, 128, member);
    const again = await subtle.importKey("jwk", jwk, algorithm, true, [privateUsage]);
    assertEquals(hex(await subtle.exportKey("pkcs8", again)), hex(rfc7515Pkcs8));
    const { modulusLength, publicExponent, hash } = again.algorithm;
    assertEquals([modulusLength, [...publicExponent], hash.name], [2048, [1, 0, 1], "SHA-256"]);
  }
});

test("an EC point may be compressed", async () => {
  const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const point = new Uint8Array(await subtle.exportKey("raw", pair.publicKey));
  const compressed = point.slice(0, 33);
  compressed[0] = 2 + (point[64] & 1);
  const key = await subtle.importKey("raw", compressed, { name: "ECDSA", namedCurve: "P-256" }, true, ["verify"]);
  assertEquals(hex(await subtle.exportKey("raw", key)), hex(point));
  const algorithm = { name: "ECDSA", hash: "SHA-256" };
  const signature = await subtle.sign(algorithm, pair.privateKey, utf8("x"));
  assertEquals(await subtle.verify(algorithm, key, signature, utf8("x")), true);
});
