// Fetch § 5.1, the Headers class. Names are kept lower-cased and in insertion order; sorting and combining happen on iteration only,
// because a response is written far more often than it is iterated. A header block from the network stays one string until
// something in it is wanted. Values are text: as on Workers they travel as UTF-8, so any code unit but NUL, CR and LF is allowed.
// Invariant: exactly one of #block and #list holds the headers; #sorted, when defined, says the same as #list.
import {
  IterationKind,
  badConstructorArgument,
  defineInterface,
  defineIterableAlias,
  definePairIterator,
  missingArgument,
  toDOMString,
} from "./webidl";

// Every spelling of a name that was seen lately, with its lower-cased form: one look-up instead of validating and lower-casing.
const lowerCased = new Map<string, string>();
const LOWER_CASED_LIMIT = 512;
const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

for (const name of [
  ...["Accept", "Accept-Encoding", "Accept-Language", "Access-Control-Allow-Headers", "Access-Control-Allow-Methods"],
  ...[
    "Access-Control-Allow-Origin",
    "Access-Control-Max-Age",
    "Age",
    "Authorization",
    "Cache-Control",
    "CF-Connecting-IP",
    "CF-Ray",
  ],
  ...[
    "Connection",
    "Content-Disposition",
    "Content-Encoding",
    "Content-Language",
    "Content-Length",
    "Content-Range",
    "Content-Type",
  ],
  ...[
    "Content-Security-Policy",
    "Cookie",
    "Date",
    "ETag",
    "Expires",
    "Host",
    "If-Modified-Since",
    "If-None-Match",
    "Last-Modified",
  ],
  ...[
    "Link",
    "Location",
    "Origin",
    "Range",
    "Referer",
    "Set-Cookie",
    "Transfer-Encoding",
    "Upgrade",
    "User-Agent",
    "Vary",
  ],
  ...[
    "X-Content-Type-Options",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "X-Frame-Options",
    "X-Powered-By",
    "X-Request-Id",
  ],
]) {
  lowerCased.set(name, name.toLowerCase());
  lowerCased.set(name.toLowerCase(), name.toLowerCase());
}

function headerName(name: unknown): string {
  const text = toDOMString(name);
  const known = lowerCased.get(text);
  if (known !== undefined) return known;
  if (!token.test(text)) throw new TypeError("Invalid header name.");
  const lower = text.toLowerCase();
  if (lowerCased.size < LOWER_CASED_LIMIT && text.length <= 64) lowerCased.set(text, lower);
  return lower;
}

const forbidden = /[\0\r\n]/;
function isWhitespace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d;
}

/** Normalize (strip HTTP whitespace at both ends), then validate. */
function headerValue(value: unknown): string {
  let text = toDOMString(value);
  let start = 0;
  let end = text.length;
  while (start < end && isWhitespace(text.charCodeAt(start))) start++;
  while (end > start && isWhitespace(text.charCodeAt(end - 1))) end--;
  if (start > 0 || end < text.length) text = text.slice(start, end);
  if (forbidden.test(text)) throw new TypeError("Invalid header value.");
  return text;
}

// A block is "name\0value\0name\0value\0", names lower-cased by whoever made it.

function parseBlock(block: string): string[] {
  const list: string[] = [];
  for (let start = 0; start < block.length;) {
    const middle = block.indexOf("\0", start);
    const end = block.indexOf("\0", middle + 1);
    list.push(block.slice(start, middle), block.slice(middle + 1, end));
    start = end + 1;
  }
  return list;
}

function findInList(list: readonly string[], name: string): string | null {
  let found: string | null = null;
  for (let i = 0; i < list.length; i += 2) {
    if (list[i] === name) found = found === null ? list[i + 1]! : `${found}, ${list[i + 1]!}`;
  }
  return found;
}

/** § 5.1 sort and combine; set-cookie stays apart. */
function sortAndCombine(list: readonly string[]): string[] {
  const order: number[] = [];
  for (let i = 0; i < list.length; i += 2) order.push(i);
  if (order.length <= INSERTION_SORT_LIMIT) insertionSort(order, list);
  else order.sort((a, b) => (list[a]! < list[b]! ? -1 : list[a]! > list[b]! ? 1 : a - b));
  const sorted: string[] = [];
  let last = "";
  for (const i of order) {
    const name = list[i]!;
    if (name === last && name !== "set-cookie") sorted[sorted.length - 1] += `, ${list[i + 1]!}`;
    else sorted.push(name, list[i + 1]!);
    last = name;
  }
  return sorted;
}

const INSERTION_SORT_LIMIT = 32;
/** What is usual is short and nearly sorted: three times as fast there as Array's sort with a comparator. */
function insertionSort(order: number[], list: readonly string[]): void {
  for (let i = 1; i < order.length; i++) {
    const index = order[i]!;
    const name = list[index]!;
    let at = i;
    for (; at > 0 && list[order[at - 1]!]! > name; at--) order[at] = order[at - 1]!;
    order[at] = index;
  }
}

export type HeadersInit = Headers | Iterable<Iterable<string>> | Record<string, string>;

/** Headers of a block. Immutable ones are those of a request that came in or of a response from fetch. */
export let headersFromBlock: (block: string, immutable?: boolean) => Headers;
/** A copy that may be changed, or one that is as immutable as the original. */
export let copyHeaders: (headers: Headers) => Headers;
export let cloneHeaders: (headers: Headers) => Headers;
/** "name: value\r\n" for each, in insertion order. */
export let headerLines: (headers: Headers) => string;
/** The same as a block: what headersFromBlock takes. */
export let headerBlock: (headers: Headers) => string;
/** One value by its lower-case name, or null. */
export let headerOf: (headers: Headers, name: string) => string | null;
/** Sets a header whose name is lower-cased and whose value is valid, unless there is one of that name. */
export let setHeaderDefault: (headers: Headers, name: string, value: string) => void;
export let freezeHeaders: (headers: Headers) => void;
export let isHeaders: (value: unknown) => value is Headers;
let sortedOf: (headers: Headers) => string[];

export class Headers {
  static {
    headersFromBlock = (block, immutable = true) => {
      const headers = new Headers();
      headers.#list = undefined;
      headers.#block = block;
      headers.#immutable = immutable;
      return headers;
    };
    copyHeaders = (headers) => {
      const copy = new Headers();
      copy.#list = headers.#list?.slice();
      copy.#block = headers.#block;
      return copy;
    };
    cloneHeaders = (headers) => {
      const copy = copyHeaders(headers);
      copy.#immutable = headers.#immutable;
      return copy;
    };
    headerLines = (headers) => {
      const list = headers.#entries();
      let lines = "";
      for (let i = 0; i < list.length; i += 2) lines += `${list[i]!}: ${list[i + 1]!}\r\n`;
      return lines;
    };
    headerBlock = (headers) => {
      if (headers.#block !== undefined) return headers.#block;
      const list = headers.#entries();
      let block = "";
      for (let i = 0; i < list.length; i++) block += `${list[i]!}\0`;
      return block;
    };
    headerOf = (headers, name) => headers.#find(name);
    setHeaderDefault = (headers, name, value) => {
      if (headers.#find(name) !== null) return;
      headers.#entries().push(name, value);
      headers.#sorted = undefined;
    };
    freezeHeaders = (headers) => {
      headers.#immutable = true;
    };
    isHeaders = (value): value is Headers => typeof value === "object" && value !== null && #immutable in value;
    sortedOf = (headers) => (headers.#sorted ??= sortAndCombine(headers.#entries()));
  }

  #list: string[] | undefined = [];
  #block: string | undefined = undefined;
  #sorted: string[] | undefined = undefined;
  // Workers know two of the standard's guards: none (request and response forbid nothing there) and immutable.
  #immutable = false;

  constructor(init: HeadersInit | undefined = undefined) {
    if (init !== undefined) this.#fill(init);
  }

  #fill(init: unknown): void {
    if (isHeaders(init)) {
      this.#block = init.#block;
      this.#list = init.#list?.slice();
      return;
    }
    if (init === null || (typeof init !== "object" && typeof init !== "function")) {
      badConstructorArgument("Headers", 1, "Headers or Sequence or object");
    }
    const list = this.#list!;
    const method = (init as Iterable<unknown>)[Symbol.iterator];
    if (method === undefined || method === null) {
      for (const key of Object.keys(init)) {
        list.push(headerName(key), headerValue((init as Record<string, unknown>)[key]));
      }
      return;
    }
    for (const pair of init as Iterable<unknown>) {
      if (
        pair === null ||
        typeof pair !== "object" ||
        typeof (pair as Iterable<unknown>)[Symbol.iterator] !== "function"
      ) {
        throw new TypeError("Incorrect type: the provided value is not of type 'Sequence'.");
      }
      const both = Array.isArray(pair) ? pair : [...(pair as Iterable<unknown>)];
      if (both.length !== 2) {
        throw new TypeError(
          "To initialize a Headers object from a sequence, each inner sequence must have exactly two elements.",
        );
      }
      list.push(headerName(both[0]), headerValue(both[1]));
    }
  }

  #entries(): string[] {
    const list = this.#list;
    if (list !== undefined) return list;
    const block = this.#block!;
    this.#block = undefined;
    return (this.#list = parseBlock(block));
  }

  #find(name: string): string | null {
    const block = this.#block;
    // Most look-ups are for something that is not there, and need no parsing; a second hit is paid for by the first one's.
    if (block !== undefined && !block.includes(name)) return null;
    return findInList(this.#entries(), name);
  }

  /** The list, to be changed. */
  #change(): string[] {
    if (this.#immutable) throw new TypeError("Can't modify immutable headers.");
    this.#sorted = undefined;
    return this.#entries();
  }

  append(name: string, value: string): void {
    if (arguments.length < 2) missingArgument("append", "Headers", arguments.length + 1, "string");
    const key = headerName(name);
    const normalized = headerValue(value);
    this.#change().push(key, normalized);
  }

  delete(name: string): void {
    if (arguments.length < 1) missingArgument("delete", "Headers", 1, "string");
    removeFrom(this.#change(), headerName(name), 0);
  }

  get(name: string): string | null {
    if (arguments.length < 1) missingArgument("get", "Headers", 1, "string");
    return this.#find(headerName(name));
  }

  // Workers' own, older than getSetCookie.
  getAll(name: string): string[] {
    if (arguments.length < 1) missingArgument("getAll", "Headers", 1, "string");
    if (headerName(name) !== "set-cookie") {
      throw new TypeError('getAll() can only be used with the header name "Set-Cookie".');
    }
    return this.#cookies();
  }

  getSetCookie(): string[] {
    return this.#cookies();
  }

  #cookies(): string[] {
    const list = this.#entries();
    const values: string[] = [];
    for (let i = 0; i < list.length; i += 2) if (list[i] === "set-cookie") values.push(list[i + 1]!);
    return values;
  }

  has(name: string): boolean {
    if (arguments.length < 1) missingArgument("has", "Headers", 1, "string");
    return this.#find(headerName(name)) !== null;
  }

  // The first of that name takes the value and the others go, or it is appended.
  set(name: string, value: string): void {
    if (arguments.length < 2) missingArgument("set", "Headers", arguments.length + 1, "string");
    const key = headerName(name);
    const normalized = headerValue(value);
    const list = this.#change();
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === key) {
        list[i + 1] = normalized;
        removeFrom(list, key, i + 2);
        return;
      }
    }
    list.push(key, normalized);
  }

  entries(): IterableIterator<[string, string]> {
    this.#entries();
    return iterate(this, IterationKind.entry) as IterableIterator<[string, string]>;
  }

  keys(): IterableIterator<string> {
    this.#entries();
    return iterate(this, IterationKind.key) as IterableIterator<string>;
  }

  values(): IterableIterator<string> {
    this.#entries();
    return iterate(this, IterationKind.value) as IterableIterator<string>;
  }

  forEach(callback: (value: string, name: string, headers: Headers) => void, thisArg: unknown = undefined): void {
    if (typeof callback !== "function") missingArgument("forEach", "Headers", 1, "function");
    for (let i = 0; ; i += 2) {
      const list = sortedOf(this);
      if (i >= list.length) return;
      callback.call(thisArg, list[i + 1]!, list[i]!, this);
    }
  }
}

function removeFrom(list: string[], name: string, from: number): void {
  let kept = from;
  for (let i = from; i < list.length; i += 2) {
    if (list[i] === name) continue;
    list[kept] = list[i]!;
    list[kept + 1] = list[i + 1]!;
    kept += 2;
  }
  list.length = kept;
}

const iterate = definePairIterator<Headers, string | [string, string]>("Headers", (headers) => sortedOf(headers));
defineInterface(Headers, "Headers");
defineIterableAlias(Headers, "entries");

export interface Headers {
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
