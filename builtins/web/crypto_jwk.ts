// JSON Web Keys (RFC 7517, RFC 7518 § 6, RFC 8037) as Web Cryptography § 15 reads and writes them.

import { native } from "../native";
import { dataError, isBufferSource, type Octets } from "./crypto_algorithm";
import type { KeyRecord } from "./crypto_key";

const ops = native<{
  bytes_from_base64(text: string, url: boolean, lastChunk: number): Octets;
  bytes_to_base64(bytes: Uint8Array, url: boolean, omitPadding: boolean): string;
}>();

/** The members of a dictionary JsonWebKey are converted to strings; a member that is absent stays undefined. */
export class Jwk {
  readonly #members: Record<string, unknown>;

  constructor(data: unknown) {
    if (typeof data !== "object" || data === null || isBufferSource(data))
      throw new TypeError('Import data provided for "jwk" import format must be a JsonWebKey.');
    this.#members = data as Record<string, unknown>;
  }

  text(member: string): string | undefined {
    const value = this.#members[member];
    return value === undefined ? undefined : `${value as string}`;
  }
  has(member: string): boolean {
    return this.#members[member] !== undefined;
  }
  /** Undefined when absent or no base64url; the plain alphabet and padding are accepted, as on Workers. */
  octets(member: string): Octets | undefined {
    const text = this.text(member);
    if (text === undefined) return undefined;
    try {
      return ops.bytes_from_base64(text.replaceAll("+", "-").replaceAll("/", "_").replace(/=+$/, ""), true, 0);
    } catch {
      return undefined;
    }
  }

  /** The rules that every algorithm has for `use`, `key_ops` and `ext`. `use` is what the algorithm is for. */
  check(name: string, use: "sig" | "enc" | undefined, usages: readonly string[], extractable: boolean): void {
    const given = this.text("use");
    if (use !== undefined && usages.length > 0 && given !== undefined && given !== use)
      throw dataError(
        `"jwk" key import with usages requires a JSON Web Key with Public Key Use parameter "use" ("${given}") equal to "${use}".`,
      );
    this.#checkKeyOps(usages);
    if (extractable && this.#members.ext !== undefined && !this.#members.ext)
      throw dataError(`JWK ext field for "${name}" is set to false but extractable is true`);
  }

  // RFC 7517 § 4.3: no duplicates; § 15: every usage is among them.
  #checkKeyOps(usages: readonly string[]): void {
    const keyOps = this.#members.key_ops;
    if (keyOps === undefined) return;
    const list = [...(keyOps as Iterable<unknown>)];
    if (new Set(list).size !== list.length) throw dataError(`"jwk" key contains a duplicate value in "key_ops".`);
    for (const usage of usages)
      if (!list.includes(usage)) throw dataError(`"jwk" key missing usage "${usage}", in "key_ops".`);
  }
}

export function base64url(octets: Uint8Array): string {
  return ops.bytes_to_base64(octets, true, true);
}

/** A JWK with what all algorithms write, in the order of Workers; undefined members are left out. */
export function makeJwk(
  key: KeyRecord,
  kty: string,
  alg: string | undefined,
  members: Record<string, string | Uint8Array | undefined>,
): object {
  const jwk: Record<string, unknown> = { kty, key_ops: [...key.usages] };
  if (alg !== undefined) jwk.alg = alg;
  jwk.ext = key.extractable;
  for (const [name, value] of Object.entries(members))
    if (value !== undefined) jwk[name] = typeof value === "string" ? value : base64url(value);
  return jwk;
}

/** The octets of a symmetric key, RFC 7518 § 6.4. */
export function symmetricOctets(jwk: Jwk): Octets {
  const kty = jwk.text("kty");
  if (kty !== "oct")
    throw dataError(
      `Symmetric "jwk" key import requires a JSON Web Key with Key Type parameter "kty" equal to "oct" (encountered "${kty}").`,
    );
  const octets = jwk.octets("k");
  if (octets === undefined) throw dataError('Symmetric "jwk" key import requires a base64Url encoding of the key.');
  return octets;
}
