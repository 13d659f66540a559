// The file system of a worker, in memory (Workers docs, node:fs): /bundle has the worker's modules and is read-only, /tmp is scratch space
// of this isolate and counts against its memory, /dev has null, zero, full and random. Paths are resolved here; node:fs is on top.

import { native } from "adit:internal";
import { systemErrors } from "./system_errors";

const ops = native<{
  random_fill(view: ArrayBufferView): void;
  module_names(): string[];
  module_bytes(name: string): Uint8Array<ArrayBuffer> | undefined;
}>();

export type Device = "null" | "zero" | "full" | "random";
export interface FsNode {
  kind: "file" | "directory" | "link" | "device";
  ino: number;
  mode: number;
  links: number;
  atime_ms: number;
  mtime_ms: number;
  ctime_ms: number;
  birthtime_ms: number;
  isReadOnly: boolean;
  bytes: Uint8Array<ArrayBuffer>;
  size: number;
  target: string;
  device: Device;
  entries: Map<string, FsNode>;
}

const errnoByCode = new Map([...systemErrors].map(([errno, [code, message]]) => [code, { errno, message }]));

/** An error as Node's fs gives it: "ENOENT: no such file or directory, open '/x'". */
export function fsError(code: string, syscall: string, path?: string, dest?: string): Error {
  const { errno, message } = errnoByCode.get(code) ?? { errno: -22, message: "invalid argument" };
  const where = (path === undefined ? "" : ` '${path}'`) + (dest === undefined ? "" : ` -> '${dest}'`);
  return Object.assign(new Error(`${code}: ${message}, ${syscall}${where}`), {
    errno,
    code,
    syscall,
    ...(path === undefined ? {} : { path }),
    ...(dest === undefined ? {} : { dest }),
  });
}

let lastIno = 0;
export function makeNode(kind: FsNode["kind"], mode: number, isReadOnly = false): FsNode {
  const now_ms = Date.now();
  return {
    kind,
    ino: ++lastIno,
    mode,
    links: 1,
    atime_ms: now_ms,
    mtime_ms: now_ms,
    ctime_ms: now_ms,
    birthtime_ms: now_ms,
    isReadOnly,
    bytes: new Uint8Array(0),
    size: 0,
    target: "",
    device: "null",
    entries: new Map(),
  };
}

function bundleDirectory(): FsNode {
  const root = makeNode("directory", 0o555, true);
  for (const name of ops.module_names()) {
    const parts = name.split("/").filter((part) => part !== "" && part !== "." && part !== "..");
    let directory = root;
    for (const part of parts.slice(0, -1)) {
      let next = directory.entries.get(part);
      if (next === undefined) directory.entries.set(part, (next = makeNode("directory", 0o555, true)));
      directory = next;
    }
    const file = makeNode("file", 0o444, true);
    file.bytes = ops.module_bytes(name) ?? new Uint8Array(0);
    file.size = file.bytes.length;
    if (parts.length > 0) directory.entries.set(parts.at(-1)!, file);
  }
  return root;
}

let tree: FsNode | undefined;
function rootNode(): FsNode {
  if (tree !== undefined) return tree;
  tree = makeNode("directory", 0o555, true);
  const dev = makeNode("directory", 0o555, true);
  for (const name of ["null", "zero", "full", "random"] as const) {
    const device = makeNode("device", 0o666);
    device.device = name;
    dev.entries.set(name, device);
  }
  tree.entries.set("bundle", bundleDirectory());
  tree.entries.set("dev", dev);
  tree.entries.set("tmp", makeNode("directory", 0o777));
  return tree;
}

export interface Place {
  parent: FsNode;
  name: string;
  node: FsNode | undefined;
  /** The path without links. */
  real: string;
}

/** Where a normalized absolute path leads. Links in the middle are followed always, the last one if told so. */
export function locate(path: string, syscall: string, follow = true, shown = path): Place {
  let queue = path.split("/").filter((part) => part !== "");
  let trail: { name: string; node: FsNode }[] = [{ name: "", node: rootNode() }];
  let hops = 0;
  const real = (extra?: string): string =>
    `/${[...trail.slice(1).map(({ name }) => name), ...(extra === undefined ? [] : [extra])].join("/")}`;
  while (queue.length > 0) {
    const part = queue.shift()!;
    const here = trail.at(-1)!.node;
    if (part === "." || part === "..") {
      if (part === ".." && trail.length > 1) trail = trail.slice(0, -1);
      continue;
    }
    if (here.kind !== "directory") throw fsError("ENOTDIR", syscall, shown);
    const next = here.entries.get(part);
    if (next === undefined) {
      if (queue.length > 0) throw fsError("ENOENT", syscall, shown);
      return { parent: here, name: part, node: undefined, real: real(part) };
    }
    if (next.kind === "link" && (follow || queue.length > 0)) {
      if (++hops > 40) throw fsError("ELOOP", syscall, shown);
      if (next.target.startsWith("/")) trail = [trail[0]!];
      queue = [...next.target.split("/").filter((item) => item !== ""), ...queue];
      continue;
    }
    if (queue.length === 0) return { parent: here, name: part, node: next, real: real(part) };
    trail.push({ name: part, node: next });
  }
  const last = trail.at(-1)!;
  return { parent: trail.at(-2)?.node ?? last.node, name: last.name, node: last.node, real: real() };
}

export function touch(node: FsNode): void {
  node.mtime_ms = node.ctime_ms = Date.now();
}

export function resize(node: FsNode, size: number): void {
  if (size > node.bytes.length) {
    const grown = new Uint8Array(Math.max(size, node.bytes.length * 2, 64));
    grown.set(node.bytes.subarray(0, node.size));
    node.bytes = grown;
  } else if (size < node.size) {
    node.bytes.fill(0, size, node.size);
  }
  node.size = size;
}

export function readNode(node: FsNode, into: Uint8Array, position: number, syscall: string): number {
  if (node.kind === "directory") throw fsError("EISDIR", syscall);
  if (node.kind === "device") {
    if (node.device === "null") return 0;
    if (node.device === "random") ops.random_fill(into);
    else into.fill(0);
    return into.length;
  }
  const count = Math.max(0, Math.min(into.length, node.size - position));
  into.set(node.bytes.subarray(position, position + count));
  return count;
}

export function writeNode(node: FsNode, bytes: Uint8Array, position: number, syscall: string): number {
  if (node.kind === "device") {
    if (node.device === "full") throw fsError("ENOSPC", syscall);
    return bytes.length;
  }
  if (node.kind !== "file") throw fsError("EISDIR", syscall);
  if (position + bytes.length > node.size) resize(node, position + bytes.length);
  node.bytes.set(bytes, position);
  touch(node);
  return bytes.length;
}
