// The Cache API is not built yet: caches.default exists, as code probes for it, and each of its methods says what is missing.
import { defineInterface } from "./webidl";

const internal = Symbol("internal");

export class Cache {
  #brand = true;

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  match(): Promise<never> {
    void this.#brand;
    return notYet("match");
  }
  put(): Promise<never> {
    void this.#brand;
    return notYet("put");
  }
  delete(): Promise<never> {
    void this.#brand;
    return notYet("delete");
  }
}
defineInterface(Cache, "Cache");

async function notYet(method: string): Promise<never> {
  throw new Error(`cache.${method}(): the Cache API is not supported by Adit yet (see docs/compatibility.md)`);
}

export class CacheStorage {
  readonly default = new Cache(internal);

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }
  async open(): Promise<Cache> {
    return this.default;
  }
}
defineInterface(CacheStorage, "CacheStorage");

export const caches = new CacheStorage(internal);
