// Web Cryptography § 18: what the algorithms of SubtleCrypto have in common: the table entry that each of them is, how members of a
// parameter dictionary are read, and the rules for key usages. Messages are those that Workers show.

import type { CryptoKey, CryptoKeyPair, KeyRecord, KeyType } from "./crypto_key";
import { DOMException } from "./dom_exception";
import { isAnyArrayBuffer } from "./encoding";
import { toDOMString } from "./webidl";

export type Input = ArrayBufferLike | ArrayBufferView;
export type Octets = Uint8Array<ArrayBuffer>;
/** What is small is done at once, what is large on the pool. */
export type Later<T> = T | Promise<T>;
/** A normalized algorithm: its name, and members that are converted where they are used. */
export type Params = { readonly name: string; readonly [member: string]: unknown };

/** One family of algorithms; `name` is the canonical one that the table has. What a family lacks is undefined. */
export interface Algorithm {
  generateKey?(name: string, params: Params, extractable: boolean, usages: string[]): Later<CryptoKey | CryptoKeyPair>;
  importKey(
    name: string,
    format: string,
    data: unknown,
    params: Params,
    extractable: boolean,
    usages: string[],
  ): CryptoKey;
  exportKey(key: KeyRecord, format: string): ArrayBuffer | object;
  sign?(key: KeyRecord, params: Params, data: Input): Later<Octets>;
  verify?(key: KeyRecord, params: Params, signature: Input, data: Input): Later<boolean>;
  encrypt?(key: KeyRecord, params: Params, data: Input): Later<Octets>;
  decrypt?(key: KeyRecord, params: Params, data: Input): Later<Octets>;
  /** `length_bits` is null when the caller wants all that there is. */
  deriveBits?(key: KeyRecord, params: Params, length_bits: number | null): Later<Octets>;
  /** The size of the key that deriveKey makes; null for all that there is. */
  keyLength_bits?(params: Params): number | null;
  wrap?(key: KeyRecord, data: Input): Octets;
  unwrap?(key: KeyRecord, data: Input): Octets;
}

/** From this size on, work is worth a thread switch. */
const poolThreshold_bytes = 65536;

export function isLarge(data: Input): boolean {
  return data.byteLength >= poolThreshold_bytes;
}

export function isBufferSource(value: unknown): value is Input {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

/** A copy that the caller cannot change. */
export function copyOctets(data: Input): Octets {
  const view = ArrayBuffer.isView(data)
    ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
    : new Uint8Array(data);
  const copy = new Uint8Array(view.byteLength);
  copy.set(view);
  return copy;
}

export function failure(name: string, message: string): DOMException {
  return new DOMException(message, name);
}
export const dataError = (message: string): DOMException => failure("DataError", message);
export const operationError = (message: string): DOMException => failure("OperationError", message);
export const notSupported = (message: string): DOMException => failure("NotSupportedError", message);
export const invalidAccess = (message: string): DOMException => failure("InvalidAccessError", message);

// Members of dictionaries.

export function requiredMember(params: Params, member: string, dictionary = "algorithm"): unknown {
  const value = params[member];
  if (value === undefined) throw new TypeError(`Missing field "${member}" in "${dictionary}".`);
  return value;
}

/** An integer, truncated; its range is the caller's to check. */
export function toInteger(value: unknown, member: string): number {
  const number = Math.trunc(Number(value));
  if (!Number.isFinite(number)) throw new TypeError(`The value of "${member}" is not a number.`);
  return number;
}

export function requiredInteger(params: Params, member: string, dictionary?: string): number {
  return toInteger(requiredMember(params, member, dictionary), member);
}

export function optionalBuffer(params: Params, member: string, type: string): Input | undefined {
  const value = params[member];
  if (value !== undefined && !isBufferSource(value))
    throw new TypeError(
      `Incorrect type for the '${member}' field on '${type}': the provided value is not of type 'JsBufferSource'.`,
    );
  return value;
}

export function requiredBuffer(params: Params, member: string, type: string): Input {
  requiredMember(params, member);
  return optionalBuffer(params, member, type)!;
}

const hashNames = new Set(["SHA-1", "SHA-256", "SHA-384", "SHA-512", "MD5"]);

/** HashAlgorithmIdentifier: a string, or a dictionary with a name. */
export function hashName(value: unknown): string {
  const name = typeof value === "object" && value !== null ? (value as { name?: unknown }).name : value;
  const upper = toDOMString(name).toUpperCase();
  if (!hashNames.has(upper)) throw notSupported("Unrecognized or unimplemented digest algorithm requested.");
  return upper;
}

export function requiredHash(params: Params): string {
  return hashName(requiredMember(params, "hash"));
}

/** The block size of the hash, which is the length of an HMAC key where none is given. */
export function hashBlock_bits(hash: string): number {
  return hash === "SHA-384" || hash === "SHA-512" ? 1024 : 512;
}

// Usages.

const usageOrder = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

/** The usages, each once and in the standard's order; a SyntaxError when the algorithm lacks one of them. `what` is for the message. */
export function normalizeUsages(what: string, usages: readonly string[], allowed: readonly string[]): string[] {
  for (const usage of usages)
    if (!allowed.includes(usage)) throw failure("SyntaxError", `Attempt to ${what} key with invalid usage "${usage}".`);
  return usageOrder.filter((usage) => usages.includes(usage));
}

export function requireUsage(type: KeyType, usages: readonly string[]): void {
  if (type !== "public" && usages.length === 0)
    throw failure("SyntaxError", "Secret/private CryptoKeys must have at least one usage.");
}

/** § 14.3.6 step 8 for a key pair: which usages each half gets. */
export function pairUsages(
  name: string,
  usages: string[],
  publicUsages: readonly string[],
  privateUsages: readonly string[],
): { forPublic: string[]; forPrivate: string[] } {
  const all = normalizeUsages(`generate ${name}`, usages, [...publicUsages, ...privateUsages]);
  const forPrivate = all.filter((usage) => privateUsages.includes(usage));
  if (forPrivate.length === 0)
    throw failure("SyntaxError", "Attempt to generate asymmetric keys with no valid private key usages.");
  return { forPublic: all.filter((usage) => publicUsages.includes(usage)), forPrivate };
}

export function checkedImportUsages(
  name: string,
  type: KeyType,
  usages: string[],
  allowed: readonly string[],
): string[] {
  const checked = normalizeUsages(`import ${type} ${name}`, usages, allowed);
  requireUsage(type, checked);
  return checked;
}

/** Import data of a binary format. */
export function requireOctets(data: unknown): Input {
  if (!isBufferSource(data))
    throw new TypeError('Import data provided for "raw", "pkcs8", or "spki" import formats must be a buffer source.');
  return data;
}

export function unknownFormat(format: string): DOMException {
  return notSupported(`Unrecognized key import format "${format}".`);
}
