// File API § 3, the Blob class. A blob is one Uint8Array that nobody changes; slices share its memory.
// Invariant: #bytes is never handed to a worker, only copies of it are.
import { bytesOfBufferSource, concatenate, isBufferSource, octetsOf, textOf } from "./octets";
import { type ReadableStream, streamFromBytes } from "./streams";
import { badConstructorArgument, defineInterface, isDictionary, toDOMString, toUSVString } from "./webidl";

export let isBlob: (value: unknown) => value is Blob;
/** The blob's own bytes: to be read only. */
export let blobBytes: (blob: Blob) => Uint8Array;
/** A blob over bytes that the caller gives up. */
export let blobOfBytes: (bytes: Uint8Array, type: string) => Blob;

/** Says to the constructors that the first argument is the bytes themselves. Never leaves the builtins. */
export const ownBytes: unique symbol = Symbol("ownBytes");

/** § 3.1: lower-cased, or empty when it has a character outside U+0020 to U+007E. */
export function blobType(type: unknown): string {
  const text = toDOMString(type);
  return /^[\x20-\x7e]*$/.test(text) ? text.toLowerCase() : "";
}

function concatenateParts(parts: unknown): Uint8Array {
  if (parts === undefined) return new Uint8Array(0);
  if (!Array.isArray(parts)) badConstructorArgument("Blob", 1, "Array");
  return concatenate(
    (parts as unknown[]).map((part) =>
      isBlob(part) ? blobBytes(part) : isBufferSource(part) ? bytesOfBufferSource(part) : octetsOf(toUSVString(part)),
    ),
  );
}

/** A relative position, as slice() understands it. */
function clampPosition(value: unknown, size: number): number {
  const position = Math.trunc(Number(value)) || 0;
  return position < 0 ? Math.max(size + position, 0) : Math.min(position, size);
}

export interface BlobPropertyBag {
  type?: string;
  endings?: string;
}

export class Blob {
  static {
    isBlob = (value): value is Blob => typeof value === "object" && value !== null && #bytes in value;
    blobBytes = (blob) => blob.#bytes;
    blobOfBytes = (bytes, type) => new Blob(bytes, type, ownBytes);
  }

  readonly #bytes: Uint8Array;
  readonly #type: string;

  constructor(parts?: unknown[], options?: BlobPropertyBag | null);
  /** @internal The bytes, which the caller gives up, and the type as they are. */
  constructor(bytes: Uint8Array, type: string, own: typeof ownBytes);
  constructor(parts: unknown = undefined, options: unknown = undefined, own: unknown = undefined) {
    if (own === ownBytes) {
      this.#bytes = parts as Uint8Array;
      this.#type = options as string;
      return;
    }
    this.#bytes = concatenateParts(parts);
    if (!isDictionary(options)) badConstructorArgument("Blob", 2, "Options");
    const endings = options?.endings;
    if (endings !== undefined) throw new Error("The 'endings' field on 'Options' is not implemented.");
    const type = options?.type;
    this.#type = type === undefined ? "" : blobType(type);
  }

  get size(): number {
    return this.#bytes.length;
  }

  get type(): string {
    return this.#type;
  }

  slice(
    start: number | undefined = undefined,
    end: number | undefined = undefined,
    type: string | undefined = undefined,
  ): Blob {
    const size = this.#bytes.length;
    const from = start === undefined ? 0 : clampPosition(start, size);
    const to = end === undefined ? size : clampPosition(end, size);
    return blobOfBytes(this.#bytes.subarray(from, Math.max(from, to)), type === undefined ? "" : blobType(type));
  }

  stream(): ReadableStream {
    return streamFromBytes(this.#bytes.slice());
  }

  async text(): Promise<string> {
    return textOf(this.#bytes);
  }

  async arrayBuffer(): Promise<ArrayBuffer> {
    return this.#bytes.slice().buffer as ArrayBuffer;
  }

  async bytes(): Promise<Uint8Array> {
    return this.#bytes.slice();
  }
}

defineInterface(Blob, "Blob");
