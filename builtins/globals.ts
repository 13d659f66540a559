// The one list of what is global in a worker, beside the language's own. Interfaces are non-enumerable, functions and instances as
// Web IDL and Workers have them.

import { Cache, CacheStorage, caches } from "./web/caches";
import { AbortController, AbortSignal } from "./web/abort";
import { atob, btoa } from "./web/base64";
import { Blob } from "./web/blob";
import { Body } from "./web/body";
import { CompressionStream, DecompressionStream } from "./web/compression";
import { console } from "./web/console";
import { Crypto, crypto, DigestStream } from "./web/crypto";
import { CryptoKey } from "./web/crypto_key";
import { SubtleCrypto } from "./web/crypto_subtle";
import { DOMException } from "./web/dom_exception";
import { EventSource } from "./web/event_source";
import { TextDecoder, TextEncoder } from "./web/encoding";
import { CustomEvent, ErrorEvent, Event, EventTarget, PromiseRejectionEvent } from "./web/events";
import { fetch } from "./web/fetch";
import { File } from "./web/file";
import { FormData } from "./web/form_data";
import { Headers } from "./web/headers";
import { HTMLRewriter } from "./web/html_rewriter";
import { describeInterfaces } from "./web/inspect";
import { MessageChannel, MessagePort } from "./web/message_channel";
import { CloseEvent, MessageEvent } from "./web/message_events";
import { Navigator, navigator } from "./web/navigator";
import { Performance, performance } from "./web/performance";
import { reportError } from "./web/report_error";
import { Request } from "./web/request";
import { Response } from "./web/response";
import { Scheduler, scheduler } from "./web/scheduler";
import * as streams from "./web/streams/interfaces";
import { markPlatformClasses, structuredClone } from "./web/structured_clone";
import { clearInterval, clearTimeout, queueMicrotask, setInterval, setTimeout } from "./web/timers";
import { URL } from "./web/url";
import { URLPattern } from "./web/url_pattern";
import { URLSearchParams } from "./web/url_search_params";
import { WebSocketRequestResponsePair } from "./bindings/durable_object_sockets";
import { WebSocket, WebSocketPair } from "./web/websocket";
import { ExecutionContext } from "./context";
import * as workerEvents from "./worker_events";
import { enabledFlags } from "./env";

// The streams module also has doors for other builtins, which no worker may see.
const streamInterfaces = Object.fromEntries(Object.entries(streams).filter(([name]) => /^[A-Z]/.test(name))) as Record<
  string,
  Function
>;

const interfaces: Record<string, Function> = {
  ...streamInterfaces,
  ...workerEvents.interfaces,
  AbortController,
  AbortSignal,
  Blob,
  Body,
  Cache,
  CacheStorage,
  CloseEvent,
  CompressionStream,
  Crypto,
  CryptoKey,
  CustomEvent,
  DecompressionStream,
  DOMException,
  ErrorEvent,
  Event,
  EventSource,
  EventTarget,
  ExecutionContext,
  File,
  FormData,
  Headers,
  HTMLRewriter,
  MessageChannel,
  MessageEvent,
  MessagePort,
  Navigator,
  Performance,
  PromiseRejectionEvent,
  Request,
  Response,
  Scheduler,
  SubtleCrypto,
  TextDecoder,
  TextEncoder,
  URL,
  URLPattern,
  URLSearchParams,
  WebSocket,
  WebSocketPair,
  WebSocketRequestResponsePair,
};

const functions = {
  addEventListener: EventTarget.prototype.addEventListener,
  atob,
  btoa,
  clearInterval,
  clearTimeout,
  dispatchEvent: EventTarget.prototype.dispatchEvent,
  fetch,
  queueMicrotask,
  removeEventListener: EventTarget.prototype.removeEventListener,
  reportError,
  setInterval,
  setTimeout,
  structuredClone,
};

const instances = { caches, crypto, navigator, performance, scheduler };

export function installGlobals(): void {
  const define = (name: string, value: unknown, enumerable: boolean): void => {
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable, configurable: true });
  };
  for (const [name, value] of Object.entries(interfaces)) define(name, value, false);
  for (const [name, value] of Object.entries(functions)) define(name, value, true);
  for (const [name, value] of Object.entries(instances)) define(name, value, true);
  define("console", console, false);
  define("self", globalThis, true);
  define("origin", "null", true);
  define("Cloudflare", { compatibilityFlags: enabledFlags }, true);
  (crypto as unknown as { DigestStream: unknown }).DigestStream ??= DigestStream;
  Object.setPrototypeOf(globalThis, workerEvents.ServiceWorkerGlobalScope.prototype as object);
  markPlatformClasses(Object.values(interfaces));
  describeInterfaces(Object.values(interfaces));
}
