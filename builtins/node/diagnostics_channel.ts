// node:diagnostics_channel (Node.js docs): named channels; publishing costs nothing while nobody has subscribed.

import { queueMicrotask, reportException } from "adit:internal";
import type { AsyncLocalStorage } from "./async_hooks";
import { invalidArgType } from "./internal/errors";
import { validateFunction } from "./internal/validators";

type Name = string | symbol;
type Subscriber = (message: unknown, name: Name) => void;
type Transform = (data: any) => unknown;
type Fn = (...args: any[]) => any;

const channels = new Map<Name, WeakRef<Channel>>();

function report(error: unknown): void {
  queueMicrotask(() => reportException(error));
}

export class Channel {
  readonly name: Name;
  #subscribers: readonly Subscriber[] = [];
  #stores = new Map<AsyncLocalStorage<unknown>, Transform | undefined>();

  constructor(name: Name) {
    this.name = name;
  }
  get hasSubscribers(): boolean {
    return this.#subscribers.length > 0 || this.#stores.size > 0;
  }
  subscribe(subscriber: Subscriber): void {
    validateFunction(subscriber, "subscription");
    this.#subscribers = [...this.#subscribers, subscriber];
    held.add(this);
  }
  unsubscribe(subscriber: Subscriber): boolean {
    const at = this.#subscribers.indexOf(subscriber);
    if (at < 0) return false;
    this.#subscribers = this.#subscribers.toSpliced(at, 1);
    if (!this.hasSubscribers) held.delete(this);
    return true;
  }
  publish(message: unknown): void {
    for (const subscriber of this.#subscribers) {
      try {
        subscriber(message, this.name);
      } catch (error) {
        report(error);
      }
    }
  }
  bindStore(store: AsyncLocalStorage<unknown>, transform?: Transform): void {
    this.#stores.set(store, transform);
    held.add(this);
  }
  unbindStore(store: AsyncLocalStorage<unknown>): boolean {
    const had = this.#stores.delete(store);
    if (!this.hasSubscribers) held.delete(this);
    return had;
  }
  runStores(data: unknown, fn: Fn, thisArg?: unknown, ...args: unknown[]): unknown {
    let run = (): unknown => {
      this.publish(data);
      return Reflect.apply(fn, thisArg, args);
    };
    for (const [store, transform] of this.#stores) {
      const next = run;
      run = () => {
        let value = data;
        if (transform !== undefined) {
          try {
            value = transform(data);
          } catch (error) {
            report(error);
            return next();
          }
        }
        return store.run(value, next);
      };
    }
    return run();
  }
}

/** A channel with subscribers lives on although nobody holds it. */
const held = new Set<Channel>();

export function channel(name: Name): Channel {
  const found = channels.get(name)?.deref();
  if (found !== undefined) return found;
  if (typeof name !== "string" && typeof name !== "symbol") throw invalidArgType("channel", ["string", "symbol"], name);
  const made = new Channel(name);
  channels.set(name, new WeakRef(made));
  return made;
}
export function subscribe(name: Name, subscriber: Subscriber): void {
  channel(name).subscribe(subscriber);
}
export function unsubscribe(name: Name, subscriber: Subscriber): boolean {
  return channel(name).unsubscribe(subscriber);
}
export function hasSubscribers(name: Name): boolean {
  return channels.get(name)?.deref()?.hasSubscribers ?? false;
}

const events = ["start", "end", "asyncStart", "asyncEnd", "error"] as const;
type TracingEvents = Record<(typeof events)[number], Channel>;

export class TracingChannel implements TracingEvents {
  start!: Channel;
  end!: Channel;
  asyncStart!: Channel;
  asyncEnd!: Channel;
  error!: Channel;

  constructor(nameOrChannels: string | TracingEvents) {
    for (const event of events) {
      const value =
        typeof nameOrChannels === "string" ? channel(`tracing:${nameOrChannels}:${event}`) : nameOrChannels?.[event];
      if (!(value instanceof Channel)) throw invalidArgType(`nameOrChannels.${event}`, "Channel", value);
      Object.defineProperty(this, event, { value });
    }
  }
  get hasSubscribers(): boolean {
    return events.some((event) => this[event].hasSubscribers);
  }
  subscribe(handlers: Partial<Record<keyof TracingEvents, Subscriber>>): void {
    for (const event of events) if (handlers[event]) this[event].subscribe(handlers[event]);
  }
  unsubscribe(handlers: Partial<Record<keyof TracingEvents, Subscriber>>): boolean {
    let done = true;
    for (const event of events) if (handlers[event] && !this[event].unsubscribe(handlers[event])) done = false;
    return done;
  }
  traceSync(fn: Fn, context: any = {}, thisArg?: unknown, ...args: unknown[]): unknown {
    if (!this.hasSubscribers) return Reflect.apply(fn, thisArg, args);
    return this.start.runStores(context, () => {
      try {
        const result = Reflect.apply(fn, thisArg, args);
        context.result = result;
        return result;
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
  tracePromise(fn: Fn, context: any = {}, thisArg?: unknown, ...args: unknown[]): Promise<unknown> {
    if (!this.hasSubscribers) return Reflect.apply(fn, thisArg, args) as Promise<unknown>;
    const settled = (key: "result" | "error", value: unknown): void => {
      context[key] = value;
      if (key === "error") this.error.publish(context);
      this.asyncStart.publish(context);
      this.asyncEnd.publish(context);
    };
    return this.start.runStores(context, () => {
      try {
        let promise = Reflect.apply(fn, thisArg, args) as Promise<unknown>;
        if (!(promise instanceof Promise)) promise = Promise.resolve(promise);
        return promise.then(
          (result) => {
            settled("result", result);
            return result;
          },
          (error: unknown) => {
            settled("error", error);
            throw error;
          },
        );
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    }) as Promise<unknown>;
  }
  traceCallback(fn: Fn, position = -1, context: any = {}, thisArg?: unknown, ...args: any[]): unknown {
    if (!this.hasSubscribers) return Reflect.apply(fn, thisArg, args);
    const callback = args.at(position);
    validateFunction(callback, "callback");
    const wrapped = (...results: unknown[]): unknown => {
      if (results[0]) {
        context.error = results[0];
        this.error.publish(context);
      } else {
        context.result = results[1];
      }
      return this.asyncStart.runStores(context, () => {
        try {
          return callback(...results);
        } finally {
          this.asyncEnd.publish(context);
        }
      });
    };
    args.splice(position, 1, wrapped);
    return this.start.runStores(context, () => {
      try {
        return Reflect.apply(fn, thisArg, args);
      } catch (error) {
        context.error = error;
        this.error.publish(context);
        throw error;
      } finally {
        this.end.publish(context);
      }
    });
  }
}

export function tracingChannel(nameOrChannels: string | TracingEvents): TracingChannel {
  return new TracingChannel(nameOrChannels);
}
export default { Channel, TracingChannel, channel, hasSubscribers, subscribe, tracingChannel, unsubscribe };
