// The callee's side of RPC: C++ gives a call's octets, this finds the member, calls it and answers. The stubs that a call brought are let go of
// when it has been answered, unless the callee duplicated them.
// Invariant: a call is answered exactly once.

import { entry } from "../entry";
import { native } from "../native";
import { type Callee, memberOf } from "./members";
import { isStub } from "./stub";
import { type Attachment, packException, packResult, type Received, unpack } from "./values";

const ops = native<{
  rpc_respond(id: number, isException: boolean, octets: Uint8Array, attachments: Attachment[]): void;
  invocation_fail(id: number, error: unknown): void;
}>();

const then = Promise.prototype.then;

/** How a plain handler object is called differs (entrypoints.ts). */
export type Invoke = (callee: Callee, owner: unknown, name: string, args: readonly unknown[]) => unknown;

const invokeMethod: Invoke = (callee, owner, _name, args) => Reflect.apply(callee, owner, args);

function isThenable(value: unknown): boolean {
  return (
    (typeof value === "object" || typeof value === "function") &&
    value !== null &&
    typeof (value as { then?: unknown }).then === "function"
  );
}

/** A stub in the middle of a path passes the rest on. */
function step(owner: unknown, name: string): unknown {
  return isStub(owner) ? (owner as unknown as Record<string, unknown>)[name] : memberOf(owner, name);
}

function finish(
  target: unknown,
  owner: unknown,
  path: readonly string[],
  args: readonly unknown[] | null,
  invoke: Invoke,
): unknown {
  if (args === null) return target;
  const name = path.at(-1);
  if (typeof target !== "function")
    throw new TypeError(name === undefined ? "The RPC target is not a function." : `"${name}" is not a function.`);
  // A function by itself is its own `this`.
  if (name === undefined) return Reflect.apply(target, target, args) as unknown;
  return path.length > 1 ? Reflect.apply(target, owner, args) : invoke(target as Callee, owner, name, args);
}

async function walk(
  root: unknown,
  path: readonly string[],
  args: readonly unknown[] | null,
  invoke: Invoke,
): Promise<unknown> {
  let owner: unknown = undefined;
  let target = root;
  for (const name of path) {
    owner = isThenable(target) ? await target : target;
    target = step(owner, name);
  }
  return finish(target, owner, path, args, invoke);
}

function perform(root: unknown, path: readonly string[], args: readonly unknown[] | null, invoke: Invoke): unknown {
  if (path.length > 1) return walk(root, path, args, invoke);
  const name = path[0];
  if (name === undefined) return finish(root, undefined, path, args, invoke);
  return finish(step(root, name), root, path, args, invoke);
}

function answer(id: number, result: unknown, received: Received): void {
  const release = (): void => {
    for (const caller of received) caller.dispose();
  };
  const failed = (error: unknown): void => {
    const { octets, attachments } = packException(error);
    ops.rpc_respond(id, true, octets, attachments);
    release();
  };
  const succeeded = (value: unknown): void => {
    try {
      const { octets, attachments } = packResult(value);
      ops.rpc_respond(id, false, octets, attachments);
    } catch (error) {
      return failed(error);
    }
    release();
  };
  // A stub is no promise, but its properties are.
  then.call(Promise.resolve(result), succeeded, failed);
}

/** Serves a call of what `makeRoot` gives, which may throw. */
export function serveCall(
  id: number,
  makeRoot: () => unknown,
  octets: Uint8Array,
  attachments: Attachment[],
  invoke: Invoke = invokeMethod,
): void {
  const received: Received = [];
  let result: unknown;
  try {
    const [path, args] = unpack(octets, attachments, received) as [string[], unknown[] | null];
    result = perform(makeRoot(), path, args, invoke);
  } catch (error) {
    result = Promise.reject(error);
  }
  answer(id, result, received);
}

function dispatchExportCall(id: number, target: unknown, octets: Uint8Array, attachments: Attachment[]): void {
  serveCall(
    id,
    () => {
      if (target === undefined)
        throw new Error("The execution context which hosts this callback is no longer running.");
      return target;
    },
    octets,
    attachments,
  );
}

/** Nobody refers to it any more. */
function disposeExport(target: object): void {
  const dispose = (target as { [Symbol.dispose]?: unknown })[Symbol.dispose];
  if (typeof dispose === "function") Reflect.apply(dispose, target, []);
}

Object.assign(entry, { dispatchExportCall, disposeExport });
