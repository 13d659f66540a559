// DurableObjectStorage and its transactions (Workers docs, Durable Objects, Storage API). SQLite answers at once, so every method has done
// its work when it returns its promise: no event can come between, which is the input gate. Durability is waited for at the output gate.

import { native, type NativeHandle } from "../native";
import { encodeUtf8 } from "../web/encoding";

export type StorageHandle = NativeHandle<"durable_storage">;

const ops = native<{
  storage_get(storage: StorageHandle, key: string): unknown;
  storage_clone(value: unknown): Uint8Array;
  storage_put(storage: StorageHandle, key: string, value: Uint8Array): void;
  storage_delete(storage: StorageHandle, key: string): boolean;
  storage_delete_all(storage: StorageHandle): void;
  storage_list(
    storage: StorageHandle,
    start: string | undefined,
    startAfter: string | undefined,
    end: string | undefined,
    prefix: string | undefined,
    reverse: boolean,
    limit: number | undefined,
  ): unknown[];
  storage_begin(storage: StorageHandle): void;
  storage_commit(storage: StorageHandle): void;
  storage_rollback(storage: StorageHandle): void;
  storage_durable(storage: StorageHandle): Promise<void> | undefined;
}>();

// Workers docs, Durable Objects, Limits.
const MAX_KEYS = 128;
const MAX_KEY_BYTES = 2048;
const MAX_VALUE_BYTES = 2 * 1024 * 1024;

interface ListOptions {
  start?: string;
  startAfter?: string;
  end?: string;
  prefix?: string;
  reverse?: boolean;
  limit?: number;
}

const encoder = {
  bytes: (text: string): number => (text.length > MAX_KEY_BYTES / 3 ? encodeUtf8(text).length : text.length),
};

function checkKey(key: unknown): string {
  const text = typeof key === "string" ? key : String(key);
  if (encoder.bytes(text) > MAX_KEY_BYTES) throw new RangeError(`Keys cannot be larger than ${MAX_KEY_BYTES} bytes.`);
  return text;
}

function checkCount(count: number): void {
  if (count > MAX_KEYS) throw new RangeError(`Maximum number of keys is ${MAX_KEYS}.`);
}

function cloned(key: string, value: unknown): Uint8Array {
  if (value === undefined) throw new TypeError("put() called with undefined value.");
  const bytes = ops.storage_clone(value);
  if (bytes.length > MAX_VALUE_BYTES)
    throw new RangeError(
      `Values cannot be larger than ${MAX_VALUE_BYTES} bytes. A value of size ${bytes.length} was provided for key "${key}".`,
    );
  return bytes;
}

/** The operations that storage and a transaction share. */
class Operations {
  protected readonly handle: StorageHandle;
  protected readonly check: () => void;
  constructor(handle: StorageHandle, check: () => void) {
    this.handle = handle;
    this.check = check;
  }

  async get(key: string | string[], _options?: object): Promise<unknown> {
    this.check();
    if (!Array.isArray(key)) return ops.storage_get(this.handle, checkKey(key));
    checkCount(key.length);
    const found = new Map<string, unknown>();
    for (const name of key.map(checkKey).sort(compareKeys)) {
      const value = ops.storage_get(this.handle, name);
      if (value !== undefined) found.set(name, value);
    }
    return found;
  }

  async put(key: string | Record<string, unknown>, value?: unknown, _options?: object): Promise<void> {
    this.check();
    if (typeof key !== "object" || key === null) {
      const name = checkKey(key);
      ops.storage_put(this.handle, name, cloned(name, value));
      return;
    }
    const entries = Object.entries(key);
    checkCount(entries.length);
    const writes = entries.map(([name, item]) => [checkKey(name), cloned(name, item)] as const);
    for (const [name, bytes] of writes) ops.storage_put(this.handle, name, bytes);
  }

  async delete(key: string | string[], _options?: object): Promise<boolean | number> {
    this.check();
    if (!Array.isArray(key)) return ops.storage_delete(this.handle, checkKey(key));
    checkCount(key.length);
    let count = 0;
    for (const name of key.map(checkKey)) if (ops.storage_delete(this.handle, name)) count++;
    return count;
  }

  async list(options: ListOptions = {}): Promise<Map<string, unknown>> {
    this.check();
    const { start, startAfter, end, prefix, reverse, limit } = options;
    if (start !== undefined && startAfter !== undefined)
      throw new TypeError("list() cannot be called with both start and startAfter values.");
    if (limit !== undefined && !(limit > 0)) throw new TypeError("List limit must be positive.");
    const flat = ops.storage_list(this.handle, start, startAfter, end, prefix, reverse === true, limit);
    const found = new Map<string, unknown>();
    for (let i = 0; i < flat.length; i += 2) found.set(flat[i] as string, flat[i + 1]);
    return found;
  }
}

function notYet(what: string, feature: string): never {
  throw new Error(`${what}: ${feature} are not supported by Adit yet (see docs/compatibility.md)`);
}

/** Keys in the order that list() has: by their UTF-8 octets, which is by code point. */
function compareKeys(a: string, b: string): number {
  for (let i = 0; i < a.length && i < b.length;) {
    const [x, y] = [a.codePointAt(i)!, b.codePointAt(i)!];
    if (x !== y) return x - y;
    i += x > 0xffff ? 2 : 1;
  }
  return a.length - b.length;
}

class RolledBack extends Error {}

export class DurableObjectTransaction extends Operations {
  #isOver = false;
  rollback(): void {
    this.check();
    this.#isOver = true;
  }
  static isRolledBack(transaction: DurableObjectTransaction): boolean {
    return transaction.#isOver;
  }
}

export class DurableObjectStorage extends Operations {
  #last: Promise<unknown> = Promise.resolve();

  async deleteAll(_options?: object): Promise<void> {
    this.check();
    ops.storage_delete_all(this.handle);
  }

  /** Runs the closure in a transaction: all its writes, or with an exception or rollback() none. One at a time. */
  transaction<T>(closure: (transaction: DurableObjectTransaction) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      this.check();
      ops.storage_begin(this.handle);
      const transaction = new DurableObjectTransaction(this.handle, () => {
        this.check();
        if (DurableObjectTransaction.isRolledBack(transaction))
          throw new RolledBack("Cannot perform operations on a rolled back transaction");
      });
      let result: T;
      try {
        result = await closure(transaction);
      } catch (error) {
        ops.storage_rollback(this.handle);
        throw error;
      }
      if (DurableObjectTransaction.isRolledBack(transaction)) ops.storage_rollback(this.handle);
      else ops.storage_commit(this.handle);
      return result;
    };
    const result = this.#last.then(run, run);
    this.#last = result.catch(() => {});
    return result;
  }

  /** The same for a closure that does not wait. */
  transactionSync<T>(closure: () => T): T {
    this.check();
    ops.storage_begin(this.handle);
    try {
      const result = closure();
      ops.storage_commit(this.handle);
      return result;
    } catch (error) {
      ops.storage_rollback(this.handle);
      throw error;
    }
  }

  /** Settles when all writes so far are on disk. */
  async sync(): Promise<void> {
    this.check();
    await ops.storage_durable(this.handle);
  }

  async getAlarm(): Promise<number | null> {
    notYet("storage.getAlarm()", "alarms");
  }
  async setAlarm(): Promise<void> {
    notYet("storage.setAlarm()", "alarms");
  }
  async deleteAlarm(): Promise<void> {
    notYet("storage.deleteAlarm()", "alarms");
  }
  get sql(): never {
    return notYet("storage.sql", "SQL queries of a Durable Object");
  }
  get kv(): never {
    return notYet("storage.kv", "synchronous key-value calls");
  }
}
