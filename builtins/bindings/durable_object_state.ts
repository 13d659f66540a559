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
import { isWebSocket } from "../web/websocket";
import { currentInvocation, DurableObject } from "../workers_module";
import { AlarmInvocationInfo, hasNoAlarmHandler } from "./durable_object_alarm";
import { type DurableObjectId, makeId } from "./durable_object";
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

function notYet(method: string): never {
  throw new Error(
    `ctx.${method}(): WebSocket hibernation is not supported by Adit yet; use webSocket.accept() (see docs/compatibility.md)`,
  );
}

export class DurableObjectState {
  readonly #object: ObjectHandle;
  readonly id: DurableObjectId;
  readonly storage: DurableObjectStorage;
  readonly props: unknown = {};

  get exports(): object | undefined {
    void this.#object;
    return contextExports();
  }

  constructor(object: ObjectHandle, id: DurableObjectId) {
    this.#object = object;
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

  acceptWebSocket(socket: unknown = undefined): void {
    void this.#object;
    if (!isWebSocket(socket)) missingArgument("acceptWebSocket", "DurableObjectState", 1, "WebSocket");
    notYet("acceptWebSocket");
  }

  /** None can have been accepted. */
  getWebSockets(): unknown[] {
    void this.#object;
    return [];
  }

  setWebSocketAutoResponse(): void {
    notYet("setWebSocketAutoResponse");
  }

  getWebSocketAutoResponse(): null {
    void this.#object;
    return null;
  }

  getWebSocketAutoResponseTimestamp(): void {
    notYet("getWebSocketAutoResponseTimestamp");
  }

  setHibernatableWebSocketEventTimeout(): void {
    notYet("setHibernatableWebSocketEventTimeout");
  }

  getHibernatableWebSocketEventTimeout(): null {
    void this.#object;
    return null;
  }

  getTags(): void {
    notYet("getTags");
  }
}
defineInterface(DurableObjectState, "DurableObjectState");
markPlatformClasses([DurableObjectState]);

type Instance = Record<string, unknown>;

function createObject(className: string, object: ObjectHandle, id: string, name: string | undefined): Instance {
  const constructor = workerExports[className];
  if (typeof constructor !== "function")
    throw new TypeError(
      `The worker does not export the Durable Object class "${className}", which its configuration names.`,
    );
  if (typeof (constructor.prototype as Instance).alarm !== "function") hasNoAlarmHandler(object);
  const state = new DurableObjectState(object, makeId(id, name));
  return new (constructor as new (state: DurableObjectState, env: object) => Instance)(state, env);
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

function dispatchObjectAlarm(id: number, instance: Instance, scheduledTime: number, retryCount: number): void {
  const handler = instance.alarm;
  if (typeof handler !== "function") throw new TypeError("Handler does not export an alarm() function.");
  const info = new AlarmInvocationInfo(scheduledTime, retryCount, retryCount > 0);
  then.call(
    Promise.resolve(Reflect.apply(handler, instance, [info])),
    () => ops.invocation_respond(id, 200, undefined, "", undefined, undefined),
    (error) => ops.invocation_fail(id, error),
  );
}

Object.assign(entry, { createObject, dispatchObjectFetch, dispatchObjectMethod, dispatchObjectAlarm });
