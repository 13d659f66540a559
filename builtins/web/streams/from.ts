// Streams § 4.9.1, ReadableStreamFromIterable: a stream over an asynchronous or synchronous iterable.
import { apply, isObject, type Callback } from "./convert";
import type { DefaultControllerCore } from "./default_controller";
import { promiseOf } from "./promises";
import type { ReadableAlgorithms } from "./readable_core";

interface IterationResult {
  done?: unknown;
  value?: unknown;
}

/** ECMAScript GetIterator(asyncIterable, async), as the algorithms of a stream. */
export function iterableSource(iterable: unknown): ReadableAlgorithms {
  if (iterable === null || iterable === undefined)
    throw new TypeError("The argument of ReadableStream.from() is not iterable.");
  let method = (iterable as AsyncIterable<unknown>)[Symbol.asyncIterator] as unknown;
  const isAsync = method !== undefined && method !== null;
  if (!isAsync) method = (iterable as Iterable<unknown>)[Symbol.iterator];
  if (typeof method !== "function") throw new TypeError("The argument of ReadableStream.from() is not iterable.");
  const iterator = apply(method, iterable, []) as object;
  if (!isObject(iterator)) throw new TypeError("The iterator that ReadableStream.from() got is not an object.");
  return new IteratorSource(iterator, (iterator as { next: Callback }).next, isAsync);
}

class IteratorSource implements ReadableAlgorithms {
  private controller: DefaultControllerCore | undefined = undefined;
  constructor(
    private readonly iterator: object,
    private readonly nextMethod: Callback,
    private readonly isAsync: boolean,
  ) {}

  pull(controller: unknown): Promise<unknown> | undefined {
    this.controller = controller as DefaultControllerCore;
    const result = apply(this.nextMethod, this.iterator, []);
    return this.isAsync ? Promise.resolve(result).then(this.takeAsync) : this.takeSync(result);
  }

  private readonly takeAsync = (result: unknown): void => {
    const { done, value } = unpack(result);
    if (done) this.controller!.close();
    else this.controller!.enqueue(value);
  };

  /** As %AsyncFromSyncIteratorPrototype%.next: a value that is a promise is awaited. */
  private takeSync(result: unknown): Promise<unknown> | undefined {
    const { done, value } = unpack(result);
    if (done) return void this.controller!.close();
    if (!isObject(value)) return void this.controller!.enqueue(value);
    return Promise.resolve(value).then((chunk) => this.controller!.enqueue(chunk));
  }

  cancel(reason: unknown): Promise<unknown> | undefined {
    const method = (this.iterator as { return?: unknown }).return;
    if (method === undefined || method === null) return undefined;
    if (typeof method !== "function") throw new TypeError("The iterator's 'return' is not a function.");
    const result = apply(method, this.iterator, [reason]);
    if (!this.isAsync) return promiseOf(void unpackObject(result));
    return Promise.resolve(result).then(unpackObject);
  }
}

function unpackObject(result: unknown): undefined {
  if (!isObject(result)) throw new TypeError("The iterator's result is not an object.");
}

function unpack(result: unknown): { done: boolean; value: unknown } {
  if (!isObject(result)) throw new TypeError("The iterator's result is not an object.");
  const done = Boolean((result as IterationResult).done);
  return { done, value: done ? undefined : (result as IterationResult).value };
}
