// Where streams meet net::ByteSource (docs/architecture.md, "Bodies"): a ReadableStream over a native source, a native source from any
// stream, and what the bodies of Request and Response need. A native stream is a byte stream that reads nothing before its first read.
import { type NativeHandle, native } from "../../native";
import type { ByteControllerCore } from "./byte_core";
import type { DefaultControllerCore } from "./default_controller";
import { fixedLengthOf, Identity } from "./identity";
import { ParkedPipe } from "./link";
import { pipe, type PipeOptions } from "./pipe";
import { promiseOf } from "./promises";
import {
  acquireReader,
  cancelReadable,
  lockedError,
  PENDING,
  ReadableState,
  readDefault,
  releaseReader,
  type ReadableAlgorithms,
  type ReadableCore,
  type ReaderCore,
  type ReadRequest,
} from "./readable_core";
import { TransformCore } from "./transform_core";
import type { WritableCore } from "./writable_core";
import { coreOfReadable, createByte, createDefault, type ReadableStream, wrapReadable } from "./readable_stream";

export type Source = NativeHandle<"byte_source">;

interface SourceOps {
  /** The next chunk, empty at the end: at once when there is one, else as a promise. */
  source_read(source: Source): Uint8Array | Promise<Uint8Array>;
  /** Everything up to the end, gathered natively. */
  source_read_all(source: Source): Uint8Array | Promise<Uint8Array>;
  source_cancel(source: Source, reason: string): void;
  source_length(source: Source): number | undefined;
  source_from_bytes(bytes: Uint8Array): Source;
  source_tee(source: Source): [Source, Source];
  source_link(source: Source, length: number | undefined): [Source, Promise<void>];
  pipe_create(length?: number): Source;
  pipe_write(pipe: Source, bytes: Uint8Array): Promise<void> | undefined;
  pipe_close(pipe: Source): void;
  pipe_abort(pipe: Source, reason: string): void;
}
export const ops = native<SourceOps>();

/** A reason as the native side carries it: text. */
function reasonText(reason: unknown): string {
  if (reason === undefined) return "the stream was cancelled";
  try {
    const message = (reason as { message?: unknown } | null)?.message;
    return typeof message === "string" ? message : String(reason);
  } catch {
    return "the stream was cancelled";
  }
}

/** A native failure reaches scripts as a TypeError with the native message. */
export function nativeError(error: unknown): unknown {
  if (error instanceof TypeError || !(error instanceof Error)) return error;
  return new TypeError(error.message);
}

/** What a stream that C++ could read by itself comes from. */
abstract class NativeBacked implements ReadableAlgorithms {
  abstract pull(controller: DefaultControllerCore | ByteControllerCore): Promise<unknown> | undefined | typeof PENDING;
  abstract cancel(reason: unknown): Promise<unknown> | undefined;
  abstract take(): Source;
  abstract readAll(): Uint8Array | Promise<Uint8Array>;
  /** Two that both give everything; this one is given up. */
  abstract fork(): [ReadableAlgorithms, ReadableAlgorithms];
  abstract get length(): number | undefined;
}

export class SourceAlgorithms extends NativeBacked {
  private controller: ByteControllerCore | undefined = undefined;
  private readonly chunkSteps = (bytes: Uint8Array): void => this.deliver(this.controller!, bytes);
  private readonly errorSteps = (error: unknown): void => this.controller!.error(nativeError(error));

  constructor(private readonly source: Source) {
    super();
  }

  pull(controller: DefaultControllerCore | ByteControllerCore): typeof PENDING {
    this.controller = controller as ByteControllerCore;
    let result: Uint8Array | Promise<Uint8Array>;
    try {
      result = ops.source_read(this.source);
    } catch (error) {
      throw nativeError(error);
    }
    // The reactions are this stream's for all its chunks.
    if (result instanceof Promise) result.then(this.chunkSteps, this.errorSteps);
    else Promise.resolve(result).then(this.chunkSteps);
    return PENDING;
  }

  private deliver(controller: ByteControllerCore, bytes: Uint8Array): void {
    if (bytes.byteLength === 0) controller.finish();
    else controller.enqueueOwned(bytes);
    controller.pulled();
  }

  cancel(reason: unknown): undefined {
    ops.source_cancel(this.source, reasonText(reason));
  }

  take(): Source {
    return this.source;
  }

  readAll(): Uint8Array | Promise<Uint8Array> {
    return ops.source_read_all(this.source);
  }

  fork(): [ReadableAlgorithms, ReadableAlgorithms] {
    const [first, second] = ops.source_tee(this.source);
    return [new SourceAlgorithms(first), new SourceAlgorithms(second)];
  }

  get length(): number | undefined {
    return ops.source_length(this.source);
  }
}

class BytesAlgorithms extends NativeBacked {
  constructor(private bytes: Uint8Array) {
    super();
  }

  pull(controller: DefaultControllerCore | ByteControllerCore): undefined {
    const { bytes } = this;
    this.bytes = new Uint8Array(0);
    if (bytes.byteLength > 0) (controller as ByteControllerCore).enqueueOwned(bytes);
    (controller as ByteControllerCore).finish();
  }

  cancel(): undefined {}

  take(): Source {
    return ops.source_from_bytes(this.bytes);
  }

  readAll(): Uint8Array {
    return this.bytes;
  }

  fork(): [ReadableAlgorithms, ReadableAlgorithms] {
    return [new BytesAlgorithms(this.bytes), new BytesAlgorithms(this.bytes.slice())];
  }

  get length(): number {
    return this.bytes.byteLength;
  }
}

/** A byte stream over a native source. */
export function streamFromSource(source: Source): ReadableStream {
  return wrapReadable(createByte(new SourceAlgorithms(source)));
}

/** A byte stream of bytes that nobody else will change. */
export function streamFromBytes(bytes: Uint8Array): ReadableStream {
  return wrapReadable(createByte(new BytesAlgorithms(bytes)));
}

function mustBeStream(stream: unknown): ReadableCore {
  const core = coreOfReadable(stream);
  if (core === undefined) throw new TypeError("The value is not a ReadableStream.");
  return core;
}

/** What is behind an untouched stream, if C++ can read it. */
function untouchedNative(core: ReadableCore): NativeBacked | undefined {
  if (core.disturbed || core.reader !== undefined || core.state !== ReadableState.readable) return undefined;
  const { algorithms } = core.controller;
  return algorithms instanceof NativeBacked ? algorithms : undefined;
}

/** Closes a native stream whose octets went another way. */
export function closeNative(core: ReadableCore): void {
  if (core.state === ReadableState.readable) (core.controller as ByteControllerCore).finish();
}

/** Two streams that both give what the stream gives, made natively; undefined when that is not possible. */
export function teeNative(core: ReadableCore): [ReadableCore, ReadableCore] | undefined {
  const backing = untouchedNative(core);
  if (backing === undefined) return undefined;
  acquireReader(core);
  core.disturbed = true;
  const [first, second] = backing.fork();
  return [createByte(first), createByte(second)];
}

/** A pipe that waits for somebody to want what comes out of it, where that may save it; else a pipe. */
export function parkOrPipe(source: ReadableCore, destination: WritableCore, options: PipeOptions): Promise<undefined> {
  const backing = untouchedNative(source);
  const transform = destination.controller.algorithms;
  if (
    backing instanceof SourceAlgorithms &&
    transform instanceof TransformCore &&
    transform.algorithms instanceof Identity &&
    transform.isFresh &&
    options.signal === undefined &&
    !options.preventClose &&
    !options.preventAbort &&
    !options.preventCancel &&
    backing.length !== 0
  ) {
    return new ParkedPipe(source, backing, transform, transform.algorithms, options).promise;
  }
  return pipe(source, destination, options);
}

/** Takes a native stream that nobody touched apart: it stays locked and disturbed, and its source is the caller's. */
export function takeSource(stream: ReadableStream): Source | undefined {
  const core = mustBeStream(stream);
  const backing = untouchedNative(core) ?? parkedPipe(core);
  if (backing === undefined) return undefined;
  acquireReader(core);
  core.disturbed = true;
  return backing.take();
}

/** The parked pipe behind the untouched readable side of an identity transform. */
function parkedPipe(core: ReadableCore): ParkedPipe | undefined {
  if (core.disturbed || core.reader !== undefined || core.state !== ReadableState.readable) return undefined;
  const transform = core.controller.algorithms;
  return transform instanceof TransformCore && transform.parked instanceof ParkedPipe ? transform.parked : undefined;
}

/** Octets that an untouched stream will deliver, where that is known. */
export function streamLength(stream: ReadableStream): number | undefined {
  const core = mustBeStream(stream);
  return untouchedNative(core)?.length ?? fixedLengthOf(core);
}

/** A native source of everything that the stream delivers; the stream must be neither locked nor disturbed. */
export function sourceOf(stream: ReadableStream, length: number | undefined = undefined): Source {
  const taken = takeSource(stream);
  if (taken !== undefined) return taken;
  const core = mustBeStream(stream);
  const pipe = ops.pipe_create(length ?? fixedLengthOf(core));
  new Pump(core, pipe).start();
  return pipe;
}

/** Pumps a stream, which it locks, into a pipe, which it closes or aborts. The promise resolves when everything was written or failed. */
export function pumpToPipe(stream: ReadableStream, pipe: Source): Promise<void> {
  return new Promise((resolve) => new Pump(mustBeStream(stream), pipe, resolve).start());
}

/** The loop of pumpToPipe: one object, no promise while the pipe has room and the stream has chunks. */
class Pump implements ReadRequest {
  private readonly reader: ReaderCore;
  private isRunning = false;
  private isReady = true;
  private readonly roomSteps = (): void => this.run();
  private readonly failedSteps = (error: unknown): void => this.stop(error);

  constructor(
    private readonly stream: ReadableCore,
    private readonly pipe: Source,
    private readonly done: (() => void) | undefined = undefined,
  ) {
    this.reader = acquireReader(stream);
  }

  start(): void {
    this.run();
  }

  private run(): void {
    this.isReady = true;
    this.isRunning = true;
    while (this.isReady) {
      this.isReady = false;
      readDefault(this.reader, this.stream, this);
    }
    this.isRunning = false;
  }

  chunkSteps(chunk: unknown): void {
    let waiting: Promise<void> | undefined;
    try {
      waiting = ops.pipe_write(this.pipe, bytesForPipe(chunk));
    } catch (error) {
      ops.pipe_abort(this.pipe, reasonText(error));
      return this.stop(error);
    }
    if (waiting !== undefined) waiting.then(this.roomSteps, this.failedSteps);
    else if (this.isRunning) this.isReady = true;
    else this.run();
  }

  closeSteps(): void {
    ops.pipe_close(this.pipe);
    this.end();
  }

  errorSteps(error: unknown): void {
    ops.pipe_abort(this.pipe, reasonText(error));
    this.end();
  }

  /** The pipe's reader wants no more, or a chunk was of no use. */
  private stop(error: unknown): void {
    cancelReadable(this.stream, error)?.then(undefined, () => {});
    this.end();
  }

  private end(): void {
    releaseReader(this.reader);
    this.stream.disturbed = true;
    this.done?.();
  }
}

function bytesForPipe(chunk: unknown): Uint8Array {
  if (chunk instanceof Uint8Array) return chunk;
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(
    `This ReadableStream did not return bytes: a chunk of a body must be an ArrayBuffer or a view of one, not ${typeof chunk}.`,
  );
}

/** Reads a stream to its end. Rejects with a TypeError when it is locked; what is native is drained natively. */
export function readAllBytes(stream: ReadableStream): Promise<Uint8Array> {
  const core = mustBeStream(stream);
  if (core.reader !== undefined) return Promise.reject(lockedError());
  const backing = untouchedNative(core);
  if (backing === undefined) return new Promise((resolve, reject) => new Drain(core, resolve, reject).start());
  acquireReader(core);
  core.disturbed = true;
  try {
    const result = backing.readAll();
    if (!(result instanceof Promise)) return Promise.resolve(result);
    // errorStream() may have errored it meanwhile: then its reason is what counts.
    const failed = (error: unknown) =>
      Promise.reject(core.state === ReadableState.errored ? core.storedError : nativeError(error));
    return result.catch(failed);
  } catch (error) {
    return Promise.reject(nativeError(error));
  }
}

/** The loop of readAllBytes. */
class Drain implements ReadRequest {
  private readonly reader: ReaderCore;
  private readonly chunks: Uint8Array[] = [];
  private size = 0;
  private isRunning = false;
  private isReady = true;

  constructor(
    private readonly stream: ReadableCore,
    private readonly resolve: (bytes: Uint8Array) => void,
    private readonly reject: (error: unknown) => void,
  ) {
    this.reader = acquireReader(stream);
  }

  start(): void {
    this.isRunning = true;
    while (this.isReady) {
      this.isReady = false;
      readDefault(this.reader, this.stream, this);
    }
    this.isRunning = false;
  }

  chunkSteps(chunk: unknown): void {
    let bytes: Uint8Array;
    try {
      bytes = bytesForPipe(chunk);
    } catch (error) {
      cancelReadable(this.stream, error)?.then(undefined, () => {});
      return this.reject(error);
    }
    this.chunks.push(bytes);
    this.size += bytes.byteLength;
    this.isReady = true;
    if (!this.isRunning) this.start();
  }

  closeSteps(): void {
    if (this.chunks.length === 1) return this.resolve(ownBytes(this.chunks[0]!));
    const all = new Uint8Array(this.size);
    let offset = 0;
    for (const chunk of this.chunks) {
      all.set(chunk, offset);
      offset += chunk.byteLength;
    }
    this.resolve(all);
  }

  errorSteps(error: unknown): void {
    this.reject(error);
  }
}

/** A result must not share its buffer with a script's chunk, nor be a part of a larger buffer. */
function ownBytes(bytes: Uint8Array): Uint8Array {
  return bytes.slice();
}

export function isReadableStream(value: unknown): value is ReadableStream {
  return coreOfReadable(value) !== undefined;
}

/** IsReadableStreamDisturbed. */
export function isDisturbed(stream: ReadableStream): boolean {
  return mustBeStream(stream).disturbed;
}

export function isLocked(stream: ReadableStream): boolean {
  return mustBeStream(stream).reader !== undefined;
}

/** Errors a stream from outside, as an aborted fetch does to its body; a native source behind it is cancelled. */
export function errorStream(stream: ReadableStream, error: unknown): void {
  const core = mustBeStream(stream);
  if (core.state !== ReadableState.readable) return;
  const { controller } = core;
  if (controller.algorithms instanceof NativeBacked) controller.algorithms.cancel(error);
  controller.error(error);
}

/** What the pull function of createReadableStream fills the stream through. */
export interface StreamController {
  enqueue(chunk: unknown): void;
  close(): void;
  error(error: unknown): void;
}

class FunctionSource implements ReadableAlgorithms {
  constructor(
    private readonly pullFunction: (controller: StreamController) => unknown,
    private readonly cancelFunction: ((reason: unknown) => unknown) | undefined,
  ) {}
  pull(controller: DefaultControllerCore | ByteControllerCore): Promise<unknown> | undefined {
    return promiseOf(this.pullFunction(controller as StreamController));
  }
  cancel(reason: unknown): Promise<unknown> | undefined {
    return promiseOf(this.cancelFunction?.(reason));
  }
}

/** A stream for other builtins: `pull` is called when a chunk is wanted, and may return a promise. */
export function createReadableStream(
  pull: (controller: StreamController) => unknown,
  cancel: ((reason: unknown) => unknown) | undefined = undefined,
  options: { type?: "bytes"; highWaterMark?: number } = {},
): ReadableStream {
  const algorithms = new FunctionSource(pull, cancel);
  const core =
    options.type === "bytes"
      ? createByte(algorithms, options.highWaterMark)
      : createDefault(algorithms, options.highWaterMark ?? 0);
  if ((options.highWaterMark ?? 0) > 0) core.controller.start(undefined);
  return wrapReadable(core);
}
