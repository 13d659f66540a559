// What must hold when the process dies at any moment: a write whose answer the client got is there after the restart.
// ROUNDS sets how often the process is killed (50; 500 with ./test --long); SEED repeats a run's times of death.
import assert from "node:assert/strict";
import { appendFileSync, openSync, ftruncateSync, closeSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { example, start, worker } from "../harness.mjs";

const keyValueWorker = `
  export default {
    async fetch(request, env) {
      const key = new URL(request.url).pathname.slice(1);
      if (request.method === "PUT") { await env.KV.put(key, await request.text()); return new Response("ok"); }
      return new Response(await env.KV.get(key));
    },
  };`;

const rounds = Number(process.env.ROUNDS ?? (process.env.ADIT_LONG ? 500 : 50));
const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);

function randomNumbers(state) {
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

test(`kill -9 in the middle of writes, ${rounds} rounds: no acknowledged write is lost (seed ${seed})`, async () => {
  const random = randomNumbers(seed);
  const names = ["a", "b", "c", "d"];
  // What the client knows of each counter: the value of the last answer, and how many increments it sent without getting an answer.
  const known = new Map(names.map((name) => [name, { acknowledged: 0, unknown: 0 }]));
  let persist;
  let writes = 0;
  for (let round = 0; round < rounds; round++) {
    const server = await start(example("counter"), { persist });
    persist = server.persist;
    for (const name of names) {
      const { value } = await server.json(`/${name}`);
      const { acknowledged, unknown } = known.get(name);
      assert(
        value >= acknowledged && value <= acknowledged + unknown,
        `round ${round}, seed ${seed}: ${name} is ${value}, acknowledged ${acknowledged}, without an answer ${unknown}`,
      );
      known.set(name, { acknowledged: value, unknown: 0 });
    }
    let dead = false;
    const writers = names
      .flatMap((name) => [name, name])
      .map(async (name) => {
        const state = known.get(name);
        while (!dead) {
          state.unknown++;
          try {
            const response = await fetch(`${server.url}/${name}/increment`, { method: "POST" });
            const { value } = await response.json();
            if (response.status !== 200) continue;
            writes++;
            // Answers may come in another order than the writes were made.
            if (value > state.acknowledged) {
              state.unknown = Math.max(0, state.unknown - (value - state.acknowledged));
              state.acknowledged = value;
            }
          } catch {
            return;
          }
        }
      });
    await new Promise((resolve) => setTimeout(resolve, 5 + random() * 150));
    server.kill("SIGKILL");
    await server.ended;
    dead = true;
    await Promise.all(writers);
    // Two writers per name: at most that many were under way.
    for (const state of known.values()) state.unknown = 2;
  }
  assert(writes > rounds, `only ${writes} writes in ${rounds} rounds`);
});

function logFiles(folder) {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && /log/.test(entry.name))
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name))
    .map((path) => ({ path, ...(({ size, mtimeMs }) => ({ size, mtimeMs }))(statSync(path)) }))
    .filter(({ size }) => size > 0);
  return found.sort((a, b) => b.mtimeMs - a.mtimeMs);
}

// The same history on both kinds of state: 20 acknowledged writes of one value, then kill -9.
const states = {
  "a Durable Object": {
    folder: () => example("counter"),
    read: async (server) => (await server.json("/a")).value,
    write: async (server, value) => assert.deepEqual(await server.json("/a/increment", { method: "POST" }), { value }),
  },
  KV: {
    folder: () => worker({ "src/index.js": keyValueWorker }, '[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n'),
    read: async (server) => Number((await server.fetch("/a")).text),
    write: async (server, value) =>
      assert.equal((await server.fetch("/a", { method: "PUT", body: String(value) })).status, 200),
  },
};

async function writtenAndKilled(state, count) {
  const server = await start(state.folder());
  for (let value = 1; value <= count; value++) await state.write(server, value);
  server.kill("SIGKILL");
  await server.ended;
  return server.persist;
}

for (const [name, state] of Object.entries(states)) {
  for (const [what, tail] of [
    ["zeros", Buffer.alloc(5000)],
    ["noise", Buffer.from(Array.from({ length: 3001 }, (_, index) => (index * 7919) & 255))],
    ["a single octet", Buffer.from([1])],
  ]) {
    test(`${name}: a log that ends in ${what} loses nothing that was acknowledged, and goes on`, async () => {
      const persist = await writtenAndKilled(state, 20);
      const [log] = logFiles(persist);
      assert(log, `no log file in ${readdirSync(persist, { recursive: true })}`);
      appendFileSync(log.path, tail);
      for (let expected = 20; expected < 23; expected++) {
        const server = await start(state.folder(), { persist });
        assert.equal(await state.read(server), expected);
        await state.write(server, expected + 1);
        server.kill("SIGKILL");
        await server.ended;
      }
    });
  }

  test(`${name}: a log that was cut in its last record has the value before it, and goes on`, async () => {
    const persist = await writtenAndKilled(state, 20);
    const [log] = logFiles(persist);
    const file = openSync(log.path, "r+");
    ftruncateSync(file, log.size - 3);
    closeSync(file);
    const server = await start(state.folder(), { persist });
    const value = await state.read(server);
    assert(value === 19 || value === 20, `the value is ${value}`);
    await state.write(server, value + 1);
    await server.stop();
  });
}

test("KV values that were acknowledged survive kill -9", async () => {
  const folder = states.KV.folder();
  let persist;
  const kept = new Map();
  for (let round = 0; round < 5; round++) {
    const server = await start(folder, { persist });
    persist = server.persist;
    for (const [key, value] of kept) assert.equal((await server.fetch(`/${key}`)).text, value);
    let dead = false;
    const writer = (async () => {
      for (let index = 0; !dead; index++) {
        const [key, value] = [`key-${round}-${index}`, `value ${index}`.repeat(50)];
        try {
          if ((await fetch(`${server.url}/${key}`, { method: "PUT", body: value })).status === 200)
            kept.set(key, value);
        } catch {
          return;
        }
      }
    })();
    await new Promise((resolve) => setTimeout(resolve, 150));
    server.kill("SIGKILL");
    await server.ended;
    dead = true;
    await writer;
  }
  assert(kept.size > 5);
});
