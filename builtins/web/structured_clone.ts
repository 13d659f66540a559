// HTML § 2.7.10 structuredClone(), over V8's serializer (src/web/structured_clone.cc).

import { native } from "../native";
import { DOMException } from "./dom_exception";
import { missingArgument } from "./webidl";

const ops = native<{
  structured_clone(value: unknown, transfer: unknown[] | undefined): unknown;
  mark_platform_class(prototype: object, isDOMException: boolean): void;
}>();

export function structuredClone<T>(value: T, options?: { transfer?: Iterable<unknown> } | null): T;
export function structuredClone(...args: unknown[]): unknown {
  if (args.length === 0) missingArgument("structuredClone", "ServiceWorkerGlobalScope", 1, "JsValue");
  const options = args[1] as { transfer?: Iterable<unknown> } | null | undefined;
  if (options !== undefined && options !== null && typeof options !== "object" && typeof options !== "function")
    missingArgument("structuredClone", "ServiceWorkerGlobalScope", 2, "StructuredCloneOptions");
  const transfer = options?.transfer;
  return ops.structured_clone(args[0], transfer === undefined ? undefined : [...transfer]);
}
Object.defineProperty(structuredClone, "length", { value: 1, configurable: true });

/** Called with every global class of the platform: their instances must not be cloned as the plain objects that they are to V8. */
export function markPlatformClasses(classes: Iterable<Function>): void {
  for (const { prototype } of classes)
    ops.mark_platform_class(prototype as object, prototype === DOMException.prototype);
}
