// node:fs/promises and FileHandle, of the synchronous functions.

import * as constants from "unenv/node/internal/fs/constants";
import EventEmitter from "../events";
import { webStreams } from "adit:internal";
import { ReadStream, WriteStream } from "./fs_streams";
import * as sync from "./fs_sync";
import { invalidArgType, notImplemented } from "./errors";
import { Buffer } from "../buffer";

type Any = any;
const B = Buffer as Any;
const Emitter = EventEmitter as Any;
const { ReadableStream } = webStreams as Any;

export class FileHandle extends Emitter {
  #fd: number;
  constructor(fd: number) {
    super();
    this.#fd = fd;
  }
  get fd(): number {
    return this.#fd;
  }
  createReadStream(options?: Any): Any {
    return new (ReadStream as Any)(undefined, { ...options, fd: this });
  }
  createWriteStream(options?: Any): Any {
    return new (WriteStream as Any)(undefined, { ...options, fd: this });
  }
  readableWebStream(): Any {
    const fd = this.#fd;
    let position = 0;
    return new ReadableStream(
      {
        type: "bytes",
        pull(controller: Any) {
          const chunk = B.alloc(16384);
          const count = sync.readSync(fd, chunk, 0, chunk.length, position);
          position += count;
          if (count === 0) {
            controller.close();
            controller.byobRequest?.respond(0);
          } else {
            controller.enqueue(new Uint8Array(chunk.buffer, chunk.byteOffset, count));
          }
        },
      } as Any,
      { highWaterMark: 0 },
    );
  }
  async close(): Promise<void> {
    if (this.#fd < 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    sync.closeSync(fd);
    this.emit("close");
  }
  async read(buffer?: Any, offset?: Any, length?: Any, position?: Any): Promise<Any> {
    let target = buffer;
    if (target === undefined || !ArrayBuffer.isView(target)) {
      ({ offset, length, position } = target ?? {});
      target = target?.buffer ?? B.alloc(16384);
    }
    return { bytesRead: sync.readSync(this.#fd, target, offset, length, position), buffer: target };
  }
  async readv(buffers: Any[], position?: Any): Promise<Any> {
    return { bytesRead: sync.readvSync(this.#fd, buffers, position), buffers };
  }
  async readFile(options?: Any): Promise<Any> {
    return sync.readFileSync(this.#fd, options);
  }
  async *readLines(options?: Any): AsyncGenerator<string> {
    const text = sync.readFileSync(this.#fd, { encoding: "utf8", ...options }) as string;
    const lines = text.split(/\r\n|\n/);
    if (lines.at(-1) === "") lines.pop();
    yield* lines;
  }
  async write(data: Any, offset?: Any, length?: Any, position?: Any): Promise<Any> {
    return { bytesWritten: sync.writeSync(this.#fd, data, offset, length, position), buffer: data };
  }
  async writev(buffers: Any[], position?: Any): Promise<Any> {
    return { bytesWritten: sync.writevSync(this.#fd, buffers, position), buffers };
  }
  async writeFile(data: Any, options?: Any): Promise<void> {
    sync.writeFileSync(this.#fd, data, options);
  }
  async appendFile(data: Any, options?: Any): Promise<void> {
    sync.writeFileSync(this.#fd, data, options);
  }
  async stat(options?: Any): Promise<Any> {
    return sync.fstatSync(this.#fd, options);
  }
  async truncate(length?: number): Promise<void> {
    sync.ftruncateSync(this.#fd, length);
  }
  async sync(): Promise<void> {
    sync.fsyncSync(this.#fd);
  }
  async datasync(): Promise<void> {
    sync.fsyncSync(this.#fd);
  }
  async chmod(mode: Any): Promise<void> {
    sync.fchmodSync(this.#fd, mode);
  }
  async chown(uid: number, gid: number): Promise<void> {
    sync.fchownSync(this.#fd, uid, gid);
  }
  async utimes(atime: Any, mtime: Any): Promise<void> {
    sync.futimesSync(this.#fd, atime, mtime);
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

const target = (path: Any): Any => (path instanceof FileHandle ? path.fd : path);
export const readFile = async (path: Any, options?: Any): Promise<Any> => sync.readFileSync(target(path), options);
export async function writeFile(path: Any, data: Any, options?: Any): Promise<void> {
  if (typeof data === "object" && data !== null && !ArrayBuffer.isView(data)) {
    if (!data[Symbol.asyncIterator] && !data[Symbol.iterator])
      throw invalidArgType("data", ["string", "Buffer", "TypedArray", "DataView"], data);
    const chunks: Any[] = [];
    for await (const chunk of data) chunks.push(typeof chunk === "string" ? B.from(chunk) : chunk);
    return sync.writeFileSync(target(path), B.concat(chunks), options);
  }
  sync.writeFileSync(target(path), data, options);
}
export const appendFile = async (path: Any, data: Any, options?: Any): Promise<void> =>
  sync.appendFileSync(target(path), data, options);
export const open = async (path: Any, flags?: Any, mode?: Any): Promise<FileHandle> =>
  new FileHandle(sync.openSync(path, flags, mode));
export async function* glob(pattern: Any, options?: Any): AsyncGenerator<string> {
  yield* sync.globSync(pattern, options);
}
export const watch = (): never => {
  throw notImplemented("fs.promises.watch");
};
const asyncOf =
  (name: keyof typeof sync) =>
  async (...args: Any[]): Promise<Any> =>
    (sync[name] as Any)(...args);
export const access = asyncOf("accessSync");
export const chmod = asyncOf("chmodSync");
export const chown = asyncOf("chownSync");
export const copyFile = asyncOf("copyFileSync");
export const cp = asyncOf("cpSync");
export const lchmod = asyncOf("lchmodSync");
export const lchown = asyncOf("lchownSync");
export const link = asyncOf("linkSync");
export const lstat = asyncOf("lstatSync");
export const lutimes = asyncOf("lutimesSync");
export const mkdir = asyncOf("mkdirSync");
export const mkdtemp = asyncOf("mkdtempSync");
export const opendir = asyncOf("opendirSync");
export const readdir = asyncOf("readdirSync");
export const readlink = asyncOf("readlinkSync");
export const realpath = asyncOf("realpathSync");
export const rename = asyncOf("renameSync");
export const rm = asyncOf("rmSync");
export const rmdir = asyncOf("rmdirSync");
export const stat = asyncOf("statSync");
export const statfs = asyncOf("statfsSync");
export const symlink = asyncOf("symlinkSync");
export const truncate = asyncOf("truncateSync");
export const unlink = asyncOf("unlinkSync");
export const utimes = asyncOf("utimesSync");
const fsConstants: Readonly<Record<string, number>> = Object.freeze({ ...(constants as Record<string, number>) });
export { fsConstants as constants };
