// Octets and text: the ops that turn one into the other (src/web/encoding_ops.cc), and buffer sources seen as octets.
import { native } from "../native";

const ops = native<{
  utf8_decode(bytes: Uint8Array, fatal: boolean, ignoreBom: boolean): string;
  utf8_encode(text: string): Uint8Array;
}>();

/** UTF-8 decode: a BOM at the start is dropped, errors become U+FFFD. */
export function textOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "" : ops.utf8_decode(bytes, false, false);
}

/** UTF-8 decode without BOM: a BOM is text like any other. */
export function textWithBomOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "" : ops.utf8_decode(bytes, false, true);
}

/** UTF-8 encode; lone surrogates become U+FFFD. */
export function octetsOf(text: string): Uint8Array {
  return text === "" ? new Uint8Array(0) : ops.utf8_encode(text);
}

export function concatenate(chunks: readonly Uint8Array[]): Uint8Array {
  let size = 0;
  for (const chunk of chunks) size += chunk.length;
  const bytes = new Uint8Array(size);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}

export function isBufferSource(value: unknown): value is ArrayBuffer | ArrayBufferView {
  return ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
}

/** The octets themselves, not a copy. */
export function bytesOfBufferSource(source: ArrayBuffer | ArrayBufferView): Uint8Array {
  return ArrayBuffer.isView(source)
    ? new Uint8Array(source.buffer, source.byteOffset, source.byteLength)
    : new Uint8Array(source);
}
