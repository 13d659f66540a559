// WebSockets § 3, the WebSocket class, as Workers have it: a constructor that connects, and ends of a WebSocketPair that are accepted
// or given away in a Response. Every WebSocket is one end of a native link (src/net/websocket/link.h), a pair too, so that giving an
// end away is handing over its link, and every event is a turn of its own.
// Invariant: a link is either accepted here, or handed over, never both; after "close" nothing is dispatched.
import { type NativeHandle, native } from "../native";
import { blobOfBytes } from "./blob";
import { DOMException } from "./dom_exception";
import { defineEventHandler, dispatch, dispatchAndCatch, ErrorEvent, Event, EventTarget, hasListeners } from "./events";
import { CloseEvent, MessageEvent } from "./message_events";
import { bytesOfBufferSource, isBufferSource } from "./octets";
import { webSocketTests } from "./response";
import { countSubrequest } from "./subrequests";
import { URL } from "./url";
import {
  badConstructorArgument,
  defineInterface,
  isDictionary,
  missingArgument,
  toDOMString,
  toUSVString,
} from "./webidl";

/** A native link that nobody listens to yet. */
export type WebSocketLink = NativeHandle<"websocket">;
type Receiver = NativeHandle<"websocket_receiver">;
type Call = NativeHandle<"fetch_call">;
type Close = [code: number, reason: string, wasClean: boolean];

/** As fetch_ops.cc gives it: [status, statusText, headerBlock, httpVersion, body, webSocket]. */
type HandshakeResult = [number, string, string, string, unknown, WebSocketLink | undefined];

const ops = native<{
  websocket_pair(): [WebSocketLink, WebSocketLink];
  websocket_accept(link: WebSocketLink): Receiver;
  websocket_receive(receiver: Receiver): Promise<string | ArrayBuffer | Close>;
  websocket_send_text(link: WebSocketLink, text: string): void;
  websocket_send_bytes(link: WebSocketLink, bytes: Uint8Array): void;
  websocket_close(link: WebSocketLink, code: number, reason: string): void;
  websocket_abort(link: WebSocketLink): void;
  websocket_buffered(link: WebSocketLink): number;
  websocket_attachment_write(value: unknown): Uint8Array;
  websocket_attachment_read(bytes: Uint8Array): unknown;
  fetch_call(): Call;
  fetch_abort(call: Call, reason: string): void;
  fetch_websocket(url: string, headerLines: string, offersCompression: boolean, call: Call): Promise<HandshakeResult>;
}>();

/** What the compatibility date and flags decide. Defaults are those of the newest dates. */
const compatibility = {
  /** The peer's Close is answered before "close" is dispatched. */
  autoReplyToClose: true,
  /** Binary messages are Blobs unless binaryType says otherwise. */
  blobByDefault: true,
  /** permessage-deflate is offered. */
  compression: true,
};

/** What compatibility flags decide (builtins/compatibility.ts). */
export const websocketCompatibility = { limitsCloseReason: true };

/** From the worker's compatibility date ("2026-01-31") and flags, before any of its code runs. */
export function configureWebSockets(date: string, flags: Readonly<Record<string, boolean>>): void {
  const isOn = (flag: string, since: string): boolean =>
    !flags[`no_${flag}`] && (flags[flag] === true || date >= since);
  compatibility.autoReplyToClose =
    isOn("web_socket_auto_reply_to_close", "2026-04-07") || flags.no_web_socket_half_open_by_default === true;
  compatibility.blobByDefault = isOn("websocket_standard_binary_type", "2026-03-17");
  compatibility.compression = isOn("web_socket_compression", "2023-08-15");
}
export function offersWebSocketCompression(): boolean {
  return compatibility.compression;
}

const enum State {
  connecting,
  open,
  closing,
  closed,
}

const NOT_ACCEPTED =
  "You must call one of accept() or state.acceptWebSocket() on this WebSocket before sending messages.";
const LOST = "WebSocket disconnected without sending Close frame.";
const ABNORMAL = 1006;
const NO_CODE = 1005;
/** Cloudflare's documented limit of a serialized attachment. */
const ATTACHMENT_LIMIT_BYTES = 16 * 1024;

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;

const fromLink = Symbol("fromLink");

/** A WebSocket at one end of a link: what `response.webSocket` is. */
export let webSocketFromLink: (link: WebSocketLink, protocol?: string, extensions?: string) => WebSocket;
/** Takes a WebSocket's link away, to couple it or to pass it on; throws a TypeError when it is accepted or gone already. */
export let websocketLink: (socket: WebSocket) => WebSocketLink;
/** Whether it may still be given to a Response. */
export let canHandOver: (socket: WebSocket) => boolean;
export let isWebSocket: (value: unknown) => value is WebSocket;

/** What a Durable Object's hibernatable WebSocket is to its object (bindings/durable_object_sockets.ts). */
export interface Hibernation {
  attach(octets: Uint8Array): void;
  closing(): void;
}
/** Takes the WebSocket's link for hibernation: its events go to the object's handlers, not to listeners. Its attachment goes along. */
export let hibernate: (socket: WebSocket) => [link: WebSocketLink, attachment: Uint8Array | undefined];
export let setHibernation: (socket: WebSocket, hibernation: Hibernation) => void;
export let hibernationOf: (socket: WebSocket) => Hibernation | undefined;
/** A WebSocket that was accepted before the object slept. */
export let hibernatedWebSocket: (
  link: WebSocketLink,
  hibernation: Hibernation,
  isClosedOut: boolean,
  isClosedIn: boolean,
  attachment: Uint8Array | undefined,
) => WebSocket;
/** The other side has closed, or is lost. */
export let closedByPeer: (socket: WebSocket, isLost: boolean) => void;

export class WebSocket extends EventTarget {
  static {
    webSocketFromLink = (link, protocol = "", extensions = "") => {
      const socket = new WebSocket(fromLink as never, link as never);
      socket.#protocol = protocol;
      socket.#extensions = extensions;
      return socket;
    };
    websocketLink = (socket) => {
      const link = socket.#link;
      if (socket.#accepted) throw new TypeError("Can't return WebSocket in a Response after calling accept().");
      if (link === undefined) throw new TypeError("Can't return WebSocket that was already used in a response.");
      socket.#link = undefined;
      return link;
    };
    hibernate = (socket) => {
      const link = socket.#link;
      if (socket.#accepted)
        throw new Error("Cannot call `acceptWebSocket()` if the WebSocket was already accepted via `accept()`");
      if (link === undefined)
        throw new Error(
          "Cannot call `acceptWebSocket()` on this WebSocket because its pair has already been accepted or used in a Response.",
        );
      socket.#accepted = true;
      return [link, socket.#attachment];
    };
    setHibernation = (socket, hibernation) => {
      socket.#hibernation = hibernation;
    };
    hibernationOf = (socket) => socket.#hibernation;
    hibernatedWebSocket = (link, hibernation, isClosedOut, isClosedIn, attachment) => {
      const socket = webSocketFromLink(link);
      socket.#accepted = true;
      socket.#hibernation = hibernation;
      socket.#attachment = attachment;
      socket.#closeSent = socket.#closeCalled = isClosedOut;
      if (isClosedOut || isClosedIn) socket.#state = isClosedOut && isClosedIn ? State.closed : State.closing;
      return socket;
    };
    closedByPeer = (socket, isLost) => {
      socket.#state = isLost || socket.#closeSent ? State.closed : State.closing;
    };
    canHandOver = (socket) => socket.#link !== undefined && !socket.#accepted;
    isWebSocket = (value): value is WebSocket => typeof value === "object" && value !== null && #binaryType in value;
  }

  #link: WebSocketLink | undefined = undefined;
  #accepted = false;
  #state: State = State.open;
  #closeSent = false;
  /** The worker itself called close(): then send() is its mistake, otherwise a race that it lost. */
  #closeCalled = false;
  #allowHalfOpen = !compatibility.autoReplyToClose;
  #binaryType: "blob" | "arraybuffer" = compatibility.blobByDefault ? "blob" : "arraybuffer";
  #url: string | null = null;
  #origin = "";
  #protocol = "";
  #extensions = "";
  #handshake: Call | undefined = undefined;
  #attachment: Uint8Array | undefined = undefined;
  #hibernation: Hibernation | undefined = undefined;

  constructor(url: string | URL, protocols?: string | string[]);
  constructor(...args: unknown[]) {
    super();
    if (args[0] === fromLink) {
      this.#link = args[1] as WebSocketLink;
      return;
    }
    if (args.length === 0) badConstructorArgument("WebSocket", 1, "string");
    const url = parseWebSocketUrl(toUSVString(args[0]));
    const protocols = checkProtocols(args[1]);
    this.#state = State.connecting;
    this.#url = url.href;
    this.#origin = url.origin;
    void this.#connect(url, protocols);
  }

  async #connect(url: URL, protocols: readonly string[]): Promise<void> {
    const call = (this.#handshake = ops.fetch_call());
    const lines = protocols.length === 0 ? "" : `Sec-WebSocket-Protocol: ${protocols.join(", ")}\r\n`;
    try {
      countSubrequest();
      const [status, , block, , , link] = await ops.fetch_websocket(
        `http${url.href.slice(2)}`,
        lines,
        compatibility.compression,
        call,
      );
      if (link === undefined) {
        throw new TypeError(
          `Failed to establish the WebSocket connection: expected server to reply with HTTP status code 101 (switching protocols), but received ${status} instead.`,
        );
      }
      const protocol = headerInBlock(block, "sec-websocket-protocol") ?? "";
      // RFC 6455 § 4.1: a protocol that was not asked for fails the connection.
      if (protocol !== "" && !protocols.includes(protocol)) {
        ops.websocket_close(link, 1002, "");
        throw new TypeError(
          "Failed to establish the WebSocket connection: the server chose a protocol that was not asked for.",
        );
      }
      this.#protocol = protocol;
      this.#extensions = headerInBlock(block, "sec-websocket-extensions") ?? "";
      this.#link = link;
      this.#state = State.open;
      dispatch(this, new Event("open"));
      this.#begin();
    } catch (error) {
      this.#fail(error, "Failed to establish websocket connection");
    }
  }

  /** § 3 "fail the WebSocket connection": error, then close. */
  #fail(error: unknown, reason: string): void {
    this.#state = State.closed;
    dispatch(this, new ErrorEvent("error", { message: uncaughtText(error), error }));
    dispatch(this, new CloseEvent("close", { code: ABNORMAL, reason, wasClean: false }));
  }

  #begin(): void {
    if (this.#accepted) return;
    this.#accepted = true;
    void this.#receive(ops.websocket_accept(this.#link!));
  }

  /** The native side resolves one promise per event, each in a turn of its own. */
  async #receive(receiver: Receiver): Promise<void> {
    for (;;) {
      const event = await ops.websocket_receive(receiver);
      if (Array.isArray(event)) return this.#closed(event);
      if (!hasListeners(this, "message")) continue;
      const data =
        typeof event === "string" || this.#binaryType === "arraybuffer"
          ? event
          : blobOfBytes(new Uint8Array(event), "");
      const thrown = dispatchAndCatch(this, new MessageEvent("message", { data, origin: this.#origin }));
      if (thrown !== undefined) return this.#broken(thrown.error);
    }
  }

  /** Workers: a message that its listener fails at ends the connection; the other side sees it lost. */
  #broken(error: unknown): void {
    this.#state = State.closed;
    this.#closeSent = true;
    ops.websocket_abort(this.#link!);
    dispatch(this, new ErrorEvent("error", { message: uncaughtText(error), error }));
  }

  #closed([code, reason, wasClean]: Close): void {
    if (!wasClean) {
      this.#state = State.closed;
      // The peer broke the protocol: the connection was failed, not lost.
      if (code !== ABNORMAL) dispatch(this, new ErrorEvent("error", { message: reason, error: new Error(reason) }));
      dispatch(this, new CloseEvent("close", { code, reason: code === ABNORMAL ? LOST : reason, wasClean }));
      return;
    }
    if (!this.#closeSent && !this.#allowHalfOpen) {
      this.#closeSent = true;
      ops.websocket_close(this.#link!, code, reason);
    }
    this.#state = this.#closeSent ? State.closed : State.closing;
    dispatch(this, new CloseEvent("close", { code, reason, wasClean }));
  }

  accept(options: { allowHalfOpen?: boolean } | null | undefined = undefined): void {
    if (!isDictionary(options)) missingArgument("accept", "WebSocket", 1, "WebSocketAcceptOptions");
    if (this.#link === undefined) throw new TypeError("Can't accept() WebSocket that was already used in a response.");
    if (this.#hibernation !== undefined) throw new TypeError("Can't accept() WebSocket after enabling hibernation.");
    const allowHalfOpen = options?.allowHalfOpen;
    if (allowHalfOpen !== undefined) this.#allowHalfOpen = Boolean(allowHalfOpen);
    this.#begin();
  }

  send(message: string | ArrayBuffer | ArrayBufferView): void {
    if (arguments.length === 0) missingArgument("send", "WebSocket", 1, "ArrayBuffer or ArrayBufferView or string");
    if (!this.#accepted) {
      if (this.#state === State.closed) return;
      throw new TypeError(NOT_ACCEPTED);
    }
    if (this.#closeCalled) throw new TypeError("Can't call WebSocket send() after close().");
    const link = this.#link!;
    if (typeof message === "string") ops.websocket_send_text(link, message);
    else if (isBufferSource(message)) ops.websocket_send_bytes(link, bytesOfBufferSource(message));
    else ops.websocket_send_text(link, toDOMString(message));
  }

  close(code: number | undefined = undefined, reason: string | undefined = undefined): void {
    const number = code === undefined ? undefined : Number(code) | 0;
    const text = reason === undefined ? undefined : toUSVString(reason);
    if (
      number !== undefined &&
      (number < 1000 || number > 4999 || number === 1004 || number === 1005 || number === 1006 || number === 1015)
    ) {
      throw new DOMException(`Invalid WebSocket close code: ${number}.`, "InvalidAccessError");
    }
    if (text !== undefined) {
      if (number === undefined) {
        throw new DOMException(
          "If you specify a WebSocket close reason, you must also specify a code.",
          "InvalidAccessError",
        );
      }
      if (websocketCompatibility.limitsCloseReason && utf8Length(text) > 123) {
        throw new DOMException(
          "WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
          "SyntaxError",
        );
      }
    }
    if (this.#state === State.connecting) {
      // "If the connection is not yet established: fail it."
      this.#closeCalled = true;
      this.#state = State.closing;
      ops.fetch_abort(this.#handshake!, "WebSocket was closed before the connection was established.");
      return;
    }
    if (!this.#accepted) {
      if (this.#state === State.closed) return;
      throw new TypeError(NOT_ACCEPTED);
    }
    if (this.#state === State.closed || this.#closeSent) return;
    this.#closeCalled = true;
    this.#closeSent = true;
    // The peer's Close came first: this is the answer.
    this.#state = this.#state === State.closing ? State.closed : State.closing;
    this.#hibernation?.closing();
    ops.websocket_close(this.#link!, number ?? NO_CODE, text ?? "");
  }

  serializeAttachment(attachment: unknown): void {
    if (arguments.length === 0) missingArgument("serializeAttachment", "WebSocket", 1, "Value");
    const bytes = ops.websocket_attachment_write(attachment);
    if (bytes.length > ATTACHMENT_LIMIT_BYTES) {
      throw new Error(
        `A WebSocket 'attachment' cannot be larger than ${ATTACHMENT_LIMIT_BYTES} bytes.'attachment' was ${bytes.length} bytes.`,
      );
    }
    this.#attachment = bytes;
    this.#hibernation?.attach(bytes);
  }
  deserializeAttachment(): unknown {
    return this.#attachment === undefined ? null : ops.websocket_attachment_read(this.#attachment);
  }

  get readyState(): number {
    return this.#state;
  }
  get bufferedAmount(): number {
    return this.#link === undefined || this.#state === State.closed ? 0 : ops.websocket_buffered(this.#link);
  }
  get url(): string | null {
    return this.#url;
  }
  get protocol(): string {
    return this.#protocol;
  }
  get extensions(): string {
    return this.#extensions;
  }
  get binaryType(): "blob" | "arraybuffer" {
    return this.#binaryType;
  }
  set binaryType(value: "blob" | "arraybuffer") {
    // Web IDL: a value that is not in the enumeration is ignored.
    const text = toDOMString(value);
    if (text === "blob" || text === "arraybuffer") this.#binaryType = text;
  }
}
defineInterface(WebSocket, "WebSocket");
webSocketTests.push(isWebSocket);
for (const type of ["open", "message", "close", "error"]) defineEventHandler(WebSocket, type);
["CONNECTING", "OPEN", "CLOSING", "CLOSED"].forEach((name, value) => {
  for (const key of [`READY_STATE_${name}`, name]) {
    const property = { value, writable: false, enumerable: true, configurable: true };
    Object.defineProperty(WebSocket, key, property);
    Object.defineProperty(WebSocket.prototype, key, property);
  }
});

/** Steps 1 to 6 of the constructor, in Workers' words. */
function parseWebSocketUrl(text: string): URL {
  const url = URL.parse(text);
  if (url === null) throw new DOMException("WebSocket Constructor: The url is invalid.", "SyntaxError");
  if (url.protocol !== "ws:" && url.protocol !== "wss:") {
    throw new DOMException("WebSocket Constructor: The url scheme must be ws or wss.", "SyntaxError");
  }
  if (url.href.includes("#"))
    throw new DOMException("WebSocket Constructor: The url fragment must be empty.", "SyntaxError");
  return url;
}

/** Steps 7 and 8. */
function checkProtocols(value: unknown): readonly string[] {
  if (value === undefined) return [];
  const isList = typeof value === "object" && value !== null && Symbol.iterator in value;
  const protocols = isList ? Array.from(value as Iterable<unknown>, toDOMString) : [toDOMString(value)];
  if (!protocols.every((protocol) => token.test(protocol))) {
    throw new DOMException(
      isList
        ? "WebSocket Constructor: One of the protocol header tokens is invalid."
        : "WebSocket Constructor: The protocol header token is invalid.",
      "SyntaxError",
    );
  }
  if (new Set(protocols.map((protocol) => protocol.toLowerCase())).size !== protocols.length) {
    throw new DOMException("WebSocket Constructor: The protocols header cannot have repeating values.", "SyntaxError");
  }
  return protocols;
}

function uncaughtText(error: unknown): string {
  return `Uncaught ${error instanceof Error ? `${error.name}: ${error.message}` : String(error)}`;
}

function headerInBlock(block: string, name: string): string | undefined {
  const parts = block.split("\0");
  for (let i = 0; i + 1 < parts.length; i += 2) if (parts[i] === name) return parts[i + 1];
  return undefined;
}

/** Of well-formed text. */
export function utf8Length(text: string): number {
  let length = 0;
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x80) length += 1;
    else if (code < 0x800) length += 2;
    else if (code >= 0xd800 && code < 0xdc00) {
      length += 4;
      i++;
    } else length += 3;
  }
  return length;
}

/** Two ends that are connected with each other: `{0: WebSocket, 1: WebSocket}`. */
export class WebSocketPair {
  declare readonly 0: WebSocket;
  declare readonly 1: WebSocket;

  constructor() {
    const [a, b] = ops.websocket_pair();
    const self = this as unknown as WebSocket[];
    self[0] = webSocketFromLink(a);
    self[1] = webSocketFromLink(b);
  }

  *[Symbol.iterator](): Generator<WebSocket> {
    yield this[0];
    yield this[1];
  }
}
defineInterface(WebSocketPair, "WebSocketPair");
