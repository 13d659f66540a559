// Compression standard: CompressionStream and DecompressionStream over zlib ops. One native codec per stream; a chunk is compressed in
// the turn in which it is written.
import { type NativeHandle, native } from "../native";
import { bytesOfChunk } from "./streams/identity";
import { INTERNAL } from "./streams/convert";
import { TransformCore, type TransformAlgorithms } from "./streams/transform_core";
import { TransformStream } from "./streams/transform_stream";
import { defineInterface } from "./webidl";

type Codec = NativeHandle<"codec">;

interface CompressionOps {
  /** format: "gzip", "deflate" or "deflate-raw". */
  compression_create(format: string): Codec;
  decompression_create(format: string): Codec;
  /** What the codec gives for these bytes now; throws a TypeError for data that is not of the format. */
  codec_write(codec: Codec, bytes: Uint8Array): Uint8Array;
  /** The rest; throws a TypeError when compressed data is incomplete. */
  codec_finish(codec: Codec): Uint8Array;
}
const ops = native<CompressionOps>();

class CodecTransform implements TransformAlgorithms {
  constructor(private readonly codec: Codec) {}

  transform(chunk: unknown, stream: TransformCore): undefined {
    const output = ops.codec_write(this.codec, bytesOfChunk(chunk));
    if (output.byteLength > 0) stream.enqueue(output);
  }

  flush(stream: TransformCore): undefined {
    const output = ops.codec_finish(this.codec);
    if (output.byteLength > 0) stream.enqueue(output);
  }

  cancel(): undefined {}
}

function checkFormat(format: unknown): string {
  const name = `${format as string}`;
  if (name === "gzip" || name === "deflate" || name === "deflate-raw") return name;
  throw new TypeError("The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.");
}

export class CompressionStream extends TransformStream {
  constructor(format: "gzip" | "deflate" | "deflate-raw") {
    super(INTERNAL, new TransformCore(new CodecTransform(ops.compression_create(checkFormat(format))), true).begin());
  }
}
defineInterface(CompressionStream, "CompressionStream");

export class DecompressionStream extends TransformStream {
  constructor(format: "gzip" | "deflate" | "deflate-raw") {
    super(INTERNAL, new TransformCore(new CodecTransform(ops.decompression_create(checkFormat(format))), true).begin());
  }
}
defineInterface(DecompressionStream, "DecompressionStream");
