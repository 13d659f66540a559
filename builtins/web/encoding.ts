// WHATWG Encoding: TextEncoder and TextDecoder.
// UTF-8 that comes in one piece is one op without state. A native decoder is made when a stream needs state or the encoding is another.

import { native, type NativeHandle } from "../native";
import labels from "whatwg-encoding/lib/labels-to-names.json";
import { badConstructorArgument, defineInterface, missingArgument, toDOMString } from "./webidl";

type Decoder = NativeHandle<"TextDecoder">;
type Input = ArrayBufferLike | ArrayBufferView;

const ops = native<{
  utf8_encode(text: string): Uint8Array<ArrayBuffer>;
  /** Puts [read, written] into counts. */
  utf8_encode_into(text: string, target: Uint8Array, counts: Uint32Array): void;
  utf8_decode(bytes: Input, fatal: boolean, ignoreBOM: boolean): string;
  /** An ArrayBuffer or a SharedArrayBuffer. */
  is_array_buffer(value: unknown): boolean;
  decoder_create(encoding: string, fatal: boolean, ignoreBOM: boolean): Decoder;
  decoder_decode(decoder: Decoder, bytes: Input, more: boolean): string;
}>();

// A small typed array lives inside V8's heap and costs a tenth of one with a buffer from C++, so short ASCII is encoded here.
const shortText = 48;

/** UTF-8 for the other builtins. */
export function encodeUtf8(text: string): Uint8Array<ArrayBuffer> {
  const { length } = text;
  if (length > shortText) return ops.utf8_encode(text);
  const out = new Uint8Array(length);
  for (let i = 0; i < length; i++) {
    const unit = text.charCodeAt(i);
    if (unit > 127) return ops.utf8_encode(text);
    out[i] = unit;
  }
  return out;
}
export const decodeUtf8 = (bytes: Input): string => ops.utf8_decode(bytes, false, false);

const counts = new Uint32Array(2);

export class TextEncoder {
  #brand = true;

  get encoding(): string {
    void this.#brand;
    return "utf-8";
  }
  encode(input: unknown = ""): Uint8Array<ArrayBuffer> {
    void this.#brand;
    return encodeUtf8(typeof input === "string" ? input : toDOMString(input));
  }
  encodeInto(source: unknown, destination: Uint8Array): { read: number; written: number } {
    void this.#brand;
    const text = toDOMString(source);
    if (!isUint8Array(destination)) missingArgument("encodeInto", "TextEncoder", 2, "JsUint8Array");
    ops.utf8_encode_into(text, destination, counts);
    return { read: counts[0]!, written: counts[1]! };
  }
}
defineInterface(TextEncoder, "TextEncoder");
Object.defineProperty(TextEncoder.prototype.encode, "length", { value: 0, configurable: true });

const typedArrayName = Object.getOwnPropertyDescriptor(
  Object.getPrototypeOf(Uint8Array.prototype),
  Symbol.toStringTag,
)!.get!;

function isUint8Array(value: unknown): value is Uint8Array {
  return typeof value === "object" && value !== null && Reflect.apply(typedArrayName, value, []) === "Uint8Array";
}

// The table of § 4.2; the package leaves out three encodings that its own decoder does not have.
const names = new Map<string, string>([
  ["csiso88598i", "iso-8859-8-i"],
  ["iso-8859-8-i", "iso-8859-8-i"],
  ["logical", "iso-8859-8-i"],
  ["x-mac-cyrillic", "x-mac-cyrillic"],
  ["x-mac-ukrainian", "x-mac-cyrillic"],
  ["csiso2022jp", "iso-2022-jp"],
  ["iso-2022-jp", "iso-2022-jp"],
]);
for (const [label, name] of Object.entries(labels)) if (name !== "replacement") names.set(label, name.toLowerCase());

/** Encoding § 4.2 "get an encoding": its name in lower case, or undefined. The replacement encoding is none for a TextDecoder. */
export function encodingForLabel(label: string): string | undefined {
  return names.get(label) ?? names.get(label.replace(/^[\t\n\f\r ]+|[\t\n\f\r ]+$/g, "").toLowerCase());
}

const empty = new Uint8Array(0);

interface TextDecoderOptions {
  fatal?: unknown;
  ignoreBOM?: unknown;
}

export class TextDecoder {
  readonly #encoding: string;
  readonly #fatal: boolean;
  readonly #ignoreBOM: boolean;
  #decoder: Decoder | undefined = undefined;

  constructor(label: unknown = "utf-8", options?: TextDecoderOptions | null) {
    const text = toDOMString(label);
    const encoding = encodingForLabel(text);
    if (encoding === undefined) throw new RangeError(`"${text}" is not a valid encoding.`);
    if (options !== undefined && typeof options !== "object" && typeof options !== "function")
      badConstructorArgument("TextDecoder", 2, "ConstructorOptions");
    this.#encoding = encoding;
    this.#fatal = Boolean(options?.fatal);
    this.#ignoreBOM = Boolean(options?.ignoreBOM);
  }

  get encoding(): string {
    return this.#encoding;
  }
  get fatal(): boolean {
    return this.#fatal;
  }
  get ignoreBOM(): boolean {
    return this.#ignoreBOM;
  }

  decode(input: Input = empty, options?: { stream?: unknown } | null): string {
    const more = options !== undefined && options !== null && Boolean(options.stream);
    const decoder = this.#decoder;
    if (decoder === undefined) {
      if (!more && this.#encoding === "utf-8") return ops.utf8_decode(checkInput(input), this.#fatal, this.#ignoreBOM);
      const made = ops.decoder_create(this.#encoding, this.#fatal, this.#ignoreBOM);
      checkInput(input);
      this.#decoder = made;
      return ops.decoder_decode(made, input, more);
    }
    return ops.decoder_decode(decoder, checkInput(input), more);
  }
}
defineInterface(TextDecoder, "TextDecoder");
Object.defineProperty(TextDecoder, "length", { value: 0, configurable: true });
Object.defineProperty(TextDecoder.prototype.decode, "length", { value: 0, configurable: true });

function checkInput(input: unknown): Input {
  if (ArrayBuffer.isView(input) || isAnyArrayBuffer(input)) return input;
  return missingArgument("decode", "TextDecoder", 1, "Array");
}

/** By its internal slot, whatever its prototype is. */
export function isAnyArrayBuffer(value: unknown): value is ArrayBufferLike {
  return ops.is_array_buffer(value);
}
