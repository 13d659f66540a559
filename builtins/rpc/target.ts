// RpcTarget (Workers docs, Runtime APIs, RPC): what is passed by reference. Its methods and accessors may be called by who gets a stub of it.

import { cloneRefusals } from "../web/clone_platform";
import { markPlatformClasses } from "../web/structured_clone";

let isTarget: (value: object) => boolean;

export class RpcTarget {
  static {
    isTarget = (value) => #brand in value;
  }
  readonly #brand = true;
}
markPlatformClasses([RpcTarget]);
Object.defineProperty(RpcTarget.prototype, Symbol.toStringTag, { value: "JsRpcTarget", configurable: true });

/** Whether the constructor made it: an object that only has its prototype is none. */
export function isRpcTarget(value: object): boolean {
  return isTarget(value);
}
cloneRefusals.push((object) =>
  isTarget(object) ? "Remote RPC references can only be serialized for RPC." : undefined,
);
