// Compression standard: CompressionStream and DecompressionStream over zlib ops. One native codec per stream; a chunk is compressed in
// the turn in which it is written. As in Workers, a script's write() does not wait for a reader (code that awaits its writes and reads
// afterwards works); what is piped in does, so that a slow reader holds back a fast source.
import { type NativeHandle, native } from "../native";
import { bytesOfChunk } from "./streams/identity";
import { INTERNAL } from "./streams/convert";
import { DEFAULT_STRATEGIES, TransformCore, type TransformAlgorithms } from "./streams/transform_core";
import { TransformStream } from "./streams/transform_stream";
import { defineInterface } from "./webidl";

type Codec = NativeHandle<"codec">;

interface CompressionOps {
  /** format: "gzip", "deflate" or "deflate-raw". */
  compression_create(format: string): Codec;
  decompression_create(format: string, isStrict: boolean): Codec;
  /** What the codec gives for these bytes now; throws a TypeError for data that is not of the format. */
  codec_write(codec: Codec, bytes: Uint8Array): Uint8Array;
  /** The rest; throws a TypeError when compressed data is incomplete. */
  codec_finish(codec: Codec): Uint8Array;
}
const ops = native<CompressionOps>();

let isStrict = true;
/** Before strict_compression_checks, what follows the compressed data, or is missing of it, is no error. */
export function lenientDecompression(): void {
  isStrict = false;
}

class CodecTransform implements TransformAlgorithms {
  constructor(private readonly codec: Codec) {}

  transform(chunk: unknown, stream: TransformCore): undefined {
    stream.enqueue(ops.codec_write(this.codec, bytesOfChunk(chunk)));
  }

  flush(stream: TransformCore): undefined {
    stream.enqueue(ops.codec_finish(this.codec));
  }

  cancel(): undefined {}
}

function createCore(codec: Codec): TransformCore {
  return new TransformCore(new CodecTransform(codec), true, DEFAULT_STRATEGIES, true).begin();
}

function checkFormat(format: unknown): string {
  const name = `${format as string}`;
  if (name === "gzip" || name === "deflate" || name === "deflate-raw") return name;
  throw new TypeError("The compression format must be either 'deflate', 'deflate-raw' or 'gzip'.");
}

export class CompressionStream extends TransformStream {
  constructor(format: "gzip" | "deflate" | "deflate-raw") {
    super(INTERNAL, createCore(ops.compression_create(checkFormat(format))));
  }
}
defineInterface(CompressionStream, "CompressionStream");

export class DecompressionStream extends TransformStream {
  constructor(format: "gzip" | "deflate" | "deflate-raw") {
    super(INTERNAL, createCore(ops.decompression_create(checkFormat(format), isStrict)));
  }
}
defineInterface(DecompressionStream, "DecompressionStream");
