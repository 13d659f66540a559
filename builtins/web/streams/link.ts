// A native stream that is piped into an untouched IdentityTransformStream or FixedLengthStream, as Workers do to pass a body on:
// the pipe is parked for the rest of the turn. When the readable side leaves as a body meanwhile, C++ links the native source to it and
// no octet enters JavaScript; else (somebody reads it, or the turn ends) the pipe starts as any other.
// Invariant: while parked, both ends are locked and nothing was read; park() is left by resume() or take(), once.
import { sleep } from "../timers";
import type { Identity } from "./identity";
import { closeNative, nativeError, ops, type SourceAlgorithms, type Source } from "./native";
import { pipe, type PipeOptions } from "./pipe";
import { type Deferred, deferred } from "./promises";
import { acquireReader, ReadableState, releaseReader, type ReadableCore, type ReaderCore } from "./readable_core";
import type { TransformCore } from "./transform_core";
import { abortWritable, closeWritable, releaseWriter, WritableState, WriterCore } from "./writable_core";

export class ParkedPipe {
  private readonly reader: ReaderCore;
  private readonly writer: WriterCore;
  private readonly result: Deferred<undefined> = deferred();
  private readonly cancelTimer: () => void;

  constructor(
    private readonly source: ReadableCore,
    private readonly backing: SourceAlgorithms,
    private readonly transform: TransformCore,
    private readonly identity: Identity,
    private readonly options: PipeOptions,
  ) {
    this.reader = acquireReader(source);
    this.writer = new WriterCore(transform.writable);
    source.disturbed = true;
    transform.parked = this;
    this.cancelTimer = sleep(0, () => this.resume());
  }

  get promise(): Promise<undefined> {
    return this.result.promise;
  }

  /** Pipes in JavaScript after all. */
  resume(): void {
    if (this.transform.parked !== this) return;
    this.unpark();
    this.unlock();
    pipe(this.source, this.transform.writable, this.options).then(this.result.resolve, this.result.reject);
  }

  /** Links natively; the source that is returned stands for the transform's readable side. */
  take(): Source {
    this.unpark();
    const [linked, ended] = ops.source_link(this.backing.take(), this.identity.length);
    ended.then(
      () => this.ended(),
      (error: unknown) => this.failed(nativeError(error)),
    );
    return linked;
  }

  private unpark(): void {
    this.transform.parked = undefined;
    this.cancelTimer();
  }

  private unlock(): void {
    releaseWriter(this.writer);
    releaseReader(this.reader);
  }

  private ended(): void {
    this.unlock();
    closeNative(this.source);
    this.identity.allPassed();
    const { writable } = this.transform;
    const closing =
      writable.state === WritableState.writable && !writable.isClosing() ? closeWritable(writable) : undefined;
    if (closing === undefined) this.result.resolve();
    else closing.then(this.result.resolve, this.result.reject);
  }

  private failed(error: unknown): void {
    this.unlock();
    if (this.source.state === ReadableState.readable) this.source.controller.error(error);
    abortWritable(this.transform.writable, error)?.then(undefined, () => {});
    this.result.reject(error);
  }
}
