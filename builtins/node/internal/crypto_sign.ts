// Signatures, RSA encryption and generated keys of node:crypto.

import { native } from "adit:internal";
import { Writable } from "../stream";
import { Buffer } from "../buffer";
import { customPromisifyArgs } from "./custom_promisify_args";
import {
  bytesOf,
  curveNames,
  handleOf,
  KeyObject,
  makeKeyObject,
  ops as keyOps,
  readKey,
  toBuffer,
  type Handle,
  type Octets,
} from "./crypto_key";
import { encoded } from "./crypto_hash";
import { invalidArgType, invalidArgValue, nodeError } from "./errors";
import {
  validateFunction,
  validateInteger,
  validateObject,
  validateOneOf,
  validateString,
  validateUint32,
} from "./validators";

type Any = any;
const B = Buffer as Any;
const queueMicrotask = (globalThis as Any).queueMicrotask as (task: () => void) => void;

const ops = native<{
  random_fill(view: ArrayBufferView): void;
  node_has_digest(name: string): boolean;
  node_sign(key: Handle, digest: string | undefined, data: Uint8Array, padding: number, saltLength: number): Octets;
  node_verify(
    key: Handle,
    digest: string | undefined,
    data: Uint8Array,
    signature: Uint8Array,
    padding: number,
    saltLength: number,
  ): boolean;
  node_signature_to_p1363(der: Uint8Array, width: number): Octets;
  node_signature_to_der(p1363: Uint8Array): Octets;
  node_rsa(
    key: Handle,
    operation: number,
    data: Uint8Array,
    padding: number,
    oaepDigest?: string,
    label?: Uint8Array,
  ): Octets;
  node_agree(privateKey: Handle, publicKey: Handle, pad: boolean): Octets;
}>();

const defaultSalt = -2147483648;

function digestName(algorithm: unknown, key: Any): string | undefined {
  if (algorithm === null || algorithm === undefined) {
    const type = key.asymmetricKeyType as string;
    return type === "ed25519" || type === "ed448" ? undefined : "sha256";
  }
  validateString(algorithm, "algorithm");
  // Names of signature algorithms are Node's old habit: "RSA-SHA256".
  const name = algorithm.replace(/^(RSA|ecdsa-with|DSA)-/i, "");
  if (!ops.node_has_digest(name)) throw nodeError(Error, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${algorithm}`);
  return name;
}

function optionsOf(given: Any): { padding: number; salt: number; isP1363: boolean } {
  const {
    padding = -1,
    saltLength,
    dsaEncoding = "der",
  } = typeof given === "object" && given !== null && !(given instanceof KeyObject) ? given : {};
  validateOneOf(dsaEncoding, "dsaEncoding", ["der", "ieee-p1363"]);
  return { padding: Number(padding), salt: saltLength ?? defaultSalt, isP1363: dsaEncoding === "ieee-p1363" };
}
const widthOf = (key: Handle): number => Math.ceil(keyOps.node_key_bits(key) / 8);

function signNow(algorithm: unknown, data: Uint8Array, given: Any): Any {
  const key = readKey(given, "private") as Any;
  const { padding, salt, isP1363 } = optionsOf(given);
  const signature = ops.node_sign(handleOf(key), digestName(algorithm, key), data, padding, salt);
  return toBuffer(
    isP1363 && key.asymmetricKeyType === "ec"
      ? ops.node_signature_to_p1363(signature, widthOf(handleOf(key)))
      : signature,
  );
}
function verifyNow(algorithm: unknown, data: Uint8Array, given: Any, signature: Uint8Array): boolean {
  const key = readKey(given, "public") as Any;
  const { padding, salt, isP1363 } = optionsOf(given);
  let der: Uint8Array = signature;
  if (isP1363 && key.asymmetricKeyType === "ec") {
    if (signature.length !== 2 * widthOf(handleOf(key))) return false;
    der = ops.node_signature_to_der(signature);
  }
  return ops.node_verify(handleOf(key), digestName(algorithm, key), data, der, padding, salt);
}

export function sign(algorithm: unknown, data: Any, key: Any, callback?: Any): Any {
  const octets = bytesOf(data, "data");
  if (callback === undefined) return signNow(algorithm, octets, key);
  validateFunction(callback, "callback");
  later(callback, () => signNow(algorithm, octets, key));
}
export function verify(algorithm: unknown, data: Any, key: Any, signature: Any, callback?: Any): Any {
  const octets = bytesOf(data, "data");
  const given = bytesOf(signature, "signature");
  if (callback === undefined) return verifyNow(algorithm, octets, key, given);
  validateFunction(callback, "callback");
  later(callback, () => verifyNow(algorithm, octets, key, given));
}
function later(callback: Any, make: () => unknown): void {
  let value: unknown;
  try {
    value = make();
  } catch (error) {
    queueMicrotask(() => callback(error));
    return;
  }
  queueMicrotask(() => callback(null, value));
}

function collector(name: string): Any {
  const Class: Any = function (this: Any, algorithm: string, options?: Any): Any {
    if (!(this instanceof Class)) return new Class(algorithm, options);
    validateString(algorithm, "algorithm");
    Writable.call(this, options);
    this._algorithm = algorithm;
    this._parts = [];
    digestName(algorithm, {});
    return undefined;
  };
  Object.defineProperty(Class, "name", { value: name });
  Object.setPrototypeOf(Class.prototype, Writable.prototype);
  Object.setPrototypeOf(Class, Writable);
  Class.prototype.update = function update(this: Any, data: Any, encoding?: string) {
    if (typeof data !== "string" && !ArrayBuffer.isView(data))
      throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    this._parts.push(B.from(bytesOf(data, "data", encoding)));
    return this;
  };
  Class.prototype._write = function (this: Any, chunk: Any, encoding: string, done: () => void) {
    this.update(chunk, encoding);
    done();
  };
  return Class;
}
export const Sign: Any = collector("Sign");
Sign.prototype.sign = function (this: Any, key: Any, encoding?: string) {
  if (!key) throw nodeError(Error, "ERR_CRYPTO_SIGN_KEY_REQUIRED", "No key provided to sign");
  return encoded(signNow(this._algorithm, B.concat(this._parts), key), encoding);
};
export const Verify: Any = collector("Verify");
Verify.prototype.verify = function (this: Any, key: Any, signature: Any, encoding?: string) {
  return verifyNow(this._algorithm, B.concat(this._parts), key, bytesOf(signature, "signature", encoding));
};
export const createSign = (algorithm: string, options?: Any): Any => new Sign(algorithm, options);
export const createVerify = (algorithm: string, options?: Any): Any => new Verify(algorithm, options);

const RSA_PKCS1_PADDING = 1;
const RSA_PKCS1_OAEP_PADDING = 4;
function rsa(operation: number, want: "public" | "private", defaultPadding: number) {
  return (given: Any, data: Any): Any => {
    const key = readKey(given, want);
    const {
      padding = defaultPadding,
      oaepHash = "sha1",
      oaepLabel,
      encoding,
    } = typeof given === "object" && !(given instanceof KeyObject) && !ArrayBuffer.isView(given) ? given : {};
    const label = oaepLabel === undefined ? undefined : bytesOf(oaepLabel, "key.oaepLabel");
    return toBuffer(
      ops.node_rsa(handleOf(key), operation, bytesOf(data, "buffer", encoding), padding, oaepHash, label),
    );
  };
}
export const publicEncrypt = rsa(0, "public", RSA_PKCS1_OAEP_PADDING);
export const privateDecrypt = rsa(1, "private", RSA_PKCS1_OAEP_PADDING);
export const privateEncrypt = rsa(2, "private", RSA_PKCS1_PADDING);
export const publicDecrypt = rsa(3, "public", RSA_PKCS1_PADDING);

/** The shared secret of two key objects. */
export function diffieHellman(options: Any, callback?: Any): Any {
  validateObject(options, "options");
  const { privateKey, publicKey } = options as Any;
  if (!(privateKey instanceof KeyObject)) throw invalidArgValue("options.privateKey", privateKey);
  if (!(publicKey instanceof KeyObject)) throw invalidArgValue("options.publicKey", publicKey);
  if (privateKey.type !== "private")
    throw nodeError(
      TypeError,
      "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE",
      `Invalid key object type ${privateKey.type}, expected private.`,
    );
  const a = (privateKey as Any).asymmetricKeyType;
  const b = (publicKey as Any).asymmetricKeyType;
  if (a !== b)
    throw nodeError(Error, "ERR_CRYPTO_INCOMPATIBLE_KEY", `Incompatible key types for Diffie-Hellman: ${a} and ${b}`);
  const agree = (): Any =>
    toBuffer(
      ops.node_agree(
        handleOf(privateKey),
        handleOf(publicKey.type === "private" ? readKey(publicKey, "public") : publicKey),
        true,
      ),
    );
  return callback === undefined ? agree() : later(callback, agree);
}

type Plan = [type: string, bits: number, exponent: number, group: string, digest: string, mgf: string, salt: number];
function planOf(type: unknown, options: Any): Plan {
  validateString(type, "type");
  const okp = ["ed25519", "ed448", "x25519", "x448"];
  validateOneOf(type, "type", ["rsa", "rsa-pss", "dsa", "ec", ...okp, "dh"]);
  if (okp.includes(type)) return [type.toUpperCase(), 0, 0, "", "", "", -1];
  validateObject(options, "options");
  const {
    modulusLength,
    publicExponent = 65537,
    namedCurve,
    hashAlgorithm = "",
    mgf1HashAlgorithm = "",
    saltLength = -1,
  } = options as Any;
  if (type === "ec") {
    validateString(namedCurve, "options.namedCurve");
    return ["EC", 0, 0, curveNames[namedCurve] ?? namedCurve, "", "", -1];
  }
  if (type === "dsa" || type === "dh")
    throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `crypto.generateKeyPair("${type}") is not supported by Adit`);
  validateUint32(modulusLength, "options.modulusLength");
  validateUint32(publicExponent, "options.publicExponent");
  return [
    type === "rsa" ? "RSA" : "RSA-PSS",
    modulusLength,
    publicExponent,
    "",
    hashAlgorithm,
    mgf1HashAlgorithm,
    saltLength,
  ];
}
function pairOf(handle: Handle, options: Any): [Any, Any] {
  const privateKey = makeKeyObject("private", handle) as Any;
  const publicKey = makeKeyObject("public", keyOps.node_key_public(handle)) as Any;
  const { publicKeyEncoding, privateKeyEncoding } = options ?? {};
  return [
    publicKeyEncoding === undefined ? publicKey : publicKey.export(publicKeyEncoding),
    privateKeyEncoding === undefined ? privateKey : privateKey.export(privateKeyEncoding),
  ];
}
export function generateKeyPairSync(type: string, options?: Any): { publicKey: Any; privateKey: Any } {
  const [publicKey, privateKey] = pairOf(keyOps.node_key_generate(...planOf(type, options)), options);
  return { publicKey, privateKey };
}
export function generateKeyPair(type: string, options: Any, callback?: Any): void {
  if (typeof options === "function") [callback, options] = [options, undefined];
  validateFunction(callback, "callback");
  keyOps.node_key_generate_async(...planOf(type, options)).then(
    (handle) =>
      later(
        (error: unknown, pair: [Any, Any]) => (error ? callback(error) : callback(null, ...pair)),
        () => pairOf(handle, options),
      ),
    (error: unknown) => queueMicrotask(() => callback(error)),
  );
}
Object.defineProperty(generateKeyPair, customPromisifyArgs, { value: ["publicKey", "privateKey"] });

function secretOfLength(type: unknown, options: Any): KeyObject {
  validateOneOf(type, "type", ["aes", "hmac"]);
  validateObject(options, "options");
  const { length } = options as Any;
  if (type === "hmac") validateInteger(length, "options.length", 8, 2 ** 31 - 1);
  else validateOneOf(length, "options.length", [128, 192, 256]);
  const octets = new Uint8Array(Math.floor(length / 8));
  ops.random_fill(octets);
  return makeKeyObject("secret", octets);
}
export function generateKeySync(type: string, options: Any): KeyObject {
  return secretOfLength(type, options);
}
export function generateKey(type: string, options: Any, callback: Any): void {
  validateFunction(callback, "callback");
  const key = secretOfLength(type, options);
  queueMicrotask(() => callback(null, key));
}

/** Whether two secrets are equal, in a time that does not tell where they differ. */
export function timingSafeEqual(a: Any, b: Any): boolean {
  for (const [name, value] of [
    ["buf1", a],
    ["buf2", b],
  ] as const)
    if (!ArrayBuffer.isView(value) && !(value instanceof ArrayBuffer))
      throw invalidArgType(name, ["ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
  if (a.byteLength !== b.byteLength)
    throw nodeError(RangeError, "ERR_CRYPTO_TIMING_SAFE_EQUAL_LENGTH", "Input buffers must have the same byte length");
  return native<{ bytes_equal(a: Any, b: Any): boolean }>().bytes_equal(a, b);
}
