// JSON Web Keys: the members that importKey checks.
import { assertEquals, assertRejects, test } from "../harness.js";
import { rfc7515Pkcs8, subtle } from "./tools.js";

const k = "AAECAwQFBgcICQoLDA0ODw";

test("symmetric keys: members that are refused", async () => {
  for (const jwk of [
    { k },
    { kty: "RSA", k },
    { kty: "oct" },
    { kty: "oct", k: "!!" },
    { kty: "oct", k: "AAAA" },
    { kty: "oct", k, alg: "A256GCM" },
    { kty: "oct", k, use: "sig" },
    { kty: "oct", k, key_ops: ["decrypt"] },
    { kty: "oct", k, key_ops: [] },
    { kty: "oct", k, key_ops: ["encrypt", "encrypt"] },
    { kty: "oct", k, ext: false },
  ])
    await assertRejects(subtle.importKey("jwk", jwk, "AES-GCM", true, ["encrypt"]), "DataError");
});

test("symmetric keys: members that are taken", async () => {
  for (const [jwk, extractable] of [
    [{ kty: "oct", k }, true],
    [{ kty: "oct", k: k + "==" }, true],
    [{ kty: "oct", k, alg: "A128GCM", use: "enc", ext: true }, true],
    [{ kty: "oct", k, key_ops: ["encrypt", "other"] }, true],
    [{ kty: "oct", k, ext: false }, false],
    [{ kty: "oct", k, unknown: 1 }, true],
  ]) {
    const key = await subtle.importKey("jwk", jwk, "AES-GCM", extractable, ["encrypt"]);
    assertEquals([key.algorithm.length, key.extractable], [128, extractable]);
  }
});

test("EC keys: members that are refused", async () => {
  const algorithm = { name: "ECDSA", namedCurve: "P-256" };
  const { privateKey, publicKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
  const [jwk, publicJwk] = [await subtle.exportKey("jwk", privateKey), await subtle.exportKey("jwk", publicKey)];
  assertEquals([jwk.kty, jwk.crv, jwk.x, jwk.y], ["EC", "P-256", publicJwk.x, publicJwk.y]);
  assertEquals([[...jwk.key_ops], [...publicJwk.key_ops], publicJwk.d], [["sign"], ["verify"], undefined]);
  const other = "AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE";
  for (const wrong of [
    { kty: "OKP" },
    { x: undefined },
    { y: undefined },
    { d: other },
    { alg: "ES384" },
    { use: "enc" },
  ])
    await assertRejects(subtle.importKey("jwk", { ...jwk, ...wrong }, algorithm, true, ["sign"]), "DataError");
  // Names differ: workerd says OperationError for coordinates that are no point.
  for (const wrong of [{ x: publicJwk.y, y: publicJwk.x }, { x: "AAAA" }])
    await assertRejects(subtle.importKey("jwk", { ...publicJwk, ...wrong }, algorithm, true, ["verify"]), DOMException);
  await assertRejects(subtle.importKey("jwk", publicJwk, algorithm, true, ["sign"]), "SyntaxError");
  await assertRejects(subtle.importKey("jwk", jwk, algorithm, true, ["verify"]), "SyntaxError");
  const key = await subtle.importKey("jwk", { ...jwk, alg: "ES256", use: "sig" }, algorithm, true, ["sign"]);
  assertEquals(key.type, "private");
});

test(
  "EC keys: another curve is refused",
  async () => {
    const algorithm = { name: "ECDSA", namedCurve: "P-256" };
    const { publicKey } = await subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const jwk = await subtle.exportKey("jwk", publicKey);
    await assertRejects(subtle.importKey("jwk", { ...jwk, crv: "P-384" }, algorithm, true, ["verify"]), "DataError");
  },
  { workerd: "it does not compare crv" },
);

test("Ed25519 keys: members that are refused", async () => {
  const { privateKey, publicKey } = await subtle.generateKey("Ed25519", true, ["sign", "verify"]);
  const [jwk, publicJwk] = [await subtle.exportKey("jwk", privateKey), await subtle.exportKey("jwk", publicKey)];
  assertEquals([jwk.kty, jwk.crv, jwk.alg], ["OKP", "Ed25519", "EdDSA"]);
  await assertRejects(
    subtle.importKey("jwk", { ...jwk, crv: "X25519" }, "Ed25519", true, ["sign"]),
    "NotSupportedError",
  );
  for (const wrong of [{ kty: "EC" }, { x: undefined }, { x: "AAAA" }, { alg: "ES256" }])
    await assertRejects(subtle.importKey("jwk", { ...publicJwk, ...wrong }, "Ed25519", true, ["verify"]), "DataError");
  await assertRejects(subtle.importKey("jwk", publicJwk, "Ed25519", true, ["sign"]), "SyntaxError");
});

test(
  "Ed25519 keys whose halves do not belong together are refused",
  async () => {
    const [a, b] = [
      await subtle.generateKey("Ed25519", true, ["sign"]),
      await subtle.generateKey("Ed25519", true, ["sign"]),
    ];
    const [mine, other] = [await subtle.exportKey("jwk", a.privateKey), await subtle.exportKey("jwk", b.privateKey)];
    await assertRejects(subtle.importKey("jwk", { ...mine, d: other.d }, "Ed25519", true, ["sign"]), "DataError");
    const spki = await subtle.exportKey("spki", (await subtle.generateKey("X25519", true, ["deriveBits"])).publicKey);
    await assertRejects(subtle.importKey("spki", spki, "Ed25519", true, ["verify"]), "DataError");
  },
  { workerd: "it takes both" },
);

test("RSA keys: members that are refused", async () => {
  const algorithm = { name: "RSASSA-PKCS1-v1_5", hash: "SHA-256" };
  const jwk = await subtle.exportKey("jwk", await subtle.importKey("pkcs8", rfc7515Pkcs8, algorithm, true, ["sign"]));
  for (const [wrong, error] of [
    [{ kty: "EC" }, "DataError"],
    [{ n: undefined }, "DataError"],
    [{ n: "!" }, "DataError"],
    [{ e: undefined }, "DataError"],
    [{ p: undefined }, "DataError"],
    [{ qi: undefined }, "DataError"],
    [{ oth: [{}] }, "NotSupportedError"],
    [{ alg: "RS512" }, "DataError"],
    [{ use: "enc" }, "DataError"],
    [{ key_ops: ["verify"] }, "DataError"],
    [{ ext: false }, "DataError"],
  ])
    await assertRejects(subtle.importKey("jwk", { ...jwk, ...wrong }, algorithm, true, ["sign"]), error);
  const { kty, n, e, d } = jwk;
  const short = await subtle.importKey("jwk", { kty, n, e, d }, algorithm, true, ["sign"]);
  assertEquals([short.type, short.algorithm.modulusLength], ["private", 2048]);
});
