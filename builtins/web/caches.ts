// The Cache API is not built yet: caches.default exists, as code probes for it, and each of its methods says what is missing.

class Cache {
  match(): Promise<never> {
    return notYet("match");
  }
  put(): Promise<never> {
    return notYet("put");
  }
  delete(): Promise<never> {
    return notYet("delete");
  }
}

async function notYet(method: string): Promise<never> {
  throw new Error(`cache.${method}(): the Cache API is not supported by Adit yet (see docs/compatibility.md)`);
}

export class CacheStorage {
  readonly default = new Cache();
  async open(): Promise<Cache> {
    return this.default;
  }
}

export const caches = new CacheStorage();
