// Web Cryptography § 31: HMAC keys (raw and jwk), sign and verify.

import { native } from "../native";
import { checkUsages, CryptoKey, type KeyAlgorithm, keyMaterial, makeKey } from "./crypto_key";
import { DOMException } from "./dom_exception";
import { isAnyArrayBuffer } from "./encoding";

type Input = ArrayBufferLike | ArrayBufferView;

const ops = native<{
  hmac_sign(hash: string, key: Input, data: Input): Uint8Array<ArrayBuffer>;
  bytes_equal(a: Input, b: Input): boolean;
  random_fill(view: ArrayBufferView): void;
  bytes_from_base64(text: string, url: boolean, lastChunk: number): Uint8Array<ArrayBuffer>;
  bytes_to_base64(bytes: Uint8Array, url: boolean, omitPadding: boolean): string;
}>();

interface HmacKeyAlgorithm {
  name: "HMAC";
  hash: { name: string };
  length: number;
}

// Each hash with its name in a JWK and its block size in bits, which is the length of a generated key.
const hashes: Record<string, { jwk: string; block_bits: number }> = {
  "SHA-1": { jwk: "HS1", block_bits: 512 },
  "SHA-256": { jwk: "HS256", block_bits: 512 },
  "SHA-384": { jwk: "HS384", block_bits: 1024 },
  "SHA-512": { jwk: "HS512", block_bits: 1024 },
};

function hashOf(algorithm: KeyAlgorithm): string {
  const { hash } = algorithm;
  if (hash === undefined) throw new TypeError("HMAC needs the member 'hash' of its algorithm.");
  const name = String(
    typeof hash === "object" && hash !== null ? (hash as { name?: unknown }).name : hash,
  ).toUpperCase();
  if (!Object.hasOwn(hashes, name)) throw new DOMException(`HMAC has no hash ${name}.`, "NotSupportedError");
  return name;
}

function makeHmacKey(
  material: Uint8Array,
  hash: string,
  bits: number,
  extractable: boolean,
  usages: string[],
): CryptoKey {
  if (usages.length === 0) throw new DOMException("Usages must not be empty for a secret key.", "SyntaxError");
  const algorithm: HmacKeyAlgorithm = { name: "HMAC", length: bits, hash: { name: hash } };
  return makeKey("secret", extractable, algorithm, usages, material);
}

interface Jwk {
  kty?: unknown;
  k?: unknown;
  alg?: unknown;
  use?: unknown;
  key_ops?: unknown;
  ext?: unknown;
}

function fromJwk(keyData: unknown, hash: string, extractable: boolean, usages: string[]): Uint8Array<ArrayBuffer> {
  if (typeof keyData !== "object" || keyData === null || isAnyArrayBuffer(keyData) || ArrayBuffer.isView(keyData))
    throw new TypeError("A jwk key is an object.");
  const jwk = keyData as Jwk;
  const bad = (what: string) => new DOMException(`The JSON Web Key ${what}.`, "DataError");
  if (jwk.kty !== "oct") throw bad("is not of kty 'oct'");
  if (typeof jwk.k !== "string") throw bad("has no k");
  if (jwk.alg !== undefined && jwk.alg !== hashes[hash]!.jwk) throw bad("is for another algorithm");
  if (usages.length > 0 && jwk.use !== undefined && jwk.use !== "sig") throw bad("is not for signatures");
  if (
    jwk.key_ops !== undefined &&
    !(Array.isArray(jwk.key_ops) && usages.every((usage) => (jwk.key_ops as unknown[]).includes(usage)))
  )
    throw bad("does not allow the usages");
  if (jwk.ext === false && extractable) throw bad("is not extractable");
  try {
    return ops.bytes_from_base64(jwk.k, true, 0);
  } catch {
    throw bad("has a k that is not base64url");
  }
}

// § 31.7.1.
export function importHmacKey(
  format: string,
  keyData: unknown,
  algorithm: KeyAlgorithm,
  extractable: boolean,
  usages: unknown,
): CryptoKey {
  const hash = hashOf(algorithm);
  const checked = checkUsages(usages, ["sign", "verify"]);
  let material: Uint8Array;
  if (format === "raw") {
    if (!ArrayBuffer.isView(keyData) && !isAnyArrayBuffer(keyData))
      throw new TypeError("A raw key is an ArrayBuffer or a view of one.");
    material = ArrayBuffer.isView(keyData)
      ? new Uint8Array(keyData.buffer, keyData.byteOffset, keyData.byteLength).slice()
      : new Uint8Array(keyData).slice();
  } else if (format === "jwk") {
    material = fromJwk(keyData, hash, extractable, checked);
  } else {
    throw new DOMException(`HMAC keys have no format "${format}".`, "NotSupportedError");
  }
  // 5. - 7. The length.
  let bits = material.length * 8;
  if (bits === 0) throw new DOMException("The key is empty.", "DataError");
  if (algorithm.length !== undefined) {
    const length = Number(algorithm.length);
    if (length > bits || length <= bits - 8)
      throw new DOMException("The key does not have the length that its algorithm says.", "DataError");
    bits = length;
  }
  return makeHmacKey(material, hash, bits, extractable, checked);
}

// § 31.6.3.
export function generateHmacKey(algorithm: KeyAlgorithm, extractable: boolean, usages: unknown): CryptoKey {
  const hash = hashOf(algorithm);
  const checked = checkUsages(usages, ["sign", "verify"]);
  const bits = algorithm.length === undefined ? hashes[hash]!.block_bits : Number(algorithm.length);
  if (!(bits > 0) || !Number.isInteger(bits))
    throw new DOMException("The key's length must be above zero.", "OperationError");
  const material = new Uint8Array(Math.ceil(bits / 8));
  ops.random_fill(material);
  return makeHmacKey(material, hash, bits, extractable, checked);
}

// § 31.7.2.
export function exportHmacKey(format: string, key: CryptoKey): ArrayBuffer | object {
  if (!key.extractable) throw new DOMException("The key is not extractable.", "InvalidAccessError");
  const material = keyMaterial(key);
  if (format === "raw") return material.slice().buffer;
  if (format !== "jwk") throw new DOMException(`HMAC keys have no format "${format}".`, "NotSupportedError");
  const { hash } = key.algorithm as HmacKeyAlgorithm;
  return {
    kty: "oct",
    k: ops.bytes_to_base64(material, true, true),
    alg: hashes[hash.name]!.jwk,
    key_ops: [...key.usages],
    ext: key.extractable,
  };
}

function checkUse(key: CryptoKey, usage: string): string {
  const algorithm = key.algorithm as HmacKeyAlgorithm;
  if (algorithm.name !== "HMAC") throw new DOMException("The key is not for HMAC.", "InvalidAccessError");
  if (!key.usages.includes(usage))
    throw new DOMException(`The key's usages do not include "${usage}".`, "InvalidAccessError");
  return algorithm.hash.name;
}

export function signHmac(key: CryptoKey, data: Input): ArrayBuffer {
  return ops.hmac_sign(checkUse(key, "sign"), keyMaterial(key), data).buffer;
}

export function verifyHmac(key: CryptoKey, signature: Input, data: Input): boolean {
  return ops.bytes_equal(ops.hmac_sign(checkUse(key, "verify"), keyMaterial(key), data), signature);
}
