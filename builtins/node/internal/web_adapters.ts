// Node streams to web streams and back (Node.js docs, Stream: toWeb, fromWeb), for node:stream.

import { webStreams } from "adit:internal";
import { AbortError, invalidArgType } from "./errors";

const { ReadableStream, WritableStream, CountQueuingStrategy } = webStreams;
type Streams = any;

export function readableToWeb(stream: Streams, options: any = {}): InstanceType<typeof ReadableStream> {
  if (typeof stream?._readableState !== "object") throw invalidArgType("streamReadable", "stream.Readable", stream);
  const objectMode = stream.readableObjectMode as boolean;
  const highWaterMark = stream.readableHighWaterMark as number;
  const strategy =
    options?.strategy ??
    (objectMode
      ? new CountQueuingStrategy({ highWaterMark })
      : { highWaterMark: Math.max(1, highWaterMark), size: (chunk: any) => chunk?.byteLength ?? 1 });
  let controller: any;
  let wasCancelled = false;
  const end = (error?: Error | null): void => {
    if (wasCancelled) return;
    wasCancelled = true;
    if (error) controller.error(error);
    else controller.close();
  };
  return new ReadableStream(
    {
      start(given: any) {
        controller = given;
        if (stream.destroyed) {
          if (stream.errored) end(stream.errored);
          else end();
          return;
        }
        stream.pause();
        stream.on("data", (chunk: any) => {
          // A Buffer is a plain Uint8Array outside of Node.
          const value =
            ArrayBuffer.isView(chunk) && !objectMode
              ? new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength)
              : chunk;
          controller.enqueue(value);
          if (controller.desiredSize <= 0) stream.pause();
        });
        stream.once("end", () => end());
        stream.once("error", end);
        stream.once("close", () => {
          if (!stream.readableEnded) end(stream.errored ?? new AbortError());
        });
      },
      pull() {
        stream.resume();
      },
      cancel(reason: unknown) {
        wasCancelled = true;
        stream.destroy(reason instanceof Error || reason === undefined ? reason : new AbortError(String(reason)));
      },
    } as any,
    strategy,
  );
}

export function readableFromWeb(Readable: Streams, stream: any, options: any = {}): Streams {
  if (!(stream instanceof ReadableStream)) throw invalidArgType("readableStream", "ReadableStream", stream);
  const reader = (stream as any).getReader();
  let isDone = false;
  const readable = new Readable({
    ...options,
    read(this: any) {
      reader.read().then(
        ({ value, done }: any) => {
          if (done) {
            isDone = true;
            this.push(null);
          } else {
            this.push(value);
          }
        },
        (error: unknown) => {
          isDone = true;
          this.destroy(error);
        },
      );
    },
    destroy(error: unknown, callback: (error?: unknown) => void) {
      if (isDone) return callback(error);
      reader.cancel(error ?? undefined).then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
  return readable;
}

export function writableToWeb(stream: Streams): InstanceType<typeof WritableStream> {
  if (typeof stream?._writableState !== "object") throw invalidArgType("streamWritable", "stream.Writable", stream);
  const objectMode = stream.writableObjectMode as boolean;
  let failure: unknown;
  let controller: any;
  stream.on("error", (error: unknown) => {
    failure ??= error;
    controller?.error(error);
  });
  return new WritableStream(
    {
      start(given: any) {
        controller = given;
        if (stream.destroyed || !stream.writable) given.error(stream.errored ?? new AbortError());
        else
          stream.once("close", () => {
            if (!stream.writableFinished) given.error(failure ?? new AbortError());
          });
      },
      write(chunk: unknown) {
        if (stream.write(chunk)) return undefined;
        return new Promise<void>((resolve, reject) => {
          const done = (error?: unknown): void => {
            stream.off("drain", done);
            stream.off("error", done);
            stream.off("close", done);
            if (error) reject(error);
            else resolve();
          };
          stream.once("drain", done);
          stream.once("error", done);
          stream.once("close", done);
        });
      },
      close() {
        return new Promise<void>((resolve, reject) => {
          stream.once("error", reject);
          stream.end((error?: unknown) => (error ? reject(error) : resolve()));
        });
      },
      abort(reason: unknown) {
        stream.destroy(
          reason instanceof Error ? reason : new AbortError(reason === undefined ? undefined : String(reason)),
        );
      },
    } as any,
    (objectMode
      ? new CountQueuingStrategy({ highWaterMark: stream.writableHighWaterMark })
      : {
          highWaterMark: stream.writableHighWaterMark,
          size: (chunk: any) => chunk?.byteLength ?? chunk?.length ?? 1,
        }) as any,
  );
}

export function writableFromWeb(Writable: Streams, stream: any, options: any = {}): Streams {
  if (!(stream instanceof WritableStream)) throw invalidArgType("writableStream", "WritableStream", stream);
  const writer = (stream as any).getWriter();
  let isClosed = false;
  writer.closed.then(
    () => (isClosed = true),
    (error: unknown) => {
      isClosed = true;
      writable.destroy(error);
    },
  );
  const settle = (promise: Promise<unknown>, callback: (error?: unknown) => void): void => {
    promise.then(
      () => callback(),
      (error: unknown) => callback(error),
    );
  };
  const writable = new Writable({
    ...options,
    write(chunk: unknown, encoding: string, callback: (error?: unknown) => void) {
      const value =
        typeof chunk === "string" && options.decodeStrings !== false
          ? (globalThis as any).Buffer.from(chunk, encoding)
          : chunk;
      settle(
        writer.ready.then(() => writer.write(value)),
        callback,
      );
    },
    final(callback: (error?: unknown) => void) {
      settle(isClosed ? Promise.resolve() : writer.close(), callback);
    },
    destroy(error: unknown, callback: (error?: unknown) => void) {
      if (isClosed) return callback(error);
      const end: Promise<unknown> = error != null ? writer.abort(error) : writer.close();
      end.then(
        () => callback(error),
        () => callback(error),
      );
    },
  });
  return writable;
}
