// Streams § 5.2 and 5.3: WritableStream and WritableStreamDefaultWriter; their state and operations are in writable_core.ts.
import { defineInterface } from "../webidl";
import { INTERNAL, apply, callbackMember, illegalInvocation, isObject, toOptionalObject } from "./convert";
import { deferred } from "./promises";
import type { SizeAlgorithm } from "./queue";
import { convertStrategy, extractHighWaterMark, type QueuingStrategy } from "./strategies";
import { ScriptSink } from "./writable_controller";
import {
  abortWritable,
  closeWritable,
  releaseWriter,
  WritableControllerCore,
  WritableCore,
  WritableState,
  writeChunk,
  WriterCore,
  writerReleasedError,
  type WritableAlgorithms,
} from "./writable_core";

export interface UnderlyingSink {
  start?(controller: unknown): unknown;
  write?(chunk: unknown, controller: unknown): unknown;
  close?(): unknown;
  abort?(reason: unknown): unknown;
}

/** The core of a WritableStream; undefined for every other value. */
export let coreOfWritable: (value: unknown) => WritableCore | undefined;

export function writableLockedError(): TypeError {
  return new TypeError("This WritableStream is currently locked to a writer.");
}

export class WritableStream {
  readonly #core: WritableCore;

  static {
    coreOfWritable = (value) => (isObject(value) && #core in value ? value.#core : undefined);
  }

  constructor(underlyingSink?: UnderlyingSink, strategy?: QueuingStrategy);
  /** @internal */
  constructor(token: typeof INTERNAL, core: WritableCore);
  constructor(underlyingSink: unknown = undefined, strategy: unknown = undefined) {
    if (underlyingSink === INTERNAL) {
      this.#core = strategy as WritableCore;
      return;
    }
    this.#core = new WritableCore();
    construct(this.#core, underlyingSink, strategy);
  }

  get locked(): boolean {
    return this.#core.writer !== undefined;
  }

  abort(reason: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    if (this.#core.writer !== undefined) return Promise.reject(writableLockedError());
    return abortWritable(this.#core, reason) ?? Promise.resolve(undefined);
  }

  close(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    if (this.#core.writer !== undefined) return Promise.reject(writableLockedError());
    return closeChecked(this.#core);
  }

  getWriter(): WritableStreamDefaultWriter {
    void this.#core;
    return new WritableStreamDefaultWriter(this);
  }
}
defineInterface(WritableStream, "WritableStream");

function closeChecked(stream: WritableCore): Promise<undefined> {
  if (stream.isClosing()) return Promise.reject(new TypeError("This WritableStream is being closed already."));
  try {
    return closeWritable(stream);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** The constructor steps. */
function construct(core: WritableCore, underlyingSink: unknown, strategyArgument: unknown): void {
  const sink = toOptionalObject<UnderlyingSink>(underlyingSink, "The underlying sink") ?? {};
  const strategy = convertStrategy(strategyArgument);
  const abort = callbackMember(sink, "abort");
  const close = callbackMember(sink, "close");
  const start = callbackMember(sink, "start");
  if ((sink as { type?: unknown }).type !== undefined)
    throw new RangeError("The 'type' of an underlying sink must be undefined.");
  const write = callbackMember(sink, "write");
  const controller = new WritableControllerCore(
    core,
    new ScriptSink(sink, write, close, abort),
    extractHighWaterMark(strategy, 1),
    strategy.size,
  );
  controller.start(start === undefined ? undefined : apply(start, sink, [controller.wrapper]));
}

export function wrapWritable(core: WritableCore): WritableStream {
  return new WritableStream(INTERNAL, core);
}

/** CreateWritableStream over internal algorithms; start() or begin() of its controller follows. */
export function createWritable(
  algorithms: WritableAlgorithms,
  highWaterMark: number,
  size: SizeAlgorithm | undefined,
): WritableCore {
  const core = new WritableCore();
  new WritableControllerCore(core, algorithms, highWaterMark, size);
  return core;
}

export class WritableStreamDefaultWriter {
  readonly #core: WriterCore;

  constructor(stream: WritableStream) {
    const core = coreOfWritable(stream);
    if (core === undefined)
      throw new TypeError(
        "Failed to construct 'WritableStreamDefaultWriter': parameter 1 is not of type 'WritableStream'.",
      );
    if (core.writer !== undefined) throw writableLockedError();
    this.#core = new WriterCore(core);
  }

  get closed(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return this.#core.closed.promise;
  }

  get desiredSize(): number | null {
    const stream = this.#core.stream;
    if (stream === undefined) throw writerReleasedError();
    // WritableStreamDefaultWriterGetDesiredSize
    if (stream.state === WritableState.errored || stream.state === WritableState.erroring) return null;
    if (stream.state === WritableState.closed) return 0;
    return stream.controller.desiredSize();
  }

  get ready(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    return this.#core.ready.promise;
  }

  abort(reason: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    const stream = this.#core.stream;
    if (stream === undefined) return Promise.reject(writerReleasedError());
    return abortWritable(stream, reason) ?? Promise.resolve(undefined);
  }

  close(): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    const stream = this.#core.stream;
    if (stream === undefined) return Promise.reject(writerReleasedError());
    return closeChecked(stream);
  }

  releaseLock(): void {
    releaseWriter(this.#core);
  }

  write(chunk: unknown = undefined): Promise<undefined> {
    if (!(#core in this)) return Promise.reject(illegalInvocation());
    const stream = this.#core.stream;
    if (stream === undefined) return Promise.reject(writerReleasedError());
    const request = deferred<undefined>();
    try {
      writeChunk(this.#core, stream, chunk, request);
    } catch (error) {
      return Promise.reject(error);
    }
    return request.promise;
  }
}
defineInterface(WritableStreamDefaultWriter, "WritableStreamDefaultWriter");
