// Stats, Dirent and Dir of node:fs.

import { Buffer } from "../buffer";
import { nodeError } from "./errors";
import type { FsNode } from "./fs_tree";

type Any = any;
const types = { file: 0o100000, directory: 0o040000, link: 0o120000, device: 0o020000 } as const;

export class Stats {
  [field: string]: Any;
  isFile(): boolean {
    return (Number(this.mode) & 0o170000) === types.file;
  }
  isDirectory(): boolean {
    return (Number(this.mode) & 0o170000) === types.directory;
  }
  isSymbolicLink(): boolean {
    return (Number(this.mode) & 0o170000) === types.link;
  }
  isCharacterDevice(): boolean {
    return (Number(this.mode) & 0o170000) === types.device;
  }
  isBlockDevice(): boolean {
    return false;
  }
  isFIFO(): boolean {
    return false;
  }
  isSocket(): boolean {
    return false;
  }
}

export function statsOf(node: FsNode, bigint: boolean): Stats {
  const stats = new Stats();
  const times = { atime: node.atime_ms, mtime: node.mtime_ms, ctime: node.ctime_ms, birthtime: node.birthtime_ms };
  const size = node.kind === "link" ? node.target.length : node.kind === "file" ? node.size : 0;
  const numbers: Record<string, number> = {
    dev: 1,
    mode: types[node.kind] | node.mode,
    nlink: node.links,
    uid: 0,
    gid: 0,
    rdev: 0,
    blksize: 4096,
    ino: node.ino,
    size,
    blocks: Math.ceil(size / 512),
  };
  for (const [name, value] of Object.entries(numbers)) stats[name] = bigint ? BigInt(value) : value;
  for (const [name, value_ms] of Object.entries(times)) {
    stats[`${name}Ms`] = bigint ? BigInt(Math.floor(value_ms)) : value_ms;
    if (bigint) stats[`${name}Ns`] = BigInt(Math.floor(value_ms)) * 1000000n;
    stats[name] = new Date(value_ms);
  }
  return stats;
}

export class Dirent {
  name: Any;
  parentPath: string;
  #kind: FsNode["kind"];
  constructor(name: Any, parentPath: string, kind: FsNode["kind"]) {
    this.name = name;
    this.parentPath = parentPath;
    this.#kind = kind;
  }
  get path(): string {
    return this.parentPath;
  }
  isFile(): boolean {
    return this.#kind === "file";
  }
  isDirectory(): boolean {
    return this.#kind === "directory";
  }
  isSymbolicLink(): boolean {
    return this.#kind === "link";
  }
  isCharacterDevice(): boolean {
    return this.#kind === "device";
  }
  isBlockDevice(): boolean {
    return false;
  }
  isFIFO(): boolean {
    return false;
  }
  isSocket(): boolean {
    return false;
  }
}

export class Dir {
  readonly path: string;
  #entries: Dirent[];
  #isClosed = false;
  constructor(path: string, entries: Dirent[]) {
    this.path = path;
    this.#entries = [...entries];
  }
  readSync(): Dirent | null {
    if (this.#isClosed) throw nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    return this.#entries.shift() ?? null;
  }
  read(callback?: Any): Any {
    if (callback === undefined) return Promise.resolve().then(() => this.readSync());
    queueMicrotask(() => callback(null, this.readSync()));
  }
  closeSync(): void {
    if (this.#isClosed) throw nodeError(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
    this.#isClosed = true;
  }
  close(callback?: Any): Any {
    if (callback === undefined) return Promise.resolve().then(() => this.closeSync());
    this.closeSync();
    queueMicrotask(() => callback(null));
  }
  async *[Symbol.asyncIterator](): AsyncIterableIterator<Dirent> {
    for (let entry = this.readSync(); entry !== null; entry = this.readSync()) yield entry;
    this.closeSync();
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isClosed) this.closeSync();
  }
}
const queueMicrotask = (globalThis as Any).queueMicrotask as (task: () => void) => void;

/** Text in an encoding, or a Buffer. */
export const named = (text: string, encoding: unknown): Any =>
  encoding === "buffer"
    ? (Buffer as Any).from(text)
    : encoding && encoding !== "utf8" && encoding !== "utf-8"
      ? (Buffer as Any).from(text).toString(encoding)
      : text;
