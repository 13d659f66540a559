// What tests do inside an object, each by name: (ctx, parameter) => what came out.
const message = (work) => {
  try {
    return work();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

function filled(ctx, count = 5) {
  const { sql } = ctx.storage;
  sql.exec("create table t (a integer primary key, b)");
  for (let i = 1; i <= count; i++) sql.exec("insert into t values (?, ?)", i, `b${i}`);
  return sql;
}

export const scenarios = {
  bindings({ storage: { sql } }) {
    const one = (value) => message(() => Object.values(sql.exec("select ? v, typeof(?) t", value, value).one()));
    return [
      one(undefined),
      one(true),
      one({}),
      one([1, 2]),
      one(new Date(0)),
      one(1n),
      one(Symbol("x")),
      one(new Uint8Array([1, 2])),
      one(new Uint8Array([9, 1, 2, 9]).subarray(1, 3)),
      one(new ArrayBuffer(2)),
      one(new DataView(new ArrayBuffer(1))),
      one(new Uint8Array()),
      one(NaN),
      one(Infinity),
      one("\u{1f600}é"),
    ];
  },
  arguments: ({ storage: { sql } }) => [
    message(() => sql.exec()),
    sql.exec({ toString: () => "select 1 a" }).toArray(),
    message(() => sql.exec(5)),
    message(() => new sql.Cursor()),
    sql.exec("select 1") instanceof sql.Cursor,
    typeof sql.Statement,
    Object.prototype.toString.call(sql),
  ],

  next(ctx) {
    const cursor = filled(ctx, 2).exec("select a from t");
    return [cursor.next(), cursor.next(), cursor.next(), cursor.next()];
  },
  ways(ctx) {
    const sql = filled(ctx, 4);
    const cursor = sql.exec("select a, b from t");
    const raw = cursor.raw();
    return [
      raw.next(),
      cursor.next(),
      [...raw],
      cursor.toArray(),
      [...sql.exec("select a from t where a > 2")],
      sql.exec("select a from t").raw().toArray(),
      sql
        .exec("select a from t")
        [Symbol.iterator]()
        .map(({ a }) => a * 2)
        .toArray(),
      Object.prototype.toString.call(cursor),
    ];
  },
  loop_left(ctx) {
    const cursor = filled(ctx, 3).exec("select a from t");
    for (const row of cursor) if (row.a === 1) break;
    return cursor.toArray();
  },
  one(ctx) {
    const sql = filled(ctx);
    return [
      sql.exec("select count(*) n from t").one(),
      message(() => sql.exec("select a from t where a > 100").one()),
      message(() => sql.exec("select a from t").one()),
      message(() => sql.exec("insert into t values (9, 9)").one()),
      sql.exec("select a from t where a = 9").one(),
    ];
  },
  columns(ctx) {
    const sql = filled(ctx);
    const cursor = sql.exec("select a, b as x, 1 + 1, a from t");
    return [
      cursor.columnNames,
      cursor.columnNames === cursor.columnNames,
      sql.exec("select a x, b x from t limit 1").raw().toArray(),
      sql.exec("select a from t where 0").columnNames,
      sql.exec("update t set b = 1").columnNames,
    ];
  },
  counts(ctx) {
    const sql = filled(ctx, 0);
    sql.exec("create index i on t (b)");
    sql.exec("create table plain (x)");
    const count = (query) => {
      const cursor = sql.exec(query);
      cursor.toArray();
      return [cursor.rowsRead, cursor.rowsWritten];
    };
    const out = [count("insert into plain values (1), (2), (3)"), count("select * from plain")];
    for (let i = 1; i < 6; i++) sql.exec("insert into t values (?, ?)", i, i);
    out.push(count("select * from t where a = 3"), count("select a, b from t not indexed limit 3"));
    out.push(count("update plain set x = 5"), count("delete from plain where x = 5"), count("select 1"));
    const written = (query) => sql.exec(query).rowsWritten;
    out.push(written("insert into t values (50, 50)"), written("delete from t where a = 50"), written("delete from t"));
    return out;
  },
  counts_while_reading(ctx) {
    const cursor = filled(ctx, 3).exec("select a from t");
    const out = [cursor.rowsRead];
    cursor.next();
    out.push(cursor.rowsRead);
    cursor.toArray();
    return [...out, cursor.rowsRead];
  },
  size({ storage: { sql } }) {
    const before = sql.databaseSize;
    sql.exec("create table t (a)");
    sql.exec("insert into t values (?)", "x".repeat(100_000));
    return [before < 20_000, sql.databaseSize > 100_000, sql.databaseSize < 200_000];
  },

  same_twice(ctx) {
    const sql = filled(ctx, 3);
    const first = sql.exec("select a from t");
    const out = [first.next().value.a];
    const second = sql.exec("select a from t");
    out.push(second.next().value.a, first.next().value.a, second.toArray().length, first.toArray().length);
    return out;
  },
  many_open(ctx) {
    const sql = filled(ctx, 3);
    const cursors = [];
    for (let i = 0; i < 200; i++) {
      cursors.push(sql.exec(`select a, ${i} i from t`));
      sql.exec("update t set b = ?", i);
    }
    return cursors.every((cursor, i) => cursor.toArray().every((row) => row.i === i));
  },
  write_meanwhile(ctx) {
    const sql = filled(ctx, 4);
    const seen = [];
    for (const { a } of sql.exec("select a from t order by a")) {
      seen.push(a);
      if (a === 1) {
        sql.exec("insert into t values (9, 'new')");
        sql.exec("delete from t where a = 3");
        sql.exec("update t set b = 'changed' where a = 4");
      }
    }
    return [seen, sql.exec("select b from t where a = 4").one().b];
  },
  drop_meanwhile(ctx) {
    const sql = filled(ctx, 3);
    const cursor = sql.exec("select a from t");
    cursor.next();
    return [
      message(() => sql.exec("drop table t")),
      cursor.toArray().length,
      sql.exec("select count(*) n from t").one(),
    ];
  },
  alter_meanwhile(ctx) {
    const sql = filled(ctx, 3);
    const cursor = sql.exec("select a from t");
    cursor.next();
    sql.exec("alter table t add column c");
    return [cursor.toArray().length, Object.keys(sql.exec("select * from t limit 1").one())];
  },
  async across_turns(ctx) {
    const sql = filled(ctx, 3);
    const cursor = sql.exec("select a from t");
    const first = cursor.next().value;
    await sleep(5);
    sql.exec("insert into t values (4, 4)");
    await ctx.storage.sync();
    return [first, cursor.toArray()];
  },
  returning_is_whole(ctx) {
    const sql = filled(ctx, 0);
    const cursor = sql.exec("insert into t values (1, 1), (2, 2), (3, 3) returning a");
    return [cursor.next(), sql.exec("select count(*) n from t").one(), cursor.rowsWritten, cursor.toArray()];
  },
  async returning_across_turns(ctx) {
    const sql = filled(ctx, 0);
    const cursor = sql.exec("insert into t values (1, 1), (2, 2), (3, 3) returning a");
    cursor.next();
    await sleep(5);
    return cursor.toArray();
  },
  error_in_a_later_row({ storage: { sql } }) {
    const cursor = sql.exec("select json(column1) j from (values ('1'), ('2'), ('{'))");
    return [cursor.next(), message(() => [...cursor]), message(() => cursor.next())];
  },
  big_results(ctx) {
    const sql = filled(ctx, 0);
    sql.exec(
      "with recursive c(n) as (select 1 union all select n + 1 from c where n < 20000) insert into t select n, 'row ' || n from c",
    );
    let sum = 0;
    for (const [a] of sql.exec("select a from t").raw()) sum += a;
    return [sum, sql.exec("select * from t").toArray().at(-1), sql.exec("select * from t").toArray().length];
  },

  transaction_sync(ctx) {
    const { storage } = ctx;
    const sql = filled(ctx, 0);
    const rows = () =>
      sql
        .exec("select a from t")
        .toArray()
        .map(({ a }) => a);
    const out = [
      storage.transactionSync(() => {
        sql.exec("insert into t values (1, 1)");
        storage.kv.put("k", 1);
        return "kept";
      }),
      message(() =>
        storage.transactionSync(() => {
          sql.exec("insert into t values (2, 2)");
          storage.kv.put("k", 2);
          throw new RangeError("undo");
        }),
      ),
      rows(),
      storage.kv.get("k"),
    ];
    storage.transactionSync(() => {
      sql.exec("insert into t values (3, 3)");
      message(() =>
        storage.transactionSync(() => {
          sql.exec("insert into t values (4, 4)");
          sql.exec("create table inner_t (a)");
          throw new Error("inner");
        }),
      );
    });
    out.push(
      rows(),
      message(() => sql.exec("select * from inner_t")),
    );
    out.push(
      message(() => storage.transactionSync()),
      message(() => storage.transactionSync(5)),
    );
    out.push(
      message(() => storage.transactionSync(() => sql.exec("commit"))).startsWith("Error: To execute a transaction"),
    );
    return out;
  },
  cursors_in_transactions(ctx) {
    const { storage } = ctx;
    const sql = filled(ctx, 3);
    const outside = sql.exec("select a from t");
    outside.next();
    let inside;
    message(() =>
      storage.transactionSync(() => {
        sql.exec("insert into t values (9, 9)");
        inside = sql.exec("select a from t order by a");
        inside.next();
        throw new Error("undo");
      }),
    );
    return [message(() => outside.toArray()), message(() => inside.toArray())];
  },
  async transaction(ctx) {
    const { storage } = ctx;
    const sql = filled(ctx, 0);
    await storage.transaction(async () => {
      sql.exec("insert into t values (1, 1)");
      await sleep(1);
      sql.exec("insert into t values (2, 2)");
    });
    await storage.transaction(async (txn) => {
      sql.exec("insert into t values (3, 3)");
      txn.rollback();
    });
    const failed = await storage
      .transaction(async () => {
        sql.exec("insert into t values (4, 4)");
        throw new Error("undo");
      })
      .catch((error) => error.message);
    return [failed, sql.exec("select a from t").toArray()];
  },

  kv({ storage: { kv } }) {
    const out = [
      kv.put("k", { a: [1, new Date(0)] }),
      kv.get("k").a[0],
      kv.get("none"),
      kv.delete("k"),
      kv.delete("k"),
      kv.get("k"),
    ];
    kv.put(5, "number");
    kv.put("undefined", undefined);
    return [...out, kv.get("5"), kv.get("undefined"), [...kv.list()].map(([key]) => key)];
  },
  kv_list({ storage: { kv } }) {
    for (const key of ["a", "b", "c", "é"]) kv.put(key, key.charCodeAt(0));
    return [
      [...kv.list()],
      [...kv.list({ reverse: true, limit: 2 })],
      [...kv.list({ prefix: "b" })],
      [...kv.list({ start: "b", end: "é" })],
      [...kv.list({ startAfter: "b" })],
      kv
        .list({ limit: 1 })
        .map(([key]) => key)
        .toArray(),
      Object.prototype.toString.call(kv.list()),
    ];
  },
  kv_list_long({ storage: { kv } }) {
    for (let i = 0; i < 300; i++) kv.put(`k${String(i).padStart(3, "0")}`, i);
    const forward = [...kv.list({ prefix: "k" })];
    const backward = [...kv.list({ prefix: "k", reverse: true })];
    return [
      forward.length,
      forward.every(([, value], i) => value === i),
      backward.reverse().every(([, v], i) => v === i),
    ];
  },
  kv_list_while_writing({ storage: { kv } }) {
    for (const key of ["a", "b", "c"]) kv.put(key, key);
    const list = kv.list();
    const seen = [list.next().value[0]];
    kv.put("bb", "bb");
    kv.delete("c");
    for (const [key] of list) seen.push(key);
    return seen;
  },
  kv_two_lists({ storage: { kv } }) {
    for (const key of ["a", "b"]) kv.put(key, key);
    const first = kv.list();
    first.next();
    kv.list().next();
    return message(() => first.next());
  },
  kv_mistakes: ({ storage: { kv } }) => [
    message(() => kv.get()),
    message(() => kv.put("x")),
    message(() => kv.delete()),
    message(() => kv.list(5)),
    message(() => kv.list({ start: "a", startAfter: "b" })),
    message(() => kv.list({ limit: 0 })),
    message(() => kv.put("x", () => 1)).startsWith("DataCloneError: "),
  ],
  async kv_and_promises({ storage }) {
    storage.kv.put("a", 1);
    await storage.put("b", 2);
    return [await storage.get("a"), storage.kv.get("b"), [...(await storage.list()).keys()]];
  },

  reserved({ storage: { kv, sql } }) {
    kv.put("secret", 1);
    return [
      "select * from _cf_KV",
      "select count(*) from _cf_KV",
      "insert into _cf_KV values ('a', 'b')",
      "delete from _cf_KV",
      "drop table _cf_KV",
      "create trigger x after insert on _cf_KV begin select 1; end",
      "create index x on _cf_KV (key)",
      "with x as (select key from _cf_KV) select * from x",
    ].map((query) => message(() => sql.exec(query).toArray()));
  },
  async delete_all(ctx) {
    const { storage } = ctx;
    const sql = filled(ctx, 3);
    sql.exec("create view v as select a from t");
    sql.exec(
      "create table parent (id integer primary key); create table child (p references parent(id) on delete restrict)",
    );
    sql.exec("insert into parent values (1); insert into child values (1)");
    sql.exec("create virtual table f using fts5 (x)");
    sql.exec("create table n (id integer primary key autoincrement); insert into n default values");
    sql.exec("create trigger g after insert on t begin select 1; end");
    storage.kv.put("k", 1);
    const cursor = sql.exec("select a from t");
    cursor.next();
    await storage.deleteAll();
    const out = [
      message(() => cursor.next()),
      sql
        .exec("select name from sqlite_schema where name not like 'sqlite%' and name not like '\\_cf\\_%' escape '\\'")
        .toArray(),
      storage.kv.get("k"),
      sql.exec("pragma foreign_keys").one(),
    ];
    sql.exec("create table t (a)");
    return [...out, sql.exec("select * from t").toArray()];
  },

  limits({ storage: { sql } }, name) {
    const attempts = {
      value: () => sql.exec("select length(?) n", new Uint8Array(2_000_000)).one(),
      value_above: () => sql.exec("select zeroblob(2200001) n").one(),
      row_above: () => {
        sql.exec("create table t (a, b)");
        return sql.exec("insert into t values (?, ?)", "x".repeat(1.5e6), "y".repeat(1.5e6)).toArray();
      },
      concatenation_above: () => sql.exec("select length(? || ?) n", "x".repeat(1.5e6), "y".repeat(1.5e6)).one(),
      statement: () => sql.exec("select 1 a".padEnd(100_000)).one(),
      statement_above: () => sql.exec("select 1 a".padEnd(100_001)).one(),
      parameters: () => sql.exec(`select max(${Array(100).fill("?")}) m`, ...Array(100).keys()).one(),
      parameters_above: () => sql.exec(`select max(${Array(101).fill("?")}) m`, ...Array(101).keys()).one(),
      parameter_number_above: () => sql.exec("select ?101", ...Array(101).keys()).one(),
      columns: () => sql.exec(`create table c (${Array.from({ length: 100 }, (_, i) => `c${i}`)})`).toArray(),
      columns_above: () => sql.exec(`create table c (${Array.from({ length: 101 }, (_, i) => `c${i}`)})`).toArray(),
      result_columns_above: () => sql.exec(`select ${Array(101).fill(1)}`).toArray(),
      pattern: () => sql.exec("select 'x' like ? l", "x".repeat(50)).one(),
      pattern_above: () => sql.exec("select 'x' like ? l", "x".repeat(51)).one(),
      compound: () => sql.exec(Array(5).fill("select 1 a").join(" union all ")).toArray().length,
      compound_above: () => sql.exec(Array(6).fill("select 1 a").join(" union all ")).toArray().length,
      depth_above: () => sql.exec(`select ${Array(101).fill(1).join("+")} d`).one(),
      many_values: () => {
        sql.exec("create table v (a)");
        return sql.exec(`insert into v values ${Array(600).fill("(1)")}`).rowsWritten;
      },
      trigger_depth: () => {
        sql.exec("create table r (a); create trigger rt after insert on r begin insert into r values (new.a + 1); end");
        sql.exec("pragma recursive_triggers = 1");
        return sql.exec("insert into r values (1)").rowsWritten;
      },
    };
    return message(attempts[name]);
  },

  without_sql: ({ storage }) => [
    message(() => storage.sql.exec("select 1")).split(".")[0],
    message(() => storage.kv.get("x")).split(",")[0],
    storage.transactionSync(() => 1),
  ],

  async bookmarks(ctx) {
    const { storage } = ctx;
    const sql = filled(ctx, 2);
    const first = await storage.getCurrentBookmark();
    const same = await storage.getCurrentBookmark();
    sql.exec("insert into t values (3, 3)");
    const second = await storage.getCurrentBookmark();
    const time = Date.now() + 1;
    await sleep(20);
    sql.exec("delete from t");
    const third = await storage.getCurrentBookmark();
    return { first, same, second, third, found: await storage.getBookmarkForTime(time), time };
  },
  async restore(ctx, bookmark) {
    const before = await ctx.storage.onNextSessionRestoreBookmark(bookmark);
    ctx.storage.kv.put("later", 1);
    await ctx.storage.put("last", before);
    return before;
  },
  end: (ctx) => ctx.abort("end"),
  rows: ({ storage }) => [
    message(() => storage.sql.exec("select a from t").raw().toArray().flat()),
    storage.kv.get("later") ?? null,
  ],
  bookmark_mistakes: async ({ storage }) =>
    Promise.all(
      [
        storage.getBookmarkForTime(),
        storage.getBookmarkForTime(new Date(NaN)),
        storage.onNextSessionRestoreBookmark(),
        storage.onNextSessionRestoreBookmark("nonsense"),
      ].map((promise) => promise.catch((error) => error.name)),
    ),

  endless({ storage: { sql } }) {
    return sql.exec("with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) n from c").one();
  },
  async fill_and_reset(ctx) {
    filled(ctx, 3);
    ctx.storage.kv.put("k", "kept");
    await ctx.storage.sync();
    ctx.abort("reset");
  },
  read_back: ({ storage }) => [storage.sql.exec("select count(*) n from t").one(), storage.kv.get("k")],
};
