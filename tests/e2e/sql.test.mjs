// SQL in Durable Objects over time: a query without end, restarts, kill -9, going back to a bookmark across a restart.
import assert from "node:assert/strict";
import { test } from "node:test";
import { peer, scratch, start, worker } from "./harness.mjs";

const skip = peer ? "looks into adit" : false;

const source = `
import { DurableObject } from "cloudflare:workers";
export class Table extends DurableObject {
  made = Math.random();
  constructor(ctx, env) {
    super(ctx, env);
    ctx.storage.sql.exec("create table if not exists t (n integer)");
  }
  rows() { return this.ctx.storage.sql.exec("select n from t order by n").raw().toArray().flat(); }
  async fetch(request) {
    const { pathname, searchParams } = new URL(request.url);
    const { sql } = this.ctx.storage;
    if (pathname === "/add") sql.exec("insert into t values (?)", Number(searchParams.get("n")));
    if (pathname === "/endless")
      sql.exec("with recursive c(n) as (select 1 union all select n + 1 from c) select count(*) n from c").one();
    if (pathname === "/endless-write")
      sql.exec("insert into t with recursive c(n) as (select 1 union all select n + 1 from c) select n from c where n < 0");
    if (pathname === "/bookmark") return Response.json(await this.ctx.storage.getCurrentBookmark());
    if (pathname === "/restore")
      return Response.json(await this.ctx.storage.onNextSessionRestoreBookmark(searchParams.get("to")));
    return Response.json({ made: this.made, rows: this.rows() });
  }
}
export default {
  fetch(request, env) {
    const name = new URL(request.url).searchParams.get("name") ?? "one";
    return env.TABLE.get(env.TABLE.idFromName(name)).fetch(request);
  },
};`;

const folder = () =>
  worker({
    "wrangler.json": JSON.stringify({
      name: "sql",
      main: "index.js",
      compatibility_date: "2026-01-01",
      limits: { cpu_ms: 300 },
      durable_objects: { bindings: [{ name: "TABLE", class_name: "Table" }] },
      migrations: [{ tag: "v1", new_sqlite_classes: ["Table"] }],
    }),
    "index.js": source,
  });

for (const path of ["/endless", "/endless-write"])
  test(`the CPU limit stops ${path.slice(1)}; the object begins anew`, { skip }, async () => {
    const server = await start(folder(), { args: ["--shards", "1"] });
    await server.json("/add?n=1");
    const began = Date.now();
    const response = await fetch(server.url + path);
    await response.text();
    assert.ok(response.status >= 500, `${response.status}`);
    assert.ok(Date.now() - began < 5000, `${Date.now() - began} ms`);
    assert.deepEqual((await server.json("/add?n=2")).rows, [1, 2]);
    assert.deepEqual((await server.json("/?name=other")).rows, []);
    await server.stop();
  });

test("rows survive a restart and kill -9", { skip }, async () => {
  const persist = scratch();
  const app = folder();
  let server = await start(app, { persist });
  await server.json("/add?n=1");
  await server.stop();
  server = await start(app, { persist });
  await server.json("/add?n=2");
  server.kill("SIGKILL");
  await server.ended;
  server = await start(app, { persist });
  assert.deepEqual((await server.json("/")).rows, [1, 2]);
  await server.stop();
});

test("a wish to go back is kept across a restart", { skip }, async () => {
  const persist = scratch();
  const app = folder();
  let server = await start(app, { persist });
  await server.json("/add?n=1");
  const bookmark = await server.json("/bookmark");
  await server.json("/add?n=2");
  const undo = await server.json(`/restore?to=${bookmark}`);
  assert.ok(undo > bookmark);
  assert.deepEqual((await server.json("/")).rows, [1, 2]);
  await server.stop();
  server = await start(app, { persist });
  assert.deepEqual((await server.json("/")).rows, [1]);
  assert.deepEqual((await server.json("/add?n=3")).rows, [1, 3]);
  await server.stop();
});
