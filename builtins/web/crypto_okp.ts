// Web Cryptography § 25 and § 26: Ed25519 and X25519; NODE-ED25519 is the name that Workers gave Ed25519 before the standard had it.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  dataError,
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
import { type AsymmetricKey, type CryptoKey, type KeyType, makeKey, type PairedKey } from "./crypto_key";
import { toDOMString } from "./webidl";

const ops = native<{
  generate_okp_key(family: string): AsymmetricKey;
  import_spki(family: string, der: Input): AsymmetricKey;
  import_pkcs8(family: string, der: Input): AsymmetricKey;
  import_okp_public(family: string, octets: Input): AsymmetricKey;
  import_okp_private(family: string, octets: Input): AsymmetricKey;
  export_public_octets(key: AsymmetricKey): Octets;
  export_private_octets(key: AsymmetricKey): Octets;
  bytes_equal(a: Input, b: Input): boolean;
}>();

function familyOf(name: string): string {
  return name === "X25519" ? name : "Ed25519";
}

function usagesOf(name: string, type: KeyType): readonly string[] {
  if (name === "X25519") return type === "public" ? [] : ["deriveKey", "deriveBits"];
  return type === "public" ? ["verify"] : ["sign"];
}

function checkNodeCurve(name: string, params: Params): void {
  if (name !== "NODE-ED25519") return;
  const curve = toDOMString(requiredMember(params, "namedCurve"));
  if (curve.toUpperCase() !== "NODE-ED25519") throw notSupported(`EDDSA curve "${curve}" isn't supported.`);
}

function makeOkpKey(
  name: string,
  type: KeyType,
  material: AsymmetricKey,
  extractable: boolean,
  usages: string[],
): CryptoKey {
  const algorithm = name === "NODE-ED25519" ? { name, namedCurve: name } : { name };
  return makeKey({ type, extractable, algorithm, usages, material });
}

function checkJwkNames(jwk: Jwk, name: string): void {
  const family = familyOf(name);
  const kty = jwk.text("kty");
  if (kty !== "OKP")
    throw dataError(
      `${family} "jwk" key import requires a JSON Web Key with Key Type parameter "kty" ("${kty}") equal to "OKP".`,
    );
  const crv = jwk.text("crv");
  if (crv !== family) throw notSupported(`Only ${family} is supported but "${crv}" was requested.`);
  const alg = jwk.text("alg");
  if (family === "Ed25519" && alg !== undefined && alg !== "EdDSA" && alg !== "Ed25519")
    throw dataError(`JSON Web Key Algorithm parameter "alg" ("${alg}") does not match requested Ed25519 curve.`);
}

// RFC 8037 § 2.
function fromJwk(name: string, data: unknown, extractable: boolean, usages: string[]): CryptoKey {
  const jwk = new Jwk(data);
  const type = jwk.has("d") ? "private" : "public";
  const checked = checkedImportUsages(name, type, usages, usagesOf(name, type));
  checkJwkNames(jwk, name);
  const family = familyOf(name);
  jwk.check(name, family === "Ed25519" ? "sig" : "enc", checked, extractable);
  const x = jwk.octets("x");
  if (x?.length !== 32)
    throw dataError(`Invalid ${family} key in JSON WebKey; missing or invalid public key component ("x").`);
  if (type === "public") return makeOkpKey(name, type, ops.import_okp_public(family, x), extractable, checked);
  const d = jwk.octets("d");
  if (d?.length !== 32)
    throw dataError(`Invalid ${family} key in JSON WebKey; missing or invalid private key component ("d").`);
  const material = ops.import_okp_private(family, d);
  if (!ops.bytes_equal(ops.export_public_octets(material), x))
    throw dataError(`Invalid ${family} key in JSON WebKey; "x" is not the public key of "d".`);
  return makeOkpKey(name, type, material, extractable, checked);
}

function importPublicOctets(family: string, octets: Input): AsymmetricKey {
  if (octets.byteLength !== 32)
    throw dataError(`${family} raw keys must be exactly 32-bytes (provided ${octets.byteLength}).`);
  return ops.import_okp_public(family, octets);
}

export const okp: Algorithm = {
  generateKey(name, params, extractable, usages) {
    checkNodeCurve(name, params);
    const pair = pairUsages(name, usages, usagesOf(name, "public"), usagesOf(name, "private"));
    const material = ops.generate_okp_key(familyOf(name));
    return {
      publicKey: makeOkpKey(name, "public", material, true, pair.forPublic),
      privateKey: makeOkpKey(name, "private", material, extractable, pair.forPrivate),
    };
  },

  importKey(name, format, data, params, extractable, usages) {
    checkNodeCurve(name, params);
    if (format === "jwk") return fromJwk(name, data, extractable, usages);
    if (format !== "raw" && format !== "spki" && format !== "pkcs8") throw unknownFormat(format);
    const type = format === "pkcs8" ? "private" : "public";
    const octets = requireOctets(data);
    const checked = checkedImportUsages(name, type, usages, usagesOf(name, type));
    const family = familyOf(name);
    const material =
      format === "raw"
        ? importPublicOctets(family, octets)
        : format === "spki"
          ? ops.import_spki(family, octets)
          : ops.import_pkcs8(family, octets);
    return makeOkpKey(name, type, material, extractable, checked);
  },

  exportKey(key, format) {
    const { algorithm, material, type } = key as PairedKey;
    const family = familyOf(algorithm.name);
    if (format === "spki") return exportSpki(key);
    if (format === "pkcs8") return exportPkcs8(key);
    if (format === "jwk")
      return makeJwk(key, "OKP", family === "Ed25519" ? "EdDSA" : undefined, {
        crv: family,
        x: ops.export_public_octets(material),
        d: type === "private" ? ops.export_private_octets(material) : undefined,
      });
    if (format !== "raw") throw notSupported(`Cannot export "${algorithm.name}" in "${format}" format.`);
    if (type !== "public") throw invalidAccess(`Raw export of ${family} keys is only allowed for public keys.`);
    return ops.export_public_octets(material).buffer;
  },

  sign(key, _params, data) {
    const sign = isLarge(data) ? signingOps.key_sign_on_pool : signingOps.key_sign;
    return sign((key as PairedKey).material, "Ed25519", "", 0, data);
  },

  verify(key, _params, signature, data) {
    const verify = isLarge(data) ? signingOps.key_verify_on_pool : signingOps.key_verify;
    return verify((key as PairedKey).material, "Ed25519", "", 0, signature, data);
  },

  // § 26.5.
  deriveBits(key, params, length_bits) {
    const peer = peerOf(params);
    if (peer.algorithm.name !== "X25519")
      throw invalidAccess(
        `Base X25519 private key cannot be used to derive a key from a peer ${peer.algorithm.name} public key`,
      );
    return sharedBits(key as PairedKey, peer, length_bits);
  },
};
