// DiffieHellman and ECDH of node:crypto: key agreement with keys as bare numbers and points.

import { native } from "adit:internal";
import { Buffer } from "../buffer";
import { encoded } from "./crypto_hash";
import { buildKey, bytesOf, curveNames, ops as keyOps, type Handle, type Octets } from "./crypto_key";
import { invalidArgType, nodeError } from "./errors";
import { validateString } from "./validators";

type Any = any;
const B = Buffer as Any;
const ops = native<{
  random_fill(view: ArrayBufferView): void;
  node_agree(privateKey: Handle, publicKey: Handle, pad: boolean): Octets;
  node_ec_point(group: string, point: Uint8Array, form: number): Octets;
  node_ec_public(group: string, number: Uint8Array): Octets;
  node_mod_exp(base: Uint8Array, exponent: Uint8Array, modulus: Uint8Array): Octets;
  node_generate_prime(bits: number, safe: boolean): Octets;
  node_group_prime(name: string): Octets;
}>();

class DiffieHellmanBase {
  #prime: Uint8Array;
  #generator: Uint8Array;
  #private: Uint8Array | undefined;
  #public: Octets | undefined;
  verifyError = 0;

  constructor(prime: Uint8Array, generator: Uint8Array) {
    this.#prime = prime;
    this.#generator = generator;
  }
  generateKeys(encoding?: string): Any {
    if (this.#private === undefined) {
      const octets = B.alloc(this.#prime.length);
      ops.random_fill(octets);
      // Below the prime and no trivial exponent.
      octets[0] %= Math.max(1, this.#prime[0]!);
      octets[octets.length - 1] |= 2;
      this.#private = octets as Uint8Array;
    }
    this.#public = ops.node_mod_exp(this.#generator, this.#private, this.#prime);
    return encoded(this.#public, encoding);
  }
  computeSecret(other: Any, inputEncoding?: string, outputEncoding?: string): Any {
    if (this.#private === undefined) throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "No private key");
    const octets = bytesOf(other, "otherPublicKey", inputEncoding);
    if (B.compare(octets, B.from([1])) <= 0)
      throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Supplied key is too small");
    if (octets.length > this.#prime.length)
      throw nodeError(RangeError, "ERR_CRYPTO_INVALID_KEYLEN", "Supplied key is too large");
    return encoded(ops.node_mod_exp(octets, this.#private, this.#prime), outputEncoding);
  }
  getPrime(encoding?: string): Any {
    return encoded(this.#prime as Octets, encoding);
  }
  getGenerator(encoding?: string): Any {
    return encoded(this.#generator as Octets, encoding);
  }
  getPublicKey(encoding?: string): Any {
    if (this.#public === undefined)
      throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "No public key - did you forget to generate one?");
    return encoded(this.#public, encoding);
  }
  getPrivateKey(encoding?: string): Any {
    if (this.#private === undefined)
      throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "No private key - did you forget to generate one?");
    return encoded(this.#private as Octets, encoding);
  }
  _setPublic(octets: Octets): void {
    this.#public = octets;
  }
  _setPrivate(octets: Octets): void {
    this.#private = octets;
  }
}

function numberBytes(value: number): Uint8Array {
  const hex = value.toString(16);
  return B.from(hex.length % 2 ? `0${hex}` : hex, "hex");
}

class DiffieHellmanClass extends DiffieHellmanBase {
  constructor(sizeOrKey: Any, keyEncoding?: Any, generator?: Any, generatorEncoding?: Any) {
    if (
      typeof sizeOrKey !== "number" &&
      typeof sizeOrKey !== "string" &&
      !ArrayBuffer.isView(sizeOrKey) &&
      !(sizeOrKey instanceof ArrayBuffer)
    )
      throw invalidArgType(
        "sizeOrKey",
        ["number", "string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"],
        sizeOrKey,
      );
    if (keyEncoding !== undefined && typeof keyEncoding !== "string")
      [generatorEncoding, generator, keyEncoding] = [generator, keyEncoding, undefined];
    const prime =
      typeof sizeOrKey === "number"
        ? ops.node_generate_prime(sizeOrKey, sizeOrKey <= 512)
        : bytesOf(sizeOrKey, "sizeOrKey", keyEncoding);
    const base =
      generator === undefined
        ? numberBytes(2)
        : typeof generator === "number"
          ? numberBytes(generator)
          : bytesOf(generator, "generator", generatorEncoding);
    super(prime, base);
  }
  setPublicKey(key: Any, encoding?: string): void {
    this._setPublic(bytesOf(key, "key", encoding) as Octets);
  }
  setPrivateKey(key: Any, encoding?: string): void {
    this._setPrivate(bytesOf(key, "key", encoding) as Octets);
  }
}
class DiffieHellmanGroupClass extends DiffieHellmanBase {
  constructor(name: string) {
    validateString(name, "groupName");
    const prime = ops.node_group_prime(name);
    if (prime.length === 0) throw nodeError(Error, "ERR_CRYPTO_UNKNOWN_DH_GROUP", "Unknown DH group");
    super(prime, numberBytes(2));
  }
}
export const DiffieHellman: Any = function DiffieHellman(...args: Any[]) {
  return new (DiffieHellmanClass as Any)(...args);
};
DiffieHellman.prototype = DiffieHellmanClass.prototype;
export const DiffieHellmanGroup: Any = function DiffieHellmanGroup(name: string) {
  return new DiffieHellmanGroupClass(name);
};
DiffieHellmanGroup.prototype = DiffieHellmanGroupClass.prototype;
for (const [Class, name] of [
  [DiffieHellmanClass, "DiffieHellman"],
  [DiffieHellmanGroupClass, "DiffieHellmanGroup"],
] as const)
  Object.defineProperty(Class, "name", { value: name, configurable: true });
export const createDiffieHellman = (...args: Any[]): Any => new (DiffieHellmanClass as Any)(...args);
export const createDiffieHellmanGroup = (name: string): Any => new DiffieHellmanGroupClass(name);
export const getDiffieHellman = createDiffieHellmanGroup;

const forms: Record<string, number> = { compressed: 2, uncompressed: 4, hybrid: 6 };
function formOf(format: string | undefined): number {
  const form = forms[format ?? "uncompressed"];
  if (form === undefined)
    throw nodeError(TypeError, "ERR_CRYPTO_ECDH_INVALID_FORMAT", `Invalid ECDH format: ${String(format)}`);
  return form;
}

class ECDHClass {
  #group: string;
  #private: Octets | undefined;
  #public: Octets | undefined;

  constructor(curve: string) {
    validateString(curve, "curve");
    this.#group = curveNames[curve] ?? curve;
    if (!getCurves().includes(this.#group))
      throw nodeError(TypeError, "ERR_CRYPTO_INVALID_CURVE", "Invalid EC curve name");
  }
  static convertKey(key: Any, curve: string, inputEncoding?: string, outputEncoding?: string, format?: string): Any {
    validateString(curve, "curve");
    const form = formOf(format);
    return encoded(
      ops.node_ec_point(curveNames[curve] ?? curve, bytesOf(key, "key", inputEncoding), form),
      outputEncoding,
    );
  }
  generateKeys(encoding?: string, format?: string): Any {
    const handle = keyOps.node_key_generate("EC", 0, 0, this.#group, "", "", -1);
    this.#public = ops.node_ec_point(this.#group, keyOps.node_key_octets(handle, "pub")!, 4);
    this.#private = keyOps.node_key_number(handle, "priv", 0)!;
    return this.getPublicKey(encoding, format);
  }
  computeSecret(other: Any, inputEncoding?: string, outputEncoding?: string): Any {
    if (this.#private === undefined) throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "No private key");
    let theirs: Handle;
    try {
      theirs = buildKey("EC", false, this.#group, [], [["pub", bytesOf(other, "otherPublicKey", inputEncoding)]]);
    } catch {
      throw nodeError(Error, "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY", "Public key is not valid for specified curve");
    }
    const mine = buildKey("EC", true, this.#group, [["priv", this.#private]], [["pub", this.#public!]]);
    return encoded(ops.node_agree(mine, theirs, false), outputEncoding);
  }
  getPublicKey(encoding?: string, format?: string): Any {
    const form = formOf(format);
    if (this.#public === undefined)
      throw nodeError(Error, "ERR_CRYPTO_ECDH_INVALID_PUBLIC_KEY", "Failed to get ECDH public key");
    return encoded(form === 4 ? this.#public.slice() : ops.node_ec_point(this.#group, this.#public, form), encoding);
  }
  getPrivateKey(encoding?: string): Any {
    if (this.#private === undefined)
      throw nodeError(Error, "ERR_CRYPTO_INVALID_STATE", "Failed to get ECDH private key");
    return encoded(this.#private.slice(), encoding);
  }
  setPrivateKey(key: Any, encoding?: string): void {
    const octets = bytesOf(key, "key", encoding) as Octets;
    try {
      this.#public = ops.node_ec_public(this.#group, octets);
    } catch {
      throw nodeError(Error, "ERR_CRYPTO_INVALID_KEYTYPE", "Private key is not valid for specified curve.");
    }
    this.#private = octets;
  }
  setPublicKey(key: Any, encoding?: string): void {
    this.#public = ops.node_ec_point(this.#group, bytesOf(key, "key", encoding), 4);
  }
}
Object.defineProperty(ECDHClass, "name", { value: "ECDH", configurable: true });
/** Also without `new`. */
export const ECDH: Any = new Proxy(ECDHClass, { apply: (Class, _this, [curve]) => new Class(curve as string) });
export const createECDH = (curve: string): Any => new ECDH(curve);
export function getCurves(): string[] {
  return ["prime256v1", "secp224r1", "secp256k1", "secp384r1", "secp521r1"];
}
