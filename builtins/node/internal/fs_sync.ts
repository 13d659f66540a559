// The synchronous functions of node:fs, over the tree in memory. Callbacks and promises are made of them.

import { URL } from "adit:internal";
import { Buffer } from "../buffer";
import { posix } from "./path";
import { fileURLToPath } from "../url";
import * as constants from "unenv/node/internal/fs/constants";
import { invalidArgType, invalidArgValue, nodeError } from "./errors";
import { fsError, locate, makeNode, readNode, resize, touch, writeNode, type FsNode, type Place } from "./fs_tree";
import { Dir, Dirent, named, statsOf, type Stats } from "./fs_types";
import { validateFunction, validateInteger, validateString } from "./validators";

type Any = any;
const B = Buffer as Any;
const { O_RDONLY, O_WRONLY, O_RDWR, O_CREAT, O_EXCL, O_TRUNC, O_APPEND } = constants as Any;

const flagNames: Record<string, number> = {
  r: O_RDONLY,
  rs: O_RDONLY,
  sr: O_RDONLY,
  "r+": O_RDWR,
  "rs+": O_RDWR,
  "sr+": O_RDWR,
  w: O_TRUNC | O_CREAT | O_WRONLY,
  wx: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  xw: O_TRUNC | O_CREAT | O_WRONLY | O_EXCL,
  "w+": O_TRUNC | O_CREAT | O_RDWR,
  "wx+": O_TRUNC | O_CREAT | O_RDWR | O_EXCL,
  a: O_APPEND | O_CREAT | O_WRONLY,
  ax: O_APPEND | O_CREAT | O_WRONLY | O_EXCL,
  as: O_APPEND | O_CREAT | O_WRONLY,
  "a+": O_APPEND | O_CREAT | O_RDWR,
  "ax+": O_APPEND | O_CREAT | O_RDWR | O_EXCL,
  "as+": O_APPEND | O_CREAT | O_RDWR,
};

export function pathOf(value: Any, name = "path"): string {
  if (value instanceof URL) return fileURLToPath(value);
  const text = value instanceof Uint8Array ? B.from(value).toString() : value;
  if (typeof text !== "string") throw invalidArgType(name, ["string", "Buffer", "URL"], value);
  if (text.includes("\0")) throw invalidArgValue(name, text, "must be a string, Uint8Array, or URL without null bytes");
  return text;
}
const find = (path: string, syscall: string, follow = true): Place =>
  locate(posix.resolve(path), syscall, follow, path);
function existing(path: string, syscall: string, follow = true): FsNode {
  const { node } = find(path, syscall, follow);
  if (node === undefined) throw fsError("ENOENT", syscall, path);
  return node;
}
/** The place of something new, in a directory that may change. */
function writable(path: string, syscall: string, follow = true): Place {
  const place = find(path, syscall, follow);
  if (place.parent.isReadOnly) throw fsError("EPERM", syscall, path);
  return place;
}
const optionsOf = (options: Any): Any => (typeof options === "string" ? { encoding: options } : (options ?? {}));
function checkEncoding(encoding: unknown): void {
  if (encoding && encoding !== "buffer" && !B.isEncoding(encoding))
    throw invalidArgValue("encoding", encoding, "is invalid encoding");
}

interface OpenFile {
  node: FsNode;
  path: string;
  flags: number;
  position: number;
}
const openFiles = new Map<number, OpenFile>();
let lastFd = 2;

function fileOf(fd: Any, syscall: string): OpenFile {
  validateInteger(fd, "fd", 0, 2147483647);
  const file = openFiles.get(fd);
  if (file === undefined) throw fsError("EBADF", syscall);
  return file;
}

function openNode(path: string, flags: number, mode: number): FsNode {
  const place = find(path, "open");
  let node = place.node;
  if (node === undefined) {
    if (!(flags & O_CREAT)) throw fsError("ENOENT", "open", path);
    if (place.parent.isReadOnly) throw fsError("EPERM", "open", path);
    node = makeNode("file", mode & 0o777);
    place.parent.entries.set(place.name, node);
    touch(place.parent);
    return node;
  }
  if (flags & O_EXCL) throw fsError("EEXIST", "open", path);
  const writes = (flags & (O_WRONLY | O_RDWR)) !== 0;
  if (writes && node.kind === "directory") throw fsError("EISDIR", "open", path);
  if (writes && node.isReadOnly) throw fsError("EPERM", "open", path);
  if (flags & O_TRUNC && node.kind === "file") resize(node, 0);
  return node;
}
export function openSync(path: Any, flags: Any = "r", mode: Any = 0o666): number {
  const name = pathOf(path);
  const bits = typeof flags === "number" ? flags : flagNames[flags ?? "r"];
  if (bits === undefined) throw invalidArgValue("flags", flags);
  const node = openNode(name, bits, typeof mode === "string" ? parseInt(mode, 8) : mode);
  const fd = ++lastFd;
  openFiles.set(fd, { node, path: name, flags: bits, position: 0 });
  return fd;
}
export function closeSync(fd: number): void {
  fileOf(fd, "close");
  openFiles.delete(fd);
}
export function readSync(fd: number, buffer: Any, offsetOrOptions?: Any, length?: Any, position?: Any): number {
  let offset = offsetOrOptions;
  if (typeof offset === "object" && offset !== null) ({ offset = 0, length, position = null } = offset);
  if (!ArrayBuffer.isView(buffer)) throw invalidArgType("buffer", ["Buffer", "TypedArray", "DataView"], buffer);
  const file = fileOf(fd, "read");
  if ((file.flags & (O_WRONLY | O_RDWR)) === O_WRONLY) throw fsError("EBADF", "read");
  const view = new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
  const start = offset ?? 0;
  validateInteger(start, "offset", 0, view.length);
  const size = length ?? view.length - start;
  validateInteger(size, "length", 0, view.length - start);
  const at =
    typeof position === "number" && position >= 0
      ? position
      : typeof position === "bigint"
        ? Number(position)
        : undefined;
  const count = readNode(file.node, view.subarray(start, start + size), at ?? file.position, "read");
  if (at === undefined) file.position += count;
  return count;
}
function writeBytes(file: OpenFile, bytes: Uint8Array, position: Any): number {
  if ((file.flags & (O_WRONLY | O_RDWR)) === 0) throw fsError("EBADF", "write");
  const isAppend = (file.flags & O_APPEND) !== 0;
  const at = typeof position === "number" && position >= 0 ? position : undefined;
  const count = writeNode(file.node, bytes, isAppend ? file.node.size : (at ?? file.position), "write");
  if (at === undefined) file.position = isAppend ? file.node.size : file.position + count;
  return count;
}
export function writeSync(fd: number, data: Any, offsetOrOptions?: Any, length?: Any, position?: Any): number {
  const file = fileOf(fd, "write");
  if (typeof data === "string") return writeBytes(file, B.from(data, length ?? "utf8"), offsetOrOptions);
  if (!ArrayBuffer.isView(data)) throw invalidArgType("buffer", ["string", "Buffer", "TypedArray", "DataView"], data);
  let offset = offsetOrOptions;
  if (typeof offset === "object" && offset !== null) ({ offset = 0, length, position = null } = offset);
  const view = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const start = offset ?? 0;
  validateInteger(start, "offset", 0, view.length);
  return writeBytes(file, view.subarray(start, start + (length ?? view.length - start)), position);
}
export function readvSync(fd: number, buffers: Any[], position?: Any): number {
  let total = 0;
  for (const buffer of buffers) {
    const count = readSync(fd, buffer, 0, buffer.byteLength, typeof position === "number" ? position + total : null);
    total += count;
    if (count < buffer.byteLength) break;
  }
  return total;
}
export function writevSync(fd: number, buffers: Any[], position?: Any): number {
  let total = 0;
  for (const buffer of buffers)
    total += writeSync(fd, buffer, 0, buffer.byteLength, typeof position === "number" ? position + total : null);
  return total;
}

export function readFileSync(path: Any, options?: Any): Any {
  const { encoding, flag = "r" } = optionsOf(options);
  checkEncoding(encoding);
  const node =
    typeof path === "number" ? fileOf(path, "read").node : openNode(pathOf(path), flagNames[flag] ?? flag, 0o666);
  if (node.kind === "directory") throw fsError("EISDIR", "read");
  const bytes = node.kind === "device" ? new Uint8Array(0) : node.bytes.slice(0, node.size);
  const buffer = B.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return encoding && encoding !== "buffer" ? buffer.toString(encoding) : buffer;
}
function dataOf(data: Any, encoding: Any): Uint8Array {
  if (typeof data === "string") return B.from(data, encoding || "utf8");
  if (ArrayBuffer.isView(data)) return new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
}
export function writeFileSync(path: Any, data: Any, options?: Any): void {
  const { encoding, flag = "w", mode = 0o666 } = optionsOf(options);
  checkEncoding(encoding);
  const bytes = dataOf(data, encoding);
  const fd = typeof path === "number" ? path : openSync(path, flag, mode);
  try {
    writeBytes(fileOf(fd, "write"), bytes, null);
  } finally {
    if (fd !== path) closeSync(fd);
  }
}
export function appendFileSync(path: Any, data: Any, options?: Any): void {
  writeFileSync(path, data, { flag: "a", ...optionsOf(options) });
}
export function truncateSync(path: Any, length = 0): void {
  if (typeof path === "number") return ftruncateSync(path, length);
  const name = pathOf(path);
  const node = existing(name, "open");
  if (node.isReadOnly) throw fsError("EPERM", "open", name);
  if (node.kind === "directory") throw fsError("EISDIR", "open", name);
  resize(node, Math.max(0, length));
  touch(node);
}
export function ftruncateSync(fd: number, length = 0): void {
  const file = fileOf(fd, "ftruncate");
  if ((file.flags & (O_WRONLY | O_RDWR)) === 0) throw fsError("EINVAL", "ftruncate");
  resize(file.node, Math.max(0, length));
  touch(file.node);
}
export function fsyncSync(fd: number): void {
  fileOf(fd, "fsync");
}
export const fdatasyncSync = fsyncSync;

export function statSync(path: Any, options?: Any): Stats | undefined {
  return stat(path, options, "stat", true);
}
export function lstatSync(path: Any, options?: Any): Stats | undefined {
  return stat(path, options, "lstat", false);
}
function stat(path: Any, options: Any, syscall: string, follow: boolean): Stats | undefined {
  const name = pathOf(path);
  if (options?.throwIfNoEntry === false) {
    try {
      const { node } = find(name, syscall, follow);
      return node === undefined ? undefined : statsOf(node, Boolean(options.bigint));
    } catch {
      return undefined;
    }
  }
  return statsOf(existing(name, syscall, follow), Boolean(options?.bigint));
}
export function fstatSync(fd: number, options?: Any): Stats {
  return statsOf(fileOf(fd, "fstat").node, Boolean(options?.bigint));
}
export function statfsSync(path: Any, options?: Any): Any {
  existing(pathOf(path), "statfs");
  const numbers = { type: 0, bsize: 4096, blocks: 0, bfree: 0, bavail: 0, files: 0, ffree: 0 };
  return options?.bigint
    ? Object.fromEntries(Object.entries(numbers).map(([key, value]) => [key, BigInt(value)]))
    : numbers;
}
export function existsSync(path: Any): boolean {
  try {
    return find(pathOf(path), "access").node !== undefined;
  } catch {
    return false;
  }
}
export function accessSync(path: Any, mode = 0): void {
  const name = pathOf(path);
  validateInteger(mode, "mode", 0, 7);
  const node = existing(name, "access");
  if (mode & 2 && node.isReadOnly) throw fsError("EACCES", "access", name);
  if (mode & 1 && node.kind !== "directory") throw fsError("EACCES", "access", name);
}

export function mkdirSync(path: Any, options?: Any): string | undefined {
  const name = pathOf(path);
  const { recursive = false, mode = 0o777 } =
    typeof options === "number" || typeof options === "string" ? { mode: options } : (options ?? {});
  const bits = typeof mode === "string" ? parseInt(mode, 8) : mode;
  if (!recursive) {
    const place = find(name, "mkdir");
    if (place.node !== undefined) throw fsError("EEXIST", "mkdir", name);
    if (place.parent.isReadOnly) throw fsError("EPERM", "mkdir", name);
    place.parent.entries.set(place.name, makeNode("directory", bits));
    touch(place.parent);
    return undefined;
  }
  let first: string | undefined;
  let walked = "";
  for (const part of posix.resolve(name).split("/").filter(Boolean)) {
    walked += `/${part}`;
    const place = locate(walked, "mkdir", true, name);
    if (place.node?.kind === "directory") continue;
    if (place.node !== undefined) throw fsError("EEXIST", "mkdir", name);
    if (place.parent.isReadOnly) throw fsError("EPERM", "mkdir", name);
    place.parent.entries.set(place.name, makeNode("directory", bits));
    first ??= walked;
  }
  return first;
}
const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";
export function mkdtempSync(prefix: Any, options?: Any): Any {
  const start = pathOf(prefix, "prefix");
  const suffix = Array.from({ length: 6 }, () => letters[Math.floor(Math.random() * letters.length)]).join("");
  mkdirSync(start + suffix);
  return named(start + suffix, optionsOf(options).encoding);
}
export function readdirSync(path: Any, options?: Any): Any[] {
  const name = pathOf(path);
  const { encoding, withFileTypes = false, recursive = false } = optionsOf(options);
  const node = existing(name, "scandir");
  if (node.kind !== "directory") throw fsError("ENOTDIR", "scandir", name);
  const out: Any[] = [];
  const walk = (directory: FsNode, below: string): void => {
    for (const [entry, child] of directory.entries) {
      const parent = below === "" ? name : posix.join(name, below);
      out.push(
        withFileTypes
          ? new Dirent(named(entry, encoding), parent, child.kind)
          : named(below === "" ? entry : `${below}/${entry}`, encoding),
      );
      if (recursive && child.kind === "directory") walk(child, below === "" ? entry : `${below}/${entry}`);
    }
  };
  walk(node, "");
  return withFileTypes || encoding === "buffer" ? out : out.sort();
}
export function opendirSync(path: Any, options?: Any): Dir {
  return new Dir(pathOf(path), readdirSync(path, { ...optionsOf(options), withFileTypes: true }));
}

function remove(place: Place): void {
  place.parent.entries.delete(place.name);
  place.node!.links--;
  touch(place.parent);
}
export function unlinkSync(path: Any): void {
  const name = pathOf(path);
  const place = find(name, "unlink", false);
  if (place.node === undefined) throw fsError("ENOENT", "unlink", name);
  if (place.parent.isReadOnly) throw fsError("EPERM", "unlink", name);
  if (place.node.kind === "directory") throw fsError("EPERM", "unlink", name);
  remove(place);
}
export function rmdirSync(path: Any, options?: Any): void {
  const name = pathOf(path);
  if (options?.recursive) return rmSync(path, { recursive: true });
  const place = find(name, "rmdir", false);
  if (place.node === undefined) throw fsError("ENOENT", "rmdir", name);
  if (place.node.kind !== "directory") throw fsError("ENOTDIR", "rmdir", name);
  if (place.parent.isReadOnly) throw fsError("EPERM", "rmdir", name);
  if (place.node.entries.size > 0) throw fsError("ENOTEMPTY", "rmdir", name);
  remove(place);
}
export function rmSync(path: Any, options: Any = {}): void {
  const name = pathOf(path);
  const { recursive = false, force = false } = options ?? {};
  let place: Place;
  try {
    place = find(name, "rm", false);
  } catch (error) {
    if (force && (error as Any).code === "ENOENT") return;
    throw error;
  }
  if (place.node === undefined) {
    if (force) return;
    throw fsError("ENOENT", "rm", name);
  }
  if (place.parent.isReadOnly) throw fsError("EPERM", "rm", name);
  if (place.node.kind === "directory" && !recursive)
    throw Object.assign(
      nodeError(Error, "ERR_FS_EISDIR", `Path is a directory: rm returned EISDIR (is a directory) ${name}`),
      { errno: 21, syscall: "rm", path: name },
    );
  remove(place);
}
export function renameSync(oldPath: Any, newPath: Any): void {
  const from = pathOf(oldPath, "oldPath");
  const to = pathOf(newPath, "newPath");
  const source = find(from, "rename", false);
  if (source.node === undefined) throw fsError("ENOENT", "rename", from, to);
  const target = find(to, "rename", false);
  if (source.parent.isReadOnly || target.parent.isReadOnly) throw fsError("EPERM", "rename", from, to);
  if (target.node === source.node) return;
  if (target.real.startsWith(`${source.real}/`)) throw fsError("EINVAL", "rename", from, to);
  if (target.node?.kind === "directory") {
    if (source.node.kind !== "directory") throw fsError("EISDIR", "rename", from, to);
    if (target.node.entries.size > 0) throw fsError("ENOTEMPTY", "rename", from, to);
  } else if (target.node !== undefined && source.node.kind === "directory") {
    throw fsError("ENOTDIR", "rename", from, to);
  }
  source.parent.entries.delete(source.name);
  target.parent.entries.set(target.name, source.node);
  touch(source.parent);
  touch(target.parent);
}
export function copyFileSync(source: Any, target: Any, mode = 0): void {
  const from = pathOf(source, "src");
  const to = pathOf(target, "dest");
  const node = existing(from, "copyfile");
  if (node.kind === "directory") throw fsError("EISDIR", "copyfile", from, to);
  if (mode & 1 && existsSync(to)) throw fsError("EEXIST", "copyfile", from, to);
  writeFileSync(to, node.bytes.subarray(0, node.size));
}
export function cpSync(source: Any, target: Any, options: Any = {}): void {
  const from = pathOf(source, "src");
  const to = pathOf(target, "dest");
  const { recursive = false, force = true, errorOnExist = false, filter, dereference = false } = options ?? {};
  if (filter !== undefined) validateFunction(filter, "options.filter");
  if (filter && !filter(from, to)) return;
  const node = existing(from, "cp", dereference);
  if (node.kind === "directory") {
    if (!recursive)
      throw Object.assign(
        nodeError(Error, "ERR_FS_EISDIR", `Recursive option not enabled, cannot copy a directory: ${from}`),
        { path: from, syscall: "cp" },
      );
    mkdirSync(to, { recursive: true });
    for (const name of [...node.entries.keys()]) cpSync(posix.join(from, name), posix.join(to, name), options);
    return;
  }
  if (existsSync(to)) {
    if (errorOnExist && !force)
      throw Object.assign(nodeError(Error, "ERR_FS_CP_EEXIST", `Target already exists: ${to}`), {
        path: to,
        syscall: "cp",
      });
    if (!force) return;
  }
  mkdirSync(posix.dirname(posix.resolve(to)), { recursive: true });
  if (node.kind === "link") symlinkSync(node.target, to);
  else copyFileSync(from, to);
}

export function symlinkSync(target: Any, path: Any): void {
  const to = pathOf(target, "target");
  const name = pathOf(path);
  const place = writable(name, "symlink", false);
  if (place.node !== undefined) throw fsError("EEXIST", "symlink", to, name);
  const link = makeNode("link", 0o777);
  link.target = to;
  place.parent.entries.set(place.name, link);
}
export function linkSync(existingPath: Any, newPath: Any): void {
  const from = pathOf(existingPath, "existingPath");
  const to = pathOf(newPath, "newPath");
  const node = existing(from, "link", false);
  const place = writable(to, "link", false);
  if (place.node !== undefined) throw fsError("EEXIST", "link", from, to);
  if (node.kind === "directory") throw fsError("EPERM", "link", from, to);
  node.links++;
  place.parent.entries.set(place.name, node);
}
export function readlinkSync(path: Any, options?: Any): Any {
  const name = pathOf(path);
  const node = existing(name, "readlink", false);
  if (node.kind !== "link") throw fsError("EINVAL", "readlink", name);
  return named(node.target, optionsOf(options).encoding);
}
export function realpathSync(path: Any, options?: Any): Any {
  const name = pathOf(path);
  const place = find(name, "realpath");
  if (place.node === undefined) throw fsError("ENOENT", "realpath", name);
  return named(place.real, optionsOf(options).encoding);
}
realpathSync.native = realpathSync;

function setTimes(node: FsNode, atime: Any, mtime: Any): void {
  const toMs = (value: Any): number => (value instanceof Date ? value.getTime() : Number(value) * 1000);
  node.atime_ms = toMs(atime);
  node.mtime_ms = toMs(mtime);
  node.ctime_ms = Date.now();
}
function changeable(path: Any, syscall: string, follow = true): FsNode {
  const name = pathOf(path);
  const node = existing(name, syscall, follow);
  if (node.isReadOnly) throw fsError("EPERM", syscall, name);
  return node;
}
export const utimesSync = (path: Any, atime: Any, mtime: Any): void =>
  setTimes(changeable(path, "utime"), atime, mtime);
export const lutimesSync = (path: Any, atime: Any, mtime: Any): void =>
  setTimes(changeable(path, "lutime", false), atime, mtime);
export const futimesSync = (fd: number, atime: Any, mtime: Any): void =>
  setTimes(fileOf(fd, "futime").node, atime, mtime);
const modeOf = (mode: Any): number => (typeof mode === "string" ? parseInt(mode, 8) : mode) & 0o7777;
export const chmodSync = (path: Any, mode: Any): void => void (changeable(path, "chmod").mode = modeOf(mode));
export const lchmodSync = (path: Any, mode: Any): void => void (changeable(path, "lchmod", false).mode = modeOf(mode));
export const fchmodSync = (fd: number, mode: Any): void => void (fileOf(fd, "fchmod").node.mode = modeOf(mode));
export const chownSync = (path: Any, _uid: number, _gid: number): void => void changeable(path, "chown");
export const lchownSync = (path: Any, _uid: number, _gid: number): void => void changeable(path, "lchown", false);
export const fchownSync = (fd: number, _uid: number, _gid: number): void => void fileOf(fd, "fchown");
export function globSync(pattern: Any, options: Any = {}): string[] {
  const patterns = Array.isArray(pattern) ? pattern : [pattern];
  for (const item of patterns) validateString(item, "pattern");
  const cwd = options?.cwd === undefined ? "." : pathOf(options.cwd, "options.cwd");
  return (readdirSync(cwd, { recursive: true }) as string[]).filter((name) =>
    patterns.some((item) => posix.matchesGlob(name, item)),
  );
}
