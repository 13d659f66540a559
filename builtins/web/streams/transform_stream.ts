// Streams § 6: TransformStream and TransformStreamDefaultController as scripts see them; the work is in transform_core.ts.
import { defineInterface } from "../webidl";
import { INTERNAL, apply, callbackMember, illegalConstructor, toOptionalObject, type Callback } from "./convert";
import { promiseOf } from "./promises";
import { type ReadableStream, wrapReadable } from "./readable_stream";
import { convertStrategy, extractHighWaterMark, type QueuingStrategy } from "./strategies";
import { TransformCore, type TransformAlgorithms } from "./transform_core";
import { type WritableStream, wrapWritable } from "./writable_stream";

export interface Transformer {
  start?(controller: TransformStreamDefaultController): unknown;
  transform?(chunk: unknown, controller: TransformStreamDefaultController): unknown;
  flush?(controller: TransformStreamDefaultController): unknown;
  cancel?(reason: unknown): unknown;
}

export class TransformStream {
  readonly #readable: ReadableStream;
  readonly #writable: WritableStream;

  constructor(transformer?: Transformer, writableStrategy?: QueuingStrategy, readableStrategy?: QueuingStrategy);
  /** @internal */
  constructor(token: typeof INTERNAL, core: TransformCore);
  constructor(
    transformer: unknown = undefined,
    writableStrategy: unknown = undefined,
    readableStrategy: unknown = undefined,
  ) {
    const core =
      transformer === INTERNAL
        ? (writableStrategy as TransformCore)
        : construct(transformer, writableStrategy, readableStrategy);
    this.#readable = wrapReadable(core.readable);
    this.#writable = wrapWritable(core.writable);
  }

  get readable(): ReadableStream {
    return this.#readable;
  }

  get writable(): WritableStream {
    return this.#writable;
  }
}
defineInterface(TransformStream, "TransformStream");

/** The constructor steps. */
function construct(transformerArgument: unknown, writableStrategy: unknown, readableStrategy: unknown): TransformCore {
  const transformer = toOptionalObject<Transformer>(transformerArgument, "The transformer") ?? {};
  const writable = convertStrategy(writableStrategy);
  const readable = convertStrategy(readableStrategy);
  const cancel = callbackMember(transformer, "cancel");
  const flush = callbackMember(transformer, "flush");
  if ((transformer as { readableType?: unknown }).readableType !== undefined)
    throw new RangeError("The 'readableType' of a transformer must be undefined.");
  const start = callbackMember(transformer, "start");
  const transform = callbackMember(transformer, "transform");
  if ((transformer as { writableType?: unknown }).writableType !== undefined)
    throw new RangeError("The 'writableType' of a transformer must be undefined.");
  const strategies = {
    readableHighWaterMark: extractHighWaterMark(readable, 0),
    readableSize: readable.size,
    writableHighWaterMark: extractHighWaterMark(writable, 1),
    writableSize: writable.size,
  };
  const core = new TransformCore(new ScriptTransformer(transformer, transform, flush, cancel), false, strategies);
  core.start(start === undefined ? undefined : apply(start, transformer, [core.wrapper]));
  return core;
}

export class TransformStreamDefaultController {
  readonly #core: TransformCore;

  constructor();
  /** @internal */
  constructor(token: typeof INTERNAL, core: TransformCore);
  constructor(token: unknown = undefined, core: unknown = undefined) {
    if (token !== INTERNAL) throw illegalConstructor();
    this.#core = core as TransformCore;
  }

  get desiredSize(): number | null {
    return this.#core.desiredSize();
  }

  enqueue(chunk: unknown = undefined): void {
    this.#core.enqueue(chunk);
  }

  error(reason: unknown = undefined): void {
    this.#core.error(reason);
  }

  terminate(): void {
    this.#core.terminate();
  }
}
defineInterface(TransformStreamDefaultController, "TransformStreamDefaultController");

/** A transformer that a script gave. */
class ScriptTransformer implements TransformAlgorithms {
  constructor(
    private readonly transformer: object,
    private readonly transformCallback: Callback | undefined,
    private readonly flushCallback: Callback | undefined,
    private readonly cancelCallback: Callback | undefined,
  ) {}

  transform(chunk: unknown, stream: TransformCore): Promise<unknown> | undefined {
    // Without a transform(), chunks pass through.
    if (this.transformCallback === undefined) return void stream.enqueue(chunk);
    return promiseOf(apply(this.transformCallback, this.transformer, [chunk, stream.wrapper]));
  }

  flush(stream: TransformCore): Promise<unknown> | undefined {
    if (this.flushCallback === undefined) return undefined;
    return promiseOf(apply(this.flushCallback, this.transformer, [stream.wrapper]));
  }

  cancel(reason: unknown): Promise<unknown> | undefined {
    if (this.cancelCallback === undefined) return undefined;
    return promiseOf(apply(this.cancelCallback, this.transformer, [reason]));
  }
}
