// Web Cryptography: crypto.getRandomValues, randomUUID, subtle.digest; Workers' own DigestStream and timingSafeEqual.
// HMAC keys are in crypto_hmac.ts. What subtle does not have yet rejects with a NotSupportedError that names it.

import { native, type NativeHandle } from "../native";
import { CryptoKey, type KeyAlgorithm } from "./crypto_key";
import { exportHmacKey, generateHmacKey, importHmacKey, signHmac, verifyHmac } from "./crypto_hmac";
import { DOMException } from "./dom_exception";
import { encodeUtf8, isAnyArrayBuffer } from "./encoding";
import { WritableStream } from "./streams";
import { defineInterface, missingArgument, toDOMString } from "./webidl";

type Input = ArrayBufferLike | ArrayBufferView;
type DigestHandle = NativeHandle<"Digest">;

const ops = native<{
  digest_now(algorithm: string, data: Input): Uint8Array<ArrayBuffer>;
  digest_on_pool(algorithm: string, data: Input): Promise<Uint8Array<ArrayBuffer>>;
  digest_start(algorithm: string): DigestHandle;
  digest_update(digest: DigestHandle, data: Input): void;
  digest_finish(digest: DigestHandle): Uint8Array<ArrayBuffer>;
  bytes_equal(a: Input, b: Input): boolean;
  random_fill(view: ArrayBufferView): void;
  random_uuid(): string;
}>();

const internal = Symbol("internal");

/** Below this a digest takes less time than a thread switch. */
const poolThreshold_bytes = 65536;

function isBufferSource(value: unknown): value is Input {
  return ArrayBuffer.isView(value) || isAnyArrayBuffer(value);
}

function digestName(algorithm: unknown): string {
  if (typeof algorithm === "string") return algorithm;
  if (typeof algorithm !== "object" || algorithm === null)
    throw new TypeError("The algorithm is neither a string nor an object.");
  return toDOMString((algorithm as { name?: unknown }).name);
}

/** A digest as a stream: write the data, close, and `digest` resolves. Workers' own. */
export class DigestStream extends WritableStream {
  readonly #digest: Promise<ArrayBuffer>;
  #bytesWritten = 0n;

  constructor(algorithm: unknown) {
    const handle = ops.digest_start(digestName(algorithm));
    const { promise, resolve, reject } = Promise.withResolvers<ArrayBuffer>();
    super({
      write: (chunk: unknown) => {
        const data = typeof chunk === "string" ? encodeUtf8(chunk) : chunk;
        if (!isBufferSource(data)) {
          const error = new TypeError(
            "DigestStream is a byte stream but received an object of non-ArrayBuffer/ArrayBufferView/string type on its writable side.",
          );
          reject(error);
          throw error;
        }
        this.#bytesWritten += BigInt(data.byteLength);
        ops.digest_update(handle, data);
      },
      close: () => resolve(ops.digest_finish(handle).buffer),
      abort: (reason: unknown) => reject(reason),
    });
    promise.catch(() => {}); // A stream whose digest nobody asks for is no unhandled rejection.
    this.#digest = promise;
  }
  get digest(): Promise<ArrayBuffer> {
    return this.#digest;
  }
  get bytesWritten(): bigint {
    return this.#bytesWritten;
  }
}
defineInterface(DigestStream, "DigestStream");

function unsupported(method: string, algorithm: unknown): never {
  const name = typeof algorithm === "object" && algorithm !== null ? (algorithm as { name?: unknown }).name : algorithm;
  throw new DOMException(
    `crypto.subtle.${method} is not supported yet for the algorithm ${String(name)}.`,
    "NotSupportedError",
  );
}

function isHmac(algorithm: unknown): boolean {
  const name = typeof algorithm === "object" && algorithm !== null ? (algorithm as { name?: unknown }).name : algorithm;
  return typeof name === "string" && name.toUpperCase() === "HMAC";
}

function checkKey(method: string, index: number, key: unknown): asserts key is CryptoKey {
  if (!(key instanceof CryptoKey)) missingArgument(method, "SubtleCrypto", index, "CryptoKey");
}

function checkData(method: string, index: number, data: unknown): asserts data is Input {
  if (!isBufferSource(data)) missingArgument(method, "SubtleCrypto", index, "Array");
}

export class SubtleCrypto {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }

  // § 14.3.5.
  async digest(algorithm: unknown, data: Input): Promise<ArrayBuffer> {
    void this.#brand;
    const name = digestName(algorithm);
    checkData("digest", 2, data);
    if (data.byteLength < poolThreshold_bytes) return ops.digest_now(name, data).buffer;
    return (await ops.digest_on_pool(name, data)).buffer;
  }

  async sign(algorithm: unknown, key: CryptoKey, data: Input): Promise<ArrayBuffer> {
    void this.#brand;
    checkKey("sign", 2, key);
    checkData("sign", 3, data);
    if (!isHmac(algorithm)) unsupported("sign", algorithm);
    return signHmac(key, data);
  }

  async verify(algorithm: unknown, key: CryptoKey, signature: Input, data: Input): Promise<boolean> {
    void this.#brand;
    checkKey("verify", 2, key);
    checkData("verify", 3, signature);
    checkData("verify", 4, data);
    if (!isHmac(algorithm)) unsupported("verify", algorithm);
    return verifyHmac(key, signature, data);
  }

  async importKey(
    format: string,
    keyData: unknown,
    algorithm: KeyAlgorithm | string,
    extractable: boolean,
    usages: string[],
  ): Promise<CryptoKey> {
    void this.#brand;
    if (!isHmac(algorithm)) unsupported("importKey", algorithm);
    return importHmacKey(toDOMString(format), keyData, algorithm as KeyAlgorithm, Boolean(extractable), usages);
  }

  async exportKey(format: string, key: CryptoKey): Promise<ArrayBuffer | object> {
    void this.#brand;
    checkKey("exportKey", 2, key);
    return exportHmacKey(toDOMString(format), key);
  }

  async generateKey(algorithm: KeyAlgorithm | string, extractable: boolean, usages: string[]): Promise<CryptoKey> {
    void this.#brand;
    if (!isHmac(algorithm)) unsupported("generateKey", algorithm);
    return generateHmacKey(algorithm as KeyAlgorithm, Boolean(extractable), usages);
  }

  async encrypt(algorithm: unknown): Promise<ArrayBuffer> {
    return unsupported("encrypt", algorithm);
  }
  async decrypt(algorithm: unknown): Promise<ArrayBuffer> {
    return unsupported("decrypt", algorithm);
  }
  async deriveKey(algorithm: unknown): Promise<CryptoKey> {
    return unsupported("deriveKey", algorithm);
  }
  async deriveBits(algorithm: unknown): Promise<ArrayBuffer> {
    return unsupported("deriveBits", algorithm);
  }
  async wrapKey(_format: unknown, _key: unknown, _wrappingKey: unknown, algorithm: unknown): Promise<ArrayBuffer> {
    return unsupported("wrapKey", algorithm);
  }
  async unwrapKey(_format: unknown, _key: unknown, _unwrappingKey: unknown, algorithm: unknown): Promise<CryptoKey> {
    return unsupported("unwrapKey", algorithm);
  }

  /** Workers' own: compares two buffers of one length in a time that depends on nothing else. */
  timingSafeEqual(a: Input, b: Input): boolean {
    void this.#brand;
    if (!isBufferSource(a)) missingArgument("timingSafeEqual", "SubtleCrypto", 1, "JsBufferSource");
    if (!isBufferSource(b)) missingArgument("timingSafeEqual", "SubtleCrypto", 2, "JsBufferSource");
    if (a.byteLength !== b.byteLength) throw new TypeError("Input buffers must have the same byte length.");
    return ops.bytes_equal(a, b);
  }
}
defineInterface(SubtleCrypto, "SubtleCrypto");

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;
const integerArrays = new Set<unknown>([
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "BigInt64Array",
  "BigUint64Array",
]);

export class Crypto {
  readonly #subtle = new SubtleCrypto(internal);

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }

  get subtle(): SubtleCrypto {
    return this.#subtle;
  }

  // § 10.1.1.
  getRandomValues<T extends ArrayBufferView>(array: T): T {
    void this.#subtle;
    if (!ArrayBuffer.isView(array)) missingArgument("getRandomValues", "Crypto", 1, "JsArrayBufferView");
    if (!integerArrays.has(Reflect.apply(typedArrayName, array, [])))
      throw new DOMException(
        "ArrayBufferView argument to getRandomValues() must be an integer-typed view.",
        "TypeMismatchError",
      );
    if (array.byteLength > 65536)
      throw new DOMException(
        `getRandomValues() only accepts buffers of size <= 64K but provided ${array.byteLength} bytes.`,
        "QuotaExceededError",
      );
    if (array.byteLength > 0) ops.random_fill(array);
    return array;
  }

  randomUUID(): string {
    void this.#subtle;
    return ops.random_uuid();
  }
}
defineInterface(Crypto, "Crypto");
Object.defineProperty(Crypto.prototype, "DigestStream", {
  value: DigestStream,
  writable: true,
  enumerable: true,
  configurable: true,
});

export const crypto = new Crypto(internal);
