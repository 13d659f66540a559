// A WritableStream that is passed by RPC: what is written to the far end flows through a native pipe, which the near end pumps into the stream.
// So octets cross isolates and shards with their bounded windows, and no call is made per chunk.

import { native } from "../native";
import { type ReadableStream, type Source, streamFromSource, WritableStream } from "../web/streams";
import type { Callee } from "./members";

const ops = native<{
  pipe_create(length?: number): Source;
  pipe_write(pipe: Source, bytes: Uint8Array): Promise<void> | undefined;
  pipe_close(pipe: Source): void;
  pipe_abort(pipe: Source, reason: string): void;
}>();

/** The near end: what the far end calls, once, with its octets. */
export function receiverOf(stream: WritableStream): (octets: ReadableStream) => Promise<void> {
  if (stream.locked) throw new TypeError("The WritableStream has been locked to a writer.");
  const writer = stream.getWriter();
  return async (octets) => {
    writer.releaseLock();
    await octets.pipeTo(stream);
  };
}

function octetsOf(chunk: unknown): Uint8Array {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(
    typeof chunk === "string"
      ? "This TransformStream is being used as a byte stream, but received a string on its writable side. If you wish to write a string, you'll probably want to explicitly UTF-8-encode it with TextEncoder."
      : "This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.",
  );
}

/** The far end. `send` is the stub of the near one. */
export function writableTo(send: Callee, dispose: () => void): WritableStream {
  const pipe = ops.pipe_create();
  let sent: Promise<unknown> | undefined;
  const start = (): Promise<unknown> => {
    if (sent === undefined) {
      sent = Promise.resolve(send(streamFromSource(pipe))).finally(dispose);
      sent.catch(() => {});
    }
    return sent;
  };
  return new WritableStream({
    write(chunk: unknown) {
      const octets = octetsOf(chunk);
      void start();
      return ops.pipe_write(pipe, octets);
    },
    async close() {
      const done = start();
      ops.pipe_close(pipe);
      await done;
    },
    abort(reason: unknown) {
      void start();
      ops.pipe_abort(pipe, String(reason));
    },
  });
}
