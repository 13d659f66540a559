// DurableObjectStorage and its transactions, https://developers.cloudflare.com/durable-objects/api/storage-api/. SQLite answers at once, so every
// method has done its work when it gives its promise: no event can come between, which is the input gate's guarantee. Durability is
// waited for at the output gate (src/bindings/durable_object/object.cc), so no promise here waits for the disk but sync()'s.
import { compatibilityDate, compatibilityFlags } from "../env";
import { native, type NativeHandle } from "../native";
import { markPlatformClasses } from "../web/structured_clone";
import { defineInterface, isDictionary, missingArgument } from "../web/webidl";
import { deleteAlarm, getAlarm, setAlarm } from "./durable_object_alarm";
import { SyncKvStorage } from "./durable_object_kv";
import { SqlStorage } from "./durable_object_sql";

export type ObjectHandle = NativeHandle<"durable_object">;

const ops = native<{
  object_block(object: ObjectHandle, start: (section: number) => void): void;
  object_unblock(object: ObjectHandle, section: number): void;
  storage_get(object: ObjectHandle, key: string): unknown;
  /** key, value, key, value, ... */
  storage_get_many(object: ObjectHandle, keys: string[]): unknown[];
  storage_put(object: ObjectHandle, key: string, value: unknown, isUnconfirmed: boolean): void;
  storage_put_many(object: ObjectHandle, flat: unknown[], isUnconfirmed: boolean): void;
  storage_delete(object: ObjectHandle, key: string, isUnconfirmed: boolean): boolean;
  storage_delete_many(object: ObjectHandle, keys: string[], isUnconfirmed: boolean): number;
  storage_delete_all(object: ObjectHandle, isUnconfirmed: boolean): void;
  storage_list(
    object: ObjectHandle,
    start: string,
    excludesStart: boolean,
    end: string | undefined,
    prefix: string,
    reverse: boolean,
    limit: number | undefined,
  ): unknown[];
  storage_bookmark(object: ObjectHandle): string;
  storage_bookmark_for_time(object: ObjectHandle, unixMs: number): string;
  storage_restore(object: ObjectHandle, bookmark: string): Promise<string>;
  /** Tables, views and so on that SQL made. */
  sql_drop_everything(object: ObjectHandle): void;
  storage_sync(object: ObjectHandle): Promise<void> | undefined;
  /** A transaction that may span turns. */
  storage_begin(object: ObjectHandle): void;
  /** One that ends in this turn. */
  storage_begin_sync(object: ObjectHandle): void;
  storage_end(object: ObjectHandle, keep: boolean): void;
}>();

// Workers docs, Durable Objects, Limits.
const MAX_KEYS_AT_ONCE = 128;

const then = Promise.prototype.then;

interface PutOptions {
  allowConcurrency?: boolean;
  allowUnconfirmed?: boolean;
  noCache?: boolean;
}
interface ListOptions {
  start?: unknown;
  startAfter?: unknown;
  end?: unknown;
  prefix?: unknown;
  reverse?: unknown;
  limit?: unknown;
}

/**
 * A critical section: runs the callback, in a later turn, while nothing else of the object goes on. What it throws goes to failed() before the
 * section ends, and to whoever awaits the promise.
 */
export function runSection<T>(
  object: ObjectHandle,
  callback: () => T | Promise<T>,
  failed: (error: unknown) => void,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    ops.object_block(object, (section) => {
      let result: Promise<T>;
      try {
        result = Promise.resolve(callback());
      } catch (error) {
        result = Promise.reject(error);
      }
      then.call(
        result,
        (value) => {
          ops.object_unblock(object, section);
          resolve(value as T);
        },
        (error: unknown) => {
          failed(error);
          ops.object_unblock(object, section);
          reject(error);
        },
      );
    });
  });
}

const textOf = (value: unknown): string => (typeof value === "string" ? value : `${value as string}`);

function checkCount(count: number): void {
  if (count > MAX_KEYS_AT_ONCE) throw new RangeError(`Maximum number of keys is ${MAX_KEYS_AT_ONCE}.`);
}

function keysOf(values: unknown[]): string[] {
  checkCount(values.length);
  return values.map(textOf);
}

/** The operations that storage and transactions share, with the class's name for messages. */
class Operations {
  constructor(
    readonly object: ObjectHandle,
    readonly name: string,
  ) {}

  checkOptions(
    method: string,
    index: number,
    type: string,
    options: unknown,
  ): asserts options is PutOptions | undefined {
    if (!isDictionary(options)) missingArgument(method, this.name, index, type);
  }

  get(count: number, key: unknown, options: unknown): unknown {
    if (count === 0) missingArgument("get", this.name, 1, "string or Array");
    this.checkOptions("get", 2, "GetOptions", options);
    if (!Array.isArray(key)) return ops.storage_get(this.object, textOf(key));
    const flat = ops.storage_get_many(this.object, [...new Set(keysOf(key))].sort(byCodePoint));
    return mapOf(flat);
  }

  put(count: number, key: unknown, value: unknown, options: unknown): void {
    if (count === 0) missingArgument("put", this.name, 1, "string or object");
    if (typeof key === "object" && key !== null) return this.putMany(key as Record<string, unknown>, value);
    this.checkOptions("put", 3, "PutOptions", options);
    if (value === undefined) throw new TypeError("put() called with undefined value.");
    ops.storage_put(this.object, textOf(key), value, options?.allowUnconfirmed === true);
  }

  putMany(entries: Record<string, unknown>, options: unknown): void {
    this.checkOptions("put", 2, "PutOptions", options);
    const flat: unknown[] = [];
    for (const key of Object.keys(entries)) {
      const value = entries[key];
      if (value !== undefined) flat.push(key, value);
    }
    checkCount(flat.length / 2);
    ops.storage_put_many(this.object, flat, options?.allowUnconfirmed === true);
  }

  delete(count: number, key: unknown, options: unknown): boolean | number {
    if (count === 0) missingArgument("delete", this.name, 1, "string or Array");
    this.checkOptions("delete", 2, "PutOptions", options);
    const isUnconfirmed = options?.allowUnconfirmed === true;
    if (!Array.isArray(key)) return ops.storage_delete(this.object, textOf(key), isUnconfirmed);
    return ops.storage_delete_many(this.object, keysOf(key), isUnconfirmed);
  }

  list(options: unknown): Map<string, unknown> {
    if (!isDictionary(options)) missingArgument("list", this.name, 1, "ListOptions");
    const { start, startAfter, end, prefix, reverse, limit } = (options ?? {}) as ListOptions;
    if (start !== undefined && startAfter !== undefined)
      throw new TypeError("list() cannot be called with both start and startAfter values.");
    let count: number | undefined;
    if (limit !== undefined) {
      count = Math.trunc(Number(limit));
      if (!(count > 0)) throw new TypeError("List limit must be positive.");
    }
    const flat = ops.storage_list(
      this.object,
      start !== undefined ? textOf(start) : startAfter !== undefined ? textOf(startAfter) : "",
      startAfter !== undefined,
      end === undefined ? undefined : textOf(end),
      prefix === undefined ? "" : textOf(prefix),
      Boolean(reverse),
      count,
    );
    return mapOf(flat);
  }

  deleteAll(options: unknown): void {
    this.checkOptions("deleteAll", 1, "PutOptions", options);
    ops.sql_drop_everything(this.object);
    ops.storage_delete_all(this.object, options?.allowUnconfirmed === true);
    if (deletesAlarm()) deleteAlarm(this.object, this.name, options);
  }
}

/** The order of UTF-8, which is that of code points: list's order, and that of get's Map. */
function byCodePoint(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    let x = a.charCodeAt(i);
    let y = b.charCodeAt(i);
    if (x === y) continue;
    // Surrogates come after the rest of the units.
    if (x >= 0xd800) x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
    if (y >= 0xd800) y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
    return x - y;
  }
  return a.length - b.length;
}

function mapOf(flat: unknown[]): Map<string, unknown> {
  const map = new Map<string, unknown>();
  for (let i = 0; i < flat.length; i += 2) map.set(flat[i] as string, flat[i + 1]);
  return map;
}

/** deleteAll() deletes the alarm too. */
function deletesAlarm(): boolean {
  if (compatibilityFlags.delete_all_preserves_alarm === true) return false;
  return compatibilityFlags.delete_all_deletes_alarm === true || compatibilityDate >= "2026-02-24";
}

function promised<T>(work: () => T): Promise<T> {
  try {
    return Promise.resolve(work());
  } catch (error) {
    return Promise.reject(error);
  }
}

let endTransaction: (transaction: DurableObjectTransaction) => void;
let isRolledBack: (transaction: DurableObjectTransaction) => boolean;

export class DurableObjectTransaction {
  static {
    endTransaction = (transaction) => {
      transaction.#ended = true;
    };
    isRolledBack = (transaction) => transaction.#rolledBack;
  }

  readonly #operations: Operations;
  #rolledBack = false;
  #ended = false;

  constructor(object: ObjectHandle) {
    this.#operations = new Operations(object, "DurableObjectTransaction");
  }

  #check(method: string): Operations {
    if (this.#ended)
      throw new Error(
        `Cannot call ${method}() on transaction that has already committed: did you move \`txn\` outside of the closure?`,
      );
    if (this.#rolledBack) throw new Error(`Cannot ${method}() on rolled back transaction`);
    return this.#operations;
  }

  get(key: unknown = undefined, options: unknown = undefined): Promise<unknown> {
    const count = arguments.length;
    return promised(() => this.#check("get").get(count, key, options));
  }
  list(options: unknown = undefined): Promise<Map<string, unknown>> {
    return promised(() => this.#check("list").list(options));
  }
  put(key: unknown = undefined, value: unknown = undefined, options: unknown = undefined): Promise<void> {
    const count = arguments.length;
    return promised(() => this.#check("put").put(count, key, value, options));
  }
  delete(key: unknown = undefined, options: unknown = undefined): Promise<boolean | number> {
    const count = arguments.length;
    return promised(() => this.#check("delete").delete(count, key, options));
  }
  deleteAll(): Promise<void> {
    return promised(() => {
      void this.#check("deleteAll");
      throw new Error("Cannot call deleteAll() within a transaction");
    });
  }
  /** Undoes all that was written; the closure goes on, but writes no more. */
  rollback(): void {
    if (this.#rolledBack) return;
    void this.#check("rollback");
    this.#rolledBack = true;
  }
  getAlarm(options: unknown = undefined): Promise<number | null> {
    return promised(() => getAlarm(this.#check("getAlarm").object, "DurableObjectTransaction", options));
  }
  setAlarm(time: unknown = undefined, options: unknown = undefined): Promise<void> {
    return promised(() => setAlarm(this.#check("setAlarm").object, "DurableObjectTransaction", time, options));
  }
  deleteAlarm(options: unknown = undefined): Promise<void> {
    return promised(() => deleteAlarm(this.#check("deleteAlarm").object, "DurableObjectTransaction", options));
  }
}
defineInterface(DurableObjectTransaction, "DurableObjectTransaction");

export class DurableObjectStorage {
  readonly #operations: Operations;
  #sql: SqlStorage | undefined;
  #kv: SyncKvStorage | undefined;

  constructor(object: ObjectHandle) {
    this.#operations = new Operations(object, "DurableObjectStorage");
  }

  get(key: unknown = undefined, options: unknown = undefined): Promise<unknown> {
    const operations = this.#operations;
    const count = arguments.length;
    return promised(() => operations.get(count, key, options));
  }
  list(options: unknown = undefined): Promise<Map<string, unknown>> {
    const operations = this.#operations;
    return promised(() => operations.list(options));
  }
  put(key: unknown = undefined, value: unknown = undefined, options: unknown = undefined): Promise<void> {
    const operations = this.#operations;
    const count = arguments.length;
    return promised(() => operations.put(count, key, value, options));
  }
  delete(key: unknown = undefined, options: unknown = undefined): Promise<boolean | number> {
    const operations = this.#operations;
    if (arguments.length === 0) missingArgument("delete", "DurableObjectStorage", 1, "string or Array");
    return promised(() => operations.delete(1, key, options));
  }
  deleteAll(options: unknown = undefined): Promise<void> {
    const operations = this.#operations;
    return promised(() => operations.deleteAll(options));
  }

  /** Runs the closure in a critical section; what it wrote happens as a whole, or not at all when it throws or calls rollback(). */
  transaction<T>(
    closure: ((transaction: DurableObjectTransaction) => T | Promise<T>) | undefined = undefined,
  ): Promise<T> {
    const { object } = this.#operations;
    if (typeof closure !== "function")
      return promised(() => missingArgument("transaction", "DurableObjectStorage", 1, "function"));
    const transaction = new DurableObjectTransaction(object);
    let hasBegun = false;
    const run = async (): Promise<T> => {
      ops.storage_begin(object);
      hasBegun = true;
      const result = await closure(transaction);
      endTransaction(transaction);
      hasBegun = false;
      ops.storage_end(object, !isRolledBack(transaction));
      return result;
    };
    return runSection(object, run, () => {
      endTransaction(transaction);
      try {
        if (hasBegun) ops.storage_end(object, false);
      } catch {
        // The object has ended, and its transaction with it.
      }
    });
  }

  /** The same for a closure that answers at once. */
  transactionSync<T>(closure: (() => T) | undefined = undefined): T {
    const { object } = this.#operations;
    if (typeof closure !== "function") missingArgument("transactionSync", "DurableObjectStorage", 1, "function");
    ops.storage_begin_sync(object);
    let result: T;
    try {
      result = closure();
    } catch (error) {
      ops.storage_end(object, false);
      throw error;
    }
    ops.storage_end(object, true);
    return result;
  }

  /** Settles when everything that was written is on disk. */
  sync(): Promise<void> {
    const { object } = this.#operations;
    return promised(() => ops.storage_sync(object)) as Promise<void>;
  }

  /** Names the state now, what this turn wrote included. Bookmarks sort as texts, and last as long as history is kept: 30 days. */
  getCurrentBookmark(): Promise<string> {
    const { object } = this.#operations;
    return promised(() => ops.storage_bookmark(object));
  }
  getBookmarkForTime(timestamp: unknown = undefined): Promise<string> {
    const { object } = this.#operations;
    return promised(() => {
      const time = Number(timestamp);
      if (!Number.isFinite(time)) missingArgument("getBookmarkForTime", "DurableObjectStorage", 1, "date");
      return ops.storage_bookmark_for_time(object, Math.trunc(time));
    });
  }
  /** When the object ends, by ctx.abort() say, its next instance finds the state of the bookmark. Gives a bookmark of the state now, to undo it. */
  onNextSessionRestoreBookmark(bookmark: unknown = undefined): Promise<string> {
    const { object } = this.#operations;
    return promised(() => {
      if (bookmark === undefined) missingArgument("onNextSessionRestoreBookmark", "DurableObjectStorage", 1, "string");
      return ops.storage_restore(object, textOf(bookmark));
    }) as Promise<unknown> as Promise<string>;
  }

  get sql(): SqlStorage {
    return (this.#sql ??= new SqlStorage(this.#operations.object));
  }
  get kv(): SyncKvStorage {
    return (this.#kv ??= new SyncKvStorage(this.#operations.object));
  }
  getAlarm(options: unknown = undefined): Promise<number | null> {
    const { object, name } = this.#operations;
    return promised(() => getAlarm(object, name, options));
  }
  setAlarm(time: unknown = undefined, options: unknown = undefined): Promise<void> {
    const { object, name } = this.#operations;
    return promised(() => setAlarm(object, name, time, options));
  }
  deleteAlarm(options: unknown = undefined): Promise<void> {
    const { object, name } = this.#operations;
    return promised(() => deleteAlarm(object, name, options));
  }
}
defineInterface(DurableObjectStorage, "DurableObjectStorage");
markPlatformClasses([DurableObjectStorage, DurableObjectTransaction]);
