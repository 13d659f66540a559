// Actor runs source-free scripts: each path or method is one behaviour that a test needs inside an object. Plain is a class without a base.
import { DurableObject } from "cloudflare:workers";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

export class Actor extends DurableObject {
  made = crypto.randomUUID();
  log = [];
  own = 5;

  constructor(ctx, env) {
    super(ctx, env);
    if (ctx.id.name?.startsWith("throws")) throw new RangeError("no constructor");
    if (ctx.id.name?.startsWith("block-throws"))
      ctx.blockConcurrencyWhile(async () => {
        await sleep(5);
        throw new TypeError("no start");
      });
    if (ctx.id.name?.startsWith("slow"))
      ctx.blockConcurrencyWhile(async () => {
        await sleep(50);
        this.ready = true;
      });
  }

  async fetch(request) {
    const { pathname } = new URL(request.url);
    return this[`on_${pathname.slice(1)}`](request);
  }

  on_made = () => new Response(this.made);
  on_ready = () => new Response(String(this.ready));
  on_echo = (request) => new Response(request.body, { headers: request.headers });
  on_text = async (request) => new Response(`${request.method} ${await request.text()}`);
  on_setAlarm = () => this.ctx.storage.setAlarm(Date.now());
  on_redirect = () => new Response(null, { status: 302, headers: { location: "/made" } });
  on_status = () => new Response(null, { status: 204, statusText: "Nothing" });
  on_immutable = (request) => {
    try {
      request.headers.set("a", "b");
      return new Response("changed");
    } catch (error) {
      return new Response(error.message);
    }
  };
  on_stream = () => {
    let count = 0;
    return new Response(
      new ReadableStream({
        async pull(controller) {
          await sleep(1);
          if (count === 50) return controller.close();
          controller.enqueue(new TextEncoder().encode(`${count++};`));
        },
      }),
    );
  };
  on_big = () => {
    let count = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (count === 64) return controller.close();
          controller.enqueue(new Uint8Array(65536).fill(count++));
        },
      }),
    );
  };
  on_endless = () =>
    new Response(
      new ReadableStream({
        pull: (controller) => sleep(1).then(() => controller.enqueue(new Uint8Array(1000))),
        cancel: () => {
          this.cancelled = true;
        },
      }),
    );
  on_cancelled = () => new Response(String(this.cancelled === true));
  on_break = () => {
    let count = 0;
    return new Response(
      new ReadableStream({
        pull(controller) {
          if (count++ === 3) controller.error(new Error("broken stream"));
          else controller.enqueue(new Uint8Array(10));
        },
      }),
    );
  };
  on_throw = async (request) => {
    const name = new URL(request.url).searchParams.get("name");
    if (name === "string") throw "a string";
    if (name === "object") throw { a: 1 };
    if (name === "dom") throw new DOMException("dom text", "DataError");
    if (name === "custom") throw Object.assign(new Error("custom text"), { name: "MyError", code: 7 });
    throw new globalThis[name](`${name} text`);
  };
  on_none = () => undefined;
  on_number = () => 5;
  on_abort = () => this.ctx.abort("stop");
  on_abortPlain = () => this.ctx.abort();

  on_increment = async () => {
    const value = ((await this.ctx.storage.get("n")) ?? 0) + 1;
    await this.ctx.storage.put("n", value);
    return new Response(String(value));
  };
  on_value = async () => new Response(String(await this.ctx.storage.get("n")));
  on_putThenThrow = async () => {
    await this.ctx.storage.put("n", 77);
    throw new Error("after the put");
  };
  on_putThenAbort = async () => {
    await this.ctx.storage.put("n", 78);
    await this.ctx.storage.sync();
    this.ctx.abort("after the put");
  };
  on_selfIncrement = async () => {
    const self = this.env.ACTOR.get(this.ctx.id);
    const answers = Promise.all(Array.from({ length: 10 }, () => self.fetch("http://o/increment")));
    const before = (await this.ctx.storage.get("n")) ?? 0;
    await this.ctx.storage.put("n", before + 100);
    return Response.json(await Promise.all((await answers).map(async (answer) => Number(await answer.text()))));
  };
  on_forward = async (request) => {
    const to = new URL(request.url).searchParams.get("to");
    return this.env.ACTOR.getByName(to).fetch("http://o/made");
  };
  on_afterReplies = async (request) => {
    // Each continuation reads and writes; none may come between another's two steps.
    const to = new URL(request.url).searchParams.get("to");
    await this.ctx.storage.put("n", 0);
    await Promise.all(
      Array.from({ length: 10 }, async () => {
        await this.env.ACTOR.getByName(to).fetch("http://o/made");
        const value = await this.ctx.storage.get("n");
        await this.ctx.storage.put("n", value + 1);
      }),
    );
    return this.on_value();
  };

  on_blockAround = async () => {
    const note = (text) => this.log.push(text);
    const done = this.ctx.blockConcurrencyWhile(async () => {
      note("in");
      await sleep(30);
      note("out");
      return "result";
    });
    note("called");
    note(await done);
    return Response.json(this.log);
  };
  on_note = async () => {
    this.log.push("event");
    return new Response("noted");
  };
  on_twoBlocks = async () => {
    const log = [];
    const section = (name) =>
      this.ctx.blockConcurrencyWhile(async () => {
        log.push(name);
        await sleep(5);
        log.push(`${name} end`);
      });
    await Promise.all([section("a"), section("b")]);
    return Response.json(log);
  };
  on_nestedBlocks = async () => {
    const log = [];
    await this.ctx.blockConcurrencyWhile(async () => {
      log.push("outer");
      await this.ctx.blockConcurrencyWhile(async () => {
        await sleep(5);
        log.push("inner");
      });
      log.push("outer end");
    });
    return Response.json(log);
  };
  on_blockCaught = async () => {
    try {
      await this.ctx.blockConcurrencyWhile(async () => {
        throw new RangeError("in the section");
      });
    } catch (error) {
      return new Response(`caught ${error.message}`);
    }
    return new Response("nothing thrown");
  };
  on_transactions = async () => {
    const log = [];
    await this.ctx.storage.put("v", 0);
    const add = (name, amount, ms) =>
      this.ctx.storage.transaction(async (transaction) => {
        log.push(name);
        await sleep(ms);
        await transaction.put("v", (await transaction.get("v")) + amount);
        log.push(`${name} end`);
      });
    await Promise.all([add("a", 1, 20), add("b", 10, 1)]);
    return Response.json([...log, await this.ctx.storage.get("v")]);
  };
  on_failedTransaction = async () => {
    const log = [];
    const failing = this.ctx.storage
      .transaction(async (transaction) => {
        await transaction.put("w", 1);
        await sleep(10);
        throw new Error("rolled back");
      })
      .catch((error) => log.push(error.message));
    await this.ctx.storage.put("outside", 5);
    await failing;
    return Response.json([...log, (await this.ctx.storage.get("w")) ?? null, await this.ctx.storage.get("outside")]);
  };
  on_nestedTransactions = async () => {
    const { storage } = this.ctx;
    await storage.transaction(async (transaction) => {
      await transaction.put("t", 5);
      await storage
        .transaction(async (inner) => {
          await inner.put("t", 6);
          throw new Error("inner");
        })
        .catch(() => {});
    });
    return Response.json(await storage.get("t"));
  };

  on_socket = (request) => {
    const [client, server] = Object.values(new WebSocketPair());
    server.accept();
    server.binaryType = "arraybuffer";
    server.addEventListener("message", async ({ data }) => {
      if (data === "close") return server.close(4001, "as asked");
      if (data === "abort") {
        try {
          this.ctx.abort("by message");
        } catch {}
        return;
      }
      if (data === "store") {
        await this.ctx.storage.put("n", 1000);
        server.send("stored");
        server.send("after");
        return;
      }
      server.send(typeof data === "string" ? `echo ${data}` : data);
    });
    server.addEventListener("close", ({ code }) => this.log.push(`closed ${code}`));
    if (new URL(request.url).searchParams.has("greet")) for (let i = 0; i < 20; i++) server.send(`greeting ${i}`);
    return new Response(null, { status: 101, webSocket: client });
  };
  on_log = () => Response.json(this.log);

  add(a, b) {
    return a + b;
  }
  async values() {
    return { map: new Map([[1, new Date(5)]]), bytes: new Uint8Array([1, 2]), nothing: undefined };
  }
  count() {
    return arguments.length;
  }
  fail() {
    throw new RangeError("method text");
  }
  get accessor() {
    return 9;
  }
  async kept() {
    await this.ctx.storage.put("rpc", { deep: [1] });
    return this.ctx.storage.get("rpc");
  }
}

export class Plain {
  constructor(state, env) {
    this.state = state;
    this.env = env;
  }
  async fetch() {
    await this.state.storage.put("p", 1);
    return new Response(`${this.state.id.name} ${typeof this.env.ACTOR} ${await this.state.storage.get("p")}`);
  }
  method() {
    return 1;
  }
}
