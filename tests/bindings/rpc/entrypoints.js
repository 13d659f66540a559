// What the RPC tests call: an entrypoint, an object with handlers, Durable Objects.
import { DurableObject, RpcStub, RpcTarget, WorkerEntrypoint } from "cloudflare:workers";
import { Counter, CustomError, Plain } from "./targets.js";

class Derived extends Counter {
  get derived() {
    return "derived";
  }
}

/** Each makes a value that is given away or refused. */
const values = {
  bigint: () => 12345678901234567890n,
  boxed: () => [Object(1), Object("s"), Object(false)],
  circular: () => {
    const value = { name: "circle" };
    value.self = value;
    return value;
  },
  date: () => new Date(1234567890123),
  domException: () => new DOMException("gone", "AbortError"),
  error: () => new TypeError("a value"),
  errorWithCause: () => new Error("outer", { cause: new RangeError("inner") }),
  frozen: () => Object.freeze({ a: 1 }),
  getter: () => ({
    get a() {
      return 5;
    },
    [Symbol("hidden")]: 1,
  }),
  headers: () =>
    new Headers([
      ["a", "1"],
      ["set-cookie", "x=1"],
      ["set-cookie", "y=2"],
    ]),
  map: () =>
    new Map([
      ["k", { v: 1 }],
      [2, [3]],
    ]),
  nestedNull: () => ({ a: null, b: undefined, c: [undefined, null] }),
  regExp: () => /a+b/giu,
  set: () => new Set([1, "two", { three: 3 }]),
  sparse: () => [1, , 3],
  typed: () => [new Uint8Array([1, 2, 3]), new Float64Array([1.5]), new BigInt64Array([7n])],
  buffer: () => new Uint8Array([9, 8]).buffer,
  view: () => new DataView(new Uint8Array([1, 2, 3, 4]).buffer, 1, 2),
  unicode: () => "grüße 👋 \u0000 \ud800",
  // Refused.
  symbol: () => Symbol("s"),
  nestedPromise: () => ({ promise: Promise.resolve(1) }),
  classInstance: () => new Plain(),
  nestedInstance: () => ({ list: [new Plain()] }),
  nullPrototype: () => Object.create(null),
  url: () => new URL("http://a/"),
  blob: () => new Blob(["a"]),
  formData: () => new FormData(),
  event: () => new Event("x"),
  weakMap: () => new WeakMap(),
  generator: () => (function* () {})(),
  webSocket: () => new WebSocketPair()[0],
  prototypeOnly: () => Object.create(Counter.prototype),
};

export class Rpc extends WorkerEntrypoint {
  constructor(ctx, env) {
    super(ctx, env);
    this.instanceProperty = "hidden";
  }
  hello(name) {
    return `hello ${name}`;
  }
  sum(...numbers) {
    return numbers.reduce((a, b) => a + b, 0);
  }
  argumentCount() {
    return arguments.length;
  }
  nothing() {}
  get property() {
    return "a property";
  }
  get nested() {
    return { a: { b: { c: 3 } } };
  }
  readInstanceProperty() {
    return this.instanceProperty;
  }
  _underscore() {
    return "_underscore";
  }
  echo(value) {
    return value;
  }
  async describe(value) {
    return {
      type: typeof value,
      tag: Object.prototype.toString.call(value),
      constructor: value?.constructor?.name,
      isStub: value instanceof RpcStub,
    };
  }
  make(kind) {
    return values[kind]();
  }
  props() {
    return this.ctx.props;
  }
  envKeys() {
    return [typeof this.env.RPC, typeof this.env.RPC_OBJECT];
  }
  waitUntil() {
    this.ctx.waitUntil(scheduler.wait(1));
    return "waits";
  }
  counter(count, label) {
    return new Counter(count, label);
  }
  async slowCounter(count) {
    await scheduler.wait(5);
    return new Counter(count);
  }
  derived() {
    return new Derived(10);
  }
  double() {
    return (x) => x * 2;
  }
  compose(f, g) {
    return (x) => f(g(x));
  }
  bundle(label) {
    return {
      add: (x) => x + 1,
      counter: new Counter(5, label),
      list: [() => "in a list"],
      map: new Map([["f", () => "in a map"]]),
      plain: [1, 2],
    };
  }
  twice(label) {
    const counter = new Counter(1, label);
    return { a: counter, b: counter };
  }
  async call(f, ...args) {
    return f(...args);
  }
  async callTwice(f) {
    return [await f(1), await f(2)];
  }
  callParallel(f) {
    return Promise.all([f(1), f(2), f(3)]);
  }
  async callLater(f) {
    await scheduler.wait(5);
    return f();
  }
  async use(counter) {
    return [await counter.increment(), await counter.increment(5), await counter.value, counter instanceof RpcStub];
  }
  useNested({ a: { counter } }) {
    return counter.increment(3);
  }
  async useResult(f) {
    return f().increment(7);
  }
  take() {
    return "taken";
  }
  async keep(stub) {
    Rpc.kept = stub;
    return stub.increment();
  }
  useKept() {
    return Rpc.kept.increment();
  }
  /** Answers once what it lent to another invocation is called. */
  async waitForCall() {
    const { promise, resolve } = Promise.withResolvers();
    await this.env.RPC.callInTheBackground(() => resolve("called"));
    return promise;
  }
  callInTheBackground(f) {
    const kept = f.dup();
    this.ctx.waitUntil(scheduler.wait(10).then(() => kept()));
  }
  async tryCall(f) {
    try {
      return await f();
    } catch (error) {
      return {
        name: error.name,
        message: error.message,
        remote: error.remote,
        isTypeError: error instanceof TypeError,
      };
    }
  }
  passOn(f, x) {
    return this.env.RPC.call(f, x);
  }
  passOnCounter(counter) {
    return this.env.RPC.use(counter);
  }
  returnRemote(count) {
    return this.env.RPC.counter(count);
  }
  throwCustom() {
    throw new CustomError("custom");
  }
  async throwAsync() {
    await scheduler.wait(1);
    throw new TypeError("async");
  }
  throwBuiltin(name, message) {
    throw new globalThis[name](message);
  }
  throwAggregate() {
    throw new AggregateError([new Error("one")], "several");
  }
  throwValue(value) {
    throw value;
  }
  throwDom() {
    throw new DOMException("dom", "NotFoundError");
  }
  throwNamed(name) {
    const error = new Error("renamed");
    error.name = name;
    throw error;
  }
  alarm() {}
  dup() {}
  connect() {}
  webSocketMessage() {}
  scheduled() {
    return "scheduled";
  }
  toJSON() {
    return "toJSON";
  }

  stream(...chunks) {
    return new ReadableStream({
      type: "bytes",
      start(controller) {
        for (const chunk of chunks) controller.enqueue(new TextEncoder().encode(chunk));
        controller.close();
      },
    });
  }
  endlessStream() {
    let canceled;
    const stream = new ReadableStream({
      type: "bytes",
      pull: (controller) => controller.enqueue(new Uint8Array(1000)),
      cancel: (reason) => (canceled = String(reason)),
    });
    return { stream, canceled: async () => (await scheduler.wait(10), canceled !== undefined) };
  }
  failingStream() {
    return new ReadableStream({
      type: "bytes",
      async pull(controller) {
        controller.enqueue(new Uint8Array([65]));
        await scheduler.wait(2);
        controller.error(new Error("stream failed"));
      },
    });
  }
  async readAll(stream) {
    return new Response(stream).text();
  }
  async countBytes(stream) {
    let count = 0;
    for await (const chunk of stream) count += chunk.byteLength;
    return count;
  }
  async write(writable, ...chunks) {
    const writer = writable.getWriter();
    for (const chunk of chunks) await writer.write(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
    await writer.close();
    return "written";
  }
  async writeText(writable) {
    const writer = writable.getWriter();
    await writer.write("text");
  }
  async abort(writable, reason) {
    await writable.abort(new Error(reason));
    return "aborted";
  }
  async request(request) {
    return [
      request instanceof Request,
      request.method,
      request.url,
      request.headers.get("x"),
      request.redirect,
      await request.text(),
    ];
  }
  async response(response) {
    return [
      response instanceof Response,
      response.status,
      response.statusText,
      response.headers.get("x"),
      await response.text(),
    ];
  }
  makeResponse(body, init) {
    return new Response(body, init);
  }
  makeStreamResponse() {
    return new Response(this.stream("a", "b", "c"), { headers: { "content-type": "text/x" } });
  }
  makeRequest(url, init) {
    return new Request(url, init);
  }
  webSocketResponse() {
    return new Response(null, { status: 101, webSocket: new WebSocketPair()[0] });
  }
  large(size) {
    return "x".repeat(size);
  }
  lengthOf(value) {
    return value.length ?? value.byteLength;
  }
  fetch(request) {
    if (new URL(request.url).pathname === "/throw") throw new RangeError("from fetch");
    if (new URL(request.url).pathname === "/props") return Response.json(this.ctx.props);
    return new Response(`${request.method} ${request.url} ${request.headers.get("x")}`, { status: 201 });
  }
}

export const handlers = {
  hello: (name, env, ctx) => `${name} ${typeof env.RPC} ${typeof ctx.waitUntil}`,
  none: () => "none",
  value: 5,
  isThis() {
    return this === handlers;
  },
};

export class RpcObject extends DurableObject {
  #count = 0;
  constructor(ctx, env) {
    super(ctx, env);
    this.instanceProperty = 1;
  }
  increment(by = 1) {
    return (this.#count += by);
  }
  get count() {
    return this.#count;
  }
  counter(count) {
    return new Counter(count);
  }
  async store(value) {
    await this.ctx.storage.put("value", value);
    return this.ctx.storage.get("value");
  }
  /** A target whose methods write: each answer waits for them. */
  storage() {
    return new Store(this.ctx.storage);
  }
  call(f, ...args) {
    return f(...args);
  }
  async callBack(f) {
    await this.ctx.storage.put("called", true);
    return f((await this.ctx.storage.get("called")) ? "after a write" : "lost");
  }
  readAll(stream) {
    return new Response(stream).text();
  }
  stream(size) {
    let left = size;
    return new ReadableStream({
      type: "bytes",
      pull(controller) {
        const count = Math.min(left, 10_000);
        left -= count;
        if (count > 0) controller.enqueue(new Uint8Array(count));
        if (left === 0) controller.close();
      },
    });
  }
  async write(writable, text) {
    const writer = writable.getWriter();
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
    return "written";
  }
  passOn(name, f) {
    return this.env.RPC_OBJECT.getByName(name).call(f, "passed on");
  }
  otherCounter(name, count) {
    return this.env.RPC_OBJECT.getByName(name).counter(count);
  }
  large(size) {
    return new Uint8Array(size);
  }
  fail() {
    throw new CustomError("in an object");
  }
  failWith(name) {
    throw new globalThis[name]("typed");
  }
  end() {
    this.ctx.abort("ended by itself");
  }
  alarm() {}
  webSocketClose() {}
}

class Store extends RpcTarget {
  #storage;
  constructor(storage) {
    super();
    this.#storage = storage;
  }
  async put(key, value) {
    await this.#storage.put(key, value);
    return this.get(key);
  }
  get(key) {
    return this.#storage.get(key);
  }
}

export class RpcPlain {
  method() {}
}
