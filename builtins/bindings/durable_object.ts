// Durable Objects (Workers docs, Durable Objects, API): namespaces, ids, stubs and the live objects of this isolate.
// An object is one instance of an exported class per id, made at its first event, kept while it is in use. Its events run under an
// invocation of its own, so that its timers and sockets outlive the request that started them. Its answers leave when its writes are on disk.
// Invariant: at most one live object per class and id; a reset object's instance gets no event and no storage any more.

import { waitFor } from "../context";
import { type BindingDescription, env, registerBinding, requiredExports } from "../env";
import { entry, workerExports } from "../entry";
import { native } from "../native";
import { setOutputGate } from "../web/output_gate";
import { Request } from "../web/request";
import { isResponse, type Response, responseWebSocket } from "../web/response";
import { structuredClone } from "../web/structured_clone";
import { clearTimeout, setTimeout } from "../web/timers";
import { currentInvocation } from "../workers_module";
import { DurableObjectStorage, type StorageHandle } from "./durable_object_storage";

const ops = native<{
  durable_id_from_name(className: string, name: string): string;
  durable_id_unique(className: string): string;
  durable_id_belongs(className: string, id: string): boolean;
  durable_open(className: string, id: string): StorageHandle | Promise<StorageHandle>;
  storage_durable(storage: StorageHandle): Promise<void> | undefined;
  context_get(): unknown;
  context_set(context: unknown): void;
  invocation_hold(id: number, delta: number): void;
  invocation_begin_detached(): number;
  invocation_end_detached(id: number): void;
  turn_number(): number;
  next_turn(): Promise<void>;
}>();

/** blockConcurrencyWhile() may take this long before the object is reset. */
const BLOCK_LIMIT_MS = 30_000;

const NAMES_REMEMBERED = 4096;

const secret = Symbol("internal");

export class DurableObjectId {
  #hex: string;
  #className: string;
  readonly name?: string;
  constructor(token: typeof secret, className: string, hex: string, name: string | undefined) {
    if (token !== secret) throw new TypeError("Illegal constructor");
    this.#hex = hex;
    this.#className = className;
    if (name !== undefined) this.name = name;
  }
  toString(): string {
    return this.#hex;
  }
  equals(other: DurableObjectId): boolean {
    return this.#hex === other.#hex;
  }
  static isId(value: unknown): value is DurableObjectId {
    return typeof value === "object" && value !== null && #hex in value;
  }
  /** Ids are made by a namespace only, which has checked them. */
  static isOf(id: DurableObjectId, className: string): boolean {
    return id.#className === className;
  }
}

type Instance = Record<string, unknown>;

class LiveObject {
  readonly invocation = ops.invocation_begin_detached();
  instance: Instance | undefined;
  state: DurableObjectState | undefined;
  storage: StorageHandle | undefined;
  /** Settles when the object takes events: its storage is open, its constructor and what that blocked have finished. */
  ready: Promise<void> | undefined;
  /** Tail of the blockConcurrencyWhile() calls under way; events wait for it. */
  blocked: Promise<unknown> | undefined;
  resetReason: unknown;
  isReset = false;
  inFlight = 0;
  holdsSockets = false;
  idleSince = 0;
  /** The turn in which its last event began. */
  lastTurn = -1;

  constructor(
    readonly key: string,
    readonly className: string,
    readonly id: DurableObjectId,
  ) {}
}

const live = new Map<string, LiveObject>();
const byInvocation = new Map<number, LiveObject>();

// What an object sends by itself leaves when what it wrote before is on disk.
setOutputGate(() => {
  if (byInvocation.size === 0) return undefined;
  const storage = byInvocation.get(currentInvocation())?.storage;
  return storage === undefined ? undefined : ops.storage_durable(storage);
});

function reset(object: LiveObject, reason: unknown): void {
  if (object.isReset) return;
  object.isReset = true;
  object.resetReason = reason;
  if (live.get(object.key) === object) live.delete(object.key);
  byInvocation.delete(object.invocation);
  ops.invocation_end_detached(object.invocation);
}

/** C++ calls this now and then (src/bindings/durable_object/service.cc): objects without events and sockets leave memory. Answers how many stay. */
entry.evictIdleObjects = (idle_ms: number): number => {
  const now = Date.now();
  for (const object of [...live.values()]) {
    if (object.inFlight === 0 && !object.holdsSockets && now - object.idleSince >= idle_ms)
      reset(object, new Error("The Durable Object was evicted because it was idle."));
  }
  return live.size;
};

export class DurableObjectState {
  #object: LiveObject;
  readonly id: DurableObjectId;
  readonly storage: DurableObjectStorage;
  readonly props: unknown = {};

  constructor(object: LiveObject) {
    this.#object = object;
    this.id = object.id;
    this.storage = new DurableObjectStorage(object.storage!, () => {
      if (object.isReset) throw object.resetReason;
    });
  }

  /** Workers keep an object alive while it works, so this only logs a rejection. */
  waitUntil(promise: unknown): void {
    waitFor(this.#object.invocation, promise);
  }

  /** Runs the callback while no other event is delivered to the object. An exception resets the object. */
  blockConcurrencyWhile<T>(callback: () => Promise<T>): Promise<T> {
    const object = this.#object;
    const run = async (): Promise<T> => {
      let timer: number | undefined;
      const limit = new Promise<never>((_, reject) => {
        timer = setTimeout(
          () =>
            reject(
              new Error(
                "A call to blockConcurrencyWhile() in a Durable Object waited for too long. The call was canceled and the Durable Object was reset.",
              ),
            ),
          BLOCK_LIMIT_MS,
        );
      });
      try {
        return await Promise.race([callback(), limit]);
      } catch (error) {
        reset(object, error);
        throw error;
      } finally {
        clearTimeout(timer);
      }
    };
    const result = object.blocked === undefined ? run() : object.blocked.then(run, run);
    const tail = result.then(
      () => {
        if (object.blocked === tail) object.blocked = undefined;
      },
      () => {},
    );
    object.blocked = tail;
    return result;
  }

  /** Resets the object: its events fail with this reason, the next one finds a new instance. */
  abort(reason?: string): never {
    const error = new Error(reason ?? "Application called abort() to reset Durable Object.");
    reset(this.#object, error);
    throw error;
  }
}

for (const method of [
  "acceptWebSocket",
  "getWebSockets",
  "setWebSocketAutoResponse",
  "getWebSocketAutoResponse",
  "getTags",
  "setHibernatableWebSocketEventTimeout",
]) {
  Object.defineProperty(DurableObjectState.prototype, method, {
    value() {
      throw new Error(
        `ctx.${method}(): WebSocket hibernation is not supported by Adit yet; use webSocket.accept() (see docs/compatibility.md)`,
      );
    },
    writable: true,
    configurable: true,
  });
}

function construct(object: LiveObject): void {
  const constructor = workerExports[object.className];
  if (typeof constructor !== "function")
    throw new TypeError(
      `The worker does not export the Durable Object class ${object.className}, which its configuration names.`,
    );
  object.state = new DurableObjectState(object);
  object.instance = new (constructor as new (state: unknown, env: unknown) => Instance)(object.state, env);
}

async function start(object: LiveObject): Promise<void> {
  try {
    object.storage = await ops.durable_open(object.className, object.id.toString());
    inContext(object, () => construct(object));
    while (object.blocked !== undefined) await object.blocked;
    if (object.isReset) throw object.resetReason;
  } catch (error) {
    reset(object, error);
    throw error;
  }
}

/** Runs the object's code under its own invocation; what it awaits stays there. */
function inContext<T>(object: LiveObject, run: () => T): T {
  const context = ops.context_get();
  ops.context_set(object.invocation);
  try {
    return run();
  } finally {
    ops.context_set(context);
  }
}

function find(className: string, id: DurableObjectId): LiveObject {
  const key = `${className}/${id.toString()}`;
  let object = live.get(key);
  if (object === undefined) {
    object = new LiveObject(key, className, id);
    live.set(key, object);
    byInvocation.set(object.invocation, object);
    object.ready = start(object);
    object.ready.catch(() => {}); // whoever sent the event hears of it
  }
  return object;
}

/**
 * The input gate. Storage answers within a turn, so when each event begins in a turn of its own, none can come between another's get and
 * put. Only what begins in the same turn as another event of the object waits for the next.
 */
async function waitForTurn(object: LiveObject): Promise<void> {
  while (object.lastTurn === ops.turn_number()) await ops.next_turn();
}

/** One event of an object: waits for its turn, runs it, and answers when what it wrote is on disk. */
async function deliver<T>(object: LiveObject, caller: number, event: (instance: Instance) => T): Promise<Awaited<T>> {
  // The caller waits for work that is not its own.
  ops.invocation_hold(caller, 1);
  object.inFlight++;
  try {
    if (object.instance === undefined) await object.ready;
    while (object.blocked !== undefined || object.lastTurn === ops.turn_number()) {
      if (object.blocked !== undefined) await object.blocked;
      else await waitForTurn(object);
    }
    if (object.isReset) throw object.resetReason;
    object.lastTurn = ops.turn_number();
    const result = await inContext(object, () => event(object.instance!));
    if (object.isReset) throw object.resetReason;
    const durable = ops.storage_durable(object.storage!);
    if (durable !== undefined) {
      try {
        await durable;
      } catch (error) {
        reset(object, error);
        throw error;
      }
    }
    return result;
  } finally {
    if (--object.inFlight === 0) object.idleSince = Date.now();
    ops.invocation_hold(caller, -1);
  }
}

function fetchEvent(object: LiveObject, request: Request): unknown {
  const { fetch } = object.instance! as { fetch?: unknown };
  if (typeof fetch !== "function") throw new TypeError("Handler does not export a fetch() function.");
  return Reflect.apply(fetch, object.instance, [request]);
}

async function fetchObject(className: string, id: DurableObjectId, request: Request): Promise<Response> {
  const object = find(className, id);
  const response = await deliver(object, currentInvocation(), () => fetchEvent(object, request));
  if (!isResponse(response))
    throw new TypeError("Incorrect type for Promise: the Durable Object's fetch() did not return a Response.");
  if (responseWebSocket(response) !== null) object.holdsSockets = true;
  return response;
}

/** JavaScript RPC on an object's methods: arguments and results are structured clones. */
function callMethod(className: string, id: DurableObjectId, method: string, args: unknown[]): Promise<unknown> {
  const object = find(className, id);
  const sent = structuredClone(args);
  return deliver(object, currentInvocation(), async (instance) => {
    const target = instance[method];
    if (typeof target !== "function" || Object.hasOwn(instance, method) || method in Object.prototype)
      throw new TypeError(`The RPC receiver does not implement the method "${method}".`);
    return structuredClone(await (Reflect.apply(target, instance, sent) as unknown));
  });
}

class Stub {
  readonly id: DurableObjectId;
  readonly name?: string;
  #className: string;
  constructor(className: string, id: DurableObjectId) {
    this.#className = className;
    this.id = id;
    if (id.name !== undefined) this.name = id.name;
  }
  static classOf(stub: Stub): string {
    return stub.#className;
  }
  fetch(input: unknown, init?: unknown): Promise<Response> {
    try {
      return fetchObject(this.#className, this.id, new Request(input as string, init as object));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

// A stub's other members are the object's methods (RPC).
const stubHandler: ProxyHandler<Stub> = {
  get(stub, key) {
    if (key === "fetch") return (input: unknown, init?: unknown) => stub.fetch(input, init);
    if (key === "id" || key === "name") return stub[key];
    if (typeof key === "symbol" || key === "then" || key === "constructor" || key === "toJSON")
      return Reflect.get(Stub.prototype, key) as unknown;
    const className = Stub.classOf(stub);
    return (...args: unknown[]) => callMethod(className, stub.id, key, args);
  },
};
export class DurableObjectNamespace {
  #className: string;
  /** Ids of names asked for: the digest behind one costs more than a call of an object in memory. */
  #names = new Map<string, string>();
  constructor(className: string) {
    this.#className = className;
  }
  idFromName(name: string): DurableObjectId {
    const text = String(name);
    let hex = this.#names.get(text);
    if (hex === undefined) {
      hex = ops.durable_id_from_name(this.#className, text);
      if (this.#names.size >= NAMES_REMEMBERED) this.#names.clear();
      this.#names.set(text, hex);
    }
    return new DurableObjectId(secret, this.#className, hex, text);
  }
  idFromString(id: string): DurableObjectId {
    const text = String(id);
    if (!/^[0-9a-f]{64}$/i.test(text)) throw new TypeError("Invalid Durable Object ID: must be 64 hex digits");
    if (!ops.durable_id_belongs(this.#className, text.toLowerCase()))
      throw new TypeError("Durable Object ID is not valid for this namespace");
    return new DurableObjectId(secret, this.#className, text.toLowerCase(), undefined);
  }
  newUniqueId(_options?: { jurisdiction?: string }): DurableObjectId {
    return new DurableObjectId(secret, this.#className, ops.durable_id_unique(this.#className), undefined);
  }
  get(id: DurableObjectId, _options?: { locationHint?: string }): Stub {
    if (!DurableObjectId.isId(id))
      throw new TypeError(
        "Failed to execute 'get' on 'DurableObjectNamespace': parameter 1 is not of type 'DurableObjectId'.",
      );
    if (!DurableObjectId.isOf(id, this.#className))
      throw new TypeError("get called with ID from a different namespace");
    return new Proxy(new Stub(this.#className, id), stubHandler);
  }
  getByName(name: string, options?: { locationHint?: string }): Stub {
    return this.get(this.idFromName(name), options);
  }
  jurisdiction(_jurisdiction: string): DurableObjectNamespace {
    return this;
  }
}

registerBinding("durable_object", (description: BindingDescription) => {
  const className = description.class as string;
  requiredExports.push(className);
  return new DurableObjectNamespace(className);
});

/** C++ replaces this isolate: its objects end, so that the next version's can begin. */
entry.resetObjects = (): void => {
  for (const object of [...live.values()])
    reset(object, new Error("This Durable Object's code has been updated; this instance has been reset."));
};
