// RpcStub, RpcPromise and RpcProperty (Workers docs, Runtime APIs, RPC): what stands for something that lives in another invocation. Each is
// a function: called, it calls; its properties are RpcProperties, which can be called or awaited, as deep as one likes. What a promise of a
// result is asked for before the result is there waits for it (promise pipelining).
// Invariant: whatever a stub refers to is let go of once: when the stub is disposed, is passed on, or its invocation ends.

import { type Dispose, isPlainObject, memberOf, refuseMember, type Callee } from "./members";

/** The way to something remote. */
export interface Caller {
  /** Calls the member that the path leads to; `args` null: gets it. */
  call(path: readonly string[], args: readonly unknown[] | null): Pending;
}

/** A result on its way, and how to let go of what it will hold. */
export interface Pending {
  readonly promise: Promise<unknown>;
  readonly isDisposed: boolean;
  dispose(): void;
}

interface State {
  readonly caller: Caller;
  readonly path: readonly string[];
  readonly pending?: Pending;
}

class Identity {
  constructor(object: object) {
    return object;
  }
}

/** Gives a proxy a private field of its own: no trap sees it. */
class Stamp extends Identity {
  #state: State;
  constructor(object: object, state: State) {
    super(object);
    this.#state = state;
  }
  static of(object: object): State | undefined {
    return #state in object ? object.#state : undefined;
  }
}

const stateOf = (object: unknown): State => {
  const state =
    (typeof object === "function" || typeof object === "object") && object !== null ? Stamp.of(object) : undefined;
  if (state === undefined) throw new TypeError("Illegal invocation");
  return state;
};

const isIndex = (key: string): boolean => {
  const first = key.charCodeAt(0);
  return first >= 48 && first <= 57 && String(Number(key)) === key;
};

// The target is the stub's own object: properties that a script sets are there.
const handler: ProxyHandler<Callee> = {
  get(target, key, receiver) {
    if (typeof key === "symbol" || key in target || key === "then" || isIndex(key))
      return Reflect.get(target, key, receiver) as unknown;
    const { caller, path } = stateOf(receiver);
    return makeProperty(caller, [...path, key]);
  },
  has: (target, key) => key in target || (typeof key === "string" && key !== "then" && !isIndex(key)),
  apply: () => undefined,
};

/** `apply` is the only trap that has no receiver: each proxy has a handler of its own that knows. */
function makeCallable(prototype: object, state: State): Callee {
  const target: Callee = () => undefined;
  Object.setPrototypeOf(target, prototype);
  delete (target as { name?: unknown }).name;
  delete (target as { length?: unknown }).length;
  const proxy = new Proxy(target, {
    ...handler,
    apply: (_target, _this, args: unknown[]) => makePromise(begin(state.caller, state.path, args)),
  });
  new Stamp(proxy, state);
  return proxy;
}

const internal: unique symbol = Symbol("internal");

function illegal(): never {
  throw new TypeError("Illegal constructor");
}

const requireObject = (value: unknown): object => {
  if ((typeof value === "object" && value !== null) || typeof value === "function") return value;
  throw new TypeError("Failed to construct 'JsRpcStub': constructor parameter 1 is not of type 'JsObject'.");
};

/** What `new RpcStub(target)` exports; values.ts, which knows how, sets it. */
export const localStubs: { make: (target: object) => Callee } = { make: illegal };

export class RpcStub {
  constructor(...args: unknown[]) {
    return localStubs.make(requireObject(args[0])) as unknown as RpcStub;
  }

  /** Another stub of the same; each is disposed by itself. */
  dup(): Callee {
    const { caller } = stateOf(this);
    return makeStub((caller as StubCaller).duplicate());
  }

  /** Calls back, once, when what the stub stands for is gone without having been let go of. */
  onRpcBroken(callback: (error: unknown) => void): void {
    if (typeof callback !== "function")
      throw new TypeError("Failed to execute 'onRpcBroken' on 'JsRpcStub': parameter 1 is not of type 'Function'.");
    (stateOf(this).caller as StubCaller).watch(callback);
  }

  [Symbol.dispose](): void {
    (stateOf(this).caller as StubCaller).dispose();
  }
}

/** What is behind an RpcStub. */
export interface StubCaller extends Caller, Dispose {
  duplicate(): StubCaller;
  watch(broken: (error: unknown) => void): void;
}

/** A call that cannot even begin rejects, as one that fails later. */
function begin(caller: Caller, path: readonly string[], args: readonly unknown[] | null): Pending {
  try {
    return caller.call(path, args);
  } catch (error) {
    return new LocalResult(Promise.reject(error));
  }
}

class Thenable {
  then(fulfilled: (value: unknown) => unknown, rejected: (reason: unknown) => unknown): Promise<unknown> {
    return settled(this).then(fulfilled, rejected);
  }
  catch(rejected: (reason: unknown) => unknown): Promise<unknown> {
    return settled(this).catch(rejected);
  }
  finally(done: () => void): Promise<unknown> {
    return settled(this).finally(done);
  }
}

function settled(object: object): Promise<unknown> {
  const { caller, path, pending } = stateOf(object);
  return (pending ?? begin(caller, path, null)).promise;
}

export class RpcPromise {
  constructor(token: typeof internal) {
    if (token !== internal) illegal();
  }
  declare then: Promise<unknown>["then"];
  declare catch: Promise<unknown>["catch"];
  declare finally: Promise<unknown>["finally"];
  [Symbol.dispose](): void {
    stateOf(this).pending!.dispose();
  }
}

export class RpcProperty {
  constructor(token: typeof internal) {
    if (token !== internal) illegal();
  }
  declare then: Promise<unknown>["then"];
  declare catch: Promise<unknown>["catch"];
  declare finally: Promise<unknown>["finally"];
}

for (const [constructor, name] of [
  [RpcStub, "RpcStub"],
  [RpcPromise, "RpcPromise"],
  [RpcProperty, "RpcProperty"],
] as const) {
  const prototype = constructor.prototype as object;
  if (constructor !== RpcStub)
    for (const key of ["then", "catch", "finally"] as const)
      Object.defineProperty(prototype, key, {
        value: Thenable.prototype[key],
        writable: true,
        enumerable: true,
        configurable: true,
      });
  Object.defineProperty(constructor, "name", { value: name, configurable: true });
  Object.defineProperty(prototype, Symbol.toStringTag, { value: `Js${name}`, configurable: true });
}

export function makeStub(caller: StubCaller): Callee {
  return makeCallable(RpcStub.prototype, { caller, path: [] });
}

export function makeProperty(caller: Caller, path: readonly string[]): Callee {
  return makeCallable(RpcProperty.prototype, { caller, path });
}

/** Asks the result, once it is there, as the other side would have been asked. */
class ResultCaller implements Caller {
  readonly #pending: Pending;
  constructor(pending: Pending) {
    this.#pending = pending;
  }
  call(path: readonly string[], args: readonly unknown[] | null): Pending {
    if (this.#pending.isDisposed) throw new Error("RPC promise used after being disposed.");
    return new LocalResult(this.#pending.promise.then((value) => callLocal(value, path, args)));
  }
}

class LocalResult implements Pending {
  readonly promise: Promise<unknown>;
  isDisposed = false;
  constructor(promise: Promise<unknown>) {
    this.promise = promise;
  }
  dispose(): void {
    this.isDisposed = true;
    this.promise.then(disposeValue, () => {});
  }
}

async function callLocal(result: unknown, path: readonly string[], args: readonly unknown[] | null): Promise<unknown> {
  let value = result;
  let owner: unknown = undefined;
  for (const name of path) {
    owner = value;
    value = isStub(value) ? (value as unknown as Record<string, unknown>)[name] : memberOfResult(value, name);
  }
  if (args === null) return value;
  if (typeof value !== "function") return refuseMember(path.at(-1));
  return Reflect.apply(value, owner, args) as unknown;
}

function memberOfResult(value: unknown, name: string): unknown {
  try {
    return isPlainObject(value) ? memberOf(value, name) : refuseMember(name);
  } catch (error) {
    throw Object.assign(error as Error, { remote: true });
  }
}

export function makePromise(pending: Pending): Callee {
  return makeCallable(RpcPromise.prototype, { caller: new ResultCaller(pending), path: [], pending });
}

/** An RpcStub, RpcPromise or RpcProperty. */
export function isStub(value: unknown): value is Callee {
  return typeof value === "function" && Stamp.of(value) !== undefined;
}

/** What is behind an RpcStub; undefined for promises and properties, which cannot be passed on. */
export function stubCaller(value: Callee): StubCaller | undefined {
  return Object.getPrototypeOf(value) === RpcStub.prototype ? (stateOf(value).caller as StubCaller) : undefined;
}

/** Lets go of a result: a stub, or an object that knows what is in it. */
export function disposeValue(value: unknown): void {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return;
  const dispose = (value as { [Symbol.dispose]?: unknown })[Symbol.dispose];
  if (typeof dispose === "function") Reflect.apply(dispose, value, []);
}

/** For classes of fetchers: what the class itself does not have is a member of what it leads to. `then` stays undefined: no thenable. */
export function withRemoteMembers(prototype: object, callerOf: (receiver: object) => Caller | undefined): void {
  Object.setPrototypeOf(
    prototype,
    new Proxy(Object.prototype, {
      get: (target, key, receiver: object) => {
        const caller = typeof key === "symbol" || key === "then" || key in target ? undefined : callerOf(receiver);
        return caller === undefined
          ? (Reflect.get(target, key, receiver) as unknown)
          : makeProperty(caller, [key as string]);
      },
      has: (target, key) => (typeof key === "symbol" ? key in target : key !== "then"),
    }),
  );
}
