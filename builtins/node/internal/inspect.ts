// util.inspect and util.format. The implementation (inspect_node.ts) is large and slow to start, so it is loaded by the first call.

import { native } from "adit:internal";
import { validateObject } from "./validators";

type Any = any;
type Inspect = ((value: unknown, ...options: Any[]) => string) & Record<string, Any>;
interface Implementation {
  inspect: Inspect;
  format(...args: unknown[]): string;
  formatWithOptions(options: object, ...args: unknown[]): string;
}
const { module_import } = native<{ module_import(specifier: string): unknown }>();
let loaded: Implementation | undefined;
const load = (): Implementation => (loaded ??= module_import("node-internal:inspect_node") as Implementation);

export const inspect: Inspect = Object.assign(
  (value: unknown, ...options: Any[]) => load().inspect(value, ...options),
  {
    custom: Symbol.for("nodejs.util.inspect.custom"),
  },
);
Object.defineProperty(inspect, "name", { value: "inspect" });
for (const name of ["colors", "styles", "replDefaults"])
  Object.defineProperty(inspect, name, { get: () => load().inspect[name], enumerable: true, configurable: true });
Object.defineProperty(inspect, "defaultOptions", {
  get: () => load().inspect.defaultOptions,
  set(options: Any) {
    validateObject(options, "options");
    load().inspect.defaultOptions = options;
  },
  enumerable: true,
  configurable: true,
});

export function format(...args: unknown[]): string {
  return load().format(...args);
}
export function formatWithOptions(options: object, ...args: unknown[]): string {
  return load().formatWithOptions(options, ...args);
}
