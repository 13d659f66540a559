// Streams § 5.4: WritableStreamDefaultController as scripts see it, and an underlying sink that a script gave.
import { defineInterface } from "../webidl";
import type { AbortSignal } from "../abort";
import { INTERNAL, illegalConstructor, type Callback } from "./convert";
import { promiseOf } from "./promises";
import type { WritableAlgorithms, WritableControllerCore } from "./writable_core";

export class WritableStreamDefaultController {
  readonly #core: WritableControllerCore;

  constructor();
  /** @internal */
  constructor(token: typeof INTERNAL, core: WritableControllerCore);
  constructor(token: unknown = undefined, core: unknown = undefined) {
    if (token !== INTERNAL) throw illegalConstructor();
    this.#core = core as WritableControllerCore;
  }

  get signal(): AbortSignal {
    return this.#core.signal;
  }

  error(error: unknown = undefined): void {
    this.#core.errorIfNeeded(error);
  }
}
defineInterface(WritableStreamDefaultController, "WritableStreamDefaultController");

export class ScriptSink implements WritableAlgorithms {
  constructor(
    private readonly sink: object,
    private readonly writeCallback: Callback | undefined,
    private readonly closeCallback: Callback | undefined,
    private readonly abortCallback: Callback | undefined,
  ) {}

  write(chunk: unknown, controller: WritableControllerCore): Promise<unknown> | undefined {
    if (this.writeCallback === undefined) return undefined;
    return promiseOf(Reflect.apply(this.writeCallback, this.sink, [chunk, controller.wrapper]));
  }

  close(): Promise<unknown> | undefined {
    if (this.closeCallback === undefined) return undefined;
    return promiseOf(Reflect.apply(this.closeCallback, this.sink, []));
  }

  abort(reason: unknown): Promise<unknown> | undefined {
    if (this.abortCallback === undefined) return undefined;
    return promiseOf(Reflect.apply(this.abortCallback, this.sink, [reason]));
  }
}
