// Hash and Hmac of node:crypto: Transform streams that are also used without streaming.

import { native, type NativeHandle } from "adit:internal";
import { Transform } from "../stream";
import { bytesOf, secretBytes, toBuffer, type Octets } from "./crypto_key";
import { invalidArgType, nodeError } from "./errors";
import { validateObject, validateString, validateUint32 } from "./validators";

type Any = any;
type HashHandle = NativeHandle<"Hash">;
type MacHandle = NativeHandle<"Mac">;

const ops = native<{
  node_hash_create(algorithm: string, outputLength: number): HashHandle;
  node_hash_update(hash: HashHandle, data: Uint8Array): void;
  node_hash_finish(hash: HashHandle): Octets;
  node_hash_copy(hash: HashHandle, outputLength: number): HashHandle;
  node_hash_once(algorithm: string, data: Uint8Array, outputLength: number): Octets;
  node_mac_create(algorithm: string, key: Uint8Array): MacHandle;
  node_mac_update(mac: MacHandle, data: Uint8Array): void;
  node_mac_finish(mac: MacHandle): Octets;
}>();

export const encoded = (bytes: Octets, encoding?: string): Any => {
  const buffer = toBuffer(bytes);
  return encoding === undefined || encoding === "buffer" ? buffer : buffer.toString(encoding);
};
const finalized = (): Error => nodeError(Error, "ERR_CRYPTO_HASH_FINALIZED", "Digest already called");

function outputLengthOf(options: Any): number {
  const length = options?.outputLength;
  if (length === undefined) return -1;
  validateUint32(length, "options.outputLength");
  return length;
}

export function Hash(this: Any, algorithm: string | HashHandle, options?: Any): Any {
  if (!(this instanceof (Hash as Any))) return new (Hash as Any)(algorithm, options);
  Transform.call(this, options);
  if (typeof algorithm === "object") {
    this._handle = algorithm;
  } else {
    validateString(algorithm, "algorithm");
    this._handle = ops.node_hash_create(algorithm, outputLengthOf(options));
  }
  this._algorithm = algorithm;
  this._isDone = false;
  return undefined;
}
Object.setPrototypeOf(Hash.prototype, Transform.prototype);
Object.setPrototypeOf(Hash, Transform);
Hash.prototype.update = function update(this: Any, data: Any, encoding?: string) {
  if (this._isDone) throw finalized();
  if (typeof data !== "string" && !ArrayBuffer.isView(data))
    throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
  ops.node_hash_update(this._handle, bytesOf(data, "data", encoding));
  return this;
};
Hash.prototype.digest = function digest(this: Any, encoding?: string) {
  if (this._isDone) throw finalized();
  this._isDone = true;
  return encoded(ops.node_hash_finish(this._handle), encoding);
};
Hash.prototype.copy = function copy(this: Any, options?: Any) {
  if (this._isDone) throw finalized();
  return new (Hash as Any)(ops.node_hash_copy(this._handle, outputLengthOf(options)), options);
};
Hash.prototype._transform = function (this: Any, chunk: Any, encoding: string, done: (error?: unknown) => void) {
  ops.node_hash_update(this._handle, bytesOf(chunk, "chunk", encoding));
  done();
};
Hash.prototype._flush = function (this: Any, done: (error?: unknown) => void) {
  this.push(this.digest());
  done();
};

export function Hmac(this: Any, algorithm: string, key: Any, options?: Any): Any {
  if (!(this instanceof (Hmac as Any))) return new (Hmac as Any)(algorithm, key, options);
  validateString(algorithm, "hmac");
  const octets = secretBytes(key, "key", options?.encoding);
  Transform.call(this, options);
  try {
    this._handle = ops.node_mac_create(algorithm, octets);
  } catch {
    throw nodeError(Error, "ERR_CRYPTO_INVALID_DIGEST", `Invalid digest: ${algorithm}`);
  }
  this._isDone = false;
  return undefined;
}
Object.setPrototypeOf(Hmac.prototype, Transform.prototype);
Object.setPrototypeOf(Hmac, Transform);
Hmac.prototype.update = function update(this: Any, data: Any, encoding?: string) {
  if (this._isDone) throw finalized();
  if (typeof data !== "string" && !ArrayBuffer.isView(data))
    throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
  ops.node_mac_update(this._handle, bytesOf(data, "data", encoding));
  return this;
};
Hmac.prototype.digest = function digest(this: Any, encoding?: string) {
  // Node's Hmac, unlike its Hash, gives nothing the second time.
  const isDone = this._isDone;
  this._isDone = true;
  return encoded(isDone ? new Uint8Array(0) : ops.node_mac_finish(this._handle), encoding);
};
Hmac.prototype._transform = function (this: Any, chunk: Any, encoding: string, done: (error?: unknown) => void) {
  ops.node_mac_update(this._handle, bytesOf(chunk, "chunk", encoding));
  done();
};
Hmac.prototype._flush = Hash.prototype._flush;

export const createHash = (algorithm: string, options?: Any): Any => new (Hash as Any)(algorithm, options);
export const createHmac = (algorithm: string, key: Any, options?: Any): Any =>
  new (Hmac as Any)(algorithm, key, options);

/** A digest in one call. */
export function hash(algorithm: string, data: Any, options: Any = "hex"): Any {
  validateString(algorithm, "algorithm");
  if (typeof data !== "string" && !ArrayBuffer.isView(data))
    throw invalidArgType("input", ["string", "Buffer", "TypedArray", "DataView"], data);
  const outputEncoding = typeof options === "string" ? options : (options?.outputEncoding ?? "hex");
  if (typeof options !== "string") validateObject(options, "options");
  return encoded(
    ops.node_hash_once(algorithm, bytesOf(data, "input"), outputLengthOf(typeof options === "string" ? {} : options)),
    outputEncoding,
  );
}
