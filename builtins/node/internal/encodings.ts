// The names of Node's text encodings, and the ops that convert between text and octets by their number (src/web/node_buffer.cc).

import { native } from "adit:internal";

export const ops = native<{
  node_encode(text: string, encoding: number): Uint8Array<ArrayBuffer>;
  node_write(target: Uint8Array, text: string, offset: number, length: number, encoding: number): number;
  node_decode(bytes: ArrayBufferView | ArrayBufferLike, start: number, end: number, encoding: number): string;
  node_utf8_length(text: string): number;
  node_index_of(haystack: Uint8Array, needle: Uint8Array, from: number, forward: boolean, step: number): number;
  node_compare(a: Uint8Array, b: Uint8Array): number;
  node_is_ascii(bytes: ArrayBufferView | ArrayBufferLike): boolean;
  node_is_utf8(bytes: ArrayBufferView | ArrayBufferLike): boolean;
}>();

export const utf8 = 0;
export const latin1 = 1;
export const ascii = 2;
export const utf16le = 3;
export const base64 = 4;
export const base64url = 5;
export const hex = 6;

const numbers: Record<string, number | undefined> = {
  __proto__: null as never,
  utf8,
  "utf-8": utf8,
  latin1,
  binary: latin1,
  ascii,
  ucs2: utf16le,
  "ucs-2": utf16le,
  utf16le,
  "utf-16le": utf16le,
  base64,
  base64url,
  hex,
};

/** The encoding's number; undefined for no known name. Names are case-insensitive. */
export function encodingNumber(name: string): number | undefined {
  return numbers[name] ?? numbers[name.toLowerCase()];
}

const canonical = ["utf8", "latin1", "ascii", "utf16le", "base64", "base64url", "hex"];

/** Node's own name for an encoding; undefined when it has none. */
export function normalizeEncoding(name: unknown): string | undefined {
  if (name === undefined || name === null || name === "") return "utf8";
  const number = encodingNumber(String(name));
  return number === undefined ? undefined : canonical[number];
}
