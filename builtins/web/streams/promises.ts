// Promises as the streams need them: few. A Deferred is a promise with its resolvers; a LazyPromise is one that is only made when a
// script asks for it, because most `closed` and `ready` promises are never looked at.

export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value?: T | PromiseLike<T>): void;
  reject(reason: unknown): void;
}

let lastResolve: Deferred<never>["resolve"];
let lastReject: Deferred<never>["reject"];
function capture(resolve: Deferred<never>["resolve"], reject: Deferred<never>["reject"]): void {
  lastResolve = resolve;
  lastReject = reject;
}

/** Like Promise.withResolvers, without a closure per call. */
export function deferred<T>(): Deferred<T> {
  const promise = new Promise<T>(capture as never);
  return { promise, resolve: lastResolve as Deferred<T>["resolve"], reject: lastReject };
}

/** Never handed to a script, which could compare or decorate it: only to schedule a reaction. */
export const resolved: Promise<undefined> = Promise.resolve(undefined);

export function ignore(): void {}

/** Sets promise.[[PromiseIsHandled]] to true. */
export function markHandled(promise: Promise<unknown>): void {
  promise.then(undefined, ignore);
}

/** Runs the function as a microtask. */
export function later(callback: () => void): void {
  resolved.then(callback);
}

/** "A promise resolved with value", for what an underlying source, sink or transformer returned; undefined stays so (no promise). */
export function promiseOf(value: unknown): Promise<unknown> | undefined {
  return value === undefined ? undefined : Promise.resolve(value);
}

/** A promise that settles at most once, is marked as handled when it is rejected, and exists once it is asked for. */
export class LazyPromise {
  private status: "pending" | "resolved" | "rejected" = "pending";
  private reason: unknown = undefined;
  private made: Promise<undefined> | undefined = undefined;
  private waiting: Deferred<undefined> | undefined = undefined;

  get isPending(): boolean {
    return this.status === "pending";
  }

  get promise(): Promise<undefined> {
    return (this.made ??= this.make());
  }

  resolve(): void {
    if (this.status !== "pending") return;
    this.status = "resolved";
    this.waiting?.resolve();
    this.waiting = undefined;
  }

  reject(reason: unknown): void {
    if (this.status !== "pending") return;
    this.status = "rejected";
    this.reason = reason;
    if (this.waiting === undefined) return;
    markHandled(this.waiting.promise);
    this.waiting.reject(reason);
    this.waiting = undefined;
  }

  /** "Set … to a new promise": what was handed out stays as it is. */
  renew(): void {
    this.status = "pending";
    this.reason = this.made = this.waiting = undefined;
  }

  private make(): Promise<undefined> {
    if (this.status === "resolved") return Promise.resolve(undefined);
    if (this.status === "rejected") {
      const promise = Promise.reject<undefined>(this.reason);
      markHandled(promise);
      return promise;
    }
    this.waiting = deferred();
    return this.waiting.promise;
  }
}
