// The door to C++ ops (src/js/ops.h). The snapshot builder sets the op object before the bundle runs; builtins/entry.ts deletes the
// global afterwards, so a worker never sees it. Each module declares the ops it uses, where it uses them.

/** A native object: opaque to JavaScript, given back to ops. `T` only keeps kinds apart. */
export interface NativeHandle<T extends string> {
  readonly __native: T;
}

const table = (globalThis as unknown as { __adit_ops: object }).__adit_ops;

/** The op table, seen as the ops that a module declares. A missing op is undefined and throws where it is called. */
export function native<Ops extends object>(): Ops {
  return table as Ops;
}
