// R2, https://developers.cloudflare.com/r2/api/workers/workers-api-reference/: class R2Bucket, what env.NAME is for an R2 binding, its objects
// and multipart uploads. Arguments are checked here and in r2_options.ts; src/bindings/r2 stores. A body that is only passed on never
// enters JavaScript. The classes of objects are called HeadResult and GetResult, as on Workers.
import { registerBinding } from "../env";
import { native, type NativeHandle } from "../native";
import { type Blob, blobBytes, blobOfBytes, isBlob } from "../web/blob";
import { Body, setBodySource } from "../web/body";
import { type Headers, isHeaders } from "../web/headers";
import { isBufferSource } from "../web/octets";
import { isReadableStream, type ReadableStream, type Source, sourceOf, streamLength } from "../web/streams";
import { markPlatformClasses } from "../web/structured_clone";
import { defineInterface, missingArgument } from "../web/webidl";
import { checksumOf, conditionsOf, HTTP_FIELDS, objectOptionsOf, rangeOf, ssecKeyOf, wrongField } from "./r2_options";

type Bucket = NativeHandle<"r2_bucket">;
type Answer<T> = T | Promise<T>;
type Value = string | ArrayBuffer | ArrayBufferView | Source;
type Fields = Record<string, unknown>;

/** As src/bindings/r2/ops.cc makes it; of a get, the range and the body follow. */
type RawObject = [
  key: string,
  version: string,
  size: number,
  etag: string,
  uploaded: number,
  storageClass: string,
  ssecKeyMd5: string | undefined,
  httpMetadata: string | undefined,
  customMetadata: string | undefined,
  md5: ArrayBuffer | undefined,
  sha1: ArrayBuffer | undefined,
  sha256: ArrayBuffer | undefined,
  sha384: ArrayBuffer | undefined,
  sha512: ArrayBuffer | undefined,
  parts: number,
  offset?: number,
  length?: number,
  body?: Source,
];

const ops = native<{
  r2_open(name: string): Bucket;
  r2_head(bucket: Bucket, key: string): Answer<RawObject | null>;
  r2_get(
    bucket: Bucket,
    key: string,
    conditions: string | undefined,
    offset: number | undefined,
    length: number | undefined,
    suffix: number | undefined,
    ssecKey: Uint8Array | undefined,
  ): Answer<RawObject | null>;
  r2_put(
    bucket: Bucket,
    key: string,
    value: Value,
    httpMetadata: string | undefined,
    customMetadata: string | undefined,
    storageClass: number,
    conditions: string | undefined,
    hashKind: number,
    hash: Uint8Array | undefined,
    ssecKey: Uint8Array | undefined,
  ): Promise<RawObject | null>;
  r2_delete(bucket: Bucket, keys: string[]): Promise<void>;
  /** The next cursor or null, the prefixes, then the objects. */
  r2_list(
    bucket: Bucket,
    prefix: string,
    delimiter: string,
    startAfter: string,
    cursor: string,
    limit: number,
    withHttpMetadata: boolean,
    withCustomMetadata: boolean,
  ): Answer<[string | null, string[], ...RawObject[]]>;
  r2_create_upload(
    bucket: Bucket,
    key: string,
    httpMetadata: string | undefined,
    customMetadata: string | undefined,
    storageClass: number,
    ssecKey: Uint8Array | undefined,
  ): Promise<string>;
  /** The part's etag. */
  r2_upload_part(
    bucket: Bucket,
    key: string,
    uploadId: string,
    number: number,
    value: Value,
    ssecKey: Uint8Array | undefined,
  ): Promise<string>;
  /** Parts as "NUMBER:ETAG". */
  r2_complete_upload(bucket: Bucket, key: string, uploadId: string, parts: string[]): Promise<RawObject>;
  r2_abort_upload(bucket: Bucket, key: string, uploadId: string): Promise<boolean>;
}>();

const MAX_PARTS = 10_000;
const MAX_LIST_KEYS = 1000;
const VALUE_TYPES = "ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob";

const then = Promise.prototype.then;
const illegal = Symbol("illegal");

const hexOf = (buffer: ArrayBuffer): string =>
  Array.from(new Uint8Array(buffer), (octet) => octet.toString(16).padStart(2, "0")).join("");

/** The answer's promise, through a function. */
function answered<T, R>(answer: Answer<T>, finish: (value: T) => R): Promise<R> {
  return answer instanceof Promise
    ? (then.call(answer, finish as (value: unknown) => unknown) as Promise<R>)
    : Promise.resolve(finish(answer));
}

// ---- Objects

class Checksums {
  declare sha512: ArrayBuffer | undefined;
  declare sha384: ArrayBuffer | undefined;
  declare sha256: ArrayBuffer | undefined;
  declare sha1: ArrayBuffer | undefined;
  declare md5: ArrayBuffer | undefined;

  constructor(raw: RawObject) {
    this.sha512 = raw[13];
    this.sha384 = raw[12];
    this.sha256 = raw[11];
    this.sha1 = raw[10];
    this.md5 = raw[9];
  }

  toJSON(): Record<string, string> {
    const json: Record<string, string> = {};
    for (const name of ["md5", "sha1", "sha256", "sha384", "sha512"] as const) {
      const value = this[name];
      if (value !== undefined) json[name] = hexOf(value);
    }
    return json;
  }
}
defineInterface(Checksums, "Checksums");

interface HttpMetadata {
  contentType?: string;
  contentLanguage?: string;
  contentDisposition?: string;
  contentEncoding?: string;
  cacheControl?: string;
  cacheExpiry?: Date;
}

function parseHttpMetadata(text: string | undefined): HttpMetadata {
  if (text === undefined) return {};
  const metadata = JSON.parse(text) as HttpMetadata;
  if (metadata.cacheExpiry !== undefined) metadata.cacheExpiry = new Date(metadata.cacheExpiry);
  return metadata;
}

/** R2Object. Its fields are properties of its own, as on Workers. */
export class HeadResult {
  declare ssecKeyMd5: string | undefined;
  declare storageClass: string;
  declare range: { offset: number; length: number } | undefined;
  declare customMetadata: Record<string, string>;
  declare httpMetadata: HttpMetadata;
  declare uploaded: Date;
  declare checksums: Checksums;
  declare httpEtag: string;
  declare etag: string;
  declare size: number;
  declare version: string;
  declare key: string;

  constructor(raw: RawObject, key: typeof illegal) {
    if (key !== illegal) throw new TypeError("Illegal constructor");
    this.ssecKeyMd5 = raw[6];
    this.storageClass = raw[5];
    this.range = raw[15] === undefined ? undefined : { offset: raw[15], length: raw[16]! };
    this.customMetadata = raw[8] === undefined ? {} : (JSON.parse(raw[8]) as Record<string, string>);
    this.httpMetadata = parseHttpMetadata(raw[7]);
    this.uploaded = new Date(raw[4]);
    this.checksums = new Checksums(raw);
    this.httpEtag = `"${raw[3]}"`;
    this.etag = raw[3];
    this.size = raw[2];
    this.version = raw[1];
    this.key = raw[0];
  }

  writeHttpMetadata(headers: Headers | undefined = undefined): void {
    if (!isHeaders(headers)) missingArgument("writeHttpMetadata", "HeadResult", 1, "Headers");
    const metadata = this.httpMetadata as Fields;
    for (const [field, header] of HTTP_FIELDS)
      if (metadata[field] !== undefined) headers.set(header, metadata[field] as string);
    const expiry = this.httpMetadata.cacheExpiry;
    if (expiry !== undefined) headers.set("expires", expiry.toUTCString());
  }
}
defineInterface(HeadResult, "HeadResult");

/** The body of a GetResult: Body wants a class of its own. */
class ObjectBody extends Body {
  constructor(source: Source) {
    super();
    setBodySource(this, source);
  }
}

/** R2ObjectBody. */
export class GetResult extends HeadResult {
  readonly #body: ObjectBody;

  constructor(raw: RawObject, key: typeof illegal) {
    super(raw, key);
    this.#body = new ObjectBody(raw[17]!);
  }

  get body(): ReadableStream {
    return this.#body.body!;
  }

  get bodyUsed(): boolean {
    return this.#body.bodyUsed;
  }

  arrayBuffer(): Promise<ArrayBuffer> {
    return this.#body.arrayBuffer();
  }

  bytes(): Promise<Uint8Array> {
    return this.#body.bytes();
  }

  text(): Promise<string> {
    return this.#body.text();
  }

  json(): Promise<unknown> {
    return this.#body.json();
  }

  blob(): Promise<Blob> {
    const type = this.httpMetadata.contentType ?? "";
    return this.#body.bytes().then((bytes) => blobOfBytes(bytes, type));
  }
}
defineInterface(GetResult, "GetResult");

const headResult = (raw: RawObject): HeadResult => new HeadResult(raw, illegal);
const headResultOrNull = (raw: RawObject | null): HeadResult | null => (raw === null ? null : headResult(raw));
const getResult = (raw: RawObject | null): HeadResult | null =>
  raw === null ? null : raw[17] === undefined ? headResult(raw) : new GetResult(raw, illegal);

/** What head and put answer has the range of everything where Workers say so. */
function withWholeRange(raw: RawObject): RawObject {
  raw[15] = 0;
  raw[16] = raw[2];
  return raw;
}

// ---- Arguments

function keyOf(method: string, args: ArrayLike<unknown>, interfaceName = "R2Bucket"): string {
  if (args.length === 0) missingArgument(method, interfaceName, 1, "string");
  const key = args[0];
  return typeof key === "string" ? key : `${key as string}`;
}

function fieldsOf(value: unknown, method: string, index: number, type: string, interfaceName = "R2Bucket"): Fields {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" && typeof value !== "function") missingArgument(method, interfaceName, index, type);
  return value as Fields;
}

/** What may be stored; undefined: of no such type. */
function valueOf(value: unknown): Value | undefined {
  if (typeof value === "string" || isBufferSource(value)) return value;
  if (isBlob(value)) return blobBytes(value);
  if (!isReadableStream(value)) return undefined;
  const length = streamLength(value);
  if (length === undefined)
    throw new TypeError(
      "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)",
    );
  return sourceOf(value, length);
}

/** Promise-returning operations reject. */
function attempt<T>(work: () => Promise<T>): Promise<T> {
  try {
    return work();
  } catch (error) {
    return Promise.reject(error as Error);
  }
}

function listTextOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (value === undefined) return "";
  if (typeof value !== "string") wrongField(name, "ListOptions", "string");
  return value;
}

/** Absent or negative is the most; what is none or too much is R2's to refuse. */
function listLimitOf(value: unknown): number {
  if (value === undefined) return MAX_LIST_KEYS;
  const limit = Math.trunc(Number(value)) || 0;
  return limit < 0 ? MAX_LIST_KEYS : limit;
}

function includesOf(value: unknown): { http: boolean; custom: boolean } {
  const includes = { http: false, custom: false };
  if (value === undefined) return includes;
  if (!Array.isArray(value)) wrongField("include", "ListOptions", "Array");
  for (const item of value as unknown[]) {
    const name = `${item as string}`;
    if (name === "httpMetadata") includes.http = true;
    else if (name === "customMetadata") includes.custom = true;
    else throw new RangeError(`Unsupported include value ${name}`);
  }
  return includes;
}

// ---- Buckets

export class R2Bucket {
  readonly #bucket: Bucket;

  constructor(bucket: Bucket, key: typeof illegal) {
    if (key !== illegal) throw new TypeError("Illegal constructor");
    this.#bucket = bucket;
  }

  // Defaults, so that the functions' length is 0 as on Workers.

  head(_key: unknown = undefined): Promise<HeadResult | null> {
    const bucket = this.#bucket;
    const args = arguments;
    return attempt(() =>
      answered(ops.r2_head(bucket, keyOf("head", args)), (raw) => raw && headResult(withWholeRange(raw))),
    );
  }

  get(_key: unknown = undefined, options: unknown = undefined): Promise<HeadResult | null> {
    const bucket = this.#bucket;
    const args = arguments;
    return attempt(() => {
      const key = keyOf("get", args);
      if (options === undefined)
        return answered(ops.r2_get(bucket, key, undefined, undefined, undefined, undefined, undefined), getResult);
      const fields = fieldsOf(options, "get", 2, "GetOptions");
      const conditions = conditionsOf(fields.onlyIf, "GetOptions");
      const [{ offset, length, suffix }, lenient] = rangeOf(fields.range);
      const ssecKey = ssecKeyOf(fields.ssecKey, "GetOptions");
      const read = (): Promise<HeadResult | null> =>
        answered(ops.r2_get(bucket, key, conditions, offset, length, suffix, ssecKey), getResult);
      if (!lenient) return read();
      // A Range header that cannot be satisfied is ignored.
      return attempt(read).catch((error: unknown) => {
        if (!String((error as Error).message).endsWith("(10039)")) throw error;
        return answered(ops.r2_get(bucket, key, conditions, undefined, undefined, undefined, ssecKey), getResult);
      });
    });
  }

  put(_key: unknown = undefined, value: unknown = undefined, options: unknown = undefined): Promise<HeadResult | null> {
    const bucket = this.#bucket;
    const args = arguments;
    return attempt(() => {
      const key = keyOf("put", args);
      if (args.length < 2) missingArgument("put", "R2Bucket", 2, VALUE_TYPES);
      const fields = fieldsOf(options, "put", 3, "PutOptions");
      const conditions = conditionsOf(fields.onlyIf, "PutOptions");
      const [hashKind, hash] = checksumOf(fields);
      const { http, custom, storageClass, ssecKey } = objectOptionsOf(fields, "PutOptions", "put");
      const stored = value === null || value === undefined ? "" : valueOf(value);
      if (stored === undefined) missingArgument("put", "R2Bucket", 2, VALUE_TYPES);
      return answered(
        ops.r2_put(bucket, key, stored, http, custom, storageClass, conditions, hashKind, hash, ssecKey),
        headResultOrNull,
      );
    });
  }

  createMultipartUpload(_key: unknown = undefined, options: unknown = undefined): Promise<R2MultipartUpload> {
    const bucket = this.#bucket;
    const args = arguments;
    return attempt(() => {
      const key = keyOf("createMultipartUpload", args);
      const fields = fieldsOf(options, "createMultipartUpload", 2, "MultipartOptions");
      const { http, custom, storageClass, ssecKey } = objectOptionsOf(
        fields,
        "MultipartOptions",
        "createMultipartUpload",
      );
      return answered(
        ops.r2_create_upload(bucket, key, http, custom, storageClass, ssecKey),
        (id) => new R2MultipartUpload(bucket, key, id, illegal),
      );
    });
  }

  resumeMultipartUpload(_key: unknown = undefined, uploadId: unknown = undefined): R2MultipartUpload {
    const key = keyOf("resumeMultipartUpload", arguments);
    if (arguments.length < 2) missingArgument("resumeMultipartUpload", "R2Bucket", 2, "string");
    return new R2MultipartUpload(this.#bucket, key, `${uploadId as string}`, illegal);
  }

  delete(keys: unknown = undefined): Promise<void> {
    const bucket = this.#bucket;
    const count = arguments.length;
    return attempt(() => {
      if (count === 0) missingArgument("delete", "R2Bucket", 1, "string or Array");
      return ops.r2_delete(bucket, Array.isArray(keys) ? keys.map((key) => `${key as string}`) : [`${keys as string}`]);
    });
  }

  list(options: unknown = undefined): Promise<object> {
    const bucket = this.#bucket;
    return attempt(() => {
      const fields = fieldsOf(options, "list", 1, "ListOptions");
      const prefix = listTextOf(fields, "prefix");
      const delimiter = listTextOf(fields, "delimiter");
      const startAfter = listTextOf(fields, "startAfter");
      const cursor = listTextOf(fields, "cursor");
      const limit = listLimitOf(fields.limit);
      const { http, custom } = includesOf(fields.include);
      return answered(
        ops.r2_list(bucket, prefix, delimiter, startAfter, cursor, limit, http, custom),
        ([next, prefixes, ...objects]) => ({
          objects: objects.map(headResult),
          truncated: next !== null,
          cursor: next ?? undefined,
          delimitedPrefixes: prefixes,
        }),
      );
    });
  }
}
defineInterface(R2Bucket, "R2Bucket");

// ---- Multipart uploads

function partNumberOf(value: unknown): number {
  const number = Math.trunc(Number(value)) || 0;
  if (number < 1 || number > MAX_PARTS)
    throw new TypeError(`Part number must be between 1 and ${MAX_PARTS} (inclusive). Actual value was: ${number}`);
  return number;
}

function partOf(part: unknown, index: number): string {
  if ((typeof part !== "object" && typeof part !== "function") || part === null)
    throw new TypeError(`Incorrect type for array element ${index}: the provided value is not of type 'UploadedPart'.`);
  const { partNumber, etag } = part as Fields;
  return `${partNumberOf(partNumber)}:${etag as string}`;
}

export class R2MultipartUpload {
  declare uploadId: string;
  declare key: string;
  readonly #bucket: Bucket;

  constructor(bucket: Bucket, key: string, uploadId: string, secret: typeof illegal) {
    if (secret !== illegal) throw new TypeError("Illegal constructor");
    this.uploadId = uploadId;
    this.key = key;
    this.#bucket = bucket;
  }

  uploadPart(
    _partNumber: unknown = undefined,
    value: unknown = undefined,
    options: unknown = undefined,
  ): Promise<{ partNumber: number; etag: string }> {
    const bucket = this.#bucket;
    const args = arguments;
    return attempt(() => {
      if (args.length === 0) missingArgument("uploadPart", "R2MultipartUpload", 1, "integer");
      const partNumber = partNumberOf(args[0]);
      const part = args.length < 2 ? undefined : valueOf(value);
      if (part === undefined) missingArgument("uploadPart", "R2MultipartUpload", 2, VALUE_TYPES);
      const fields = fieldsOf(options, "uploadPart", 3, "UploadPartOptions", "R2MultipartUpload");
      const ssecKey = ssecKeyOf(fields.ssecKey, "UploadPartOptions");
      return answered(ops.r2_upload_part(bucket, this.key, this.uploadId, partNumber, part, ssecKey), (etag) => ({
        partNumber,
        etag,
      }));
    });
  }

  abort(): Promise<void> {
    const bucket = this.#bucket;
    return attempt(() => answered(ops.r2_abort_upload(bucket, this.key, this.uploadId), () => undefined));
  }

  complete(parts: unknown = undefined): Promise<HeadResult> {
    const bucket = this.#bucket;
    return attempt(() => {
      if (!Array.isArray(parts)) missingArgument("complete", "R2MultipartUpload", 1, "Array");
      return answered(
        ops.r2_complete_upload(bucket, this.key, this.uploadId, (parts as unknown[]).map(partOf)),
        headResult,
      );
    });
  }
}
defineInterface(R2MultipartUpload, "R2MultipartUpload");
markPlatformClasses([R2Bucket, HeadResult, GetResult, Checksums, R2MultipartUpload]);

registerBinding("r2", ({ bucket }) => new R2Bucket(ops.r2_open(bucket as string), illegal));
