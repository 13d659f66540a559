// The methods of a prepared statement and the shape of their results.
import { assert, assertEquals, test } from "../../web/harness.js";
import { failure, onTable } from "./databases.js";

const withoutMeta = ({ success, results }) => ({ success, results });

onTable("run() of an INSERT", async (db, t) => {
  const result = await db.prepare(`INSERT INTO ${t} (a, b) VALUES (?, ?)`).bind("x", 1).run();
  assertEquals(Object.keys(result), ["success", "meta", "results"]);
  assertEquals(withoutMeta(result), { success: true, results: [] });
  const { changes, last_row_id, changed_db, rows_read, rows_written } = result.meta;
  assertEquals(
    { changes, last_row_id, changed_db, rows_read, rows_written },
    { changes: 1, last_row_id: 1, changed_db: true, rows_read: 0, rows_written: 1 },
  );
});

test("meta has exactly these members, of these types", async ({ env }) => {
  const { meta } = await env.D1_MAIN.prepare("SELECT 1 a").all();
  const types = Object.fromEntries(Object.entries(meta).map(([key, value]) => [key, typeof value]));
  assertEquals(types, {
    served_by: "string",
    duration: "number",
    changes: "number",
    last_row_id: "number",
    changed_db: "boolean",
    size_after: "number",
    rows_read: "number",
    rows_written: "number",
  });
  assert(meta.duration >= 0);
  assertEquals(meta.size_after % 4096, 0);
});

onTable("all() and run() give rows as objects", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (a, b) VALUES ('x', 1), ('y', NULL)`).run();
  const rows = [
    { id: 1, a: "x", b: 1 },
    { id: 2, a: "y", b: null },
  ];
  assertEquals((await db.prepare(`SELECT * FROM ${t}`).all()).results, rows);
  assertEquals((await db.prepare(`SELECT * FROM ${t}`).run()).results, rows);
  const [row] = (await db.prepare(`SELECT * FROM ${t}`).all()).results;
  assertEquals(Object.getPrototypeOf(row), Object.prototype);
});

onTable("raw() gives rows as arrays", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (a, b) VALUES ('x', 1), ('y', 2)`).run();
  const select = db.prepare(`SELECT a, b FROM ${t} ORDER BY id`);
  assertEquals(await select.raw(), [
    ["x", 1],
    ["y", 2],
  ]);
  assertEquals(await select.raw({ columnNames: true }), [
    ["a", "b"],
    ["x", 1],
    ["y", 2],
  ]);
  assertEquals(await select.raw({ columnNames: false }), await select.raw());
});

onTable("raw() of no rows", async (db, t) => {
  assertEquals(await db.prepare(`SELECT a, b FROM ${t}`).raw(), []);
  assertEquals(await db.prepare(`SELECT a, b FROM ${t}`).raw({ columnNames: true }), [["a", "b"]]);
});

onTable("first()", async (db, t) => {
  const select = db.prepare(`SELECT * FROM ${t} ORDER BY id`);
  assertEquals(await select.first(), null);
  assertEquals(await select.first("a"), null);
  await db.prepare(`INSERT INTO ${t} (a, b) VALUES ('x', 1), ('y', 2)`).run();
  assertEquals(await select.first(), { id: 1, a: "x", b: 1 });
  assertEquals(await select.first(undefined), { id: 1, a: "x", b: 1 });
  assertEquals(await select.first("a"), "x");
  assertEquals(await failure(select.first("zz")), "D1_COLUMN_NOTFOUND: Column not found (zz) / Column not found");
});

test("of columns with the same name an object has the last", async ({ env }) => {
  const twice = env.D1_MAIN.prepare("SELECT 1 AS a, 2 AS a");
  assertEquals(await twice.first(), { a: 2 });
  assertEquals(await twice.raw({ columnNames: true }), [
    ["a", "a"],
    [1, 2],
  ]);
});

onTable("meta of UPDATE, DELETE, RETURNING", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (a) VALUES (1), (2), (3)`).run();
  const updated = await db.prepare(`UPDATE ${t} SET b = 1 WHERE a > 1`).run();
  assertEquals([updated.meta.changes, updated.meta.changed_db, updated.meta.rows_written], [2, true, 2]);
  const none = await db.prepare(`UPDATE ${t} SET b = 1 WHERE a > 100`).run();
  assertEquals([none.meta.changes, none.meta.rows_written], [0, 0]);
  const returned = await db.prepare(`INSERT INTO ${t} (a) VALUES (5), (6) RETURNING a, id`).all();
  assertEquals(returned.results, [
    { a: 5, id: 4 },
    { a: 6, id: 5 },
  ]);
  assertEquals([returned.meta.changes, returned.meta.last_row_id], [2, 5]);
  const deleted = await db.prepare(`DELETE FROM ${t}`).run();
  assertEquals([deleted.meta.changes, deleted.meta.changed_db], [5, true]);
  const read = await db.prepare(`SELECT * FROM ${t}`).all();
  assertEquals([read.meta.changes, read.meta.changed_db], [0, false]);
});

onTable("a statement can be bound again and is not changed by it", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (a) VALUES ('x'), ('y')`).run();
  const select = db.prepare(`SELECT id FROM ${t} WHERE a = ?`);
  const x = select.bind("x");
  const y = select.bind("y");
  assertEquals([await x.first("id"), await y.first("id"), await x.first("id")], [1, 2, 1]);
  assertEquals(
    await failure(select.first()),
    "D1_ERROR: Wrong number of parameter bindings for SQL query. / Wrong number of parameter bindings for SQL query.",
  );
});

onTable("several statements in one text: all run, the last one's result is given", async (db, t) => {
  const both = await db.prepare(`INSERT INTO ${t} (a) VALUES (1); INSERT INTO ${t} (a) VALUES (2)`).run();
  assertEquals(both.meta.changes, 2);
  assertEquals((await db.prepare("SELECT 1 x; SELECT 2 y").all()).results, [{ y: 2 }]);
  assertEquals(
    (await failure(db.prepare(`INSERT INTO ${t} (a) VALUES (?); SELECT ?`).bind(1, 2).run())).split(" / ")[1],
    "When executing multiple SQL statements in a single call, only the last statement can have parameters.",
  );
});

const errors = [
  ["", "No SQL statements detected."],
  ["-- nothing", "SQL code did not contain a statement."],
  ["SELECT 1; -- end", "SQL code did not contain a statement."],
  ["SELEC 1", 'near "SELEC": syntax error at offset 0: SQLITE_ERROR'],
  ["SELECT * FROM nowhere", "no such table: nowhere: SQLITE_ERROR"],
  ["SELECT nowhere", "no such column: nowhere at offset 7: SQLITE_ERROR"],
  ["ATTACH ':memory:' AS x", "not authorized: SQLITE_AUTH"],
  ["CREATE TEMP TABLE x (a)", "not authorized: SQLITE_AUTH"],
  ["CREATE TABLE _cf_x (a)", "not authorized: SQLITE_AUTH"],
  ["PRAGMA journal_mode", "not authorized: SQLITE_AUTH"],
  ["PRAGMA user_version = 3", "not authorized: SQLITE_AUTH"],
  ["SELECT sqlite_version()", "not authorized to use function: sqlite_version at offset 7: SQLITE_ERROR"],
  ["SELECT 'a' LIKE '" + "%".repeat(60) + "'", "LIKE or GLOB pattern too complex: SQLITE_ERROR"],
  ["SELECT " + Array(101).fill("1").join(), "too many columns in result set: SQLITE_ERROR"],
  ["SELECT length(zeroblob(3000000))", "string or blob too big: SQLITE_TOOBIG"],
];
for (const [sql, message] of errors)
  test(`error: ${sql.slice(0, 40)}`, async ({ env }) => {
    for (const method of ["all", "run", "first", "raw"])
      assertEquals(await failure(env.D1_MAIN.prepare(sql)[method]()), `D1_ERROR: ${message} / ${message}`, method);
  });

for (const sql of ["BEGIN", "SAVEPOINT x", "COMMIT", "ROLLBACK"])
  test(`no transaction of one's own: ${sql}`, async ({ env }) => {
    const message = await failure(env.D1_MAIN.prepare(sql).run());
    assert(
      message.startsWith("D1_ERROR: To execute a transaction, please use the state.storage.transaction()"),
      message,
    );
  });

onTable("a broken constraint names it", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (id) VALUES (1)`).run();
  const message = `UNIQUE constraint failed: ${t}.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)`;
  assertEquals(
    await failure(db.prepare(`INSERT INTO ${t} (id) VALUES (1)`).run()),
    `D1_ERROR: ${message} / ${message}`,
  );
});

test("100 parameters are allowed, 101 are not", async ({ env }) => {
  const select = (count) =>
    env.D1_MAIN.prepare(`SELECT max(${Array(count).fill("?").join()}) m`).bind(...Array(count).fill(1));
  assertEquals(await select(100).first("m"), 1);
  assert((await failure(select(101).first())).startsWith("D1_ERROR: too many SQL variables at offset"));
});

test("a statement of more than 100 KB is too long", async ({ env }) => {
  const message = await failure(env.D1_MAIN.prepare(`SELECT '${"x".repeat(100_001)}'`).all());
  assert(message.startsWith("D1_ERROR: statement too long: SQLITE_TOOBIG"), message);
});

onTable("a value of 2 MB is stored", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (a) VALUES (?)`).bind("x".repeat(2_000_000)).run();
  assertEquals(await db.prepare(`SELECT length(a) n FROM ${t}`).first("n"), 2_000_000);
});

onTable("PRAGMAs that tell about tables", async (db, t) => {
  const columns = (await db.prepare(`PRAGMA table_info(${t})`).all()).results.map(({ name, pk }) => [name, pk]);
  assertEquals(columns, [
    ["id", 1],
    ["a", 0],
    ["b", 0],
  ]);
  const { results } = await db.prepare("PRAGMA table_list").all();
  assert(results.some(({ name, ncol }) => name === t && ncol === 3));
  assertEquals(await db.prepare("PRAGMA foreign_keys").first(), { foreign_keys: 1 });
  assertEquals(await db.prepare("PRAGMA quick_check").first(), { quick_check: "ok" });
});

onTable("foreign keys hold; defer_foreign_keys puts them off to the end of the batch", async (db, t) => {
  await db.exec(`DROP TABLE IF EXISTS child_${t}`);
  await db.exec(`CREATE TABLE child_${t} (p REFERENCES ${t}(id))`);
  const alone = await failure(db.prepare(`INSERT INTO child_${t} VALUES (9)`).run());
  assert(alone.startsWith("D1_ERROR: FOREIGN KEY constraint failed: SQLITE_CONSTRAINT"), alone);
  await db.batch([
    db.prepare("PRAGMA defer_foreign_keys = on"),
    db.prepare(`INSERT INTO child_${t} VALUES (9)`),
    db.prepare(`INSERT INTO ${t} (id) VALUES (9)`),
  ]);
  assertEquals(await db.prepare(`SELECT p FROM child_${t}`).first("p"), 9);
});

onTable("full-text search, JSON and mathematics", async (db, t) => {
  await db.exec(`DROP TABLE IF EXISTS f_${t}`);
  await db.exec(`CREATE VIRTUAL TABLE f_${t} USING fts5(body)`);
  await db.prepare(`INSERT INTO f_${t} VALUES ('the quick fox'), ('a slow snail')`).run();
  assertEquals(await db.prepare(`SELECT body FROM f_${t} WHERE f_${t} MATCH 'quick'`).first("body"), "the quick fox");
  assertEquals(await db.prepare(`SELECT json_extract('{"a":[1,2]}', '$.a[1]') j, pow(2, 3) p, sqrt(16) s`).first(), {
    j: 2,
    p: 8,
    s: 4,
  });
});
