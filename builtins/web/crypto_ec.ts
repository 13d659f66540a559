// Web Cryptography § 23 and § 24: ECDSA and ECDH over P-256, P-384 and P-521.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  dataError,
  hashName,
  type Input,
  invalidAccess,
  isLarge,
  notSupported,
  type Octets,
  pairUsages,
  type Params,
  requiredMember,
  requireOctets,
  unknownFormat,
} from "./crypto_algorithm";
import { exportPkcs8, exportSpki, peerOf, sharedBits, signingOps } from "./crypto_asymmetric";
import { Jwk, makeJwk } from "./crypto_jwk";
import {
  type AsymmetricKey,
  type CryptoKey,
  type KeyRecord,
  type KeyType,
  makeKey,
  type PairedKey,
} from "./crypto_key";
import { toDOMString } from "./webidl";

const ops = native<{
  generate_ec_key(curve: string): AsymmetricKey;
  import_spki(family: string, der: Input): AsymmetricKey;
  import_pkcs8(family: string, der: Input): AsymmetricKey;
  import_ec_point(curve: string, point: Input, d: Input | undefined): AsymmetricKey;
  export_public_octets(key: AsymmetricKey): Octets;
  export_private_octets(key: AsymmetricKey): Octets;
  ec_curve(key: AsymmetricKey): string;
}>();

interface Curve {
  readonly coordinate_bytes: number;
  readonly jwkName: string;
}
const curves: Record<string, Curve> = {
  "P-256": { coordinate_bytes: 32, jwkName: "ES256" },
  "P-384": { coordinate_bytes: 48, jwkName: "ES384" },
  "P-521": { coordinate_bytes: 66, jwkName: "ES512" },
};

function curveName(params: Params): string {
  const given = toDOMString(requiredMember(params, "namedCurve"));
  const name = given.toUpperCase();
  if (!Object.hasOwn(curves, name)) throw notSupported(`Unrecognized or unimplemented EC curve "${given}" requested.`);
  return name;
}

function usagesOf(name: string, type: KeyType): readonly string[] {
  if (name === "ECDSA") return type === "public" ? ["verify"] : ["sign"];
  return type === "public" ? [] : ["deriveKey", "deriveBits"];
}

function makeEcKey(
  name: string,
  type: KeyType,
  namedCurve: string,
  material: AsymmetricKey,
  extractable: boolean,
  usages: string[],
): CryptoKey {
  return makeKey({ type, extractable, algorithm: { name, namedCurve }, usages, material });
}

/** 04 || x || y, each in the width of the curve. */
function pointFromJwk(jwk: Jwk, curve: Curve): Octets {
  const width = curve.coordinate_bytes;
  const point = new Uint8Array(1 + 2 * width);
  point[0] = 4;
  for (const [index, member] of ["x", "y"].entries()) {
    const coordinate = jwk.octets(member);
    if (coordinate === undefined) throw dataError(`Invalid EC key in JSON Web Key; missing "${member}".`);
    if (coordinate.length > width) throw dataError(`Invalid EC key in JSON Web Key; "${member}" is too long.`);
    point.set(coordinate, 1 + width * (index + 1) - coordinate.length);
  }
  return point;
}

// RFC 7518 § 6.2.
function fromJwk(name: string, data: unknown, curveName: string, extractable: boolean, usages: string[]): CryptoKey {
  const jwk = new Jwk(data);
  const kty = jwk.text("kty");
  if (kty !== "EC")
    throw dataError(
      `Elliptic curve "jwk" key import requires a JSON Web Key with Key Type parameter "kty" ("${kty}") equal to "EC".`,
    );
  const type = jwk.has("d") ? "private" : "public";
  const checked = checkedImportUsages(name, type, usages, usagesOf(name, type));
  jwk.check(name, name === "ECDSA" ? "sig" : "enc", checked, extractable);
  const crv = jwk.text("crv") ?? curveName; // Workers take one without
  if (crv !== curveName) throw dataError(`The JSON Web Key's curve "${crv}" is not "${curveName}".`);
  const curve = curves[curveName]!;
  const alg = jwk.text("alg");
  if (name === "ECDSA" && alg !== undefined && alg !== curve.jwkName)
    throw dataError(`JSON Web Key Algorithm parameter "alg" ("${alg}") does not match requested curve.`);
  const secret = jwk.octets("d");
  if (type === "private" && (secret === undefined || secret.length > curve.coordinate_bytes))
    throw dataError('Invalid EC key in JSON Web Key; "d" is not valid.');
  const material = ops.import_ec_point(curveName, pointFromJwk(jwk, curve), secret);
  return makeEcKey(name, type, curveName, material, extractable, checked);
}

function exportJwk(key: PairedKey): object {
  const point = ops.export_public_octets(key.material);
  const width = (point.length - 1) / 2;
  return makeJwk(key, "EC", undefined, {
    crv: key.algorithm.namedCurve,
    x: point.subarray(1, 1 + width),
    y: point.subarray(1 + width),
    d: key.type === "private" ? ops.export_private_octets(key.material) : undefined,
  });
}

function signatureHash(params: Params): string {
  if (params.hash === undefined)
    throw new TypeError(
      'Missing "hash" in AlgorithmIdentifier. (ECDSA requires that the hash algorithm be specified at call time rather than on ' +
        "the key. This differs from other WebCrypto algorithms for historical reasons.)",
    );
  const hash = hashName(params.hash);
  if (hash === "MD5") throw notSupported("ECDSA has no signatures over MD5.");
  return hash;
}

export const ec: Algorithm = {
  generateKey(name, params, extractable, usages) {
    const curve = curveName(params);
    const pair = pairUsages(name, usages, usagesOf(name, "public"), usagesOf(name, "private"));
    const material = ops.generate_ec_key(curve);
    return {
      publicKey: makeEcKey(name, "public", curve, material, true, pair.forPublic),
      privateKey: makeEcKey(name, "private", curve, material, extractable, pair.forPrivate),
    };
  },

  importKey(name, format, data, params, extractable, usages) {
    const curve = curveName(params);
    if (format === "jwk") return fromJwk(name, data, curve, extractable, usages);
    if (format !== "raw" && format !== "spki" && format !== "pkcs8") throw unknownFormat(format);
    const type = format === "pkcs8" ? "private" : "public";
    const octets = requireOctets(data);
    const checked = checkedImportUsages(name, type, usages, usagesOf(name, type));
    const material =
      format === "raw"
        ? ops.import_ec_point(curve, octets, undefined)
        : format === "spki"
          ? ops.import_spki("EC", octets)
          : ops.import_pkcs8("EC", octets);
    if (ops.ec_curve(material) !== curve)
      throw dataError(`"algorithm.namedCurve" "${curve}" does not match the curve specified by the input key data.`);
    return makeEcKey(name, type, curve, material, extractable, checked);
  },

  exportKey(key, format) {
    if (format === "spki") return exportSpki(key);
    if (format === "pkcs8") return exportPkcs8(key);
    if (format === "jwk") return exportJwk(key as PairedKey);
    if (format !== "raw") throw notSupported(`Cannot export "${key.algorithm.name}" in "${format}" format.`);
    if (key.type !== "public")
      throw invalidAccess("Raw export of elliptic curve keys is only allowed for public keys.");
    return ops.export_public_octets((key as PairedKey).material).buffer;
  },

  sign(key, params, data) {
    const sign = isLarge(data) ? signingOps.key_sign_on_pool : signingOps.key_sign;
    return sign((key as PairedKey).material, "ECDSA", signatureHash(params), 0, data);
  },

  verify(key, params, signature, data) {
    const verify = isLarge(data) ? signingOps.key_verify_on_pool : signingOps.key_verify;
    return verify((key as PairedKey).material, "ECDSA", signatureHash(params), 0, signature, data);
  },

  // § 24.5.
  deriveBits(key: KeyRecord, params, length_bits) {
    const peer = peerOf(params);
    const { name, namedCurve } = key.algorithm;
    if (peer.algorithm.name !== name)
      throw invalidAccess(
        `Private key for derivation is using "${name}" while public key is using "${peer.algorithm.name}".`,
      );
    if (peer.algorithm.namedCurve !== namedCurve)
      throw invalidAccess(
        `Private key for derivation is using curve "${namedCurve}" while public key is using "${peer.algorithm.namedCurve}".`,
      );
    return sharedBits(key as PairedKey, peer, length_bits);
  },
};
