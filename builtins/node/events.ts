// node:events: EventEmitter, once(), on() and their relatives (Node.js docs, Events). One listener of a type is stored as the function itself,
// several as an array that is replaced on every change, so that emit() walks a list that nobody changes under it.

import { AbortSignal, EventTarget, queueMicrotask, reportException } from "adit:internal";
import { AsyncResource } from "./async_hooks";
import { AbortError, invalidArgType, nodeError } from "./internal/errors";
import {
  validateAbortSignal,
  validateBoolean,
  validateFunction,
  validateNumber,
  validateObject,
} from "./internal/validators";

type Name = string | symbol;
type Listener = ((this: any, ...args: any[]) => unknown) & { listener?: Listener };
type Table = Record<Name, Listener | readonly Listener[] | undefined>;

const captureRejectionSymbol: unique symbol = Symbol.for("nodejs.rejection") as never;
const errorMonitor: unique symbol = Symbol("events.errorMonitor") as never;
const kCapture = Symbol("kCapture");
const kMaxEventTargetListeners = Symbol("events.maxEventTargetListeners");
const kMaxEventTargetListenersWarned = Symbol("events.maxEventTargetListenersWarned");

let defaultMaxListeners = 10;
let captureRejectionsByDefault = false;

const emptyTable = (): Table => Object.create(null) as Table;
const targetLimits = new WeakMap<object, number>();

interface Emitter {
  _events: Table | undefined;
  _eventsCount: number;
  _maxListeners: number | undefined;
  [kCapture]: boolean;
}

function checkListener(listener: unknown): asserts listener is Listener {
  validateFunction(listener, "listener");
}

function init(this: Emitter, options?: { captureRejections?: boolean }): void {
  if (this._events === undefined || this._events === (Object.getPrototypeOf(this) as Emitter)._events) {
    this._events = emptyTable();
    this._eventsCount = 0;
  }
  this._maxListeners ||= undefined;
  if (options?.captureRejections) {
    validateBoolean(options.captureRejections, "options.captureRejections");
    this[kCapture] = Boolean(options.captureRejections);
  } else {
    this[kCapture] = captureRejectionsByDefault;
  }
}

// A function and not a class: `EventEmitter.call(this)` is how older packages inherit.
export function EventEmitter(this: any, options?: { captureRejections?: boolean }): void {
  init.call(this as Emitter, options);
}
const prototype = EventEmitter.prototype as any;

function limitOf(emitter: Emitter): number {
  return emitter._maxListeners ?? defaultMaxListeners;
}

function warnOfLeak(emitter: any, type: Name, list: Listener[] & { warned?: boolean }): void {
  list.warned = true;
  const text =
    `Possible EventEmitter memory leak detected. ${list.length} ${String(type)} listeners added to ` +
    `${emitter.constructor?.name ?? "EventEmitter"}. MaxListeners is ${limitOf(emitter)}. Use emitter.setMaxListeners() to increase limit`;
  const process = (globalThis as any).process;
  if (typeof process?.emitWarning === "function")
    process.emitWarning(
      Object.assign(new Error(text), { name: "MaxListenersExceededWarning", emitter, type, count: list.length }),
    );
}

function add(emitter: any, type: Name, listener: Listener, prepend: boolean): any {
  checkListener(listener);
  let events = emitter._events as Table | undefined;
  if (events === undefined) {
    events = emitter._events = emptyTable();
    emitter._eventsCount = 0;
  } else if (events.newListener !== undefined) {
    emitter.emit("newListener", type, listener.listener ?? listener);
    events = emitter._events as Table;
  }
  const existing = events[type];
  if (existing === undefined) {
    events[type] = listener;
    emitter._eventsCount++;
    return emitter;
  }
  const before = typeof existing === "function" ? [existing] : existing;
  const list = prepend ? [listener, ...before] : [...before, listener];
  if ((before as { warned?: boolean }).warned) (list as { warned?: boolean }).warned = true;
  events[type] = list;
  const limit = limitOf(emitter);
  if (limit > 0 && list.length > limit && !(list as { warned?: boolean }).warned) warnOfLeak(emitter, type, list);
  return emitter;
}

function onceWrapper(emitter: any, type: Name, listener: Listener): Listener {
  checkListener(listener);
  let fired = false;
  const wrapper: Listener = function (this: unknown, ...args: unknown[]): unknown {
    if (fired) return undefined;
    emitter.removeListener(type, wrapper);
    fired = true;
    return Reflect.apply(listener, emitter, args);
  };
  wrapper.listener = listener;
  return wrapper;
}

function rejected(emitter: any, type: Name, error: unknown, args: unknown[]): void {
  const handler = emitter[captureRejectionSymbol];
  if (typeof handler === "function") {
    handler.call(emitter, error, type, ...args);
    return;
  }
  // An error listener that rejects must not come back here.
  const before = emitter[kCapture];
  try {
    emitter[kCapture] = false;
    emitter.emit("error", error);
  } finally {
    emitter[kCapture] = before;
  }
}

function watch(emitter: any, result: unknown, type: Name, args: unknown[]): void {
  if (result === undefined || result === null) return;
  try {
    const then = (result as { then?: unknown }).then;
    if (typeof then === "function")
      then.call(result, undefined, (error: unknown) => {
        queueMicrotask(() => {
          try {
            rejected(emitter, type, error, args);
          } catch (thrown) {
            reportException(thrown);
          }
        });
      });
  } catch (error) {
    emitter.emit("error", error);
  }
}

function throwUnhandled(error: unknown): never {
  if (error instanceof Error) throw error;
  let shown: string;
  try {
    shown =
      typeof error === "string" ? `'${error}'` : typeof error === "object" ? JSON.stringify(error) : String(error);
  } catch {
    shown = String(error);
  }
  throw Object.assign(nodeError(Error, "ERR_UNHANDLED_ERROR", `Unhandled error. (${shown})`), { context: error });
}

prototype._events = undefined;
prototype._eventsCount = 0;
prototype._maxListeners = undefined;
Object.defineProperty(prototype, kCapture, { value: false, writable: true });

prototype.setMaxListeners = function setMaxListeners(n: number) {
  validateNumber(n, "setMaxListeners", 0);
  this._maxListeners = n;
  return this;
};
prototype.getMaxListeners = function getMaxListeners() {
  return limitOf(this);
};

prototype.emit = function emit(type: Name, ...args: unknown[]): boolean {
  const events = this._events as Table | undefined;
  if (type === "error") {
    if (events !== undefined && events[errorMonitor] !== undefined) this.emit(errorMonitor, ...args);
    if (events === undefined || events.error === undefined) throwUnhandled(args[0]);
  }
  const handler = events?.[type];
  if (handler === undefined) return false;
  const capture = this[kCapture] as boolean;
  if (typeof handler === "function") {
    const result = Reflect.apply(handler, this, args);
    if (capture) watch(this, result, type, args);
    return true;
  }
  for (let i = 0; i < handler.length; i++) {
    const result = Reflect.apply(handler[i]!, this, args);
    if (capture) watch(this, result, type, args);
  }
  return true;
};

prototype.addListener = function addListener(type: Name, listener: Listener) {
  return add(this, type, listener, false);
};
prototype.on = prototype.addListener;
prototype.prependListener = function prependListener(type: Name, listener: Listener) {
  return add(this, type, listener, true);
};
prototype.once = function once(type: Name, listener: Listener) {
  return this.on(type, onceWrapper(this, type, listener));
};
prototype.prependOnceListener = function prependOnceListener(type: Name, listener: Listener) {
  return this.prependListener(type, onceWrapper(this, type, listener));
};

prototype.removeListener = function removeListener(type: Name, listener: Listener) {
  checkListener(listener);
  const events = this._events as Table | undefined;
  const existing = events?.[type];
  if (existing === undefined) return this;
  if (typeof existing === "function") {
    if (existing !== listener && existing.listener !== listener) return this;
    this._eventsCount--;
    if (this._eventsCount === 0) this._events = emptyTable();
    else delete events![type];
  } else {
    const at = existing.findLastIndex((item) => item === listener || item.listener === listener);
    if (at < 0) return this;
    const list = existing.toSpliced(at, 1);
    if ((existing as { warned?: boolean }).warned) (list as { warned?: boolean }).warned = true;
    events![type] = list.length === 1 ? list[0]! : list;
  }
  if (events!.removeListener !== undefined) this.emit("removeListener", type, listener.listener ?? listener);
  return this;
};
prototype.off = prototype.removeListener;

prototype.removeAllListeners = function removeAllListeners(type?: Name) {
  const events = this._events as Table | undefined;
  if (events === undefined) return this;
  if (events.removeListener === undefined) {
    if (arguments.length === 0) {
      this._events = emptyTable();
      this._eventsCount = 0;
    } else if (events[type!] !== undefined) {
      if (--this._eventsCount === 0) this._events = emptyTable();
      else delete events[type!];
    }
    return this;
  }
  // removeListener is told of each.
  if (arguments.length === 0) {
    for (const key of Reflect.ownKeys(events)) if (key !== "removeListener") this.removeAllListeners(key);
    this.removeAllListeners("removeListener");
    this._events = emptyTable();
    this._eventsCount = 0;
    return this;
  }
  const list = events[type!];
  if (typeof list === "function") this.removeListener(type, list);
  else if (list !== undefined) for (let i = list.length - 1; i >= 0; i--) this.removeListener(type, list[i]);
  return this;
};

function listenersOf(emitter: any, type: Name, unwrap: boolean): Listener[] {
  const found = (emitter._events as Table | undefined)?.[type];
  if (found === undefined) return [];
  const list = typeof found === "function" ? [found] : [...found];
  return unwrap ? list.map((listener) => listener.listener ?? listener) : list;
}
prototype.listeners = function listeners(type: Name) {
  return listenersOf(this, type, true);
};
prototype.rawListeners = function rawListeners(type: Name) {
  return listenersOf(this, type, false);
};

prototype.listenerCount = function listenerCount(type: Name, listener?: Listener): number {
  const found = (this._events as Table | undefined)?.[type];
  if (found === undefined) return 0;
  if (typeof found === "function") return listener == null || found === listener || found.listener === listener ? 1 : 0;
  if (listener == null) return found.length;
  return found.filter((item) => item === listener || item.listener === listener).length;
};
prototype.eventNames = function eventNames(): Name[] {
  return this._eventsCount > 0 ? Reflect.ownKeys(this._events as Table) : [];
};

function isEventTarget(value: unknown): value is EventTarget {
  return typeof (value as { addEventListener?: unknown } | null)?.addEventListener === "function";
}
function invalidEmitter(value: unknown): TypeError {
  return invalidArgType("emitter", "EventEmitter", value);
}

/** A promise of the event's arguments, or a rejection when the emitter fails first. */
export async function once(emitter: any, type: Name, options: { signal?: AbortSignal } = {}): Promise<unknown[]> {
  validateObject(options, "options");
  const signal = options.signal;
  validateAbortSignal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  return await new Promise((resolve, reject) => {
    const stop = (): void => {
      removeFrom(emitter, type, resolver);
      if (type !== "error") removeFrom(emitter, "error", failed);
      signal?.removeEventListener("abort", aborted);
    };
    const resolver = (...args: unknown[]): void => {
      stop();
      resolve(args);
    };
    const failed = (error: unknown): void => {
      stop();
      reject(error);
    };
    const aborted = (): void => {
      stop();
      reject(new AbortError(undefined, { cause: signal!.reason }));
    };
    addTo(emitter, type, resolver, true);
    if (type !== "error" && typeof emitter.once === "function") emitter.once("error", failed);
    signal?.addEventListener("abort", aborted, { once: true });
  });
}

function addTo(emitter: any, type: Name, listener: Listener, isOnce: boolean): void {
  if (typeof emitter?.on === "function") {
    if (isOnce) emitter.once(type, listener);
    else emitter.on(type, listener);
  } else if (isEventTarget(emitter)) {
    emitter.addEventListener(type as string, listener as never, { once: isOnce });
  } else {
    throw invalidEmitter(emitter);
  }
}
function removeFrom(emitter: any, type: Name, listener: Listener): void {
  if (typeof emitter?.removeListener === "function") emitter.removeListener(type, listener);
  else if (isEventTarget(emitter)) emitter.removeEventListener(type as string, listener as never);
}

/** The events as an asynchronous iterator of argument arrays. */
export function on(
  emitter: any,
  type: Name,
  options: { signal?: AbortSignal; close?: string[]; highWaterMark?: number; lowWaterMark?: number } = {},
): AsyncIterableIterator<unknown[]> {
  validateObject(options, "options");
  const signal = options.signal;
  validateAbortSignal(signal, "options.signal");
  if (signal?.aborted) throw new AbortError(undefined, { cause: signal.reason });
  const high = options.highWaterMark ?? Number.MAX_SAFE_INTEGER;
  const low = options.lowWaterMark ?? 1;
  const arrived: unknown[][] = [];
  const waiting: PromiseWithResolvers<IteratorResult<unknown[]>>[] = [];
  let error: { value: unknown } | undefined;
  let finished = false;
  let paused = false;

  const deliver = (...args: unknown[]): void => {
    const next = waiting.shift();
    if (next !== undefined) return next.resolve({ value: args, done: false });
    arrived.push(args);
    if (!paused && arrived.length > high && typeof emitter.pause === "function") {
      paused = true;
      emitter.pause();
    }
  };
  const fail = (value: unknown): void => {
    const next = waiting.shift();
    if (next !== undefined) next.reject(value);
    else error = { value };
    close();
  };
  const close = (): Promise<IteratorResult<unknown[]>> => {
    removeFrom(emitter, type, deliver);
    if (type !== "error") removeFrom(emitter, "error", fail);
    for (const name of options.close ?? []) removeFrom(emitter, name, close as Listener);
    signal?.removeEventListener("abort", abort);
    finished = true;
    for (const next of waiting.splice(0)) next.resolve({ value: undefined, done: true });
    return Promise.resolve({ value: undefined, done: true });
  };
  const abort = (): void => fail(new AbortError(undefined, { cause: signal!.reason }));

  addTo(emitter, type, deliver, false);
  if (type !== "error" && typeof emitter.on === "function") emitter.on("error", fail);
  for (const name of options.close ?? []) addTo(emitter, name, close as Listener, false);
  signal?.addEventListener("abort", abort, { once: true });

  const iterator: AsyncIterableIterator<unknown[]> & { [Symbol.asyncDispose](): Promise<void> } = {
    next() {
      if (arrived.length > 0) {
        const value = arrived.shift()!;
        if (paused && arrived.length < low) {
          paused = false;
          emitter.resume();
        }
        return Promise.resolve({ value, done: false });
      }
      if (error !== undefined) {
        const rejection = Promise.reject(error.value);
        error = undefined;
        return rejection;
      }
      if (finished) return close();
      const next = Promise.withResolvers<IteratorResult<unknown[]>>();
      waiting.push(next);
      return next.promise;
    },
    return: () => close(),
    throw(value) {
      if (!(value instanceof Error)) throw invalidArgType("EventEmitter.AsyncIterator", "Error", value);
      error = { value };
      removeFrom(emitter, type, deliver);
      removeFrom(emitter, "error", fail);
      return Promise.resolve({ value: undefined, done: true });
    },
    [Symbol.asyncIterator]() {
      return this;
    },
    async [Symbol.asyncDispose]() {
      await close();
    },
  };
  return iterator;
}

export function listenerCount(emitter: any, type: Name): number {
  if (typeof emitter.listenerCount === "function") return emitter.listenerCount(type);
  return prototype.listenerCount.call(emitter, type);
}

export function getEventListeners(emitter: any, type: Name): Listener[] {
  if (typeof emitter?.listeners === "function") return emitter.listeners(type);
  if (emitter instanceof EventTarget) return [];
  throw invalidArgType("emitter", ["EventEmitter", "EventTarget"], emitter);
}

export function getMaxListeners(emitter: any): number {
  if (typeof emitter?.getMaxListeners === "function") return emitter.getMaxListeners();
  if (emitter instanceof EventTarget) return targetLimits.get(emitter) ?? defaultMaxListeners;
  throw invalidArgType("emitter", ["EventEmitter", "EventTarget"], emitter);
}

export function setMaxListeners(n = defaultMaxListeners, ...targets: any[]): void {
  validateNumber(n, "setMaxListeners", 0);
  if (targets.length === 0) {
    defaultMaxListeners = n;
    return;
  }
  for (const target of targets) {
    if (target instanceof EventTarget) targetLimits.set(target, n);
    else if (typeof target?.setMaxListeners === "function") target.setMaxListeners(n);
    else throw invalidArgType("eventTargets", ["EventEmitter", "EventTarget"], target);
  }
}

/** Calls the listener when the signal aborts; the disposable takes it away. */
export function addAbortListener(
  signal: AbortSignal,
  listener: (event?: unknown) => void,
): { [Symbol.dispose](): void } {
  if (signal === undefined) throw invalidArgType("signal", "AbortSignal", signal);
  validateAbortSignal(signal, "signal");
  validateFunction(listener, "listener");
  let remove: (() => void) | undefined;
  if (signal.aborted) {
    queueMicrotask(() => listener());
  } else {
    signal.addEventListener("abort", listener as never, { once: true });
    remove = () => signal.removeEventListener("abort", listener as never);
  }
  return {
    [Symbol.dispose]() {
      remove?.();
    },
  };
}

const EmitterClass = EventEmitter as unknown as new (options?: object) => any;

class EventEmitterAsyncResource extends EmitterClass {
  #resource: AsyncResource;
  constructor(options: string | { name?: string; captureRejections?: boolean } = {}) {
    const name = typeof options === "string" ? options : (options.name ?? new.target.name);
    super(typeof options === "string" ? undefined : options);
    this.#resource = new AsyncResource(name);
  }
  emit(type: Name, ...args: unknown[]): boolean {
    return this.#resource.runInAsyncScope(prototype.emit, this, type, ...args) as boolean;
  }
  emitDestroy(): void {
    this.#resource.emitDestroy();
  }
  get asyncId(): number {
    return this.#resource.asyncId();
  }
  get triggerAsyncId(): number {
    return this.#resource.triggerAsyncId();
  }
  get asyncResource(): AsyncResource {
    return this.#resource;
  }
}

const statics = {
  once,
  on,
  getEventListeners,
  getMaxListeners,
  setMaxListeners,
  listenerCount,
  addAbortListener,
  EventEmitter,
  EventEmitterAsyncResource,
  usingDomains: false,
  captureRejectionSymbol,
  errorMonitor,
  kMaxEventTargetListeners,
  kMaxEventTargetListenersWarned,
  init,
};
Object.assign(EventEmitter, statics);
Object.defineProperties(EventEmitter, {
  defaultMaxListeners: {
    get: () => defaultMaxListeners,
    set(n: number) {
      validateNumber(n, "defaultMaxListeners", 0);
      defaultMaxListeners = n;
    },
    enumerable: true,
  },
  captureRejections: {
    get: () => captureRejectionsByDefault,
    set(value: boolean) {
      validateBoolean(value, "EventEmitter.captureRejections");
      captureRejectionsByDefault = value;
    },
    enumerable: true,
  },
});

const usingDomains = false;
const captureRejections = false;
export {
  captureRejections,
  captureRejectionSymbol,
  defaultMaxListeners,
  errorMonitor,
  EventEmitterAsyncResource,
  usingDomains,
};
export default EventEmitter;
