// batch(), exec(), sessions: several statements at once.
import { assert, assertEquals, test } from "../../web/harness.js";
import { assertThrowsMessage, failure, onTable } from "./databases.js";

onTable("batch() gives each statement's result in order", async (db, t) => {
  const results = await db.batch([
    db.prepare(`INSERT INTO ${t} (a) VALUES (?)`).bind("x"),
    db.prepare(`SELECT a FROM ${t}`),
    db.prepare(`UPDATE ${t} SET a = 'y'`),
  ]);
  assertEquals(
    results.map(({ success, results }) => [success, results]),
    [
      [true, []],
      [true, [{ a: "x" }]],
      [true, []],
    ],
  );
  assertEquals(
    results.map(({ meta }) => meta.changes),
    [1, 0, 1],
  );
});

onTable("batch() is a transaction: an error undoes what came before", async (db, t) => {
  const insert = db.prepare(`INSERT INTO ${t} (id) VALUES (?)`);
  const message = `UNIQUE constraint failed: ${t}.id: SQLITE_CONSTRAINT (extended: SQLITE_CONSTRAINT_PRIMARYKEY)`;
  assertEquals(
    await failure(db.batch([insert.bind(1), insert.bind(2), insert.bind(1)])),
    `D1_ERROR: ${message} / ${message}`,
  );
  assertEquals(await db.prepare(`SELECT count(*) n FROM ${t}`).first("n"), 0);
  const syntax = await failure(db.batch([insert.bind(3), db.prepare("SELEC")]));
  assert(syntax.startsWith('D1_ERROR: near "SELEC": syntax error at offset 0: SQLITE_ERROR'), syntax);
  assertEquals(await db.prepare(`SELECT count(*) n FROM ${t}`).first("n"), 0);
});

test("batch() of nothing is an error", async ({ env }) => {
  assertEquals(
    await failure(env.D1_MAIN.batch([])),
    "D1_ERROR: No SQL statements detected. / No SQL statements detected.",
  );
});

onTable("batches at the same time do not mix", async (db, t) => {
  await db.prepare(`INSERT INTO ${t} (id, a) VALUES (1, 0)`).run();
  const step = () =>
    db.batch([
      db.prepare(`UPDATE ${t} SET a = a + 1`),
      db.prepare(`UPDATE ${t} SET a = a * 2`),
      db.prepare(`SELECT a FROM ${t}`),
    ]);
  const all = await Promise.all(Array.from({ length: 20 }, step));
  const seen = all.map((results) => results[2].results[0].a).sort((a, b) => a - b);
  let value = 0;
  assertEquals(
    seen,
    Array.from({ length: 20 }, () => (value = (value + 1) * 2)),
  );
});

onTable("exec() runs a statement a line, in one transaction", async (db, t) => {
  const { count, duration } = await db.exec(`INSERT INTO ${t} (a) VALUES (1);\nINSERT INTO ${t} (a) VALUES (2);\n`);
  assertEquals([count, typeof duration], [2, "number"]);
  const bad = await failure(db.exec(`INSERT INTO ${t} (a) VALUES (3);\nSELEC 1`));
  assertEquals(
    bad.split(" / ")[0],
    `D1_EXEC_ERROR: Error in line 1: INSERT INTO ${t} (a) VALUES (3);: near "SELEC": syntax error at offset 0: SQLITE_ERROR`,
  );
  assertEquals(await db.prepare(`SELECT count(*) n FROM ${t}`).first("n"), 2);
});

test("exec() takes several statements on a line, and none over several lines", async ({ env }) => {
  assertEquals((await env.D1_MAIN.exec("SELECT 1; SELECT 2")).count, 1);
  assertEquals(
    (await failure(env.D1_MAIN.exec("SELECT\n1"))).split(" / ")[0],
    "D1_EXEC_ERROR: Error in line 1: SELECT: incomplete input: SQLITE_ERROR",
  );
  assertEquals(
    (await failure(env.D1_MAIN.exec(""))).split(" / ")[0],
    "D1_EXEC_ERROR: Error in line 1: : No SQL statements detected.",
  );
  await env.D1_MAIN.exec(5).then(
    () => assert(false, "took a number"),
    (error) => assertEquals([error.name, error.message], ["TypeError", "query.trim is not a function"]),
  );
});

test("databases are apart", async ({ env }) => {
  await env.D1_OTHER.exec("CREATE TABLE IF NOT EXISTS only_here (a)");
  const message = await failure(env.D1_MAIN.prepare("SELECT * FROM only_here").all());
  assert(message.startsWith("D1_ERROR: no such table: only_here"), message);
});

onTable("a session sees its writes and has bookmarks that grow", async (db, t) => {
  const session = db.withSession();
  assertEquals(session.getBookmark(), null);
  await session.prepare(`INSERT INTO ${t} (a) VALUES (1)`).run();
  const first = session.getBookmark();
  assert(typeof first === "string" && /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/.test(first), String(first));
  const [, read] = await session.batch([
    session.prepare(`INSERT INTO ${t} (a) VALUES (2)`),
    session.prepare(`SELECT count(*) n FROM ${t}`),
  ]);
  assertEquals(read.results, [{ n: 2 }]);
  assert(session.getBookmark() > first, `${session.getBookmark()} after ${first}`);
});

for (const constraint of ["first-primary", "first-unconstrained", undefined, null, ""])
  test(`a session of ${JSON.stringify(constraint)} begins without a bookmark`, async ({ env }) => {
    const session = env.D1_MAIN.withSession(constraint);
    assertEquals(session.getBookmark(), null);
    assertEquals(await session.prepare("SELECT 1 a").first("a"), 1);
    assert(session.getBookmark() !== null);
  });

test("a session begins with the bookmark it was given", async ({ env }) => {
  const before = env.D1_MAIN.withSession();
  await before.prepare("SELECT 1").run();
  const session = env.D1_MAIN.withSession(before.getBookmark());
  assertEquals(session.getBookmark(), before.getBookmark());
  assertEquals(await session.prepare("SELECT 1 a").first("a"), 1);
});

test("dump() is of the alpha only", async ({ env }) => {
  assertEquals(await failure(env.D1_MAIN.dump()), "D1_DUMP_ERROR: Status + 404 / Status 404");
});

test("classes have their names and methods", ({ env }) => {
  const names = (object) => Object.getOwnPropertyNames(Object.getPrototypeOf(object)).filter((name) => name[0] !== "_");
  assertEquals(env.D1_MAIN.constructor.name, "D1Database");
  assertEquals(names(env.D1_MAIN).sort(), ["batch", "constructor", "dump", "exec", "prepare", "withSession"]);
  assertEquals(names(env.D1_MAIN.prepare("")).sort(), ["all", "bind", "constructor", "first", "raw", "run"]);
  assertEquals(env.D1_MAIN.withSession().constructor.name, "D1DatabaseSession");
  assertEquals(names(env.D1_MAIN.withSession()).sort(), ["batch", "constructor", "getBookmark", "prepare"]);
});

test("a database cannot be cloned", ({ env }) => {
  assert(assertThrowsMessage(() => structuredClone(env.D1_MAIN), "") instanceof DOMException);
});
