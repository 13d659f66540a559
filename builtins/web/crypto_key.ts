// Web Cryptography § 13: the CryptoKey interface. The key's material is a native-free byte copy that only the algorithms see.

import { DOMException } from "./dom_exception";
import { defineInterface } from "./webidl";

export interface KeyAlgorithm {
  name: string;
  hash?: unknown;
  length?: unknown;
}

const internal = Symbol("internal");

/** The key's octets, for the algorithms. */
export let keyMaterial: (key: CryptoKey) => Uint8Array;
export let makeKey: (
  type: string,
  extractable: boolean,
  algorithm: object,
  usages: string[],
  material: Uint8Array,
) => CryptoKey;

const allUsages = ["encrypt", "decrypt", "sign", "verify", "deriveKey", "deriveBits", "wrapKey", "unwrapKey"];

export class CryptoKey {
  readonly #type: string;
  readonly #extractable: boolean;
  readonly #algorithm: object;
  readonly #usages: readonly string[];
  readonly #material: Uint8Array;

  static {
    keyMaterial = (key) => key.#material;
    makeKey = (type, extractable, algorithm, usages, material) =>
      new CryptoKey(internal, type, extractable, algorithm, usages, material);
  }

  constructor(
    key: unknown,
    type?: string,
    extractable?: boolean,
    algorithm?: object,
    usages?: string[],
    material?: Uint8Array,
  ) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#type = type!;
    this.#extractable = extractable!;
    this.#algorithm = algorithm!;
    this.#usages = usages!;
    this.#material = material!;
  }
  get type(): string {
    return this.#type;
  }
  get extractable(): boolean {
    return this.#extractable;
  }
  get algorithm(): object {
    return this.#algorithm;
  }
  get usages(): readonly string[] {
    return this.#usages;
  }
}
defineInterface(CryptoKey, "CryptoKey");
Object.defineProperty(CryptoKey, "length", { value: 0, configurable: true });

/** § 14.2.3: a list of known usages, each once and in the standard's order; of them only those that the algorithm has. */
export function checkUsages(usages: unknown, allowed: readonly string[]): string[] {
  const given = new Set<unknown>(usages as Iterable<unknown>);
  for (const usage of given) {
    if (!allUsages.includes(usage as string)) throw new TypeError(`"${String(usage)}" is not a key usage.`);
    if (!allowed.includes(usage as string))
      throw new DOMException(`The key usage "${String(usage)}" does not fit the algorithm.`, "SyntaxError");
  }
  return allUsages.filter((usage) => given.has(usage));
}
