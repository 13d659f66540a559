// The classes under test. Probe runs a scenario inside the object and answers with its result, so that a test can say what happens there.
import { DurableObject } from "cloudflare:workers";

export { Actor, Plain } from "./actor.js";
export { Alarmist } from "./alarmist.js";
export { Sleeper } from "./sleeper.js";

const describe = (error) => ({ name: error.name, message: error.message });
const attempt = async (work) => {
  try {
    return { value: await work() };
  } catch (error) {
    return { error: describe(error) };
  }
};

const scenarios = {
  async putAndGet({ storage }) {
    await storage.put("a", 1);
    await storage.put({ b: { deep: [1, 2, { x: "y" }] }, c: "text" });
    return [
      await storage.get("a"),
      await storage.get("b"),
      await storage.get("c"),
      (await storage.get("d")) === undefined,
    ];
  },
  async getMany({ storage }) {
    await storage.put({ one: 1, three: 3, two: 2 });
    const found = await storage.get(["two", "missing", "one"]);
    return [found instanceof Map, [...found]];
  },
  async types({ storage }) {
    const values = {
      date: new Date(86400000),
      map: new Map([["k", new Set([1, "two"])]]),
      bytes: new Uint8Array([1, 2, 3]),
      big: 12345678901234567890n,
      nan: NaN,
      nil: null,
      no: false,
      regexp: /a+/gi,
      error: new RangeError("kept"),
    };
    await storage.put(values);
    const read = await storage.get(Object.keys(values));
    return [
      read.get("date").getTime(),
      [...read.get("map").get("k")],
      [...read.get("bytes")],
      String(read.get("big")),
      Number.isNaN(read.get("nan")),
      read.get("nil"),
      read.get("no"),
      String(read.get("regexp")),
      read.get("error") instanceof RangeError,
      read.get("error").message,
    ];
  },
  async cycle({ storage }) {
    const value = { name: "self" };
    value.self = value;
    await storage.put("cycle", value);
    const read = await storage.get("cycle");
    return [read.self === read, read.name];
  },
  async valuesAreCopies({ storage }) {
    const value = { n: 1 };
    await storage.put("copy", value);
    value.n = 2;
    const first = await storage.get("copy");
    first.n = 3;
    return (await storage.get("copy")).n;
  },
  async deletes({ storage }) {
    await storage.put({ a: 1, b: 2, c: 3 });
    return [
      await storage.delete("a"),
      await storage.delete("a"),
      await storage.delete(["b", "c", "none"]),
      (await storage.list()).size,
    ];
  },
  async deleteAll({ storage }) {
    await storage.put({ a: 1, b: 2 });
    await storage.deleteAll();
    const empty = (await storage.list()).size;
    await storage.put("again", true);
    return [empty, [...(await storage.list()).keys()]];
  },
  async badPuts({ storage }) {
    return {
      noValue: await attempt(() => storage.put("u", undefined)),
      noClone: await attempt(() => storage.put({ good: 1, bad: () => {} })),
      size: (await storage.list()).size,
    };
  },
  async limits({ storage }) {
    const many = Array.from({ length: 129 }, (_, i) => `k${i}`);
    return {
      longKey: await attempt(() => storage.put("k".repeat(2049), 1)),
      manyKeys: await attempt(() => storage.get(many)),
      manyPuts: await attempt(() => storage.put(Object.fromEntries(many.map((key) => [key, 1])))),
      longValue: await attempt(() => storage.put("long", "x".repeat(2 * 1024 * 1024))),
      size: (await storage.list()).size,
    };
  },
  async list({ storage }) {
    await storage.put({ "a/1": 1, "a/2": 2, "a/3": 3, "b/1": 4, é: 5, "\u{1f600}": 6, "\uffee": 7 });
    const keys = async (options) => [...(await storage.list(options)).keys()];
    return {
      all: await keys(),
      prefix: await keys({ prefix: "a/" }),
      reverse: await keys({ prefix: "a/", reverse: true }),
      limit: await keys({ limit: 2 }),
      reverseLimit: await keys({ limit: 2, reverse: true }),
      start: await keys({ start: "a/2" }),
      startAfter: await keys({ startAfter: "a/2" }),
      end: await keys({ end: "a/3" }),
      startEnd: await keys({ start: "a/2", end: "b" }),
      prefixStart: await keys({ prefix: "a/", start: "a/2" }),
      prefixReverseLimit: await keys({ prefix: "a/", reverse: true, limit: 1 }),
      none: await keys({ prefix: "zzz" }),
      values: [...(await storage.list({ prefix: "b" }))],
    };
  },
  async listErrors({ storage }) {
    return [
      await attempt(() => storage.list({ start: "a", startAfter: "b" })),
      await attempt(() => storage.list({ limit: 0 })),
      await attempt(() => storage.list({ limit: -1 })),
    ];
  },
  async transaction({ storage }) {
    await storage.put("n", 1);
    const result = await storage.transaction(async (txn) => {
      const n = await txn.get("n");
      await txn.put("n", n + 1);
      await txn.put("m", "new");
      return [await txn.get("n"), (await txn.list()).size];
    });
    return [result, await storage.get("n"), await storage.get("m")];
  },
  async transactionThrows({ storage }) {
    await storage.put("n", 1);
    const outcome = await attempt(() =>
      storage.transaction(async (txn) => {
        await txn.put("n", 2);
        await txn.delete("n");
        throw new RangeError("no");
      }),
    );
    return [outcome, await storage.get("n")];
  },
  async transactionRollsBack({ storage }) {
    await storage.put("n", 1);
    const result = await storage.transaction(async (txn) => {
      await txn.put("n", 2);
      txn.rollback();
      return "done";
    });
    return [result, await storage.get("n")];
  },
  async transactionSync({ storage }) {
    storage.transactionSync(() => {
      storage.put("s", 1);
    });
    let thrown = "";
    try {
      storage.transactionSync(() => {
        storage.put("s", 2);
        throw new Error("undo");
      });
    } catch (error) {
      thrown = error.message;
    }
    return [await storage.get("s"), thrown];
  },
  async transactionsQueue({ storage }) {
    await storage.put("n", 0);
    await Promise.all(
      Array.from({ length: 10 }, () =>
        storage.transaction(async (txn) => {
          const n = await txn.get("n");
          await scheduler.wait(1);
          await txn.put("n", n + 1);
        }),
      ),
    );
    return await storage.get("n");
  },
  async sync({ storage }) {
    storage.put("k", "v");
    return [(await storage.sync()) === undefined, await storage.get("k")];
  },
  async options({ storage }) {
    await storage.put("k", 1, { allowUnconfirmed: true, noCache: true });
    return [
      await storage.get("k", { allowConcurrency: true, noCache: true }),
      await storage.delete("k", { allowUnconfirmed: true }),
    ];
  },
  async increment({ storage }) {
    const n = (await storage.get("n")) ?? 0;
    await storage.put("n", n + 1);
    return n + 1;
  },
  async incrementConcurrently({ storage }) {
    const n = (await storage.get("n", { allowConcurrency: true })) ?? 0;
    await storage.put("n", n + 1, { allowUnconfirmed: true });
    return n + 1;
  },
  async uncached({ storage }) {
    const value = { list: [1] };
    await storage.put("k", value, { noCache: true });
    value.list.push(2);
    const one = await storage.get("k", { noCache: true });
    one.list.push(3);
    await storage.put({ a: 1, b: 2 }, { noCache: true });
    return [
      await storage.get("k"),
      await storage.get("k", { noCache: true }),
      [...(await storage.get(["a", "b"], { noCache: true }))],
      [...(await storage.list({ prefix: "a", noCache: true, allowConcurrency: true }))],
      await storage.delete(["a", "b"], { noCache: true, allowUnconfirmed: true }),
    ];
  },
  async unconfirmed({ storage }) {
    void storage.put("k", "unconfirmed", { allowUnconfirmed: true });
    const seen = await storage.get("k");
    await storage.sync();
    await storage.deleteAll({ allowUnconfirmed: true });
    return [seen, (await storage.list()).size];
  },
  async jurisdiction(ctx) {
    return [ctx.id.jurisdiction ?? null, ctx.id.name ?? null, ctx.id.toString()];
  },
  async identity(ctx) {
    return [ctx.id.toString(), ctx.id.name ?? null, typeof ctx.waitUntil, typeof ctx.blockConcurrencyWhile];
  },
  async timers(ctx, object) {
    setTimeout(() => (object.ticked = true), 20);
    return true;
  },
  async ticked(ctx, object) {
    return object.ticked === true;
  },
};

export class Probe extends DurableObject {
  count = 0;
  active = 0;
  log = [];

  async fetch(request) {
    const url = new URL(request.url);
    const name = url.pathname.slice(1);
    if (name === "count") return Response.json(++this.count);
    if (name === "echo")
      return new Response(request.body, {
        status: 201,
        statusText: "Made",
        headers: {
          "x-method": request.method,
          "x-header": request.headers.get("x-header") ?? "",
          "x-query": url.search,
        },
      });
    if (name === "throw") throw new TypeError("from the object");
    if (name === "abort") this.ctx.abort("on purpose");
    if (name === "no-response") return "text";
    if (name === "block") {
      this.log.push("block begins");
      await this.ctx.blockConcurrencyWhile(async () => {
        await scheduler.wait(30);
        this.log.push("block ends");
      });
      return Response.json(this.log);
    }
    if (name === "log") {
      this.log.push("event");
      return Response.json(this.log);
    }
    if (name === "overlap") {
      this.active++;
      const most = this.active;
      await scheduler.wait(10);
      this.active--;
      return Response.json(most);
    }
    if (name === "race") {
      // Without an input gate between get and put, two of these would read the same number.
      const n = (await this.ctx.storage.get("race")) ?? 0;
      await this.ctx.storage.put("race", n + 1);
      return Response.json(n + 1);
    }
    if (name === "stream") {
      const { readable, writable } = new TransformStream();
      const writer = writable.getWriter();
      (async () => {
        for (let i = 0; i < 3; i++) await writer.write(new TextEncoder().encode(`part ${i};`));
        await writer.close();
      })();
      return new Response(readable);
    }
    if (name === "socket") {
      const [client, server] = Object.values(new WebSocketPair());
      server.accept();
      server.addEventListener("message", async (event) => {
        if (event.data === "write") {
          // The first waits for its write, the second for the first.
          await this.ctx.storage.put("message", event.data);
          server.send("written");
          server.send(new Uint8Array([1, 2]));
          server.send("after");
          return;
        }
        server.send(`${this.ctx.id.name}: ${event.data}`);
      });
      server.addEventListener("close", () => (this.closed = true));
      return new Response(null, { status: 101, webSocket: client });
    }
    return Response.json((await scenarios[name](this.ctx, this)) ?? null);
  }

  add(a, b) {
    return a + b;
  }
  async describe(value) {
    return { kind: Object.prototype.toString.call(value), at: this.ctx.id.name };
  }
  fail() {
    throw new RangeError("not today");
  }
}

// The older style: no base class.
export class Other {
  constructor(state, env) {
    this.state = state;
    this.env = env;
    this.value = undefined;
    state.blockConcurrencyWhile(async () => {
      await scheduler.wait(20);
      this.value = (await state.storage.get("value")) ?? "fresh";
    });
  }
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/peer") {
      const stub = this.env.PROBE.get(this.env.PROBE.idFromName(url.searchParams.get("name")));
      return stub.fetch("https://peer/count");
    }
    return Response.json([this.value, this.env.PROBE !== undefined]);
  }
}
