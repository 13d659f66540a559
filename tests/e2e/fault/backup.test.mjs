// `adit state` on a server that works: a backup made in the midst of writes has every write that was acknowledged before it began, each
// database in it is sound, and a server goes on from it.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { promisify } from "node:util";
import { binary, scratch, start, worker } from "../harness.mjs";

const run = promisify(execFile);
const state = async (...args) => (await run(binary, ["state", ...args])).stdout;

const app = () =>
  worker(
    {
      "index.mjs": `
        import { DurableObject } from "cloudflare:workers";
        export class Counter extends DurableObject {
          async add(name) {
            const count = ((await this.ctx.storage.get("count")) ?? 0) + 1;
            await this.ctx.storage.put({ count, ["filler" + (count % 50)]: "x".repeat(count % 900) });
            return count;
          }
          async count() { return (await this.ctx.storage.get("count")) ?? 0; }
        }
        export default {
          async fetch(request, env) {
            const [, kind, name] = new URL(request.url).pathname.split("/");
            const stub = env.COUNTERS.get(env.COUNTERS.idFromName(name));
            if (kind === "add") {
              const count = await stub.add();
              await env.KV.put(name, String(count));
              return Response.json(count);
            }
            return Response.json([await stub.count(), Number(await env.KV.get(name))]);
          },
        };`,
    },
    `[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n[[durable_objects.bindings]]\nname = "COUNTERS"\nclass_name = "Counter"\n` +
      `[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Counter"]\n`,
  );

test("a backup of a working server is whole, and a server goes on from it", async (t) => {
  const folder = app();
  const server = await start(folder);
  const names = Array.from({ length: 24 }, (_, index) => `object${index}`);
  const acknowledged = new Map(names.map((name) => [name, 0]));
  let stop = false;
  t.after(() => (stop = true)); // also when the test fails
  const writers = names.map(async (name) => {
    while (!stop) acknowledged.set(name, await server.json(`/add/${name}`));
  });
  const backups = [];
  for (let round = 0; round < 3; round++) {
    await new Promise((resolve) => setTimeout(resolve, 300));
    const before = new Map(acknowledged);
    const target = join(scratch(), "backup");
    assert.match(await state("backup", target, "--persist-to", server.persist), /^backed up /);
    backups.push({ target, before, after: new Map(acknowledged) });
  }
  await assert.rejects(state("verify", "--persist-to", server.persist), /in use by another adit/);
  stop = true;
  await Promise.all(writers);
  await server.stop();
  assert.match(await state("verify", "--persist-to", server.persist), /no problems/);
  for (const { target, before, after } of backups) {
    assert.match(await state("verify", "--persist-to", target), /^25 ledgers, .*: no problems/);
    const restored = join(scratch(), "state");
    await state("restore", target, "--persist-to", restored);
    const again = await start(folder, { persist: restored });
    for (const name of names) {
      const [count, stored] = await again.json(`/get/${name}`);
      assert(
        count >= before.get(name),
        `${name}: ${count} is in the backup, ${before.get(name)} was acknowledged before`,
      );
      assert(count <= after.get(name) + 1, `${name}: ${count} is in the backup, ${after.get(name)} is what there was`);
      assert(stored >= before.get(name) - 1 && stored <= count);
      assert.equal(await again.json(`/add/${name}`), count + 1);
    }
    await again.stop();
  }
});

test("restoring keeps what was there beside it", async () => {
  const folder = app();
  const persist = join(scratch(), "state");
  const first = await start(folder, { persist });
  await first.json("/add/a");
  await first.stop();
  const target = join(scratch(), "backup");
  await state("backup", target, "--persist-to", persist);
  const second = await start(folder, { persist });
  await second.json("/add/a");
  await second.stop();
  await state("restore", target, "--persist-to", persist);
  assert(existsSync(`${persist}.before-restore-1`));
  const third = await start(folder, { persist });
  assert.deepEqual(await third.json("/get/a"), [1, 1]);
  await third.stop();
});

test("a server goes on with a backup that is restored while it works", async (t) => {
  const folder = app();
  const persist = join(scratch(), "state");
  const server = await start(folder, { persist, args: ["--shards", "2"] });
  const names = Array.from({ length: 16 }, (_, index) => `object${index}`);
  for (let round = 0; round < 3; round++) await Promise.all(names.map((name) => server.json(`/add/${name}`)));
  const target = join(scratch(), "backup");
  await state("backup", target, "--persist-to", persist);
  for (let round = 0; round < 5; round++) await Promise.all(names.map((name) => server.json(`/add/${name}`)));
  // While requests come: each is answered, or refused as long as the pause lasts.
  let stop = false;
  t.after(() => (stop = true)); // also when the test fails
  let answered = 0;
  const writers = names.map(async (name) => {
    while (!stop) {
      const count = await server.json(`/add/${name}`).catch(() => undefined);
      if (count === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      else answered++;
    }
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  assert.match(
    await state("restore", target, "--persist-to", persist),
    /the server goes on with it\n.*before-restore-1\n/,
  );
  const before = answered;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert(answered > before, "nothing was answered after the restore");
  stop = true;
  await Promise.all(writers);
  for (const name of names) {
    const [count] = await server.json(`/get/${name}`);
    // Three of the backup, and what came since: fewer than with the eight before and those meanwhile.
    assert(count >= 3 && count <= 3 + answered, `${name}: ${count}`);
    assert.equal(await server.json(`/add/${name}`), count + 1);
  }
  assert.match(server.output, /The state was restored from a backup, with a pause of \d+ ms/);
  // And it can be undone, in the same way.
  await state("restore", `${persist}.before-restore-1`, "--persist-to", persist);
  for (const name of names) assert((await server.json(`/get/${name}`))[0] >= 8);
  const after = await server.json(`/add/${names[0]}`);
  server.kill("SIGKILL");
  await server.ended;
  const again = await start(folder, { persist });
  assert.equal((await again.json(`/get/${names[0]}`))[0], after);
  await again.stop();
  assert.match(await state("verify", "--persist-to", persist), /no problems/);
});

test("a backup that a server cannot go on with leaves it with the state that it has", async () => {
  const folder = app();
  const persist = join(scratch(), "state");
  const server = await start(folder, { persist });
  await server.json("/add/a");
  const target = join(scratch(), "backup");
  await state("backup", target, "--persist-to", persist);
  await server.json("/add/a");
  // One that cannot even be staged, and one that is found out when the server begins with it.
  const newer = join(scratch(), "newer");
  await state("backup", newer, "--persist-to", persist);
  writeFileSync(join(newer, "format"), "adit state 1000\n");
  await assert.rejects(state("restore", newer, "--persist-to", persist), /written by a newer adit/);
  writeFileSync(join(target, "durable_objects.json"), JSON.stringify({ version: 1000 }));
  await assert.rejects(
    state("restore", target, "--persist-to", persist),
    /the server could not go on with it, and has its old state again/,
  );
  assert.deepEqual(await server.json("/get/a"), [2, 2]);
  assert.equal(await server.json("/add/a"), 3);
  assert.deepEqual(
    readdirSync(join(persist, "..")).filter((name) => name !== "state"),
    [],
  );
  await server.stop();
  assert.match(await state("verify", "--persist-to", persist), /no problems/);
});
