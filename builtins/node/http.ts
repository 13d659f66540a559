// node:http: requests by fetch; servers that take the worker's own requests (cloudflare:node).

import { Agent as HttpAgent, ClientRequest, normalizeRequestArguments } from "./internal/http_client";
import { IncomingMessage } from "./internal/http_incoming";
import {
  METHODS,
  OutgoingMessage,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
} from "./internal/http_outgoing";
import { _connectionListener, createServer, Server, ServerResponse } from "./internal/http_server";

type Any = any;
export const Agent = HttpAgent;
export const globalAgent: Any = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 });

export function request(input: Any, options?: Any, callback?: Any): Any {
  const [settings, done] = normalizeRequestArguments(input, options, callback);
  return new (ClientRequest as Any)(
    { _defaultAgent: globalAgent, _defaultProtocol: settings.agent?.protocol ?? "http:", ...settings },
    done,
  );
}
export function get(input: Any, options?: Any, callback?: Any): Any {
  const made = request(input, options, callback);
  made.end();
  return made;
}
export const maxHeaderSize = 16384;
export const setMaxIdleHTTPParsers = (): void => {};
const { CloseEvent, MessageEvent, WebSocket } = globalThis as Any;
export {
  _connectionListener,
  ClientRequest,
  CloseEvent,
  createServer,
  IncomingMessage,
  MessageEvent,
  METHODS,
  OutgoingMessage,
  Server,
  ServerResponse,
  STATUS_CODES,
  validateHeaderName,
  validateHeaderValue,
  WebSocket,
};
export default {
  Agent,
  ClientRequest,
  CloseEvent,
  IncomingMessage,
  METHODS,
  MessageEvent,
  OutgoingMessage,
  STATUS_CODES,
  Server,
  ServerResponse,
  WebSocket,
  _connectionListener,
  createServer,
  get,
  globalAgent,
  maxHeaderSize,
  request,
  setMaxIdleHTTPParsers,
  validateHeaderName,
  validateHeaderValue,
};
