// Streams § 7, queuing strategies.
import { defineInterface } from "../webidl";
import { type Callback, toDictionary } from "./convert";
import type { SizeAlgorithm } from "./queue";

export interface QueuingStrategy {
  highWaterMark?: number;
  size?: SizeAlgorithm;
}

interface QueuingStrategyInit {
  highWaterMark: number;
}

function highWaterMarkOf(init: unknown, name: string): number {
  const dictionary = toDictionary<QueuingStrategyInit>(init, `The argument of ${name}`);
  const value = dictionary?.highWaterMark;
  if (value === undefined)
    throw new TypeError(`Failed to construct '${name}': the required member highWaterMark is missing.`);
  return Number(value);
}

// One size function each per realm; both are called `size` and are no constructors.
const byteLengthSize = { size: (chunk: unknown) => (chunk as ArrayBufferView).byteLength }.size;
const countSize = { size: () => 1 }.size;

export class ByteLengthQueuingStrategy {
  readonly #highWaterMark: number;
  constructor(init: QueuingStrategyInit) {
    this.#highWaterMark = highWaterMarkOf(init, "ByteLengthQueuingStrategy");
  }
  get highWaterMark(): number {
    return this.#highWaterMark;
  }
  get size(): SizeAlgorithm {
    void this.#highWaterMark; // the brand check
    return byteLengthSize;
  }
}

export class CountQueuingStrategy {
  readonly #highWaterMark: number;
  constructor(init: QueuingStrategyInit) {
    this.#highWaterMark = highWaterMarkOf(init, "CountQueuingStrategy");
  }
  get highWaterMark(): number {
    return this.#highWaterMark;
  }
  get size(): SizeAlgorithm {
    void this.#highWaterMark;
    return countSize;
  }
}

defineInterface(ByteLengthQueuingStrategy, "ByteLengthQueuingStrategy");
defineInterface(CountQueuingStrategy, "CountQueuingStrategy");

export interface ConvertedStrategy {
  highWaterMark: number | undefined;
  size: SizeAlgorithm | undefined;
}

const NO_STRATEGY: ConvertedStrategy = { highWaterMark: undefined, size: undefined };

/** Converts a QueuingStrategy dictionary; the two members are read in the order that Web IDL asks for. */
export function convertStrategy(value: unknown): ConvertedStrategy {
  const dictionary = toDictionary<QueuingStrategy>(value, "The queuing strategy");
  if (dictionary === undefined) return NO_STRATEGY;
  const highWaterMark = dictionary.highWaterMark as unknown;
  const size = dictionary.size as unknown;
  if (size !== undefined && typeof size !== "function")
    throw new TypeError("The size of a queuing strategy must be a function.");
  return {
    highWaterMark: highWaterMark === undefined ? undefined : Number(highWaterMark),
    // A chunk of a count strategy counts one, which a queue without a size algorithm does faster.
    size: size === undefined || size === countSize ? undefined : sizeAlgorithm(size as Callback),
  };
}

function sizeAlgorithm(size: Callback): SizeAlgorithm {
  if (size === byteLengthSize) return byteLengthSize;
  return (chunk) => Number(size(chunk));
}

/** ExtractHighWaterMark. */
export function extractHighWaterMark(strategy: ConvertedStrategy, defaultValue: number): number {
  const highWaterMark = strategy.highWaterMark;
  if (highWaterMark === undefined) return defaultValue;
  if (!(highWaterMark >= 0))
    throw new RangeError("The highWaterMark of a queuing strategy must be a non-negative number.");
  return highWaterMark;
}
