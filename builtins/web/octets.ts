// Octets and text: the two ops that turn one into the other, and buffer sources seen as octets.
import { native } from "../native";

const ops = native<{
  /** UTF-8 decode: a BOM at the start is dropped, errors become U+FFFD. */
  octets_to_text(bytes: Uint8Array): string;
  /** UTF-8 encode; lone surrogates become U+FFFD. */
  octets_from_text(text: string): Uint8Array;
}>();

export function textOf(bytes: Uint8Array): string {
  return bytes.length === 0 ? "" : ops.octets_to_text(bytes);
}

export function octetsOf(text: string): Uint8Array {
  return text === "" ? new Uint8Array(0) : ops.octets_from_text(text);
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
