// What the entrypoints give away, and the tests too.
import { RpcTarget } from "cloudflare:workers";

/** What was disposed of, by label: entrypoints and tests share the worker's memory. */
export const disposed = [];

export class Counter extends RpcTarget {
  #count;
  #label;
  constructor(count = 0, label = undefined) {
    super();
    this.#count = count;
    this.#label = label;
    this.own = 5;
  }
  increment(by = 1) {
    return (this.#count += by);
  }
  get value() {
    return this.#count;
  }
  get data() {
    return { count: this.#count, deep: { list: [1, 2] } };
  }
  get self() {
    return this;
  }
  get adder() {
    return (by) => this.increment(by);
  }
  get later() {
    return Promise.resolve("later");
  }
  get nothing() {
    return null;
  }
  child(count) {
    return new Counter(count);
  }
  async childLater(count) {
    await scheduler.wait(2);
    return new Counter(count);
  }
  readOwn() {
    return this.own;
  }
  _underscore() {
    return "_underscore";
  }
  fail(message) {
    throw new RangeError(message);
  }
  alarm() {
    return "alarm";
  }
  fetch() {
    return "fetch";
  }
  name() {
    return "name";
  }
  call() {
    return "call";
  }
  toJSON() {
    return "toJSON";
  }
  [Symbol.dispose]() {
    if (this.#label !== undefined) disposed.push(this.#label);
  }
}

export class Plain {
  a = 1;
}

export class CustomError extends Error {
  constructor(message) {
    super(message);
    this.name = "CustomError";
    this.code = 42;
  }
}
