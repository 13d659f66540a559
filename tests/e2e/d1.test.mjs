// D1 beside other work: a long query delays no other worker and no other database, a stop ends it, and what was answered survives kill -9.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { binary, peer, scratch, start, worker } from "./harness.mjs";

const source = `
const endless = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT count(*) FROM c";
export default {
  async fetch(request, env) {
    const { pathname } = new URL(request.url);
    try {
      if (pathname === "/hello") return new Response("hello");
      if (pathname === "/endless") return Response.json(await env.SLOW.prepare(endless).all());
      if (pathname === "/make") return Response.json(await env.DB.exec("CREATE TABLE IF NOT EXISTS t (a INTEGER PRIMARY KEY, b)"));
      if (pathname === "/put") {
        const [inserted] = await env.DB.batch([
          env.DB.prepare("INSERT INTO t (b) VALUES (?)").bind("x".repeat(100)),
          env.DB.prepare("INSERT INTO t (b) VALUES (?)").bind("second"),
        ]);
        return Response.json(inserted.meta.last_row_id);
      }
      return Response.json(await env.DB.prepare("SELECT count(*) n, max(a) last FROM t").first());
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};`;
const settings = ["DB", "SLOW"].map((name) => `[[d1_databases]]\nbinding = "${name}"\ndatabase_id = "id-${name}"\n`);
const folder = worker({ "src/index.js": source }, settings.join(""));
const args = ["--shards", "2", "--log-level", "warn"];

test("a query without end delays neither other requests nor other databases, and ends with the server", async () => {
  const server = await start(folder, { args });
  await fetch(`${server.url}/make`);
  const endless = fetch(`${server.url}/endless`).then(
    (response) => response.text(),
    () => "connection closed",
  );
  const began = performance.now();
  for (let i = 0; i < 20; i++) {
    assert.equal(await (await fetch(`${server.url}/hello`)).text(), "hello");
    assert.equal((await fetch(`${server.url}/put`)).status, 200);
  }
  // It runs for 30 seconds if nobody ends it.
  assert(performance.now() - began < 15_000, "other work waited for the query");
  const stopping = performance.now();
  await server.stop();
  assert(performance.now() - stopping < 15_000, "the stop waited for the query");
  assert.match(await endless, /the server is stopping|connection closed/);
});

test("an acknowledged batch is there after kill -9, whole, and none is there by half", async () => {
  let server = await start(folder, { args });
  await fetch(`${server.url}/make`);
  for (let round = 0; round < 5; round++) {
    let acknowledged = 0;
    const writers = Array.from({ length: 8 }, async () => {
      for (;;) {
        const response = await fetch(`${server.url}/put`).catch(() => undefined);
        if (response === undefined) return;
        const id = await response.json().catch(() => 0);
        acknowledged = Math.max(acknowledged, id);
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100 + 30 * round));
    server.kill("SIGKILL");
    await server.ended;
    await Promise.all(writers);
    assert(acknowledged > 0);
    server = await start(folder, { args, persist: server.persist });
    const { n, last } = await server.json("/");
    // A batch inserts two rows.
    assert(last > acknowledged, `${last} is there, ${acknowledged} was acknowledged`);
    assert.equal(n % 2, 0);
  }
  await server.stop();
});

test("adit d1 works on a server's databases while it runs", { skip: peer && "adit's command" }, async () => {
  const server = await start(folder, { args });
  await fetch(`${server.url}/make`);
  assert.equal((await fetch(`${server.url}/put`)).status, 200);
  const run = promisify(execFile);
  const d1 = async (...all) =>
    (await run(binary, ["d1", ...all, "--directory", folder, "--persist-to", server.persist])).stdout;
  const counted = async () =>
    JSON.parse(await d1("execute", "DB", "--json", "--command", "SELECT count(*) AS n, max(a) AS last FROM t"))[0]
      .results[0];
  assert.deepEqual(await counted(), { n: 2, last: 2 });
  const [, bookmark] = /The bookmark is (\S+)/.exec(await d1("time-travel", "info", "DB"));
  await d1("execute", "DB", "--command", "INSERT INTO t (b) VALUES (x'00ff'), (NULL), (1.5), ('ü')");
  assert.deepEqual(await server.json("/"), { n: 6, last: 6 });
  const rows = JSON.parse(await d1("execute", "DB", "--json", "--command", "SELECT b FROM t WHERE a > 2 ORDER BY a"));
  assert.deepEqual(
    rows[0].results.map(({ b }) => b),
    [[0, 255], null, 1.5, "ü"],
  );
  await assert.rejects(d1("execute", "DB", "--command", "INSERT INTO nowhere VALUES (1)"), /no such table: nowhere/);
  const dump = join(scratch(), "dump.sql");
  await d1("export", "DB", "--output", dump);
  assert.match(readFileSync(dump, "utf8"), /CREATE TABLE.*\n(.*\n)*INSERT INTO "?t"? /);
  mkdirSync(join(folder, "migrations"), { recursive: true });
  writeFileSync(join(folder, "migrations", "0001_more.sql"), "CREATE TABLE more (x); INSERT INTO more VALUES (1);");
  assert.match(await d1("migrations", "apply", "DB"), /Applied 0001_more.sql/);
  assert.match(await d1("migrations", "list", "DB"), /No migrations to apply/);
  assert.match(await d1("time-travel", "restore", "DB", "--bookmark", bookmark), /Restored/);
  assert.deepEqual(await server.json("/"), { n: 2, last: 2 });
  assert.equal((await fetch(`${server.url}/put`)).status, 200);
  assert.deepEqual(await counted(), { n: 4, last: 4 });
  await server.stop();
  // And when it does not run.
  assert.deepEqual(await counted(), { n: 4, last: 4 });
});
