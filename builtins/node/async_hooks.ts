// node:async_hooks: AsyncLocalStorage and AsyncResource over V8's continuation-preserved data, which follows promises, timers and ops by itself.
// A frame is [invocation, storage, value, storage, value, ...], immutable once set; without storages it is the bare invocation
// (src/js/isolate.h, current_invocation). So run() copies a few slots, and code that uses no storage pays nothing.

import { native } from "adit:internal";
import { validateFunction } from "./internal/validators";

type Frame = readonly unknown[];

const ops = native<{ context_get(): unknown; context_set(frame: unknown): void }>();
const context_get = ops.context_get;
const context_set = ops.context_set;
const apply = Reflect.apply;
type Callable = (...args: any[]) => unknown;

function withValue(frame: unknown, storage: object, value: unknown): Frame {
  if (!Array.isArray(frame)) return [typeof frame === "number" ? frame : -1, storage, value];
  for (let i = 1; i < frame.length; i += 2) {
    if (frame[i] === storage) {
      const copy = frame.slice();
      copy[i + 1] = value;
      return copy;
    }
  }
  const copy = frame.slice();
  copy.push(storage, value);
  return copy;
}

function without(frame: unknown, storage: object): unknown {
  if (!Array.isArray(frame)) return frame;
  const at = frame.indexOf(storage, 1);
  if (at < 0) return frame;
  if (frame.length === 3) return frame[0];
  return frame.toSpliced(at, 2);
}

/** The captured frame with the invocation that is running: what a snapshot keeps are the storages, not whose request it is. */
function inThisInvocation(frame: unknown): unknown {
  const current = context_get();
  const invocation = Array.isArray(current) ? current[0] : typeof current === "number" ? current : -1;
  if (!Array.isArray(frame)) return invocation;
  if (frame[0] === invocation) return frame;
  const copy = frame.slice();
  copy[0] = invocation;
  return copy;
}

function runInFrame(frame: unknown, fn: Callable, thisArg: unknown, args: readonly unknown[]): unknown {
  const previous = context_get();
  context_set(inThisInvocation(frame));
  try {
    return apply(fn, thisArg, args);
  } finally {
    context_set(previous);
  }
}

export class AsyncLocalStorage<T> {
  #defaultValue: T | undefined;
  #name: string;

  constructor(options: { defaultValue?: T; name?: string } = {}) {
    this.#defaultValue = options?.defaultValue;
    this.#name = options?.name === undefined ? "" : String(options.name);
  }

  get name(): string {
    return this.#name;
  }

  static bind<F extends Callable>(fn: F): F {
    return AsyncResource.bind(fn);
  }

  /** A function that runs another in the context of now. */
  static snapshot(): (fn: Callable, ...args: unknown[]) => unknown {
    const frame = context_get();
    return (fn, ...args) => runInFrame(frame, fn, undefined, args);
  }

  run(store: T, fn: Callable, ...args: unknown[]): unknown {
    const previous = context_get();
    context_set(withValue(previous, this, store));
    try {
      return fn(...args);
    } finally {
      context_set(previous);
    }
  }

  exit(fn: Callable, ...args: unknown[]): unknown {
    const previous = context_get();
    context_set(withValue(previous, this, undefined));
    try {
      return fn(...args);
    } finally {
      context_set(previous);
    }
  }

  getStore(): T | undefined {
    const frame = context_get();
    if (Array.isArray(frame))
      for (let i = 1; i < frame.length; i += 2) if (frame[i] === this) return frame[i + 1] as T | undefined;
    return this.#defaultValue;
  }

  enterWith(store: T): void {
    context_set(withValue(context_get(), this, store));
  }

  disable(): void {
    context_set(without(context_get(), this));
  }
}

let lastAsyncId = 1;

export class AsyncResource {
  #frame: unknown;
  #asyncId: number;
  #type: string;

  constructor(type: string, _options?: unknown) {
    if (typeof type !== "string")
      throw Object.assign(
        new TypeError(`The "type" argument must be of type string. Received ${type === null ? "null" : typeof type}`),
        { code: "ERR_INVALID_ARG_TYPE" },
      );
    this.#type = type;
    this.#frame = context_get();
    this.#asyncId = ++lastAsyncId;
  }

  static bind<F extends Callable>(fn: F, type?: string, thisArg?: unknown): F {
    validateFunction(fn, "fn");
    return new AsyncResource(type ?? (fn.name || "bound-anonymous-fn")).bind(fn, thisArg);
  }

  bind<F extends Callable>(fn: F, thisArg?: unknown): F {
    validateFunction(fn, "fn");
    const frame = this.#frame;
    const bound = function (this: unknown, ...args: unknown[]): unknown {
      return runInFrame(frame, fn, thisArg ?? this, args);
    };
    Object.defineProperties(bound, {
      length: { value: fn.length, configurable: true },
      asyncResource: { value: this, writable: true, enumerable: true, configurable: true },
    });
    return bound as unknown as F;
  }

  runInAsyncScope(fn: Callable, thisArg?: unknown, ...args: unknown[]): unknown {
    return runInFrame(this.#frame, fn, thisArg, args);
  }

  emitDestroy(): this {
    return this;
  }
  asyncId(): number {
    return this.#asyncId;
  }
  triggerAsyncId(): number {
    return 0;
  }
  get type(): string {
    return this.#type;
  }
}

/** Hooks are accepted and never called: V8 keeps the context without them. */
class AsyncHook {
  enable(): this {
    return this;
  }
  disable(): this {
    return this;
  }
}

export function createHook(_callbacks?: unknown): AsyncHook {
  return new AsyncHook();
}
export function executionAsyncId(): number {
  return 0;
}
export function triggerAsyncId(): number {
  return 0;
}
export function executionAsyncResource(): object {
  return Object.create(null) as object;
}

const providers = [
  "NONE,DIRHANDLE,DNSCHANNEL,ELDHISTOGRAM,FILEHANDLE,FILEHANDLECLOSEREQ,BLOBREADER,FSEVENTWRAP,FSREQCALLBACK,FSREQPROMISE,GETADDRINFOREQWRAP",
  "GETNAMEINFOREQWRAP,HEAPSNAPSHOT,CPUHEAPPROFILE,HTTP2SESSION,HTTP2STREAM,HTTP2PING,HTTP2SETTINGS,HTTPINCOMINGMESSAGE,HTTPCLIENTREQUEST",
  "JSSTREAM,JSUDPWRAP,MESSAGEPORT,PIPECONNECTWRAP,PIPESERVERWRAP,PIPEWRAP,PROCESSWRAP,PROMISE,QUERYWRAP,SHUTDOWNWRAP,SIGNALWRAP,STATWATCHER",
  "STREAMPIPE,TCPCONNECTWRAP,TCPSERVERWRAP,TCPWRAP,TTYWRAP,UDPSENDWRAP,UDPWRAP,SIGINTWATCHDOG,WORKER,WORKERHEAPSNAPSHOT,WRITEWRAP,ZLIB",
].flatMap((line) => line.split(","));
export const asyncWrapProviders: Readonly<Record<string, number>> = Object.freeze(
  Object.assign(Object.create(null), Object.fromEntries(providers.map((name, index) => [name, index]))),
);

export default {
  AsyncLocalStorage,
  AsyncResource,
  asyncWrapProviders,
  createHook,
  executionAsyncId,
  executionAsyncResource,
  triggerAsyncId,
};
