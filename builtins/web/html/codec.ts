// What stands between a page's octets and the text that handlers see. A page is tokenised as a string of its octets ("octet string":
// code units up to 255), so that what no handler touches leaves as it came, whatever its encoding.
import { native } from "../../native";
import { decodeUtf8, encodeUtf8, encodingForLabel, TextDecoder } from "../encoding";
import type { ReadableStream } from "../streams";

export const octets = native<{
  html_from_octets(octets: Uint8Array): string;
  html_to_octets(text: string): Uint8Array<ArrayBuffer>;
}>();

export interface Codec {
  encode(text: string): string;
  decode(octets: string): string;
  /** Where a text that ends at `end` can be cut without cutting a character. */
  wholeEnd(text: string, start: number, end: number): number;
}

const isAscii = (text: string): boolean => !/[^\0-\x7f]/.test(text);

export const utf8: Codec = {
  encode: (text) => (isAscii(text) ? text : octets.html_from_octets(encodeUtf8(text))),
  decode: (text) => (isAscii(text) ? text : decodeUtf8(octets.html_to_octets(text))),
  wholeEnd(text, start, end) {
    // A lead octet within the last three that promises more octets than there are.
    for (let back = 1; back <= 3 && end - back >= start; back++) {
      const octet = text.charCodeAt(end - back);
      if (octet < 0x80) return end;
      if (octet >= 0xc0) return (octet >= 0xf0 ? 4 : octet >= 0xe0 ? 3 : 2) > back ? end - back : end;
    }
    return end;
  },
};

/** An encoding of one octet per character; what it has no octet for becomes a character reference, as for forms. */
class SingleByteCodec implements Codec {
  private readonly toOctet = new Map<string, string>();
  private readonly toText: string;

  constructor(encoding: string) {
    const upper = Uint8Array.from({ length: 128 }, (_, index) => 128 + index);
    this.toText = new TextDecoder(encoding).decode(upper);
    [...this.toText].forEach((character, index) => {
      if (character !== "\ufffd") this.toOctet.set(character, String.fromCharCode(128 + index));
    });
  }
  encode(text: string): string {
    if (isAscii(text)) return text;
    return text.replace(/[^\0-\x7f]/gu, (character) => this.toOctet.get(character) ?? reference(character));
  }
  decode(text: string): string {
    return text.replace(/[^\0-\x7f]/g, (octet) => this.toText[octet.charCodeAt(0) - 128]!);
  }
  wholeEnd(_text: string, _start: number, end: number): number {
    return end;
  }
}

/** Other encodings that contain ASCII. What is inserted is written in ASCII, which each of them reads the same. */
class MultiByteCodec implements Codec {
  constructor(private readonly encoding: string) {}

  encode(text: string): string {
    return text.replace(/[^\0-\x7f]/gu, reference);
  }
  decode(text: string): string {
    return isAscii(text) ? text : new TextDecoder(this.encoding).decode(octets.html_to_octets(text));
  }
  wholeEnd(text: string, start: number, end: number): number {
    return end > start && text.charCodeAt(end - 1) >= 0x80 ? end - 1 : end;
  }
}

function reference(character: string): string {
  return `&#${character.codePointAt(0)};`;
}

const multiByte = new Set(["gbk", "gb18030", "big5", "euc-jp", "shift_jis", "euc-kr"]);

export function codecFor(label: string | undefined): Codec {
  if (label === undefined) return utf8;
  const encoding = encodingForLabel(label);
  if (encoding === undefined) throw new TypeError("Parser error: Unknown character encoding has been provided.");
  if (encoding === "utf-8") return utf8;
  if (encoding.startsWith("utf-16") || encoding === "iso-2022-jp")
    throw new TypeError("Parser error: Expected ASCII-compatible encoding.");
  return multiByte.has(encoding) ? new MultiByteCodec(encoding) : new SingleByteCodec(encoding);
}

/** What a handler inserts: an octet string, or a stream that is read when its turn comes. */
export type Piece = string | StreamPiece;

export interface StreamPiece {
  readonly stream: ReadableStream;
  readonly isHtml: boolean;
}

const escapes: Record<string, string> = { "<": "&lt;", ">": "&gt;", "&": "&amp;" };

export function escapeText(text: string): string {
  return /[<>&]/.test(text) ? text.replace(/[<>&]/g, (character) => escapes[character]!) : text;
}
