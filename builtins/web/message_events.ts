// HTML § 9.1 MessageEvent and WebSockets § 6 CloseEvent: what WebSockets dispatch.

import { Event, type EventInit } from "./events";
import { defineInterface, toDOMString, toUnsignedShort, toUSVString } from "./webidl";

export interface MessageEventInit extends EventInit {
  data?: unknown;
  origin?: unknown;
  lastEventId?: unknown;
  source?: unknown;
  ports?: Iterable<unknown>;
}

const noPorts: readonly unknown[] = Object.freeze([]);

export class MessageEvent extends Event {
  readonly #data: unknown;
  readonly #origin: string;
  readonly #lastEventId: string;
  readonly #source: unknown;
  readonly #ports: readonly unknown[];

  constructor(type: string, init?: MessageEventInit | null);
  constructor(...args: [string, (MessageEventInit | null)?]) {
    super(...args);
    const init = args[1];
    this.#data = init?.data === undefined ? null : init.data;
    this.#origin = init?.origin === undefined ? "" : toUSVString(init.origin);
    this.#lastEventId = init?.lastEventId === undefined ? "" : toDOMString(init.lastEventId);
    this.#source = init?.source ?? null;
    this.#ports = init?.ports === undefined ? noPorts : Object.freeze([...init.ports]);
  }
  get data(): unknown {
    return this.#data;
  }
  get origin(): string {
    return this.#origin;
  }
  get lastEventId(): string {
    return this.#lastEventId;
  }
  get source(): unknown {
    return this.#source;
  }
  get ports(): readonly unknown[] {
    return this.#ports;
  }
}
defineInterface(MessageEvent, "MessageEvent");
Object.defineProperty(MessageEvent, "length", { value: 1, configurable: true });

export interface CloseEventInit extends EventInit {
  wasClean?: unknown;
  code?: unknown;
  reason?: unknown;
}

export class CloseEvent extends Event {
  readonly #wasClean: boolean;
  readonly #code: number;
  readonly #reason: string;

  constructor(type: string, init?: CloseEventInit | null);
  constructor(...args: [string, (CloseEventInit | null)?]) {
    super(...args);
    const init = args[1];
    this.#wasClean = Boolean(init?.wasClean);
    this.#code = init?.code === undefined ? 0 : toUnsignedShort(init.code);
    this.#reason = init?.reason === undefined ? "" : toUSVString(init.reason);
  }
  get wasClean(): boolean {
    return this.#wasClean;
  }
  get code(): number {
    return this.#code;
  }
  get reason(): string {
    return this.#reason;
  }
}
defineInterface(CloseEvent, "CloseEvent");
Object.defineProperty(CloseEvent, "length", { value: 1, configurable: true });
