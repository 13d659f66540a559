// URL § 6.1, the URL class. The text is parsed by one op, which answers with the serialisation and the offsets of its parts; every
// getter is a slice of that text. The last parse is remembered: `new URL(request.url)` after the request's own parse costs no op.
// Invariant: #href is the serialisation and the offsets belong to it; searchParams, once made, lists exactly what #href's query says.
import { native } from "../native";
import { badConstructorArgument, defineInterface, missingArgument, toUSVString } from "./webidl";
import { URLSearchParams, attachToURL, replaceQuery } from "./url_search_params";

/** What a setter op changes; the numbers are src/web/url.h's. */
const enum Part {
  protocol,
  username,
  password,
  host,
  hostname,
  port,
  pathname,
  search,
  hash,
}

const ops = native<{
  url_parse(input: string, base: string | undefined, offsets: Uint32Array): string | undefined;
  url_set(href: string, part: number, value: string, offsets: Uint32Array): string;
  url_can_parse(input: string, base: string | undefined): boolean;
}>();

const OMITTED = 0xffffffff;

// The op's second result. Made on first use: the start-up snapshot needs no array buffers.
let offsets: Uint32Array | undefined;
// The last text that was parsed without a base, and its serialisation; `offsets` belong to them while lastInput is not undefined.
let lastInput: string | undefined;
let lastHref = "";

/** The basic URL parser, then the serialiser. Undefined is failure. Leaves the offsets in `offsets`. */
function parse(input: string, base: string | undefined): string | undefined {
  if (base === undefined && lastInput !== undefined && (input === lastInput || input === lastHref)) return lastHref;
  lastInput = undefined;
  const href = ops.url_parse(input, base, (offsets ??= new Uint32Array(8)));
  if (href !== undefined && base === undefined) {
    lastInput = input;
    lastHref = href;
  }
  return href;
}

/** For Request: the serialised URL, or undefined. */
export function parseURL(input: string): string | undefined {
  return parse(input, undefined);
}

/** Says to the constructor that `base` is an href whose offsets are in `offsets`. Never leaves this module. */
const parsed = Symbol("parsed");

let urlFromParsed: (href: string) => URL;

export class URL {
  static {
    urlFromParsed = (href) => new URL(parsed, href);
  }

  #href: string;
  // Offsets into #href, in the order of its parts: "https:" | "//user" | ":pass" | "@host" | ":port" | "/path" | "?query" | "#fragment".
  #protocolEnd = 0;
  #usernameEnd = 0;
  #hostStart = 0;
  #hostEnd = 0;
  #pathnameStart = 0;
  #searchStart = -1;
  #hashStart = -1;
  #searchParams: URLSearchParams | undefined = undefined;

  constructor(url: string | URL | typeof parsed, base: string | URL | undefined = undefined) {
    if (url === parsed) {
      this.#href = base as string;
    } else {
      if (arguments.length === 0) badConstructorArgument("URL", 1, "USVString");
      const href = parse(toUSVString(url), base === undefined ? undefined : toUSVString(base));
      if (href === undefined) throw new TypeError("Invalid URL string.");
      this.#href = href;
    }
    this.#takeOffsets();
  }

  #takeOffsets(): void {
    const parts = offsets!;
    this.#protocolEnd = parts[0]!;
    this.#usernameEnd = parts[1]!;
    this.#hostStart = parts[2]!;
    this.#hostEnd = parts[3]!;
    this.#pathnameStart = parts[4]!;
    const search = parts[5]!;
    this.#searchStart = search === OMITTED ? -1 : search;
    const hash = parts[6]!;
    this.#hashStart = hash === OMITTED ? -1 : hash;
  }

  #set(part: Part, value: unknown): void {
    const text = toUSVString(value);
    lastInput = undefined;
    this.#href = ops.url_set(this.#href, part, text, (offsets ??= new Uint32Array(8)));
    this.#takeOffsets();
  }

  static parse(url: string | URL, base: string | URL | undefined = undefined): URL | null {
    if (arguments.length === 0) missingArgument("parse", "URL", 1, "USVString");
    const href = parse(toUSVString(url), base === undefined ? undefined : toUSVString(base));
    return href === undefined ? null : urlFromParsed(href);
  }

  // File API § 8.3: a worker has no place where such a URL would mean something.
  static createObjectURL(): never {
    throw new Error("URL.createObjectURL() is not implemented");
  }

  static revokeObjectURL(): never {
    throw new Error("URL.revokeObjectURL() is not implemented");
  }

  static canParse(url: string | URL, base: string | URL | undefined = undefined): boolean {
    if (arguments.length === 0) missingArgument("canParse", "URL", 1, "USVString");
    return ops.url_can_parse(toUSVString(url), base === undefined ? undefined : toUSVString(base));
  }

  get href(): string {
    return this.#href;
  }
  set href(value: string) {
    const href = parse(toUSVString(value), undefined);
    if (href === undefined) {
      throw new TypeError(
        "Failed to set the 'href' property on 'URL': the provided value is not of type 'valid URL string'.",
      );
    }
    this.#href = href;
    this.#takeOffsets();
    this.#refreshSearchParams();
  }

  // § 4.7: tuple origins for the special schemes but file; a blob URL has the origin of the URL in its path; all others are opaque.
  get origin(): string {
    const href = this.#href;
    switch (href.slice(0, this.#protocolEnd)) {
      case "https:":
      case "http:":
      case "wss:":
      case "ws:":
      case "ftp:":
        return `${href.slice(0, this.#protocolEnd)}//${this.host}`;
      case "blob:": {
        const inner = URL.parse(this.pathname);
        return inner !== null && (inner.protocol === "http:" || inner.protocol === "https:") ? inner.origin : "null";
      }
      default:
        return "null";
    }
  }

  get protocol(): string {
    return this.#href.slice(0, this.#protocolEnd);
  }
  set protocol(value: string) {
    this.#set(Part.protocol, value);
  }

  get username(): string {
    const start = this.#protocolEnd + 2;
    return start < this.#usernameEnd ? this.#href.slice(start, this.#usernameEnd) : "";
  }
  set username(value: string) {
    this.#set(Part.username, value);
  }

  get password(): string {
    return this.#hostStart > this.#usernameEnd ? this.#href.slice(this.#usernameEnd + 1, this.#hostStart) : "";
  }
  set password(value: string) {
    this.#set(Part.password, value);
  }

  // The "@" that ends the credentials belongs to neither them nor the host.
  #hostnameStart(): number {
    const start = this.#hostStart;
    return this.#hostEnd > start && this.#href.charCodeAt(start) === 0x40 ? start + 1 : start;
  }

  get host(): string {
    const start = this.#hostnameStart();
    // With an empty host, what stands before the path can be "/.", which is no host.
    return start === this.#hostEnd ? "" : this.#href.slice(start, this.#pathnameStart);
  }
  set host(value: string) {
    this.#set(Part.host, value);
  }

  get hostname(): string {
    return this.#href.slice(this.#hostnameStart(), this.#hostEnd);
  }
  set hostname(value: string) {
    this.#set(Part.hostname, value);
  }

  get port(): string {
    const end = this.#hostEnd;
    return this.#pathnameStart > end + 1 && this.#href.charCodeAt(end) === 0x3a
      ? this.#href.slice(end + 1, this.#pathnameStart)
      : "";
  }
  set port(value: string) {
    this.#set(Part.port, value);
  }

  get pathname(): string {
    const href = this.#href;
    const end = this.#searchStart >= 0 ? this.#searchStart : this.#hashStart >= 0 ? this.#hashStart : href.length;
    return href.slice(this.#pathnameStart, end);
  }
  set pathname(value: string) {
    this.#set(Part.pathname, value);
  }

  #queryEnd(): number {
    return this.#hashStart >= 0 ? this.#hashStart : this.#href.length;
  }

  get search(): string {
    const start = this.#searchStart;
    if (start < 0) return "";
    const end = this.#queryEnd();
    return end - start <= 1 ? "" : this.#href.slice(start, end);
  }
  set search(value: string) {
    this.#set(Part.search, value);
    this.#refreshSearchParams();
  }

  get searchParams(): URLSearchParams {
    const known = this.#searchParams;
    if (known !== undefined) return known;
    return (this.#searchParams = attachToURL(this.search, (query) => this.#replaceQuery(query)));
  }

  #refreshSearchParams(): void {
    if (this.#searchParams !== undefined) replaceQuery(this.#searchParams, this.search);
  }

  // § 6.2 update steps: the list's serialisation becomes the query; all its characters are legal there, so it is spliced in.
  #replaceQuery(query: string): void {
    const href = this.#href;
    if (href.charCodeAt(this.#pathnameStart) !== 0x2f) return this.#set(Part.search, query); // an opaque path has rules of its own
    const hash = this.#hashStart >= 0 ? href.slice(this.#hashStart) : "";
    const start = this.#searchStart >= 0 ? this.#searchStart : this.#queryEnd();
    const head = query === "" ? href.slice(0, start) : `${href.slice(0, start)}?${query}`;
    this.#searchStart = query === "" ? -1 : start;
    this.#hashStart = hash === "" ? -1 : head.length;
    this.#href = head + hash;
  }

  get hash(): string {
    const start = this.#hashStart;
    return start < 0 || this.#href.length - start <= 1 ? "" : this.#href.slice(start);
  }
  set hash(value: string) {
    this.#set(Part.hash, value);
  }

  toJSON(): string {
    return this.#href;
  }

  toString(): string {
    return this.#href;
  }
}

defineInterface(URL, "URL");
