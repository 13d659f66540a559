// Fetch § 5.4, the Request class, with what Workers add (cf, fetcher) and leave out (mode, credentials, referrer, ...).
// A request that came in costs one object: its URL, headers, cf and body stay as C++ gave them until a worker looks at them.
// Invariant: #url is serialised once #isUrlParsed; #headers, once made, replaces #block.
import { AbortController, type AbortSignal, isAbortSignal } from "./abort";
import {
  Body,
  type OutboundBody,
  cloneBody,
  contentTypeReaders,
  hasBody,
  moveBody,
  requireUnusedBody,
  setBody,
  setBodySource,
  takeBody,
} from "./body";
import {
  Headers,
  type HeadersInit,
  cloneHeaders,
  copyHeaders,
  headerBlock,
  headerLines,
  headerOf,
  headersFromBlock,
  setHeaderDefault,
} from "./headers";
import type { Source } from "./streams";
import { parseURL } from "./url";
import { badConstructorArgument, defineInterface, toDOMString, toUSVString } from "./webidl";

export type RequestRedirect = "follow" | "manual";
export type RequestCache = "no-store" | "no-cache" | "reload";

export interface RequestInit {
  method?: string;
  headers?: HeadersInit;
  body?: unknown;
  redirect?: string;
  fetcher?: object | null;
  signal?: AbortSignal | null;
  cf?: object;
  cache?: string;
  integrity?: string;
  keepalive?: boolean;
}

const methods = new Set(
  (
    "GET HEAD POST PUT DELETE PATCH PURGE OPTIONS TRACE COPY LOCK MKCOL MOVE PROPFIND PROPPATCH SEARCH UNLOCK ACL REPORT MKACTIVITY " +
    "CHECKOUT MERGE MSEARCH NOTIFY SUBSCRIBE UNSUBSCRIBE QUERY BAN"
  ).split(" "),
);

/** What compatibility flags decide. */
export const requestCompatibility = { hasCache: true, hasNoCache: true, upperCasesAllMethods: true };

/** Fetch § 4.1, "normalize": those that are always in upper case. */
const normalizedMethods = new Set(["DELETE", "GET", "HEAD", "OPTIONS", "POST", "PUT"]);

/** Workers know a list of methods, in any case. */
function normalizeMethod(value: unknown): string {
  const text = toDOMString(value);
  if (methods.has(text)) return text;
  const upper = text.toUpperCase();
  const isKnown = requestCompatibility.upperCasesAllMethods ? methods.has(upper) : normalizedMethods.has(upper);
  if (!isKnown) throw new TypeError(`Invalid HTTP method string: ${text}`);
  return upper;
}

function toRedirect(value: unknown): RequestRedirect {
  const text = toDOMString(value);
  if (text === "follow" || text === "manual") return text;
  throw new TypeError(
    'Invalid redirect value, must be one of "follow" or "manual" ("error" won\'t be implemented since it does not make sense at the edge; use "manual" and check the response status code).',
  );
}

function toCache(value: unknown): RequestCache {
  if (!requestCompatibility.hasCache)
    throw new Error("The 'cache' field on 'RequestInitializerDict' is not implemented.");
  const text = toDOMString(value);
  if (text === "no-store" || (text === "no-cache" && requestCompatibility.hasNoCache)) return text;
  throw new TypeError(`Unsupported cache mode: ${text}`);
}

/** cf is plain data: a worker's later changes to its own object change no request. */
function copyCf(value: object): object {
  return JSON.parse(JSON.stringify(value)) as object;
}

/** Fetchers (service bindings, Durable Object stubs) say here how one is told from other objects. */
export const fetcherTests: ((value: object) => boolean)[] = [];

/** Says to the constructor to leave everything as it is. Never leaves this module. */
const empty: unique symbol = Symbol("empty");

/**
 * The request of an event. `block` is "name\0value\0..." with lower-cased names, as text; `url` is absolute and need not be serialised;
 * `body` is undefined when there is none.
 */
export let requestFromNative: (
  method: string,
  url: string,
  block: string,
  body: Source | undefined,
  cf: object | (() => object | undefined) | undefined,
) => Request;
export let isRequest: (value: unknown) => value is Request;
/** For fetch and stubs. The signal that the request was made with; undefined when there is none to listen to. */
export let requestSignal: (request: Request) => AbortSignal | undefined;
/** The signal that tells that the request's client went away. */
export let setClientSignal: (request: Request, make: () => AbortSignal) => void;
export let setRequestSignal: (request: Request, signal: AbortSignal) => void;
export let requestHeaderLines: (request: Request) => string;
export let requestHeaderBlock: (request: Request) => string;
export let requestFetcher: (request: Request) => object | null;

export class Request extends Body {
  static {
    requestFromNative = (method, url, block, body, cf) => {
      const request = new Request(empty);
      request.#method = method;
      request.#url = url;
      request.#isUrlParsed = false;
      request.#block = block;
      request.#redirect = "manual";
      request.#cf = cf;
      if (body !== undefined) setBodySource(request, body);
      return request;
    };
    isRequest = (value): value is Request => typeof value === "object" && value !== null && #method in value;
    requestSignal = (request) => request.#signal;
    setClientSignal = (request, make) => {
      request.#clientSignal = make;
    };
    setRequestSignal = (request, signal) => {
      request.#signal = signal;
    };
    requestHeaderLines = (request) => {
      const lines = headerLines(request.headers);
      // Fetch § 4.6, step 8.15 and 8.16: who wants nothing from a cache says so.
      if (request.#cache === undefined || headerOf(request.headers, "cache-control") !== null) return lines;
      const pragma = headerOf(request.headers, "pragma") === null ? "pragma: no-cache\r\n" : "";
      return `${lines}cache-control: no-cache\r\n${pragma}`;
    };
    requestHeaderBlock = (request) => (request.#headers === undefined ? request.#block : headerBlock(request.#headers));
    requestFetcher = (request) => request.#fetcher;
    contentTypeReaders.push((body) => (#method in body ? headerOf(body.headers, "content-type") : undefined));
  }

  #method = "GET";
  #url = "";
  #isUrlParsed = true;
  #headers: Headers | undefined = undefined;
  #block = "";
  #redirect: RequestRedirect = "follow";
  #signal: AbortSignal | undefined = undefined;
  /** Makes the signal of a request that came in, when it is asked for. */
  #clientSignal: (() => AbortSignal) | undefined = undefined;
  #cf: object | (() => object | undefined) | undefined = undefined;
  #cache: RequestCache | undefined = undefined;
  #fetcher: object | null = null;

  constructor(input: string | { toString(): string } | Request, init?: RequestInit | Request | null);
  /** @internal */
  constructor(input: typeof empty);
  constructor(input: unknown, init: unknown = undefined) {
    super();
    if (input === empty) return;
    if (arguments.length === 0) badConstructorArgument("Request", 1, "Request or string");
    if (init !== undefined && init !== null && typeof init !== "object" && typeof init !== "function") {
      badConstructorArgument("Request", 2, "RequestInitializerDict or Request");
    }
    let from: Request | undefined; // whose body this one takes, unless init has one
    if (isRequest(input)) {
      from = input;
      this.#copyFrom(input);
    } else {
      const text = toUSVString(input);
      const url = parseURL(text);
      if (url === undefined) throw new TypeError(`Invalid URL: ${text}`);
      this.#url = url;
      this.#headers = new Headers();
    }
    if (init !== undefined && init !== null) {
      if (isRequest(init)) {
        const { url } = this;
        from = init;
        this.#copyFrom(init);
        this.#url = url;
        this.#isUrlParsed = true;
      } else if (this.#initialize(init as RequestInit)) {
        return;
      }
    }
    if (from !== undefined && hasBody(from)) this.#takeBodyOf(from);
  }

  #copyFrom(request: Request): void {
    this.#method = request.#method;
    this.#url = request.url;
    this.#headers = copyHeaders(request.headers);
    this.#redirect = request.#redirect;
    this.#signal = request.#signal;
    this.#cf = typeof request.#cf === "object" ? copyCf(request.#cf) : request.#cf;
    this.#cache = request.#cache;
    this.#fetcher = request.#fetcher;
  }

  #takeBodyOf(request: Request): void {
    if (request.bodyUsed) throw new TypeError("Cannot reconstruct a Request with a used body.");
    requireUnusedBody(request);
    this.#requireMethodWithBody();
    moveBody(request, this);
  }

  #requireMethodWithBody(): void {
    if (this.#method === "GET" || this.#method === "HEAD") {
      throw new TypeError("Request with a GET or HEAD method cannot have a body.");
    }
  }

  /** § 5.4 constructor, the steps over init. Answers whether init had a body. */
  #initialize(init: RequestInit): boolean {
    const { method, headers, body, redirect, fetcher, signal, cf, cache, integrity } = init;
    if (method !== undefined) this.#method = normalizeMethod(method);
    if (headers !== undefined) {
      if (headers === null || typeof headers !== "object") {
        throw new TypeError(
          "Incorrect type for the 'headers' field on 'RequestInitializerDict': the provided value is not of type 'Headers or Sequence or object'.",
        );
      }
      this.#headers = new Headers(headers);
    }
    if (redirect !== undefined) this.#redirect = toRedirect(redirect);
    if (fetcher !== undefined && fetcher !== null) {
      if (!fetcherTests.some((test) => test(fetcher))) {
        throw new TypeError(
          "Incorrect type for the 'fetcher' field on 'RequestInitializerDict': the provided value is not of type 'Fetcher'.",
        );
      }
      this.#fetcher = fetcher;
    }
    if (signal !== undefined) {
      if (signal !== null && !isAbortSignal(signal)) {
        throw new TypeError(
          "Incorrect type for the 'signal' field on 'RequestInitializerDict': the provided value is not of type 'AbortSignal'.",
        );
      }
      this.#signal = signal ?? undefined;
    }
    if (cf !== undefined && cf !== null) {
      if (typeof cf !== "object" && typeof cf !== "function")
        throw new TypeError(
          "Incorrect type for the 'cf' field on 'RequestInitializerDict': the provided value is not of type 'Object'.",
        );
      this.#cf = copyCf(cf);
    }
    if (cache !== undefined) this.#cache = toCache(cache);
    if (integrity !== undefined && toDOMString(integrity) !== "") {
      throw new TypeError(
        "Subrequest integrity checking is not implemented. The integrity option must be either undefined or an empty string.",
      );
    }
    if (body === undefined) return false;
    if (body === null) return true;
    this.#requireMethodWithBody();
    const type = setBody(this, body);
    if (type !== undefined) setHeaderDefault(this.#headers!, "content-type", type);
    return true;
  }

  get method(): string {
    return this.#method;
  }

  get url(): string {
    if (this.#isUrlParsed) return this.#url;
    this.#isUrlParsed = true;
    return (this.#url = parseURL(this.#url) ?? this.#url);
  }

  get headers(): Headers {
    const headers = this.#headers;
    return headers !== undefined ? headers : (this.#headers = headersFromBlock(this.#block));
  }

  get redirect(): RequestRedirect {
    return this.#redirect;
  }

  get fetcher(): object | null {
    return this.#fetcher;
  }

  get signal(): AbortSignal {
    return (this.#signal ??= this.#clientSignal?.() ?? new AbortController().signal);
  }

  get cf(): object | undefined {
    const cf = this.#cf;
    return typeof cf === "function" ? ((this.#cf = cf()) as object | undefined) : cf;
  }

  get integrity(): string {
    void this.#url; // brand check
    return "";
  }

  get keepalive(): boolean {
    void this.#url;
    return false;
  }

  get cache(): RequestCache | undefined {
    return this.#cache;
  }

  clone(): Request {
    requireUnusedBody(this);
    const copy = new Request(empty);
    copy.#copyFrom(this);
    copy.#headers = cloneHeaders(this.headers);
    cloneBody(this, copy);
    return copy;
  }
}

/** What a request is, for sending it. Takes the body: it is used from then on. */
export interface RequestParts {
  method: string;
  url: string;
  /** "name: value\r\n" for each header; text, to be sent as UTF-8. */
  headerLines: string;
  body: OutboundBody;
}

export function requestParts(request: Request): RequestParts {
  const body = takeBody(request);
  return { method: request.method, url: request.url, headerLines: requestHeaderLines(request), body };
}

defineInterface(Request, "Request");
