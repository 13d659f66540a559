// Durable Objects from inside, https://developers.cloudflare.com/durable-objects/api/state/: what C++ calls to make an object and to give it its
// events (src/bindings/durable_object/object.cc), and DurableObjectState, the object's `ctx`.
// Invariant: an object's code runs under its own invocation, and each event begins in a turn of its own; both are C++'s care.
import { contextExports, waitFor } from "../context";
import { cfObject } from "../cf";
import { entry, settle, workerExports } from "../entry";
import { env } from "../env";
import { native } from "../native";
import { serveCall } from "../rpc/serve";
import type { Attachment } from "../rpc/values";
import { requestFromNative } from "../web/request";
import { markPlatformClasses } from "../web/structured_clone";
import type { Source } from "../web/streams";
import { defineInterface, missingArgument, toDOMString } from "../web/webidl";
import { closedByPeer, type WebSocket } from "../web/websocket";
import { currentInvocation, DurableObject } from "../workers_module";
import { AlarmInvocationInfo, hasNoAlarmHandler } from "./durable_object_alarm";
import { type DurableObjectId, makeId } from "./durable_object";
import { ObjectSockets, type WebSocketRequestResponsePair } from "./durable_object_sockets";
import { DurableObjectStorage, type ObjectHandle, runSection } from "./durable_object_storage";

const ops = native<{
  object_reset(object: ObjectHandle, reason: unknown): void;
  invocation_respond(
    id: number,
    status: number,
    statusText: string | undefined,
    headerLines: string,
    body: Uint8Array | undefined,
    websocket: undefined,
  ): void;
  invocation_fail(id: number, error: unknown): void;
}>();

const then = Promise.prototype.then;
const CLOSED = 3;
const NO_CODE = 1005;
const LOST_REASON = "WebSocket disconnected without sending Close frame.";

let socketsOf: (state: DurableObjectState) => ObjectSockets;

export class DurableObjectState {
  static {
    socketsOf = (state) => state.#sockets;
  }

  readonly #object: ObjectHandle;
  readonly #sockets: ObjectSockets;
  readonly id: DurableObjectId;
  readonly storage: DurableObjectStorage;
  readonly props: unknown = {};

  get exports(): object | undefined {
    void this.#object;
    return contextExports();
  }

  constructor(object: ObjectHandle, id: DurableObjectId) {
    this.#object = object;
    this.#sockets = new ObjectSockets(object);
    this.id = id;
    this.storage = new DurableObjectStorage(object);
  }

  /** An object lives while it works anyway; a rejection is logged. */
  waitUntil(promise: unknown = undefined): void {
    void this.#object;
    waitFor(currentInvocation(), promise);
  }

  blockConcurrencyWhile<T>(callback: (() => T | Promise<T>) | undefined = undefined): Promise<T> {
    try {
      const object = this.#object;
      if (typeof callback !== "function") missingArgument("blockConcurrencyWhile", "DurableObjectState", 1, "function");
      return runSection(object, callback, (error) => ops.object_reset(object, error));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** Resets the object: who waits for it gets the reason, and the next event finds a new instance. */
  abort(reason: unknown = undefined): never {
    const text = reason === undefined ? "Application called abort() to reset Durable Object." : toDOMString(reason);
    const error = new Error(text);
    ops.object_reset(this.#object, error);
    throw error;
  }

  /** The object handles the socket's events with webSocketMessage() and its like, also after it left memory meanwhile. */
  acceptWebSocket(socket: unknown = undefined, tags: unknown = undefined): void {
    this.#sockets.accept(socket, tags);
  }
  /** The newest first. */
  getWebSockets(tag: unknown = undefined): WebSocket[] {
    return this.#sockets.list(tag === undefined ? undefined : toDOMString(tag));
  }
  getTags(socket: unknown = undefined): string[] {
    return this.#sockets.tags(socket);
  }
  setWebSocketAutoResponse(pair: unknown = undefined): void {
    this.#sockets.setAutoResponse(pair);
  }
  getWebSocketAutoResponse(): WebSocketRequestResponsePair | null {
    return this.#sockets.autoResponse();
  }
  getWebSocketAutoResponseTimestamp(socket: unknown = undefined): Date | null {
    return this.#sockets.autoResponseTime(socket);
  }
  setHibernatableWebSocketEventTimeout(timeout_ms: unknown = undefined): void {
    this.#sockets.setEventTimeout(timeout_ms);
  }
  getHibernatableWebSocketEventTimeout(): number | null {
    return this.#sockets.eventTimeout();
  }
}
defineInterface(DurableObjectState, "DurableObjectState");
markPlatformClasses([DurableObjectState]);

type Instance = Record<string, unknown>;

/** So that an instance is all that C++ keeps. */
const states = new WeakMap<Instance, DurableObjectState>();

function createObject(
  className: string,
  object: ObjectHandle,
  id: string,
  name: string | undefined,
  jurisdiction: number,
): Instance {
  const constructor = workerExports[className];
  if (typeof constructor !== "function")
    throw new TypeError(
      `The worker does not export the Durable Object class "${className}", which its configuration names.`,
    );
  if (typeof (constructor.prototype as Instance).alarm !== "function") hasNoAlarmHandler(object);
  const state = new DurableObjectState(object, makeId(id, name, jurisdiction));
  const instance = new (constructor as new (state: DurableObjectState, env: object) => Instance)(state, env);
  states.set(instance, state);
  return instance;
}

function dispatchObjectFetch(
  id: number,
  instance: Instance,
  method: string,
  url: string,
  headerBlock: string,
  body: Source | undefined,
): void {
  const handler = instance.fetch;
  if (typeof handler !== "function") throw new TypeError("Handler does not export a fetch() function.");
  const request = requestFromNative(method, url, headerBlock, body, cfObject);
  settle(id, Reflect.apply(handler, instance, [request]));
}

function dispatchObjectMethod(id: number, instance: Instance, octets: Uint8Array, attachments: Attachment[]): void {
  const makeRoot = (): Instance => {
    if (instance instanceof DurableObject) return instance;
    throw new TypeError(
      'The receiving Durable Object does not support RPC, because its class was not declared with `extends DurableObject`. In order to enable RPC, make sure your class extends the special class `DurableObject`, which can be imported from the module "cloudflare:workers".',
    );
  };
  serveCall(id, makeRoot, octets, attachments);
}

/** An event without an answer: it is over when the handler's promise is. */
function settleEvent(id: number, result: unknown, ended?: () => void): void {
  then.call(
    Promise.resolve(result),
    () => {
      ended?.();
      ops.invocation_respond(id, 200, undefined, "", undefined, undefined);
    },
    (error) => {
      ended?.();
      ops.invocation_fail(id, error);
    },
  );
}

function dispatchObjectAlarm(id: number, instance: Instance, scheduledTime: number, retryCount: number): void {
  const handler = instance.alarm;
  if (typeof handler !== "function") throw new TypeError("Handler does not export an alarm() function.");
  const info = new AlarmInvocationInfo(scheduledTime, retryCount, retryCount > 0);
  settleEvent(id, Reflect.apply(handler, instance, [info]));
}

/** The socket is undefined when it is gone. */
function socketOf(instance: Instance, number: number): [WebSocket | undefined, ObjectSockets] {
  const sockets = socketsOf(states.get(instance)!);
  return [sockets.find(number), sockets];
}

function dispatchSocketMessage(id: number, instance: Instance, number: number, message: string | ArrayBuffer): void {
  const [socket] = socketOf(instance, number);
  const handler = instance.webSocketMessage;
  const isHandled = socket !== undefined && typeof handler === "function";
  settleEvent(id, isHandled ? Reflect.apply(handler, instance, [socket, message]) : undefined);
}

function dispatchSocketClose(
  id: number,
  instance: Instance,
  number: number,
  code: number,
  reason: string,
  wasClean: boolean,
): void {
  const [socket, sockets] = socketOf(instance, number);
  if (socket === undefined) return settleEvent(id, undefined);
  closedByPeer(socket, !wasClean);
  const handler = instance.webSocketClose;
  const forget = (): void => sockets.forget(number);
  if (typeof handler === "function")
    return settleEvent(
      id,
      Reflect.apply(handler, instance, [socket, code, wasClean ? reason : LOST_REASON, wasClean]),
      forget,
    );
  // Nobody is there to answer the other side's Close.
  if (socket.readyState !== CLOSED) socket.close(code === NO_CODE ? undefined : code);
  settleEvent(id, undefined, forget);
}

function dispatchSocketError(id: number, instance: Instance, number: number, _: number, reason: string): void {
  const [socket, sockets] = socketOf(instance, number);
  if (socket === undefined) return settleEvent(id, undefined);
  closedByPeer(socket, true);
  const handler = instance.webSocketError;
  const isHandled = typeof handler === "function";
  const result = isHandled ? Reflect.apply(handler, instance, [socket, new Error(reason)]) : undefined;
  settleEvent(id, result, () => sockets.forget(number));
}

Object.assign(entry, {
  createObject,
  dispatchObjectFetch,
  dispatchObjectMethod,
  dispatchObjectAlarm,
  dispatchSocketMessage,
  dispatchSocketClose,
  dispatchSocketError,
});
