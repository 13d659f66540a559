// A process that nobody asks anything costs nothing, and is as strict as ever with whom it wakes up for.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { peer, start, worker } from "./harness.mjs";
import { cpu_ms, proc } from "./measure.mjs";

const skip = peer ? "looks into adit" : false;

const wakeUps = (server) =>
  readdirSync(proc(server, "task"))
    .map((thread) => readFileSync(proc(server, `task/${thread}/status`), "utf8"))
    .reduce((sum, status) => sum + Number(/^voluntary_ctxt_switches:\s+(\d+)/m.exec(status)[1]), 0);

test("an idle process hardly wakes up, and still stops a loop that comes then", { skip }, async () => {
  const server = await start(
    worker({
      "wrangler.toml": `name = "idle"\nmain = "index.js"\ncompatibility_date = "2026-01-01"\n[limits]\ncpu_ms = 50`,
      "index.js": `export default {
  fetch(request) {
    if (new URL(request.url).pathname === "/loop") for (;;);
    return new Response("hello");
  },
};`,
    }),
  );
  assert.equal((await server.fetch("/")).text, "hello");
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const before = wakeUps(server);
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const in4s = wakeUps(server) - before;
  assert(in4s <= 40, `${in4s} wake-ups in 4 s`);

  const cpu = cpu_ms(server);
  assert.equal((await server.fetch("/loop")).status, 503);
  assert(cpu_ms(server) - cpu < 1500, `${cpu_ms(server) - cpu} ms of CPU`);
  assert.equal((await server.fetch("/")).text, "hello");
  await server.stop();
});
