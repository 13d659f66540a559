// node:querystring (Node.js docs, Query string).

import { Buffer } from "./buffer";

type Decode = (text: string) => string;

const kept = /[^A-Za-z0-9\-_.!~*'()]/;

/** Percent-encodes as encodeURIComponent does; a lone surrogate is a URIError with Node's code. */
export function escape(value: unknown): string {
  const text = typeof value === "string" ? value : typeof value === "object" ? String(value) : `${value as string}`;
  if (!kept.test(text)) return text;
  try {
    return encodeURIComponent(text);
  } catch {
    throw Object.assign(new URIError("URI malformed"), { code: "ERR_INVALID_URI" });
  }
}

/** Octets of a percent-encoded text; what is not well encoded stays as it is. */
export function unescapeBuffer(
  value: string,
  decodeSpaces = false,
): Uint8Array & { toString(encoding?: string): string } {
  const source = (Buffer as any).from(value) as Uint8Array;
  const out = (Buffer as any).allocUnsafe(source.length);
  const digit = (octet: number | undefined): number => {
    if (octet === undefined) return -1;
    if (octet >= 48 && octet <= 57) return octet - 48;
    const lower = octet | 32;
    return lower >= 97 && lower <= 102 ? lower - 87 : -1;
  };
  let written = 0;
  for (let i = 0; i < source.length; i++) {
    const octet = source[i]!;
    if (octet === 37) {
      const high = digit(source[i + 1]);
      const low = digit(source[i + 2]);
      if (high >= 0 && low >= 0) {
        out[written++] = high * 16 + low;
        i += 2;
        continue;
      }
    }
    out[written++] = decodeSpaces && octet === 43 ? 32 : octet;
  }
  return out.subarray(0, written);
}

export function unescape(text: string, decodeSpaces?: boolean): string {
  if (!decodeSpaces) {
    try {
      return decodeURIComponent(text);
    } catch {
      // Not well-formed: octet by octet.
    }
  }
  return unescapeBuffer(text, decodeSpaces).toString();
}

function primitive(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number") return Number.isFinite(value) ? `${value}` : "";
  if (typeof value === "bigint") return `${value}`;
  if (typeof value === "boolean") return value ? "true" : "false";
  return "";
}

export function stringify(
  object: unknown,
  separator?: string | null,
  equals?: string | null,
  options?: { encodeURIComponent?: (text: string) => string },
): string {
  const and = separator || "&";
  const is = equals || "=";
  const encode = typeof options?.encodeURIComponent === "function" ? options.encodeURIComponent : querystring.escape;
  if (object === null || typeof object !== "object") return "";
  const parts: string[] = [];
  for (const [key, value] of Object.entries(object)) {
    const name = encode(primitive(key)) + is;
    if (Array.isArray(value)) for (const item of value) parts.push(name + encode(primitive(item)));
    else parts.push(name + encode(primitive(value)));
  }
  return parts.join(and);
}

export function parse(
  text: unknown,
  separator?: string | null,
  equals?: string | null,
  options?: { maxKeys?: number; decodeURIComponent?: Decode },
): Record<string, string | string[]> {
  const out = Object.create(null) as Record<string, string | string[]>;
  if (typeof text !== "string" || text.length === 0) return out;
  const and = separator ? String(separator) : "&";
  const is = equals ? String(equals) : "=";
  const custom = options?.decodeURIComponent;
  const decode: Decode = (part) => {
    const spaced = part.includes("+") ? part.replaceAll("+", custom ? "%20" : " ") : part;
    if (custom !== undefined && typeof custom === "function") {
      try {
        return custom(spaced);
      } catch {
        return querystring.unescape(spaced, true);
      }
    }
    return spaced.includes("%") ? querystring.unescape(spaced) : spaced;
  };
  const limit = typeof options?.maxKeys === "number" ? options.maxKeys : 1000;
  let pairs = text.split(and);
  if (limit > 0 && pairs.length > limit) pairs = pairs.slice(0, limit);
  for (const pair of pairs) {
    if (pair === "") continue;
    const at = pair.indexOf(is);
    const key = decode(at < 0 ? pair : pair.slice(0, at));
    const value = at < 0 ? "" : decode(pair.slice(at + is.length));
    const before = out[key];
    if (before === undefined) out[key] = value;
    else if (Array.isArray(before)) before.push(value);
    else out[key] = [before, value];
  }
  return out;
}

export { parse as decode, stringify as encode };
const querystring = { unescapeBuffer, unescape, escape, stringify, encode: stringify, parse, decode: parse };
export default querystring;
