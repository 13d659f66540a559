// What RSA, the NIST curves and Ed25519/X25519 share: the ops that sign and verify, the DER formats, the secret of two keys.

import { native } from "../native";
import {
  type Input,
  invalidAccess,
  type Octets,
  operationError,
  type Params,
  requiredMember,
} from "./crypto_algorithm";
import { type AsymmetricKey, isCryptoKey, type KeyRecord, keyRecord, type PairedKey } from "./crypto_key";

type Sign<R> = (key: AsymmetricKey, scheme: string, hash: string, salt_bytes: number, data: Input) => R;
type Verify<R> = (
  key: AsymmetricKey,
  scheme: string,
  hash: string,
  salt_bytes: number,
  signature: Input,
  data: Input,
) => R;

export const signingOps = native<{
  key_sign: Sign<Octets>;
  key_sign_on_pool: Sign<Promise<Octets>>;
  key_verify: Verify<boolean>;
  key_verify_on_pool: Verify<Promise<boolean>>;
}>();

const ops = native<{
  export_spki(key: AsymmetricKey): Octets;
  export_pkcs8(key: AsymmetricKey): Octets;
  shared_secret(key: AsymmetricKey, peer: AsymmetricKey): Octets;
}>();

export function exportSpki(key: KeyRecord): ArrayBuffer {
  if (key.type !== "public") throw invalidAccess(`Asymmetric spki export requires public key (not "${key.type}").`);
  return ops.export_spki((key as PairedKey).material).buffer;
}

export function exportPkcs8(key: KeyRecord): ArrayBuffer {
  if (key.type !== "private") throw invalidAccess(`Asymmetric pkcs8 export requires private key (not "${key.type}").`);
  return ops.export_pkcs8((key as PairedKey).material).buffer;
}

/** The member `public` of the parameters of ECDH and X25519. */
export function peerOf(params: Params): PairedKey {
  const value = requiredMember(params, "public", "derivedKeyParams");
  if (!isCryptoKey(value))
    throw new TypeError(
      "Incorrect type for the 'public' field on 'DeriveKeyAlgorithm': the provided value is not of type 'CryptoKey'.",
    );
  const peer = keyRecord(value);
  if (peer.type !== "public") throw invalidAccess(`The provided key has type "${peer.type}", not "public"`);
  return peer as PairedKey;
}

/** The first `length_bits` of the secret; bits beyond them in the last octet are zero. */
export function sharedBits(key: PairedKey, peer: PairedKey, length_bits: number | null): Octets {
  const secret = ops.shared_secret(key.material, peer.material);
  if (length_bits === null) return secret;
  if (length_bits > secret.length * 8)
    throw operationError(
      `Derived key length (${length_bits} bits) is too long (should be at most ${secret.length * 8} bits).`,
    );
  const bits = secret.slice(0, Math.ceil(length_bits / 8));
  if (length_bits % 8 !== 0) bits[bits.length - 1]! &= 0xff << (8 - (length_bits % 8));
  return bits;
}
