// Web Cryptography § 32 and § 33: HKDF and PBKDF2. Their keys are only ever raw and never leave.

import { native } from "../native";
import {
  type Algorithm,
  checkedImportUsages,
  copyOctets,
  failure,
  type Input,
  type Later,
  notSupported,
  type Octets,
  operationError,
  type Params,
  requiredBuffer,
  requiredHash,
  requiredInteger,
  requireOctets,
} from "./crypto_algorithm";
import { makeKey, type SecretKey } from "./crypto_key";

const ops = native<{
  hkdf(hash: string, key: Input, salt: Input, info: Input, size_bytes: number): Octets;
  pbkdf2(hash: string, password: Input, salt: Input, iterations: number, size_bytes: number): Octets;
  pbkdf2_on_pool(hash: string, password: Input, salt: Input, iterations: number, size_bytes: number): Promise<Octets>;
}>();

/** Cloudflare's own limit. */
const maxIterations = 100_000;
/** About the work of one thread switch. */
const iterationsWorthAThread = 100;
/** Nobody needs more in one call, and an isolate's memory bounds it anyway. */
const maxDerived_bytes = 1 << 27;

function derivedBytes(name: string, length_bits: number | null): number {
  if (length_bits === null) throw operationError(`${name} cannot derive a key with null length.`);
  if (length_bits % 8 !== 0)
    throw operationError(
      `${name} requires a derived key length that is a multiple of eight (requested ${length_bits}).`,
    );
  if (length_bits / 8 > maxDerived_bytes) throw operationError(`${name} deriveBits failed.`);
  return length_bits / 8;
}

function deriveHkdf(key: SecretKey, params: Params, length_bits: number | null): Octets {
  const hash = requiredHash(params);
  const salt = requiredBuffer(params, "salt", "DeriveKeyAlgorithm");
  const info = requiredBuffer(params, "info", "DeriveKeyAlgorithm");
  return ops.hkdf(hash, key.material, salt, info, derivedBytes("HKDF", length_bits));
}

function derivePbkdf2(key: SecretKey, params: Params, length_bits: number | null): Later<Octets> {
  const hash = requiredHash(params);
  const salt = requiredBuffer(params, "salt", "DeriveKeyAlgorithm");
  const iterations = requiredInteger(params, "iterations");
  const size = derivedBytes("PBKDF2", length_bits);
  if (iterations <= 0) throw operationError(`PBKDF2 requires a positive iteration count (requested ${iterations}).`);
  if (iterations > maxIterations)
    throw notSupported(
      `Pbkdf2 failed: iteration counts above ${maxIterations} are not supported (requested ${iterations}).`,
    );
  const blocks = Math.ceil(size / 16);
  return iterations * blocks < iterationsWorthAThread
    ? ops.pbkdf2(hash, key.material, salt, iterations, size)
    : ops.pbkdf2_on_pool(hash, key.material, salt, iterations, size);
}

export const derivation: Algorithm = {
  importKey(name, format, data, _params, extractable, usages) {
    const checked = checkedImportUsages(name, "secret", usages, ["deriveKey", "deriveBits"]);
    if (extractable) throw failure("SyntaxError", `${name} key cannot be extractable.`);
    if (format !== "raw") throw notSupported(`${name} key must be imported in "raw" format (requested "${format}").`);
    const material = copyOctets(requireOctets(data));
    return makeKey({ type: "secret", extractable, algorithm: { name }, usages: checked, material });
  },
  exportKey(key) {
    throw notSupported(`A ${key.algorithm.name} key cannot be exported.`);
  },
  deriveBits(key, params, length_bits) {
    return (key.algorithm.name === "HKDF" ? deriveHkdf : derivePbkdf2)(key as SecretKey, params, length_bits);
  },
  keyLength_bits: () => null,
};
