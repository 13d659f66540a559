// RFC 9111 as the Cache API of Workers applies it (Workers docs, Runtime APIs, Cache): what may be stored and for how long, and what a
// request gets of a stored response: all of it, 304, 206 or 416.

/** Cache-Control § 5.2: names in lower case; a directive without a value is "". */
export type Directives = Map<string, string>;

export function parseDirectives(header: string | null): Directives {
  const directives: Directives = new Map();
  if (header === null) return directives;
  for (const match of header.matchAll(/([^\s,=]+)(?:\s*=\s*(?:"([^"]*)"|([^\s,]*)))?/g))
    directives.set(match[1]!.toLowerCase(), match[2] ?? match[3] ?? "");
  return directives;
}

function secondsOf(value: string | undefined): number | undefined {
  return value !== undefined && /^\d+$/.test(value) ? Number(value) : undefined;
}

/** § 3: statuses whose responses may be stored here. */
const storableStatuses = new Set([200, 203, 204, 300, 301, 302, 303, 307, 308, 404, 405, 410, 414, 501]);
/** § 4.2.2: of those, the ones for which a lifetime may be guessed. */
const heuristicStatuses = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);

const DAY_MS = 86_400_000;

/** Whether "private=set-cookie" says that the response is shared without its cookies. */
export function dropsCookies(directives: Directives): boolean {
  return directives.get("private")?.toLowerCase() === "set-cookie";
}

/** How long a response may be used from now on; 0: not at all. `get` gives a header's value. */
export function lifetimeMs(status: number, get: (name: string) => string | null, now_ms: number): number {
  const directives = parseDirectives(get("cache-control"));
  const isPrivate = directives.has("private") && !dropsCookies(directives);
  if (!storableStatuses.has(status) || directives.has("no-store") || directives.has("no-cache") || isPrivate) return 0;
  if (get("set-cookie") !== null && !dropsCookies(directives)) return 0;
  if (get("cache-control") === null && /no-cache/i.test(get("pragma") ?? "")) return 0;
  const age_ms = (secondsOf(get("age") ?? undefined) ?? 0) * 1000;
  const fresh_ms = freshnessMs(status, get, directives, now_ms);
  if (fresh_ms === undefined) return 0;
  const stale_ms = (secondsOf(directives.get("stale-while-revalidate")) ?? 0) * 1000;
  return Math.max(0, fresh_ms + stale_ms - age_ms);
}

/** § 4.2.1. */
function freshnessMs(
  status: number,
  get: (name: string) => string | null,
  directives: Directives,
  now_ms: number,
): number | undefined {
  const shared = secondsOf(directives.get("s-maxage"));
  if (shared !== undefined) return shared * 1000;
  const own = secondsOf(directives.get("max-age"));
  if (own !== undefined) return own * 1000;
  const expires = get("expires");
  if (expires !== null) return Math.max(0, (Date.parse(expires) || 0) - now_ms);
  if (!heuristicStatuses.has(status)) return undefined;
  if (directives.has("immutable")) return DAY_MS; // RFC 8246 gives no lifetime
  const modified = Date.parse(get("last-modified") ?? "");
  return Number.isNaN(modified) ? undefined : Math.max(0, (now_ms - modified) / 10);
}

function opaqueTag(tag: string): string {
  const trimmed = tag.trim();
  return trimmed.startsWith("W/") ? trimmed.slice(2) : trimmed;
}

/** RFC 9110 § 13.2.2: whether the one who asks has it already. `stored` gives the response's headers, `asked` the request's. */
export function isNotModified(
  asked: (name: string) => string | null,
  stored: (name: string) => string | null,
): boolean {
  const tags = asked("if-none-match");
  const tag = stored("etag");
  if (tags !== null) {
    if (tag === null) return false;
    return (
      tags.trim() === "*" || (tags.match(/(?:W\/)?"[^"]*"/g) ?? []).some((one) => opaqueTag(one) === opaqueTag(tag))
    );
  }
  const since = Date.parse(asked("if-modified-since") ?? "");
  const modified = Date.parse(stored("last-modified") ?? "");
  return modified <= since; // false where either is not a date
}

/** A part of a body, the last octet included. */
export interface ByteRange {
  first: number;
  last: number;
}

/** More ranges than this, or ranges of more octets than there are, get everything: nobody needs them (RFC 9110 § 17.15). */
const mostRanges = 16;

/** RFC 9110 § 14.1.1: one range; null: one that the body does not have. */
function readRange(text: string, length: number): ByteRange | null {
  const match = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(text);
  if (match === null || (match[1] === "" && match[2] === "")) return null;
  const [first, last] = [match[1]!, match[2]!];
  if (first === "") {
    const count = Math.min(Number(last), length);
    return count === 0 ? null : { first: length - count, last: length - 1 };
  }
  const range = { first: Number(first), last: last === "" ? length - 1 : Math.min(Number(last), length - 1) };
  return range.first > range.last || range.first >= length ? null : range;
}

/** RFC 9110 § 14: the ranges that are asked for; undefined: all of it; null: none that the body has. */
export function rangesOf(
  asked: (name: string) => string | null,
  stored: (name: string) => string | null,
  length: number,
): ByteRange[] | undefined | null {
  const header = asked("range");
  if (header === null) return undefined;
  const condition = asked("if-range");
  if (condition !== null && condition !== stored("etag") && condition !== stored("last-modified")) return undefined;
  const match = /^\s*bytes\s*=(.*)$/i.exec(header);
  if (match === null) return null;
  const asRanges = match[1]!.split(",").map((text) => readRange(text, length));
  const ranges = asRanges.filter((range) => range !== null);
  if (ranges.length === 0) return null;
  const count = ranges.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  return asRanges.length > mostRanges || (ranges.length > 1 && count > length) ? undefined : ranges;
}
