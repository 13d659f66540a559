// TC39 proposal-arraybuffer-base64: Uint8Array.fromBase64, fromHex and their like, over simdutf, which V8 itself uses where it has them.

import { native } from "../native";

const ops = native<{
  bytes_from_base64(text: string, url: boolean, lastChunk: number): Uint8Array;
  /** Puts [read, written] into counts. */
  bytes_set_from_base64(target: Uint8Array, text: string, url: boolean, lastChunk: number, counts: Uint32Array): void;
  bytes_to_base64(bytes: Uint8Array, url: boolean, omitPadding: boolean): string;
  bytes_to_hex(bytes: Uint8Array): string;
  bytes_from_hex(text: string): Uint8Array;
  bytes_set_from_hex(target: Uint8Array, text: string): number;
}>();

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;
const bufferDetached = Object.getOwnPropertyDescriptor(ArrayBuffer.prototype, "detached")?.get;
const counts = new Uint32Array(2);

function checkReceiver(value: unknown): asserts value is Uint8Array {
  if (typeof value !== "object" || value === null || Reflect.apply(typedArrayName, value, []) !== "Uint8Array")
    throw new TypeError("The receiver is not a Uint8Array");
}

/** After the options were read, whose getters may have detached the buffer. */
function checkAttached(array: Uint8Array): void {
  if (
    bufferDetached !== undefined &&
    array.buffer instanceof ArrayBuffer &&
    Reflect.apply(bufferDetached, array.buffer, [])
  )
    throw new TypeError("The Uint8Array's buffer is detached");
}

function checkString(text: unknown): asserts text is string {
  if (typeof text !== "string") throw new TypeError("The input is not a string");
}

function optionsObject(options: unknown): Record<string, unknown> | undefined {
  if (options !== undefined && typeof options !== "function" && (typeof options !== "object" || options === null))
    throw new TypeError("The options are not an object");
  return options as Record<string, unknown> | undefined;
}

function isUrl(options: Record<string, unknown> | undefined): boolean {
  const alphabet = options?.alphabet;
  if (alphabet === undefined || alphabet === "base64") return false;
  if (alphabet === "base64url") return true;
  throw new TypeError("alphabet must be 'base64' or 'base64url'");
}

function lastChunkOf(options: Record<string, unknown> | undefined): number {
  const handling = options?.lastChunkHandling;
  if (handling === undefined || handling === "loose") return 0;
  if (handling === "strict") return 1;
  if (handling === "stop-before-partial") return 2;
  throw new TypeError("lastChunkHandling must be 'loose', 'strict' or 'stop-before-partial'");
}

const statics = {
  fromBase64(text: unknown, options?: unknown): Uint8Array {
    checkString(text);
    const given = optionsObject(options);
    return ops.bytes_from_base64(text, isUrl(given), lastChunkOf(given));
  },
  fromHex(text: unknown): Uint8Array {
    checkString(text);
    return ops.bytes_from_hex(text);
  },
};

const methods = {
  toBase64(this: unknown, options?: unknown): string {
    checkReceiver(this);
    const given = optionsObject(options);
    const url = isUrl(given);
    const omitPadding = Boolean(given?.omitPadding);
    checkAttached(this);
    return ops.bytes_to_base64(this, url, omitPadding);
  },
  setFromBase64(this: unknown, text: unknown, options?: unknown): { read: number; written: number } {
    checkReceiver(this);
    checkString(text);
    const given = optionsObject(options);
    const url = isUrl(given);
    const lastChunk = lastChunkOf(given);
    checkAttached(this);
    ops.bytes_set_from_base64(this, text, url, lastChunk, counts);
    return { read: counts[0]!, written: counts[1]! };
  },
  toHex(this: unknown): string {
    checkReceiver(this);
    checkAttached(this);
    return ops.bytes_to_hex(this);
  },
  setFromHex(this: unknown, text: unknown): { read: number; written: number } {
    checkReceiver(this);
    checkString(text);
    checkAttached(this);
    const written = ops.bytes_set_from_hex(this, text);
    return { read: written * 2, written };
  },
};

const lengths: Record<string, number> = {
  fromBase64: 1,
  fromHex: 1,
  setFromBase64: 1,
  setFromHex: 1,
  toBase64: 0,
  toHex: 0,
};
for (const [target, functions] of [
  [Uint8Array, statics],
  [Uint8Array.prototype, methods],
] as [object, Record<string, Function>][])
  for (const [name, value] of Object.entries(functions)) {
    if (Object.hasOwn(target, name)) continue;
    Object.defineProperty(value, "length", { value: lengths[name], configurable: true });
    Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
  }
