// The events that a worker in service-worker syntax gets (Service Workers § 4.4 ExtendableEvent, § 4.6 FetchEvent; Workers docs, Runtime
// APIs, Handlers), and the interfaces of its global scope. The platform alone makes them.
import { waitFor } from "./context";
import { native } from "./native";
import { makeDOMException } from "./web/dom_exception";
import { Event, EventTarget } from "./web/events";
import type { Request } from "./web/request";
import { defineInterface } from "./web/webidl";

const ops = native<{ invocation_pass_through(id: number): void }>();

const internal = Symbol("internal");

function requireInternal(key: unknown): void {
  if (key !== internal) throw new TypeError("Illegal constructor");
}

let invocationOf: (event: ExtendableEvent) => number;

export class ExtendableEvent extends Event {
  static {
    invocationOf = (event) => event.#id;
  }

  readonly #id: number;

  constructor(key: unknown, type: string, id: number) {
    requireInternal(key);
    super(type);
    this.#id = id;
  }

  /** Extends the invocation beyond its response. */
  waitUntil(promise: unknown): void {
    waitFor(this.#id, promise);
  }
}
defineInterface(ExtendableEvent, "ExtendableEvent");

export let makeFetchEvent: (id: number, request: Request) => FetchEvent;
/** What the listeners answered with; throws when none did. */
export let fetchEventResult: (event: FetchEvent) => unknown;

export class FetchEvent extends ExtendableEvent {
  static {
    makeFetchEvent = (id, request) => new FetchEvent(internal, id, request);
    fetchEventResult = (event) => {
      if (!event.#responded)
        throw new TypeError("The fetch event was not answered: no listener called event.respondWith()");
      return event.#response;
    };
  }

  #response: unknown = undefined;
  #responded = false;
  readonly #request: Request;

  constructor(key: unknown, id: number, request: Request) {
    super(key, "fetch", id);
    this.#request = request;
  }

  get request(): Request {
    return this.#request;
  }

  respondWith(response: unknown): void {
    if (this.#responded)
      throw makeDOMException(
        "FetchEvent.respondWith() has already been called; it can only be called once.",
        "InvalidStateError",
      );
    this.#responded = true;
    this.#response = response;
    this.stopImmediatePropagation();
  }

  /** If the listeners throw, the request goes to the origin instead of failing. */
  passThroughOnException(): void {
    ops.invocation_pass_through(invocationOf(this));
  }
}
defineInterface(FetchEvent, "FetchEvent");

export let makeScheduledEvent: (id: number, scheduledTime: number, cron: string) => ScheduledEvent;

export class ScheduledEvent extends ExtendableEvent {
  static {
    makeScheduledEvent = (id, scheduledTime, cron) => new ScheduledEvent(internal, id, scheduledTime, cron);
  }

  readonly #scheduledTime: number;
  readonly #cron: string;
  #retries = true;

  constructor(key: unknown, id: number, scheduledTime: number, cron: string) {
    super(key, "scheduled", id);
    this.#scheduledTime = scheduledTime;
    this.#cron = cron;
  }

  /** When it was due, Unix time in milliseconds. */
  get scheduledTime(): number {
    return this.#scheduledTime;
  }
  get cron(): string {
    return this.#cron;
  }

  /** Says that a failed run is not to be tried again; nothing here tries again yet. */
  noRetry(): void {
    this.#retries = false;
    void this.#retries;
  }
}
defineInterface(ScheduledEvent, "ScheduledEvent");

/** HTML § 10.2.1.1. */
export class WorkerGlobalScope extends EventTarget {
  constructor(key?: unknown) {
    requireInternal(key);
    super();
  }
}
defineInterface(WorkerGlobalScope, "WorkerGlobalScope");
Object.defineProperty(WorkerGlobalScope.prototype, "EventTarget", {
  value: EventTarget,
  writable: true,
  configurable: true,
});

export class ServiceWorkerGlobalScope extends WorkerGlobalScope {}
defineInterface(ServiceWorkerGlobalScope, "ServiceWorkerGlobalScope");

export const interfaces: Record<string, Function> = {
  ExtendableEvent,
  FetchEvent,
  ScheduledEvent,
  ServiceWorkerGlobalScope,
  WorkerGlobalScope,
};
