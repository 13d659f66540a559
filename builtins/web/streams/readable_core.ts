// Streams § 4.9: the internal state of a readable stream and of its reader, and the abstract operations on them. The classes that
// scripts see hold one of these each; everything internal (pipes, tees, transforms, native bodies) works on them directly, so that
// patched prototypes change nothing and no promise is made where nobody waits for one.
// Invariant: core.reader?.stream === core.
import type { ByteControllerCore } from "./byte_core";
import type { DefaultControllerCore } from "./default_controller";
import { LazyPromise, resolved } from "./promises";
import { Queue } from "./queue";

export const enum ReadableState {
  readable,
  closed,
  errored,
}

/** What a pull, write or transform algorithm returns when it will report its end itself, by a call instead of by a promise. */
export const PENDING: unique symbol = Symbol("pending");

/** What a stream's content comes from. Undefined stands for "a promise resolved with undefined". */
export interface ReadableAlgorithms {
  pull(controller: DefaultControllerCore | ByteControllerCore): Promise<unknown> | undefined | typeof PENDING;
  cancel(reason: unknown): Promise<unknown> | undefined;
}

export interface ReadRequest {
  chunkSteps(chunk: unknown): void;
  closeSteps(): void;
  errorSteps(error: unknown): void;
}

export interface ReadIntoRequest {
  chunkSteps(chunk: ArrayBufferView): void;
  closeSteps(chunk: ArrayBufferView | undefined): void;
  errorSteps(error: unknown): void;
}

/** What an internal owner of a reader (a pipe) wants to hear instead of the reader's closed promise. */
export interface ReaderOwner {
  sourceClosed(): void;
  sourceErrored(error: unknown): void;
}

export class ReadableCore {
  state = ReadableState.readable;
  disturbed = false;
  reader: ReaderCore | undefined = undefined;
  storedError: unknown = undefined;
  controller!: DefaultControllerCore | ByteControllerCore;
}

export class ReaderCore {
  stream: ReadableCore | undefined;
  readonly isByob: boolean;
  readonly closed = new LazyPromise();
  readonly requests = new Queue<ReadRequest>();
  readonly intoRequests: Queue<ReadIntoRequest> | undefined;
  owner: ReaderOwner | undefined = undefined;

  /** ReadableStreamReaderGenericInitialize; the stream must be unlocked. */
  constructor(stream: ReadableCore, isByob: boolean) {
    this.stream = stream;
    this.isByob = isByob;
    this.intoRequests = isByob ? new Queue() : undefined;
    stream.reader = this;
    if (stream.state === ReadableState.closed) this.closed.resolve();
    else if (stream.state === ReadableState.errored) this.closed.reject(stream.storedError);
  }
}

export function lockedError(): TypeError {
  return new TypeError("This ReadableStream is currently locked to a reader.");
}

export function releasedError(): TypeError {
  return new TypeError("This ReadableStream reader has been released.");
}

/** AcquireReadableStreamDefaultReader. */
export function acquireReader(stream: ReadableCore): ReaderCore {
  if (stream.reader !== undefined) throw lockedError();
  return new ReaderCore(stream, false);
}

export function hasDefaultReader(stream: ReadableCore): boolean {
  return stream.reader !== undefined && !stream.reader.isByob;
}

export function hasByobReader(stream: ReadableCore): boolean {
  return stream.reader !== undefined && stream.reader.isByob;
}

/** ReadableStreamGetNumReadRequests. */
export function pendingReads(stream: ReadableCore): number {
  return stream.reader === undefined ? 0 : stream.reader.requests.length;
}

/** ReadableStreamGetNumReadIntoRequests. */
export function pendingIntoReads(stream: ReadableCore): number {
  return stream.reader?.intoRequests?.length ?? 0;
}

/** ReadableStreamClose. */
export function closeReadable(stream: ReadableCore): void {
  // 1. Assert: state is "readable". 2. Set state to "closed".
  stream.state = ReadableState.closed;
  const reader = stream.reader;
  if (reader === undefined) return;
  // 5. Resolve reader.[[closedPromise]] with undefined.
  reader.closed.resolve();
  reader.owner?.sourceClosed();
  // 6. A default reader's pending reads end.
  if (reader.isByob) return;
  while (reader.requests.length > 0) reader.requests.shift().closeSteps();
}

/** ReadableStreamError. */
export function errorReadable(stream: ReadableCore, error: unknown): void {
  stream.state = ReadableState.errored;
  stream.storedError = error;
  const reader = stream.reader;
  if (reader === undefined) return;
  reader.closed.reject(error);
  reader.owner?.sourceErrored(error);
  rejectRequests(reader, error);
}

/** ReadableStreamDefaultReaderErrorReadRequests and ReadableStreamBYOBReaderErrorReadIntoRequests. */
function rejectRequests(reader: ReaderCore, error: unknown): void {
  // What a request's steps add (a read from inside a rejection is not possible, but a release is) must not be seen: count first.
  for (let count = reader.requests.length; count > 0 && reader.requests.length > 0; count--)
    reader.requests.shift().errorSteps(error);
  const into = reader.intoRequests;
  if (into === undefined) return;
  for (let count = into.length; count > 0 && into.length > 0; count--) into.shift().errorSteps(error);
}

/** ReadableStreamCancel. Undefined stands for a promise resolved with undefined. */
export function cancelReadable(stream: ReadableCore, reason: unknown): Promise<unknown> | undefined {
  stream.disturbed = true;
  if (stream.state === ReadableState.closed) return undefined;
  if (stream.state === ReadableState.errored) return Promise.reject(stream.storedError);
  // 4. Perform ! ReadableStreamClose(stream).
  closeReadable(stream);
  // 5.-6. A BYOB reader's pending reads end without a view.
  const into = stream.reader?.intoRequests;
  if (into !== undefined) while (into.length > 0) into.shift().closeSteps(undefined);
  // 7.-8. Return the result of ! stream.[[controller]].[[CancelSteps]](reason), reacted to with undefined.
  try {
    return stream.controller.cancelSteps(reason);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** ReadableStreamDefaultReaderRead. */
export function readDefault(reader: ReaderCore, stream: ReadableCore, request: ReadRequest): void {
  stream.disturbed = true;
  if (stream.state === ReadableState.closed) request.closeSteps();
  else if (stream.state === ReadableState.errored) request.errorSteps(stream.storedError);
  else stream.controller.pullSteps(reader, request);
}

/** ReadableStreamReaderGenericRelease, with the reader's pending requests rejected (ReadableStream{Default,BYOB}ReaderRelease). */
export function releaseReader(reader: ReaderCore): void {
  const stream = reader.stream;
  if (stream === undefined) return;
  const error = releasedError();
  // 4.-5. closedPromise is rejected, or replaced by a rejected one. 6. It is handled.
  if (!reader.closed.isPending) reader.closed.renew();
  reader.closed.reject(error);
  // 7. Perform ! stream.[[controller]].[[ReleaseSteps]](). 8.-9. Part stream and reader.
  stream.controller.releaseSteps();
  stream.reader = undefined;
  reader.stream = undefined;
  rejectRequests(reader, error);
}

/** Starts a controller: reacts to the start algorithm's result, or is started at once when there was none to run. */
export function whenStarted(result: unknown, started: () => void, failed: (error: unknown) => void): void {
  if (result === undefined) resolved.then(started);
  else Promise.resolve(result).then(started, failed);
}
