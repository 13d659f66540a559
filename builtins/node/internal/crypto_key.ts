// KeyObject, and the keys in every form that node:crypto takes (Node.js docs, Crypto): PEM, DER, JWK, KeyObject, CryptoKey.

import { importKeyNow, isCryptoKey, keyRecord, native, type NativeHandle } from "adit:internal";
import { Buffer } from "../buffer";
import { invalidArgType, invalidArgValue, nodeError } from "./errors";
import { validateObject, validateOneOf, validateString } from "./validators";

export type Handle = NativeHandle<"Key">;
export type Octets = Uint8Array<ArrayBuffer>;
type Any = any;

export const ops = native<{
  node_key_read(
    data: Uint8Array,
    format: string,
    structure: string,
    isPrivate: boolean,
    passphrase?: Uint8Array,
  ): Handle;
  node_key_write(
    key: Handle,
    format: string,
    structure: string,
    isPrivate: boolean,
    cipher?: string,
    passphrase?: Uint8Array,
  ): Octets;
  node_key_type(key: Handle): string;
  node_key_bits(key: Handle): number;
  node_key_group(key: Handle): string;
  node_key_number(key: Handle, name: string, width: number): Octets | undefined;
  node_key_octets(key: Handle, name: string): Octets | undefined;
  node_key_build(
    type: string,
    isPrivate: boolean,
    group: string | undefined,
    numbers: string[],
    octets: string[],
    sizes: number[],
    values: Uint8Array,
  ): Handle;
  node_key_generate(
    type: string,
    bits: number,
    exponent: number,
    group: string,
    digest: string,
    mgf: string,
    salt: number,
  ): Handle;
  node_key_generate_async(
    type: string,
    bits: number,
    exponent: number,
    group: string,
    digest: string,
    mgf: string,
    salt: number,
  ): Promise<Handle>;
  node_key_public(key: Handle): Handle;
  node_key_of_crypto_key(key: NativeHandle<"AsymmetricKey">): Handle;
  node_key_equals(a: Handle, b: Handle): boolean;
}>();

const x509 = native<{
  node_x509_read(data: Uint8Array): NativeHandle<"Certificate"> | undefined;
  node_x509_key(certificate: NativeHandle<"Certificate">): Handle;
}>();

const B = Buffer as Any;
export const toBuffer = (bytes: Octets): Any => B.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);

/** Octets of what Node takes for binary input. */
export function bytesOf(value: Any, name: string, encoding?: string): Uint8Array {
  if (typeof value === "string") return B.from(value, encoding === "buffer" ? "utf8" : encoding);
  if (value instanceof Uint8Array) return value;
  if (ArrayBuffer.isView(value)) return new Uint8Array(value.buffer, value.byteOffset, value.byteLength);
  if (value instanceof ArrayBuffer || value instanceof SharedArrayBuffer) return new Uint8Array(value);
  throw invalidArgType(name, ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView"], value);
}

const typeNames: Record<string, string> = {
  RSA: "rsa",
  "RSA-PSS": "rsa-pss",
  EC: "ec",
  ED25519: "ed25519",
  ED448: "ed448",
  X25519: "x25519",
  X448: "x448",
  DSA: "dsa",
  DH: "dh",
  DHX: "dh",
};
export const curveNames: Record<string, string> = {
  "P-256": "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
  secp256k1: "secp256k1",
};
const jwkCurves: Record<string, [string, number]> = {
  prime256v1: ["P-256", 32],
  secp384r1: ["P-384", 48],
  secp521r1: ["P-521", 66],
  secp256k1: ["secp256k1", 32],
};
const rsaParts: readonly [string, string][] = [
  ["n", "n"],
  ["e", "e"],
  ["d", "d"],
  ["p", "rsa-factor1"],
  ["q", "rsa-factor2"],
  ["dp", "rsa-exponent1"],
  ["dq", "rsa-exponent2"],
  ["qi", "rsa-coefficient1"],
];

let secretOf: (key: KeyObject) => Octets;
let handleOf: (key: KeyObject) => Handle;
let make: (type: string, inner: Octets | Handle, isExtractable?: boolean) => KeyObject;
let checkExtractable: (key: KeyObject) => void;
export { handleOf, make as makeKeyObject, secretOf };

export class KeyObject {
  #type: string;
  #inner: Octets | Handle;
  #isExtractable = true;

  static {
    secretOf = (key) => key.#inner as Octets;
    handleOf = (key) => key.#inner as Handle;
    make = (type, inner, isExtractable = true) => {
      const Class = type === "secret" ? SecretKeyObject : type === "public" ? PublicKeyObject : PrivateKeyObject;
      const key = new Class(type, inner);
      key.#isExtractable = isExtractable;
      return key;
    };
    checkExtractable = (key) => {
      if (!key.#isExtractable) throw new TypeError("Unable to export non-extractable key");
    };
  }

  constructor(type: string, inner: Any) {
    if (type !== "secret" && type !== "public" && type !== "private") throw invalidArgValue("type", type);
    if (typeof inner !== "object" || inner === null) throw invalidArgType("handle", "object", inner);
    this.#type = type;
    this.#inner = inner;
  }
  static from(key: Any): KeyObject {
    if (!isCryptoKey(key)) throw invalidArgType("key", "CryptoKey", key);
    const { type, material, extractable } = keyRecord(key);
    const inner = type === "secret" ? (material as Octets).slice() : ops.node_key_of_crypto_key(material as Any);
    return make(type, inner as Any, extractable);
  }
  toCryptoKey(algorithm: Any, extractable: Any, usages: Any): Any {
    checkExtractable(this);
    const [format, data] =
      this.#type === "secret"
        ? ["raw", secretOf(this)]
        : this.#type === "public"
          ? ["spki", ops.node_key_write(handleOf(this), "der", "SubjectPublicKeyInfo", false)]
          : ["pkcs8", ops.node_key_write(handleOf(this), "der", "PrivateKeyInfo", true)];
    return importKeyNow(algorithm, format as string, data, Boolean(extractable), usages);
  }
  get type(): string {
    return this.#type;
  }
  get [Symbol.for("adit.KeyObject") as never](): boolean {
    return true;
  }
  get [Symbol.toStringTag](): string {
    return "KeyObject";
  }
  equals(other: Any): boolean {
    if (!(other instanceof KeyObject)) throw invalidArgType("otherKeyObject", "KeyObject", other);
    if (other.#type !== this.#type) return false;
    if (this.#type === "secret") return B.from(secretOf(this)).equals(secretOf(other));
    return ops.node_key_equals(handleOf(this), handleOf(other));
  }
}

export class SecretKeyObject extends KeyObject {
  get symmetricKeySize(): number {
    return secretOf(this).byteLength;
  }
  export(options?: Any): Any {
    checkExtractable(this);
    if (options !== undefined) {
      validateObject(options, "options");
      validateOneOf((options as Any).format, "options.format", [undefined, "buffer", "jwk"]);
      if ((options as Any).format === "jwk") return { kty: "oct", k: B.from(secretOf(this)).toString("base64url") };
    }
    return B.from(secretOf(this));
  }
}

export class AsymmetricKeyObject extends KeyObject {
  get asymmetricKeyType(): string {
    const name = ops.node_key_type(handleOf(this));
    return typeNames[name] ?? name.toLowerCase();
  }
  get asymmetricKeyDetails(): object {
    const handle = handleOf(this);
    const type = this.asymmetricKeyType;
    if (type === "rsa" || type === "rsa-pss") {
      const exponent = ops.node_key_number(handle, "e", 0)!;
      return {
        modulusLength: ops.node_key_bits(handle),
        publicExponent: exponent.reduce((sum, octet) => sum * 256n + BigInt(octet), 0n),
      };
    }
    if (type === "ec") return { namedCurve: ops.node_key_group(handle) };
    return {};
  }
}

function exportJwk(key: AsymmetricKeyObject, isPrivate: boolean): object {
  const handle = handleOf(key);
  const type = key.asymmetricKeyType;
  const text = (bytes: Octets | undefined): string => B.from(bytes).toString("base64url");
  if (type === "rsa") {
    const jwk: Record<string, string> = { kty: "RSA" };
    for (const [name, param] of isPrivate ? rsaParts : rsaParts.slice(0, 2)) {
      const value = ops.node_key_number(handle, param, 0);
      if (value !== undefined) jwk[name] = text(value);
    }
    return jwk;
  }
  if (type === "ec") {
    const found = jwkCurves[ops.node_key_group(handle)];
    if (found === undefined)
      throw nodeError(
        Error,
        "ERR_CRYPTO_JWK_UNSUPPORTED_CURVE",
        `Unsupported JWK EC curve: ${ops.node_key_group(handle)}.`,
      );
    const [crv, width] = found;
    const jwk: Record<string, string> = {
      kty: "EC",
      x: text(ops.node_key_number(handle, "qx", width)),
      y: text(ops.node_key_number(handle, "qy", width)),
      crv,
    };
    if (isPrivate) jwk.d = text(ops.node_key_number(handle, "priv", width));
    return jwk;
  }
  const crv: Record<string, string> = { ed25519: "Ed25519", ed448: "Ed448", x25519: "X25519", x448: "X448" };
  if (crv[type] === undefined)
    throw nodeError(Error, "ERR_CRYPTO_JWK_UNSUPPORTED_KEY_TYPE", "Unsupported JWK Key Type.");
  const jwk: Record<string, string> = { crv: crv[type], x: text(ops.node_key_octets(handle, "pub")), kty: "OKP" };
  if (isPrivate) jwk.d = text(ops.node_key_octets(handle, "priv"));
  return jwk;
}

const structures: Record<string, string> = {
  pkcs1: "type-specific",
  sec1: "type-specific",
  spki: "SubjectPublicKeyInfo",
  pkcs8: "PrivateKeyInfo",
};

function exportKey(key: AsymmetricKeyObject, options: Any, isPrivate: boolean): Any {
  checkExtractable(key);
  validateObject(options, "options");
  const { format, type, cipher, passphrase } = options as Any;
  if (format === "jwk") return exportJwk(key, isPrivate);
  validateOneOf(format, "options.format", ["pem", "der", "jwk"]);
  validateOneOf(type, "options.type", isPrivate ? ["pkcs1", "pkcs8", "sec1"] : ["pkcs1", "spki"]);
  const kind = key.asymmetricKeyType;
  if (type === "pkcs1" && kind !== "rsa")
    throw nodeError(
      Error,
      "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS",
      `The selected key encoding pkcs1 can only be used for RSA keys.`,
    );
  if (type === "sec1" && kind !== "ec")
    throw nodeError(
      Error,
      "ERR_CRYPTO_INCOMPATIBLE_KEY_OPTIONS",
      `The selected key encoding sec1 can only be used for EC keys.`,
    );
  let structure = structures[type as string]!;
  if (cipher !== undefined) {
    validateString(cipher, "options.cipher");
    if (passphrase === undefined) throw invalidArgValue("options.passphrase", passphrase);
    if (type === "pkcs8") structure = "EncryptedPrivateKeyInfo";
  }
  const written = ops.node_key_write(
    handleOf(key),
    format,
    structure,
    isPrivate,
    cipher,
    passphrase === undefined ? undefined : bytesOf(passphrase, "options.passphrase"),
  );
  return format === "pem" ? toBuffer(written).toString("latin1") : toBuffer(written);
}

export class PublicKeyObject extends AsymmetricKeyObject {
  export(options?: Any): Any {
    return exportKey(this, options, false);
  }
}
export class PrivateKeyObject extends AsymmetricKeyObject {
  export(options?: Any): Any {
    return exportKey(this, options, true);
  }
}

function build(
  type: string,
  isPrivate: boolean,
  group: string | undefined,
  numbers: [string, Uint8Array][],
  octets: [string, Uint8Array][],
): Handle {
  const parts = [...numbers, ...octets].map(([, value]) => value);
  return ops.node_key_build(
    type,
    isPrivate,
    group,
    numbers.map(([name]) => name),
    octets.map(([name]) => name),
    parts.map((part) => part.length),
    B.concat(parts),
  );
}
export { build as buildKey };

function importJwk(jwk: Any, wantPrivate: boolean): [Handle, boolean] {
  const part = (name: string): Uint8Array => {
    validateString(jwk[name], `key.${name}`);
    return B.from(jwk[name], "base64url");
  };
  const isPrivate = jwk.d !== undefined && wantPrivate;
  switch (jwk.kty) {
    case "RSA": {
      const parts = isPrivate ? rsaParts.filter(([name]) => jwk[name] !== undefined) : rsaParts.slice(0, 2);
      return [
        build(
          "RSA",
          isPrivate,
          undefined,
          parts.map(([name, param]) => [param, part(name)]),
          [],
        ),
        isPrivate,
      ];
    }
    case "EC": {
      const group = curveNames[jwk.crv];
      if (group === undefined) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_CURVE", "Invalid JWK EC key");
      const point = B.concat([B.from([4]), part("x"), part("y")]);
      return [build("EC", isPrivate, group, isPrivate ? [["priv", part("d")]] : [], [["pub", point]]), isPrivate];
    }
    case "OKP":
      validateOneOf(jwk.crv, "key.crv", ["Ed25519", "Ed448", "X25519", "X448"]);
      return [
        build(
          String(jwk.crv).toUpperCase(),
          isPrivate,
          undefined,
          [],
          isPrivate
            ? [
                ["priv", part("d")],
                ["pub", part("x")],
              ]
            : [["pub", part("x")]],
        ),
        isPrivate,
      ];
    default:
      throw nodeError(Error, "ERR_CRYPTO_INVALID_JWK", "Invalid JWK data");
  }
}

/** The public key of a certificate in PEM. */
function certificateKey(bytes: Uint8Array): Handle {
  const certificate = x509.node_x509_read(bytes);
  if (certificate === undefined)
    throw nodeError(Error, "ERR_OSSL_UNSUPPORTED", "error:1E08010C:DECODER routines::unsupported");
  return x509.node_x509_key(certificate);
}

const readStructures: Record<string, string> = { pkcs1: "", sec1: "", spki: "SubjectPublicKeyInfo", pkcs8: "" };

/** A public or private key of whatever was given; a private one gives its public half where that is wanted. */
export function readKey(given: Any, want: "public" | "private", name = "key"): KeyObject {
  if (isCryptoKey(given)) return readKey(KeyObject.from(given), want, name);
  if (given instanceof KeyObject) {
    if (given.type === "secret" || (want === "private" && given.type !== "private"))
      throw nodeError(
        TypeError,
        "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE",
        `Invalid key object type ${given.type}, expected ${want}.`,
      );
    return want === "public" && given.type === "private" ? make("public", ops.node_key_public(handleOf(given))) : given;
  }
  let data = given;
  let format = "pem";
  let type: string | undefined;
  let passphrase: Uint8Array | undefined;
  let encoding: string | undefined;
  if (typeof given === "object" && given !== null && !ArrayBuffer.isView(given) && !(given instanceof ArrayBuffer)) {
    if (given.key === undefined)
      throw invalidArgType(
        `${name}.key`,
        ["string", "ArrayBuffer", "Buffer", "TypedArray", "DataView", "KeyObject", "CryptoKey"],
        undefined,
      );
    if (given.key instanceof KeyObject || isCryptoKey(given.key)) return readKey(given.key, want, name);
    data = given.key;
    format = given.format ?? "pem";
    type = given.type;
    encoding = given.encoding;
    if (given.passphrase !== undefined && given.passphrase !== null)
      passphrase = bytesOf(given.passphrase, `${name}.passphrase`, encoding);
    if (format === "jwk") {
      validateObject(data, `${name}.key`);
      const [handle, isPrivate] = importJwk(data, want === "private");
      if (want === "private" && !isPrivate) throw nodeError(TypeError, "ERR_CRYPTO_INVALID_JWK", "Invalid JWK data");
      return make(want, handle);
    }
    validateOneOf(format, `${name}.format`, ["pem", "der", "jwk"]);
    if (format === "der")
      validateOneOf(
        type,
        `${name}.type`,
        want === "private" ? ["pkcs1", "pkcs8", "sec1"] : ["pkcs1", "spki", "pkcs8", "sec1"],
      );
  }
  const bytes = bytesOf(data, name, encoding);
  // A PEM says by itself which half it has.
  const text = format === "pem" ? B.from(bytes).toString("latin1") : "";
  const isPrivate =
    format === "pem" ? text.includes("PRIVATE KEY-----") : want === "private" || type === "pkcs8" || type === "sec1";
  if (want === "public" && text.startsWith("-----BEGIN CERTIFICATE-----")) return make("public", certificateKey(bytes));
  if (format === "pem" && text.includes("ENCRYPTED") && passphrase === undefined)
    throw nodeError(TypeError, "ERR_MISSING_PASSPHRASE", "Passphrase required for encrypted key");
  let handle: Handle;
  try {
    handle = ops.node_key_read(bytes, format, format === "der" ? readStructures[type!]! : "", isPrivate, passphrase);
  } catch (error) {
    const reason = (error as Error).message;
    throw nodeError(Error, "ERR_OSSL_UNSUPPORTED", reason);
  }
  if (want === "private") {
    if (!isPrivate) throw nodeError(Error, "ERR_OSSL_UNSUPPORTED", "error:1E08010C:DECODER routines::unsupported");
    return make("private", handle);
  }
  return make("public", isPrivate ? ops.node_key_public(handle) : handle);
}

export function createSecretKey(key: Any, encoding?: string): KeyObject {
  return make("secret", new Uint8Array(bytesOf(key, "key", encoding)));
}
export function createPrivateKey(key: Any): KeyObject {
  return readKey(key, "private");
}
export function createPublicKey(key: Any): KeyObject {
  return readKey(key, "public");
}
/** The octets of a symmetric key: a secret KeyObject or binary input. */
export function secretBytes(key: Any, name = "key", encoding?: string): Uint8Array {
  if (isCryptoKey(key)) return secretBytes(KeyObject.from(key), name);
  if (key instanceof KeyObject) {
    if (key.type !== "secret")
      throw nodeError(
        TypeError,
        "ERR_CRYPTO_INVALID_KEY_OBJECT_TYPE",
        `Invalid key object type ${key.type}, expected secret.`,
      );
    return secretOf(key);
  }
  return bytesOf(key, name, encoding);
}
