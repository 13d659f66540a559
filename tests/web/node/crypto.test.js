import crypto, { webcrypto } from "node:crypto";
import { promisify } from "node:util";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

const hex = (buffer) => Buffer.from(buffer).toString("hex");

test("hashes of RFC and FIPS vectors", () => {
  const rows = [
    ["md5", "900150983cd24fb0d6963f7d28e17f72"],
    ["sha1", "a9993e364706816aba3e25717850c26c9cd0d89d"],
    ["sha224", "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7"],
    ["sha256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"],
    ["sha384", "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"],
    [
      "SHA512",
      "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
    ],
  ];
  for (const [name, digest] of rows) assertEquals(crypto.createHash(name).update("abc").digest("hex"), digest, name);
});

test("a hash takes text and buffers in parts, copies and ends once", () => {
  const hash = crypto.createHash("sha256").update("a");
  const copy = hash.copy();
  hash.update(Buffer.from("b")).update("63", "hex");
  assertEquals(hash.digest("base64"), "ungWv48Bz+pBQUDeXa4iI7ADYaOWF3qctBD/YfIAFa0=");
  assertEquals(copy.digest("hex"), crypto.createHash("sha256").update("a").digest("hex"));
  assertEquals(assertThrows(() => hash.digest()).code, "ERR_CRYPTO_HASH_FINALIZED");
  assertEquals(assertThrows(() => hash.update("x")).code, "ERR_CRYPTO_HASH_FINALIZED");
  assertThrows(() => crypto.createHash("nope"), Error);
  assertEquals(assertThrows(() => crypto.createHash("md5").update(5)).code, "ERR_INVALID_ARG_TYPE");
  assert(Buffer.isBuffer(crypto.createHash("md5").digest()));
});

test("a hash is a stream", async () => {
  const hash = crypto.createHash("sha1");
  const chunks = [];
  hash.on("data", (chunk) => chunks.push(chunk));
  const ended = new Promise((resolve) => hash.on("end", resolve));
  hash.write("ab");
  hash.end("c");
  await ended;
  assertEquals(Buffer.concat(chunks).toString("hex"), "a9993e364706816aba3e25717850c26c9cd0d89d");
});

test("HMAC of RFC 4231", () => {
  assertEquals(
    crypto.createHmac("sha256", Buffer.alloc(20, 0x0b)).update("Hi There").digest("hex"),
    "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
  );
  assertEquals(
    crypto.createHmac("sha512", "Jefe").update("what do ya ").update("want for nothing?").digest("hex"),
    "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea2505549758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737",
  );
  const key = crypto.createSecretKey(Buffer.from("Jefe"));
  assertEquals(
    crypto.createHmac("md5", key).update("what do ya want for nothing?").digest("hex"),
    "750c783e6ab0b503eaa86e310a5db738",
  );
  assertThrows(() => crypto.createHmac("nope", "k"), Error);
});

test("pbkdf2, scrypt, hkdf of their RFCs", async () => {
  assertEquals(hex(crypto.pbkdf2Sync("password", "salt", 1, 20, "sha1")), "0c60c80f961f0e71f3a9b524af6012062fe037a6");
  assertEquals(
    hex(await promisify(crypto.pbkdf2)("password", "salt", 4096, 20, "sha1")),
    "4b007901b765489abead49d926f721d065a429c1",
  );
  assertEquals(
    hex(crypto.scryptSync("password", "NaCl", 64, { N: 1024, r: 8, p: 16 })),
    "fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640",
  );
  assertEquals(
    hex(await promisify(crypto.scrypt)("", "", 64, { N: 16, r: 1, p: 1 })).slice(0, 32),
    "77d6576238657b203b19ca42c18a0497",
  );
  const okm = crypto.hkdfSync(
    "sha256",
    Buffer.alloc(22, 0x0b),
    Buffer.from("000102030405060708090a0b0c", "hex"),
    Buffer.from("f0f1f2f3f4f5f6f7f8f9", "hex"),
    42,
  );
  assert(okm instanceof ArrayBuffer);
  assertEquals(hex(okm), "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865");
  assertEquals(assertThrows(() => crypto.pbkdf2Sync("p", "s", 0, 20, "sha1")).code, "ERR_OUT_OF_RANGE");
  assertThrows(() => crypto.pbkdf2Sync("p", "s", 1, 20, "nope"));
});

test("random numbers", async () => {
  assertEquals(crypto.randomBytes(16).length, 16);
  assert(hex(crypto.randomBytes(16)) !== hex(crypto.randomBytes(16)));
  assertEquals((await promisify(crypto.randomBytes)(8)).length, 8);
  for (let i = 0; i < 20; i++) {
    const value = crypto.randomInt(3, 6);
    assert(value >= 3 && value < 6);
  }
  assertEquals(crypto.randomInt(1), 0);
  assertEquals(assertThrows(() => crypto.randomInt(5, 5)).code, "ERR_OUT_OF_RANGE");
  assert(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/.test(crypto.randomUUID()));
  const buffer = Buffer.alloc(10);
  crypto.randomFillSync(buffer, 5);
  assertEquals(hex(buffer.subarray(0, 5)), "0000000000");
  assert(hex(buffer.subarray(5)) !== "0000000000");
  assertEquals(assertThrows(() => crypto.randomBytes(-1)).code, "ERR_OUT_OF_RANGE");
});

test("timingSafeEqual", () => {
  assert(crypto.timingSafeEqual(Buffer.from("abc"), Buffer.from("abc")));
  assert(!crypto.timingSafeEqual(Buffer.from("abc"), Buffer.from("abd")));
  assertThrows(() => crypto.timingSafeEqual(Buffer.from("a"), Buffer.from("ab")));
});

test("AES in CBC, CTR and GCM", () => {
  const key = Buffer.from("000102030405060708090a0b0c0d0e0f", "hex");
  const iv = Buffer.alloc(16, 1);
  for (const name of ["aes-128-cbc", "aes-128-ctr"]) {
    const cipher = crypto.createCipheriv(name, key, iv);
    const sealed = cipher.update("hello ", "utf8", "hex") + cipher.update("world", "utf8", "hex") + cipher.final("hex");
    const decipher = crypto.createDecipheriv(name, key, iv);
    assertEquals(decipher.update(sealed, "hex", "utf8") + decipher.final("utf8"), "hello world", name);
  }
  // NIST SP 800-38A F.2.1
  const cbc = crypto.createCipheriv(
    "aes-128-cbc",
    Buffer.from("2b7e151628aed2a6abf7158809cf4f3c", "hex"),
    Buffer.from("000102030405060708090a0b0c0d0e0f", "hex"),
  );
  cbc.setAutoPadding(false);
  assertEquals(
    cbc.update("6bc1bee22e409f96e93d7e117393172a", "hex", "hex") + cbc.final("hex"),
    "7649abac8119b246cee98e9b12e9197d",
  );
  const gcm = crypto.createCipheriv("aes-256-gcm", Buffer.alloc(32, 2), Buffer.alloc(12, 3));
  gcm.setAAD(Buffer.from("header"));
  const text = Buffer.concat([gcm.update("secret", "utf8"), gcm.final()]);
  const tag = gcm.getAuthTag();
  assertEquals(tag.length, 16);
  const open = (change) => {
    const decipher = crypto.createDecipheriv("aes-256-gcm", Buffer.alloc(32, 2), Buffer.alloc(12, 3));
    decipher.setAAD(Buffer.from("header"));
    const given = Buffer.from(tag);
    given[0] ^= change;
    decipher.setAuthTag(given);
    return Buffer.concat([decipher.update(text), decipher.final()]).toString();
  };
  assertEquals(open(0), "secret");
  assertThrows(() => open(1), Error);
  const info = crypto.getCipherInfo("aes-256-cbc");
  assertEquals([info.keyLength, info.ivLength, info.blockSize, info.mode], [32, 16, 16, "cbc"]);
  assert(crypto.getCiphers().includes("aes-256-gcm"));
  assertThrows(() => crypto.createCipheriv("nope", key, iv), Error);
  assertThrows(() => crypto.createCipheriv("aes-128-cbc", key.subarray(1), iv), Error);
  assertThrows(() => crypto.createCipheriv("aes-128-cbc", key, iv.subarray(1)), Error);
});

const ecPem = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgevZzL1gdAFr88hb2
OF/2NxApJCzGCEDdfSp6VQO30hyhRANCAAQRWz+jn65BtOMvdyHKcvjBeBSDZH2r
1RTwjmYSi9R/zpBnuQ4EiMnCqfMPWiZqB4QdbAd0E7oH50VpuZ1P087G
-----END PRIVATE KEY-----
`;

test("EC keys: read, sign, verify, write", () => {
  const key = crypto.createPrivateKey(ecPem);
  assertEquals([key.type, key.asymmetricKeyType], ["private", "ec"]);
  const publicKey = crypto.createPublicKey(key);
  assertEquals(publicKey.type, "public");
  const jwk = publicKey.export({ format: "jwk" });
  assertEquals([jwk.kty, jwk.crv, jwk.x], ["EC", "P-256", "EVs_o5-uQbTjL3chynL4wXgUg2R9q9UU8I5mEovUf84"]);
  assertEquals(jwk.y, "kGe5DgSIycKp8w9aJmoHhB1sB3QTugfnRWm5nU_TzsY");
  const pem = publicKey.export({ format: "pem", type: "spki" });
  assert(pem.startsWith("-----BEGIN PUBLIC KEY-----\n"));
  assertEquals(key.export({ format: "pem", type: "pkcs8" }), ecPem);
  assert(crypto.createPublicKey({ key: jwk, format: "jwk" }).equals(publicKey));
});

test(
  "EC signatures",
  () => {
    const key = crypto.createPrivateKey(ecPem);
    const signature = crypto.sign("sha256", Buffer.from("data"), { key, dsaEncoding: "ieee-p1363" });
    assertEquals(signature.length, 64);
    assert(
      crypto.verify(
        "sha256",
        Buffer.from("data"),
        { key: crypto.createPublicKey(key), dsaEncoding: "ieee-p1363" },
        signature,
      ),
    );
    const signer = crypto.createSign("sha256");
    signer.update("da");
    signer.end("ta");
    const der = signer.sign(ecPem);
    assert(crypto.createVerify("SHA256").update("data").verify(crypto.createPublicKey(ecPem), der));
    assert(!crypto.createVerify("SHA256").update("date").verify(crypto.createPublicKey(ecPem), der));
  },
  { workerd: "refuses a KeyObject as options.key, unlike Node" },
);

test("Ed25519 of RFC 8032", () => {
  const seed = "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
  const key = crypto.createPrivateKey({
    key: Buffer.from(`302e020100300506032b657004220420${seed}`, "hex"),
    format: "der",
    type: "pkcs8",
  });
  assertEquals(key.asymmetricKeyType, "ed25519");
  assertEquals(
    hex(crypto.sign(null, Buffer.alloc(0), key)),
    "e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e065224901555fb8821590a33bacc61e39701cf9b46bd25bf5f0595bbe24655141438e7a100b",
  );
});

test(
  "RSA: generate, sign, encrypt",
  async () => {
    const { publicKey, privateKey } = await promisify(crypto.generateKeyPair)("rsa", { modulusLength: 2048 });
    assertEquals(privateKey.asymmetricKeyDetails.modulusLength, 2048);
    assertEquals(privateKey.asymmetricKeyDetails.publicExponent, 65537n);
    const signature = crypto.createSign("RSA-SHA256").update("x").sign(privateKey);
    assert(crypto.createVerify("RSA-SHA256").update("x").verify(publicKey, signature));
    const pss = crypto.sign("sha256", Buffer.from("x"), {
      key: privateKey,
      padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
    });
    assert(
      crypto.verify(
        "sha256",
        Buffer.from("x"),
        { key: publicKey, padding: crypto.constants.RSA_PKCS1_PSS_PADDING },
        pss,
      ),
    );
    const sealed = crypto.publicEncrypt(publicKey, Buffer.from("hi"));
    assertEquals(crypto.privateDecrypt(privateKey, sealed).toString(), "hi");
    const oaep = crypto.publicEncrypt({ key: publicKey, oaepHash: "sha256" }, Buffer.from("hi"));
    assertEquals(crypto.privateDecrypt({ key: privateKey, oaepHash: "sha256" }, oaep).toString(), "hi");
    const jwk = privateKey.export({ format: "jwk" });
    assertEquals([jwk.kty, jwk.e], ["RSA", "AQAB"]);
    assert(crypto.createPrivateKey({ key: jwk, format: "jwk" }).equals(privateKey));
    const pem = publicKey.export({ format: "pem", type: "pkcs1" });
    assert(pem.includes("BEGIN RSA PUBLIC KEY") && crypto.createPublicKey(pem).equals(publicKey));
  },
  { timeout_ms: 20000, workerd: "refuses a KeyObject as options.key, unlike Node" },
);

test("secret keys", () => {
  const key = crypto.createSecretKey("616263", "hex");
  assertEquals([key.type, key.symmetricKeySize, key.export().toString()], ["secret", 3, "abc"]);
  assertEquals(key.export({ format: "jwk" }).k, "YWJj");
  assert(key.equals(crypto.createSecretKey(Buffer.from("abc"))));
  const made = crypto.generateKeySync("hmac", { length: 64 });
  assertEquals(made.symmetricKeySize, 8);
});

test("ECDH and Diffie-Hellman agree", () => {
  const a = crypto.createECDH("prime256v1");
  const b = crypto.createECDH("prime256v1");
  const publicA = a.generateKeys();
  const publicB = b.generateKeys("hex", "compressed");
  assertEquals(hex(a.computeSecret(publicB, "hex")), hex(b.computeSecret(publicA)));
  assertEquals(publicB.length, 66);
  const alice = crypto.getDiffieHellman("modp14");
  const bob = crypto.getDiffieHellman("modp14");
  alice.generateKeys();
  bob.generateKeys();
  assertEquals(
    alice.computeSecret(bob.getPublicKey(), null, "hex"),
    bob.computeSecret(alice.getPublicKey(), null, "hex"),
  );
});

test("hash() and lists", () => {
  assertEquals(crypto.hash("sha1", "abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assert(crypto.getHashes().includes("sha256"));
  assert(crypto.getCurves().includes("secp384r1"));
  assert(crypto.webcrypto.subtle !== undefined);
  assertEquals(crypto.checkPrimeSync(7n), true);
  assertEquals(crypto.checkPrimeSync(8n), false);
});

test("a callback gets the error", async () => {
  await assertRejects(promisify(crypto.scrypt)("p", "s", 32, { N: 1 << 20, r: 8, p: 1 }), Error);
});

test("a CryptoKey as a KeyObject", async () => {
  const { publicKey, privateKey } = await webcrypto.subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, true, [
    "sign",
    "verify",
  ]);
  const key = crypto.KeyObject.from(publicKey);
  assertEquals([key.type, key.asymmetricKeyType], ["public", "ec"]);
  assert(key.equals(crypto.KeyObject.from(publicKey)));
  assert(
    crypto.KeyObject.from(privateKey)
      .export({ format: "pem", type: "pkcs8" })
      .startsWith("-----BEGIN PRIVATE KEY-----"),
  );
  const raw = await webcrypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", true, ["encrypt"]);
  const secret = crypto.KeyObject.from(raw);
  assertEquals([secret.type, secret.export().toString("hex")], ["secret", "00".repeat(16)]);
  assertEquals(assertThrows(() => crypto.KeyObject.from({}), TypeError).code, "ERR_INVALID_ARG_TYPE");
  const signature = crypto.sign("sha256", Buffer.from("x"), privateKey);
  assert(crypto.verify("sha256", Buffer.from("x"), publicKey, signature));
});

test("a CryptoKey that cannot be exported cannot be so as a KeyObject", async () => {
  const key = await webcrypto.subtle.importKey("raw", new Uint8Array(16), "AES-GCM", false, ["encrypt"]);
  assertThrows(() => crypto.KeyObject.from(key).export(), TypeError, "Unable to export non-extractable key");
});

test("a CryptoKey where a key is wanted", async () => {
  const key = await webcrypto.subtle.importKey("raw", new Uint8Array(16), { name: "HMAC", hash: "SHA-256" }, true, [
    "sign",
  ]);
  assertEquals(
    crypto.createHmac("sha256", key).update("x").digest("hex"),
    crypto.createHmac("sha256", Buffer.alloc(16)).update("x").digest("hex"),
  );
});

test(
  "a KeyObject as a CryptoKey",
  async () => {
    const { publicKey, privateKey } = crypto.generateKeyPairSync("ec", { namedCurve: "P-256" });
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const signs = privateKey.toCryptoKey(algorithm, false, ["sign"]);
    assertEquals([signs.type, signs.extractable, signs.usages], ["private", false, ["sign"]]);
    const signature = await webcrypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, signs, Buffer.from("x"));
    const verifies = publicKey.toCryptoKey(algorithm, true, ["verify"]);
    assert(await webcrypto.subtle.verify({ name: "ECDSA", hash: "SHA-256" }, verifies, signature, Buffer.from("x")));
    const secret = crypto.createSecretKey(Buffer.alloc(16)).toCryptoKey("AES-CBC", true, ["encrypt"]);
    assertEquals(secret.algorithm, { name: "AES-CBC", length: 128 });
  },
  { workerd: "workerd does not have it" },
);
