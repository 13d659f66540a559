// Random numbers and key derivation of node:crypto.

import { crypto, native } from "adit:internal";
import { Buffer } from "../buffer";
import { bytesOf, secretBytes, toBuffer, type Octets } from "./crypto_key";
import { invalidArgType, nodeError, outOfRange } from "./errors";
import {
  validateBoolean,
  validateFunction,
  validateInt32,
  validateInteger,
  validateNumber,
  validateObject,
  validateString,
} from "./validators";

type Any = any;
type Callback = (error: unknown, value?: Any) => void;
const B = Buffer as Any;

const ops = native<{
  random_fill(view: ArrayBufferView): void;
  node_has_digest(name: string): boolean;
  node_pbkdf2(password: Uint8Array, salt: Uint8Array, iterations: number, length: number, digest: string): Octets;
  node_pbkdf2_async(
    password: Uint8Array,
    salt: Uint8Array,
    iterations: number,
    length: number,
    digest: string,
  ): Promise<Octets>;
  node_scrypt(
    password: Uint8Array,
    salt: Uint8Array,
    n: number,
    r: number,
    p: number,
    maxMemory: number,
    length: number,
  ): Octets;
  node_scrypt_async(
    password: Uint8Array,
    salt: Uint8Array,
    n: number,
    r: number,
    p: number,
    maxMemory: number,
    length: number,
  ): Promise<Octets>;
  node_hkdf(digest: string, key: Uint8Array, salt: Uint8Array, info: Uint8Array, length: number): Octets;
  node_is_prime(candidate: Uint8Array): boolean;
  node_generate_prime(bits: number, safe: boolean, add?: Uint8Array, rem?: Uint8Array): Octets;
}>();

/** Calls back in a turn of its own, as Node does. */
function later(callback: Callback, make: () => unknown): void {
  let value: unknown;
  try {
    value = make();
  } catch (error) {
    queueMicrotask(() => callback(error));
    return;
  }
  queueMicrotask(() => callback(null, value));
}
const queueMicrotask = (globalThis as Any).queueMicrotask as (task: () => void) => void;
function settle(promise: Promise<Octets>, callback: Callback, convert: (bytes: Octets) => unknown): void {
  promise.then(
    (bytes) => queueMicrotask(() => callback(null, convert(bytes))),
    (error: unknown) => queueMicrotask(() => callback(error)),
  );
}
const toArrayBuffer = (bytes: Octets): ArrayBuffer =>
  bytes.byteLength === bytes.buffer.byteLength ? bytes.buffer : bytes.slice().buffer;

export function randomBytes(size: number, callback?: Callback): Any {
  validateNumber(size, "size", 0, 2147483647);
  if (callback !== undefined) validateFunction(callback, "callback");
  const make = (): Any => {
    const buffer = B.alloc(size);
    ops.random_fill(buffer);
    return buffer;
  };
  return callback === undefined ? make() : later(callback, make);
}

function part(buffer: Any, offset: Any, size: Any): Uint8Array {
  if (!ArrayBuffer.isView(buffer) && !(buffer instanceof ArrayBuffer) && !(buffer instanceof SharedArrayBuffer))
    throw invalidArgType("buf", ["ArrayBuffer", "ArrayBufferView"], buffer);
  const elementSize = (buffer as Any).BYTES_PER_ELEMENT ?? 1;
  const bytes = bytesOf(buffer, "buf");
  const start = offset === undefined ? 0 : offset;
  validateNumber(start, "offset", 0, bytes.length / elementSize);
  const length = size === undefined ? bytes.length - start * elementSize : size * elementSize;
  validateNumber(size ?? 0, "size", 0, 2147483647);
  if (start * elementSize + length > bytes.length)
    throw outOfRange("size + offset", `<= ${bytes.length}`, length + start * elementSize);
  return new Uint8Array(bytes.buffer as ArrayBuffer, bytes.byteOffset + start * elementSize, length);
}
export function randomFillSync(buffer: Any, offset?: number, size?: number): Any {
  ops.random_fill(part(buffer, offset, size));
  return buffer;
}
export function randomFill(buffer: Any, offset: Any, size?: Any, callback?: Any): void {
  if (typeof offset === "function") [callback, offset, size] = [offset, undefined, undefined];
  else if (typeof size === "function") [callback, size] = [size, undefined];
  validateFunction(callback, "callback");
  const target = part(buffer, offset, size);
  later(callback, () => (ops.random_fill(target), buffer));
}

/** Uniform over [min, max): what would favour small numbers is drawn again. */
function randomInteger(min: number, max: number): number {
  const range = max - min;
  const limit = 2 ** 48 - (2 ** 48 % range);
  const octets = new Uint8Array(6);
  for (;;) {
    ops.random_fill(octets);
    const value = octets.reduce((sum, octet) => sum * 256 + octet, 0);
    if (value < limit) return min + (value % range);
  }
}
export function randomInt(min: Any, max?: Any, callback?: Any): Any {
  if (max === undefined || typeof max === "function") [min, max, callback] = [0, min, max];
  if (callback !== undefined) validateFunction(callback, "callback");
  if (!Number.isSafeInteger(min)) throw invalidArgType("min", "a safe integer", min);
  if (!Number.isSafeInteger(max)) throw invalidArgType("max", "a safe integer", max);
  if (max <= min) throw outOfRange("max", `greater than the value of "min" (${min})`, max);
  if (max - min >= 2 ** 48) throw outOfRange(min === 0 ? "max" : "max - min", "<= 281474976710655", max - min);
  return callback === undefined ? randomInteger(min, max) : later(callback, () => randomInteger(min, max));
}
export function randomUUID(options?: Any): string {
  if (options !== undefined) {
    validateObject(options, "options");
    if ((options as Any).disableEntropyCache !== undefined)
      validateBoolean((options as Any).disableEntropyCache, "options.disableEntropyCache");
  }
  return crypto.randomUUID();
}

function checkDigest(digest: unknown): asserts digest is string {
  validateString(digest, "digest");
  if (!ops.node_has_digest(digest))
    throw nodeError(TypeError, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${digest}`);
}
function pbkdf2Arguments(
  password: Any,
  salt: Any,
  iterations: number,
  keylen: number,
  digest: Any,
): [Uint8Array, Uint8Array] {
  checkDigest(digest);
  const octets: [Uint8Array, Uint8Array] = [bytesOf(password, "password"), bytesOf(salt, "salt")];
  validateInt32(iterations, "iterations", 1);
  validateInt32(keylen, "keylen", 0);
  return octets;
}
export function pbkdf2Sync(password: Any, salt: Any, iterations: number, keylen: number, digest: string): Any {
  const [p, s] = pbkdf2Arguments(password, salt, iterations, keylen, digest);
  return toBuffer(ops.node_pbkdf2(p, s, iterations, keylen, digest));
}
export function pbkdf2(
  password: Any,
  salt: Any,
  iterations: number,
  keylen: number,
  digest: Any,
  callback?: Callback,
): void {
  if (typeof digest === "function") throw invalidArgType("digest", "string", undefined);
  const [p, s] = pbkdf2Arguments(password, salt, iterations, keylen, digest);
  validateFunction(callback, "callback");
  settle(ops.node_pbkdf2_async(p, s, iterations, keylen, digest), callback, toBuffer);
}

function scryptArguments(
  password: Any,
  salt: Any,
  keylen: number,
  options: Any,
): [Uint8Array, Uint8Array, number, number, number, number] {
  const octets: [Uint8Array, Uint8Array] = [bytesOf(password, "password"), bytesOf(salt, "salt")];
  validateInt32(keylen, "keylen", 0);
  const { N, cost, r, blockSize, p, parallelization, maxmem = 32 * 1024 * 1024 } = options ?? {};
  const n = N ?? cost ?? 16384;
  const blocks = r ?? blockSize ?? 8;
  const lanes = p ?? parallelization ?? 1;
  validateInteger(maxmem, "maxmem", 0);
  if (n < 2 || (n & (n - 1)) !== 0)
    throw nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", "Invalid scrypt params");
  return [...octets, n, blocks, lanes, maxmem];
}
const badScrypt = (error: unknown): Error =>
  nodeError(RangeError, "ERR_CRYPTO_INVALID_SCRYPT_PARAMS", (error as Error).message);
export function scryptSync(password: Any, salt: Any, keylen: number, options?: Any): Any {
  const args = scryptArguments(password, salt, keylen, options);
  try {
    return toBuffer(ops.node_scrypt(...args, keylen));
  } catch (error) {
    throw badScrypt(error);
  }
}
export function scrypt(password: Any, salt: Any, keylen: number, options: Any, callback?: Any): void {
  if (typeof options === "function") [callback, options] = [options, undefined];
  const args = scryptArguments(password, salt, keylen, options);
  validateFunction(callback, "callback");
  settle(
    ops.node_scrypt_async(...args, keylen),
    (error, value) => callback(error ? badScrypt(error) : null, value),
    toBuffer,
  );
}

function hkdfArguments(
  digest: Any,
  key: Any,
  salt: Any,
  info: Any,
  length: number,
): [string, Uint8Array, Uint8Array, Uint8Array, number] {
  checkDigest(digest);
  const octets = [secretBytes(key, "ikm"), bytesOf(salt, "salt"), bytesOf(info, "info")] as const;
  validateInteger(length, "length", 0, 2147483647);
  if (octets[2].length > 1024) throw outOfRange("info", "must not contain more than 1024 bytes", octets[2].length);
  return [digest, ...octets, length];
}
const badHkdf = (): Error => nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Invalid key length");
function hkdfNow(args: ReturnType<typeof hkdfArguments>): ArrayBuffer {
  try {
    return toArrayBuffer(ops.node_hkdf(...args));
  } catch {
    throw badHkdf();
  }
}
export function hkdfSync(digest: string, key: Any, salt: Any, info: Any, length: number): ArrayBuffer {
  return hkdfNow(hkdfArguments(digest, key, salt, info, length));
}
export function hkdf(digest: string, key: Any, salt: Any, info: Any, length: number, callback: Callback): void {
  const args = hkdfArguments(digest, key, salt, info, length);
  validateFunction(callback, "callback");
  later(callback, () => hkdfNow(args));
}

function candidateBytes(candidate: Any): Uint8Array {
  if (typeof candidate !== "bigint") return bytesOf(candidate, "candidate");
  const hex = candidate.toString(16);
  return B.from(hex.length % 2 ? `0${hex}` : hex, "hex");
}
export function checkPrimeSync(candidate: Any, _options?: Any): boolean {
  return ops.node_is_prime(candidateBytes(candidate));
}
export function checkPrime(candidate: Any, options: Any, callback?: Any): void {
  if (typeof options === "function") callback = options;
  validateFunction(callback, "callback");
  const bytes = candidateBytes(candidate);
  later(callback, () => ops.node_is_prime(bytes));
}
function prime(size: number, options: Any): Any {
  validateInt32(size, "size", 1);
  const { safe = false, add, rem, bigint = false } = options ?? {};
  const octets = ops.node_generate_prime(
    size,
    safe,
    add === undefined ? undefined : candidateBytes(add),
    rem === undefined ? undefined : candidateBytes(rem),
  );
  return bigint ? BigInt(`0x${toBuffer(octets).toString("hex")}`) : toArrayBuffer(octets);
}
export function generatePrimeSync(size: number, options?: Any): Any {
  return prime(size, options);
}
export function generatePrime(size: number, options: Any, callback?: Any): void {
  if (typeof options === "function") [callback, options] = [options, undefined];
  validateFunction(callback, "callback");
  later(callback, () => prime(size, options));
}
