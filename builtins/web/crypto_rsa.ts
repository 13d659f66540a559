// Web Cryptography § 20 to 22: RSASSA-PKCS1-v1_5, RSA-PSS, RSA-OAEP.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  copyOctets,
  dataError,
  type Input,
  invalidAccess,
  isLarge,
  type Later,
  notSupported,
  type Octets,
  operationError,
  optionalBuffer,
  pairUsages,
  type Params,
  requiredBuffer,
  requiredHash,
  requiredInteger,
  requireOctets,
  toInteger,
  unknownFormat,
} from "./crypto_algorithm";
import { exportPkcs8, exportSpki, signingOps } from "./crypto_asymmetric";
import { Jwk, makeJwk } from "./crypto_jwk";
import {
  type AsymmetricKey,
  type CryptoKey,
  type KeyRecord,
  type KeyType,
  makeKey,
  type PairedKey,
} from "./crypto_key";

const ops = native<{
  generate_rsa_key_on_pool(modulus_bits: number, exponent: number): Promise<AsymmetricKey>;
  import_spki(family: string, der: Input): AsymmetricKey;
  import_pkcs8(family: string, der: Input): AsymmetricKey;
  import_rsa_numbers(n: Input, e: Input, ...rest: (Input | undefined)[]): AsymmetricKey;
  export_rsa_numbers(key: AsymmetricKey, isPrivate: boolean): Octets[];
  rsa_modulus_bits(key: AsymmetricKey): number;
  rsa_oaep_encrypt(key: AsymmetricKey, hash: string, label: Input, data: Input): Octets;
  rsa_oaep_decrypt(key: AsymmetricKey, hash: string, label: Input, data: Input): Octets;
  rsa_oaep_decrypt_on_pool(key: AsymmetricKey, hash: string, label: Input, data: Input): Promise<Octets>;
}>();

/** An operation with a private key above this takes milliseconds. */
const slowModulus_bits = 2048;
/** Above this one key keeps a thread of the pool busy for minutes. */
const maxGenerated_bits = 8192;

interface Usages {
  readonly forPublic: readonly string[];
  readonly forPrivate: readonly string[];
}
const signatures: Usages = { forPublic: ["verify"], forPrivate: ["sign"] };
const encryption: Usages = { forPublic: ["encrypt", "wrapKey"], forPrivate: ["decrypt", "unwrapKey"] };

function usagesOf(name: string): Usages {
  return name === "RSA-OAEP" ? encryption : signatures;
}

// RFC 7518 § 3.1 and § 4.1; RS1 and PS1 are WebCrypto's own.
function jwkName(name: string, hash: string): string | undefined {
  if (hash === "MD5") return undefined;
  const bits = hash.slice(4);
  if (name === "RSA-OAEP") return bits === "1" ? "RSA-OAEP" : `RSA-OAEP-${bits}`;
  return (name === "RSA-PSS" ? "PS" : "RS") + bits;
}

function record(
  name: string,
  type: KeyType,
  material: AsymmetricKey,
  hash: string,
  extractable: boolean,
  usages: string[],
  exponent?: Octets,
): PairedKey {
  const algorithm = {
    name,
    modulusLength: ops.rsa_modulus_bits(material),
    publicExponent: exponent ?? ops.export_rsa_numbers(material, false)[1]!,
    hash: { name: hash },
  };
  return { type, extractable, algorithm, usages, material };
}

function exponentOf(octets: Octets): number {
  let exponent = 0;
  for (const octet of octets) exponent = exponent * 256 + octet;
  if (exponent !== 3 && exponent !== 65537)
    throw operationError(`The "publicExponent" must be either 3 or 65537, but got ${exponent}.`);
  return exponent;
}

const privateMembers = ["d", "p", "q", "dp", "dq", "qi"] as const;

// RFC 7518 § 6.3.
function fromJwk(name: string, data: unknown, hash: string, extractable: boolean, usages: string[]): CryptoKey {
  const jwk = new Jwk(data);
  const kty = jwk.text("kty");
  if (kty !== "RSA")
    throw dataError(
      `RSA "jwk" key import requires a JSON Web Key with Key Type parameter "kty" ("${kty}") equal to "RSA".`,
    );
  const type = jwk.has("d") ? "private" : "public";
  const { forPublic, forPrivate } = usagesOf(name);
  const checked = checkedImportUsages(name, type, usages, type === "private" ? forPrivate : forPublic);
  jwk.check(name, name === "RSA-OAEP" ? "enc" : "sig", checked, extractable);
  const alg = jwk.text("alg");
  // Workers compare the hash only: a PS256 key may be imported for RSASSA-PKCS1-v1_5 and SHA-256.
  if (alg !== undefined && !["RSASSA-PKCS1-v1_5", "RSA-PSS", "RSA-OAEP"].some((other) => jwkName(other, hash) === alg))
    throw dataError(
      `JSON Web Key Algorithm parameter "alg" ("${alg}") does not match requested hash algorithm "${hash}".`,
    );
  const material = numbersFromJwk(jwk, type === "private");
  return makeKey(record(name, type, material, hash, extractable, checked));
}

function numbersFromJwk(jwk: Jwk, isPrivate: boolean): AsymmetricKey {
  const modulus = jwk.octets("n");
  if (modulus === undefined)
    throw dataError('Invalid RSA key in JSON Web Key; missing or invalid Modulus parameter ("n").');
  const exponent = jwk.octets("e");
  if (exponent === undefined)
    throw dataError('Invalid RSA key in JSON Web Key; missing or invalid Exponent parameter ("e").');
  if (!isPrivate) return ops.import_rsa_numbers(modulus, exponent);
  if (jwk.has("oth")) throw notSupported("Multi-prime private keys not supported.");
  const numbers = privateMembers.map((member) => jwk.octets(member));
  if (numbers[0] === undefined)
    throw dataError('Invalid RSA key in JSON Web Key; missing or invalid Private Exponent parameter ("d").');
  const factors = numbers.slice(1).filter((number) => number !== undefined).length;
  if (factors !== 0 && factors !== 5)
    throw dataError(
      "Invalid RSA private key in JSON Web Key; if one Prime Factor or CRT Exponent/Coefficient parameter is present, " +
        'then they must all be present ("p", "q", "dp", "dq", "qi").',
    );
  return ops.import_rsa_numbers(modulus, exponent, ...numbers);
}

function saltLength_bytes(key: KeyRecord, params: Params): number {
  if (key.algorithm.name !== "RSA-PSS") return 0;
  if (params.saltLength === undefined)
    throw dataError("Failed to provide salt for RSA-PSS key operation which requires a salt");
  const length = toInteger(params.saltLength, "saltLength");
  if (length < 0) throw dataError(`SaltLength for RSA-PSS must be non-negative (provided ${length}).`);
  if (length > key.algorithm.modulusLength! / 8)
    throw operationError("key too small for signing with given digest and salt length");
  return length;
}

const nothing = new Uint8Array(0);

export const rsa: Algorithm = {
  // § 20.8.3.
  async generateKey(name, params, extractable, usages) {
    const modulus_bits = requiredInteger(params, "modulusLength");
    const exponentOctets = copyOctets(requiredBuffer(params, "publicExponent", "GenerateKeyAlgorithm"));
    const hash = requiredHash(params);
    const { forPublic, forPrivate } = usagesOf(name);
    const pair = pairUsages(name, usages, forPublic, forPrivate);
    if (modulus_bits % 8 !== 0 || modulus_bits < 256 || modulus_bits > 16384)
      throw operationError(
        `The modulus length must be a multiple of 8 and between 256 and 16k, but ${modulus_bits} was requested.`,
      );
    const exponent = exponentOf(exponentOctets);
    if (modulus_bits > maxGenerated_bits)
      throw notSupported(`RSA keys above ${maxGenerated_bits} bits can be imported, but are not generated here.`);
    const material = await ops.generate_rsa_key_on_pool(modulus_bits, exponent);
    return {
      publicKey: makeKey(record(name, "public", material, hash, true, pair.forPublic, exponentOctets)),
      privateKey: makeKey(record(name, "private", material, hash, extractable, pair.forPrivate, exponentOctets)),
    };
  },

  importKey(name, format, data, params, extractable, usages) {
    const hash = requiredHash(params);
    if (format === "jwk") return fromJwk(name, data, hash, extractable, usages);
    if (format !== "spki" && format !== "pkcs8") throw unknownFormat(format);
    const { forPublic, forPrivate } = usagesOf(name);
    const type = format === "spki" ? "public" : "private";
    const octets = requireOctets(data);
    const checked = checkedImportUsages(name, type, usages, type === "public" ? forPublic : forPrivate);
    const material = format === "spki" ? ops.import_spki("RSA", octets) : ops.import_pkcs8("RSA", octets);
    return makeKey(record(name, type, material, hash, extractable, checked));
  },

  exportKey(key, format) {
    const { algorithm, material, type } = key as PairedKey;
    if (format === "spki") return exportSpki(key);
    if (format === "pkcs8") return exportPkcs8(key);
    if (format !== "jwk") throw invalidAccess(`Cannot export "${algorithm.name}" in "${format}" format.`);
    const [n, e, d, p, q, dp, dq, qi] = ops.export_rsa_numbers(material, type === "private");
    return makeJwk(key, "RSA", jwkName(algorithm.name, algorithm.hash!.name), { n, e, d, p, q, dp, dq, qi });
  },

  sign(key, params, data) {
    const { algorithm, material } = key as PairedKey;
    const slow = isLarge(data) || algorithm.modulusLength! > slowModulus_bits;
    const sign = slow ? signingOps.key_sign_on_pool : signingOps.key_sign;
    return sign(material, algorithm.name, algorithm.hash!.name, saltLength_bytes(key, params), data);
  },

  verify(key, params, signature, data) {
    const { algorithm, material } = key as PairedKey;
    const verify = isLarge(data) ? signingOps.key_verify_on_pool : signingOps.key_verify;
    return verify(material, algorithm.name, algorithm.hash!.name, saltLength_bytes(key, params), signature, data);
  },

  encrypt(key, params, data) {
    const { algorithm, material } = key as PairedKey;
    const label = optionalBuffer(params, "label", "EncryptAlgorithm") ?? nothing;
    return ops.rsa_oaep_encrypt(material, algorithm.hash!.name, label, data);
  },

  decrypt(key, params, data): Later<Octets> {
    const { algorithm, material } = key as PairedKey;
    const label = optionalBuffer(params, "label", "EncryptAlgorithm") ?? nothing;
    const slow = algorithm.modulusLength! > slowModulus_bits;
    const decrypt = slow ? ops.rsa_oaep_decrypt_on_pool : ops.rsa_oaep_decrypt;
    return decrypt(material, algorithm.hash!.name, label, data);
  },
};
