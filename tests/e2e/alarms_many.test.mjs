// Very many pending alarms in a server: no thread and no work for those that are not due, also not at a start, and one that is due rings in time.
// 2,000 of them; ADIT_LONG=1 takes 100,000 and prints the numbers (a million rows of the index alone: alarm_index_scale_test.cc).
import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { eventually, peer, start, worker } from "./harness.mjs";
import { cpu_ms, memory_mb, proc } from "./measure.mjs";

const skip = peer ? "looks into adit" : false;
const count = process.env.ADIT_LONG ? 100_000 : 2_000;

const folder = () =>
  worker({
    "wrangler.toml": `name = "alarms"
main = "index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "CLOCK"
class_name = "Clock"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Clock"]`,
    "index.js": `
import { DurableObject } from "cloudflare:workers";
export class Clock extends DurableObject {
  async arm(ms) { await this.ctx.storage.setAlarm(Date.now() + ms); }
  async late() { return this.ctx.storage.get("late"); }
  async alarm() { await this.ctx.storage.put("late", Date.now() - (await this.ctx.storage.get("due") ?? 0)); }
  async armSoon(ms) { const due = Date.now() + ms; await this.ctx.storage.put("due", due); await this.ctx.storage.setAlarm(due); }
}
export default {
  async fetch(request, env) {
    const { pathname, searchParams } = new URL(request.url);
    const number = (name) => Number(searchParams.get(name));
    if (pathname === "/soon") { await env.CLOCK.getByName(searchParams.get("name")).armSoon(number("ms")); return Response.json(true); }
    if (pathname === "/late") return Response.json((await env.CLOCK.getByName(searchParams.get("name")).late()) ?? null);
    const all = [];
    for (let n = number("from"); n < number("to"); n++) all.push(env.CLOCK.getByName("clock-" + n).arm(3_600_000 + n));
    await Promise.all(all);
    return Response.json(all.length);
  },
};`,
  });

const threads = (server) => readdirSync(proc(server, "task")).length;

test(`${count} pending alarms cost nothing until they are due`, { skip }, async (context) => {
  const code = folder();
  const options = { env: { ADIT_OBJECT_IDLE_MS: "500" }, args: ["--shards", "2"] };
  let server = await start(code, options);
  await server.json("/set?from=0&to=20");
  await server.json("/soon?name=first&ms=50");
  await eventually(async () => assert.equal(typeof (await server.json("/late?name=first")), "number"));
  const threadsBefore = threads(server);
  for (let from = 0; from < count; from += 500)
    await server.json(`/set?from=${from}&to=${Math.min(count, from + 500)}`);
  assert.equal(threads(server), threadsBefore);
  const soon = async (name) => {
    await server.json(`/soon?name=${name}&ms=300`);
    await eventually(async () => assert.equal(typeof (await server.json(`/late?name=${name}`)), "number"));
    return server.json(`/late?name=${name}`);
  };
  const late_ms = await soon("second");
  assert((await server.stop()).code === 0);
  const persist = server.persist;
  const began = performance.now();
  server = await start(code, { ...options, persist });
  const ready_s = (performance.now() - began) / 1000;
  await server.json("/late?name=first");
  const again_ms = await soon("third");
  await new Promise((resolve) => setTimeout(resolve, 2500));
  const cpuBefore = cpu_ms(server);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  const idle_ms = cpu_ms(server) - cpuBefore;
  context.diagnostic(
    `${count} pending: ready in ${ready_s.toFixed(2)} s, ${memory_mb(server).toFixed(0)} MB, ${idle_ms} ms of CPU in 2 idle seconds; one rings ` +
      `${late_ms} ms after its time, after a restart ${again_ms} ms`,
  );
  assert(late_ms >= 0 && late_ms < 5000, `${late_ms} ms late`);
  assert(again_ms >= 0 && again_ms < 5000, `${again_ms} ms late`);
  assert(idle_ms < 500, `${idle_ms} ms of CPU while nothing is due`);
  assert(threads(server) <= threadsBefore);
  await server.stop();
});
