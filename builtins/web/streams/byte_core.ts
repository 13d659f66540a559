// Streams § 4.9.6: the core of ReadableByteStreamController: a queue of byte regions and the views that BYOB reads wait to have filled.
// Invariants: queue entries are never empty and their buffers are ours (transferred, or made by us); queueBytes is the sum of their
// lengths; a pull-into descriptor's bytesFilled is below its minimumFill while it waits.
import { ReadableByteStreamController, type ReadableStreamBYOBRequest, makeByobRequest } from "./byte_controller";
import { INTERNAL } from "./convert";
import { resolved } from "./promises";
import { Queue } from "./queue";
import {
  closeReadable,
  errorReadable,
  hasByobReader,
  PENDING,
  pendingIntoReads,
  ReadableState,
  whenStarted,
  type ReadableAlgorithms,
  type ReadableCore,
  type ReaderCore,
  type ReadIntoRequest,
  type ReadRequest,
} from "./readable_core";

const NOTHING: ReadableAlgorithms = { pull: () => undefined, cancel: () => undefined };

interface Transferable extends ArrayBuffer {
  readonly detached: boolean;
  transfer(): ArrayBuffer;
}

export function isDetached(buffer: ArrayBufferLike): boolean {
  return (buffer as Transferable).detached === true;
}

/** TransferArrayBuffer; throws a TypeError when the buffer cannot be transferred. */
export function transferBuffer(buffer: ArrayBufferLike): ArrayBuffer {
  return (buffer as Transferable).transfer();
}

export type ViewConstructor = new (buffer: ArrayBuffer, byteOffset: number, length: number) => ArrayBufferView;

/** The constructor and element size that a filled view is made with. */
export function viewKind(view: ArrayBufferView): { make: ViewConstructor; elementSize: number } {
  if (view instanceof Uint8Array && view.constructor === Uint8Array)
    return { make: Uint8Array as ViewConstructor, elementSize: 1 };
  if (view instanceof DataView) return { make: DataView as ViewConstructor, elementSize: 1 };
  for (const kind of TYPED_ARRAYS)
    if (view instanceof kind) return { make: kind as ViewConstructor, elementSize: kind.BYTES_PER_ELEMENT };
  return { make: Uint8Array as ViewConstructor, elementSize: 1 };
}
const TYPED_ARRAYS = [
  Uint8Array,
  Int8Array,
  Uint8ClampedArray,
  Uint16Array,
  Int16Array,
  Uint32Array,
  Int32Array,
  Float32Array,
  Float64Array,
  BigInt64Array,
  BigUint64Array,
];

const NONE: readonly PullInto[] = [];

export class PullInto {
  bytesFilled = 0;
  /** Kept, because the buffer may be away (detached) while somebody fills it. */
  readonly bufferByteLength: number;
  constructor(
    public buffer: ArrayBuffer,
    readonly byteOffset: number,
    readonly byteLength: number,
    readonly minimumFill: number,
    readonly elementSize: number,
    readonly make: ViewConstructor,
    public readerType: "default" | "byob" | "none",
  ) {
    this.bufferByteLength = buffer.byteLength;
  }
}

export class ByteControllerCore {
  readonly isByte = true;
  readonly stream: ReadableCore;
  readonly highWaterMark: number;
  readonly autoAllocateChunkSize: number | undefined;
  /** Regions of bytes, as Uint8Arrays over buffers that are ours. */
  readonly queue = new Queue<Uint8Array>();
  queueBytes = 0;
  readonly pullIntos = new Queue<PullInto>();
  algorithms: ReadableAlgorithms;
  started = false;
  closeRequested = false;
  pulling = false;
  pullAgain = false;
  private pulledSteps: (() => void) | undefined = undefined;
  private failedSteps: ((error: unknown) => void) | undefined = undefined;
  private face: ReadableByteStreamController | undefined = undefined;
  private request: ReadableStreamBYOBRequest | null = null;
  private invalidate: (() => void) | undefined = undefined;

  /** SetUpReadableByteStreamController up to the start algorithm; start() or `started = true` follows. */
  constructor(
    stream: ReadableCore,
    algorithms: ReadableAlgorithms,
    highWaterMark: number,
    autoAllocateChunkSize?: number,
  ) {
    this.stream = stream;
    this.algorithms = algorithms;
    this.highWaterMark = highWaterMark;
    this.autoAllocateChunkSize = autoAllocateChunkSize;
    stream.controller = this;
  }

  get wrapper(): ReadableByteStreamController {
    return (this.face ??= new ReadableByteStreamController(INTERNAL, this));
  }

  start(result: unknown): void {
    const started = () => {
      this.started = true;
      this.callPullIfNeeded();
    };
    whenStarted(result, started, (error) => this.error(error));
  }

  /** ReadableByteStreamControllerCallPullIfNeeded. */
  callPullIfNeeded(): void {
    if (!this.shouldCallPull()) return;
    if (this.pulling) {
      this.pullAgain = true;
      return;
    }
    this.pulling = true;
    let result: Promise<unknown> | undefined | typeof PENDING;
    try {
      result = this.algorithms.pull(this);
    } catch (error) {
      result = Promise.reject(error);
    }
    if (result === PENDING) return;
    this.pulledSteps ??= () => this.pulled();
    if (result === undefined) resolved.then(this.pulledSteps);
    else result.then(this.pulledSteps, (this.failedSteps ??= (error) => this.error(error)));
  }

  pulled(): void {
    this.pulling = false;
    if (!this.pullAgain) return;
    this.pullAgain = false;
    this.callPullIfNeeded();
  }

  /** ReadableByteStreamControllerShouldCallPull. */
  shouldCallPull(): boolean {
    if (!this.started || !this.canCloseOrEnqueue()) return false;
    const reader = this.stream.reader;
    if (reader !== undefined && (reader.requests.length > 0 || (reader.isByob && reader.intoRequests!.length > 0)))
      return true;
    return this.highWaterMark - this.queueBytes > 0;
  }

  canCloseOrEnqueue(): boolean {
    return !this.closeRequested && this.stream.state === ReadableState.readable;
  }

  clearAlgorithms(): void {
    this.algorithms = NOTHING;
  }

  desiredSize(): number | null {
    const state = this.stream.state;
    if (state === ReadableState.errored) return null;
    if (state === ReadableState.closed) return 0;
    return this.highWaterMark - this.queueBytes;
  }

  /** ReadableByteStreamControllerGetBYOBRequest. */
  byobRequest(): ReadableStreamBYOBRequest | null {
    if (this.request === null && this.pullIntos.length > 0) {
      const first = this.pullIntos.peek();
      const view = new Uint8Array(
        first.buffer,
        first.byteOffset + first.bytesFilled,
        first.byteLength - first.bytesFilled,
      );
      const made = makeByobRequest(this, view, first.minimumFill - first.bytesFilled);
      this.request = made.request;
      this.invalidate = made.invalidate;
    }
    return this.request;
  }

  /** ReadableByteStreamControllerInvalidateBYOBRequest. */
  private invalidateByobRequest(): void {
    if (this.request === null) return;
    this.invalidate!();
    this.request = null;
    this.invalidate = undefined;
  }

  private clearPullIntos(): void {
    this.invalidateByobRequest();
    this.pullIntos.clear();
  }

  private resetQueue(): void {
    this.queue.clear();
    this.queueBytes = 0;
  }

  /** ReadableByteStreamControllerError. */
  error(error: unknown): void {
    if (this.stream.state !== ReadableState.readable) return;
    this.clearPullIntos();
    this.resetQueue();
    this.clearAlgorithms();
    errorReadable(this.stream, error);
  }

  /** ReadableByteStreamControllerClose. */
  close(): void {
    if (!this.canCloseOrEnqueue()) return;
    if (this.queueBytes > 0) {
      this.closeRequested = true;
      return;
    }
    if (this.pullIntos.length > 0) {
      const first = this.pullIntos.peek();
      if (first.bytesFilled % first.elementSize !== 0) {
        const error = new TypeError("The stream was closed in the middle of an element of a pending BYOB read.");
        this.error(error);
        throw error;
      }
    }
    this.clearAlgorithms();
    closeReadable(this.stream);
  }

  /** The end of an internal source: closes, and ends waiting BYOB reads with what they have, as close() and respond(0) would. */
  finish(): void {
    if (!this.canCloseOrEnqueue()) return;
    this.close();
    if (this.stream.state === ReadableState.closed && this.pullIntos.length > 0) this.respond(0);
  }

  /** ReadableByteStreamControllerEnqueue: takes the bytes over from the script. */
  enqueue(chunk: ArrayBufferView): void {
    if (!this.canCloseOrEnqueue()) return;
    const { buffer, byteOffset, byteLength } = chunk;
    if (isDetached(buffer)) throw new TypeError("The buffer of the chunk is detached.");
    this.enqueueOwned(new Uint8Array(transferBuffer(buffer), byteOffset, byteLength));
  }

  /** The same from step 8 on, for bytes that nobody else holds. */
  enqueueOwned(bytes: Uint8Array): void {
    if (!this.canCloseOrEnqueue()) return;
    const { stream } = this;
    if (this.pullIntos.length > 0) {
      // 8. The script's view of the first pending pull-into is taken back.
      const first = this.pullIntos.peek();
      if (isDetached(first.buffer)) throw new TypeError("The buffer of the pending BYOB read is detached.");
      if (this.request !== null) {
        this.invalidateByobRequest();
        first.buffer = transferBuffer(first.buffer);
      }
      if (first.readerType === "none") this.enqueueDetached(first);
    }
    const reader = stream.reader;
    if (reader === undefined) {
      this.push(bytes);
    } else if (!reader.isByob) {
      // 9. ReadableByteStreamControllerProcessReadRequestsUsingQueue, then this chunk.
      while (reader.requests.length > 0 && this.queueBytes > 0) reader.requests.shift().chunkSteps(this.take());
      if (reader.requests.length === 0) {
        this.push(bytes);
      } else {
        if (this.pullIntos.length > 0) this.shiftPullInto();
        reader.requests.shift().chunkSteps(bytes);
      }
    } else {
      this.push(bytes);
      this.processPullIntos();
    }
    this.callPullIfNeeded();
  }

  /** ReadableByteStreamControllerEnqueueChunkToQueue; empty regions are of no use in the queue. */
  private push(bytes: Uint8Array): void {
    if (bytes.byteLength === 0) return;
    this.queue.push(bytes);
    this.queueBytes += bytes.byteLength;
  }

  /** ReadableByteStreamControllerEnqueueClonedChunkToQueue. */
  private pushClone(buffer: ArrayBuffer, byteOffset: number, byteLength: number): void {
    this.push(new Uint8Array(buffer.slice(byteOffset, byteOffset + byteLength)));
  }

  /** ReadableByteStreamControllerEnqueueDetachedPullIntoToQueue. */
  private enqueueDetached(first: PullInto): void {
    if (first.bytesFilled > 0) this.pushClone(first.buffer, first.byteOffset, first.bytesFilled);
    this.shiftPullInto();
  }

  private shiftPullInto(): PullInto {
    return this.pullIntos.shift();
  }

  /** ReadableByteStreamControllerFillReadRequestFromQueue without the request: the first region, then HandleQueueDrain. */
  take(): Uint8Array {
    const bytes = this.queue.shift();
    this.queueBytes -= bytes.byteLength;
    this.handleQueueDrain();
    return bytes;
  }

  private handleQueueDrain(): void {
    if (this.queueBytes === 0 && this.closeRequested) {
      this.clearAlgorithms();
      closeReadable(this.stream);
    } else {
      this.callPullIfNeeded();
    }
  }

  /** ReadableByteStreamControllerFillPullIntoDescriptorFromQueue. */
  private fillFromQueue(into: PullInto): boolean {
    const maxBytesToCopy = Math.min(this.queueBytes, into.byteLength - into.bytesFilled);
    const maxBytesFilled = into.bytesFilled + maxBytesToCopy;
    const maxAlignedBytes = maxBytesFilled - (maxBytesFilled % into.elementSize);
    const isReady = maxAlignedBytes >= into.minimumFill;
    let remaining = isReady ? maxAlignedBytes - into.bytesFilled : maxBytesToCopy;
    const target = new Uint8Array(into.buffer, into.byteOffset, into.byteLength);
    while (remaining > 0) {
      const head = this.queue.peek();
      const count = Math.min(remaining, head.byteLength);
      if (count === head.byteLength) {
        target.set(head, into.bytesFilled);
        this.queue.shift();
      } else {
        target.set(head.subarray(0, count), into.bytesFilled);
        this.queue.replaceHead(head.subarray(count));
      }
      this.queueBytes -= count;
      this.fillHead(count, into);
      remaining -= count;
    }
    return isReady;
  }

  /** ReadableByteStreamControllerFillHeadPullIntoDescriptor. */
  private fillHead(count: number, into: PullInto): void {
    this.invalidateByobRequest();
    into.bytesFilled += count;
  }

  /** ReadableByteStreamControllerProcessPullIntoDescriptorsUsingQueue: those that are filled, to be committed once all are. */
  private fillPullIntos(): readonly PullInto[] {
    let filled: PullInto[] | undefined;
    while (this.pullIntos.length > 0 && this.queueBytes > 0) {
      const into = this.pullIntos.peek();
      if (!this.fillFromQueue(into)) break;
      this.shiftPullInto();
      (filled ??= []).push(into);
    }
    return filled ?? NONE;
  }

  private processPullIntos(): void {
    for (const into of this.fillPullIntos()) this.commit(into);
  }

  /** ReadableByteStreamControllerCommitPullIntoDescriptor. */
  private commit(into: PullInto): void {
    const isDone = this.stream.state === ReadableState.closed;
    const view = convertPullInto(into);
    const reader = this.stream.reader!;
    if (into.readerType === "default") {
      reader.requests.shift().chunkSteps(view);
    } else {
      const request = reader.intoRequests!.shift();
      if (isDone) request.closeSteps(view);
      else request.chunkSteps(view);
    }
  }

  /** ReadableByteStreamControllerPullInto. */
  pullInto(reader: ReaderCore, view: ArrayBufferView, min: number, request: ReadIntoRequest): void {
    const { stream } = this;
    const { make, elementSize } = viewKind(view);
    const { byteOffset, byteLength } = view;
    let buffer: ArrayBuffer;
    try {
      buffer = transferBuffer(view.buffer);
    } catch (error) {
      return request.errorSteps(error);
    }
    const into = new PullInto(buffer, byteOffset, byteLength, min * elementSize, elementSize, make, "byob");
    if (this.pullIntos.length > 0) {
      this.pullIntos.push(into);
      reader.intoRequests!.push(request);
      return;
    }
    if (stream.state === ReadableState.closed) return request.closeSteps(new make(buffer, byteOffset, 0));
    if (this.queueBytes > 0) {
      if (this.fillFromQueue(into)) {
        const filled = convertPullInto(into);
        this.handleQueueDrain();
        return request.chunkSteps(filled);
      }
      if (this.closeRequested) {
        const error = new TypeError("The stream ended in the middle of an element of a BYOB read.");
        this.error(error);
        return request.errorSteps(error);
      }
    }
    this.pullIntos.push(into);
    reader.intoRequests!.push(request);
    this.callPullIfNeeded();
  }

  /** ReadableByteStreamControllerRespond. */
  respond(bytesWritten: number): void {
    const first = this.pullIntos.peek();
    if (this.stream.state === ReadableState.closed) {
      if (bytesWritten !== 0) throw new TypeError("bytesWritten must be 0 once the stream is closed.");
    } else {
      if (bytesWritten === 0) throw new TypeError("bytesWritten must be greater than 0 while the stream is readable.");
      if (first.bytesFilled + bytesWritten > first.byteLength)
        throw new RangeError("bytesWritten is larger than the view of the BYOB request.");
    }
    first.buffer = transferBuffer(first.buffer);
    this.respondInternal(first, bytesWritten);
  }

  /** ReadableByteStreamControllerRespondWithNewView. */
  respondWithNewView(view: ArrayBufferView): void {
    const first = this.pullIntos.peek();
    const { byteLength } = view;
    if (this.stream.state === ReadableState.closed) {
      if (byteLength !== 0) throw new TypeError("The view must be empty once the stream is closed.");
    } else if (byteLength === 0) {
      throw new TypeError("The view must not be empty while the stream is readable.");
    }
    if (first.byteOffset + first.bytesFilled !== view.byteOffset)
      throw new RangeError("The view does not start where the BYOB request does.");
    if (first.bufferByteLength !== view.buffer.byteLength)
      throw new RangeError("The buffer of the view has another size than that of the BYOB request.");
    if (first.bytesFilled + byteLength > first.byteLength)
      throw new RangeError("The view is larger than the BYOB request.");
    first.buffer = transferBuffer(view.buffer);
    this.respondInternal(first, byteLength);
  }

  /** ReadableByteStreamControllerRespondInternal. */
  private respondInternal(first: PullInto, bytesWritten: number): void {
    this.invalidateByobRequest();
    if (this.stream.state === ReadableState.closed) this.respondInClosedState(first);
    else this.respondInReadableState(first, bytesWritten);
    this.callPullIfNeeded();
  }

  /** ReadableByteStreamControllerRespondInClosedState. */
  private respondInClosedState(first: PullInto): void {
    if (first.readerType === "none") this.shiftPullInto();
    if (!hasByobReader(this.stream)) return;
    const filled: PullInto[] = [];
    while (filled.length < pendingIntoReads(this.stream)) filled.push(this.shiftPullInto());
    for (const into of filled) this.commit(into);
  }

  /** ReadableByteStreamControllerRespondInReadableState. */
  private respondInReadableState(into: PullInto, bytesWritten: number): void {
    into.bytesFilled += bytesWritten;
    if (into.readerType === "none") {
      this.enqueueDetached(into);
      return this.processPullIntos();
    }
    if (into.bytesFilled < into.minimumFill) return;
    this.shiftPullInto();
    const remainder = into.bytesFilled % into.elementSize;
    if (remainder > 0) {
      const end = into.byteOffset + into.bytesFilled;
      this.pushClone(into.buffer, end - remainder, remainder);
      into.bytesFilled -= remainder;
    }
    // The following descriptors are filled from the queue before this one is committed, so that no script runs in between.
    const filled = this.fillPullIntos();
    this.commit(into);
    for (const next of filled) this.commit(next);
  }

  /** [[CancelSteps]] */
  cancelSteps(reason: unknown): Promise<unknown> | undefined {
    this.clearPullIntos();
    this.resetQueue();
    const algorithms = this.algorithms;
    this.clearAlgorithms();
    return algorithms.cancel(reason);
  }

  /** [[PullSteps]] */
  pullSteps(reader: ReaderCore, request: ReadRequest): void {
    if (this.queueBytes > 0) return request.chunkSteps(this.take());
    if (this.autoAllocateChunkSize !== undefined) {
      let buffer: ArrayBuffer;
      try {
        buffer = new ArrayBuffer(this.autoAllocateChunkSize);
      } catch (error) {
        return request.errorSteps(error);
      }
      this.pullIntos.push(
        new PullInto(buffer, 0, this.autoAllocateChunkSize, 1, 1, Uint8Array as ViewConstructor, "default"),
      );
    }
    reader.requests.push(request);
    this.callPullIfNeeded();
  }

  /** [[ReleaseSteps]]: a view that is being filled outlives its reader. */
  releaseSteps(): void {
    if (this.pullIntos.length === 0) return;
    const first = this.pullIntos.peek();
    first.readerType = "none";
    this.pullIntos.clear();
    this.pullIntos.push(first);
  }
}

/**
 * ReadableByteStreamControllerConvertPullIntoDescriptor. Its transfer is left out: a buffer that a script saw through a BYOB request
 * was transferred when that request was answered or invalidated.
 */
function convertPullInto(into: PullInto): ArrayBufferView {
  return new into.make(into.buffer, into.byteOffset, into.bytesFilled / into.elementSize);
}
