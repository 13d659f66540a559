// The options of R2's methods, checked and brought into the form that the ops take (src/bindings/r2/ops.cc). Messages are those of Workers.
import { headerOf, type Headers, isHeaders } from "../web/headers";
import { octetsOf } from "../web/octets";
import { bytesOfBufferSource, isBufferSource } from "../web/octets";

type Fields = Record<string, unknown>;

export function wrongField(field: string, type: string, wanted: string): never {
  throw new TypeError(
    `Incorrect type for the '${field}' field on '${type}': the provided value is not of type '${wanted}'.`,
  );
}

const isObject = (value: unknown): value is object =>
  (typeof value === "object" && value !== null) || typeof value === "function";

function textField(fields: Fields, name: string, type: string): string | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  if (typeof value !== "string") wrongField(name, type, "string");
  return value;
}

/** A date or what Date takes for one; undefined stays so. */
function dateField(fields: Fields, name: string, type: string): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const time = value instanceof Date ? value.getTime() : typeof value === "number" ? value : NaN;
  if (Number.isNaN(time)) wrongField(name, type, "date");
  return Math.trunc(time);
}

// ---- Conditions

const enum EtagKind {
  strong,
  weak,
  any,
}
type Etag = [kind: EtagKind, value: string];

interface Conditions {
  m?: Etag[];
  n?: Etag[];
  b?: number;
  a?: number;
  s?: boolean;
}

function etagField(fields: Fields, name: string): Etag[] | undefined {
  const etag = textField(fields, name, "Conditional");
  if (etag === undefined) return undefined;
  if (etag.startsWith('"') && etag.endsWith('"'))
    throw new TypeError(`Conditional ETag should not be wrapped in quotes (${etag}).`);
  return [[etag === "*" ? EtagKind.any : EtagKind.strong, etag]];
}

/** RFC 9110 § 13.1.1: "*" or a list of entity tags. */
function parseEtags(list: string, header: string): Etag[] {
  const etags: Etag[] = [];
  let isSeparated = true;
  for (let at = 0; at < list.length;) {
    const unit = list[at]!;
    if (unit === " " || unit === "\t" || unit === ",") {
      isSeparated ||= unit === ",";
      at++;
      continue;
    }
    if (unit === "*") return [[EtagKind.any, "*"]];
    if (!isSeparated) {
      if (unit !== '"' && unit !== "W") return etags;
      throw new Error(
        unit === '"'
          ? "Comma was expected to separate etags. Encountered a double quote character '\"' instead. This would otherwise indicate the start of a new strong etag."
          : "Comma was expected to separate etags. Encountered 'W' instead. This would otherwise indicate the start of a new weak etag.",
      );
    }
    let kind = EtagKind.strong;
    if (unit === "W") {
      if (list[at + 1] !== "/" || list[at + 2] !== '"')
        throw new Error("Weak etags must start with W/ and their value must be quoted");
      kind = EtagKind.weak;
      at += 2;
    } else if (unit !== '"') {
      throw new Error(`Invalid ETag in ${header} header`);
    }
    const end = list.indexOf('"', at + 1);
    if (end < 0) throw new Error("Unclosed double quote for Etag");
    etags.push([kind, list.slice(at + 1, end)]);
    at = end + 1;
    isSeparated = false;
  }
  if (etags.length === 0) throw new Error(`Invalid ETag in ${header} header`);
  return etags;
}

function conditionsOfHeaders(headers: Headers): Conditions {
  const conditions: Conditions = { s: true };
  const match = headerOf(headers, "if-match");
  if (match !== null) conditions.m = parseEtags(match, "if-match");
  const noneMatch = headerOf(headers, "if-none-match");
  if (noneMatch !== null) conditions.n = parseEtags(noneMatch, "if-none-match");
  // A date that is none counts as long ago, as on Workers.
  const since = headerOf(headers, "if-modified-since");
  if (since !== null) conditions.a = Date.parse(since) || 0;
  const unmodified = headerOf(headers, "if-unmodified-since");
  if (unmodified !== null) conditions.b = Date.parse(unmodified) || 0;
  return conditions;
}

/** onlyIf, as JSON; undefined: nothing is asked. */
export function conditionsOf(onlyIf: unknown, type: string): string | undefined {
  if (onlyIf === undefined || onlyIf === null) return undefined;
  if (!isObject(onlyIf)) wrongField("onlyIf", type, "Conditional or Headers");
  if (isHeaders(onlyIf)) return JSON.stringify(conditionsOfHeaders(onlyIf));
  const fields = onlyIf as Fields;
  return JSON.stringify({
    m: etagField(fields, "etagMatches"),
    n: etagField(fields, "etagDoesNotMatch"),
    b: dateField(fields, "uploadedBefore", "Conditional"),
    a: dateField(fields, "uploadedAfter", "Conditional"),
    s: Boolean(fields.secondsGranularity),
  });
}

// ---- Ranges

export interface Range {
  offset: number | undefined;
  length: number | undefined;
  suffix: number | undefined;
}
const WHOLE: Range = { offset: undefined, length: undefined, suffix: undefined };

function positionField(fields: Fields, name: string, begin: string): number | undefined {
  const value = fields[name];
  if (value === undefined) return undefined;
  const number = Number(value);
  if (number < 0) throw new RangeError(`${begin} (${number}) must be greater than or equal to 0.`);
  if (!Number.isInteger(number)) throw new RangeError(`${begin} (${number}) must be an integer, not floating point.`);
  return number;
}

/** RFC 9110 § 14.1.2: one range of bytes. What is none, or cannot be satisfied, asks for everything: the size says which. */
function rangeOfHeaders(headers: Headers): Range {
  const match = /^bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(headerOf(headers, "range") ?? "");
  if (match === null) return WHOLE;
  const [, first, last] = match;
  if (first === "") return last === "" || Number(last) === 0 ? WHOLE : { ...WHOLE, suffix: Number(last) };
  const offset = Number(first);
  if (last === "") return { ...WHOLE, offset };
  return Number(last) < offset ? WHOLE : { ...WHOLE, offset, length: Number(last) - offset + 1 };
}

/** The range, and whether one that cannot be satisfied asks for everything. */
export function rangeOf(range: unknown): [range: Range, lenient: boolean] {
  if (range === undefined || range === null) return [WHOLE, false];
  if (!isObject(range)) wrongField("range", "GetOptions", "Range or Headers");
  if (isHeaders(range)) return [rangeOfHeaders(range), true];
  const fields = range as Fields;
  const offset = positionField(fields, "offset", "Invalid range. Starting offset");
  const length = positionField(fields, "length", "Invalid range. Length");
  const suffix = positionField(fields, "suffix", "Invalid suffix. Suffix");
  if (suffix !== undefined) {
    if (offset !== undefined) throw new TypeError("Suffix is incompatible with offset.");
    if (length !== undefined) throw new TypeError("Suffix is incompatible with length.");
  }
  return [{ offset, length, suffix }, false];
}

// ---- Keys of encryption and checksums

function octetsOfHex(hex: string): Uint8Array | undefined {
  if (hex.length % 2 !== 0 || !/^[0-9a-fA-F]*$/.test(hex)) return undefined;
  return Uint8Array.from({ length: hex.length / 2 }, (_, index) => parseInt(hex.slice(2 * index, 2 * index + 2), 16));
}

export function ssecKeyOf(value: unknown, type: string): Uint8Array | undefined {
  if (value === undefined) return undefined;
  let key: Uint8Array | undefined;
  if (isBufferSource(value)) {
    key = bytesOfBufferSource(value);
  } else if (typeof value === "string") {
    if (value.length !== 64) throw new Error("SSE-C Key must be 32 bytes in length");
    key = octetsOfHex(value);
    if (key === undefined) throw new Error("SSE-C Key has invalid format");
  } else {
    wrongField("ssecKey", type, "ArrayBuffer or string");
  }
  if (key.length !== 32) throw new Error("SSE-C Key must be 32 bytes in length");
  return key;
}

const HASHES: [field: string, name: string, length: number][] = [
  ["md5", "MD5", 16],
  ["sha1", "SHA-1", 20],
  ["sha256", "SHA-256", 32],
  ["sha384", "SHA-384", 48],
  ["sha512", "SHA-512", 64],
];

/** The checksum that is given, by its place in HashKind (src/bindings/r2/object.h). */
export function checksumOf(fields: Fields): [kind: number, octets: Uint8Array | undefined] {
  let found: [number, Uint8Array | undefined] = [0, undefined];
  for (let kind = 0; kind < HASHES.length; kind++) {
    const [field, name, length] = HASHES[kind]!;
    const value = fields[field];
    if (value === undefined) continue;
    if (found[1] !== undefined) throw new TypeError("You cannot specify multiple hashing algorithms.");
    let octets: Uint8Array | undefined;
    if (isBufferSource(value)) {
      octets = bytesOfBufferSource(value);
      if (octets.length !== length) throw new TypeError(`${name} is ${length} bytes, not ${octets.length}`);
    } else if (typeof value === "string") {
      if (value.length !== 2 * length)
        throw new TypeError(`${name} is ${2 * length} hex characters, not ${value.length}`);
      octets = octetsOfHex(value);
      if (octets === undefined) throw new TypeError(`Provided ${name} wasn't a valid hex string`);
    } else {
      wrongField(field, "PutOptions", "JsBufferSource or string");
    }
    found = [kind, octets];
  }
  return found;
}

// ---- Metadata

/** Field of R2HTTPMetadata, header. */
export const HTTP_FIELDS: [field: string, header: string][] = [
  ["contentType", "content-type"],
  ["contentLanguage", "content-language"],
  ["contentDisposition", "content-disposition"],
  ["contentEncoding", "content-encoding"],
  ["cacheControl", "cache-control"],
];

function httpMetadataOf(value: unknown, type: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) wrongField("httpMetadata", type, "HttpMetadata or Headers");
  const metadata: Fields = {};
  if (isHeaders(value)) {
    for (const [field, header] of HTTP_FIELDS) {
      const text = headerOf(value, header);
      if (text !== null) metadata[field] = text;
    }
    const expires = headerOf(value, "expires");
    if (expires !== null) metadata.cacheExpiry = Date.parse(expires) || 0;
  } else {
    for (const [field] of HTTP_FIELDS) {
      const text = (value as Fields)[field];
      if (text !== undefined) metadata[field] = `${text as string}`;
    }
    const expiry = dateField(value as Fields, "cacheExpiry", "HttpMetadata");
    if (expiry !== undefined) metadata.cacheExpiry = expiry;
  }
  const text = JSON.stringify(metadata);
  return text === "{}" ? undefined : text;
}

const MAX_CUSTOM_METADATA_BYTES = 8192;

function customMetadataOf(value: unknown, type: string, method: string): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "object" || value === null || Array.isArray(value)) wrongField("customMetadata", type, "object");
  const metadata: Record<string, string> = {};
  let size = 0;
  for (const [name, item] of Object.entries(value)) {
    const text = `${item as string}`;
    size += octetsOf(name).length + octetsOf(text).length;
    metadata[name] = text;
  }
  if (size > MAX_CUSTOM_METADATA_BYTES)
    throw new Error(`${method}: Your metadata headers exceed the maximum allowed metadata size. (10012)`);
  const text = JSON.stringify(metadata);
  return text === "{}" ? undefined : text;
}

export interface ObjectOptions {
  http: string | undefined;
  custom: string | undefined;
  storageClass: number;
  ssecKey: Uint8Array | undefined;
}

/** What put and createMultipartUpload have in common. */
export function objectOptionsOf(fields: Fields, type: string, method: string): ObjectOptions {
  return {
    http: httpMetadataOf(fields.httpMetadata, type),
    custom: customMetadataOf(fields.customMetadata, type, method),
    storageClass: storageClassOf(fields.storageClass, method),
    ssecKey: ssecKeyOf(fields.ssecKey, type),
  };
}

function storageClassOf(value: unknown, method: string): number {
  switch (value === undefined || value === null ? "" : `${value as string}`) {
    case "":
    case "Standard":
      return 0;
    case "InfrequentAccess":
      return 1;
    default:
      throw new Error(`${method}: The storage class specified is not valid. (10062)`);
  }
}
