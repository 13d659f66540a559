// Very many objects, each written once and then left alone: what they leave in memory, on the disk and of open files, and how fast any of them
// answers again. 2,000 of them; ADIT_LONG=1 takes 100,000, prints the numbers and holds them against the marks.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { readdirSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, peer, start, worker } from "./harness.mjs";
import { inParallel, memory_mb, proc } from "./measure.mjs";

const skip = peer ? "looks into adit" : false;
const long = Boolean(process.env.ADIT_LONG);
const count = Number(process.env.ADIT_OBJECTS ?? (long ? 100_000 : 2_000));

const folder = () =>
  worker({
    "wrangler.toml": `name = "many"
main = "index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "THING"
class_name = "Thing"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Thing"]`,
    "index.js": `
import { DurableObject } from "cloudflare:workers";
export class Thing extends DurableObject {
  put(value) { return this.ctx.storage.put("value", value); }
  get() { return this.ctx.storage.get("value"); }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const number = (name) => Number(searchParams.get(name));
    if (pathname === "/get") return Response.json((await env.THING.getByName("thing-" + number("n")).get()) ?? null);
    const all = [];
    for (let n = number("from"); n < number("to"); n++) all.push(env.THING.getByName("thing-" + n).put("value " + n));
    await Promise.all(all);
    return Response.json(all.length);
  },
};`,
  });

function openLedgers(server) {
  let open = 0;
  for (const name of readdirSync(proc(server, "fd"))) {
    try {
      // Of the objects: the index of their alarms is another ledger.
      if (/\/ledgers\/do-.*\.sqlite$/.test(readlinkSync(proc(server, `fd/${name}`)))) open++;
    } catch {
      // closed meanwhile
    }
  }
  return open;
}
const diskBytes = (path) => Number(execFileSync("du", ["-s", "-B1", path], { encoding: "utf8" }).split("\t")[0]);

const some = Array.from({ length: 200 }, (_, index) => Math.floor((index * count) / 200));

async function readSome(server) {
  const times = [];
  for (const n of some) {
    const before = performance.now();
    assert.equal(await server.json(`/get?n=${n}`), `value ${n}`);
    times.push(performance.now() - before);
  }
  return times.sort((a, b) => a - b);
}

test(
  `${count} objects that were written once leave memory and open files, and answer again`,
  { skip },
  async (context) => {
    const code = folder();
    const env = { ADIT_OBJECT_IDLE_MS: "1000" };
    const server = await start(code, { env, args: ["--shards", "2"] });
    const fill = (from, to) => server.json(`/fill?from=${from}&to=${to}`);
    // What the code itself needs, and the heap of a busy server, are there before.
    await fill(0, 500);
    for (let n = 0; n < 500; n++) await server.json(`/get?n=${n}`);
    await eventually(() => assert.equal(openLedgers(server), 0), 30_000);
    await new Promise((resolve) => setTimeout(resolve, 2500));
    const idle_mb = memory_mb(server);
    const began = performance.now();
    const batch = 500;
    await inParallel(Math.ceil(count / batch), 4, (index) => fill(index * batch, Math.min(count, (index + 1) * batch)));
    const made_s = (performance.now() - began) / 1000;
    const full_mb = memory_mb(server);
    await eventually(() => assert.equal(openLedgers(server), 0), 120_000);
    const asleep_s = (performance.now() - began) / 1000 - made_s;
    // Garbage is collected and the log shortened within a minute or so.
    if (long) await eventually(() => assert(memory_mb(server) < idle_mb + 20), 150_000).catch(() => {});
    const after_mb = memory_mb(server);
    const disk_kb = diskBytes(server.persist) / 1024 / count;
    const times = await readSome(server);
    context.diagnostic(
      `${count} made in ${made_s.toFixed(1)} s, asleep ${asleep_s.toFixed(1)} s later; memory ${idle_mb.toFixed(0)} MB idle, ` +
        `${full_mb.toFixed(0)} MB full, ${after_mb.toFixed(0)} MB after; ${disk_kb.toFixed(1)} KiB of disk each; ` +
        `an answer takes ${times[100].toFixed(1)} ms, at most ${times.at(-1).toFixed(1)} ms`,
    );
    assert(disk_kb < 12, `${disk_kb} KiB of disk for each`);
    if (long) {
      assert(after_mb < idle_mb + 20, `${after_mb} MB, ${idle_mb} MB before`);
      assert(times[Math.floor(times.length * 0.95)] < 10, `95% within ${times[Math.floor(times.length * 0.95)]} ms`);
    }
    // Killed, so that recovery has what there is to do; then all of them are there.
    server.kill("SIGKILL");
    await server.ended;
    const before = performance.now();
    const again = await start(code, { env, args: ["--shards", "2"], persist: server.persist });
    const ready_s = (performance.now() - before) / 1000;
    await readSome(again);
    context.diagnostic(
      `ready ${ready_s.toFixed(2)} s after a kill: ${/Recovered .*/.exec(again.output)?.[0] ?? "nothing to recover"}`,
    );
    const stopping = performance.now();
    assert.equal((await again.stop()).code, 0);
    context.diagnostic(`stopped in ${((performance.now() - stopping) / 1000).toFixed(2)} s`);
    assert.equal(
      readdirSync(join(server.persist, "log")).flatMap((shard) => readdirSync(join(server.persist, "log", shard)))
        .length,
      0,
    );
  },
);
