// Cipheriv and Decipheriv of node:crypto: Transform streams over an EVP cipher.

import { native, type NativeHandle } from "adit:internal";
import { StringDecoder } from "../string_decoder";
import { Transform } from "../stream";
import { bytesOf, secretBytes, toBuffer, type Octets } from "./crypto_key";
import { invalidArgType, invalidArgValue, nodeError } from "./errors";
import { validateString } from "./validators";

type Any = any;
type Handle = NativeHandle<"Cipher">;

const ops = native<{
  node_cipher_create(name: string, key: Uint8Array, iv: Uint8Array, encrypt: boolean, tagLength: number): Handle;
  node_cipher_update(cipher: Handle, data: Uint8Array): Octets;
  node_cipher_finish(cipher: Handle): Octets;
  node_cipher_set_aad(cipher: Handle, data: Uint8Array, plaintextLength: number): void;
  node_cipher_set_tag(cipher: Handle, tag: Uint8Array): boolean;
  node_cipher_tag(cipher: Handle): Octets;
  node_cipher_set_padding(cipher: Handle, pad: boolean): boolean;
  node_cipher_is_authenticated(cipher: Handle): boolean;
  node_cipher_info(
    name: string,
    nid: number,
    keyLength: number,
    ivLength: number,
  ): [string, number, number, number, number, string] | undefined;
  node_cipher_names(): string[];
}>();

const codes: readonly [string, string, new (message?: string) => Error][] = [
  ["Unknown cipher", "ERR_CRYPTO_UNKNOWN_CIPHER", Error],
  ["Invalid key length", "ERR_CRYPTO_INVALID_KEYLEN", RangeError],
  ["Invalid initialization vector", "ERR_CRYPTO_INVALID_IV", TypeError],
];

function create(target: Any, name: unknown, key: Any, iv: Any, options: Any, encrypt: boolean): void {
  validateString(name, "cipher");
  const octets = secretBytes(key, "key");
  if (iv !== null && iv === undefined)
    throw invalidArgType("iv", ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], iv);
  const vector = iv === null ? new Uint8Array(0) : bytesOf(iv, "iv");
  Transform.call(target, options);
  try {
    target._handle = ops.node_cipher_create(name, octets, vector, encrypt, options?.authTagLength ?? -1);
  } catch (error) {
    const found = codes.find(([text]) => (error as Error).message === text);
    throw found === undefined ? error : nodeError(found[2], found[1], found[0]);
  }
  target._decoder = undefined;
  target._isDone = false;
}

function output(target: Any, bytes: Octets, encoding: string | undefined, isLast: boolean): Any {
  const buffer = toBuffer(bytes);
  if (encoding === undefined || encoding === "buffer") return buffer;
  target._decoder ??= new (StringDecoder as Any)(encoding);
  if (target._decoder.encoding !== new (StringDecoder as Any)(encoding).encoding)
    throw nodeError(Error, "ERR_INTERNAL_ASSERTION", "Cannot change encoding");
  return isLast ? target._decoder.end(buffer) : target._decoder.write(buffer);
}

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  update(data: Any, inputEncoding?: string, outputEncoding?: string) {
    if (typeof data !== "string" && !ArrayBuffer.isView(data))
      throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    if (this._isDone) throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Trying to add data in unsupported state");
    return output(
      this,
      ops.node_cipher_update(this._handle, bytesOf(data, "data", inputEncoding)),
      outputEncoding,
      false,
    );
  },
  final(outputEncoding?: string) {
    if (this._isDone) throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Invalid state for operation final");
    this._isDone = true;
    let bytes: Octets;
    try {
      bytes = ops.node_cipher_finish(this._handle);
    } catch (error) {
      const reason = (error as Error).message;
      if (/wrong final block length/i.test(reason)) throw nodeError(Error, "ERR_OSSL_WRONG_FINAL_BLOCK_LENGTH", reason);
      if (/bad decrypt/i.test(reason)) throw nodeError(Error, "ERR_OSSL_BAD_DECRYPT", reason);
      throw error;
    }
    return output(this, bytes, outputEncoding, true);
  },
  setAutoPadding(pad = true) {
    if (!ops.node_cipher_set_padding(this._handle, Boolean(pad)))
      throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Invalid state for operation setAutoPadding");
    return this;
  },
  setAAD(data: Any, options?: Any) {
    ops.node_cipher_set_aad(this._handle, bytesOf(data, "aadbuf", options?.encoding), options?.plaintextLength ?? -1);
    return this;
  },
  _transform(chunk: Any, encoding: string, done: (error?: unknown) => void) {
    try {
      this.push(this.update(chunk, encoding));
      done();
    } catch (error) {
      done(error);
    }
  },
  _flush(done: (error?: unknown) => void) {
    try {
      this.push(this.final());
      done();
    } catch (error) {
      done(error);
    }
  },
};

export function Cipheriv(this: Any, name: string, key: Any, iv: Any, options?: Any): Any {
  if (!(this instanceof (Cipheriv as Any))) return new (Cipheriv as Any)(name, key, iv, options);
  create(this, name, key, iv, options, true);
  return undefined;
}
export function Decipheriv(this: Any, name: string, key: Any, iv: Any, options?: Any): Any {
  if (!(this instanceof (Decipheriv as Any))) return new (Decipheriv as Any)(name, key, iv, options);
  create(this, name, key, iv, options, false);
  return undefined;
}
for (const Class of [Cipheriv, Decipheriv]) {
  Object.setPrototypeOf(Class.prototype, Transform.prototype);
  Object.setPrototypeOf(Class, Transform);
  Object.assign(Class.prototype, methods);
}
Cipheriv.prototype.getAuthTag = function getAuthTag(this: Any) {
  if (!this._isDone || !ops.node_cipher_is_authenticated(this._handle))
    throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Invalid state for operation getAuthTag");
  return toBuffer(ops.node_cipher_tag(this._handle));
};
Decipheriv.prototype.setAuthTag = function setAuthTag(this: Any, tag: Any, encoding?: string) {
  const octets = bytesOf(tag, "buffer", encoding);
  if (octets.length > 16 || octets.length < 4)
    throw nodeError(TypeError, "ERR_CRYPTO_INVALID_AUTH_TAG", `Invalid authentication tag length: ${octets.length}`);
  if (!ops.node_cipher_set_tag(this._handle, octets))
    throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Invalid state for operation setAuthTag");
  return this;
};

export const createCipheriv = (name: string, key: Any, iv: Any, options?: Any): Any =>
  new (Cipheriv as Any)(name, key, iv, options);
export const createDecipheriv = (name: string, key: Any, iv: Any, options?: Any): Any =>
  new (Decipheriv as Any)(name, key, iv, options);

export function getCiphers(): string[] {
  return [...new Set(ops.node_cipher_names().map((name) => name.toLowerCase()))].sort();
}
export function getCipherInfo(nameOrNid: string | number, options: Any = {}): object | undefined {
  if (typeof nameOrNid !== "string" && typeof nameOrNid !== "number")
    throw invalidArgType("nameOrNid", ["string", "number"], nameOrNid);
  const { keyLength = -1, ivLength = -1 } = options;
  if (typeof keyLength !== "number") throw invalidArgValue("options.keyLength", keyLength);
  const info = ops.node_cipher_info(
    typeof nameOrNid === "string" ? nameOrNid : "",
    typeof nameOrNid === "number" ? nameOrNid : -1,
    keyLength,
    ivLength,
  );
  if (info === undefined) return undefined;
  const [name, nid, blockSize, iv, key, mode] = info;
  return {
    mode,
    name: name.toLowerCase(),
    nid,
    ...(mode === "stream" || blockSize === 1 ? {} : { blockSize }),
    ...(iv > 0 ? { ivLength: iv } : {}),
    keyLength: key,
  };
}
