// An object's hibernatable WebSockets, https://developers.cloudflare.com/durable-objects/best-practices/websockets/: what ctx has of them.
// C++ keeps them, so that the object can leave memory (src/bindings/durable_object/hibernation.h); here are the WebSocket objects of those that
// this instance has met. Invariant: one socket is one WebSocket object as long as the instance lives.
import { native, type NativeHandle } from "../native";
import { badConstructorArgument, defineInterface, missingArgument, toUSVString } from "../web/webidl";
import {
  hibernate,
  hibernatedWebSocket,
  type Hibernation,
  hibernationOf,
  isWebSocket,
  setHibernation,
  utf8Length,
  type WebSocket,
  type WebSocketLink,
} from "../web/websocket";
import type { ObjectHandle } from "./durable_object_storage";

type SocketHandle = NativeHandle<"hibernated_socket">;
type Found = [SocketHandle, WebSocketLink, isClosedOut: boolean, isClosedIn: boolean, attachment?: Uint8Array];

const ops = native<{
  hibernation_accept(object: ObjectHandle, link: WebSocketLink, tags: string[], attachment?: Uint8Array): SocketHandle;
  hibernation_sockets(object: ObjectHandle, tag: string | undefined): number[];
  hibernation_socket(object: ObjectHandle, number: number): Found | undefined;
  hibernation_number(socket: SocketHandle): number;
  hibernation_tags(socket: SocketHandle): string[];
  hibernation_attach(socket: SocketHandle, octets: Uint8Array): void;
  hibernation_closing(socket: SocketHandle): void;
  hibernation_auto_responded(socket: SocketHandle): number | undefined;
  hibernation_set_auto_response(object: ObjectHandle, request?: string, response?: string): void;
  hibernation_auto_response(object: ObjectHandle): string[];
  hibernation_set_timeout(object: ObjectHandle, timeout_ms: number): void;
  hibernation_timeout(object: ObjectHandle): number;
}>();

// Workers' documented limits.
const MAX_TAGS = 10;
const MAX_TAG_LENGTH = 256;
const MAX_AUTO_RESPONSE_BYTES = 2048;
const MAX_TIMEOUT_MS = 604_800_000;

let isPair: (value: unknown) => value is WebSocketRequestResponsePair;

/** A message that is answered without waking the object. */
export class WebSocketRequestResponsePair {
  static {
    isPair = (value): value is WebSocketRequestResponsePair =>
      typeof value === "object" && value !== null && #request in value;
  }
  readonly #request: string;
  readonly #response: string;

  constructor(request: string, response: string);
  constructor(...args: unknown[]) {
    if (args.length < 1) badConstructorArgument("WebSocketRequestResponsePair", 1, "string");
    if (args.length < 2) badConstructorArgument("WebSocketRequestResponsePair", 2, "string");
    this.#request = toUSVString(args[0]);
    this.#response = toUSVString(args[1]);
  }
  get request(): string {
    return this.#request;
  }
  get response(): string {
    return this.#response;
  }
}
defineInterface(WebSocketRequestResponsePair, "WebSocketRequestResponsePair");

class Kept implements Hibernation {
  constructor(readonly handle: SocketHandle) {}
  attach(octets: Uint8Array): void {
    ops.hibernation_attach(this.handle, octets);
  }
  closing(): void {
    ops.hibernation_closing(this.handle);
  }
}

function keptOf(socket: WebSocket): Kept | undefined {
  return hibernationOf(socket) as Kept | undefined;
}

function tagsOf(value: unknown): string[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) missingArgument("acceptWebSocket", "DurableObjectState", 2, "Array");
  const tags = [...new Set(value.map(toUSVString))];
  if (tags.length > MAX_TAGS) throw new Error(`a Hibernatable WebSocket cannot have more than ${MAX_TAGS} tags`);
  for (const tag of tags)
    if (tag.length > MAX_TAG_LENGTH)
      throw new Error(`"${tag}" is longer than the max tag length (${MAX_TAG_LENGTH} characters).`);
  return tags;
}

function checkLength(what: string, text: string): void {
  const length = utf8Length(text);
  if (length > MAX_AUTO_RESPONSE_BYTES)
    throw new RangeError(
      `${what} cannot be larger than ${MAX_AUTO_RESPONSE_BYTES} bytes. A ${what.toLowerCase()} of size ${length} was provided.`,
    );
}

export class ObjectSockets {
  readonly #object: ObjectHandle;
  #known: Map<number, WebSocket> | undefined;

  constructor(object: ObjectHandle) {
    this.#object = object;
  }

  accept(socket: unknown, tags: unknown): void {
    if (!isWebSocket(socket)) missingArgument("acceptWebSocket", "DurableObjectState", 1, "WebSocket");
    const texts = tagsOf(tags);
    const [link, attachment] = hibernate(socket);
    const handle = ops.hibernation_accept(this.#object, link, texts, attachment);
    setHibernation(socket, new Kept(handle));
    (this.#known ??= new Map()).set(ops.hibernation_number(handle), socket);
  }

  find(number: number): WebSocket | undefined {
    const known = this.#known?.get(number);
    if (known !== undefined) return known;
    const found = ops.hibernation_socket(this.#object, number);
    if (found === undefined) return undefined;
    const [handle, link, isClosedOut, isClosedIn, attachment] = found;
    const socket = hibernatedWebSocket(link, new Kept(handle), isClosedOut, isClosedIn, attachment);
    (this.#known ??= new Map()).set(number, socket);
    return socket;
  }

  /** Its close has been handled: C++ forgets it too. */
  forget(number: number): void {
    this.#known?.delete(number);
  }

  list(tag: string | undefined): WebSocket[] {
    const sockets: WebSocket[] = [];
    for (const number of ops.hibernation_sockets(this.#object, tag)) {
      const socket = this.find(number);
      if (socket !== undefined) sockets.push(socket);
    }
    return sockets;
  }

  tags(socket: unknown): string[] {
    if (!isWebSocket(socket)) missingArgument("getTags", "DurableObjectState", 1, "WebSocket");
    const kept = keptOf(socket);
    if (kept === undefined)
      throw new Error("you must call 'acceptWebSocket()' before attempting to access the tags of a WebSocket.");
    return ops.hibernation_tags(kept.handle);
  }

  setAutoResponse(pair: unknown): void {
    if (pair === undefined || pair === null) return ops.hibernation_set_auto_response(this.#object);
    if (!isPair(pair))
      missingArgument("setWebSocketAutoResponse", "DurableObjectState", 1, "WebSocketRequestResponsePair");
    checkLength("Request", pair.request);
    checkLength("Response", pair.response);
    ops.hibernation_set_auto_response(this.#object, pair.request, pair.response);
  }
  autoResponse(): WebSocketRequestResponsePair | null {
    const [request, response] = ops.hibernation_auto_response(this.#object);
    return request === undefined ? null : new WebSocketRequestResponsePair(request, response!);
  }
  autoResponseTime(socket: unknown): Date | null {
    if (!isWebSocket(socket))
      missingArgument("getWebSocketAutoResponseTimestamp", "DurableObjectState", 1, "WebSocket");
    const kept = keptOf(socket);
    const time = kept === undefined ? undefined : ops.hibernation_auto_responded(kept.handle);
    return time === undefined ? null : new Date(time);
  }

  setEventTimeout(timeout_ms: unknown): void {
    if (timeout_ms === undefined || timeout_ms === null) return ops.hibernation_set_timeout(this.#object, 0);
    const number = Math.trunc(Number(timeout_ms));
    if (Number.isNaN(number)) throw new TypeError("The value cannot be converted because it is not an integer.");
    if (number < 0)
      throw new TypeError(
        "The value cannot be converted because it is negative and this API expects a positive number.",
      );
    if (number > MAX_TIMEOUT_MS) throw new Error(`Event timeout should not exceed ${MAX_TIMEOUT_MS} ms.`);
    ops.hibernation_set_timeout(this.#object, number);
  }
  eventTimeout(): number | null {
    return ops.hibernation_timeout(this.#object) || null;
  }
}
