// Web Cryptography § 31: HMAC keys (raw and jwk), sign and verify.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  copyOctets,
  dataError,
  hashBlock_bits,
  type Input,
  isLarge,
  type Later,
  normalizeUsages,
  notSupported,
  type Octets,
  operationError,
  requiredHash,
  requireOctets,
  requireUsage,
  toInteger,
  unknownFormat,
} from "./crypto_algorithm";
import { Jwk, makeJwk, symmetricOctets } from "./crypto_jwk";
import { type CryptoKey, type KeyRecord, makeKey, type SecretKey } from "./crypto_key";

const ops = native<{
  hmac(hash: string, key: Input, data: Input): Octets;
  hmac_on_pool(hash: string, key: Input, data: Input): Promise<Octets>;
  bytes_equal(a: Input, b: Input): boolean;
  random_fill(view: ArrayBufferView): void;
}>();

// RFC 7518 § 3.2; HS1 is WebCrypto's own. MD5 has no name.
const jwkNames: Record<string, string> = { "SHA-1": "HS1", "SHA-256": "HS256", "SHA-384": "HS384", "SHA-512": "HS512" };

function makeHmacKey(material: Octets, hash: string, bits: number, extractable: boolean, usages: string[]): CryptoKey {
  const algorithm = { name: "HMAC", hash: { name: hash }, length: bits };
  return makeKey({ type: "secret", extractable, algorithm, usages, material });
}

function octetsFromJwk(data: unknown, hash: string, extractable: boolean, usages: string[]): Octets {
  const jwk = new Jwk(data);
  const octets = symmetricOctets(jwk);
  const [alg, expected] = [jwk.text("alg"), jwkNames[hash]];
  if (alg !== undefined && alg !== expected)
    throw dataError(
      `HMAC "jwk" key import specifies "alg" that is incompatible with the hash name (encountered "${alg}", expected "${expected}").`,
    );
  jwk.check("HMAC", undefined, usages, extractable); // `use` is not looked at on Workers
  return octets;
}

function compute(key: KeyRecord, data: Input): Later<Octets> {
  const { algorithm, material } = key as SecretKey;
  const hash = algorithm.hash!.name;
  return isLarge(data) ? ops.hmac_on_pool(hash, material, data) : ops.hmac(hash, material, data);
}

export const hmac: Algorithm = {
  // § 31.6.3.
  generateKey(name, params, extractable, usages) {
    const hash = requiredHash(params);
    const checked = normalizeUsages(`generate ${name}`, usages, ["sign", "verify"]);
    requireUsage("secret", checked);
    const bits = params.length === undefined ? hashBlock_bits(hash) : toInteger(params.length, "length");
    if (bits <= 0 || bits > 0xffff_ffff)
      throw operationError(`HMAC key length must be a non-zero unsigned long integer (requested ${bits}).`);
    const material = new Uint8Array(Math.ceil(bits / 8));
    ops.random_fill(material);
    return makeHmacKey(material, hash, bits, extractable, checked);
  },

  // § 31.6.4.
  importKey(name, format, data, params, extractable, usages) {
    const hash = requiredHash(params);
    const checked = checkedImportUsages(name, "secret", usages, ["sign", "verify"]);
    let material: Octets;
    if (format === "raw") material = copyOctets(requireOctets(data));
    else if (format === "jwk") material = octetsFromJwk(data, hash, extractable, checked);
    else throw unknownFormat(format);
    // 5. - 7. The length.
    const all_bits = material.length * 8;
    const bits = params.length === undefined ? all_bits : toInteger(params.length, "length");
    if (bits === 0 || bits > all_bits || bits <= all_bits - 8)
      throw dataError(
        `Imported HMAC key length (${bits}) must be a non-zero value up to 7 bits less than, and no greater than, the bit length of the raw key data (${all_bits}).`,
      );
    return makeHmacKey(material, hash, bits, extractable, checked);
  },

  // § 31.6.5.
  exportKey(key, format) {
    const { material, algorithm } = key as SecretKey;
    if (format === "raw") return material.slice().buffer;
    if (format === "jwk") return makeJwk(key, "oct", jwkNames[algorithm.hash!.name], { k: material });
    throw notSupported(`Unimplemented key export format "${format}".`);
  },

  sign: (key, _params, data) => compute(key, data),

  verify(key, _params, signature, data) {
    const computed = compute(key, data);
    if (!(computed instanceof Promise)) return ops.bytes_equal(computed, signature);
    const kept = copyOctets(signature);
    return computed.then((octets) => ops.bytes_equal(octets, kept));
  },

  // § 31.6.6.
  keyLength_bits(params) {
    if (params.length === undefined) return hashBlock_bits(requiredHash(params));
    const bits = toInteger(params.length, "length");
    if (bits <= 0) throw new TypeError("HMAC key length must be a non-zero unsigned long integer.");
    return bits;
  },
};
