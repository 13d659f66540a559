// What of an object may be reached by RPC: the methods and accessors of classes that are made for it, not what their instances hold; of plain
// objects what they hold, not what they inherit. So private state stays private (Workers docs, RPC, visibility and security model).

import { isRpcTarget } from "./target";

export type Callee = (...args: unknown[]) => unknown;

export interface Dispose {
  dispose(): void;
}

/** Names that mean something on every stub, and those that do on a fetcher or that only the platform may call. */
const reserved = new Set(["dup", "constructor"]);
const reservedOfEntrypoints = new Set([
  "alarm",
  "connect",
  "fetch",
  "webSocketClose",
  "webSocketError",
  "webSocketMessage",
]);

export function refuseMember(name: string | undefined): never {
  throw new TypeError(`The RPC receiver does not implement the method "${name}".`);
}

export function isPlainObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}

/** Classes whose instances may be called beside RpcTarget's: entrypoints and Durable Objects say so here. */
export const callableClasses: ((value: object) => boolean)[] = [];

/** One step of a path, for the receiver. */
export function memberOf(owner: unknown, name: string): unknown {
  if (typeof owner !== "object" || owner === null) return refuseMember(name);
  if (reserved.has(name)) return refuseReserved(name);
  if (isPlainObject(owner)) return Object.hasOwn(owner, name) ? owner[name] : refuseMember(name);
  if (!isRpcTarget(owner)) {
    if (!callableClasses.some((test) => test(owner))) return refuseMember(name);
    if (reservedOfEntrypoints.has(name)) return refuseReserved(name);
  }
  if (name in Object.prototype || Object.hasOwn(owner, name) || !(name in owner)) return refuseMember(name);
  return (owner as Record<string, unknown>)[name];
}

function refuseReserved(name: string): never {
  throw new TypeError(`'${name}' is a reserved method and cannot be called over RPC.`);
}
