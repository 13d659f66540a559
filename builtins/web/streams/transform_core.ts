// Streams § 6.4: the core of a transform stream: a writable side whose sink transforms, and a readable side whose pull lets it go on.
// The readable side may be a byte stream (Workers' IdentityTransformStream, compression): then chunks are bytes that are ours.
// Invariant: a held chunk exists only while backpressure is on and the writable side's write is in flight.
import { ByteControllerCore } from "./byte_core";
import { INTERNAL } from "./convert";
import { DefaultControllerCore } from "./default_controller";
import { type Deferred, deferred, later, resolved } from "./promises";
import type { SizeAlgorithm } from "./queue";
import { PENDING, ReadableCore, ReadableState, type ReadableAlgorithms } from "./readable_core";
import { TransformStreamDefaultController } from "./transform_stream";
import { WritableControllerCore, WritableCore, WritableState, type WritableAlgorithms } from "./writable_core";

/** Undefined stands for "a promise resolved with undefined". */
export interface TransformAlgorithms {
  transform(chunk: unknown, stream: TransformCore): Promise<unknown> | undefined;
  flush(stream: TransformCore): Promise<unknown> | undefined;
  cancel(reason: unknown): Promise<unknown> | undefined;
}

const NOTHING: TransformAlgorithms = { transform: () => undefined, flush: () => undefined, cancel: () => undefined };

export interface TransformStrategies {
  writableHighWaterMark: number;
  writableSize: SizeAlgorithm | undefined;
  readableHighWaterMark: number;
  readableSize: SizeAlgorithm | undefined;
}

export const DEFAULT_STRATEGIES: TransformStrategies = {
  writableHighWaterMark: 1,
  writableSize: undefined,
  readableHighWaterMark: 0,
  readableSize: undefined,
};

export class TransformCore implements ReadableAlgorithms, WritableAlgorithms {
  readonly readable = new ReadableCore();
  readonly writable = new WritableCore();
  private readonly source: DefaultControllerCore | ByteControllerCore;
  private readonly sink: WritableControllerCore;
  algorithms: TransformAlgorithms;
  /** A pipe into the writable side that waits for somebody to want something of the readable side. */
  parked: { resume(): void } | undefined = undefined;
  /** Writes of a script (not those of a pipe) do not wait for the readable side. */
  private readonly isEager: boolean;
  private backpressure = true;
  private hasHeld = false;
  private held: unknown = undefined;
  private finish: Deferred<undefined> | undefined = undefined;
  private face: TransformStreamDefaultController | undefined = undefined;
  private resumeSteps: (() => void) | undefined = undefined;

  /** InitializeTransformStream and SetUpTransformStreamDefaultController; start() or begin() follows. */
  constructor(
    algorithms: TransformAlgorithms,
    isByte: boolean,
    strategies: TransformStrategies = DEFAULT_STRATEGIES,
    isEager = false,
  ) {
    this.algorithms = algorithms;
    this.isEager = isEager;
    this.sink = new WritableControllerCore(
      this.writable,
      this,
      strategies.writableHighWaterMark,
      strategies.writableSize,
    );
    this.source = isByte
      ? new ByteControllerCore(this.readable, this, strategies.readableHighWaterMark)
      : new DefaultControllerCore(this.readable, this, strategies.readableHighWaterMark, strategies.readableSize);
  }

  /** Nothing was written, read or asked for yet. */
  get isFresh(): boolean {
    const { writable, readable } = this;
    return (
      this.backpressure &&
      this.parked === undefined &&
      this.finish === undefined &&
      !readable.disturbed &&
      readable.reader === undefined &&
      readable.state === ReadableState.readable &&
      writable.state === WritableState.writable &&
      !writable.isClosing() &&
      !writable.hasWrites()
    );
  }

  get wrapper(): TransformStreamDefaultController {
    return (this.face ??= new TransformStreamDefaultController(INTERNAL, this));
  }

  /** Both sides start when the start algorithm's result is there. */
  start(result: unknown): void {
    this.sink.start(result);
    this.source.start(result);
  }

  /** Without a start algorithm of a script's: at once. */
  begin(): this {
    this.sink.started = this.source.started = true;
    return this;
  }

  /** TransformStreamSetBackpressure. */
  private setBackpressure(backpressure: boolean): void {
    this.backpressure = backpressure;
    // What waits for the change: the readable side's pull for true, the writable side's write for either.
    if (backpressure) this.source.pulled();
    else if (this.hasHeld) later((this.resumeSteps ??= () => this.resume()));
  }

  private unblockWrite(): void {
    if (this.backpressure) this.setBackpressure(false);
  }

  // The writable side's sink.

  /** TransformStreamDefaultSinkWriteAlgorithm. */
  write(chunk: unknown): Promise<unknown> | undefined | typeof PENDING {
    if (!this.backpressure || (this.isEager && this.writable.writer?.owner === undefined)) return this.perform(chunk);
    this.held = chunk;
    this.hasHeld = true;
    return PENDING;
  }

  /** The write that backpressure held back goes on. */
  private resume(): void {
    if (!this.hasHeld) return;
    const chunk = this.held;
    this.held = undefined;
    this.hasHeld = false;
    const { writable, sink } = this;
    if (writable.state === WritableState.erroring) return sink.writeFailed(writable.storedError);
    const result = this.perform(chunk);
    if (result === undefined) sink.written();
    else
      result.then(
        () => sink.written(),
        (error) => sink.writeFailed(error),
      );
  }

  /** TransformStreamDefaultControllerPerformTransform. */
  private perform(chunk: unknown): Promise<unknown> | undefined {
    let result: Promise<unknown> | undefined;
    try {
      result = this.algorithms.transform(chunk, this);
    } catch (error) {
      this.error(error);
      return Promise.reject(error);
    }
    if (result === undefined) return undefined;
    return result.then(undefined, (error) => {
      this.error(error);
      throw error;
    });
  }

  /** TransformStreamDefaultSinkAbortAlgorithm. */
  abort(reason: unknown): Promise<unknown> {
    if (this.finish !== undefined) return this.finish.promise;
    const finish = (this.finish = deferred<undefined>());
    this.settleCancel(reason).then(
      () => {
        if (this.readable.state === ReadableState.errored) return finish.reject(this.readable.storedError);
        this.source.error(reason);
        finish.resolve();
      },
      (error) => {
        this.source.error(error);
        finish.reject(error);
      },
    );
    return finish.promise;
  }

  private settleCancel(reason: unknown): Promise<unknown> {
    const { algorithms } = this;
    this.clearAlgorithms();
    try {
      return algorithms.cancel(reason) ?? resolved;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** TransformStreamDefaultSinkCloseAlgorithm. */
  close(): Promise<unknown> {
    if (this.finish !== undefined) return this.finish.promise;
    const finish = (this.finish = deferred<undefined>());
    let flushed: Promise<unknown> | undefined;
    try {
      flushed = this.algorithms.flush(this);
    } catch (error) {
      flushed = Promise.reject(error);
    }
    this.clearAlgorithms();
    (flushed ?? resolved).then(
      () => {
        if (this.readable.state === ReadableState.errored) return finish.reject(this.readable.storedError);
        this.closeReadableSide();
        finish.resolve();
      },
      (error) => {
        this.source.error(error);
        finish.reject(error);
      },
    );
    return finish.promise;
  }

  private closeReadableSide(): void {
    if (this.source.isByte) this.source.finish();
    else this.source.close();
  }

  // The readable side's source.

  /** TransformStreamDefaultSourcePullAlgorithm; its promise is setBackpressure(true)'s call of pulled(). */
  pull(): typeof PENDING {
    this.parked?.resume();
    this.setBackpressure(false);
    return PENDING;
  }

  /** TransformStreamDefaultSourceCancelAlgorithm. */
  cancel(reason: unknown): Promise<unknown> {
    this.parked?.resume();
    if (this.finish !== undefined) return this.finish.promise;
    const finish = (this.finish = deferred<undefined>());
    this.settleCancel(reason).then(
      () => {
        if (this.writable.state === WritableState.errored) return finish.reject(this.writable.storedError);
        this.sink.errorIfNeeded(reason);
        this.unblockWrite();
        finish.resolve();
      },
      (error) => {
        this.sink.errorIfNeeded(error);
        this.unblockWrite();
        finish.reject(error);
      },
    );
    return finish.promise;
  }

  // The controller.

  private clearAlgorithms(): void {
    this.algorithms = NOTHING;
  }

  desiredSize(): number | null {
    return this.source.desiredSize();
  }

  /** TransformStreamDefaultControllerEnqueue. */
  enqueue(chunk: unknown): void {
    const { source } = this;
    if (!source.canCloseOrEnqueue())
      throw new TypeError("Unable to enqueue: the readable side of this TransformStream is closed.");
    try {
      if (!source.isByte) source.enqueue(chunk);
      else if ((chunk as Uint8Array).byteLength > 0) source.enqueueOwned(chunk as Uint8Array);
    } catch (error) {
      this.errorWritableAndUnblockWrite(error);
      throw this.readable.storedError;
    }
    // ReadableStreamDefaultControllerHasBackpressure
    if (!this.backpressure && !source.shouldCallPull()) this.setBackpressure(true);
  }

  /** TransformStreamError. */
  error(error: unknown): void {
    this.source.error(error);
    this.errorWritableAndUnblockWrite(error);
  }

  /** TransformStreamErrorWritableAndUnblockWrite. */
  private errorWritableAndUnblockWrite(error: unknown): void {
    this.clearAlgorithms();
    this.sink.errorIfNeeded(error);
    this.unblockWrite();
  }

  /** TransformStreamDefaultControllerTerminate. */
  terminate(): void {
    this.closeReadableSide();
    this.errorWritableAndUnblockWrite(new TypeError("The transform stream has been terminated."));
  }
}
