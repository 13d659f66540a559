// Streams § 4.9.1, ReadableStreamTee: ReadableStreamDefaultTee and ReadableByteStreamTee.
import { ByteControllerCore } from "./byte_core";
import { DefaultControllerCore } from "./default_controller";
import { teeNative } from "./native";
import { type Deferred, deferred, later } from "./promises";
import {
  acquireReader,
  cancelReadable,
  lockedError,
  ReadableCore,
  readDefault,
  ReadableState,
  ReaderCore,
  releaseReader,
  type ReadableAlgorithms,
  type ReadIntoRequest,
  type ReaderOwner,
  type ReadRequest,
} from "./readable_core";
import { readInto } from "./readers";

export function teeReadable(stream: ReadableCore): [ReadableCore, ReadableCore] {
  if (stream.reader !== undefined) throw lockedError();
  const native = teeNative(stream);
  if (native !== undefined) return native;
  return stream.controller.isByte ? new ByteTee(stream).branches() : new DefaultTee(stream).branches();
}

/** What both kinds share: who cancelled, and the promise that both cancels return. */
abstract class Tee implements ReaderOwner {
  protected readonly cancelled = [false, false];
  private readonly reasons: unknown[] = [undefined, undefined];
  private readonly cancelResult: Deferred<unknown> = deferred();
  protected isReading = false;

  constructor(protected readonly stream: ReadableCore) {}

  abstract pull(branch: 0 | 1): void;
  abstract errorBranches(error: unknown): void;

  cancel(branch: 0 | 1, reason: unknown): Promise<unknown> {
    this.cancelled[branch] = true;
    this.reasons[branch] = reason;
    if (this.cancelled[1 - branch]) {
      // The composite reason goes to the stream.
      this.cancelResult.resolve(cancelReadable(this.stream, this.reasons));
    }
    return this.cancelResult.promise;
  }

  protected resolveCancel(): void {
    if (!this.cancelled[0] || !this.cancelled[1]) this.cancelResult.resolve(undefined);
  }

  protected failCancel(error: unknown): void {
    this.cancelResult.resolve(cancelReadable(this.stream, error));
  }

  sourceClosed(): void {}

  sourceErrored(error: unknown): void {
    later(() => this.sourceFailed(error));
  }

  private sourceFailed(error: unknown): void {
    this.errorBranches(error);
    this.resolveCancel();
  }
}

class Branch implements ReadableAlgorithms {
  constructor(
    private readonly tee: Tee,
    private readonly index: 0 | 1,
  ) {}
  pull(): undefined {
    this.tee.pull(this.index);
  }
  cancel(reason: unknown): Promise<unknown> {
    return this.tee.cancel(this.index, reason);
  }
}

class DefaultTee extends Tee implements ReadRequest {
  private readonly reader: ReaderCore;
  private readAgain = false;
  private readonly branch: readonly [DefaultControllerCore, DefaultControllerCore];

  constructor(stream: ReadableCore) {
    super(stream);
    this.reader = acquireReader(stream);
    this.branch = [
      new DefaultControllerCore(new ReadableCore(), new Branch(this, 0), 1, undefined),
      new DefaultControllerCore(new ReadableCore(), new Branch(this, 1), 1, undefined),
    ];
    this.branch[0].start(undefined);
    this.branch[1].start(undefined);
    this.reader.owner = this;
    if (stream.state === ReadableState.errored) this.sourceErrored(stream.storedError);
  }

  branches(): [ReadableCore, ReadableCore] {
    return [this.branch[0].stream, this.branch[1].stream];
  }

  pull(): void {
    if (this.isReading) {
      this.readAgain = true;
      return;
    }
    this.isReading = true;
    readDefault(this.reader, this.stream, this);
  }

  chunkSteps(chunk: unknown): void {
    // A turn later, so that an error of the stream that comes in the same turn reaches the branches first.
    later(() => {
      this.readAgain = false;
      if (!this.cancelled[0]) this.branch[0].enqueue(chunk);
      if (!this.cancelled[1]) this.branch[1].enqueue(chunk);
      this.isReading = false;
      if (this.readAgain) this.pull();
    });
  }

  closeSteps(): void {
    this.isReading = false;
    if (!this.cancelled[0]) this.branch[0].close();
    if (!this.cancelled[1]) this.branch[1].close();
    this.resolveCancel();
  }

  errorSteps(): void {
    this.isReading = false;
  }

  errorBranches(error: unknown): void {
    this.branch[0].error(error);
    this.branch[1].error(error);
  }
}

class ByteTee extends Tee implements ReadRequest {
  private reader: ReaderCore;
  private readonly readAgain = [false, false];
  private readonly branch: readonly [ByteControllerCore, ByteControllerCore];

  constructor(stream: ReadableCore) {
    super(stream);
    this.branch = [
      new ByteControllerCore(new ReadableCore(), new Branch(this, 0), 0),
      new ByteControllerCore(new ReadableCore(), new Branch(this, 1), 0),
    ];
    this.branch[0].start(undefined);
    this.branch[1].start(undefined);
    this.reader = acquireReader(stream);
    this.reader.owner = this;
    if (stream.state === ReadableState.errored) this.sourceErrored(stream.storedError);
  }

  branches(): [ReadableCore, ReadableCore] {
    return [this.branch[0].stream, this.branch[1].stream];
  }

  pull(index: 0 | 1): void {
    if (this.isReading) {
      this.readAgain[index] = true;
      return;
    }
    this.isReading = true;
    const view = this.branch[index].byobRequest()?.view;
    if (view === undefined || view === null) this.pullWithDefaultReader();
    else this.pullWithByobReader(view, index);
  }

  private use(isByob: boolean): ReaderCore {
    if (this.reader.isByob !== isByob) {
      this.reader.owner = undefined;
      releaseReader(this.reader);
      this.reader = new ReaderCore(this.stream, isByob);
      this.reader.owner = this;
    }
    return this.reader;
  }

  private pullWithDefaultReader(): void {
    readDefault(this.use(false), this.stream, this);
  }

  private pullWithByobReader(view: ArrayBufferView, index: 0 | 1): void {
    readInto(this.use(true), view, 1, new ByobTeeRead(this, index));
  }

  chunkSteps(chunk: unknown): void {
    later(() => {
      this.beginChunk();
      const bytes = chunk as Uint8Array;
      let second = bytes;
      if (!this.cancelled[0] && !this.cancelled[1]) {
        const clone = this.clone(bytes);
        if (clone === undefined) return;
        second = clone;
      }
      if (!this.cancelled[0]) this.branch[0].enqueueOwned(bytes);
      if (!this.cancelled[1]) this.branch[1].enqueueOwned(second);
      this.endChunk();
    });
  }

  closeSteps(): void {
    this.isReading = false;
    for (const index of [0, 1] as const) if (!this.cancelled[index]) this.branch[index].close();
    for (const index of [0, 1] as const) if (this.branch[index].pullIntos.length > 0) this.branch[index].respond(0);
    this.resolveCancel();
  }

  errorSteps(): void {
    this.isReading = false;
  }

  byobChunk(chunk: ArrayBufferView, index: 0 | 1): void {
    this.beginChunk();
    const other = (1 - index) as 0 | 1;
    if (!this.cancelled[other]) {
      const clone = this.clone(chunk);
      if (clone === undefined) return;
      if (!this.cancelled[index]) this.branch[index].respondWithNewView(chunk);
      this.branch[other].enqueueOwned(clone);
    } else if (!this.cancelled[index]) {
      this.branch[index].respondWithNewView(chunk);
    }
    this.endChunk();
  }

  byobClose(chunk: ArrayBufferView | undefined, index: 0 | 1): void {
    this.isReading = false;
    const other = (1 - index) as 0 | 1;
    if (!this.cancelled[index]) this.branch[index].close();
    if (!this.cancelled[other]) this.branch[other].close();
    if (chunk !== undefined) {
      if (!this.cancelled[index]) this.branch[index].respondWithNewView(chunk);
      if (!this.cancelled[other] && this.branch[other].pullIntos.length > 0) this.branch[other].respond(0);
    }
    this.resolveCancel();
  }

  private beginChunk(): void {
    this.readAgain[0] = this.readAgain[1] = false;
  }

  private endChunk(): void {
    this.isReading = false;
    if (this.readAgain[0]) this.pull(0);
    else if (this.readAgain[1]) this.pull(1);
  }

  /** CloneAsUint8Array; a failure (no memory) errors both branches. */
  private clone(bytes: ArrayBufferView): Uint8Array | undefined {
    try {
      return new Uint8Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.byteLength));
    } catch (error) {
      this.errorBranches(error);
      this.failCancel(error);
      return undefined;
    }
  }

  errorBranches(error: unknown): void {
    this.branch[0].error(error);
    this.branch[1].error(error);
  }
}

class ByobTeeRead implements ReadIntoRequest {
  constructor(
    private readonly tee: ByteTee,
    private readonly index: 0 | 1,
  ) {}
  chunkSteps(chunk: ArrayBufferView): void {
    later(() => this.tee.byobChunk(chunk, this.index));
  }
  closeSteps(chunk: ArrayBufferView | undefined): void {
    this.tee.byobClose(chunk, this.index);
  }
  errorSteps(): void {
    this.tee.errorSteps();
  }
}
