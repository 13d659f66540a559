// Web Cryptography § 13 and § 17: CryptoKey and CryptoKeyPair. What a key is stays in a record that only the algorithms see, so that a
// script which changes key.algorithm changes its own copy.

import type { NativeHandle } from "../native";
import { defineInterface } from "./webidl";

export type AsymmetricKey = NativeHandle<"AsymmetricKey">;

/** [[algorithm]]: the members that the key's algorithm has. */
export interface KeyAlgorithm {
  readonly name: string;
  readonly length?: number;
  readonly hash?: { readonly name: string };
  readonly namedCurve?: string;
  readonly modulusLength?: number;
  readonly publicExponent?: Uint8Array;
}

export type KeyType = "public" | "private" | "secret";

/** The internal slots of a key: `material` is octets for a secret key, a native key for a public or private one. */
export interface KeyRecord<Material = Uint8Array<ArrayBuffer> | AsymmetricKey> {
  readonly type: KeyType;
  readonly extractable: boolean;
  readonly algorithm: KeyAlgorithm;
  readonly usages: readonly string[];
  readonly material: Material;
}
export type SecretKey = KeyRecord<Uint8Array<ArrayBuffer>>;
export type PairedKey = KeyRecord<AsymmetricKey>;

export interface CryptoKeyPair {
  publicKey: CryptoKey;
  privateKey: CryptoKey;
}

const internal = Symbol("internal");

export let isCryptoKey: (value: unknown) => value is CryptoKey;
/** The slots of a key. */
export let keyRecord: (key: CryptoKey) => KeyRecord;
export let makeKey: (record: KeyRecord) => CryptoKey;

function copyOf(algorithm: KeyAlgorithm): KeyAlgorithm {
  const { hash, publicExponent } = algorithm;
  const copy = { ...algorithm };
  return Object.assign(
    copy,
    hash && { hash: { ...hash } },
    publicExponent && { publicExponent: publicExponent.slice() },
  );
}

export class CryptoKey {
  readonly #record: KeyRecord;
  #algorithm: KeyAlgorithm | undefined;
  #usages: readonly string[] | undefined;

  static {
    isCryptoKey = (value): value is CryptoKey => typeof value === "object" && value !== null && #record in value;
    keyRecord = (key) => key.#record;
    makeKey = (record) => new this(internal, record); // by its name the bundler would rename the class
  }

  constructor(key: unknown, record?: KeyRecord) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#record = record!;
  }
  get type(): KeyType {
    return this.#record.type;
  }
  get extractable(): boolean {
    return this.#record.extractable;
  }
  get algorithm(): KeyAlgorithm {
    return (this.#algorithm ??= copyOf(this.#record.algorithm));
  }
  get usages(): readonly string[] {
    return (this.#usages ??= [...this.#record.usages]);
  }
}
defineInterface(CryptoKey, "CryptoKey");
Object.defineProperty(CryptoKey, "length", { value: 0, configurable: true });
