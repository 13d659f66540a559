// Durable Objects over time: eviction when idle, a new version of the code, migrations that rename and delete.
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { launch, peer, scratch, start, worker } from "./harness.mjs";

const skip = peer ? "looks into adit" : false;

const source = (name, version) => `
export class ${name} {
  made = Math.random();
  constructor(state) { this.state = state; }
  async fetch(request) {
    if (request.url.endsWith("/put")) await this.state.storage.put("value", ((await this.state.storage.get("value")) ?? 0) + 1);
    return Response.json({ made: this.made, value: (await this.state.storage.get("value")) ?? 0, version: ${version} });
  }
}
export default {
  fetch(request, env) { return env.THING.get(env.THING.idFromName("one")).fetch(request); },
};`;

const configuration = (className, migrations) => `name = "objects"
main = "src/index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "THING"
class_name = "${className}"
${migrations.map((text, i) => `[[migrations]]\ntag = "v${i + 1}"\n${text}\n`).join("")}`;

const files = (className, migrations) => ({
  "wrangler.toml": configuration(className, migrations),
  "src/index.js": source(className, 1),
});

const recordOf = (persist) => JSON.parse(readFileSync(join(persist, "durable_objects.json"), "utf8")).workers.objects;
const classesOf = (persist) => recordOf(persist).classes;

test("an idle object leaves memory and keeps its storage", { skip }, async () => {
  const server = await start(worker(files("Thing", ['new_classes = ["Thing"]'])), {
    env: { ADIT_OBJECT_IDLE_MS: "200" },
  });
  const first = await server.json("/put");
  assert.equal((await server.json("/")).made, first.made);
  await new Promise((resolve) => setTimeout(resolve, 700));
  const later = await server.json("/");
  assert.notEqual(later.made, first.made);
  assert.equal(later.value, 1);
  await server.stop();
});

test("new code resets the objects", { skip }, async () => {
  const folder = worker(files("Thing", ['new_classes = ["Thing"]']));
  const server = await start(folder);
  const first = await server.json("/put");
  writeFileSync(join(folder, "src/index.js"), source("Thing", 2));
  await server.waitForOutput(/Reloaded/);
  const second = await server.json("/put");
  assert.equal(second.version, 2);
  assert.notEqual(second.made, first.made);
  assert.equal(second.value, 2);
  await server.stop();
});

test("a renamed class keeps its data, a deleted one loses it, and each migration runs once", { skip }, async () => {
  const persist = scratch();
  const run = async (className, migrations, path) => {
    const server = await start(worker(files(className, migrations)), { persist });
    const answer = await server.json(path);
    await server.stop();
    return answer.value;
  };
  const made = ['new_sqlite_classes = ["Thing"]'];
  assert.equal(await run("Thing", made, "/put"), 1);
  const renamed = [...made, 'renamed_classes = [{ from = "Thing", to = "Better" }]'];
  assert.equal(await run("Better", renamed, "/put"), 2);
  assert.equal(await run("Better", renamed, "/"), 2);
  const deleted = [...renamed, 'deleted_classes = ["Better"]', 'new_sqlite_classes = ["Better"]'];
  const { Better } = classesOf(persist);
  assert(existsSync(join(persist, "ledgers", Better)));
  assert.equal(await run("Better", deleted, "/"), 0);
  assert.notEqual(classesOf(persist).Better, Better);
  await run("Better", deleted, "/");
  assert(!existsSync(join(persist, "ledgers", Better)), "a deleted class's data is on the disk after the next start");
  assert.equal(recordOf(persist).tag, "v4");
});

test("a transferred class brings its data to its new worker, and its old worker has it no more", { skip }, async () => {
  const persist = scratch();
  const run = async (name, className, migrations, path) => {
    const text = configuration(className, migrations).replace('name = "objects"', `name = "${name}"`);
    const server = await start(worker({ "wrangler.toml": text, "src/index.js": source(className, 1) }), { persist });
    const answer = await server.fetch(path);
    await server.stop();
    return answer.status === 200 ? JSON.parse(answer.text).value : answer.text;
  };
  const made = ['new_sqlite_classes = ["Thing"]'];
  const taken = ['transferred_classes = [{ from = "Thing", from_script = "old", to = "Taken" }]'];
  assert.equal(await run("old", "Thing", made, "/put"), 1);
  assert.equal(await run("new", "Taken", taken, "/put"), 2);
  assert.equal(await run("new", "Taken", taken, "/"), 2);
  // Its old worker begins anew with the name, and takes nothing back.
  assert.equal(await run("old", "Thing", made, "/put"), 1);
  assert.equal(await run("new", "Taken", taken, "/"), 2);
  const wrong = ['transferred_classes = [{ from = "Nothing", from_script = "new", to = "Thing" }]'];
  const failed = launch(
    worker({
      "wrangler.toml": configuration("Thing", wrong).replace('name = "objects"', 'name = "third"'),
      "src/index.js": source("Thing", 1),
    }),
    { persist },
  );
  const { ended } = await failed;
  assert.equal((await ended).code, 1);
  assert.match((await failed).output, /transfers the class Nothing from the worker new, which has no such class/);
});

test("a deleted class's alarms are gone with it, also when a class of its name is made anew", { skip }, async () => {
  const persist = scratch();
  const code = `
export class Thing {
  constructor(state) { this.state = state; }
  async fetch(request) {
    if (request.url.endsWith("/arm")) await this.state.storage.setAlarm(Date.now() + 1500);
    return Response.json(await this.state.storage.getAlarm());
  }
  alarm() { console.log("the alarm rang"); }
}
export default {
  fetch(request, env) { return env.THING.get(env.THING.idFromName("one")).fetch(request); },
};`;
  const launched = (migrations) =>
    start(worker({ "wrangler.toml": configuration("Thing", migrations), "src/index.js": code }), { persist });
  const made = ['new_sqlite_classes = ["Thing"]'];
  let server = await launched(made);
  assert.equal(typeof (await server.json("/arm")), "number");
  await server.stop();
  server = await launched([...made, 'deleted_classes = ["Thing"]', 'new_sqlite_classes = ["Thing"]']);
  assert.equal(await server.json("/"), null);
  await new Promise((resolve) => setTimeout(resolve, 2000));
  assert.doesNotMatch(server.output, /rang/);
  // Another alarm of the new class does ring.
  await server.json("/arm");
  await server.waitForOutput(/the alarm rang/);
  await server.stop();
});

test("how long the past is kept is remembered by the state", { skip }, async () => {
  const persist = scratch();
  const code = worker(files("Thing", ['new_sqlite_classes = ["Thing"]']));
  const days = () => readFileSync(join(persist, "history_days"), "utf8");
  for (const [args, kept] of [
    [[], "30\n"],
    [["--history-days", "7"], "7\n"],
    [[], "7\n"],
    [["--history-days", "365"], "365\n"],
  ]) {
    const server = await start(code, { persist, args });
    await server.json("/put");
    await server.stop();
    assert.equal(days(), kept);
  }
});

test("a critical section that takes too long resets the object", { skip }, async () => {
  const code = worker({
    "wrangler.toml": configuration("Thing", ['new_sqlite_classes = ["Thing"]']),
    "src/index.js": `
export class Thing {
  made = Math.random();
  constructor(state) { this.state = state; }
  async fetch(request) {
    if (request.url.endsWith("/hang")) await this.state.blockConcurrencyWhile(() => new Promise(() => {}));
    return Response.json({ made: this.made });
  }
}
export default {
  fetch(request, env) {
    return env.THING.get(env.THING.idFromName("one")).fetch(request).catch((error) => Response.json({ error: error.message, reset: error.durableObjectReset }));
  },
};`,
  });
  const server = await start(code, { env: { ADIT_OBJECT_SECTION_MS: "100" } });
  const { made } = await server.json("/");
  const [hung, waited] = await Promise.all([server.json("/hang"), server.json("/")]);
  assert.match(hung.error, /blockConcurrencyWhile\(\) in a Durable Object waited for too long/);
  assert.equal(hung.reset, true);
  assert(waited.error !== undefined || waited.made !== undefined);
  assert.notEqual((await server.json("/")).made, made);
  await server.stop();
});

test("32 callers on every shard find one instance, also while it comes and goes", { skip }, async () => {
  const code = worker({
    "wrangler.toml": configuration("Thing", ['new_sqlite_classes = ["Thing"]']),
    "src/index.js": `
export class Thing {
  constructor(state) { this.state = state; }
  async fetch() {
    const value = ((await this.state.storage.get("n")) ?? 0) + 1;
    await this.state.storage.put("n", value);
    return Response.json({ value });
  }
}
export default {
  fetch(request, env) { return env.THING.get(env.THING.idFromName(new URL(request.url).pathname)).fetch(request); },
};`,
  });
  const server = await start(code, { env: { ADIT_OBJECT_IDLE_MS: "10" }, args: ["--shards", "4"] });
  const values = new Map();
  for (let round = 0; round < 5; round++) {
    await Promise.all(
      Array.from({ length: 32 }, async (_, caller) => {
        for (let index = 0; index < 4; index++) {
          const name = `/object-${(caller + index) % 4}`;
          const { value } = await server.json(name);
          values.set(name, [...(values.get(name) ?? []), value]);
        }
      }),
    );
    await new Promise((resolve) => setTimeout(resolve, 60));
  }
  // Two instances at once would give a value twice.
  for (const seen of values.values())
    assert.deepEqual(
      seen.sort((a, b) => a - b),
      Array.from({ length: 160 }, (_, index) => index + 1),
    );
  await server.stop();
});
