// Web Cryptography § 10: the Crypto interface, and Workers' own DigestStream. crypto.subtle is in crypto_subtle.ts.

import { native, type NativeHandle } from "../native";
import { hashName, type Input, isBufferSource } from "./crypto_algorithm";
import { makeSubtleCrypto, type SubtleCrypto } from "./crypto_subtle";
import { DOMException } from "./dom_exception";
import { encodeUtf8 } from "./encoding";
import { WritableStream } from "./streams";
import { defineInterface, missingArgument } from "./webidl";

type DigestHandle = NativeHandle<"Digest">;

const ops = native<{
  digest_start(algorithm: string): DigestHandle;
  digest_update(digest: DigestHandle, data: Input): void;
  digest_finish(digest: DigestHandle): Uint8Array<ArrayBuffer>;
  random_fill(view: ArrayBufferView): void;
  random_uuid(): string;
}>();

const internal = Symbol("internal");

/** A digest as a stream: write the data, close, and `digest` resolves. Workers' own. */
export class DigestStream extends WritableStream {
  readonly #digest: Promise<ArrayBuffer>;
  #bytesWritten = 0n;

  constructor(algorithm: unknown) {
    const handle = ops.digest_start(hashName(algorithm));
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
  readonly #subtle: SubtleCrypto = makeSubtleCrypto();

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
