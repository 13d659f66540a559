// Streams § 4.9.1, ReadableStreamPipeTo, as its own loop between two cores: chunks go from queue to queue without a promise, and a
// read or a write that has to wait is this object itself. What scripts can observe (order of pull, write, close, abort, cancel; that
// enqueue() never calls the sink's write in the same turn) is what the standard says.
import { abortReason, type AbortSignal, isAborted, onAbort } from "../abort";
import { deferred, type Deferred, later, resolved } from "./promises";
import { acquireReader, cancelReadable, ReadableState, readDefault, releaseReader } from "./readable_core";
import type { ReadableCore, ReaderCore, ReaderOwner, ReadRequest } from "./readable_core";
import {
  abortWritable,
  closeWritable,
  releaseWriter,
  WritableState,
  writableClosedError,
  writeChunk,
  WriterCore,
} from "./writable_core";
import type { WritableCore, WriteRequest, WriterOwner } from "./writable_core";

export interface PipeOptions {
  preventClose: boolean;
  preventAbort: boolean;
  preventCancel: boolean;
  signal: AbortSignal | undefined;
}

type Action = () => Promise<unknown> | undefined;

/** Pipes; both ends must be unlocked. */
export function pipe(source: ReadableCore, destination: WritableCore, options: PipeOptions): Promise<undefined> {
  return new PipeOperation(source, destination, options).start();
}

class PipeOperation implements ReadRequest, ReaderOwner, WriterOwner, WriteRequest {
  private readonly reader: ReaderCore;
  private readonly writer: WriterCore;
  private readonly result: Deferred<undefined> = deferred();
  private isShuttingDown = false;
  /** A read is outstanding, or its chunk is held until the next turn. */
  private isReading = false;
  /** Chunks that this pipe wrote and that are not done; a former writer's do not count. */
  private unsettledWrites = 0;
  private held: { chunk: unknown } | undefined = undefined;
  private whenWritten: (() => void) | undefined = undefined;
  private forgetSignal: (() => void) | undefined = undefined;
  private readonly flushSteps = () => this.flush();

  constructor(
    private readonly source: ReadableCore,
    private readonly destination: WritableCore,
    private readonly options: PipeOptions,
  ) {
    this.reader = acquireReader(source);
    this.writer = new WriterCore(destination);
    this.reader.owner = this;
    this.writer.owner = this;
    source.disturbed = true;
  }

  start(): Promise<undefined> {
    const { signal } = this.options;
    if (signal !== undefined) {
      if (isAborted(signal)) {
        this.abort(signal);
        return this.result.promise;
      }
      this.forgetSignal = onAbort(signal, () => this.abort(signal));
    }
    const { source, destination } = this;
    if (source.state === ReadableState.errored) this.onSourceErrored();
    else if (destination.state === WritableState.errored) this.onDestinationErrored();
    else if (source.state === ReadableState.closed) this.onSourceClosed();
    else if (destination.isClosing() || destination.state === WritableState.closed) this.onDestinationClosed();
    else later(() => this.pump());
    return this.result.promise;
  }

  /** Moves chunks as long as the destination wants them and the source has them. */
  private pump(): void {
    const { source, destination, reader } = this;
    while (
      !this.isShuttingDown &&
      !this.isReading &&
      this.destinationWants(destination) &&
      source.state === ReadableState.readable
    ) {
      const { controller } = source;
      if (controller.queue.length > 0) {
        this.write(controller.take());
      } else {
        this.isReading = true;
        readDefault(reader, source, this);
      }
    }
  }

  private destinationWants(destination: WritableCore): boolean {
    return (
      destination.state === WritableState.writable &&
      !destination.isClosing() &&
      destination.controller.desiredSize() > 0
    );
  }

  private write(chunk: unknown): void {
    this.unsettledWrites++;
    try {
      writeChunk(this.writer, this.destination, chunk, this);
    } catch {
      // The destination's error is told by destinationErrored().
      this.unsettledWrites--;
    }
  }

  // The read request.

  chunkSteps(chunk: unknown): void {
    // We are inside the source's enqueue(): the sink must not run before that returns.
    this.held = { chunk };
    later(this.flushSteps);
  }

  private flush(): void {
    this.writeHeld();
    this.pump();
  }

  private writeHeld(): void {
    const { held } = this;
    if (held === undefined) return;
    this.held = undefined;
    this.isReading = false;
    this.write(held.chunk);
  }

  closeSteps(): void {
    this.isReading = false;
  }

  errorSteps(): void {
    this.isReading = false;
  }

  // The write request.

  resolve(): void {
    this.writeSettled();
  }

  reject(): void {
    this.writeSettled();
  }

  private writeSettled(): void {
    this.unsettledWrites--;
    if (this.whenWritten === undefined || this.unsettledWrites > 0) return;
    later(this.whenWritten);
    this.whenWritten = undefined;
  }

  writerReady(): void {
    this.pump();
  }

  // "Errors must be propagated forward", "backward", "closing must be propagated forward", "backward".

  sourceErrored(): void {
    later(() => this.onSourceErrored());
  }

  sourceClosed(): void {
    later(() => this.onSourceClosed());
  }

  destinationErrored(): void {
    later(() => this.onDestinationErrored());
  }

  private onSourceErrored(): void {
    const { source, destination } = this;
    const error = { error: source.storedError };
    if (this.options.preventAbort) this.shutdown(undefined, error);
    else this.shutdown(() => abortWritable(destination, source.storedError), error);
  }

  private onDestinationErrored(): void {
    const { source, destination } = this;
    const error = { error: destination.storedError };
    if (this.options.preventCancel) this.shutdown(undefined, error);
    else this.shutdown(() => cancelReadable(source, destination.storedError), error);
  }

  private onSourceClosed(): void {
    if (this.options.preventClose) this.shutdown(undefined, undefined);
    else this.shutdown(() => closeWithErrorPropagation(this.destination), undefined);
  }

  private onDestinationClosed(): void {
    const error = writableClosedError();
    if (this.options.preventCancel) this.shutdown(undefined, { error });
    else this.shutdown(() => cancelReadable(this.source, error), { error });
  }

  private abort(signal: AbortSignal): void {
    const { source, destination, options } = this;
    const error = abortReason(signal);
    this.shutdown(
      () => {
        const actions: (Promise<unknown> | undefined)[] = [];
        if (!options.preventAbort && destination.state === WritableState.writable)
          actions.push(abortWritable(destination, error));
        if (!options.preventCancel && source.state === ReadableState.readable)
          actions.push(cancelReadable(source, error));
        return Promise.all(actions);
      },
      { error },
    );
  }

  /** "Shutdown" and "shutdown with an action". */
  private shutdown(action: Action | undefined, error: { error: unknown } | undefined): void {
    if (this.isShuttingDown) return;
    this.isShuttingDown = true;
    const { destination } = this;
    const proceed = () => this.act(action, error);
    if (destination.state === WritableState.writable && !destination.isClosing()) {
      this.writeHeld();
      if (this.unsettledWrites > 0) this.whenWritten = proceed;
      else later(proceed);
      return;
    }
    proceed();
  }

  private act(action: Action | undefined, error: { error: unknown } | undefined): void {
    if (action === undefined) return this.finalize(error);
    let promise: Promise<unknown> | undefined;
    try {
      promise = action();
    } catch (actionError) {
      return this.finalize({ error: actionError });
    }
    (promise ?? resolved).then(
      () => this.finalize(error),
      (actionError: unknown) => this.finalize({ error: actionError }),
    );
  }

  private finalize(error: { error: unknown } | undefined): void {
    this.reader.owner = undefined;
    this.writer.owner = undefined;
    releaseWriter(this.writer);
    releaseReader(this.reader);
    this.forgetSignal?.();
    if (error === undefined) this.result.resolve();
    else this.result.reject(error.error);
  }
}

/** WritableStreamDefaultWriterCloseWithErrorPropagation. */
export function closeWithErrorPropagation(stream: WritableCore): Promise<unknown> | undefined {
  if (stream.isClosing() || stream.state === WritableState.closed) return undefined;
  if (stream.state === WritableState.errored) return Promise.reject(stream.storedError);
  return closeWritable(stream);
}
