// Encoding § 7.4 and 7.6: TextEncoderStream and TextDecoderStream, over TextEncoder and TextDecoder.
import { encodeUtf8, TextDecoder } from "../encoding";
import { defineInterface } from "../webidl";
import { INTERNAL } from "./convert";
import { TransformCore, type TransformAlgorithms } from "./transform_core";
import { TransformStream } from "./transform_stream";

/** "Encode and enqueue a chunk", with the code unit that may be the first half of a pair carried over. */
class Encoding implements TransformAlgorithms {
  private leadingSurrogate = "";

  transform(chunk: unknown, stream: TransformCore): undefined {
    let text = this.leadingSurrogate + (typeof chunk === "string" ? chunk : `${chunk as string}`);
    this.leadingSurrogate = "";
    const last = text.charCodeAt(text.length - 1);
    if (last >= 0xd800 && last <= 0xdbff) {
      this.leadingSurrogate = text.slice(-1);
      text = text.slice(0, -1);
    }
    if (text !== "") stream.enqueue(encodeUtf8(text));
  }

  /** "Encode and flush". */
  flush(stream: TransformCore): undefined {
    if (this.leadingSurrogate !== "") stream.enqueue(new Uint8Array([0xef, 0xbf, 0xbd]));
  }

  cancel(): undefined {}
}

/** "Decode and enqueue a chunk". */
class Decoding implements TransformAlgorithms {
  constructor(private readonly decoder: TextDecoder) {}

  transform(chunk: unknown, stream: TransformCore): undefined {
    if (!ArrayBuffer.isView(chunk) && !(chunk instanceof ArrayBuffer) && !(chunk instanceof SharedArrayBuffer)) {
      throw new TypeError(
        "This TransformStream is being used as a byte stream, but received a value that is not a BufferSource.",
      );
    }
    const text = this.decoder.decode(chunk as Uint8Array, { stream: true });
    if (text !== "") stream.enqueue(text);
  }

  /** "Flush and enqueue". */
  flush(stream: TransformCore): undefined {
    const text = this.decoder.decode();
    if (text !== "") stream.enqueue(text);
  }

  cancel(): undefined {}
}

export class TextEncoderStream extends TransformStream {
  readonly #encoding = "utf-8";

  constructor() {
    super(INTERNAL, new TransformCore(new Encoding(), false).begin());
  }

  get encoding(): string {
    return this.#encoding;
  }
}
defineInterface(TextEncoderStream, "TextEncoderStream");

export class TextDecoderStream extends TransformStream {
  readonly #decoder: TextDecoder;

  constructor(label: string = "utf-8", options: { fatal?: boolean; ignoreBOM?: boolean } = {}) {
    const decoder = new TextDecoder(label, options);
    super(INTERNAL, new TransformCore(new Decoding(decoder), false).begin());
    this.#decoder = decoder;
  }

  get encoding(): string {
    return this.#decoder.encoding;
  }

  get fatal(): boolean {
    return this.#decoder.fatal;
  }

  get ignoreBOM(): boolean {
    return this.#decoder.ignoreBOM;
  }
}
defineInterface(TextDecoderStream, "TextDecoderStream");
