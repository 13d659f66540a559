// Service Workers § 5.4 and § 5.5, Cache and CacheStorage, as Workers have them: match, put, delete, over a store on disk that all shards
// share (src/bindings/cache). What may be stored and what of it is given is cache_policy.ts.
// A stored head is "status\0statusText\0name\0value\0..."; bodies never enter the JavaScript heap.
import { type NativeHandle, native } from "../native";
import { type OutboundBody } from "./body";
import { type ByteRange, dropsCookies, isNotModified, lifetimeMs, parseDirectives, rangesOf } from "./cache_policy";
import { crypto } from "./crypto";
import { headersFromBlock, headerOf } from "./headers";
import { octetsOf } from "./octets";
import { isRequest, Request } from "./request";
import {
  isResponse,
  responseBody,
  responseFromNative,
  responseStatus,
  responseStatusText,
  responseWebSocket,
  type Response,
} from "./response";
import { ReadableStream, type Source, sourceOf, streamFromSource } from "./streams";
import { countSubrequest } from "./subrequests";
import { defineInterface, missingArgument, toDOMString } from "./webidl";

type Entry = NativeHandle<"cache_entry">;
type Found = [entry: Entry, head: string, stored_ms: number, length: number];

const ops = native<{
  cache_find(cache: string, url: string): Promise<Found | undefined> | Found | undefined;
  cache_body(entry: Entry, offset: number, length: number): Source;
  cache_put(cache: string, url: string, head: string, lifetime_ms: number, body: Source | undefined): Promise<void>;
  cache_delete(cache: string, url: string): Promise<boolean>;
  source_from_bytes(bytes: Uint8Array): Source;
  source_length(source: Source): number | undefined;
}>();

const internal = Symbol("internal");

interface CacheQueryOptions {
  ignoreMethod?: unknown;
}

function notImplemented(className: string, method: string): Promise<never> {
  return Promise.reject(new Error(`Failed to execute '${method}' on '${className}': the method is not implemented.`));
}

/** The request of an argument. Its constructor checks the URL. */
function toRequest(input: unknown): Request {
  const request = isRequest(input) ? input : new Request(input as string);
  if (!/^https?:/.test(request.url)) throw new TypeError(`Fetch API cannot load: ${request.url}`);
  return request;
}

/** What a response is stored under: the URL without its fragment, or the key that the request's cf names. */
function keyOf(request: Request): string {
  const key = (request.cf as { cacheKey?: unknown } | undefined)?.cacheKey;
  const url = typeof key === "string" ? key : request.url;
  const hash = url.indexOf("#");
  return hash < 0 ? url : url.slice(0, hash);
}

function sourceOfBody(body: OutboundBody): Source | undefined {
  if (body === null) return undefined;
  if (typeof body === "string") return ops.source_from_bytes(octetsOf(body));
  return body instanceof Uint8Array ? ops.source_from_bytes(body) : body;
}

/** The head of a response as it is stored, or undefined when the response must not be. */
function headOf(response: Response): { head: string; lifetime_ms: number } | undefined {
  const { headers } = response;
  const now_ms = Date.now();
  const status = responseStatus(response);
  const lifetime_ms = lifetimeMs(status, (name) => headers.get(name), now_ms);
  if (lifetime_ms === 0) return undefined;
  const withoutCookies = dropsCookies(parseDirectives(headers.get("cache-control")));
  let head = `${status}\0${responseStatusText(response)}\0`;
  for (const [name, value] of headers) {
    if (name === "date" || name === "cf-cache-status" || name === "content-length") continue;
    if (withoutCookies && name === "set-cookie") continue;
    head += `${name}\0${value}\0`;
  }
  return { head: `${head}date\0${new Date(now_ms).toUTCString()}\0`, lifetime_ms };
}

/** What the request gets of what was found. */
function respond(request: Request, [entry, head, stored_ms, length]: Found): Response {
  const [status, statusText, block] = takeHead(head);
  const known = headersFromBlock(block);
  const stored = (name: string): string | null => headerOf(known, name);
  const asked = (name: string): string | null => headerOf(request.headers, name);
  const age = Number(stored("age") ?? 0) + Math.floor((Date.now() - stored_ms) / 1000);
  let headers = `${withoutHeader(block, "age")}age\0${age}\0cf-cache-status\0HIT\0`;
  const isEncoded = stored("content-encoding") !== null; // then its length on the wire is not known
  if (!isEncoded && isNotModified(asked, stored)) headers += `content-length\0${length}\0`;
  if (isNotModified(asked, stored)) return responseFromNative(304, undefined, headers, undefined, "", false);
  const ranges = status === 200 ? rangesOf(asked, stored, length) : undefined;
  if (ranges === null) {
    const block = `cf-cache-status\0HIT\0content-range\0bytes */${length}\0`;
    return responseFromNative(416, undefined, block, undefined, "", false);
  }
  if (ranges !== undefined && ranges.length > 1) return severalRanges(entry, headers, stored, ranges, length);
  const range = ranges?.[0];
  const first = range?.first ?? 0;
  const count = range === undefined ? length : range.last - range.first + 1;
  if (!isEncoded) headers += `content-length\0${count}\0`;
  if (range !== undefined) headers += `content-range\0bytes ${range.first}-${range.last}/${length}\0`;
  const isEmpty = status === 204 || (status >= 300 && status < 400 && count === 0);
  const body = isEmpty ? undefined : ops.cache_body(entry, first, count);
  const text = range === undefined && statusText !== "" ? statusText : undefined;
  return responseFromNative(range === undefined ? status : 206, text, headers, body, "", false);
}

/** RFC 9110 § 14.6: the parts as multipart/byteranges. */
function severalRanges(
  entry: Entry,
  headers: string,
  stored: (name: string) => string | null,
  ranges: readonly ByteRange[],
  length: number,
): Response {
  const boundary = crypto.randomUUID();
  const type = stored("content-type");
  const parts: (Uint8Array | ByteRange)[] = [];
  let size = 0;
  const say = (text: string): void => {
    const octets = octetsOf(text);
    size += octets.byteLength;
    parts.push(octets);
  };
  for (const range of ranges) {
    say(
      `--${boundary}\r\n${type === null ? "" : `Content-Type: ${type}\r\n`}Content-Range: bytes ${range.first}-${range.last}/${length}\r\n\r\n`,
    );
    size += range.last - range.first + 1;
    parts.push(range);
    say("\r\n");
  }
  say(`--${boundary}--\r\n`);
  const chunks = async function* (): AsyncGenerator<Uint8Array> {
    for (const part of parts) {
      if (part instanceof Uint8Array) yield part;
      else
        yield* streamFromSource(
          ops.cache_body(entry, part.first, part.last - part.first + 1),
        ) as AsyncIterable<Uint8Array>;
    }
  };
  const block = `${withoutHeader(headers, "content-type")}content-type\0multipart/byteranges; boundary=${boundary}\0content-length\0${size}\0`;
  return responseFromNative(206, undefined, block, sourceOf(ReadableStream.from(chunks()), size), "", false);
}

function takeHead(head: string): [status: number, statusText: string, block: string] {
  const statusEnd = head.indexOf("\0");
  const textEnd = head.indexOf("\0", statusEnd + 1);
  return [Number(head.slice(0, statusEnd)), head.slice(statusEnd + 1, textEnd), head.slice(textEnd + 1)];
}

function withoutHeader(block: string, name: string): string {
  const parts = block.split("\0");
  let kept = "";
  for (let i = 0; i + 1 < parts.length; i += 2) if (parts[i] !== name) kept += `${parts[i]}\0${parts[i + 1]}\0`;
  return kept;
}

export class Cache {
  readonly #name: string;

  constructor(key?: unknown, name = "") {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#name = name;
  }

  async match(request: Request | string, options?: CacheQueryOptions): Promise<Response | undefined>;
  async match(...args: unknown[]): Promise<Response | undefined> {
    const name = this.#name;
    if (args.length === 0) missingArgument("match", "Cache", 1, "Request or string");
    const request = toRequest(args[0]);
    const options = args[1] as CacheQueryOptions | null | undefined;
    if (request.method !== "GET" && !options?.ignoreMethod) return undefined;
    countSubrequest();
    const found = await ops.cache_find(name, keyOf(request));
    return found === undefined ? undefined : respond(request, found);
  }

  async put(request: Request | string, response: Response): Promise<void>;
  async put(...args: unknown[]): Promise<void> {
    const name = this.#name;
    if (args.length === 0) missingArgument("put", "Cache", 1, "Request or string");
    const request = toRequest(args[0]);
    const response = args[1];
    if (!isResponse(response)) missingArgument("put", "Cache", 2, "Response");
    if (request.method !== "GET") throw new TypeError("Cannot cache response to non-GET request.");
    const status = responseStatus(response);
    if (response.type === "error") throw new TypeError("Cache is unable to store an error response");
    if (status === 206) throw new TypeError("Cannot cache response to a range request (206 Partial Content).");
    if (responseWebSocket(response) !== null) throw new TypeError("Cannot cache a WebSocket upgrade response.");
    if (/(^|,)\s*\*\s*(,|$)/.test(response.headers.get("vary") ?? ""))
      throw new TypeError("Cannot cache response with 'Vary: *' header.");
    const stored = headOf(response);
    const body = sourceOfBody(responseBody(response));
    countSubrequest();
    if (stored === undefined) {
      if (body !== undefined) discard(body);
      return;
    }
    await ops.cache_put(name, keyOf(request), stored.head, stored.lifetime_ms, body);
  }

  async delete(request: Request | string, options?: CacheQueryOptions): Promise<boolean>;
  async delete(...args: unknown[]): Promise<boolean> {
    const name = this.#name;
    if (args.length === 0) missingArgument("delete", "Cache", 1, "Request or string");
    const request = toRequest(args[0]);
    const options = args[1] as CacheQueryOptions | null | undefined;
    if (request.method !== "GET" && !options?.ignoreMethod) return false;
    countSubrequest();
    return ops.cache_delete(name, keyOf(request));
  }

  // Workers have these by name only.
  add(): Promise<never> {
    void this.#name;
    return notImplemented("Cache", "add");
  }
  addAll(): Promise<never> {
    void this.#name;
    return notImplemented("Cache", "addAll");
  }
  matchAll(): Promise<never> {
    void this.#name;
    return notImplemented("Cache", "matchAll");
  }
  keys(): Promise<never> {
    void this.#name;
    return notImplemented("Cache", "keys");
  }
}
defineInterface(Cache, "Cache");

function discard(body: Source): void {
  native<{ source_cancel(source: Source, reason: string): void }>().source_cancel(
    body,
    "The response may not be cached.",
  );
}

export class CacheStorage {
  readonly #default = new Cache(internal);

  constructor(key?: unknown) {
    if (key !== internal) throw new TypeError("Illegal constructor");
  }

  get default(): Cache {
    return this.#default;
  }

  /** The cache of that name; a name is all that it takes to make one. */
  async open(name: string): Promise<Cache>;
  async open(...args: unknown[]): Promise<Cache> {
    void this.#default;
    if (args.length === 0) missingArgument("open", "CacheStorage", 1, "string");
    return new Cache(internal, `open:${toDOMString(args[0])}`);
  }
  delete(): Promise<never> {
    void this.#default;
    return notImplemented("CacheStorage", "delete");
  }
  match(): Promise<never> {
    void this.#default;
    return notImplemented("CacheStorage", "match");
  }
  has(): Promise<never> {
    void this.#default;
    return notImplemented("CacheStorage", "has");
  }
  keys(): Promise<never> {
    void this.#default;
    return notImplemented("CacheStorage", "keys");
  }
}
defineInterface(CacheStorage, "CacheStorage");

export const caches = new CacheStorage(internal);
