// Streams § 4.5 and 4.9.5: ReadableStreamDefaultController, and the core that internal streams use without it.
import { defineInterface } from "../webidl";
import { INTERNAL, illegalConstructor } from "./convert";
import { promiseOf, resolved } from "./promises";
import { ChunkQueue, type SizeAlgorithm } from "./queue";
import {
  closeReadable,
  errorReadable,
  PENDING,
  ReadableState,
  whenStarted,
  type ReadableAlgorithms,
  type ReadableCore,
  type ReaderCore,
  type ReadRequest,
} from "./readable_core";

const NOTHING: ReadableAlgorithms = { pull: () => undefined, cancel: () => undefined };

export class DefaultControllerCore {
  readonly isByte = false;
  readonly stream: ReadableCore;
  readonly queue: ChunkQueue;
  readonly highWaterMark: number;
  readonly size: SizeAlgorithm | undefined;
  algorithms: ReadableAlgorithms;
  started = false;
  closeRequested = false;
  pulling = false;
  pullAgain = false;
  private pulledSteps: (() => void) | undefined = undefined;
  private failedSteps: ((error: unknown) => void) | undefined = undefined;
  private face: ReadableStreamDefaultController | undefined = undefined;

  /** SetUpReadableStreamDefaultController up to the start algorithm; start() or `started = true` follows. */
  constructor(
    stream: ReadableCore,
    algorithms: ReadableAlgorithms,
    highWaterMark: number,
    size: SizeAlgorithm | undefined,
  ) {
    this.stream = stream;
    this.algorithms = algorithms;
    this.highWaterMark = highWaterMark;
    this.size = size;
    this.queue = new ChunkQueue(size !== undefined);
    stream.controller = this;
  }

  /** The object that scripts see. */
  get wrapper(): ReadableStreamDefaultController {
    return (this.face ??= new ReadableStreamDefaultController(INTERNAL, this));
  }

  start(result: unknown): void {
    whenStarted(
      result,
      () => this.begin(),
      (error) => this.error(error),
    );
  }

  begin(): void {
    this.started = true;
    this.callPullIfNeeded();
  }

  /** ReadableStreamDefaultControllerCallPullIfNeeded. */
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

  /** The pull algorithm's promise is fulfilled. */
  pulled(): void {
    this.pulling = false;
    if (!this.pullAgain) return;
    this.pullAgain = false;
    this.callPullIfNeeded();
  }

  /** ReadableStreamDefaultControllerShouldCallPull. */
  shouldCallPull(): boolean {
    if (!this.started || !this.canCloseOrEnqueue()) return false;
    const reader = this.stream.reader;
    if (reader !== undefined && reader.requests.length > 0) return true;
    return this.highWaterMark - this.queue.total > 0;
  }

  clearAlgorithms(): void {
    this.algorithms = NOTHING;
  }

  canCloseOrEnqueue(): boolean {
    return !this.closeRequested && this.stream.state === ReadableState.readable;
  }

  desiredSize(): number | null {
    const state = this.stream.state;
    if (state === ReadableState.errored) return null;
    if (state === ReadableState.closed) return 0;
    return this.highWaterMark - this.queue.total;
  }

  /** ReadableStreamDefaultControllerClose. */
  close(): void {
    if (!this.canCloseOrEnqueue()) return;
    this.closeRequested = true;
    if (this.queue.length > 0) return;
    this.clearAlgorithms();
    closeReadable(this.stream);
  }

  /** ReadableStreamDefaultControllerEnqueue. */
  enqueue(chunk: unknown): void {
    if (!this.canCloseOrEnqueue()) return;
    const reader = this.stream.reader;
    if (reader !== undefined && reader.requests.length > 0) {
      // 2. A waiting read gets the chunk: ReadableStreamFulfillReadRequest.
      reader.requests.shift().chunkSteps(chunk);
    } else {
      // 3. Otherwise ask for its size and enqueue it; a failure errors the stream and is thrown on.
      try {
        this.queue.enqueue(chunk, this.size === undefined ? 1 : this.size(chunk));
      } catch (error) {
        this.error(error);
        throw error;
      }
    }
    this.callPullIfNeeded();
  }

  /** ReadableStreamDefaultControllerError. */
  error(error: unknown): void {
    if (this.stream.state !== ReadableState.readable) return;
    this.queue.reset();
    this.clearAlgorithms();
    errorReadable(this.stream, error);
  }

  /** [[CancelSteps]] */
  cancelSteps(reason: unknown): Promise<unknown> | undefined {
    this.queue.reset();
    const algorithms = this.algorithms;
    this.clearAlgorithms();
    return algorithms.cancel(reason);
  }

  /** Takes the first chunk of a queue that is not empty, and closes or pulls as [[PullSteps]] says. */
  take(): unknown {
    const chunk = this.queue.dequeue();
    if (this.closeRequested && this.queue.length === 0) {
      this.clearAlgorithms();
      closeReadable(this.stream);
    } else {
      this.callPullIfNeeded();
    }
    return chunk;
  }

  /** [[PullSteps]] */
  pullSteps(reader: ReaderCore, request: ReadRequest): void {
    if (this.queue.length > 0) return request.chunkSteps(this.take());
    reader.requests.push(request);
    this.callPullIfNeeded();
  }

  /** [[ReleaseSteps]] */
  releaseSteps(): void {}
}

export class ReadableStreamDefaultController {
  readonly #core: DefaultControllerCore;

  constructor();
  /** @internal */
  constructor(token: typeof INTERNAL, core: DefaultControllerCore);
  constructor(token: unknown = undefined, core: unknown = undefined) {
    if (token !== INTERNAL) throw illegalConstructor();
    this.#core = core as DefaultControllerCore;
  }

  get desiredSize(): number | null {
    return this.#core.desiredSize();
  }

  close(): void {
    const core = this.#core;
    if (!core.canCloseOrEnqueue()) throw new TypeError("This ReadableStream is closed.");
    core.close();
  }

  enqueue(chunk: unknown = undefined): void {
    const core = this.#core;
    if (!core.canCloseOrEnqueue()) throw new TypeError("Unable to enqueue: this ReadableStream is closed.");
    core.enqueue(chunk);
  }

  error(error: unknown = undefined): void {
    this.#core.error(error);
  }
}
defineInterface(ReadableStreamDefaultController, "ReadableStreamDefaultController");

/** An underlying source that a script gave: its pull and cancel are called on it, with the controller that it knows. */
export class ScriptSource implements ReadableAlgorithms {
  constructor(
    private readonly source: object,
    private readonly pullCallback: ((controller: unknown) => unknown) | undefined,
    private readonly cancelCallback: ((reason: unknown) => unknown) | undefined,
  ) {}

  pull(controller: { readonly wrapper: unknown }): Promise<unknown> | undefined {
    if (this.pullCallback === undefined) return undefined;
    return promiseOf(Reflect.apply(this.pullCallback, this.source, [controller.wrapper]));
  }

  cancel(reason: unknown): Promise<unknown> | undefined {
    if (this.cancelCallback === undefined) return undefined;
    return promiseOf(Reflect.apply(this.cancelCallback, this.source, [reason]));
  }
}
