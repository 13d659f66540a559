// HTML § 9.4, MessageChannel and MessagePort. Both ends are in one isolate, and nothing can be transferred, as on Workers.
// Invariant: messages arrive in the order in which they were posted, each in a microtask of its own; those posted before close() arrive.
import { defineEventHandler, dispatch, Event, EventTarget } from "./events";
import { MessageEvent } from "./message_events";
import { structuredClone } from "./structured_clone";
import { queueMicrotask } from "./timers";
import { defineInterface } from "./webidl";

const internal = Symbol("internal");

let entangle: (first: MessagePort, second: MessagePort) => void;

export class MessagePort extends EventTarget {
  static {
    entangle = (first, second) => {
      first.#peer = second;
      second.#peer = first;
    };
  }

  #peer: MessagePort | undefined = undefined;
  /** Messages that came before start(); undefined once it was called. */
  #waiting: unknown[] | undefined = [];

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    super();
  }

  postMessage(message: unknown = undefined, options: unknown = undefined): void {
    const list = Array.isArray(options) ? options : (options as { transfer?: unknown } | null | undefined)?.transfer;
    if (Array.isArray(list) && list.length > 0) throw new Error("Transfer list is not supported");
    const data = structuredClone(message);
    const peer = this.#peer;
    if (peer === undefined) return; // § 9.4.4, postMessage, step 7
    if (peer.#waiting === undefined) queueMicrotask(() => peer.#deliver(data));
    else peer.#waiting.push(data);
  }

  start(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    for (const data of waiting ?? []) queueMicrotask(() => this.#deliver(data));
  }

  close(): void {
    const peer = this.#peer;
    if (peer === undefined) return;
    this.#peer = peer.#peer = undefined;
    queueMicrotask(() => {
      dispatch(peer, new Event("close"));
      dispatch(this, new Event("close"));
    });
  }

  #deliver(data: unknown): void {
    dispatch(this, new MessageEvent("message", { data }));
  }
}
defineEventHandler(MessagePort, "message");
{
  // § 9.4.4: the first time that onmessage is set, the port starts.
  const { get, set } = Object.getOwnPropertyDescriptor(MessagePort.prototype, "onmessage")!;
  const { start } = MessagePort.prototype;
  Object.defineProperty(MessagePort.prototype, "onmessage", {
    get: get!,
    set(this: MessagePort, value: unknown) {
      set!.call(this, value);
      start.call(this);
    },
    enumerable: true,
    configurable: true,
  });
}
defineInterface(MessagePort, "MessagePort");
Object.defineProperty(MessagePort.prototype.postMessage, "length", { value: 1, configurable: true });

export class MessageChannel {
  declare readonly port1: MessagePort;
  declare readonly port2: MessagePort;

  constructor() {
    const [port1, port2] = [new MessagePort(internal), new MessagePort(internal)];
    entangle(port1, port2);
    Object.defineProperty(this, "port1", { value: port1, enumerable: true, configurable: true });
    Object.defineProperty(this, "port2", { value: port2, enumerable: true, configurable: true });
  }
}
defineInterface(MessageChannel, "MessageChannel");
