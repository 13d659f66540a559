// D1, https://developers.cloudflare.com/d1/worker-api/: classes D1Database (what env.NAME is), D1DatabaseSession and D1PreparedStatement.
// Here parameters take their final form and results theirs; src/bindings/d1 runs the statements. Messages are the ones that D1 gives.
// Invariant: a prepared statement never changes; bind() makes another.
import { registerBinding } from "../env";
import { native, type NativeHandle } from "../native";
import { markPlatformClasses } from "../web/structured_clone";
import { countSubrequest } from "../web/subrequests";

type Database = NativeHandle<"d1_database">;
type Parameter = null | number | string | ArrayBuffer | ArrayBufferView;
type Column = null | number | string | number[];

/** As src/bindings/d1/ops.cc gives it. */
type RawResult = [
  columns: string[],
  values: Column[],
  duration: number,
  changes: number,
  lastRowId: number,
  changedDatabase: boolean,
  sizeAfter: number,
  rowsRead: number,
  rowsWritten: number,
];

const ops = native<{
  d1_open(id: string): Database;
  /** Each query is its text and its parameters, one after the other; the answer is the bookmark and the results. */
  d1_batch(database: Database, queries: unknown[]): Promise<[bookmark: string, ...results: RawResult[]]>;
}>();

function d1Error(kind: string, message: string): Error {
  return new Error(`${kind}: ${message}`, { cause: new Error(message) });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** What D1 stores of a JavaScript value: booleans as 0 and 1, arrays of numbers as octets. */
function parameterOf(value: unknown): Parameter {
  switch (typeof value) {
    case "number":
      return Number.isFinite(value) ? value : null; // as JSON, in which D1's parameters travel
    case "string":
      return value;
    case "boolean":
      return value ? 1 : 0;
    case "object":
      if (value === null) return null;
      if (value instanceof ArrayBuffer) return new Uint8Array(value.slice(0));
      if (ArrayBuffer.isView(value)) return Uint8Array.from(value as unknown as ArrayLike<number>);
      if (Array.isArray(value) && value.every((item) => typeof item === "number" && item >= 0 && item < 256))
        return Uint8Array.from(value as number[]);
  }
  throw d1Error("D1_TYPE_ERROR", `Type '${typeof value}' not supported for value '${value as string}'`);
}

/** A row of `count` columns that begins at `start`, by column; of columns with the same name the last one counts. */
function rowObject(columns: string[], values: Column[], start: number): Record<string, Column> {
  const row: Record<string, Column> = {};
  for (let i = 0; i < columns.length; i++) row[columns[i]!] = values[start + i]!;
  return row;
}

function rowObjects(raw: RawResult): Record<string, Column>[] {
  const [columns, values] = raw;
  const rows: Record<string, Column>[] = [];
  for (let start = 0; start < values.length; start += columns.length) rows.push(rowObject(columns, values, start));
  return rows;
}

function resultOf(raw: RawResult): object {
  return {
    success: true,
    meta: {
      served_by: "adit",
      duration: raw[2],
      changes: raw[3],
      last_row_id: raw[4],
      changed_db: raw[5],
      size_after: raw[6],
      rows_read: raw[7],
      rows_written: raw[8],
    },
    results: rowObjects(raw),
  };
}

/** A database as seen by one session: what runs in it gives the session its bookmark. */
class Session {
  bookmark: string | null = null;
  constructor(readonly database: Database) {}

  async run(queries: unknown[], kind: string): Promise<RawResult[]> {
    countSubrequest();
    let answer;
    try {
      answer = await ops.d1_batch(this.database, queries);
    } catch (error) {
      throw d1Error(kind, messageOf(error));
    }
    const [bookmark, ...results] = answer;
    this.bookmark = bookmark;
    return results;
  }
}

function checkStatement(query: unknown): asserts query is string {
  if (typeof query !== "string") throw d1Error("D1_ERROR", "The SQL of a statement must be a string.");
}

let statementQuery: (statement: D1PreparedStatement) => [sql: string, parameters: Parameter[]];
let isStatement: (value: unknown) => value is D1PreparedStatement;

export class D1PreparedStatement {
  static {
    statementQuery = (statement) => [statement.#sql, statement.#parameters];
    isStatement = (value): value is D1PreparedStatement => typeof value === "object" && value !== null && #sql in value;
  }

  readonly #session: Session;
  readonly #sql: string;
  readonly #parameters: Parameter[];

  constructor(session: Session, sql: string, parameters: Parameter[]) {
    this.#session = session;
    this.#sql = sql;
    this.#parameters = parameters;
  }

  bind(...values: unknown[]): D1PreparedStatement {
    return new D1PreparedStatement(this.#session, this.#sql, values.map(parameterOf));
  }

  async #run(): Promise<RawResult> {
    checkStatement(this.#sql);
    return (await this.#session.run([this.#sql, this.#parameters], "D1_ERROR"))[0]!;
  }

  /** The first row, or its column `name`; null when there is none. */
  async first(name: string | undefined = undefined): Promise<unknown> {
    const [columns, values] = await this.#run();
    if (values.length === 0) return null;
    if (name === undefined) return rowObject(columns, values, 0);
    const column = columns.lastIndexOf(name);
    if (column < 0)
      throw new Error(`D1_COLUMN_NOTFOUND: Column not found (${name})`, { cause: new Error("Column not found") });
    return values[column];
  }

  async run(): Promise<object> {
    return resultOf(await this.#run());
  }

  async all(): Promise<object> {
    return resultOf(await this.#run());
  }

  /** The rows as arrays; before them, if asked for, the columns' names. */
  async raw(options: { columnNames?: boolean } | undefined = undefined): Promise<Column[][]> {
    const [columns, values] = await this.#run();
    const rows: Column[][] = [];
    if (options?.columnNames) rows.push(columns);
    for (let start = 0; start < values.length; start += columns.length)
      rows.push(values.slice(start, start + columns.length));
    return rows;
  }
}

function runBatch(session: Session, statements: D1PreparedStatement[]): Promise<object[]> {
  const queries = statements.flatMap((statement) => {
    if (!isStatement(statement)) throw d1Error("D1_ERROR", "batch() takes statements that prepare() made.");
    const query = statementQuery(statement);
    checkStatement(query[0]);
    return query;
  });
  if (queries.length === 0) throw d1Error("D1_ERROR", "No SQL statements detected.");
  return session.run(queries, "D1_ERROR").then((results) => results.map(resultOf));
}

export class D1DatabaseSession {
  readonly #session: Session;

  constructor(session: Session, constraint: string) {
    this.#session = session;
    // A bookmark or a constraint. There is one copy of a database here, so both are always satisfied.
    if (constraint !== "first-primary" && constraint !== "first-unconstrained") session.bookmark = constraint;
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(this.#session, query, []);
  }

  async batch(statements: D1PreparedStatement[]): Promise<object[]> {
    return runBatch(this.#session, statements);
  }

  /** Of the last statement's state, or what the session began with; null when that was no bookmark. */
  getBookmark(): string | null {
    return this.#session.bookmark;
  }
}

export class D1Database {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  prepare(query: string): D1PreparedStatement {
    return new D1PreparedStatement(new Session(this.#database), query, []);
  }

  async batch(statements: D1PreparedStatement[]): Promise<object[]> {
    return runBatch(new Session(this.#database), statements);
  }

  /** Runs each line of the text, all in one transaction. */
  async exec(query: string): Promise<{ count: number; duration: number }> {
    const lines = query.trim().split("\n");
    const queries = lines.flatMap((line) => [line, []]);
    let results;
    try {
      results = await new Session(this.#database).run(queries, "D1_EXEC_ERROR");
    } catch (error) {
      const cause = messageOf((error as Error).cause);
      throw d1Error("D1_EXEC_ERROR", `Error in line 1: ${lines[0]}: ${cause}`);
    }
    return { count: lines.length, duration: results.reduce((sum, raw) => sum + raw[2], 0) };
  }

  withSession(constraint: string | null | undefined = undefined): D1DatabaseSession {
    return new D1DatabaseSession(new Session(this.#database), constraint?.trim() || "first-unconstrained");
  }

  /** Databases of the alpha only, on Cloudflare too. */
  async dump(): Promise<ArrayBuffer> {
    throw new Error("D1_DUMP_ERROR: Status + 404", { cause: new Error("Status 404") });
  }
}

markPlatformClasses([D1Database, D1DatabaseSession, D1PreparedStatement]);

registerBinding("d1", (description) => new D1Database(ops.d1_open(description.id as string)));
