// Workers KV, https://developers.cloudflare.com/kv/api/: class KvNamespace, what env.NAME is for a KV binding. Here arguments are checked and
// take their final form; src/bindings/kv stores. Messages are the ones that Workers give, with the status codes of its storage.
import { registerBinding } from "../env";
import { native, type NativeHandle } from "../native";
import { octetsOf } from "../web/octets";
import { isReadableStream, type ReadableStream, type Source, sourceOf, streamFromSource } from "../web/streams";
import { markPlatformClasses } from "../web/structured_clone";
import { defineInterface, missingArgument } from "../web/webidl";

type Space = NativeHandle<"kv_namespace">;
type Answer<T> = T | Promise<T>;

/** What an op makes of a value; as in src/bindings/kv/ops.cc. JSON comes as text. */
const enum ReadType {
  text,
  arrayBuffer,
  stream,
}
type RawValue = string | ArrayBuffer | Source | null;
type RawEntry = [value: RawValue, metadata: string | undefined];

const ops = native<{
  kv_open(id: string): Space;
  kv_get(space: Space, key: string, type: ReadType): Answer<RawValue>;
  kv_get_with_metadata(space: Space, key: string, type: ReadType): Answer<RawEntry>;
  /** value, metadata, value, metadata, ... */
  kv_get_many(space: Space, keys: string[]): Answer<(string | null | undefined)[]>;
  kv_put(
    space: Space,
    key: string,
    value: string | ArrayBuffer | ArrayBufferView,
    expiration: number | undefined,
    metadata: string | undefined,
  ): Promise<void>;
  kv_put_source(
    space: Space,
    key: string,
    value: Source,
    expiration: number | undefined,
    metadata: string | undefined,
  ): Promise<void>;
  kv_delete(space: Space, key: string): Promise<void>;
  /** The next cursor or null, then name, expiration, metadata of each key. */
  kv_list(space: Space, prefix: string, cursor: string, limit: number): Answer<unknown[]>;
}>();

const MAX_KEY_BYTES = 512;
const MAX_METADATA_BYTES = 1024;
const MAX_KEYS_AT_ONCE = 100;
const MAX_LIST_KEYS = 1000;
const MIN_TTL_S = 60;
const MIN_CACHE_TTL_S = 30;

const then = Promise.prototype.then;

function failed(method: string, status: number, message: string): Error {
  return new Error(`KV ${method} failed: ${status} ${message}`);
}

function utf8Length(text: string): number {
  return octetsOf(text).length;
}

/** No text of this many UTF-16 units has more octets than a key may have. */
const SURELY_SHORT = Math.floor(MAX_KEY_BYTES / 3);

function checkKeyText(key: string, method: string): void {
  if (key.length > SURELY_SHORT) {
    const length = utf8Length(key);
    if (length > MAX_KEY_BYTES)
      throw failed(method, 414, `UTF-8 encoded length of ${length} exceeds key length limit of ${MAX_KEY_BYTES}.`);
  }
  if (!key.isWellFormed()) throw failed(method, 400, "Could not URL-decode key name");
}

function keyOf(value: unknown, method: string): string {
  const key = typeof value === "string" ? value : `${value as string}`;
  if (key === "") throw new TypeError("Key name cannot be empty.");
  if (key === "." || key === "..") throw new TypeError(`"${key}" is not allowed as a key name.`);
  checkKeyText(key, method);
  return key;
}

function keysOf(values: unknown[]): string[] {
  if (values.length === 0) throw failed("GET_BULK", 400, "You must request a minimum of 1 key");
  if (values.length > MAX_KEYS_AT_ONCE)
    throw failed("GET_BULK", 400, `You can request a maximum of ${MAX_KEYS_AT_ONCE} keys`);
  const keys: string[] = [];
  for (const value of values) {
    const key = `${value as string}`;
    if (key === "") throw failed("GET_BULK", 400, "Key names must not be empty");
    if (key === "." || key === "..")
      throw failed("GET_BULK", 400, `Illegal key name "${key}". Please use a different name.`);
    checkKeyText(key, "GET_BULK");
    keys.push(key);
  }
  return keys;
}

/** Web IDL § 3.2.4.5 long, but out of range is an error, as on Workers. */
function toLong(value: unknown): number {
  const number = Math.trunc(Number(value));
  if (Number.isNaN(number)) return 0;
  if (number < -2147483648 || number > 2147483647)
    throw new TypeError("Value out of range. Must be between -2147483648 and 2147483647 (inclusive).");
  return number;
}

/** The type of a read's options, which are the type itself or { type, cacheTtl }. */
function readTypeOf(options: unknown, method: string): string {
  if (options === undefined || options === null) return "text";
  if (typeof options !== "object") return `${options as string}`;
  const { cacheTtl, type } = options as { cacheTtl?: unknown; type?: unknown };
  if (cacheTtl !== undefined) {
    // Within one machine reads are never stale; the number is only checked.
    const seconds = toLong(cacheTtl);
    if (seconds < MIN_CACHE_TTL_S)
      throw failed(method, 400, `Invalid cache_ttl of ${seconds}. Cache TTL must be at least ${MIN_CACHE_TTL_S}.`);
  }
  return type === undefined || type === null ? "text" : `${type as string}`;
}

/** How a read of this type is asked for and what is made of the answer. */
interface Reading {
  type: ReadType;
  finish(value: RawValue): unknown;
}
const asIs = (value: RawValue): unknown => value;
const readings: Record<string, Reading> = Object.assign(Object.create(null) as object, {
  text: { type: ReadType.text, finish: asIs },
  json: {
    type: ReadType.text,
    finish: (value: RawValue): unknown => (value === null ? null : JSON.parse(value as string)),
  },
  arrayBuffer: { type: ReadType.arrayBuffer, finish: asIs },
  stream: {
    type: ReadType.stream,
    finish: (value: RawValue): unknown => (value === null ? null : streamFromSource(value as Source)),
  },
});

function readingOf(options: unknown): Reading {
  const reading = readings[readTypeOf(options, "GET")];
  if (reading === undefined)
    throw new TypeError('Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".');
  return reading;
}

const parseMetadata = (metadata: string | undefined): unknown => (metadata === undefined ? null : JSON.parse(metadata));

/** The answer's promise, through a function where it needs one. */
function answered<T>(answer: Answer<T>, finish: (value: T) => unknown): Promise<unknown> {
  return answer instanceof Promise
    ? (then.call(answer, finish as (value: unknown) => unknown) as Promise<unknown>)
    : Promise.resolve(finish(answer));
}

function readMany(space: Space, values: unknown[], options: unknown, withMetadata: boolean): Promise<unknown> {
  const type = readTypeOf(options, "GET_BULK");
  if (type !== "text" && type !== "json")
    throw failed("GET_BULK", 400, `"${type}" is not a valid type. Use "json" or "text"`);
  const keys = [...new Set(keysOf(values))];
  return answered(ops.kv_get_many(space, keys), (flat) => {
    const result = new Map<string, unknown>();
    for (let index = 0; index < keys.length; index++) {
      let value: unknown = flat[2 * index];
      if (value !== null && type === "json") {
        try {
          value = JSON.parse(value as string);
        } catch {
          throw failed("GET_BULK", 400, "At least one of the requested keys corresponds to a non-json value");
        }
      }
      if (withMetadata && flat[2 * index] !== null)
        value = { value, metadata: parseMetadata(flat[2 * index + 1] as string | undefined) };
      result.set(keys[index]!, value);
    }
    return result;
  });
}

interface PutOptions {
  expiration?: unknown;
  expirationTtl?: unknown;
  metadata?: unknown;
}

/** When the entry expires, in seconds of Unix time. A TTL wins over a time. */
function expirationOf({ expiration, expirationTtl }: PutOptions): number | undefined {
  if (expirationTtl !== undefined) {
    const ttl = toLong(expirationTtl);
    if (ttl <= 0) throw failed("PUT", 400, `Invalid expiration_ttl of ${ttl}. Please specify integer greater than 0.`);
    if (ttl < MIN_TTL_S)
      throw failed("PUT", 400, `Invalid expiration_ttl of ${ttl}. Expiration TTL must be at least ${MIN_TTL_S}.`);
    return Math.floor(Date.now() / 1000) + ttl;
  }
  if (expiration === undefined) return undefined;
  const time = toLong(expiration);
  const now = Math.floor(Date.now() / 1000);
  if (time <= now)
    throw failed(
      "PUT",
      400,
      `Invalid expiration of ${time}. Please specify integer greater than the current number of seconds since the UNIX epoch.`,
    );
  if (time < now + MIN_TTL_S)
    throw failed(
      "PUT",
      400,
      `Invalid expiration of ${time}. Expiration times must be at least ${MIN_TTL_S} seconds in the future.`,
    );
  return time;
}

function metadataOf({ metadata }: PutOptions): string | undefined {
  if (metadata === undefined || metadata === null) return undefined;
  const text = JSON.stringify(metadata) as string | undefined;
  if (text === undefined) return undefined;
  if (text.length > MAX_METADATA_BYTES / 3) {
    const length = utf8Length(text);
    if (length > MAX_METADATA_BYTES)
      throw failed("PUT", 413, `Metadata length of ${length} exceeds limit of ${MAX_METADATA_BYTES}.`);
  }
  return text;
}

function optionsOf<T extends object>(value: unknown, method: string, index: number, type: string): T {
  if (value === undefined || value === null) return {} as T;
  if (typeof value !== "object" && typeof value !== "function") missingArgument(method, "KvNamespace", index, type);
  return value as T;
}

/** What may be stored. Other primitives are stored as their text. */
function valueOf(value: unknown): string | ArrayBuffer | ArrayBufferView | ReadableStream {
  if (typeof value === "string") return value;
  if ((typeof value === "object" && value !== null) || typeof value === "function") {
    if (value instanceof ArrayBuffer || ArrayBuffer.isView(value) || isReadableStream(value))
      return value as ArrayBuffer | ArrayBufferView | ReadableStream;
    throw new TypeError(
      "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.",
    );
  }
  return `${value as string}`;
}

interface ListedKey {
  name: string;
  expiration?: number;
  metadata?: unknown;
}

function listResult([cursor, ...flat]: unknown[]): object {
  const keys: ListedKey[] = [];
  for (let index = 0; index < flat.length; index += 3) {
    const key: ListedKey = { name: flat[index] as string };
    const expiration = flat[index + 1];
    if (expiration !== undefined) key.expiration = expiration as number;
    const metadata = flat[index + 2];
    if (metadata !== undefined) key.metadata = JSON.parse(metadata as string);
    keys.push(key);
  }
  return cursor === null
    ? { keys, list_complete: true, cacheStatus: null }
    : { keys, list_complete: false, cursor, cacheStatus: null };
}

export class KvNamespace {
  readonly #space: Space;

  constructor(space: Space) {
    this.#space = space;
  }

  // Promise-returning operations reject. Defaults, so that the functions' length is 0 as on Workers.

  get(key: unknown = undefined, options: unknown = undefined): Promise<unknown> {
    const space = this.#space;
    if (arguments.length === 0) missingArgument("get", "KvNamespace", 1, "string or Array");
    try {
      if (Array.isArray(key)) return readMany(space, key, options, false);
      const name = keyOf(key, "GET");
      if (options === undefined) {
        const value = ops.kv_get(space, name, ReadType.text);
        return value instanceof Promise ? value : Promise.resolve(value);
      }
      const reading = readingOf(options);
      return answered(ops.kv_get(space, name, reading.type), reading.finish);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  list(options: unknown = undefined): Promise<unknown> {
    const space = this.#space;
    try {
      const { prefix, limit, cursor } = optionsOf<{ prefix?: unknown; limit?: unknown; cursor?: unknown }>(
        options,
        "list",
        1,
        "ListOptions",
      );
      const start = prefix === undefined || prefix === null ? "" : `${prefix as string}`;
      checkKeyText(start, "GET");
      let count = limit === undefined ? MAX_LIST_KEYS : toLong(limit);
      if (count > MAX_LIST_KEYS)
        throw failed(
          "GET",
          400,
          `Invalid key_count_limit of ${count}. Please specify an integer less than ${MAX_LIST_KEYS}.`,
        );
      if (count < 1) count = MAX_LIST_KEYS;
      const place = cursor === undefined || cursor === null ? "" : `${cursor as string}`;
      return answered(ops.kv_list(space, start, place, count), listResult);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  put(key: unknown = undefined, value: unknown = undefined, options: unknown = undefined): Promise<void> {
    const space = this.#space;
    try {
      if (arguments.length === 0) missingArgument("put", "KvNamespace", 1, "string");
      if (arguments.length === 1) missingArgument("put", "KvNamespace", 2, "string or JsObject");
      const name = keyOf(key, "PUT");
      const putOptions = optionsOf<PutOptions>(options, "put", 3, "PutOptions");
      const stored = valueOf(value);
      const expiration = expirationOf(putOptions);
      const metadata = metadataOf(putOptions);
      if (typeof stored === "object" && isReadableStream(stored))
        return ops.kv_put_source(space, name, sourceOf(stored), expiration, metadata);
      return ops.kv_put(space, name, stored as string | ArrayBuffer | ArrayBufferView, expiration, metadata);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getWithMetadata(key: unknown = undefined, options: unknown = undefined): Promise<unknown> {
    const space = this.#space;
    if (arguments.length === 0) missingArgument("getWithMetadata", "KvNamespace", 1, "string or Array");
    try {
      if (Array.isArray(key)) return readMany(space, key, options, true);
      const name = keyOf(key, "GET");
      const reading = readingOf(options);
      return answered(ops.kv_get_with_metadata(space, name, reading.type), ([value, metadata]) => ({
        value: reading.finish(value),
        metadata: parseMetadata(metadata),
        cacheStatus: null,
      }));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  delete(key: unknown = undefined): Promise<void> {
    const space = this.#space;
    try {
      if (arguments.length === 0) missingArgument("delete", "KvNamespace", 1, "string");
      return ops.kv_delete(space, keyOf(key, "DELETE"));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}
defineInterface(KvNamespace, "KvNamespace");
markPlatformClasses([KvNamespace]);

registerBinding("kv", ({ id }) => new KvNamespace(ops.kv_open(id as string)));
