// node:fs over the worker's file system in memory (internal/fs_tree.ts). The functions with callbacks do their work at once and call back in
// a turn of their own.

import { Blob } from "adit:internal";
import * as promises from "./fs_promises";
import { ReadStream, WriteStream } from "./internal/fs_streams";
import * as sync from "./internal/fs_sync";
import { Dir, Dirent, Stats } from "./internal/fs_types";
import { customPromisifyArgs } from "./internal/custom_promisify_args";
import { notImplemented } from "./internal/errors";
import { customPromisify } from "./internal/symbols";
import { validateFunction } from "./internal/validators";

type Any = any;
const { constants } = promises;

function later(callback: Any, make: () => Any[]): void {
  let values: Any[];
  try {
    values = make();
  } catch (error) {
    // What is wrong with the arguments is thrown, what is wrong with the files is told.
    if (typeof (error as Any).code === "string" && (error as Any).code.startsWith("ERR_INVALID_ARG")) throw error;
    (globalThis as Any).queueMicrotask(() => callback(error));
    return;
  }
  (globalThis as Any).queueMicrotask(() => callback(null, ...values));
}
const callbackOf = (name: string): Any =>
  Object.defineProperty(
    (...args: Any[]): void => {
      const callback = args.pop();
      validateFunction(callback, "cb");
      later(callback, () => [(sync as Any)[`${name}Sync`](...args)]);
    },
    "name",
    { value: name },
  );
export const access: Any = callbackOf("access");
export const appendFile: Any = callbackOf("appendFile");
export const chmod: Any = callbackOf("chmod");
export const chown: Any = callbackOf("chown");
export const close: Any = callbackOf("close");
export const copyFile: Any = callbackOf("copyFile");
export const cp: Any = callbackOf("cp");
export const fchmod: Any = callbackOf("fchmod");
export const fchown: Any = callbackOf("fchown");
export const fdatasync: Any = callbackOf("fdatasync");
export const fstat: Any = callbackOf("fstat");
export const fsync: Any = callbackOf("fsync");
export const ftruncate: Any = callbackOf("ftruncate");
export const futimes: Any = callbackOf("futimes");
export const glob: Any = callbackOf("glob");
export const lchmod: Any = callbackOf("lchmod");
export const lchown: Any = callbackOf("lchown");
export const link: Any = callbackOf("link");
export const lstat: Any = callbackOf("lstat");
export const lutimes: Any = callbackOf("lutimes");
export const mkdir: Any = callbackOf("mkdir");
export const mkdtemp: Any = callbackOf("mkdtemp");
export const open: Any = callbackOf("open");
export const opendir: Any = callbackOf("opendir");
export const readFile: Any = callbackOf("readFile");
export const readdir: Any = callbackOf("readdir");
export const readlink: Any = callbackOf("readlink");
export const realpath: Any = Object.assign(callbackOf("realpath"), { native: callbackOf("realpath") });
export const rename: Any = callbackOf("rename");
export const rm: Any = callbackOf("rm");
export const rmdir: Any = callbackOf("rmdir");
export const stat: Any = callbackOf("stat");
export const statfs: Any = callbackOf("statfs");
export const symlink: Any = callbackOf("symlink");
export const truncate: Any = callbackOf("truncate");
export const unlink: Any = callbackOf("unlink");
export const utimes: Any = callbackOf("utimes");
export const writeFile: Any = callbackOf("writeFile");

export function exists(path: Any, callback: Any): void {
  validateFunction(callback, "cb");
  const found = sync.existsSync(path);
  (globalThis as Any).queueMicrotask(() => callback(found));
}
Object.defineProperty(exists, customPromisify, { value: async (path: Any) => sync.existsSync(path) });
/** The callback gets the count and the buffer. */
const withBuffer = (
  name: "readSync" | "readvSync" | "writeSync" | "writevSync",
  property: string,
  what: string,
): Any => {
  const fn = (fd: number, buffer: Any, ...rest: Any[]): void => {
    const callback = rest.pop();
    validateFunction(callback, "cb");
    later(callback, () => [(sync as Any)[name](fd, buffer, ...rest), buffer]);
  };
  return Object.defineProperty(fn, customPromisifyArgs, { value: [property, what] });
};
export const read: Any = withBuffer("readSync", "bytesRead", "buffer");
export const readv: Any = withBuffer("readvSync", "bytesRead", "buffers");
export const write: Any = withBuffer("writeSync", "bytesWritten", "buffer");
export const writev: Any = withBuffer("writevSync", "bytesWritten", "buffers");

export const createReadStream = (path: Any, options?: Any): Any => new (ReadStream as Any)(path, options);
export const createWriteStream = (path: Any, options?: Any): Any => new (WriteStream as Any)(path, options);
export async function openAsBlob(path: Any, options?: { type?: string }): Promise<Blob> {
  return new Blob([sync.readFileSync(path)], { type: options?.type ?? "" });
}
const refuse = (name: string) => (): never => {
  throw notImplemented(`fs.${name}`);
};
export const watch = refuse("watch");
export const watchFile = refuse("watchFile");
export const unwatchFile = (): void => {};
export const { F_OK, R_OK, W_OK, X_OK } = constants;
export const {
  accessSync,
  appendFileSync,
  chmodSync,
  chownSync,
  closeSync,
  copyFileSync,
  cpSync,
  existsSync,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  globSync,
  lchmodSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  opendirSync,
  readFileSync,
  readSync,
  readdirSync,
  readlinkSync,
  readvSync,
  realpathSync,
  renameSync,
  rmSync,
  rmdirSync,
  statSync,
  statfsSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
  writevSync,
} = sync;
export {
  constants,
  Dir,
  Dirent,
  promises,
  ReadStream,
  ReadStream as FileReadStream,
  Stats,
  WriteStream,
  WriteStream as FileWriteStream,
};
export default {
  FileReadStream: ReadStream,
  FileWriteStream: WriteStream,
  Dir,
  Dirent,
  F_OK,
  R_OK,
  ReadStream,
  Stats,
  W_OK,
  WriteStream,
  X_OK,
  access,
  accessSync,
  appendFile,
  appendFileSync,
  chmod,
  chmodSync,
  chown,
  chownSync,
  close,
  closeSync,
  constants,
  copyFile,
  copyFileSync,
  cp,
  cpSync,
  createReadStream,
  createWriteStream,
  exists,
  existsSync,
  fchmod,
  fchmodSync,
  fchown,
  fchownSync,
  fdatasync,
  fdatasyncSync,
  fstat,
  fstatSync,
  fsync,
  fsyncSync,
  ftruncate,
  ftruncateSync,
  futimes,
  futimesSync,
  glob,
  globSync,
  lchmod,
  lchmodSync,
  lchown,
  lchownSync,
  link,
  linkSync,
  lstat,
  lstatSync,
  lutimes,
  lutimesSync,
  mkdir,
  mkdirSync,
  mkdtemp,
  mkdtempSync,
  open,
  openAsBlob,
  openSync,
  opendir,
  opendirSync,
  promises: promises.default,
  read,
  readFile,
  readFileSync,
  readSync,
  readdir,
  readdirSync,
  readlink,
  readlinkSync,
  readv,
  readvSync,
  realpath,
  realpathSync,
  rename,
  renameSync,
  rm,
  rmSync,
  rmdir,
  rmdirSync,
  stat,
  statSync,
  statfs,
  statfsSync,
  symlink,
  symlinkSync,
  truncate,
  truncateSync,
  unlink,
  unlinkSync,
  unwatchFile,
  utimes,
  utimesSync,
  watch,
  watchFile,
  write,
  writeFile,
  writeFileSync,
  writeSync,
  writev,
  writevSync,
};
