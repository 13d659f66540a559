// The environment of a worker: what `env` holds, made from the description that C++ derives from the configuration
// (src/worker/environment.h). Each kind of binding registers its maker here, so that this file knows none of them.

/** One binding of the description. `type` picks the maker; the other fields are the maker's. */
export interface BindingDescription {
  type: string;
  name: string;
  [field: string]: unknown;
}

export interface EnvironmentDescription {
  /** The worker's name. */
  worker: string;
  bindings: BindingDescription[];
  /** Where requests go that the worker passes through, without a path; empty: there is none. */
  origin: string;
  compatibilityDate: string;
  compatibilityFlags: string[];
  /** Each flag that Workers know: whether it is on, by date or by flag. */
  flags: Record<string, boolean>;
}

/** Classes that bindings name; the main module must export them. */
export const requiredExports: string[] = [];

type Maker = (description: BindingDescription) => unknown;
const makers = new Map<string, Maker>();

/** Called at module top level by each binding's file. */
export function registerBinding(type: string, maker: Maker): void {
  makers.set(type, maker);
}

registerBinding("text", (description) => description.value);
registerBinding("json", (description) => description.value);

// A binding whose feature is not built yet: reading env.NAME is fine, using it says what is missing.
registerBinding("not_yet", (description) => {
  const complain = (): never => {
    throw new Error(
      `env.${description.name}: ${String(description.feature)} are not supported by Adit yet (see docs/compatibility.md)`,
    );
  };
  return new Proxy(Object.create(null) as object, {
    get(_, key) {
      // Promise resolution and inspection probe these; they must not throw.
      if (key === "then" || typeof key === "symbol") return undefined;
      return complain;
    },
  });
});

/** The worker's `env`; also `env` of cloudflare:workers. One object per isolate. */
export const env: Record<string, unknown> = {};
export let compatibilityDate = "";
export let workerName = "";
export let originServer = "";
/** The flags as the configuration names them. */
export const compatibilityFlags: Record<string, boolean> = {};
/** Every flag that Workers know, by its name: whether it is on for this worker, by date or by flag. */
export const enabledFlags: Record<string, boolean> = {};

export function setEnvironment(description: EnvironmentDescription): void {
  compatibilityDate = description.compatibilityDate;
  workerName = description.worker;
  originServer = description.origin;
  for (const flag of description.compatibilityFlags) compatibilityFlags[flag] = true;
  Object.assign(enabledFlags, description.flags);
  for (const binding of description.bindings) {
    const maker = makers.get(binding.type);
    if (maker === undefined) throw new Error(`env.${binding.name}: no such kind of binding: ${binding.type}`);
    Object.defineProperty(env, binding.name, {
      value: maker(binding),
      writable: true,
      enumerable: true,
      configurable: true,
    });
  }
}
