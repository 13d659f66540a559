// Web Cryptography § 14: SubtleCrypto. Here are the steps that all algorithms share, in the order of Workers: convert the arguments, find
// the algorithm, check that the key is for it and for this use; what is particular is in the families that the table below names.

import { native } from "../native";
import { aes, aesKeyWrap } from "./crypto_aes";
import {
  type Algorithm,
  copyOctets,
  dataError,
  hashName,
  type Input,
  invalidAccess,
  isBufferSource,
  type Later,
  notSupported,
  type Octets,
  type Params,
} from "./crypto_algorithm";
import { derivation } from "./crypto_derive";
import { ec } from "./crypto_ec";
import { hmac } from "./crypto_hmac";
import { type CryptoKey, type CryptoKeyPair, isCryptoKey, type KeyRecord, keyRecord } from "./crypto_key";
import { okp } from "./crypto_okp";
import { rsa } from "./crypto_rsa";
import { octetsOf, textOf } from "./octets";
import { defineInterface, missingArgument, toDOMString } from "./webidl";

const ops = native<{
  digest_now(algorithm: string, data: Input): Octets;
  digest_on_pool(algorithm: string, data: Input): Promise<Octets>;
  bytes_equal(a: Input, b: Input): boolean;
}>();

const families: Record<string, Algorithm> = {
  HMAC: hmac,
  "AES-CTR": aes,
  "AES-CBC": aes,
  "AES-GCM": aes,
  "AES-KW": aesKeyWrap,
  HKDF: derivation,
  PBKDF2: derivation,
  "RSASSA-PKCS1-v1_5": rsa,
  "RSA-PSS": rsa,
  "RSA-OAEP": rsa,
  ECDSA: ec,
  ECDH: ec,
  Ed25519: okp,
  "NODE-ED25519": okp,
  X25519: okp,
};
// § 18.4.4: names are compared without case; the key has the canonical one.
const canonicalNames = new Map(Object.keys(families).map((name) => [name.toUpperCase(), name]));

function canonicalName(name: string): string | undefined {
  return Object.hasOwn(families, name) ? name : canonicalNames.get(name.toUpperCase());
}

// Arguments.

function toParams(method: string, index: number, value: unknown, type: string): Params {
  if (value === undefined || value === null) missingArgument(method, "SubtleCrypto", index, `string or ${type}`);
  if (typeof value !== "object" && typeof value !== "function") return { name: toDOMString(value) };
  const name = toDOMString((value as { name?: unknown }).name);
  return name === (value as Params).name ? (value as Params) : { ...value, name };
}

function toKey(method: string, index: number, value: unknown): KeyRecord {
  if (!isCryptoKey(value)) missingArgument(method, "SubtleCrypto", index, "CryptoKey");
  return keyRecord(value);
}

function checkData(method: string, index: number, data: unknown): asserts data is Input {
  if (!isBufferSource(data)) missingArgument(method, "SubtleCrypto", index, "Array");
}

function toUsages(method: string, index: number, value: unknown): string[] {
  if (!Array.isArray(value)) missingArgument(method, "SubtleCrypto", index, "Array");
  return Array.from(value, toDOMString);
}

// Keys and what they may do.

/** The family of the key, which must be for this algorithm and this use. */
function familyFor(key: KeyRecord, params: Params, usage: string): Algorithm {
  const { name } = key.algorithm;
  if (params.name !== name && params.name.toUpperCase() !== name.toUpperCase())
    throw invalidAccess(`Requested algorithm "${params.name}" does not match this CryptoKey's algorithm "${name}".`);
  if (!key.usages.includes(usage))
    throw invalidAccess(`Requested key usage "${usage}" does not match any usage listed in this CryptoKey.`);
  return families[name]!;
}

function importInto(params: Params, format: string, data: unknown, extractable: boolean, usages: string[]): CryptoKey {
  const name = canonicalName(params.name);
  if (name === undefined) throw notSupported(`Unrecognized key import algorithm "${params.name}" requested.`);
  return families[name]!.importKey(name, format, data, params, extractable, usages);
}

/** importKey() without a promise, for KeyObject.toCryptoKey(). */
export function importKeyNow(
  algorithm: unknown,
  format: string,
  data: unknown,
  extractable: boolean,
  usages: unknown,
): CryptoKey {
  const params = toParams("importKey", 3, algorithm, "ImportKeyAlgorithm");
  return importInto(params, format, data, extractable, toUsages("importKey", 5, usages));
}

function exportFrom(key: KeyRecord, format: string): ArrayBuffer | object {
  if (!key.extractable) throw invalidAccess(`Attempt to export non-extractable ${key.algorithm.name} key.`);
  return families[key.algorithm.name]!.exportKey(key, format);
}

/** A JWK as wrapKey encrypts it; AES-KW needs whole blocks, so spaces follow, which are nothing to JSON. */
function jwkText(jwk: object, isBlockwise: boolean): Octets {
  const text = JSON.stringify(jwk);
  return copyOctets(octetsOf(isBlockwise ? text.padEnd(Math.ceil(text.length / 8) * 8) : text));
}

function isPromise<T>(value: Later<T>): value is Promise<T> {
  return value instanceof Promise;
}

async function bufferOf(octets: Later<Octets>): Promise<ArrayBuffer> {
  return (isPromise(octets) ? await octets : octets).buffer;
}

const internal = Symbol("internal");
export const makeSubtleCrypto = (): SubtleCrypto => new SubtleCrypto(internal);

/** A megabyte is digested in about half a millisecond, which is less than its copy and the trip to another thread cost others. */
const digestedHere_bytes = 1024 * 1024;

export class SubtleCrypto {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }

  // § 14.3.1.
  async encrypt(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    void this.#brand;
    const params = toParams("encrypt", 1, algorithm, "EncryptAlgorithm");
    const record = toKey("encrypt", 2, key);
    checkData("encrypt", 3, data);
    return bufferOf(familyFor(record, params, "encrypt").encrypt!(record, params, data));
  }

  // § 14.3.2.
  async decrypt(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    void this.#brand;
    const params = toParams("decrypt", 1, algorithm, "EncryptAlgorithm");
    const record = toKey("decrypt", 2, key);
    checkData("decrypt", 3, data);
    return bufferOf(familyFor(record, params, "decrypt").decrypt!(record, params, data));
  }

  // § 14.3.3.
  async sign(algorithm: unknown, key: unknown, data: unknown): Promise<ArrayBuffer> {
    void this.#brand;
    const params = toParams("sign", 1, algorithm, "SignAlgorithm");
    const record = toKey("sign", 2, key);
    checkData("sign", 3, data);
    return bufferOf(familyFor(record, params, "sign").sign!(record, params, data));
  }

  // § 14.3.4.
  async verify(algorithm: unknown, key: unknown, signature: unknown, data: unknown): Promise<boolean> {
    void this.#brand;
    const params = toParams("verify", 1, algorithm, "SignAlgorithm");
    const record = toKey("verify", 2, key);
    checkData("verify", 3, signature);
    checkData("verify", 4, data);
    return familyFor(record, params, "verify").verify!(record, params, signature, data);
  }

  // § 14.3.5.
  async digest(algorithm: unknown, data: unknown): Promise<ArrayBuffer> {
    void this.#brand;
    const name = hashName(toParams("digest", 1, algorithm, "HashAlgorithm").name);
    checkData("digest", 2, data);
    const isHere = data.byteLength <= digestedHere_bytes;
    return bufferOf(isHere ? ops.digest_now(name, data) : ops.digest_on_pool(name, data));
  }

  // § 14.3.6.
  async generateKey(algorithm: unknown, extractable: unknown, keyUsages: unknown): Promise<CryptoKey | CryptoKeyPair> {
    void this.#brand;
    const params = toParams("generateKey", 1, algorithm, "GenerateKeyAlgorithm");
    const usages = toUsages("generateKey", 3, keyUsages);
    const name = canonicalName(params.name);
    const generate = name === undefined ? undefined : families[name]!.generateKey;
    if (generate === undefined) throw notSupported(`Unrecognized key generation algorithm "${params.name}" requested.`);
    return generate(name!, params, Boolean(extractable), usages);
  }

  // § 14.3.7.
  async deriveKey(
    algorithm: unknown,
    baseKey: unknown,
    derivedKeyType: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    void this.#brand;
    const params = toParams("deriveKey", 1, algorithm, "DeriveKeyAlgorithm");
    const base = toKey("deriveKey", 2, baseKey);
    const derived = toParams("deriveKey", 3, derivedKeyType, "ImportKeyAlgorithm");
    const usages = toUsages("deriveKey", 5, keyUsages);
    const family = familyFor(base, params, "deriveKey");
    const name = canonicalName(derived.name);
    const lengthOf = name === undefined ? undefined : families[name]!.keyLength_bits;
    if (lengthOf === undefined) throw notSupported(`Unrecognized derived key type "${derived.name}" requested.`);
    const secret = family.deriveBits!(base, params, lengthOf(derived));
    return importInto(derived, "raw", isPromise(secret) ? await secret : secret, Boolean(extractable), usages);
  }

  // § 14.3.8.
  async deriveBits(algorithm: unknown, baseKey: unknown, length: unknown = null): Promise<ArrayBuffer> {
    void this.#brand;
    const params = toParams("deriveBits", 1, algorithm, "DeriveKeyAlgorithm");
    const base = toKey("deriveBits", 2, baseKey);
    const length_bits = length === null ? null : Number(length) >>> 0;
    return bufferOf(familyFor(base, params, "deriveBits").deriveBits!(base, params, length_bits));
  }

  // § 14.3.9.
  async importKey(
    format: unknown,
    keyData: unknown,
    algorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    void this.#brand;
    if (typeof keyData !== "object" || keyData === null)
      missingArgument("importKey", "SubtleCrypto", 2, "ArrayBuffer or ArrayBufferView or JsonWebKey");
    const params = toParams("importKey", 3, algorithm, "ImportKeyAlgorithm");
    const usages = toUsages("importKey", 5, keyUsages);
    return importInto(params, toDOMString(format), keyData, Boolean(extractable), usages);
  }

  // § 14.3.10.
  async exportKey(format: unknown, key: unknown): Promise<ArrayBuffer | object> {
    void this.#brand;
    const record = toKey("exportKey", 2, key);
    return exportFrom(record, toDOMString(format));
  }

  // § 14.3.11.
  async wrapKey(format: unknown, key: unknown, wrappingKey: unknown, wrapAlgorithm: unknown): Promise<ArrayBuffer> {
    void this.#brand;
    if (format === undefined) missingArgument("wrapKey", "SubtleCrypto", 1, "string");
    const record = toKey("wrapKey", 2, key);
    const wrapping = toKey("wrapKey", 3, wrappingKey);
    const params = toParams("wrapKey", 4, wrapAlgorithm, "EncryptAlgorithm");
    const { wrap, encrypt } = familyFor(wrapping, params, "wrapKey");
    const exported = exportFrom(record, toDOMString(format));
    const octets = isBufferSource(exported) ? exported : jwkText(exported, wrap !== undefined);
    return bufferOf(wrap === undefined ? encrypt!(wrapping, params, octets) : wrap(wrapping, octets));
  }

  // § 14.3.12.
  async unwrapKey(
    format: unknown,
    wrappedKey: unknown,
    unwrappingKey: unknown,
    unwrapAlgorithm: unknown,
    unwrappedKeyAlgorithm: unknown,
    extractable: unknown,
    keyUsages: unknown,
  ): Promise<CryptoKey> {
    void this.#brand;
    checkData("unwrapKey", 2, wrappedKey);
    const unwrapping = toKey("unwrapKey", 3, unwrappingKey);
    const params = toParams("unwrapKey", 4, unwrapAlgorithm, "EncryptAlgorithm");
    const keyParams = toParams("unwrapKey", 5, unwrappedKeyAlgorithm, "ImportKeyAlgorithm");
    const usages = toUsages("unwrapKey", 7, keyUsages);
    const kind = toDOMString(format);
    const { unwrap, decrypt } = familyFor(unwrapping, params, "unwrapKey");
    const later = unwrap === undefined ? decrypt!(unwrapping, params, wrappedKey) : unwrap(unwrapping, wrappedKey);
    const octets = isPromise(later) ? await later : later;
    if (kind !== "jwk") return importInto(keyParams, kind, octets, Boolean(extractable), usages);
    const jwk: unknown = JSON.parse(textOf(octets));
    if (typeof jwk !== "object" || jwk === null) throw dataError('Missing "kty" field or corrupt JSON unwrapping key?');
    return importInto(keyParams, kind, jwk, Boolean(extractable), usages);
  }

  /** Workers' own: compares two buffers of one length in a time that depends on nothing else. */
  timingSafeEqual(a: Input, b: Input): boolean {
    void this.#brand;
    if (!isBufferSource(a)) missingArgument("timingSafeEqual", "SubtleCrypto", 1, "JsBufferSource");
    if (!isBufferSource(b)) missingArgument("timingSafeEqual", "SubtleCrypto", 2, "JsBufferSource");
    if (a.byteLength !== b.byteLength) throw new TypeError("Input buffers must have the same byte length.");
    return ops.bytes_equal(a, b);
  }
}
defineInterface(SubtleCrypto, "SubtleCrypto");
