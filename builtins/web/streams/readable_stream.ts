// Streams § 4.2: the class ReadableStream, its asynchronous iterator, and the doors to its core for other builtins.
import { defineInterface } from "../webidl";
import { type AbortSignal, isAbortSignal } from "../abort";
import {
  INTERNAL,
  apply,
  callbackMember,
  illegalInvocation,
  isObject,
  toDictionary,
  toOptionalObject,
  toUnsignedLongLong,
} from "./convert";
import { ByteControllerCore } from "./byte_core";
import { DefaultControllerCore, ScriptSource } from "./default_controller";
import { iterableSource } from "./from";
import { parkOrPipe } from "./native";
import type { PipeOptions } from "./pipe";
import { makeIterator } from "./iterator";
import { ignore } from "./promises";
import { acquireReader, cancelReadable, lockedError, ReadableCore, type ReadableAlgorithms } from "./readable_core";
import { ReadableStreamBYOBReader, ReadableStreamDefaultReader, toUndefined } from "./readers";
import { convertStrategy, extractHighWaterMark, type QueuingStrategy } from "./strategies";
import { teeReadable } from "./tee";
import { coreOfWritable, WritableStream } from "./writable_stream";

export interface UnderlyingSource {
  type?: "bytes";
  autoAllocateChunkSize?: number;
  start?(controller: unknown): unknown;
  pull?(controller: unknown): unknown;
  cancel?(reason: unknown): unknown;
}

export interface StreamPipeOptions {
  preventClose?: boolean;
  preventAbort?: boolean;
  preventCancel?: boolean;
  signal?: AbortSignal;
}

export interface ReadableWritablePair {
  readable: ReadableStream;
  writable: WritableStream;
}

/** The core of a ReadableStream; undefined for every other value. */
export let coreOfReadable: (value: unknown) => ReadableCore | undefined;

export class ReadableStream {
  readonly #core: ReadableCore;

  static {
    coreOfReadable = (value) => (isObject(value) && #core in value ? value.#core : undefined);
  }

  constructor(underlyingSource?: UnderlyingSource, strategy?: QueuingStrategy);
  /** @internal */
  constructor(token: typeof INTERNAL, core: ReadableCore);
  constructor(underlyingSource: unknown = undefined, strategy: unknown = undefined) {
    if (underlyingSource === INTERNAL) {
      this.#core = strategy as ReadableCore;
      return;
    }
    this.#core = new ReadableCore();
    construct(this.#core, underlyingSource, strategy);
  }

  /** Streams § 4.2.4. */
  static from(asyncIterable: unknown): ReadableStream {
    return wrapReadable(createDefault(iterableSource(asyncIterable), 0));
  }

  get locked(): boolean {
    return this.#core.reader !== undefined;
  }

  cancel(reason: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    if (this.#core.reader !== undefined) return Promise.reject(lockedError());
    const result = cancelReadable(this.#core, reason);
    return result === undefined ? Promise.resolve(undefined) : result.then(toUndefined);
  }

  getReader(
    options: { mode?: "byob" } | undefined = undefined,
  ): ReadableStreamDefaultReader | ReadableStreamBYOBReader {
    void this.#core; // the brand check comes first
    const mode = toDictionary<{ mode?: unknown }>(options, "The options of getReader()")?.mode;
    if (mode === undefined) return new ReadableStreamDefaultReader(this);
    if (`${mode as string}` !== "byob") throw new TypeError("mode must be undefined or 'byob' in call to getReader().");
    return new ReadableStreamBYOBReader(this);
  }

  pipeThrough(transform: ReadableWritablePair, options: StreamPipeOptions = {}): ReadableStream {
    const core = this.#core;
    const pair = toDictionary<ReadableWritablePair>(transform, "The transform of pipeThrough()");
    const readable = pair?.readable;
    if (coreOfReadable(readable) === undefined)
      throw new TypeError("The 'readable' of pipeThrough()'s transform must be a ReadableStream.");
    const writable = coreOfWritable(pair!.writable);
    if (writable === undefined)
      throw new TypeError("The 'writable' of pipeThrough()'s transform must be a WritableStream.");
    const converted = convertPipeOptions(options);
    if (core.reader !== undefined) throw lockedError();
    if (writable.writer !== undefined) throw new TypeError("This WritableStream is currently locked to a writer.");
    // 4.-5. The promise is handled: errors reach the readable side.
    parkOrPipe(core, writable, converted).then(undefined, ignore);
    return readable as ReadableStream;
  }

  pipeTo(destination: WritableStream, options: StreamPipeOptions = {}): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    const writable = coreOfWritable(destination);
    if (writable === undefined) {
      return Promise.reject(
        new TypeError("Failed to execute 'pipeTo' on 'ReadableStream': parameter 1 is not of type 'WritableStream'."),
      );
    }
    let converted: PipeOptions;
    try {
      converted = convertPipeOptions(options);
    } catch (error) {
      return Promise.reject(error);
    }
    if (this.#core.reader !== undefined) return Promise.reject(lockedError());
    if (writable.writer !== undefined)
      return Promise.reject(new TypeError("This WritableStream is currently locked to a writer."));
    return parkOrPipe(this.#core, writable, converted);
  }

  tee(): [ReadableStream, ReadableStream] {
    const [first, second] = teeReadable(this.#core);
    return [wrapReadable(first), wrapReadable(second)];
  }

  values(options: { preventCancel?: boolean } | undefined = undefined): AsyncIterableIterator<unknown> {
    const core = this.#core;
    const preventCancel = Boolean(
      toDictionary<{ preventCancel?: boolean }>(options, "The options of values()")?.preventCancel,
    );
    return makeIterator(acquireReader(core), preventCancel);
  }

  declare [Symbol.asyncIterator]: (options?: { preventCancel?: boolean }) => AsyncIterableIterator<unknown>;
}
defineInterface(ReadableStream, "ReadableStream");
Object.defineProperty(ReadableStream.prototype, Symbol.asyncIterator, {
  value: ReadableStream.prototype.values,
  writable: true,
  configurable: true,
});

/** The constructor steps. */
function construct(core: ReadableCore, underlyingSource: unknown, strategyArgument: unknown): void {
  const source = toOptionalObject<UnderlyingSource>(underlyingSource, "The underlying source") ?? {};
  const strategy = convertStrategy(strategyArgument);
  // The dictionary's members, in the order that Web IDL reads them.
  const chunkSize = source.autoAllocateChunkSize as unknown;
  const autoAllocate = chunkSize === undefined ? undefined : toUnsignedLongLong(chunkSize, "autoAllocateChunkSize");
  const cancel = callbackMember(source, "cancel");
  const pull = callbackMember(source, "pull");
  const start = callbackMember(source, "start");
  const type = source.type as unknown;
  if (type !== undefined && `${type as string}` !== "bytes")
    throw new TypeError(`"${String(type)}" is not a valid type of ReadableStream.`);
  const algorithms = new ScriptSource(source, pull, cancel);
  let controller: ByteControllerCore | DefaultControllerCore;
  if (type !== undefined) {
    if (strategy.size !== undefined)
      throw new RangeError("The strategy of a byte stream must not have a size function.");
    if (autoAllocate === 0) throw new TypeError("autoAllocateChunkSize must not be 0.");
    controller = new ByteControllerCore(core, algorithms, extractHighWaterMark(strategy, 0), autoAllocate);
  } else {
    controller = new DefaultControllerCore(core, algorithms, extractHighWaterMark(strategy, 1), strategy.size);
  }
  controller.start(start === undefined ? undefined : apply(start, source, [controller.wrapper]));
}

const PLAIN_PIPE: PipeOptions = { preventClose: false, preventAbort: false, preventCancel: false, signal: undefined };

function convertPipeOptions(value: unknown): PipeOptions {
  const options = toDictionary<StreamPipeOptions>(value, "The pipe options");
  if (options === undefined) return PLAIN_PIPE;
  const preventAbort = Boolean(options.preventAbort);
  const preventCancel = Boolean(options.preventCancel);
  const preventClose = Boolean(options.preventClose);
  const signal = options.signal;
  if (signal !== undefined && !isAbortSignal(signal))
    throw new TypeError("The 'signal' of the pipe options must be an AbortSignal.");
  return { preventClose, preventAbort, preventCancel, signal };
}

export function wrapReadable(core: ReadableCore): ReadableStream {
  return new ReadableStream(INTERNAL, core);
}

/** CreateReadableStream over internal algorithms, which need no start. */
export function createDefault(algorithms: ReadableAlgorithms, highWaterMark: number): ReadableCore {
  const core = new ReadableCore();
  new DefaultControllerCore(core, algorithms, highWaterMark, undefined).started = true;
  return core;
}

/** CreateReadableByteStream over internal algorithms. */
export function createByte(algorithms: ReadableAlgorithms, highWaterMark = 0): ReadableCore {
  const core = new ReadableCore();
  new ByteControllerCore(core, algorithms, highWaterMark).started = true;
  return core;
}
