// Streams § 4.2.5 with Web IDL's default asynchronous iterator objects: `for await (const chunk of stream)`.
import { AsyncIteratorPrototype, illegalInvocation } from "./convert";
import { type Deferred, deferred } from "./promises";
import { cancelReadable, readDefault, releaseReader, type ReaderCore, type ReadRequest } from "./readable_core";
import type { ReadResult } from "./readers";

type Step = Promise<ReadResult<unknown>>;

class IteratorState implements ReadRequest {
  private isFinished = false;
  /** The last step that was asked for and is not done yet: the next one follows it. */
  private ongoing: Step | undefined = undefined;
  private reading: Deferred<ReadResult<unknown>> | undefined = undefined;

  constructor(
    private readonly reader: ReaderCore,
    private readonly preventCancel: boolean,
  ) {}

  next(): Step {
    if (this.ongoing === undefined) return this.nextStep();
    const step = () => this.nextStep();
    return (this.ongoing = this.ongoing.then(step, step));
  }

  return(value: unknown): Step {
    const step = () => this.returnStep(value);
    return (this.ongoing = this.ongoing === undefined ? step() : this.ongoing.then(step, step));
  }

  /** "Get the next iteration result." */
  private nextStep(): Step {
    if (this.isFinished) return Promise.resolve({ value: undefined, done: true });
    const reading = (this.reading = deferred<ReadResult<unknown>>());
    this.ongoing ??= reading.promise;
    readDefault(this.reader, this.reader.stream!, this);
    return reading.promise;
  }

  /** "Asynchronous iterator return." */
  private async returnStep(value: unknown): Step {
    if (this.isFinished) return { value, done: true };
    this.isFinished = true;
    const cancelled = this.preventCancel ? undefined : cancelReadable(this.reader.stream!, value);
    releaseReader(this.reader);
    if (cancelled !== undefined) await cancelled;
    return { value, done: true };
  }

  chunkSteps(chunk: unknown): void {
    this.settle().resolve({ value: chunk, done: false });
  }

  closeSteps(): void {
    this.finish();
    this.settle().resolve({ value: undefined, done: true });
  }

  errorSteps(error: unknown): void {
    this.finish();
    this.settle().reject(error);
  }

  private settle(): Deferred<ReadResult<unknown>> {
    const reading = this.reading!;
    this.reading = undefined;
    if (this.ongoing === reading.promise) this.ongoing = undefined;
    return reading;
  }

  private finish(): void {
    this.isFinished = true;
    releaseReader(this.reader);
  }
}

class ReadableStreamAsyncIterator {
  readonly #state: IteratorState;

  constructor(state: IteratorState) {
    this.#state = state;
  }

  next(): Step {
    if (!(#state in this)) return Promise.reject(illegalInvocation());
    return this.#state.next();
  }

  return(value: unknown = undefined): Step {
    if (!(#state in this)) return Promise.reject(illegalInvocation());
    return this.#state.return(value);
  }
}
// The prototype of these objects has no constructor, inherits from %AsyncIteratorPrototype%, and its members are enumerable.
const prototype = ReadableStreamAsyncIterator.prototype as Partial<ReadableStreamAsyncIterator>;
Object.setPrototypeOf(prototype, AsyncIteratorPrototype);
Object.defineProperties(prototype, {
  next: { enumerable: true },
  return: { enumerable: true },
  [Symbol.toStringTag]: { value: "ReadableStream AsyncIterator", configurable: true },
});
delete (prototype as { constructor?: unknown }).constructor;

export function makeIterator(reader: ReaderCore, preventCancel: boolean): AsyncIterableIterator<unknown> {
  return new ReadableStreamAsyncIterator(
    new IteratorState(reader, preventCancel),
  ) as unknown as AsyncIterableIterator<unknown>;
}
