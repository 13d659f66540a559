// The network's end of fetch(): one exchange over src/web/fetch_ops.cc, an ordinary one or a WebSocket handshake.
import { type NativeHandle, native } from "../native";
import { abortReason, type AbortSignal, isAborted, onAbort } from "./abort";
import type { OutboundBody } from "./body";
import type { InboundResponse, OutboundRequest } from "./fetch";
import { headerOf, headersFromBlock } from "./headers";
import { octetsOf } from "./octets";
import type { Source } from "./streams";
import { offersWebSocketCompression, type WebSocket, type WebSocketLink, webSocketFromLink } from "./websocket";

type Call = NativeHandle<"fetch_call">;
type Result = [
  status: number,
  statusText: string,
  headerBlock: string,
  httpVersion: string,
  body: Source | undefined,
  webSocket: WebSocketLink | undefined,
];

const ops = native<{
  fetch_call(): Call;
  fetch_abort(call: Call, reason: string): void;
  fetch_send(
    method: string,
    url: string,
    headerLines: string,
    body: Source | undefined,
    decodes: boolean,
    call: Call | undefined,
  ): Promise<Result>;
  fetch_websocket(
    url: string,
    headerLines: string,
    offersCompression: boolean,
    call: Call | undefined,
  ): Promise<Result>;
  source_from_bytes(bytes: Uint8Array): Source;
}>();

function toSource(body: OutboundBody): Source | undefined {
  if (body === null) return undefined;
  if (typeof body === "string") return ops.source_from_bytes(octetsOf(body));
  return body instanceof Uint8Array ? ops.source_from_bytes(body) : body;
}

/** Where the value of a header begins in the lines, or -1. */
function valueStart(lines: string, name: string): number {
  const mark = `${name}: `;
  if (lines.startsWith(mark)) return mark.length;
  const found = lines.indexOf(`\n${mark}`);
  return found < 0 ? -1 : found + 1 + mark.length;
}

function asksForWebSocket(lines: string): boolean {
  const start = valueStart(lines, "upgrade");
  return start >= 0 && lines.slice(start, lines.indexOf("\r", start)).toLowerCase() === "websocket";
}

function send(request: OutboundRequest, call: Call | undefined): Promise<Result> {
  const { method, url } = request;
  let lines = request.headerLines;
  if (method === "GET" && asksForWebSocket(lines))
    return ops.fetch_websocket(url, lines, offersWebSocketCompression(), call);
  // Fetch § 4.6, step 8.21: what the platform decodes by itself.
  if (valueStart(lines, "accept-encoding") < 0) lines += "accept-encoding: br, gzip\r\n";
  return ops.fetch_send(method, url, lines, toSource(request.body), request.decodes, call);
}

/** The signal ends the exchange, and its reason is what the worker sees. */
async function sendAbortably(request: OutboundRequest, signal: AbortSignal): Promise<Result> {
  const call = ops.fetch_call();
  const forget = onAbort(signal, () => ops.fetch_abort(call, "The operation was aborted"));
  try {
    return await send(request, call);
  } catch (error) {
    throw isAborted(signal) ? abortReason(signal) : error;
  } finally {
    forget();
  }
}

function socketOf(link: WebSocketLink, block: string): WebSocket {
  const headers = headersFromBlock(block);
  return webSocketFromLink(
    link,
    headerOf(headers, "sec-websocket-protocol") ?? "",
    headerOf(headers, "sec-websocket-extensions") ?? "",
  );
}

export async function dispatchToNetwork(request: OutboundRequest): Promise<InboundResponse> {
  const { signal } = request;
  const [status, statusText, headerBlock, , body, link] = await (signal === undefined
    ? send(request, undefined)
    : sendAbortably(request, signal));
  return { status, statusText, headerBlock, body, webSocket: link === undefined ? null : socketOf(link, headerBlock) };
}
