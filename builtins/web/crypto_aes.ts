// Web Cryptography § 27 to 30: AES-CTR, AES-CBC, AES-GCM, AES-KW.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  copyOctets,
  dataError,
  type Input,
  isLarge,
  type Later,
  normalizeUsages,
  notSupported,
  type Octets,
  operationError,
  optionalBuffer,
  type Params,
  requiredBuffer,
  requiredInteger,
  requireOctets,
  requireUsage,
  toInteger,
  unknownFormat,
} from "./crypto_algorithm";
import { Jwk, makeJwk, symmetricOctets } from "./crypto_jwk";
import { type CryptoKey, type KeyRecord, makeKey, type SecretKey } from "./crypto_key";

interface Cipher<R> {
  cbc(key: Input, iv: Input, data: Input): R;
  ctr(key: Input, counter: Input, length_bits: number, data: Input): R;
  gcm(key: Input, iv: Input, additional: Input, tag_bytes: number, data: Input): R;
}

const ops = native<{
  aes_cbc_encrypt: Cipher<Octets>["cbc"];
  aes_cbc_decrypt: Cipher<Octets>["cbc"];
  aes_ctr: Cipher<Octets>["ctr"];
  aes_gcm_encrypt: Cipher<Octets>["gcm"];
  aes_gcm_decrypt: Cipher<Octets>["gcm"];
  aes_cbc_encrypt_on_pool: Cipher<Promise<Octets>>["cbc"];
  aes_cbc_decrypt_on_pool: Cipher<Promise<Octets>>["cbc"];
  aes_ctr_on_pool: Cipher<Promise<Octets>>["ctr"];
  aes_gcm_encrypt_on_pool: Cipher<Promise<Octets>>["gcm"];
  aes_gcm_decrypt_on_pool: Cipher<Promise<Octets>>["gcm"];
  aes_kw_wrap(key: Input, data: Input): Octets;
  aes_kw_unwrap(key: Input, data: Input): Octets;
  random_fill(view: ArrayBufferView): void;
}>();

function allowedUsages(name: string): readonly string[] {
  return name === "AES-KW" ? ["wrapKey", "unwrapKey"] : ["encrypt", "decrypt", "wrapKey", "unwrapKey"];
}

function isAesLength(bits: number): boolean {
  return bits === 128 || bits === 192 || bits === 256;
}

function makeAesKey(name: string, material: Octets, extractable: boolean, usages: string[]): CryptoKey {
  const algorithm = { name, length: material.length * 8 };
  return makeKey({ type: "secret", extractable, algorithm, usages, material });
}

// RFC 7518 § 4.1, § 5.1: A128GCM, A256KW, ...
function jwkName(name: string, bits: number): string {
  return `A${bits}${name.slice(4)}`;
}

function octetsFromJwk(name: string, data: unknown, extractable: boolean, usages: string[]): Octets {
  const jwk = new Jwk(data);
  const octets = symmetricOctets(jwk);
  const [alg, expected] = [jwk.text("alg"), jwkName(name, octets.length * 8)];
  if (alg !== undefined && alg !== expected)
    throw dataError(`Symmetric "jwk" key contains invalid "alg" value "${alg}", expected "${expected}".`);
  jwk.check(name, "enc", usages, extractable);
  return octets;
}

// The parameters, checked, then the op of the right direction and place.

function cbc(key: SecretKey, params: Params, data: Input, encrypting: boolean): Later<Octets> {
  const iv = requiredBuffer(params, "iv", "EncryptAlgorithm");
  if (iv.byteLength !== 16) throw operationError(`AES-CBC IV must be 16 bytes long (provided ${iv.byteLength} bytes).`);
  const { material } = key;
  if (isLarge(data))
    return encrypting
      ? ops.aes_cbc_encrypt_on_pool(material, iv, data)
      : ops.aes_cbc_decrypt_on_pool(material, iv, data);
  return encrypting ? ops.aes_cbc_encrypt(material, iv, data) : ops.aes_cbc_decrypt(material, iv, data);
}

function ctr(key: SecretKey, params: Params, data: Input): Later<Octets> {
  for (const member of ["counter", "length"])
    if (params[member] === undefined) throw new TypeError(`Missing "${member}" member in "algorithm".`);
  const counter = requiredBuffer(params, "counter", "EncryptAlgorithm");
  const bits = requiredInteger(params, "length");
  if (counter.byteLength !== 16)
    throw operationError(`Counter must have length of 16 bytes (provided ${counter.byteLength}).`);
  if (bits < 1 || bits > 128) throw operationError(`Invalid counter of ${bits} bits length provided.`);
  return isLarge(data)
    ? ops.aes_ctr_on_pool(key.material, counter, bits, data)
    : ops.aes_ctr(key.material, counter, bits, data);
}

const tagLengths_bits = [32, 64, 96, 104, 112, 120, 128];
const nothing = new Uint8Array(0);

function gcm(key: SecretKey, params: Params, data: Input, encrypting: boolean): Later<Octets> {
  const iv = requiredBuffer(params, "iv", "EncryptAlgorithm");
  if (iv.byteLength === 0) throw operationError("AES-GCM IV must not be empty.");
  const additional = optionalBuffer(params, "additionalData", "EncryptAlgorithm") ?? nothing;
  const tag_bits = params.tagLength === undefined ? 128 : toInteger(params.tagLength, "tagLength");
  if (!tagLengths_bits.includes(tag_bits)) throw operationError(`Invalid AES-GCM tag length ${tag_bits}.`);
  if (!encrypting && data.byteLength * 8 < tag_bits)
    throw operationError(
      `Ciphertext length of ${data.byteLength * 8} bits must be greater than or equal to the size of the AES-GCM tag length of ${tag_bits} bits.`,
    );
  const { material } = key;
  const tag_bytes = tag_bits / 8;
  if (isLarge(data))
    return encrypting
      ? ops.aes_gcm_encrypt_on_pool(material, iv, additional, tag_bytes, data)
      : ops.aes_gcm_decrypt_on_pool(material, iv, additional, tag_bytes, data);
  return encrypting
    ? ops.aes_gcm_encrypt(material, iv, additional, tag_bytes, data)
    : ops.aes_gcm_decrypt(material, iv, additional, tag_bytes, data);
}

function run(key: KeyRecord, params: Params, data: Input, encrypting: boolean): Later<Octets> {
  switch (key.algorithm.name) {
    case "AES-CBC":
      return cbc(key as SecretKey, params, data, encrypting);
    case "AES-CTR":
      return ctr(key as SecretKey, params, data);
    default:
      return gcm(key as SecretKey, params, data, encrypting);
  }
}

export const aes: Algorithm = {
  generateKey(name, params, extractable, usages) {
    const bits = requiredInteger(params, "length");
    if (!isAesLength(bits))
      throw operationError(`Generated AES key length must be 128, 192, or 256 bits but requested ${bits}.`);
    const checked = normalizeUsages(`generate ${name}`, usages, allowedUsages(name));
    requireUsage("secret", checked);
    const material = new Uint8Array(bits / 8);
    ops.random_fill(material);
    return makeAesKey(name, material, extractable, checked);
  },

  importKey(name, format, data, _params, extractable, usages) {
    const checked = checkedImportUsages(name, "secret", usages, allowedUsages(name));
    let material: Octets;
    if (format === "raw") material = copyOctets(requireOctets(data));
    else if (format === "jwk") material = octetsFromJwk(name, data, extractable, checked);
    else throw unknownFormat(format);
    if (!isAesLength(material.length * 8))
      throw dataError(`Imported AES key length must be 128, 192, or 256 bits but provided ${material.length * 8}.`);
    return makeAesKey(name, material, extractable, checked);
  },

  exportKey(key, format) {
    const { material, algorithm } = key as SecretKey;
    if (format === "raw") return material.slice().buffer;
    if (format === "jwk") return makeJwk(key, "oct", jwkName(algorithm.name, algorithm.length!), { k: material });
    throw notSupported(`${algorithm.name} key only supports exporting "raw" & "jwk", not "${format}".`);
  },

  encrypt: (key, params, data) => run(key, params, data, true),
  decrypt: (key, params, data) => run(key, params, data, false),

  keyLength_bits(params) {
    const bits = requiredInteger(params, "length", "derivedKeyParams");
    if (!isAesLength(bits))
      throw operationError(`Derived AES key must be 128, 192, or 256 bits in length but provided ${bits}.`);
    return bits;
  },
};

export const aesKeyWrap: Algorithm = {
  generateKey: aes.generateKey,
  importKey: aes.importKey,
  exportKey: aes.exportKey,
  keyLength_bits: aes.keyLength_bits,

  wrap(key, data) {
    if (data.byteLength % 8 !== 0 || data.byteLength < 16)
      throw operationError(
        `Unwrapped key bit length must be a multiple of 64 bits but unwrapped key has a length of ${data.byteLength * 8} bits.`,
      );
    return ops.aes_kw_wrap((key as SecretKey).material, data);
  },

  unwrap(key, data) {
    if (data.byteLength % 8 !== 0 || data.byteLength < 24)
      throw operationError(
        `Provided a wrapped key to unwrap that is ${data.byteLength * 8} bits which isn't a multiple of 64 bits.`,
      );
    return ops.aes_kw_unwrap((key as SecretKey).material, data);
  },
};
