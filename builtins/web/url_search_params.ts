// URL § 5 and § 6.2: the application/x-www-form-urlencoded format and the URLSearchParams class.
// The list is flat (name, value, name, value) and parsed on first use. Invariant: #query is only defined while #list is not.
import { native } from "../native";
import {
  IterationKind,
  badConstructorArgument,
  defineInterface,
  defineIterableAlias,
  definePairIterator,
  missingArgument,
  toUSVString,
} from "./webidl";

const ops = native<{
  /** Percent-decodes and decodes the octets as UTF-8 without BOM, errors to U+FFFD. */
  url_percent_decode(text: string): string;
}>();

function decode(text: string): string {
  if (text.includes("+")) text = text.replaceAll("+", " ");
  if (!text.includes("%")) return text;
  try {
    return decodeURIComponent(text); // right whenever every escape is valid UTF-8
  } catch {
    return ops.url_percent_decode(text);
  }
}

/** § 5.1, the urlencoded parser, for text that is already a USVString. */
export function parseUrlencoded(input: string): string[] {
  const list: string[] = [];
  let start = 0;
  while (start < input.length) {
    let end = input.indexOf("&", start);
    if (end < 0) end = input.length;
    if (end > start) {
      const equals = input.indexOf("=", start);
      if (equals < 0 || equals >= end) list.push(decode(input.slice(start, end)), "");
      else list.push(decode(input.slice(start, equals)), decode(input.slice(equals + 1, end)));
    }
    start = end + 1;
  }
  return list;
}

// What encodeURIComponent leaves alone and the urlencoded percent-encode set does not, and the other way round for a space.
const differs = /%20|[!'()~]/g;
function encode(text: string): string {
  return encodeURIComponent(text).replace(differs, (found) =>
    found === "%20" ? "+" : `%${found.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** § 5.2, the urlencoded serialiser, of a flat list of USVStrings. */
export function serializeUrlencoded(list: readonly string[]): string {
  let output = "";
  for (let i = 0; i < list.length; i += 2) {
    output += `${i === 0 ? "" : "&"}${encode(list[i]!)}=${encode(list[i + 1]!)}`;
  }
  return output;
}

function listFromSequence(sequence: Iterable<unknown>): string[] {
  const list: string[] = [];
  for (const pair of sequence) {
    if (
      pair === null ||
      typeof pair !== "object" ||
      typeof (pair as Iterable<unknown>)[Symbol.iterator] !== "function"
    ) {
      throw new TypeError("Incorrect type: the provided value is not of type 'Sequence'.");
    }
    const [...both] = pair as Iterable<unknown>;
    if (both.length !== 2) throw new TypeError("Invalid URL search params sequence.");
    list.push(toUSVString(both[0]), toUSVString(both[1]));
  }
  return list;
}

function listFromRecord(record: Record<string, unknown>): string[] {
  const list: string[] = [];
  for (const key of Reflect.ownKeys(record)) {
    if (!Object.getOwnPropertyDescriptor(record, key)?.enumerable) continue;
    const name = toUSVString(key);
    const value = toUSVString(record[key as string]);
    // Two keys can become one name; the later value wins, in the first one's place (a record has no duplicates).
    const known = name === key ? -1 : indexOfName(list, name, 0);
    if (known >= 0) list[known + 1] = value;
    else list.push(name, value);
  }
  return list;
}

function indexOfName(list: readonly string[], name: string, from: number): number {
  for (let i = from; i < list.length; i += 2) if (list[i] === name) return i;
  return -1;
}

let listOf: (params: URLSearchParams) => string[];
/** The URL's door: parameters of a query ("?a=b" or ""), which report each change of theirs. */
export let attachToURL: (search: string, update: (query: string) => void) => URLSearchParams;
/** The URL's door: its query was set to another. */
export let replaceQuery: (params: URLSearchParams, search: string) => void;

export class URLSearchParams {
  static {
    listOf = (params) => params.#parsed();
    attachToURL = (search, update) => {
      const params = new URLSearchParams(search);
      params.#update = update;
      return params;
    };
    replaceQuery = (params, search) => {
      params.#list = undefined;
      params.#query = search;
    };
  }

  #list: string[] | undefined = undefined;
  #query = ""; // with or without its leading "?"
  #update: ((query: string) => void) | undefined = undefined;

  constructor(init: unknown = "") {
    if (typeof init === "string") {
      this.#query = toUSVString(init);
    } else if (init !== null && (typeof init === "object" || typeof init === "function")) {
      const method = (init as Iterable<unknown>)[Symbol.iterator];
      if (method === undefined || method === null) this.#list = listFromRecord(init as Record<string, unknown>);
      else if (typeof method === "function") this.#list = listFromSequence(init as Iterable<unknown>);
      else badConstructorArgument("URLSearchParams", 1, "Sequence or object or USVString");
    } else {
      this.#query = toUSVString(init);
    }
  }

  #parsed(): string[] {
    const list = this.#list;
    if (list !== undefined) return list;
    const query = this.#query;
    this.#query = "";
    return (this.#list = parseUrlencoded(query.charCodeAt(0) === 0x3f ? query.slice(1) : query));
  }

  #changed(): void {
    if (this.#update !== undefined) this.#update(serializeUrlencoded(this.#parsed()));
  }

  get size(): number {
    return this.#parsed().length / 2;
  }

  append(name: string, value: string): void {
    if (arguments.length < 2) missingArgument("append", "URLSearchParams", arguments.length + 1, "USVString");
    this.#parsed().push(toUSVString(name), toUSVString(value));
    this.#changed();
  }

  delete(name: string, value: string | undefined = undefined): void {
    if (arguments.length < 1) missingArgument("delete", "URLSearchParams", 1, "USVString");
    name = toUSVString(name);
    if (value !== undefined) value = toUSVString(value);
    const list = this.#parsed();
    let kept = 0;
    for (let i = 0; i < list.length; i += 2) {
      if (list[i] === name && (value === undefined || list[i + 1] === value)) continue;
      list[kept] = list[i]!;
      list[kept + 1] = list[i + 1]!;
      kept += 2;
    }
    list.length = kept;
    this.#changed();
  }

  get(name: string): string | null {
    if (arguments.length < 1) missingArgument("get", "URLSearchParams", 1, "USVString");
    const list = this.#parsed();
    const index = indexOfName(list, toUSVString(name), 0);
    return index < 0 ? null : list[index + 1]!;
  }

  getAll(name: string): string[] {
    if (arguments.length < 1) missingArgument("getAll", "URLSearchParams", 1, "USVString");
    name = toUSVString(name);
    const list = this.#parsed();
    const values: string[] = [];
    for (let i = indexOfName(list, name, 0); i >= 0; i = indexOfName(list, name, i + 2)) values.push(list[i + 1]!);
    return values;
  }

  has(name: string, value: string | undefined = undefined): boolean {
    if (arguments.length < 1) missingArgument("has", "URLSearchParams", 1, "USVString");
    name = toUSVString(name);
    if (value !== undefined) value = toUSVString(value);
    const list = this.#parsed();
    for (let i = indexOfName(list, name, 0); i >= 0; i = indexOfName(list, name, i + 2)) {
      if (value === undefined || list[i + 1] === value) return true;
    }
    return false;
  }

  // Sets the first pair of that name, removes the others, or appends.
  set(name: string, value: string): void {
    if (arguments.length < 2) missingArgument("set", "URLSearchParams", arguments.length + 1, "USVString");
    name = toUSVString(name);
    value = toUSVString(value);
    const list = this.#parsed();
    const first = indexOfName(list, name, 0);
    if (first < 0) {
      list.push(name, value);
    } else {
      list[first + 1] = value;
      let kept = first + 2;
      for (let i = kept; i < list.length; i += 2) {
        if (list[i] === name) continue;
        list[kept] = list[i]!;
        list[kept + 1] = list[i + 1]!;
        kept += 2;
      }
      list.length = kept;
    }
    this.#changed();
  }

  // By code units of the names, pairs of one name in their order.
  sort(): void {
    const list = this.#parsed();
    const order: number[] = [];
    for (let i = 0; i < list.length; i += 2) order.push(i);
    order.sort((a, b) => (list[a]! < list[b]! ? -1 : list[a]! > list[b]! ? 1 : a - b));
    const sorted: string[] = [];
    for (const i of order) sorted.push(list[i]!, list[i + 1]!);
    this.#list = sorted;
    this.#changed();
  }

  entries(): IterableIterator<[string, string]> {
    this.#parsed();
    return iterate(this, IterationKind.entry) as IterableIterator<[string, string]>;
  }

  keys(): IterableIterator<string> {
    this.#parsed();
    return iterate(this, IterationKind.key) as IterableIterator<string>;
  }

  values(): IterableIterator<string> {
    this.#parsed();
    return iterate(this, IterationKind.value) as IterableIterator<string>;
  }

  forEach(
    callback: (value: string, name: string, params: URLSearchParams) => void,
    thisArg: unknown = undefined,
  ): void {
    if (typeof callback !== "function") missingArgument("forEach", "URLSearchParams", 1, "function");
    for (let i = 0; ; i += 2) {
      const list = this.#parsed();
      if (i >= list.length) return;
      callback.call(thisArg, list[i + 1]!, list[i]!, this);
    }
  }

  toString(): string {
    return serializeUrlencoded(this.#parsed());
  }
}

const iterate = definePairIterator<URLSearchParams, string | [string, string]>("URLSearchParams", (params) =>
  listOf(params),
);
defineInterface(URLSearchParams, "URLSearchParams");
defineIterableAlias(URLSearchParams, "entries");

export interface URLSearchParams {
  [Symbol.iterator](): IterableIterator<[string, string]>;
}
