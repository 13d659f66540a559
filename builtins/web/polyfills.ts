// What Workers' V8 has and V8 13.6 lacks (found by listing the properties of all intrinsics on both): Uint8Array's base64 and hex,
// Map and WeakMap getOrInsert, Iterator.concat, Math.sumPrecise. Each is installed only where it is missing, so the next V8 wins.

// @ts-expect-error The package types its entry points only; this one is its arithmetic without the shims around it.
import exactSum from "../../node_modules/math.sumprecise/sum.js";
import "./uint8array_base64";

function define(target: object, name: string, length: number, value: Function): void {
  if (Object.hasOwn(target, name)) return;
  Object.defineProperty(value, "name", { value: name, configurable: true });
  Object.defineProperty(value, "length", { value: length, configurable: true });
  Object.defineProperty(target, name, { value, writable: true, enumerable: false, configurable: true });
}

// TC39 upsert. Written as methods, which are no constructors.
interface Store {
  has(key: unknown): boolean;
  get(key: unknown): unknown;
  set(key: unknown, value: unknown): unknown;
}

function installUpsert(prototype: Store): void {
  const { has, get, set } = prototype;
  const methods = {
    getOrInsert(this: unknown, key: unknown, value: unknown): unknown {
      if (Reflect.apply(has, this, [key])) return Reflect.apply(get, this, [key]) as unknown;
      Reflect.apply(set, this, [key, value]);
      return value;
    },
    getOrInsertComputed(this: unknown, key: unknown, callback: (key: unknown) => unknown): unknown {
      const found = Reflect.apply(has, this, [key]);
      if (typeof callback !== "function") throw new TypeError(`${String(callback)} is not a function`);
      if (found) return Reflect.apply(get, this, [key]) as unknown;
      // A Map canonicalizes -0 before the callback sees it.
      const canonical = Object.is(key, -0) ? 0 : key;
      if (prototype === (WeakMap.prototype as Store) && !canBeHeldWeakly(key))
        throw new TypeError("Invalid value used as weak map key");
      const value = callback(canonical);
      Reflect.apply(set, this, [key, value]);
      return value;
    },
  };
  define(prototype, "getOrInsert", 2, methods.getOrInsert);
  define(prototype, "getOrInsertComputed", 2, methods.getOrInsertComputed);
}

function canBeHeldWeakly(value: unknown): boolean {
  if (typeof value === "symbol") return Symbol.keyFor(value) === undefined;
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

installUpsert(Map.prototype as Store);
installUpsert(WeakMap.prototype as unknown as Store);

// TC39 Math.sumPrecise; exactSum is Shewchuk's algorithm over finite numbers.
define(
  Math,
  "sumPrecise",
  1,
  {
    sumPrecise(items: Iterable<number>): number {
      if (items === null || items === undefined) throw new TypeError(`${String(items)} is not iterable`);
      const finite: number[] = [];
      let onlyMinusZero = true;
      let special: number | undefined;
      for (const item of items) {
        if (typeof item !== "number") throw new TypeError("Math.sumPrecise: an item is not a number");
        if (Number.isFinite(item)) {
          if (Object.is(item, -0)) continue;
          onlyMinusZero = false;
          finite.push(item);
        } else {
          special = special === undefined ? item : special + item;
        }
      }
      if (special !== undefined) return special;
      return onlyMinusZero ? -0 : (exactSum as (items: number[]) => number)(finite);
    },
  }.sumPrecise,
);

// TC39 iterator sequencing: Iterator.concat(...iterables).
interface Opened {
  open: () => Iterator<unknown>;
  iterable: object;
}

declare const Iterator: { prototype: object };

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

class Concatenation {
  readonly #sources: Opened[];
  #index = 0;
  #current: Iterator<unknown> | undefined = undefined;
  #next: Function | undefined = undefined;
  #running = false;
  #done = false;

  constructor(sources: Opened[]) {
    this.#sources = sources;
  }

  next(): IteratorResult<unknown> {
    if (this.#running) throw new TypeError("Generator is already running");
    if (this.#done) return { value: undefined, done: true };
    this.#running = true;
    try {
      while (true) {
        if (this.#current === undefined) {
          const source = this.#sources[this.#index++];
          if (source === undefined) break;
          const iterator: unknown = Reflect.apply(source.open, source.iterable, []);
          if (!isObject(iterator)) throw new TypeError("Iterator.concat: an iterator is not an object");
          this.#current = iterator as Iterator<unknown>;
          this.#next = this.#current.next;
        }
        const result = Reflect.apply(this.#next!, this.#current, []) as IteratorResult<unknown>;
        if (!isObject(result)) throw new TypeError(`Iterator result ${String(result)} is not an object`);
        if (!result.done) return { value: result.value, done: false };
        this.#current = undefined;
      }
      this.#done = true;
      return { value: undefined, done: true };
    } catch (error) {
      this.#done = true;
      throw error;
    } finally {
      this.#running = false;
    }
  }

  return(): IteratorResult<unknown> {
    if (this.#running) throw new TypeError("Generator is already running");
    const current = this.#done ? undefined : this.#current;
    this.#done = true;
    this.#current = undefined;
    if (current !== undefined) {
      const close = current.return as unknown;
      if (close !== undefined && close !== null) {
        if (!isObject(Reflect.apply(close as Function, current, [])))
          throw new TypeError("Iterator.concat: the result of return() is not an object");
      }
    }
    return { value: undefined, done: true };
  }
}

// The class of iterator helpers, so that toStringTag says "Iterator Helper".
const helperPrototype = Object.getPrototypeOf(
  ([][Symbol.iterator]() as unknown as { map(fn: (x: unknown) => unknown): object }).map((x) => x),
) as object;
const concatenationPrototype = Concatenation.prototype as object;
Object.setPrototypeOf(concatenationPrototype, helperPrototype);
delete (concatenationPrototype as { constructor?: unknown }).constructor;

define(
  Iterator,
  "concat",
  0,
  {
    concat(...items: unknown[]): object {
      const sources = items.map((iterable): Opened => {
        if (!isObject(iterable)) throw new TypeError(`${String(iterable)} is not an object`);
        const open = (iterable as Iterable<unknown>)[Symbol.iterator];
        if (typeof open !== "function") throw new TypeError("Iterator.concat: an argument is not iterable");
        return { open, iterable };
      });
      return new Concatenation(sources);
    },
  }.concat,
);
