// Alarms over time: restarts, crashes, another number of shards, failures, new code.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, peer, scratch, start, worker } from "./harness.mjs";

const skip = peer ? "looks into adit" : false;

const source = (version) => `
import { DurableObject } from "cloudflare:workers";
export class Clock extends DurableObject {
  async fetch(request) {
    const url = new URL(request.url);
    const { storage } = this.ctx;
    if (url.pathname === "/arm") {
      await storage.put("plan", url.searchParams.get("plan") ?? "");
      await storage.setAlarm(Date.now() + Number(url.searchParams.get("ms")));
    }
    if (url.pathname === "/crash") {
      // The write and the alarm are one: both are there afterwards, or none is.
      void storage.put("plan", "crashed");
      void storage.setAlarm(Date.now() + 1);
    }
    return Response.json({ runs: (await storage.get("runs")) ?? [], alarm: await storage.getAlarm(), plan: await storage.get("plan") });
  }
  async alarm(info) {
    const { storage } = this.ctx;
    const runs = (await storage.get("runs")) ?? [];
    runs.push({ retry: info.retryCount, name: this.ctx.id.name, version: ${version}, at: Date.now() });
    await storage.put("runs", runs);
    const plan = await storage.get("plan");
    if (plan === "fail") throw new Error("planned failure");
    if (plan === "hang" && runs.length === 1) await new Promise((resolve) => setTimeout(resolve, 60_000));
  }
}
export default {
  fetch(request, env) { return env.CLOCK.getByName(new URL(request.url).searchParams.get("name")).fetch(request); },
};`;

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
    "index.js": source(1),
  });

const shards = (count) => ["--shards", String(count)];
const names = Array.from({ length: 20 }, (_, index) => `clock-${index}`);
const armAll = (server, ms, plan = "") =>
  Promise.all(names.map((name) => server.json(`/arm?name=${name}&ms=${ms}&plan=${plan}`)));
const readAll = (server) => Promise.all(names.map((name) => server.json(`/?name=${name}`)));
const allRan = (server, times) =>
  eventually(async () =>
    assert.deepEqual(new Set((await readAll(server)).map(({ runs }) => runs.length)), new Set([times])),
  );

test(
  "alarms run after a restart, also those whose time has passed, and on another number of shards",
  { skip },
  async () => {
    const persist = scratch();
    const code = folder();
    let server = await start(code, { persist, args: shards(3) });
    await armAll(server, 1000);
    await server.stop();
    // Nobody asks these objects anything before their alarms have run.
    server = await start(code, { persist, args: shards(2) });
    await new Promise((resolve) => setTimeout(resolve, 1500));
    for (const [index, { runs, alarm }] of (await readAll(server)).entries()) {
      assert.equal(alarm, null);
      assert.deepEqual(
        runs.map(({ retry, name }) => [retry, name]),
        [[0, names[index]]],
      );
    }
    assert.equal((await server.stop()).code, 0);
  },
);

test("an alarm that a kill interrupts runs again, and one that it does not reach runs later", { skip }, async () => {
  const persist = scratch();
  const code = folder();
  let server = await start(code, { persist, args: shards(2) });
  await armAll(server, 10, "hang");
  await allRan(server, 1);
  await server.json("/arm?name=later&ms=600");
  server.kill("SIGKILL");
  await server.ended;
  server = await start(code, { persist, args: shards(2) });
  await allRan(server, 2);
  await eventually(async () => assert.equal((await server.json("/?name=later")).runs.length, 1));
  await server.stop();
});

test("whatever a kill leaves of a write, its alarm is there with it", { skip }, async () => {
  const persist = scratch();
  const code = folder();
  for (let round = 0; round < 5; round++) {
    const server = await start(code, { persist, args: shards(2) });
    // In the midst of them: when so many have been answered.
    let left = 1 + round * 6;
    let reached;
    const enough = new Promise((resolve) => (reached = resolve));
    const asked = Array.from({ length: 30 }, async (_, index) => {
      const answer = await server.json(`/crash?name=round-${round}-${index}`).catch(() => undefined);
      if (answer !== undefined && --left === 0) reached();
    });
    await enough;
    server.kill("SIGKILL");
    await server.ended;
    await Promise.all(asked);
  }
  const server = await start(code, { persist, args: shards(2) });
  await new Promise((resolve) => setTimeout(resolve, 500));
  let written = 0;
  for (let round = 0; round < 5; round++)
    for (let index = 0; index < 30; index++) {
      const { plan, runs } = await server.json(`/?name=round-${round}-${index}`);
      if (plan === "crashed") written++;
      assert.equal(runs.length > 0, plan === "crashed", `round ${round}, object ${index}`);
    }
  assert(written > 0, "every kill came before the first write");
  await server.stop();
});

test("an alarm that always fails is tried six times more, each time after twice the delay", { skip }, async () => {
  const server = await start(folder(), { env: { ADIT_ALARM_RETRY_MS: "10" } });
  await server.json("/arm?name=a&ms=1&plan=fail");
  await server.waitForOutput(/The alarm failed 7 times and is dropped: planned failure/);
  const { runs, alarm } = await server.json("/?name=a");
  assert.deepEqual(
    runs.map(({ retry }) => retry),
    [0, 1, 2, 3, 4, 5, 6],
  );
  for (let retry = 1; retry <= 6; retry++) assert(runs[retry].at - runs[retry - 1].at >= 10 * 2 ** (retry - 1) - 1);
  assert.equal(alarm, null);
  assert.match(server.output, /Uncaught \(in alarm\) .*planned failure/);
  await server.stop();
});

test("new code runs the alarms that were set, and those that it interrupted", { skip }, async () => {
  const code = folder();
  const server = await start(code);
  await server.json("/arm?name=running&ms=1&plan=hang");
  await eventually(async () => assert.equal((await server.json("/?name=running")).runs.length, 1));
  await server.json("/arm?name=waiting&ms=2000");
  writeFileSync(join(code, "index.js"), source(2));
  await server.waitForOutput(/Reloaded/);
  for (const [name, count] of [
    ["running", 2],
    ["waiting", 1],
  ])
    await eventually(async () => {
      const { runs } = await server.json(`/?name=${name}`);
      assert.equal(runs.length, count);
      assert.deepEqual([runs.at(-1).version, runs.at(-1).retry], [2, 0]);
    });
  await server.stop();
});
