// A namespace of many keys: what a get and a list cost does not grow with it, nor does memory; sweeping looks at what has expired only.
// 50,000 keys here, a million with ADIT_LONG=1, ADIT_KV_KEYS=10000000: that many. They are put by a worker, as any worker puts.
import assert from "node:assert/strict";
import test from "node:test";
import { sanitized, start, worker } from "./harness.mjs";
import { cpu_ms, memory_mb } from "./measure.mjs";

const most = Number(process.env.ADIT_KV_KEYS ?? (process.env.ADIT_LONG ? 1_000_000 : 50_000));
const sizes = [10_000, 1_000_000, 10_000_000].filter((size) => size < most).concat(most);

// A key is its number and some letters that are no order; every hundredth expires. Times are of many calls, since clocks are coarse.
const source = `
const nameOf = (number) => "key/" + String(Math.floor(number / 1000)).padStart(6, "0") + "/" + String(number % 1000).padStart(3, "0");
export default {
  async fetch(request, { KV }) {
    const url = new URL(request.url);
    const [from, count, step] = ["from", "count", "step"].map((name) => Number(url.searchParams.get(name)));
    switch (url.pathname) {
      case "/fill": {
        const puts = [];
        for (let number = from; number < from + count; number++)
          puts.push(KV.put(nameOf(number), "the value of " + number, {
            metadata: { number },
            ...(number % 100 === 0 && { expirationTtl: 86_400 }),
          }));
        await Promise.all(puts);
        return new Response("filled");
      }
      case "/get":
        for (let number = from % step, turn = 0; turn < count; turn++, number = (number + 7_368_787) % step) {
          const { value, metadata } = await KV.getWithMetadata(nameOf(number));
          if (value !== "the value of " + number || metadata.number !== number) throw new Error(nameOf(number) + ": " + value);
        }
        return new Response("got");
      case "/list":
        for (let number = from % step, turn = 0; turn < count; turn++, number = (number + 7_368_787) % step) {
          const { keys } = await KV.list({ prefix: nameOf(number).slice(0, 11), limit: 100 });
          if (keys.length !== 100) throw new Error(number + ": " + keys.length);
        }
        return new Response("listed");
      case "/everything": {
        let seen = 0, pages = 0, last = "";
        for (let cursor, done = false; !done; pages++) {
          const page = await KV.list({ cursor });
          for (const { name } of page.keys) {
            if (name <= last) throw new Error(name + " after " + last);
            last = name;
          }
          seen += page.keys.length;
          ({ cursor, list_complete: done } = page);
          if (pages === 900) break; // an invocation's subrequests
        }
        return Response.json({ seen, pages });
      }
    }
    return new Response("ready");
  },
};`;
const settings = '[[kv_namespaces]]\nbinding = "KV"\nid = "many"\n';

test(
  "gets and lists cost the same however many keys there are",
  { skip: sanitized, timeout: 3_600_000 },
  async (context) => {
    const server = await start(worker({ "src/index.js": source }, settings), {
      args: ["--shards", "1", "--log-level", "warn"],
    });
    const ask = async (path) => {
      const response = await fetch(new URL(path, server.url));
      const text = await response.text();
      assert.equal(response.status, 200, text);
      return text;
    };
    // CPU of the process per call, the best of three: other processes' load is not in it.
    const costOf = async (path, count, size) => {
      const costs = [];
      for (let round = 0; round < 3; round++) {
        const before = cpu_ms(server);
        for (let turn = 0; turn < 10; turn++)
          await ask(`${path}?from=${round * 10 + turn}&count=${count / 10}&step=${size}`);
        costs.push(((cpu_ms(server) - before) * 1000) / count);
      }
      return Math.min(...costs);
    };
    const idle_mb = memory_mb(server, "RssAnon");
    const batch = 500;
    const measured = [];
    let filled = 0;
    for (const size of sizes) {
      const before = { cpu_ms: cpu_ms(server), filled };
      const lanes = Array.from({ length: 4 }, async () => {
        while (filled < size) {
          const from = filled;
          filled += batch;
          await ask(`/fill?from=${from}&count=${batch}`);
        }
      });
      await Promise.all(lanes);
      const put_us = ((cpu_ms(server) - before.cpu_ms) * 1000) / (filled - before.filled);
      const get_us = await costOf("/get", 10_000, size);
      const list_us = await costOf("/list", 1000, size);
      const grown_mb = memory_mb(server, "RssAnon") - idle_mb;
      measured.push({ size, put_us, get_us, list_us, grown_mb });
      const numbers = [put_us, get_us, list_us].map((value) => value.toFixed(1)).join(", ");
      context.diagnostic(
        `${size} keys: put, get, list of 100: ${numbers} us of CPU; ${grown_mb.toFixed(0)} MB above idle`,
      );
    }
    const [small, large] = [measured[0], measured.at(-1)];
    for (const name of ["put_us", "get_us", "list_us"])
      assert(
        large[name] < 4 * small[name] + 5,
        `${name}: ${small[name]} with ${small.size} keys, ${large[name]} with ${large.size}`,
      );
    assert(large.grown_mb < 80, `${large.grown_mb} MB above idle`);
    const { seen, pages } = JSON.parse(await ask("/everything"));
    assert.equal(seen, Math.min(filled, 901_000), `in ${pages} pages`);
    await server.stop();
  },
);
