// storage.sql, https://developers.cloudflare.com/durable-objects/api/sqlite-storage-api/: class SqlStorage and its cursors. Rows come from C++
// as flat lists of values and become objects here; src/bindings/sql runs the statements.
import { native, type NativeHandle } from "../native";
import { markPlatformClasses } from "../web/structured_clone";
import { defineInterface, missingArgument, toDOMString } from "../web/webidl";

type ObjectHandle = NativeHandle<"durable_object">;
type CursorHandle = NativeHandle<"sql_cursor">;

const ops = native<{
  sql_exec(object: ObjectHandle, query: string, parameters: unknown[]): CursorHandle;
  /** The columns of up to `count` rows, one after the other; undefined at the end. */
  sql_rows(cursor: CursorHandle, count: number): unknown[] | undefined;
  sql_columns(cursor: CursorHandle): string[];
  sql_has_row(cursor: CursorHandle): boolean;
  sql_close(cursor: CursorHandle): void;
  sql_rows_read(cursor: CursorHandle): number;
  sql_rows_written(cursor: CursorHandle): number;
  sql_database_size(object: ObjectHandle): number;
}>();

const ROWS_AT_ONCE = 256;
const NO_PARAMETERS: unknown[] = [];
const internal = Symbol();

export type Row = Record<string, unknown>;

/** One row of a flat list. Of columns with the same name the last one wins. */
export function rowAt(columns: string[], flat: unknown[], at: number): Row {
  const row: Row = {};
  for (let i = 0; i < columns.length; i++) {
    const name = columns[i]!;
    if (name === "__proto__")
      Object.defineProperty(row, name, { value: flat[at + i], writable: true, enumerable: true, configurable: true });
    else row[name] = flat[at + i];
  }
  return row;
}

/** What SQLite is given for a JavaScript value: null, numbers, octets; all else is text. */
function parameterOf(value: unknown): unknown {
  if (typeof value === "string" || typeof value === "number") return value;
  if (value === undefined || value === null) return null;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value;
  if (typeof value === "bigint") throw new TypeError("Cannot convert a BigInt value to a number");
  return `${value as string}`;
}

const iteratorPrototype = Object.getPrototypeOf(Object.getPrototypeOf([][Symbol.iterator]()) as object) as object;

function checkNew(key: unknown): void {
  if (key !== internal) throw new TypeError("Illegal constructor");
}

class Cursor {
  readonly #handle: CursorHandle;
  #columns: string[] | undefined;

  constructor(key: unknown, handle: CursorHandle) {
    checkNew(key);
    this.#handle = handle;
  }

  next(): IteratorResult<Row, undefined> {
    const flat = ops.sql_rows(this.#handle, 1);
    return flat === undefined
      ? { done: true, value: undefined }
      : { done: false, value: rowAt(this.columnNames, flat, 0) };
  }

  toArray(): Row[] {
    const rows: Row[] = [];
    for (;;) {
      const flat = ops.sql_rows(this.#handle, ROWS_AT_ONCE);
      if (flat === undefined) return rows;
      const columns = this.columnNames;
      for (let at = 0; at < flat.length; at += columns.length) rows.push(rowAt(columns, flat, at));
    }
  }

  one(): Row {
    const flat = ops.sql_rows(this.#handle, 1);
    if (flat === undefined) throw new Error("Expected exactly one result from SQL query, but got no results.");
    if (ops.sql_has_row(this.#handle)) {
      ops.sql_close(this.#handle);
      throw new Error("Expected exactly one result from SQL query, but got multiple results.");
    }
    return rowAt(this.columnNames, flat, 0);
  }

  raw(): RawIterator {
    return new RawIterator(internal, this.#handle);
  }

  get columnNames(): string[] {
    return (this.#columns ??= ops.sql_columns(this.#handle));
  }
  get rowsRead(): number {
    return ops.sql_rows_read(this.#handle);
  }
  get rowsWritten(): number {
    return ops.sql_rows_written(this.#handle);
  }

  [Symbol.iterator](): RowIterator {
    return new RowIterator(internal, this);
  }
}
defineInterface(Cursor, "Cursor");

/** The rows that a cursor has left: iterators of one cursor share its place. */
class RowIterator {
  readonly #cursor: Cursor;

  constructor(key: unknown, cursor: Cursor) {
    checkNew(key);
    this.#cursor = cursor;
  }
  next(): IteratorResult<Row, undefined> {
    return this.#cursor.next();
  }
}
defineInterface(RowIterator, "RowIterator");
Object.setPrototypeOf(RowIterator.prototype, iteratorPrototype);

/** The same as arrays of values. */
class RawIterator {
  readonly #handle: CursorHandle;

  constructor(key: unknown, handle: CursorHandle) {
    checkNew(key);
    this.#handle = handle;
  }
  next(): IteratorResult<unknown[], undefined> {
    const flat = ops.sql_rows(this.#handle, 1);
    return flat === undefined ? { done: true, value: undefined } : { done: false, value: flat };
  }
}
defineInterface(RawIterator, "RawIterator");
Object.setPrototypeOf(RawIterator.prototype, iteratorPrototype);

/** Only a name: exec() keeps compiled statements by itself. */
class Statement {
  constructor() {
    throw new TypeError("Illegal constructor");
  }
}
defineInterface(Statement, "Statement");

export class SqlStorage {
  readonly #object: ObjectHandle;

  constructor(object: ObjectHandle) {
    this.#object = object;
  }

  exec(query: unknown = undefined, ...bindings: unknown[]): Cursor {
    if (arguments.length === 0) missingArgument("exec", "SqlStorage", 1, "JsString");
    let parameters = NO_PARAMETERS;
    if (bindings.length > 0) parameters = bindings.map(parameterOf);
    return new Cursor(internal, ops.sql_exec(this.#object, toDOMString(query), parameters));
  }

  /** Octets of the pages in use. */
  get databaseSize(): number {
    return ops.sql_database_size(this.#object);
  }
  get Cursor(): typeof Cursor {
    void this.#object;
    return Cursor;
  }
  get Statement(): typeof Statement {
    void this.#object;
    return Statement;
  }
}
defineInterface(SqlStorage, "SqlStorage");
markPlatformClasses([SqlStorage, Cursor, RowIterator, RawIterator, Statement]);
