// storage.kv, https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/#synchronous-kv-api: the object's key-value entries, without
// promises. The same entries as storage.get() and its like (durable_object_storage.ts).
import { native, type NativeHandle } from "../native";
import { markPlatformClasses } from "../web/structured_clone";
import { defineInterface, isDictionary, missingArgument } from "../web/webidl";

type ObjectHandle = NativeHandle<"durable_object">;

const ops = native<{
  sql_is_enabled(object: ObjectHandle): boolean;
  storage_get(object: ObjectHandle, key: string): unknown;
  storage_put(object: ObjectHandle, key: string, value: unknown, isUnconfirmed: boolean): void;
  storage_delete(object: ObjectHandle, key: string, isUnconfirmed: boolean): boolean;
  storage_list(
    object: ObjectHandle,
    start: string,
    excludesStart: boolean,
    end: string | undefined,
    prefix: string,
    reverse: boolean,
    limit: number | undefined,
  ): unknown[];
  /** Another number after each write. */
  object_write_count(object: ObjectHandle): number;
}>();

const ENTRIES_AT_ONCE = 64;

const textOf = (value: unknown): string => (typeof value === "string" ? value : `${value as string}`);

interface Range {
  start: string;
  excludesStart: boolean;
  end: string | undefined;
  prefix: string;
  reverse: boolean;
  /** Entries still to come; Infinity without a limit. */
  left: number;
}

function rangeOf(options: unknown): Range {
  if (!isDictionary(options)) missingArgument("list", "SyncKvStorage", 1, "ListOptions");
  const { start, startAfter, end, prefix, reverse, limit } = (options ?? {}) as Record<string, unknown>;
  if (start !== undefined && startAfter !== undefined)
    throw new TypeError("list() cannot be called with both start and startAfter values.");
  let left = Infinity;
  if (limit !== undefined) {
    left = Math.trunc(Number(limit));
    if (!(left > 0)) throw new TypeError("List limit must be positive.");
  }
  return {
    start: start !== undefined ? textOf(start) : startAfter !== undefined ? textOf(startAfter) : "",
    excludesStart: startAfter !== undefined,
    end: end === undefined ? undefined : textOf(end),
    prefix: prefix === undefined ? "" : textOf(prefix),
    reverse: Boolean(reverse),
    left,
  };
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()) as object) as object;

/** Reads ahead a few entries, and again from its place after a write: it sees what is written meanwhile. */
class ListIterator {
  readonly #storage: SyncKvStorage;
  readonly #object: ObjectHandle;
  readonly #range: Range;
  #flat: unknown[] = [];
  #at = 0;
  #writeCount = -1;
  #isDone = false;

  constructor(storage: SyncKvStorage, object: ObjectHandle, range: Range) {
    this.#storage = storage;
    this.#object = object;
    this.#range = range;
  }

  next(): IteratorResult<[string, unknown], undefined> {
    if (this.#isDone) return { done: true, value: undefined };
    if (!isCurrent(this.#storage, this))
      throw new Error(
        "kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() iterator can exist at a time.",
      );
    const range = this.#range;
    const writeCount = ops.object_write_count(this.#object);
    if (range.left > 0 && (this.#at >= this.#flat.length || writeCount !== this.#writeCount)) {
      this.#flat = ops.storage_list(
        this.#object,
        range.start,
        range.excludesStart,
        range.end,
        range.prefix,
        range.reverse,
        Math.min(range.left, ENTRIES_AT_ONCE),
      );
      this.#at = 0;
      this.#writeCount = writeCount;
    }
    if (range.left <= 0 || this.#at >= this.#flat.length) {
      this.#isDone = true;
      return { done: true, value: undefined };
    }
    const key = this.#flat[this.#at] as string;
    const value = this.#flat[this.#at + 1];
    this.#at += 2;
    range.left--;
    if (range.reverse) {
      range.end = key;
    } else {
      range.start = key;
      range.excludesStart = true;
    }
    return { done: false, value: [key, value] };
  }
}
defineInterface(ListIterator, "ListIterator");
Object.setPrototypeOf(ListIterator.prototype, iteratorPrototype);

let isCurrent: (storage: SyncKvStorage, iterator: ListIterator) => boolean;

export class SyncKvStorage {
  static {
    isCurrent = (storage, iterator) => storage.#current === iterator;
  }

  readonly #object: ObjectHandle;
  #current: ListIterator | undefined;

  constructor(object: ObjectHandle) {
    this.#object = object;
  }

  #checked(): ObjectHandle {
    if (!ops.sql_is_enabled(this.#object))
      throw new Error(
        "The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects, but this object's namespace is not declared to use SQLite. You can use the older, asyncronous interface via methods of `storage` itself (e.g. `storage.get()`). Alternatively, to enable SQLite, change `new_classes` to `new_sqlite_classes` within the 'migrations' field in your wrangler.jsonc or wrangler.toml file. Note that this change cannot be made after the class is already deployed to production.",
      );
    return this.#object;
  }

  get(key: unknown = undefined): unknown {
    if (arguments.length === 0) missingArgument("get", "SyncKvStorage", 1, "string");
    return ops.storage_get(this.#checked(), textOf(key));
  }

  /** In the order of the keys' octets. One list at a time: the next call ends the one before. */
  list(options: unknown = undefined): ListIterator {
    const iterator = new ListIterator(this, this.#checked(), rangeOf(options));
    this.#current = iterator;
    return iterator;
  }

  put(key: unknown = undefined, value: unknown = undefined): void {
    if (arguments.length === 0) missingArgument("put", "SyncKvStorage", 1, "string");
    if (arguments.length === 1) missingArgument("put", "SyncKvStorage", 2, "JsValue");
    ops.storage_put(this.#checked(), textOf(key), value, false);
  }

  /** Whether it was there. */
  delete(key: unknown = undefined): boolean {
    if (arguments.length === 0) missingArgument("delete", "SyncKvStorage", 1, "string");
    return ops.storage_delete(this.#checked(), textOf(key), false);
  }
}
defineInterface(SyncKvStorage, "SyncKvStorage");
markPlatformClasses([SyncKvStorage, ListIterator]);
