// Streams § 4.7 and 4.8: ReadableByteStreamController and ReadableStreamBYOBRequest as scripts see them; the work is in byte_core.ts.
import { defineInterface } from "../webidl";
import { type ByteControllerCore, isDetached } from "./byte_core";
import { INTERNAL, illegalConstructor, toUnsignedLongLong } from "./convert";

export class ReadableByteStreamController {
  readonly #core: ByteControllerCore;

  constructor();
  /** @internal */
  constructor(token: typeof INTERNAL, core: ByteControllerCore);
  constructor(token: unknown = undefined, core: unknown = undefined) {
    if (token !== INTERNAL) throw illegalConstructor();
    this.#core = core as ByteControllerCore;
  }

  get byobRequest(): ReadableStreamBYOBRequest | null {
    return this.#core.byobRequest();
  }

  get desiredSize(): number | null {
    return this.#core.desiredSize();
  }

  close(): void {
    const core = this.#core;
    if (!core.canCloseOrEnqueue()) throw new TypeError("This ReadableStream is closed.");
    core.close();
  }

  enqueue(chunk: ArrayBufferView): void {
    const core = this.#core;
    if (!ArrayBuffer.isView(chunk)) {
      throw new TypeError(
        "Failed to execute 'enqueue' on 'ReadableByteStreamController': parameter 1 is not of type 'ArrayBufferView'.",
      );
    }
    if (chunk.byteLength === 0) throw new TypeError("Cannot enqueue a zero-length ArrayBufferView.");
    if (chunk.buffer.byteLength === 0)
      throw new TypeError("Cannot enqueue a view of a zero-length or detached buffer.");
    if (!core.canCloseOrEnqueue()) throw new TypeError("Unable to enqueue: this ReadableStream is closed.");
    core.enqueue(chunk);
  }

  error(error: unknown = undefined): void {
    this.#core.error(error);
  }
}
defineInterface(ReadableByteStreamController, "ReadableByteStreamController");

interface RequestState {
  controller: ByteControllerCore | undefined;
  view: Uint8Array | null;
  readonly atLeast: number;
}

export class ReadableStreamBYOBRequest {
  readonly #state: RequestState;

  constructor();
  /** @internal */
  constructor(token: typeof INTERNAL, state: RequestState);
  constructor(token: unknown = undefined, state: unknown = undefined) {
    if (token !== INTERNAL) throw illegalConstructor();
    this.#state = state as RequestState;
  }

  get view(): Uint8Array | null {
    return this.#state.view;
  }

  /** Workers: how many bytes the pending read still asks for at least; null once the request is done. */
  get atLeast(): number | null {
    const state = this.#state;
    return state.controller === undefined ? null : state.atLeast;
  }

  respond(bytesWritten: number): void {
    const state = this.#state;
    const count = toUnsignedLongLong(bytesWritten, "bytesWritten");
    if (state.controller === undefined) throw usedError();
    if (isDetached(state.view!.buffer)) throw new TypeError("The buffer of the BYOB request is detached.");
    state.controller.respond(count);
  }

  respondWithNewView(view: ArrayBufferView): void {
    const state = this.#state;
    if (!ArrayBuffer.isView(view)) {
      throw new TypeError(
        "Failed to execute 'respondWithNewView' on 'ReadableStreamBYOBRequest': parameter 1 is not of type 'ArrayBufferView'.",
      );
    }
    if (state.controller === undefined) throw usedError();
    if (isDetached(view.buffer)) throw new TypeError("The buffer of the view is detached.");
    state.controller.respondWithNewView(view);
  }
}
defineInterface(ReadableStreamBYOBRequest, "ReadableStreamBYOBRequest");

function usedError(): TypeError {
  return new TypeError("This BYOB read request has been invalidated.");
}

/** A request object and the way to invalidate it. */
export function makeByobRequest(
  controller: ByteControllerCore,
  view: Uint8Array,
  atLeast: number,
): { request: ReadableStreamBYOBRequest; invalidate(): void } {
  const state: RequestState = { controller, view, atLeast };
  const invalidate = () => {
    state.controller = undefined;
    state.view = null;
  };
  return { request: new ReadableStreamBYOBRequest(INTERNAL, state), invalidate };
}
