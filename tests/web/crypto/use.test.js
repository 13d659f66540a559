// How keys are used: parameters that encrypt, sign and derive want, errors, and wrapping of keys in each other.
import { assert, assertEquals, assertRejects, test } from "../harness.js";
import { counting, hex, repeated, rfc7515RsaKey, rfc7515RsaPublicKey, subtle, text, utf8 } from "./tools.js";

const iv12 = new Uint8Array(12);
const iv16 = new Uint8Array(16);
const aesKey = (name, usages) => subtle.importKey("raw", counting(0, 16), name, true, usages);
const all = ["encrypt", "decrypt", "wrapKey", "unwrapKey"];

test("a key is for its own algorithm and its own usages", async () => {
  const hmac = await subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);
  const gcm = await aesKey("AES-GCM", ["encrypt"]);
  const kw = await aesKey("AES-KW", ["wrapKey"]);
  const data = utf8("x");
  for (const [promise, part] of [
    [subtle.sign("AES-GCM", hmac, data), "does not match this CryptoKey's algorithm"],
    [subtle.sign("nope", hmac, data), "does not match this CryptoKey's algorithm"],
    [subtle.sign("AES-GCM", gcm, data), 'usage "sign"'],
    [subtle.verify("HMAC", hmac, data, data), 'usage "verify"'],
    [subtle.encrypt({ name: "AES-GCM", iv: iv12 }, hmac, data), "does not match this CryptoKey's algorithm"],
    [subtle.encrypt("HMAC", hmac, data), 'usage "encrypt"'],
    [subtle.decrypt({ name: "AES-GCM", iv: iv12 }, gcm, data), 'usage "decrypt"'],
    [subtle.encrypt("AES-KW", kw, repeated(0, 16)), 'usage "encrypt"'],
    [subtle.wrapKey("raw", gcm, gcm, { name: "AES-GCM", iv: iv12 }), 'usage "wrapKey"'],
    [subtle.wrapKey("raw", gcm, kw, { name: "AES-GCM", iv: iv12 }), "does not match this CryptoKey's algorithm"],
    [subtle.unwrapKey("raw", data, kw, "AES-KW", "AES-GCM", true, ["encrypt"]), 'usage "unwrapKey"'],
    [subtle.deriveBits("HMAC", hmac, 128), 'usage "deriveBits"'],
    [subtle.deriveKey("HMAC", hmac, { name: "AES-GCM", length: 128 }, true, ["encrypt"]), 'usage "deriveKey"'],
  ])
    await assertRejects(promise, "InvalidAccessError", part);
  assertEquals((await subtle.sign({ name: "hmac" }, hmac, data)).byteLength, 32);
});

test("arguments of the wrong kind are a TypeError, and always a rejection", async () => {
  const key = await aesKey("AES-GCM", all);
  const data = utf8("x");
  const gcm = { name: "AES-GCM", iv: iv12 };
  for (const promise of [
    subtle.encrypt(),
    subtle.encrypt(gcm, {}, data),
    subtle.encrypt(gcm, key, "text"),
    subtle.encrypt(gcm, key),
    subtle.decrypt(gcm, null, data),
    subtle.sign("HMAC", {}, data),
    subtle.verify("HMAC", key, "x", data),
    subtle.digest(),
    subtle.generateKey(),
    subtle.importKey("raw"),
    subtle.exportKey("raw", {}),
    subtle.deriveBits(),
    subtle.deriveKey(),
    subtle.wrapKey(),
    subtle.unwrapKey(),
  ])
    await assertRejects(promise, TypeError);
});

test("AES-GCM: parameters that are refused", async () => {
  const key = await aesKey("AES-GCM", all);
  const data = utf8("x");
  for (const [parameters, error] of [
    [{}, TypeError],
    [{ iv: "x" }, TypeError],
    [{ iv: iv12, additionalData: "x" }, TypeError],
    [{ iv: new Uint8Array(0) }, "OperationError"],
    [{ iv: iv12, tagLength: 0 }, "OperationError"],
    [{ iv: iv12, tagLength: 33 }, "OperationError"],
    [{ iv: iv12, tagLength: 100 }, "OperationError"],
    [{ iv: iv12, tagLength: 136 }, "OperationError"],
  ])
    await assertRejects(subtle.encrypt({ name: "AES-GCM", ...parameters }, key, data), error);
  await assertRejects(
    subtle.decrypt({ name: "AES-GCM", iv: iv12 }, key, repeated(0, 15)),
    "OperationError",
    "120 bits",
  );
  await assertRejects(subtle.decrypt({ name: "AES-GCM", iv: iv12 }, key, repeated(0, 40)), "OperationError", "24");
  for (const size of [1, 8, 16, 100]) {
    const algorithm = { name: "AES-GCM", iv: repeated(7, size).buffer };
    const encrypted = await subtle.encrypt(algorithm, key, data);
    assertEquals([encrypted.byteLength, text(await subtle.decrypt(algorithm, key, encrypted))], [17, "x"]);
  }
});

test("AES-CBC and AES-CTR: parameters that are refused", async () => {
  const cbc = await aesKey("AES-CBC", all);
  const ctr = await aesKey("AES-CTR", all);
  const data = utf8("x");
  for (const [key, parameters, error] of [
    [cbc, {}, TypeError],
    [cbc, { iv: iv12 }, "OperationError"],
    [ctr, { length: 64 }, TypeError],
    [ctr, { counter: iv16 }, TypeError],
    [ctr, { counter: iv16, length: 0 }, "OperationError"],
    [ctr, { counter: iv16, length: 129 }, "OperationError"],
    [ctr, { counter: iv12, length: 64 }, "OperationError"],
  ])
    await assertRejects(subtle.encrypt({ name: key.algorithm.name, ...parameters }, key, data), error);
  const algorithm = { name: "AES-CBC", iv: iv16 };
  for (const size of [0, 16, 17])
    await assertRejects(subtle.decrypt(algorithm, cbc, repeated(0, size)), "OperationError", "Decryption failed");
  for (const size of [0, 1, 15, 16, 17]) {
    const encrypted = await subtle.encrypt(algorithm, cbc, repeated(1, size));
    assertEquals(encrypted.byteLength, Math.floor(size / 16) * 16 + 16);
    assertEquals(hex(await subtle.decrypt(algorithm, cbc, encrypted)), "01".repeat(size));
  }
});

test("signatures: parameters that are refused", async () => {
  const data = utf8("x");
  const ec = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  await assertRejects(subtle.sign("ECDSA", ec.privateKey, data), TypeError, 'Missing "hash"');
  await assertRejects(subtle.sign({ name: "ECDSA", hash: "x" }, ec.privateKey, data), "NotSupportedError");
  await assertRejects(subtle.sign({ name: "ECDSA", hash: "SHA-256" }, ec.publicKey, data), "InvalidAccessError");
  await assertRejects(
    subtle.verify({ name: "ECDSA", hash: "SHA-256" }, ec.privateKey, new Uint8Array(64), data),
    "InvalidAccessError",
  );
  for (const size of [0, 3, 64, 65])
    assertEquals(
      await subtle.verify({ name: "ECDSA", hash: "SHA-256" }, ec.publicKey, new Uint8Array(size), data),
      false,
    );
  const pss = await subtle.importKey("jwk", rfc7515RsaKey, { name: "RSA-PSS", hash: "SHA-256" }, false, ["sign"]);
  await assertRejects(subtle.sign("RSA-PSS", pss, data), "DataError");
  await assertRejects(subtle.sign({ name: "RSA-PSS", saltLength: -1 }, pss, data), "DataError");
  for (const saltLength of [223, 1000])
    await assertRejects(subtle.sign({ name: "RSA-PSS", saltLength }, pss, data), "OperationError", "key too small");
  assertEquals((await subtle.sign({ name: "RSA-PSS", saltLength: 222 }, pss, data)).byteLength, 256);
});

test("RSA-OAEP: what does not fit or does not decrypt", async () => {
  const algorithm = { name: "RSA-OAEP", hash: "SHA-256" };
  const encrypter = await subtle.importKey("jwk", rfc7515RsaPublicKey, algorithm, false, ["encrypt"]);
  const decrypter = await subtle.importKey("jwk", rfc7515RsaKey, algorithm, false, ["decrypt"]);
  await assertRejects(subtle.encrypt("RSA-OAEP", encrypter, repeated(0, 191)), "OperationError");
  for (const size of [0, 6, 255, 256])
    await assertRejects(subtle.decrypt("RSA-OAEP", decrypter, repeated(0, size)), "OperationError");
  for (const size of [0, 1, 190]) {
    const encrypted = await subtle.encrypt("RSA-OAEP", encrypter, repeated(5, size));
    assertEquals(hex(await subtle.decrypt("RSA-OAEP", decrypter, encrypted)), "05".repeat(size));
  }
});

test("deriveBits: parameters that are refused", async () => {
  const pbkdf2 = await subtle.importKey("raw", utf8("pw"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
  const hkdf = await subtle.importKey("raw", utf8("pw"), "HKDF", false, ["deriveBits", "deriveKey"]);
  const p = { name: "PBKDF2", hash: "SHA-256", salt: utf8("s"), iterations: 10 };
  const h = { name: "HKDF", hash: "SHA-256", salt: utf8("s"), info: utf8("i") };
  for (const [key, algorithm, length, error] of [
    [pbkdf2, p, null, "OperationError"],
    [pbkdf2, p, undefined, "OperationError"],
    [pbkdf2, p, 7, "OperationError"],
    [pbkdf2, { ...p, iterations: 0 }, 128, "OperationError"],
    [pbkdf2, { ...p, iterations: undefined }, 128, TypeError],
    [pbkdf2, { ...p, salt: undefined }, 128, TypeError],
    [pbkdf2, { ...p, hash: undefined }, 128, TypeError],
    [pbkdf2, { ...p, hash: "nope" }, 128, "NotSupportedError"],
    [hkdf, h, null, "OperationError"],
    [hkdf, h, 9, "OperationError"],
    [hkdf, h, 255 * 256 + 8, "OperationError"],
    [hkdf, { ...h, info: undefined }, 128, TypeError],
    [hkdf, { ...h, salt: undefined }, 128, TypeError],
    [hkdf, { ...h, hash: "nope" }, 128, "NotSupportedError"],
    [hkdf, p, 128, "InvalidAccessError"],
  ])
    await assertRejects(subtle.deriveBits(algorithm, key, length), error);
  assertEquals((await subtle.deriveBits(p, pbkdf2, 0)).byteLength, 0);
  assertEquals((await subtle.deriveBits(h, hkdf, 0)).byteLength, 0);
  assertEquals((await subtle.deriveBits(h, hkdf, 255 * 256)).byteLength, 255 * 32);
  assertEquals((await subtle.deriveBits({ ...p, iterations: 100_000 }, pbkdf2, 128)).byteLength, 16);
});

test(
  "PBKDF2 has the iteration limit of Workers",
  async () => {
    const key = await subtle.importKey("raw", utf8("pw"), "PBKDF2", false, ["deriveBits"]);
    const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: utf8("s"), iterations: 100_001 };
    await assertRejects(subtle.deriveBits(algorithm, key, 128), "NotSupportedError", "100000");
  },
  { workerd: "Cloudflare has the limit, workerd alone does not" },
);

test("key agreement: peers that are refused", async () => {
  const usages = ["deriveBits", "deriveKey"];
  const a = await subtle.generateKey({ name: "ECDH", namedCurve: "P-256" }, true, usages);
  const b = await subtle.generateKey({ name: "ECDH", namedCurve: "P-384" }, true, usages);
  const ecdsa = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign"]);
  const x = await subtle.generateKey("X25519", true, usages);
  for (const [key, name, peer, error] of [
    [a.privateKey, "ECDH", b.publicKey, "InvalidAccessError"],
    [a.privateKey, "ECDH", a.privateKey, "InvalidAccessError"],
    [a.publicKey, "ECDH", a.publicKey, "InvalidAccessError"],
    [a.privateKey, "ECDH", ecdsa.publicKey, "InvalidAccessError"],
    [a.privateKey, "ECDH", undefined, TypeError],
    [x.privateKey, "X25519", x.privateKey, "InvalidAccessError"],
    [x.privateKey, "X25519", a.publicKey, "InvalidAccessError"],
    [x.privateKey, "ECDH", x.publicKey, "InvalidAccessError"],
  ])
    await assertRejects(subtle.deriveBits({ name, public: peer }, key, 256), error);
  assertEquals((await subtle.deriveBits({ name: "ECDH", public: a.publicKey }, a.privateKey, 0)).byteLength, 0);
});

test("deriveKey makes keys of each kind", async () => {
  const base = await subtle.importKey("raw", utf8("pw"), "PBKDF2", false, ["deriveBits", "deriveKey"]);
  const algorithm = { name: "PBKDF2", hash: "SHA-256", salt: utf8("s"), iterations: 10 };
  for (const [derived, usages, bits] of [
    [{ name: "AES-GCM", length: 256 }, ["encrypt"], 256],
    [{ name: "AES-CBC", length: 192 }, ["decrypt"], 192],
    [{ name: "AES-KW", length: 128 }, ["wrapKey"], 128],
    [{ name: "HMAC", hash: "SHA-256" }, ["sign"], 512],
    [{ name: "HMAC", hash: "SHA-512" }, ["sign"], 1024],
    [{ name: "HMAC", hash: "SHA-256", length: 128 }, ["sign"], 128],
  ]) {
    const key = await subtle.deriveKey(algorithm, base, derived, true, usages);
    assertEquals([key.type, key.algorithm.name, key.algorithm.length], ["secret", derived.name, bits]);
    assertEquals(hex(await subtle.exportKey("raw", key)), hex(await subtle.deriveBits(algorithm, base, bits)));
  }
  for (const [derived, usages, error] of [
    [{ name: "AES-GCM" }, ["encrypt"], TypeError],
    [{ name: "AES-GCM", length: 100 }, ["encrypt"], "OperationError"],
    [{ name: "AES-GCM", length: 128 }, [], "SyntaxError"],
    [{ name: "HMAC", hash: "SHA-256", length: 0 }, ["sign"], TypeError],
    [{ name: "ECDSA", namedCurve: "P-256" }, ["sign"], "NotSupportedError"],
    ["HKDF", ["deriveBits"], "OperationError"],
  ])
    await assertRejects(subtle.deriveKey(algorithm, base, derived, true, usages), error);
  const a = await subtle.generateKey("X25519", true, ["deriveKey"]);
  const shared = { name: "X25519", public: a.publicKey };
  const hkdf = await subtle.deriveKey(shared, a.privateKey, "HKDF", false, ["deriveKey"]);
  assertEquals([hkdf.type, hkdf.algorithm.name, hkdf.extractable], ["secret", "HKDF", false]);
  await assertRejects(
    subtle.deriveKey(shared, a.privateKey, { name: "HMAC", hash: "SHA-256" }, true, ["sign"]),
    "OperationError",
  );
});

test("keys wrap keys", async () => {
  const secret = await subtle.generateKey({ name: "AES-GCM", length: 256 }, true, all);
  const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, ["sign", "verify"]);
  const ecdsa = { name: "ECDSA", namedCurve: "P-256" };
  const oaep = { name: "RSA-OAEP", hash: "SHA-256" };
  const rsaPublic = await subtle.importKey("jwk", rfc7515RsaPublicKey, oaep, false, ["wrapKey"]);
  const rsaPrivate = await subtle.importKey("jwk", rfc7515RsaKey, oaep, false, ["unwrapKey"]);
  for (const [algorithm, wrapping, unwrapping] of [
    [{ name: "AES-GCM", iv: iv12 }, await aesKey("AES-GCM", all)],
    [{ name: "AES-CBC", iv: iv16 }, await aesKey("AES-CBC", all)],
    [{ name: "AES-CTR", counter: iv16, length: 64 }, await aesKey("AES-CTR", all)],
    [{ name: "AES-KW" }, await aesKey("AES-KW", ["wrapKey", "unwrapKey"])],
    [{ name: "RSA-OAEP" }, rsaPublic, rsaPrivate],
  ]) {
    const isRsa = algorithm.name === "RSA-OAEP";
    const isKw = algorithm.name === "AES-KW";
    for (const [format, key, keyAlgorithm, usages] of [
      ["raw", secret, "AES-GCM", all],
      ["jwk", secret, "AES-GCM", all],
      ["jwk", pair.privateKey, ecdsa, ["sign"]],
      ["pkcs8", pair.privateKey, ecdsa, ["sign"]],
      ["spki", pair.publicKey, ecdsa, ["verify"]],
    ]) {
      if (isRsa && key !== secret) continue; // too long for it
      if (isKw && key !== secret) continue; // not a multiple of 64 bits
      const wrapped = await subtle.wrapKey(format, key, wrapping, algorithm);
      const again = await subtle.unwrapKey(
        format,
        wrapped,
        unwrapping ?? wrapping,
        algorithm,
        keyAlgorithm,
        true,
        usages,
      );
      assertEquals([again.type, [...again.usages]], [key.type, usages], `${algorithm.name} ${format}`);
      const same = async (which) => JSON.stringify(await subtle.exportKey("jwk", which));
      assertEquals(await same(again), await same(key));
      if (isKw) assertEquals(wrapped.byteLength % 8, 0);
    }
  }
});

test("wrapping: what is refused", async () => {
  const kw = await aesKey("AES-KW", ["wrapKey", "unwrapKey"]);
  const gcm = await aesKey("AES-GCM", all);
  const hidden = await subtle.importKey("raw", counting(0, 16), "AES-GCM", false, ["encrypt"]);
  const short = await subtle.importKey("raw", utf8("k"), { name: "HMAC", hash: "SHA-256" }, true, ["sign"]);
  await assertRejects(subtle.wrapKey("raw", hidden, kw, "AES-KW"), "InvalidAccessError", "non-extractable");
  await assertRejects(subtle.wrapKey("raw", short, kw, "AES-KW"), "OperationError", "8 bits");
  await assertRejects(subtle.wrapKey("spki", gcm, kw, "AES-KW"), "NotSupportedError");
  const unwrap = (data, format = "raw", key = kw, algorithm = "AES-KW", usages = ["encrypt"]) =>
    subtle.unwrapKey(format, data, key, algorithm, "AES-GCM", true, usages);
  await assertRejects(unwrap(repeated(0, 24)), "OperationError");
  await assertRejects(unwrap(repeated(0, 9)), "OperationError", "72 bits");
  const wrapped = await subtle.wrapKey("raw", gcm, kw, "AES-KW");
  await assertRejects(unwrap(wrapped, "raw", kw, "AES-KW", []), "SyntaxError");
  const algorithm = { name: "AES-GCM", iv: iv12 };
  for (const [data, error] of [
    ["foo", SyntaxError],
    ["5", "DataError"],
    ['{"kty":"RSA"}', "DataError"],
  ])
    await assertRejects(unwrap(await subtle.encrypt(algorithm, gcm, utf8(data)), "jwk", gcm, algorithm), error);
  assert((await unwrap(wrapped)) instanceof CryptoKey);
});
