// node:test (Node.js docs, Test runner): `mock`, as Workers have it. A worker's tests are run by a test runner outside of it.

import { invalidArgType, invalidArgValue, outOfRange } from "./internal/errors";
import { validateBoolean, validateFunction, validateInteger, validateObject } from "./internal/validators";

type Any = any;
type Fn = (...args: Any[]) => Any;

/** One call, as MockFunctionContext.calls tells it. */
interface Call {
  arguments: unknown[];
  error: unknown;
  result: unknown;
  stack: Error;
  target: unknown;
  this: unknown;
}

let record: (context: MockFunctionContext, call: Call) => void;
let implementationFor: (context: MockFunctionContext) => Fn;
let makeContext: (implementation: Fn, original: Fn, undo: () => void, times: number) => MockFunctionContext;

export class MockFunctionContext {
  #calls: Call[] = [];
  #once = new Map<number, Fn>();
  #implementation!: Fn;
  #original!: Fn;
  #undo: () => void = () => {};
  #times = Infinity;

  static {
    record = (context, call) => void context.#calls.push(call);
    implementationFor = (context) => {
      const index = context.#calls.length;
      const once = context.#once.get(index);
      if (once !== undefined) {
        context.#once.delete(index);
        return once;
      }
      if (index >= context.#times) return context.#original;
      return context.#implementation;
    };
    makeContext = (implementation, original, undo, times) => {
      const context = new this(); // by its name the bundler would rename the class
      context.#implementation = implementation;
      context.#original = original;
      context.#undo = undo;
      context.#times = times;
      return context;
    };
  }

  get calls(): Call[] {
    return [...this.#calls];
  }
  callCount(): number {
    return this.#calls.length;
  }
  mockImplementation(implementation: Any): void {
    validateFunction(implementation, "implementation");
    this.#implementation = implementation;
  }
  mockImplementationOnce(implementation: Any, onCall?: Any): void {
    validateFunction(implementation, "implementation");
    const call = onCall ?? this.#calls.length;
    validateInteger(call, "onCall", this.#calls.length);
    this.#once.set(call as number, implementation);
  }
  resetCalls(): void {
    this.#calls = [];
  }
  restore(): void {
    this.#implementation = this.#original;
    this.#once.clear();
    this.#undo();
  }
}

function timesOf(options: Any): number {
  const times = options.times ?? Infinity;
  if (times === Infinity) return times;
  validateInteger(times, "options.times");
  if (times < 1) throw outOfRange("options.times", ">= 1", times);
  return times;
}

/** A function that stands in for `original`: it keeps its name, length and properties, and tells its calls. */
function standIn(original: Fn, context: MockFunctionContext): Fn {
  return new Proxy(original, {
    apply(_target, thisArgument, args: unknown[]) {
      const call: Call = {
        arguments: args,
        error: undefined,
        result: undefined,
        stack: new Error(),
        target: undefined,
        this: thisArgument,
      };
      const implementation = implementationFor(context);
      try {
        call.result = Reflect.apply(implementation, thisArgument, args);
        return call.result;
      } catch (error) {
        call.error = error;
        throw error;
      } finally {
        record(context, call);
      }
    },
    construct(target, args: unknown[], newTarget) {
      const call: Call = {
        arguments: args,
        error: undefined,
        result: undefined,
        stack: new Error(),
        target,
        this: undefined,
      };
      const implementation = implementationFor(context);
      try {
        call.result = call.this = Reflect.construct(implementation, args, newTarget);
        return call.result as object;
      } catch (error) {
        call.error = error;
        throw error;
      } finally {
        record(context, call);
      }
    },
    get: (target, name, receiver) => (name === "mock" ? context : Reflect.get(target, name, receiver)),
  });
}

function findDescriptor(object: object, name: PropertyKey): PropertyDescriptor | undefined {
  for (let at: object | null = object; at !== null; at = Object.getPrototypeOf(at)) {
    const descriptor = Object.getOwnPropertyDescriptor(at, name);
    if (descriptor !== undefined) return descriptor;
  }
  return undefined;
}

export class MockTracker {
  #contexts: MockFunctionContext[] = [];

  #make(original: Fn, implementation: Fn, undo: () => void, times: number): Fn {
    const context = makeContext(implementation, original, undo, times);
    this.#contexts.push(context);
    return standIn(original, context);
  }

  /** fn(original?, implementation?, options?), each of which may be left out. */
  fn(original: Any = function () {}, implementation: Any = original, options: Any = {}): Any {
    if (typeof original === "object" && original !== null) return this.fn(undefined, undefined, original);
    if (typeof implementation === "object" && implementation !== null)
      return this.fn(original, original, implementation);
    validateFunction(original, "original");
    validateFunction(implementation, "implementation");
    validateObject(options, "options");
    return this.#make(original, implementation, () => {}, timesOf(options));
  }

  method(object: Any, name: Any, implementation?: Any, options: Any = {}): Any {
    if ((typeof object !== "object" && typeof object !== "function") || object === null)
      throw invalidArgType("object", "object", object);
    if (typeof name !== "string" && typeof name !== "symbol")
      throw invalidArgType("methodName", ["string", "symbol"], name);
    if (typeof implementation === "object" && implementation !== null)
      return this.method(object, name, undefined, implementation);
    if (implementation !== undefined) validateFunction(implementation, "implementation");
    validateObject(options, "options");
    const { getter = false, setter = false } = options as Any;
    validateBoolean(getter, "options.getter");
    validateBoolean(setter, "options.setter");
    if (getter && setter) throw invalidArgValue("options.setter", setter, "cannot be used with 'options.getter'");
    const found = findDescriptor(object, name);
    const kind = getter ? "get" : setter ? "set" : "value";
    const original = found?.[kind] as Fn | undefined;
    if (typeof original !== "function") throw invalidArgValue("methodName", original, "must be a method");
    const own = Object.getOwnPropertyDescriptor(object, name);
    const undo = (): void => {
      if (own === undefined) delete object[name];
      else Object.defineProperty(object, name, own);
    };
    const mocked = this.#make(original, implementation ?? original, undo, timesOf(options));
    Object.defineProperty(object, name, { ...found, configurable: true, [kind]: mocked });
    return mocked;
  }
  getter(object: Any, name: Any, implementation?: Any, options: Any = {}): Any {
    if (typeof implementation === "object" && implementation !== null)
      return this.getter(object, name, undefined, implementation);
    if (options?.getter === false) throw invalidArgValue("options.getter", false, "cannot be false");
    return this.method(object, name, implementation, { ...options, getter: true });
  }
  setter(object: Any, name: Any, implementation?: Any, options: Any = {}): Any {
    if (typeof implementation === "object" && implementation !== null)
      return this.setter(object, name, undefined, implementation);
    if (options?.setter === false) throw invalidArgValue("options.setter", false, "cannot be false");
    return this.method(object, name, implementation, { ...options, setter: true });
  }

  /** Restores everything and forgets it. */
  reset(): void {
    this.restoreAll();
    this.#contexts = [];
  }
  restoreAll(): void {
    for (const context of this.#contexts) context.restore();
  }
}

export const mock = new MockTracker();
export default { MockFunctionContext, MockTracker, mock };
