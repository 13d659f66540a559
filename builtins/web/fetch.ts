// Fetch § 4 and § 5.6: fetch(), as far as it concerns a server: no CORS, no cookies, no cache; redirects, aborts, streaming both ways.
// One exchange is a Dispatcher's: the network's is network.ts, a service binding or an object's stub brings its own.
// Invariant: a body that is native on both ends never enters the JavaScript heap.
import { native } from "../native";
import { abortReason, type AbortSignal, isAborted, onAbort } from "./abort";
import { type OutboundBody, setBody } from "./body";
import { parseDataUrl } from "./data_url";
import { headerOf, headersFromBlock } from "./headers";
import { dispatchToNetwork } from "./network";
import { isRequest, Request, requestFetcher, requestParts, requestSignal } from "./request";
import { type Response, responseFromNative } from "./response";
import { errorStream, type Source, streamFromSource } from "./streams";
import { countSubrequest } from "./subrequests";
import { URL } from "./url";
import { missingArgument } from "./webidl";
import type { WebSocket } from "./websocket";

const ops = native<{
  source_cancel(source: Source, reason: string): void;
  source_from_bytes(bytes: Uint8Array): Source;
}>();

/** A request on its way out. */
export interface OutboundRequest {
  method: string;
  url: string;
  /** "name: value\r\n" each, names lower-cased; text, to be sent as UTF-8. */
  headerLines: string;
  /** A source is the dispatcher's to use up; text and octets stay as they are, for a redirect may need them again. */
  body: OutboundBody;
  /** Ends the exchange until the response is there; its body is fetch()'s to abort. The promise then rejects with the reason. */
  readonly signal: AbortSignal | undefined;
  /** Whether gzip and br are taken off the body. */
  readonly decodes: boolean;
}

/** What came back. */
export interface InboundResponse {
  readonly status: number;
  readonly statusText: string;
  /** "name\0value\0..." with lower-cased names. */
  readonly headerBlock: string;
  readonly body: Source | undefined;
  readonly webSocket: WebSocket | null;
}

export type Dispatcher = (request: OutboundRequest) => Promise<InboundResponse>;

/** Kinds of fetchers (service bindings, stubs) say here what dispatches for theirs: for `fetch(url, { fetcher })`. */
export const fetcherDispatchers: ((fetcher: object) => Dispatcher | undefined)[] = [];

/** What compatibility flags decide. */
export const fetchCompatibility = { stripsAuthorization: true };

/** Fetch § 4.4, step 8. */
const REDIRECT_LIMIT = 20;
const BODY_HEADERS = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];

function isRedirectStatus(status: number): boolean {
  return status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
}

function isSource(body: OutboundBody): body is Source {
  return body !== null && typeof body !== "string" && !(body instanceof Uint8Array);
}

function withoutFragment(url: string): string {
  const hash = url.indexOf("#");
  return hash < 0 ? url : url.slice(0, hash);
}

function withoutHeaders(lines: string, names: readonly string[]): string {
  return lines
    .split("\r\n")
    .filter((line) => !names.includes(line.slice(0, line.indexOf(":"))))
    .join("\r\n");
}

/** § 4.4, HTTP-redirect fetch: changes the request to the next one. */
function redirectTo(location: string, request: OutboundRequest, status: number, redirectCount: number): void {
  // 3. to 6.
  const from = new URL(request.url);
  const to = URL.parse(location, from);
  if (to === null || (to.protocol !== "http:" && to.protocol !== "https:")) {
    throw new TypeError("Invalid Location header; unable to follow redirect.");
  }
  // 7. and 8.
  if (redirectCount >= REDIRECT_LIMIT) throw new TypeError(`Too many redirects; the last one leads to ${to.href}.`);
  // 11. A stream cannot be sent again.
  if (status !== 303 && isSource(request.body)) {
    throw new TypeError(
      "A request with a one-time-use body (it was initialized from a stream, not a buffer) encountered a redirect requiring the body to be retransmitted. To avoid this error in the future, construct this request from a buffer-like body initializer.",
    );
  }
  // 12. What becomes a GET loses its body and what describes it.
  const { method } = request;
  if (
    ((status === 301 || status === 302) && method === "POST") ||
    (status === 303 && method !== "GET" && method !== "HEAD")
  ) {
    request.method = "GET";
    request.body = null;
    request.headerLines = withoutHeaders(request.headerLines, BODY_HEADERS);
  }
  // 13. Credentials stay with their origin.
  if (fetchCompatibility.stripsAuthorization && from.origin !== to.origin)
    request.headerLines = withoutHeaders(request.headerLines, ["authorization"]);
  request.url = withoutFragment(to.href);
}

async function run(dispatcher: Dispatcher, request: OutboundRequest, follows: boolean): Promise<Response> {
  for (let redirectCount = 0; ; redirectCount++) {
    countSubrequest();
    const response = await dispatcher(request);
    const { status, body } = response;
    if (follows && isRedirectStatus(status)) {
      const location = headerOf(headersFromBlock(response.headerBlock), "location");
      if (location !== null) {
        if (body !== undefined) ops.source_cancel(body, "The redirect is followed.");
        redirectTo(location, request, status, redirectCount);
        continue;
      }
    }
    return makeResponse(response, request, redirectCount > 0);
  }
}

function makeResponse(inbound: InboundResponse, request: OutboundRequest, redirected: boolean): Response {
  const { body, webSocket } = inbound;
  const { signal } = request;
  // § 5.6, step 11: an abort after the response errors its body, with the signal's reason.
  const isAbortable = signal !== undefined && body !== undefined;
  const response = responseFromNative(
    inbound.status,
    inbound.statusText,
    inbound.headerBlock,
    isAbortable ? undefined : body,
    request.url,
    redirected,
    webSocket,
  );
  if (isAbortable) {
    const stream = streamFromSource(body);
    onAbort(signal, (reason) => errorStream(stream, reason));
    setBody(response, stream);
  }
  return response;
}

/** § 4.2, scheme fetch, "data". */
function fetchData(url: string): Response {
  const data = parseDataUrl(withoutFragment(url));
  if (data === undefined) throw new TypeError(`Invalid data: URL: ${url}`);
  const body = ops.source_from_bytes(data.body);
  return responseFromNative(200, "OK", `content-type\0${data.type}\0`, body, url, false);
}

/** fetch() through any dispatcher; the arguments are the worker's. */
export function fetchThrough(dispatcher: Dispatcher, input: unknown, init: unknown): Promise<Response> {
  try {
    // 2. The constructor does the checks. A Request without an init is used as it is.
    const request =
      isRequest(input) && (init === undefined || init === null) ? input : new Request(input as string, init as object);
    // 4.
    const signal = requestSignal(request);
    if (signal !== undefined && isAborted(signal)) return Promise.reject(abortReason(signal));
    const { url } = request;
    if (url.startsWith("data:")) return Promise.resolve(fetchData(url));
    if (!url.startsWith("http:") && !url.startsWith("https:")) throw new TypeError(`Fetch API cannot load: ${url}`);
    const fetcher = requestFetcher(request);
    const parts = requestParts(request);
    const outbound: OutboundRequest = {
      method: parts.method,
      url: withoutFragment(url),
      headerLines: parts.headerLines,
      body: parts.body,
      signal,
      decodes: (init as { encodeResponseBody?: unknown } | null | undefined)?.encodeResponseBody !== "manual",
    };
    return run(fetcher === null ? dispatcher : dispatcherOf(fetcher), outbound, request.redirect === "follow");
  } catch (error) {
    return Promise.reject(error);
  }
}

function dispatcherOf(fetcher: object): Dispatcher {
  for (const find of fetcherDispatchers) {
    const dispatcher = find(fetcher);
    if (dispatcher !== undefined) return dispatcher;
  }
  throw new TypeError("The request's fetcher cannot fetch.");
}

export function fetch(input: unknown, init: unknown = undefined): Promise<Response> {
  if (arguments.length === 0) {
    try {
      missingArgument("fetch", "ServiceWorkerGlobalScope", 1, "Request or string");
    } catch (error) {
      return Promise.reject(error);
    }
  }
  return fetchThrough(dispatchToNetwork, input, init);
}
