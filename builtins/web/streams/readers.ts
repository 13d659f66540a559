// Streams § 4.3–4.5: ReadableStreamDefaultReader and ReadableStreamBYOBReader, with Workers' readAtLeast.
import { defineInterface } from "../webidl";
import { type ByteControllerCore, isDetached, viewKind } from "./byte_core";
import { illegalInvocation, toDictionary, toUnsignedLongLong } from "./convert";
import { type Deferred, deferred } from "./promises";
import {
  acquireReader,
  cancelReadable,
  ReaderCore,
  ReadableState,
  lockedError,
  readDefault,
  releasedError,
  releaseReader,
  type ReadIntoRequest,
  type ReadRequest,
} from "./readable_core";
import { coreOfReadable, type ReadableStream } from "./readable_stream";

export type ReadResult<T> = { done: false; value: T } | { done: true; value: T | undefined };

/** A read request that settles a promise. */
class PromiseReadRequest implements ReadRequest {
  private readonly result: Deferred<ReadResult<unknown>> = deferred();
  get promise(): Promise<ReadResult<unknown>> {
    return this.result.promise;
  }
  chunkSteps(chunk: unknown): void {
    this.result.resolve({ value: chunk, done: false });
  }
  closeSteps(): void {
    this.result.resolve({ value: undefined, done: true });
  }
  errorSteps(error: unknown): void {
    this.result.reject(error);
  }
}

class PromiseReadIntoRequest implements ReadIntoRequest {
  private readonly result: Deferred<ReadResult<ArrayBufferView>> = deferred();
  get promise(): Promise<ReadResult<ArrayBufferView>> {
    return this.result.promise;
  }
  chunkSteps(chunk: ArrayBufferView): void {
    this.result.resolve({ value: chunk, done: false });
  }
  closeSteps(chunk: ArrayBufferView | undefined): void {
    this.result.resolve({ value: chunk, done: true });
  }
  errorSteps(error: unknown): void {
    this.result.reject(error);
  }
}

/** ReadableStreamReaderGenericCancel. */
function cancelByReader(reader: ReaderCore, reason: unknown): Promise<undefined> {
  if (reader.stream === undefined) return Promise.reject(releasedError());
  const result = cancelReadable(reader.stream, reason);
  return result === undefined ? Promise.resolve(undefined) : result.then(toUndefined);
}

export function toUndefined(): undefined {
  return undefined;
}

export class ReadableStreamDefaultReader {
  readonly #core: ReaderCore;

  constructor(stream: ReadableStream) {
    const core = coreOfReadable(stream);
    if (core === undefined)
      throw new TypeError(
        "Failed to construct 'ReadableStreamDefaultReader': parameter 1 is not of type 'ReadableStream'.",
      );
    this.#core = acquireReader(core);
  }

  get closed(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return this.#core.closed.promise;
  }

  cancel(reason: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return cancelByReader(this.#core, reason);
  }

  read(): Promise<ReadResult<unknown>> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    const core = this.#core;
    const stream = core.stream;
    if (stream === undefined) return Promise.reject(releasedError());
    const controller = stream.controller;
    if (stream.state === ReadableState.readable && !controller.isByte && controller.queue.length > 0) {
      // A queued chunk needs no request.
      stream.disturbed = true;
      return Promise.resolve({ value: controller.take(), done: false });
    }
    const request = new PromiseReadRequest();
    readDefault(core, stream, request);
    return request.promise;
  }

  releaseLock(): void {
    releaseReader(this.#core);
  }
}
defineInterface(ReadableStreamDefaultReader, "ReadableStreamDefaultReader");

export class ReadableStreamBYOBReader {
  readonly #core: ReaderCore;

  constructor(stream: ReadableStream) {
    const core = coreOfReadable(stream);
    if (core === undefined)
      throw new TypeError(
        "Failed to construct 'ReadableStreamBYOBReader': parameter 1 is not of type 'ReadableStream'.",
      );
    // SetUpReadableStreamBYOBReader
    if (core.reader !== undefined) throw lockedError();
    if (!core.controller.isByte) throw new TypeError("This ReadableStream does not support BYOB reads.");
    this.#core = new ReaderCore(core, true);
  }

  get closed(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return this.#core.closed.promise;
  }

  cancel(reason: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return cancelByReader(this.#core, reason);
  }

  read<T extends ArrayBufferView>(view: T, options: { min?: number } = {}): Promise<ReadResult<T>> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    try {
      checkView(view);
      const given = toDictionary<{ min?: number }>(options, "The options of read()")?.min;
      return this.#read(view, given === undefined ? 1 : toUnsignedLongLong(given, "min"));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Workers: read() that waits for at least that many elements. */
  readAtLeast<T extends ArrayBufferView>(minElements: number, view: T): Promise<ReadResult<T>> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    try {
      const min = toUnsignedLongLong(minElements, "The minimum number of bytes to read");
      checkView(view);
      return this.#read(view, min);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  releaseLock(): void {
    releaseReader(this.#core);
  }

  /** The steps of read(view, options), the checks of the view done. */
  #read<T extends ArrayBufferView>(view: T, min: number): Promise<ReadResult<T>> {
    if (view.byteLength === 0)
      throw new TypeError('You must call read() on a "byob" reader with a positive-sized TypedArray object.');
    if (isDetached(view.buffer)) throw new TypeError("The buffer of the view is detached.");
    if (min === 0) throw new TypeError("Requested invalid minimum number of bytes to read (0).");
    const elements = view.byteLength / viewKind(view).elementSize;
    if (min > elements) throw new RangeError(`Minimum bytes to read (${min}) exceeds size of buffer (${elements}).`);
    const core = this.#core;
    const stream = core.stream;
    if (stream === undefined) throw releasedError();
    // ReadableStreamBYOBReaderRead
    const request = new PromiseReadIntoRequest();
    readInto(core, view, min, request);
    return request.promise as Promise<ReadResult<T>>;
  }
}
defineInterface(ReadableStreamBYOBReader, "ReadableStreamBYOBReader");

function checkView(view: unknown): void {
  if (ArrayBuffer.isView(view)) return;
  throw new TypeError(
    "Failed to execute 'read' on 'ReadableStreamBYOBReader': parameter 1 is not of type 'ArrayBufferView'.",
  );
}

/** ReadableStreamBYOBReaderRead; the reader must not be released. */
export function readInto(reader: ReaderCore, view: ArrayBufferView, min: number, request: ReadIntoRequest): void {
  const stream = reader.stream!;
  stream.disturbed = true;
  if (stream.state === ReadableState.errored) request.errorSteps(stream.storedError);
  else (stream.controller as ByteControllerCore).pullInto(reader, view, min, request);
}
