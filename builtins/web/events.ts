// DOM § 2: Event, CustomEvent, EventTarget; HTML § 8.1.8.1: event handler attributes (`onabort`).
// There is no tree here, so an event's path is its target alone. The global object is an event target without being made by the
// class: its list lives beside the class, and methods called without a receiver mean it.
// Invariant: a list of listeners is never changed in place, so a dispatch that is under way walks the list it started with.

import { now } from "./performance";
import { reportException } from "./report_error";
import { badConstructorArgument, defineInterface, isDictionary, missingArgument, toDOMString } from "./webidl";
import { DOMException } from "./dom_exception";

/** What compatibility flags decide. */
export const eventCompatibility = { callsWithTarget: true };

export interface EventInit {
  bubbles?: unknown;
  cancelable?: unknown;
  composed?: unknown;
}

const enum Flag {
  bubbles = 1,
  cancelable = 2,
  composed = 4,
  stopPropagation = 8,
  stopImmediate = 16,
  canceled = 32,
  inPassiveListener = 64,
  dispatching = 128,
  trusted = 256,
}

/** Web IDL § 3.7.7: an init dictionary, or a TypeError. */
export function toInit<T extends object>(interfaceName: string, init: unknown): Partial<T> | undefined {
  if (init === undefined || init === null) return undefined;
  if (!isDictionary(init)) badConstructorArgument(interfaceName, 2, "Init");
  return init as Partial<T>;
}

let getFlags: (event: Event) => number;
let setFlags: (event: Event, flags: number) => void;
let setPlace: (event: Event, target: object | null, currentTarget: object | null, phase: number) => void;
let isEvent: (value: unknown) => value is Event;

export class Event {
  readonly #type: string;
  #flags: number;
  #target: object | null = null;
  #currentTarget: object | null = null;
  #phase = 0;
  readonly #timeStamp = now();

  static {
    getFlags = (event) => event.#flags;
    setFlags = (event, flags) => {
      event.#flags = flags;
    };
    setPlace = (event, target, currentTarget, phase) => {
      event.#target = target;
      event.#currentTarget = currentTarget;
      event.#phase = phase;
    };
    isEvent = (value): value is Event => typeof value === "object" && value !== null && #flags in value;
  }

  constructor(type: string, init?: EventInit | null);
  constructor(...args: unknown[]) {
    if (args.length === 0) badConstructorArgument(new.target.name, 1, "string");
    this.#type = toDOMString(args[0]);
    const init = toInit<EventInit>(new.target.name, args[1]);
    let flags = 0;
    if (init !== undefined) {
      if (init.bubbles) flags |= Flag.bubbles;
      if (init.cancelable) flags |= Flag.cancelable;
      if (init.composed) flags |= Flag.composed;
    }
    this.#flags = flags;
  }

  get type(): string {
    return this.#type;
  }
  get target(): object | null {
    return this.#target;
  }
  get srcElement(): object | null {
    return this.#target;
  }
  get currentTarget(): object | null {
    return this.#currentTarget;
  }
  get eventPhase(): number {
    return this.#phase;
  }
  get bubbles(): boolean {
    return (this.#flags & Flag.bubbles) !== 0;
  }
  get cancelable(): boolean {
    return (this.#flags & Flag.cancelable) !== 0;
  }
  get composed(): boolean {
    return (this.#flags & Flag.composed) !== 0;
  }
  get defaultPrevented(): boolean {
    return (this.#flags & Flag.canceled) !== 0;
  }
  get returnValue(): boolean {
    return (this.#flags & Flag.canceled) === 0;
  }
  set returnValue(value: boolean) {
    if (!value) this.preventDefault();
  }
  get isTrusted(): boolean {
    return (this.#flags & Flag.trusted) !== 0;
  }
  get timeStamp(): number {
    return this.#timeStamp;
  }
  get cancelBubble(): boolean {
    return (this.#flags & Flag.stopPropagation) !== 0;
  }
  set cancelBubble(value: boolean) {
    if (value) this.#flags |= Flag.stopPropagation;
  }

  composedPath(): object[] {
    return this.#currentTarget === null ? [] : [this.#currentTarget];
  }
  stopPropagation(): void {
    this.#flags |= Flag.stopPropagation;
  }
  stopImmediatePropagation(): void {
    this.#flags |= Flag.stopPropagation | Flag.stopImmediate;
  }
  preventDefault(): void {
    // "Set the canceled flag": only for a cancelable event, and never from a passive listener.
    if ((this.#flags & (Flag.cancelable | Flag.inPassiveListener)) === Flag.cancelable) this.#flags |= Flag.canceled;
  }
}
defineInterface(Event, "Event");
Object.defineProperty(Event, "length", { value: 1, configurable: true });
["NONE", "CAPTURING_PHASE", "AT_TARGET", "BUBBLING_PHASE"].forEach((name, value) => {
  Object.defineProperty(Event, name, { value, enumerable: true });
  Object.defineProperty(Event.prototype, name, { value, enumerable: true });
});

export type EventListener = ((event: any) => unknown) | { handleEvent(event: any): unknown };

/** What abort.ts lends: it extends EventTarget, so this module cannot import it. */
export interface AbortHooks {
  isAbortSignal(value: unknown): boolean;
  isAborted(signal: object): boolean;
  onAbort(signal: object, algorithm: () => void): void;
  /** Somebody listens to this signal, so it must live as long as its sources. */
  observed(signal: object): void;
}
let abortHooks: AbortHooks;
export function setAbortHooks(hooks: AbortHooks): void {
  abortHooks = hooks;
}

export interface AddEventListenerOptions {
  capture?: unknown;
  once?: unknown;
  passive?: unknown;
  signal?: unknown;
}

interface Listener {
  callback: EventListener | object;
  readonly capture: boolean;
  readonly once: boolean;
  readonly passive: boolean;
  /** An event handler attribute: its callback may be any object, and false returned cancels the event. */
  readonly handler: boolean;
  removed: boolean;
}

type ListenerMap = Map<string, readonly Listener[]>;

let listenersOf: (target: object) => ListenerMap | undefined;
let ensureListeners: (target: object) => ListenerMap;
let globalListeners: ListenerMap | undefined;

/** Symbol-free receiver check: `undefined` is the global object. */
function receiver(target: unknown): object {
  return (target ?? globalThis) as object;
}

export class EventTarget {
  #listeners: ListenerMap | undefined = undefined;

  static {
    listenersOf = (target) => (target === globalThis ? globalListeners : (target as EventTarget).#listeners);
    ensureListeners = (target) => {
      if (target === globalThis) return (globalListeners ??= new Map());
      return ((target as EventTarget).#listeners ??= new Map());
    };
  }

  addEventListener(type: string, callback: EventListener | null, options?: AddEventListenerOptions | boolean): void;
  addEventListener(...args: unknown[]): void {
    const target = receiver(this);
    const listeners = listenersOf(target); // also the brand check
    if (args.length === 0) missingArgument("addEventListener", "EventTarget", 1, "string");
    const type = toDOMString(args[0]);
    const callback = toCallback("addEventListener", args.length, args[1]);
    // "Flatten more" options.
    const options = args[2] as AddEventListenerOptions | boolean | undefined | null;
    let [capture, once, passive] = [false, false, false];
    let signal: object | undefined;
    if (typeof options === "object" && options !== null) {
      capture = Boolean(options.capture);
      once = Boolean(options.once);
      passive = Boolean(options.passive);
      if (options.signal !== undefined) {
        if (!abortHooks.isAbortSignal(options.signal))
          throw new TypeError(
            "Incorrect type for the 'signal' field on 'AddEventListenerOptions': the provided value is not of type 'AbortSignal'.",
          );
        signal = options.signal as object;
      }
    } else {
      capture = Boolean(options);
    }
    // "Add an event listener": 2. aborted signal, 3. null callback, 5. only once per type, callback and capture.
    if ((signal !== undefined && abortHooks.isAborted(signal)) || callback === null) return;
    const list = listeners?.get(type);
    if (list?.some((other) => other.callback === callback && other.capture === capture && !other.handler)) return;
    const listener: Listener = { callback, capture, once, passive, handler: false, removed: false };
    append(target, type, listener);
    // 6. Remove it when the signal aborts.
    if (signal !== undefined) abortHooks.onAbort(signal, () => remove(target, type, listener));
  }

  removeEventListener(type: string, callback: EventListener | null, options?: AddEventListenerOptions | boolean): void;
  removeEventListener(...args: unknown[]): void {
    const target = receiver(this);
    const listeners = listenersOf(target);
    if (args.length === 0) missingArgument("removeEventListener", "EventTarget", 1, "string");
    const type = toDOMString(args[0]);
    const callback = toCallback("removeEventListener", args.length, args[1]);
    const options = args[2] as AddEventListenerOptions | boolean | undefined | null;
    const capture = Boolean(typeof options === "object" && options !== null ? options.capture : options);
    const listener = listeners
      ?.get(type)
      ?.find((other) => other.callback === callback && other.capture === capture && !other.handler);
    if (listener !== undefined) remove(target, type, listener);
  }

  dispatchEvent(event: Event): boolean {
    const target = receiver(this);
    listenersOf(target);
    if (!isEvent(event)) missingArgument("dispatchEvent", "EventTarget", 1, "Event");
    // 1. An event that is being dispatched may not be dispatched again. 2. It is not trusted any more.
    const flags = getFlags(event);
    if ((flags & Flag.dispatching) !== 0)
      throw new DOMException("The event is already being dispatched.", "InvalidStateError");
    setFlags(event, flags & ~Flag.trusted);
    return run(target, event);
  }
}
defineInterface(EventTarget, "EventTarget");
for (const [name, length] of [
  ["addEventListener", 2],
  ["removeEventListener", 2],
] as const)
  Object.defineProperty(EventTarget.prototype[name], "length", { value: length, configurable: true });

/** Web IDL: EventListener? is null, a function or another object (whose handleEvent is looked up at each call). */
function toCallback(method: string, argumentCount: number, callback: unknown): object | null {
  if (typeof callback === "function" || (typeof callback === "object" && callback !== null)) return callback;
  if (argumentCount < 2 || (callback !== null && callback !== undefined))
    missingArgument(method, "EventTarget", 2, "function or HandlerObject");
  return null;
}

function append(target: object, type: string, listener: Listener): void {
  const listeners = ensureListeners(target);
  const list = listeners.get(type);
  listeners.set(type, list === undefined ? [listener] : [...list, listener]);
  if (type === "abort" && abortHooks.isAbortSignal(target)) abortHooks.observed(target);
}

function remove(target: object, type: string, listener: Listener): void {
  listener.removed = true;
  const listeners = ensureListeners(target);
  const rest = listeners.get(type)?.filter((other) => other !== listener);
  if (rest === undefined || rest.length === 0) listeners.delete(type);
  else listeners.set(type, rest);
}

export function hasListeners(target: object, type: string): boolean {
  return listenersOf(target)?.has(type) === true;
}

/** Dispatches an event that the platform made; returns false when it was canceled. Errors of listeners are reported, never thrown. */
export function dispatch(target: object, event: Event, trusted = true): boolean {
  if (trusted) setFlags(event, getFlags(event) | Flag.trusted);
  return run(target, event);
}

let thrown: { readonly error: unknown } | undefined;

/** As dispatch(), for a target that ends when a listener throws: gives the last exception, which has been reported already. */
export function dispatchAndCatch(target: object, event: Event): { readonly error: unknown } | undefined {
  thrown = undefined;
  dispatch(target, event);
  const result = thrown;
  thrown = undefined;
  return result;
}

// § 2.9 "dispatch", for a path of one.
function run(target: object, event: Event): boolean {
  const list = listenersOf(target)?.get(event.type);
  setPlace(event, target, target, 2);
  setFlags(event, getFlags(event) | Flag.dispatching);
  if (list !== undefined) {
    // At the target, capturing listeners come first; stopPropagation() in one of them keeps the others from running.
    if (list.some((listener) => listener.capture)) invoke(target, event, list, true);
    if ((getFlags(event) & Flag.stopPropagation) === 0) invoke(target, event, list, false);
  }
  setPlace(event, target, null, 0);
  const flags = getFlags(event) & ~(Flag.dispatching | Flag.stopPropagation | Flag.stopImmediate);
  setFlags(event, flags);
  return (flags & Flag.canceled) === 0;
}

// "Inner invoke".
function invoke(target: object, event: Event, list: readonly Listener[], capture: boolean): void {
  const { type } = event;
  for (const listener of list) {
    if (listener.removed || listener.capture !== capture) continue;
    if (listener.once) remove(target, type, listener);
    if (listener.passive) setFlags(event, getFlags(event) | Flag.inPassiveListener);
    try {
      call(target, event, listener);
    } catch (error) {
      reportException(error);
      thrown = { error };
    }
    if (listener.passive) setFlags(event, getFlags(event) & ~Flag.inPassiveListener);
    if ((getFlags(event) & Flag.stopImmediate) !== 0) return;
  }
}

function call(target: object, event: Event, listener: Listener): void {
  const { callback } = listener;
  if (typeof callback === "function") {
    const result = Reflect.apply(callback, eventCompatibility.callsWithTarget ? target : undefined, [event]) as unknown;
    if (listener.handler && result === false) event.preventDefault();
  } else if (!listener.handler) {
    // Web IDL "call a user object's operation".
    const handleEvent = (callback as { handleEvent?: unknown }).handleEvent;
    if (typeof handleEvent !== "function") throw new TypeError("The listener's 'handleEvent' is not a function.");
    Reflect.apply(handleEvent, callback, [event]);
  }
}

/** HTML § 8.1.8.1: gives the interface an event handler attribute, `on` + type. */
export function defineEventHandler(constructor: Function, type: string): void {
  const find = (target: object) =>
    listenersOf(target)
      ?.get(type)
      ?.find((listener) => listener.handler);
  Object.defineProperty(constructor.prototype, `on${type}`, {
    ...Object.getOwnPropertyDescriptor(
      {
        get [`on${type}`](): object | null {
          return find(receiver(this))?.callback ?? null;
        },
        set [`on${type}`](value: object | null) {
          const target = receiver(this);
          const existing = find(target);
          // [LegacyTreatNonObjectAsNull]. A handler that is replaced keeps its place among the listeners.
          if ((typeof value !== "object" && typeof value !== "function") || value === null) {
            if (existing !== undefined) remove(target, type, existing);
          } else if (existing !== undefined) {
            existing.callback = value;
          } else {
            append(target, type, {
              callback: value,
              capture: false,
              once: false,
              passive: false,
              handler: true,
              removed: false,
            });
          }
        },
      },
      `on${type}`,
    ),
    enumerable: true,
    configurable: true,
  });
}

export interface CustomEventInit extends EventInit {
  detail?: unknown;
}

export class CustomEvent extends Event {
  readonly #detail: unknown;

  constructor(type: string, init?: CustomEventInit | null);
  constructor(...args: [string, (CustomEventInit | null)?]) {
    super(...args);
    this.#detail = args[1]?.detail ?? null;
  }
  get detail(): unknown {
    return this.#detail;
  }
}
defineInterface(CustomEvent, "CustomEvent");
Object.defineProperty(CustomEvent, "length", { value: 1, configurable: true });

export interface ErrorEventInit extends EventInit {
  message?: unknown;
  filename?: unknown;
  lineno?: unknown;
  colno?: unknown;
  error?: unknown;
}

// HTML § 8.1.4.7.
export class ErrorEvent extends Event {
  readonly #message: string;
  readonly #filename: string;
  readonly #lineno: number;
  readonly #colno: number;
  readonly #error: unknown;

  constructor(type: string, init?: ErrorEventInit | null);
  constructor(...args: [string, (ErrorEventInit | null)?]) {
    super(...args);
    const init = args[1];
    this.#message = init?.message === undefined ? "" : toDOMString(init.message);
    this.#filename = init?.filename === undefined ? "" : toDOMString(init.filename);
    this.#lineno = Number(init?.lineno ?? 0) >>> 0;
    this.#colno = Number(init?.colno ?? 0) >>> 0;
    this.#error = init?.error;
  }
  get message(): string {
    return this.#message;
  }
  get filename(): string {
    return this.#filename;
  }
  get lineno(): number {
    return this.#lineno;
  }
  get colno(): number {
    return this.#colno;
  }
  get error(): unknown {
    return this.#error;
  }
}
defineInterface(ErrorEvent, "ErrorEvent");
Object.defineProperty(ErrorEvent, "length", { value: 1, configurable: true });

export interface PromiseRejectionEventInit extends EventInit {
  promise: unknown;
  reason?: unknown;
}

// HTML § 8.1.4.7: what the platform dispatches as "unhandledrejection" and "rejectionhandled".
export class PromiseRejectionEvent extends Event {
  readonly #promise: unknown;
  readonly #reason: unknown;

  constructor(type: string, init: PromiseRejectionEventInit);
  constructor(...args: [string, PromiseRejectionEventInit]) {
    super(...args);
    const init = args[1] as PromiseRejectionEventInit | undefined;
    if (init === undefined || init === null || init.promise === undefined)
      badConstructorArgument("PromiseRejectionEvent", 2, "Init");
    this.#promise = init.promise;
    this.#reason = init.reason;
  }
  get promise(): unknown {
    return this.#promise;
  }
  get reason(): unknown {
    return this.#reason;
  }
}
defineInterface(PromiseRejectionEvent, "PromiseRejectionEvent");
Object.defineProperty(PromiseRejectionEvent, "length", { value: 2, configurable: true });
