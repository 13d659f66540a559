// Workers' byte streams with two ends: IdentityTransformStream passes bytes on without buffering (a write is done once a reader took
// the chunk), FixedLengthStream also says and checks how many there are. The readable side is a byte stream, so BYOB reads work.
import { defineInterface } from "../webidl";
import { INTERNAL, toDictionary } from "./convert";
import {
  TransformCore,
  DEFAULT_STRATEGIES,
  type TransformAlgorithms,
  type TransformStrategies,
} from "./transform_core";
import { TransformStream } from "./transform_stream";
import type { ReadableCore } from "./readable_core";

interface IdentityStrategy {
  highWaterMark?: number;
}

const NOT_BYTES = "This TransformStream is being used as a byte stream, but received ";

/** The bytes of a chunk written to a byte stream; they are still the writer's. */
export function bytesOfChunk(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  if (chunk instanceof ArrayBuffer || (typeof SharedArrayBuffer === "function" && chunk instanceof SharedArrayBuffer))
    return new Uint8Array(chunk);
  if (typeof chunk === "string") {
    throw new TypeError(
      `${NOT_BYTES}a string on its writable side. If you wish to write a string, you'll probably want to explicitly UTF-8-encode it with TextEncoder.`,
    );
  }
  throw new TypeError(`${NOT_BYTES}an object of non-ArrayBuffer/ArrayBufferView type on its writable side.`);
}

/** Passes chunks on as copies, because the writer keeps its buffer. */
export class Identity implements TransformAlgorithms {
  constructor(private remaining: number | undefined) {}

  transform(chunk: unknown, stream: TransformCore): undefined {
    const bytes = bytesOfChunk(chunk);
    if (this.remaining !== undefined) {
      if (bytes.byteLength > this.remaining)
        throw new TypeError("Attempt to write too many bytes through a FixedLengthStream.");
      this.remaining -= bytes.byteLength;
    }
    stream.enqueue(bytes.slice());
  }

  flush(): undefined {
    if (this.remaining !== undefined && this.remaining > 0) {
      throw new TypeError(
        `FixedLengthStream did not see all expected bytes before close(): ${this.remaining} are missing.`,
      );
    }
  }

  cancel(): undefined {}

  /** Octets still to come, for the length of a body. */
  get length(): number | undefined {
    return this.remaining;
  }

  /** They came, past this stream. */
  allPassed(): void {
    this.remaining = undefined;
  }
}

/** How many octets are still to come from the readable side of a FixedLengthStream; undefined for every other stream. */
export function fixedLengthOf(stream: ReadableCore): number | undefined {
  const transform = stream.controller.algorithms;
  if (!(transform instanceof TransformCore)) return undefined;
  return transform.algorithms instanceof Identity ? transform.algorithms.length : undefined;
}

function createCore(algorithms: Identity, strategy: unknown): TransformCore {
  const highWaterMark = toDictionary<IdentityStrategy>(strategy, "The queuing strategy")?.highWaterMark as unknown;
  return new TransformCore(
    algorithms,
    true,
    highWaterMark === undefined ? DEFAULT_STRATEGIES : bytesStrategy(Number(highWaterMark)),
  ).begin();
}

function bytesStrategy(writableHighWaterMark: number): TransformStrategies {
  if (!(writableHighWaterMark >= 0)) throw new TypeError("The highWaterMark must be a non-negative number.");
  return { ...DEFAULT_STRATEGIES, writableHighWaterMark, writableSize: sizeOfChunk };
}

/** What is no chunk of bytes is refused when its turn comes, not when its size is asked for. */
function sizeOfChunk(chunk: unknown): number {
  const size = (chunk as ArrayBufferView | null | undefined)?.byteLength;
  return typeof size === "number" ? size : 1;
}

export class IdentityTransformStream extends TransformStream {
  constructor(strategy?: IdentityStrategy);
  /** @internal */
  constructor(token: typeof INTERNAL, core: TransformCore);
  constructor(strategy: unknown = undefined, core: unknown = undefined) {
    super(INTERNAL, strategy === INTERNAL ? (core as TransformCore) : createCore(new Identity(undefined), strategy));
  }
}
defineInterface(IdentityTransformStream, "IdentityTransformStream");

export class FixedLengthStream extends IdentityTransformStream {
  constructor(expectedLength: number | bigint, strategy: IdentityStrategy | undefined = undefined) {
    super(INTERNAL, createCore(new Identity(toLength(expectedLength)), strategy));
  }
}
defineInterface(FixedLengthStream, "FixedLengthStream");

function toLength(value: unknown): number {
  if (value === undefined)
    throw new TypeError("Failed to construct 'FixedLengthStream': constructor parameter 1 is not of type 'bigint'.");
  const length = typeof value === "bigint" ? Number(value) : Math.trunc(Number(value));
  if (!Number.isFinite(length)) throw new TypeError("The value cannot be converted because it is not an integer.");
  if (length < 0)
    throw new TypeError("The value cannot be converted because it is negative and this API expects a positive bigint.");
  return length;
}
