// Streams § 5.5: the internal state of a writable stream, of its writer and of its controller, and the abstract operations on them.
// Invariant: inFlightWrite is the request of the chunk at the queue's head; a request without a promise (a pipe's) is the pipe itself.
import { type AbortSignal, createAbortSignal, signalAbort } from "../abort";
import { INTERNAL } from "./convert";
import { type Deferred, deferred, LazyPromise, resolved } from "./promises";
import { ChunkQueue, Queue, type SizeAlgorithm } from "./queue";
import { PENDING } from "./readable_core";
import { WritableStreamDefaultController } from "./writable_controller";

export const enum WritableState {
  writable,
  erroring,
  errored,
  closed,
}

/** What a stream's chunks go to. Undefined stands for "a promise resolved with undefined". */
export interface WritableAlgorithms {
  write(chunk: unknown, controller: WritableControllerCore): Promise<unknown> | undefined | typeof PENDING;
  close(controller: WritableControllerCore): Promise<unknown> | undefined;
  abort(reason: unknown): Promise<unknown> | undefined;
}

export interface WriteRequest {
  resolve(value?: undefined): void;
  reject(reason: unknown): void;
}

/** What an internal owner of a writer (a pipe) wants to hear instead of the writer's promises. */
export interface WriterOwner {
  writerReady(): void;
  destinationErrored(error: unknown): void;
}

interface PendingAbort {
  result: Deferred<undefined>;
  reason: unknown;
  wasAlreadyErroring: boolean;
}

export class WritableCore {
  state = WritableState.writable;
  storedError: unknown = undefined;
  backpressure = false;
  writer: WriterCore | undefined = undefined;
  controller!: WritableControllerCore;
  readonly writeRequests = new Queue<WriteRequest>();
  inFlightWrite: WriteRequest | undefined = undefined;
  closeRequest: Deferred<undefined> | undefined = undefined;
  inFlightClose: Deferred<undefined> | undefined = undefined;
  pendingAbort: PendingAbort | undefined = undefined;

  /** WritableStreamCloseQueuedOrInFlight. */
  isClosing(): boolean {
    return this.closeRequest !== undefined || this.inFlightClose !== undefined;
  }

  /** True while a write has not settled. */
  hasWrites(): boolean {
    return this.inFlightWrite !== undefined || this.writeRequests.length > 0;
  }
}

export class WriterCore {
  readonly ready = new LazyPromise();
  readonly closed = new LazyPromise();
  stream: WritableCore | undefined;
  owner: WriterOwner | undefined = undefined;

  /** SetUpWritableStreamDefaultWriter; the stream must be unlocked. */
  constructor(stream: WritableCore) {
    this.stream = stream;
    stream.writer = this;
    switch (stream.state) {
      case WritableState.writable:
        if (stream.isClosing() || !stream.backpressure) this.ready.resolve();
        break;
      case WritableState.erroring:
        this.ready.reject(stream.storedError);
        break;
      case WritableState.closed:
        this.ready.resolve();
        this.closed.resolve();
        break;
      default:
        this.ready.reject(stream.storedError);
        this.closed.reject(stream.storedError);
    }
  }
}

export function writerReleasedError(): TypeError {
  return new TypeError("This WritableStream writer has been released.");
}

export function writableClosedError(): TypeError {
  return new TypeError("This WritableStream has been closed.");
}

/** WritableStreamAbort. Undefined stands for a promise resolved with undefined. */
export function abortWritable(stream: WritableCore, reason: unknown): Promise<undefined> | undefined {
  if (isOver(stream)) return undefined;
  stream.controller.signalAbort(reason);
  // 3. The signal's listeners may have changed the state.
  if (isOver(stream)) return undefined;
  if (stream.pendingAbort !== undefined) return stream.pendingAbort.result.promise;
  const wasAlreadyErroring = stream.state === WritableState.erroring;
  const result = deferred<undefined>();
  stream.pendingAbort = { result, reason: wasAlreadyErroring ? undefined : reason, wasAlreadyErroring };
  if (!wasAlreadyErroring) startErroring(stream, reason);
  return result.promise;
}

function isOver(stream: WritableCore): boolean {
  return stream.state === WritableState.closed || stream.state === WritableState.errored;
}

/** WritableStreamClose; throws what the standard returns a rejected promise of. */
export function closeWritable(stream: WritableCore): Promise<undefined> {
  if (isOver(stream))
    throw stream.state === WritableState.closed
      ? writableClosedError()
      : new TypeError("This WritableStream is errored.");
  // Assert: state is "writable" or "erroring", and WritableStreamCloseQueuedOrInFlight is false (the callers checked).
  const request = (stream.closeRequest = deferred<undefined>());
  if (stream.writer !== undefined && stream.backpressure && stream.state === WritableState.writable)
    stream.writer.ready.resolve();
  // WritableStreamDefaultControllerClose
  stream.controller.isCloseQueued = true;
  stream.controller.advance();
  return request.promise;
}

/** WritableStreamStartErroring. */
export function startErroring(stream: WritableCore, reason: unknown): void {
  stream.state = WritableState.erroring;
  stream.storedError = reason;
  if (stream.writer !== undefined) ensureReadyRejected(stream.writer, reason);
  if (!hasOperationInFlight(stream) && stream.controller.started) finishErroring(stream);
}

function hasOperationInFlight(stream: WritableCore): boolean {
  return stream.inFlightWrite !== undefined || stream.inFlightClose !== undefined;
}

/** WritableStreamDefaultWriterEnsureReadyPromiseRejected. */
function ensureReadyRejected(writer: WriterCore, error: unknown): void {
  if (!writer.ready.isPending) writer.ready.renew();
  writer.ready.reject(error);
}

/** WritableStreamFinishErroring. */
export function finishErroring(stream: WritableCore): void {
  stream.state = WritableState.errored;
  const { controller, storedError } = stream;
  // 4. [[ErrorSteps]]: ResetQueue.
  controller.queue.reset();
  controller.isCloseQueued = false;
  while (stream.writeRequests.length > 0) stream.writeRequests.shift().reject(storedError);
  const abort = stream.pendingAbort;
  if (abort === undefined) return rejectCloseAndClosed(stream);
  stream.pendingAbort = undefined;
  if (abort.wasAlreadyErroring) {
    abort.result.reject(storedError);
    return rejectCloseAndClosed(stream);
  }
  // 12. Let promise be ! stream.[[controller]].[[AbortSteps]](abortRequest's reason).
  let promise: Promise<unknown> | undefined;
  try {
    const { algorithms } = controller;
    controller.clearAlgorithms();
    promise = algorithms.abort(abort.reason);
  } catch (error) {
    promise = Promise.reject(error);
  }
  (promise ?? resolved).then(
    () => {
      abort.result.resolve();
      rejectCloseAndClosed(stream);
    },
    (error) => {
      abort.result.reject(error);
      rejectCloseAndClosed(stream);
    },
  );
}

/** WritableStreamRejectCloseAndClosedPromiseIfNeeded. */
function rejectCloseAndClosed(stream: WritableCore): void {
  if (stream.closeRequest !== undefined) {
    stream.closeRequest.reject(stream.storedError);
    stream.closeRequest = undefined;
  }
  stream.writer?.closed.reject(stream.storedError);
  stream.writer?.owner?.destinationErrored(stream.storedError);
}

/** WritableStreamDealWithRejection. */
function dealWithRejection(stream: WritableCore, error: unknown): void {
  if (stream.state === WritableState.writable) startErroring(stream, error);
  else finishErroring(stream);
}

/** WritableStreamUpdateBackpressure. */
function updateBackpressure(stream: WritableCore, backpressure: boolean): void {
  if (backpressure === stream.backpressure) return;
  stream.backpressure = backpressure;
  const { writer } = stream;
  if (writer === undefined) return;
  if (backpressure) {
    writer.ready.renew();
  } else {
    writer.ready.resolve();
    writer.owner?.writerReady();
  }
}

/** WritableStreamDefaultWriterWrite, with a request instead of a promise. The checks of the standard's steps 5 to 10 fail by a throw. */
export function writeChunk(writer: WriterCore, stream: WritableCore, chunk: unknown, request: WriteRequest): void {
  const { controller } = stream;
  const size = controller.chunkSize(chunk);
  if (stream !== writer.stream) throw writerReleasedError();
  if (stream.state !== WritableState.writable || stream.isClosing()) {
    if (stream.state === WritableState.errored) throw stream.storedError;
    if (stream.isClosing() || stream.state === WritableState.closed) throw writableClosedError();
    throw stream.storedError;
  }
  // 11. WritableStreamAddWriteRequest. 12. WritableStreamDefaultControllerWrite.
  stream.writeRequests.push(request);
  controller.write(chunk, size);
}

/** WritableStreamDefaultWriterRelease. */
export function releaseWriter(writer: WriterCore): void {
  const stream = writer.stream;
  if (stream === undefined) return;
  const error = writerReleasedError();
  ensureReadyRejected(writer, error);
  if (!writer.closed.isPending) writer.closed.renew();
  writer.closed.reject(error);
  stream.writer = undefined;
  writer.stream = undefined;
}

const NOTHING: WritableAlgorithms = { write: () => undefined, close: () => undefined, abort: () => undefined };

export class WritableControllerCore {
  readonly stream: WritableCore;
  readonly queue: ChunkQueue;
  readonly highWaterMark: number;
  size: SizeAlgorithm | undefined;
  algorithms: WritableAlgorithms;
  started = false;
  /** The close sentinel is in the queue, behind all chunks. */
  isCloseQueued = false;
  private abortSignal: AbortSignal | undefined = undefined;
  private abortReason: { reason: unknown } | undefined = undefined;
  private face: WritableStreamDefaultController | undefined = undefined;
  private writtenSteps: (() => void) | undefined = undefined;
  private failedSteps: ((error: unknown) => void) | undefined = undefined;

  /** SetUpWritableStreamDefaultController up to the start algorithm; start() or begin() follows. */
  constructor(
    stream: WritableCore,
    algorithms: WritableAlgorithms,
    highWaterMark: number,
    size: SizeAlgorithm | undefined,
  ) {
    this.stream = stream;
    this.algorithms = algorithms;
    this.highWaterMark = highWaterMark;
    this.size = size;
    this.queue = new ChunkQueue(size !== undefined);
    stream.controller = this;
    stream.backpressure = highWaterMark <= 0;
  }

  get wrapper(): WritableStreamDefaultController {
    return (this.face ??= new WritableStreamDefaultController(INTERNAL, this));
  }

  /** The signal is made when a script asks for it. */
  get signal(): AbortSignal {
    if (this.abortSignal === undefined) {
      this.abortSignal = createAbortSignal();
      if (this.abortReason !== undefined) signalAbort(this.abortSignal, this.abortReason.reason);
    }
    return this.abortSignal;
  }

  signalAbort(reason: unknown): void {
    if (this.abortSignal !== undefined) signalAbort(this.abortSignal, reason);
    else this.abortReason ??= { reason };
  }

  start(result: unknown): void {
    const failed = (error: unknown) => {
      this.started = true;
      dealWithRejection(this.stream, error);
    };
    if (result === undefined) resolved.then(() => this.begin());
    else Promise.resolve(result).then(() => this.begin(), failed);
  }

  begin(): void {
    this.started = true;
    this.advance();
  }

  clearAlgorithms(): void {
    this.algorithms = NOTHING;
    this.size = undefined;
  }

  desiredSize(): number {
    return this.highWaterMark - this.queue.total;
  }

  /** WritableStreamDefaultControllerGetChunkSize. */
  chunkSize(chunk: unknown): number {
    if (this.size === undefined) return 1;
    try {
      return this.size(chunk);
    } catch (error) {
      this.errorIfNeeded(error);
      return 1;
    }
  }

  /** WritableStreamDefaultControllerWrite. */
  write(chunk: unknown, size: number): void {
    try {
      this.queue.enqueue(chunk, size);
    } catch (error) {
      this.errorIfNeeded(error);
      return;
    }
    const { stream } = this;
    if (!stream.isClosing() && stream.state === WritableState.writable)
      updateBackpressure(stream, this.desiredSize() <= 0);
    this.advance();
  }

  /** WritableStreamDefaultControllerAdvanceQueueIfNeeded. */
  advance(): void {
    const { stream } = this;
    if (!this.started || stream.inFlightWrite !== undefined) return;
    if (stream.state === WritableState.erroring) return finishErroring(stream);
    if (this.queue.length > 0) this.processWrite();
    else if (this.isCloseQueued) this.processClose();
  }

  /** WritableStreamDefaultControllerProcessWrite. */
  private processWrite(): void {
    const { stream } = this;
    // WritableStreamMarkFirstWriteRequestInFlight
    stream.inFlightWrite = stream.writeRequests.shift();
    let result: Promise<unknown> | undefined | typeof PENDING;
    try {
      result = this.algorithms.write(this.queue.peek(), this);
    } catch (error) {
      result = Promise.reject(error);
    }
    if (result === PENDING) return;
    this.writtenSteps ??= () => this.written();
    if (result === undefined) resolved.then(this.writtenSteps);
    else result.then(this.writtenSteps, (this.failedSteps ??= (error) => this.writeFailed(error)));
  }

  /** The sink's write is done: WritableStreamFinishInFlightWrite, then the next chunk. */
  written(): void {
    const { stream } = this;
    const request = stream.inFlightWrite!;
    stream.inFlightWrite = undefined;
    request.resolve();
    this.queue.dequeue();
    if (!stream.isClosing() && stream.state === WritableState.writable)
      updateBackpressure(stream, this.desiredSize() <= 0);
    this.advance();
  }

  /** The sink's write failed: WritableStreamFinishInFlightWriteWithError. */
  writeFailed(error: unknown): void {
    const { stream } = this;
    if (stream.state === WritableState.writable) this.clearAlgorithms();
    const request = stream.inFlightWrite!;
    stream.inFlightWrite = undefined;
    request.reject(error);
    dealWithRejection(stream, error);
  }

  /** WritableStreamDefaultControllerProcessClose. */
  private processClose(): void {
    const { stream } = this;
    if (stream.closeRequest === undefined) return;
    // WritableStreamMarkCloseRequestInFlight
    stream.inFlightClose = stream.closeRequest;
    stream.closeRequest = undefined;
    this.isCloseQueued = false;
    let result: Promise<unknown> | undefined;
    try {
      const { algorithms } = this;
      this.clearAlgorithms();
      result = algorithms.close(this);
    } catch (error) {
      result = Promise.reject(error);
    }
    (result ?? resolved).then(
      () => finishClose(stream),
      (error) => finishCloseWithError(stream, error),
    );
  }

  /** WritableStreamDefaultControllerErrorIfNeeded and WritableStreamDefaultControllerError. */
  errorIfNeeded(error: unknown): void {
    if (this.stream.state !== WritableState.writable) return;
    this.clearAlgorithms();
    startErroring(this.stream, error);
  }
}

/** WritableStreamFinishInFlightClose. */
function finishClose(stream: WritableCore): void {
  stream.inFlightClose!.resolve();
  stream.inFlightClose = undefined;
  if (stream.state === WritableState.erroring) {
    // 4. The error was too late to do anything, so it is ignored.
    stream.storedError = undefined;
    if (stream.pendingAbort !== undefined) {
      stream.pendingAbort.result.resolve();
      stream.pendingAbort = undefined;
    }
  }
  stream.state = WritableState.closed;
  stream.writer?.closed.resolve();
}

/** WritableStreamFinishInFlightCloseWithError. */
function finishCloseWithError(stream: WritableCore, error: unknown): void {
  stream.inFlightClose!.reject(error);
  stream.inFlightClose = undefined;
  if (stream.pendingAbort !== undefined) {
    stream.pendingAbort.result.reject(error);
    stream.pendingAbort = undefined;
  }
  dealWithRejection(stream, error);
}
