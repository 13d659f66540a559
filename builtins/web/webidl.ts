// Web IDL: the conversions and the shape of interface objects that every class of the web platform shares.
// Conversions are spelled out where they are used, cheap paths first; here is only what more than one class needs.
// Messages are the ones that Workers show, so that an error found in the wild says the same thing here.

/** § 3.7.7 step 3, too few arguments, in the words that Workers use. `index` counts from 1. */
export function missingArgument(method: string, interfaceName: string, index: number, type: string): never {
  throw new TypeError(
    `Failed to execute '${method}' on '${interfaceName}': parameter ${index} is not of type '${type}'.`,
  );
}

/** The same for a constructor's argument, missing or of a wrong type. */
export function badConstructorArgument(interfaceName: string, index: number, type: string): never {
  throw new TypeError(
    `Failed to construct '${interfaceName}': constructor parameter ${index} is not of type '${type}'.`,
  );
}

/** § 3.2.9 DOMString. A template literal, not String(): a symbol must throw. */
export function toDOMString(value: unknown): string {
  return typeof value === "string" ? value : `${value as string}`;
}

/** § 3.2.11 USVString: lone surrogates become U+FFFD. */
export function toUSVString(value: unknown): string {
  const text = typeof value === "string" ? value : `${value as string}`;
  return text.isWellFormed() ? text : text.toWellFormed();
}

/** § 3.2.18: null and undefined are empty dictionaries, other non-objects are a TypeError that the caller words. */
export function isDictionary(value: unknown): value is Record<string, unknown> | null | undefined {
  return value === undefined || value === null || typeof value === "object" || typeof value === "function";
}

/** § 3.2.4.7 unsigned short without [Clamp] or [EnforceRange]. */
export function toUnsignedShort(value: unknown): number {
  return Number(value) & 0xffff;
}

/** § 3.7: operations and attributes are enumerable, Symbol.toStringTag carries the interface's name. */
export function defineInterface(constructor: Function, name: string): void {
  const prototype = constructor.prototype as object;
  Object.defineProperty(constructor, "name", { value: name, configurable: true }); // the bundler may have renamed the class
  for (const key of Object.getOwnPropertyNames(prototype)) {
    if (key !== "constructor") Object.defineProperty(prototype, key, { enumerable: true });
  }
  for (const key of Object.getOwnPropertyNames(constructor)) {
    if (typeof Object.getOwnPropertyDescriptor(constructor, key)!.value === "function" && key !== "prototype") {
      Object.defineProperty(constructor, key, { enumerable: true });
    }
  }
  Object.defineProperty(prototype, Symbol.toStringTag, { value: name, configurable: true });
}

export const enum IterationKind {
  key,
  value,
  entry,
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]())) as object;

/**
 * § 3.7.10.2: the iterator class of an interface with value pairs. `pairs` gives the pairs to iterate over at this moment, flat:
 * name, value, name, value; the iterator keeps an index, so it sees what changes while it runs, as the standard says.
 */
export function definePairIterator<T, V>(
  interfaceName: string,
  pairs: (target: T) => readonly unknown[],
): (target: T, kind: IterationKind) => IterableIterator<V> {
  class PairIterator {
    readonly #target: T;
    readonly #kind: IterationKind;
    #index = 0;

    constructor(target: T, kind: IterationKind) {
      this.#target = target;
      this.#kind = kind;
    }

    next(): IteratorResult<V> {
      const list = pairs(this.#target);
      const index = this.#index;
      if (index >= list.length) return { value: undefined, done: true };
      this.#index = index + 2;
      const value =
        this.#kind === IterationKind.entry
          ? [list[index], list[index + 1]]
          : list[index + (this.#kind === IterationKind.key ? 0 : 1)];
      return { value: value as V, done: false };
    }
  }
  const prototype = PairIterator.prototype as object;
  Object.setPrototypeOf(prototype, iteratorPrototype);
  delete (prototype as { constructor?: unknown }).constructor;
  Object.defineProperty(prototype, "next", { enumerable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: `${interfaceName} Iterator`, configurable: true });
  return (target, kind) => new PairIterator(target, kind) as unknown as IterableIterator<V>;
}

/** The property that makes an interface iterable: the very function that is its `entries`. */
export function defineIterableAlias(constructor: Function, method: "entries" | "values"): void {
  const prototype = constructor.prototype as Record<string, unknown>;
  Object.defineProperty(prototype, Symbol.iterator, { value: prototype[method], writable: true, configurable: true });
}
