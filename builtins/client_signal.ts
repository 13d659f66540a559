// Request.signal of a request from the network (compatibility flag enable_request_signal): aborts when the client goes away before it has
// all of the response. Invariant: what is remembered of ended invocations is forgotten by the time that there is as much of it again.
import { native } from "./native";
import { AbortController, type AbortSignal } from "./web/abort";
import { makeDOMException } from "./web/dom_exception";

const ops = native<{
  invocation_watch_client(id: number): boolean;
  invocation_is_alive(id: number): boolean;
}>();

const controllers = new Map<number, AbortController>();
let pruneAt = 64;

function forgetEnded(): void {
  for (const id of controllers.keys()) if (!ops.invocation_is_alive(id)) controllers.delete(id);
  pruneAt = Math.max(64, 2 * controllers.size);
}

/** The signal of the request that the invocation answers. */
export function clientSignal(id: number): AbortSignal {
  const controller = new AbortController();
  if (ops.invocation_watch_client(id)) {
    if (controllers.size >= pruneAt) forgetEnded();
    controllers.set(id, controller);
  }
  return controller.signal;
}

/** Called from C++. */
export function clientGone(id: number): void {
  const controller = controllers.get(id);
  controllers.delete(id);
  controller?.abort(makeDOMException("The client has disconnected", "AbortError"));
}
