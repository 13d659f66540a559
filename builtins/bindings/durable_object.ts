// Durable Objects from outside, https://developers.cloudflare.com/durable-objects/api/: the namespace that a binding is, ids, and stubs, whose
// fetch() and methods (RPC) reach the object, on whichever shard it lives. How objects look from inside is durable_object_state.ts.
// Invariant: an id is one of its class: whoever made it checked.
import { registerBinding, requiredExports } from "../env";
import { native, type NativeHandle } from "../native";
import { type Caller, type Pending, withRemoteMembers } from "../rpc/stub";
import { type Attachment, type Outcome as RpcOutcome, packCall, pendingResult } from "../rpc/values";
import { abortReason, type AbortSignal, onAbort } from "../web/abort";
import { takeBody, type OutboundBody, setBody } from "../web/body";
import { fetcherDispatchers, fetchThrough, type InboundResponse, type OutboundRequest } from "../web/fetch";
import { octetsOf } from "../web/octets";
import { fetcherTests, isRequest, Request, requestFetcher, requestHeaderBlock, requestSignal } from "../web/request";
import { type Response, responseFromNative } from "../web/response";
import { markPlatformClasses } from "../web/structured_clone";
import type { Source } from "../web/streams";
import { countSubrequest } from "../web/subrequests";
import { defineInterface, isDictionary, missingArgument, toDOMString } from "../web/webidl";
import { type WebSocket, webSocketFromLink, type WebSocketLink } from "../web/websocket";

type ObjectClass = NativeHandle<"object_class">;

/** As src/bindings/durable_object/object_ops.cc gives it. */
type Answer = [number, string, string, string | Uint8Array | Source | undefined, WebSocketLink | undefined];
type Failure = [exception: Error, isRemote: boolean, isReset: boolean];
type Outcome = Answer | Failure;

const ops = native<{
  object_class(name: string): ObjectClass;
  /** Jurisdictions are numbers here: 0 is none, the others are those of the list below, from 1. */
  object_id_from_name(objectClass: ObjectClass, name: string, jurisdiction: number): string;
  object_id_unique(objectClass: ObjectClass, jurisdiction: number): string;
  /** Throws unless the text is an id of the class; gives it in lower case. */
  object_id_parse(objectClass: ObjectClass, text: string): string;
  /** Of an id of the class. */
  object_id_jurisdiction(objectClass: ObjectClass, id: string): number;
  object_fetch(
    objectClass: ObjectClass,
    id: string,
    name: string | undefined,
    method: string,
    url: string,
    headers: string,
    areLines: boolean,
    body: OutboundBody,
  ): Promise<Outcome>;
  object_call_method(
    objectClass: ObjectClass,
    id: string,
    name: string | undefined,
    octets: Uint8Array,
    attachments: Attachment[],
  ): Promise<RpcOutcome>;
  source_from_bytes(bytes: Uint8Array): Source;
  source_cancel(source: Source, reason: string): void;
}>();

const internal: unique symbol = Symbol("internal");
const illegal = (): never => {
  throw new TypeError("Illegal constructor");
};

let idText: (id: DurableObjectId) => string;
let idClass: (id: DurableObjectId) => ObjectClass | undefined;
let isId: (value: unknown) => value is DurableObjectId;
/** The id that an object sees as its own. */
export let makeId: (text: string, name: string | undefined, jurisdiction: number) => DurableObjectId;

/** Jurisdictions that Cloudflare has. Here they only keep ids apart: where the data is, the operator decides. */
const jurisdictions = ["eu", "fedramp", "fedramp-high", "us"];
const nameOfJurisdiction = (number: number): string | undefined => jurisdictions[number - 1];

function jurisdictionOf(value: unknown): number {
  const text = toDOMString(value);
  const index = jurisdictions.indexOf(text);
  if (index < 0)
    throw new TypeError(`Unknown jurisdiction "${text}". Supported jurisdictions: ${jurisdictions.join(", ")}.`);
  return index + 1;
}

export class DurableObjectId {
  static {
    idText = (id) => id.#text;
    idClass = (id) => id.#class;
    isId = (value): value is DurableObjectId => typeof value === "object" && value !== null && #text in value;
    makeId = (text, name, jurisdiction) =>
      new DurableObjectId(internal, text, name, undefined, nameOfJurisdiction(jurisdiction));
  }

  readonly jurisdiction: string | undefined;
  readonly name: string | undefined;
  readonly #text: string;
  readonly #class: ObjectClass | undefined;

  constructor(token: typeof internal, text: string, name?: string, objectClass?: ObjectClass, jurisdiction?: string) {
    if (token !== internal) illegal();
    this.jurisdiction = jurisdiction;
    this.name = name;
    this.#text = text;
    this.#class = objectClass;
  }

  toString(): string {
    return this.#text;
  }

  equals(other: DurableObjectId | undefined = undefined): boolean {
    if (!isId(other)) missingArgument("equals", "DurableObjectId", 1, "DurableObjectId");
    return this.#text === other.#text;
  }
}
defineInterface(DurableObjectId, "DurableObjectId");

/** What Workers put on the exception, for the caller to decide whether to try again. */
function failureOf([exception, isRemote, isReset]: Failure): Error {
  if (isRemote) (exception as { remote?: boolean }).remote = true;
  if (isReset) (exception as { durableObjectReset?: boolean }).durableObjectReset = true;
  return exception;
}

const isFailure = (outcome: Outcome): outcome is Failure => outcome.length === 3;

function socketOf(link: WebSocketLink | undefined): WebSocket | null {
  return link === undefined ? null : webSocketFromLink(link);
}

function isSource(body: Answer[3]): body is Source {
  return typeof body === "object" && !(body instanceof Uint8Array);
}

function toSource(body: Answer[3]): Source | undefined {
  if (body === undefined || isSource(body)) return body;
  return ops.source_from_bytes(typeof body === "string" ? octetsOf(body) : body);
}

/** The caller waits no longer once the signal is aborted; what comes then is dropped. */
function abortable(answer: Promise<Outcome>, signal: AbortSignal): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => {
      reject(abortReason(signal));
      answer.then(
        (outcome) => {
          if (!isFailure(outcome) && isSource(outcome[3])) ops.source_cancel(outcome[3], "The request was aborted.");
        },
        () => {},
      );
    });
    answer.then(resolve, reject).finally(forget);
  });
}

function responseOf(outcome: Outcome, url: string): Response {
  if (isFailure(outcome)) throw failureOf(outcome);
  const [status, statusText, block, body, link] = outcome;
  const source = isSource(body) ? body : undefined;
  const response = responseFromNative(status, statusText, block, source, url, false, socketOf(link));
  if (body !== undefined && source === undefined) setBody(response, body);
  return response;
}

/** The way from outside to one object. */
class Target implements Caller {
  readonly dispatcher = (request: OutboundRequest): Promise<InboundResponse> => this.dispatch(request);

  constructor(
    readonly objectClass: ObjectClass,
    readonly id: string,
    readonly name: string | undefined,
  ) {}

  /** A request that is sent as it is: what came in, or a new one that nothing can abort or redirect. */
  async pass(request: Request): Promise<Response> {
    countSubrequest();
    const { url } = request;
    const hash = url.indexOf("#");
    const sent = hash < 0 ? url : url.slice(0, hash);
    const block = requestHeaderBlock(request);
    const body = takeBody(request);
    return responseOf(
      await ops.object_fetch(this.objectClass, this.id, this.name, request.method, sent, block, false, body),
      sent,
    );
  }

  async dispatch(request: OutboundRequest): Promise<InboundResponse> {
    const { method, url, headerLines, body } = request;
    const answer = ops.object_fetch(this.objectClass, this.id, this.name, method, url, headerLines, true, body);
    const outcome = await (request.signal === undefined ? answer : abortable(answer, request.signal));
    if (isFailure(outcome)) throw failureOf(outcome);
    const [status, statusText, headerBlock, content, link] = outcome;
    return { status, statusText, headerBlock, body: toSource(content), webSocket: socketOf(link) };
  }

  call(path: readonly string[], args: readonly unknown[] | null): Pending {
    countSubrequest();
    const { octets, attachments } = packCall(path, args);
    return pendingResult(ops.object_call_method(this.objectClass, this.id, this.name, octets, attachments));
  }
}

let stubTarget: (stub: Stub) => Target;
let isStub: (value: object) => value is Stub;

/** "DurableObject" to a worker. Its other members are the object's: each is a function that calls the object's method. */
class Stub {
  static {
    stubTarget = (stub) => stub.#target;
    isStub = (value): value is Stub => #target in value;
  }

  readonly name: string | undefined;
  readonly id: DurableObjectId;
  readonly #target: Target;

  constructor(token: typeof internal, id: DurableObjectId, objectClass: ObjectClass) {
    if (token !== internal) illegal();
    this.name = id.name;
    this.id = id;
    this.#target = new Target(objectClass, idText(id), id.name);
  }

  fetch(input: unknown = undefined, init: unknown = undefined): Promise<Response> {
    try {
      const target = this.#target;
      if (arguments.length === 0) missingArgument("fetch", "Fetcher", 1, "Request or string");
      const request =
        isRequest(input) && (init === undefined || init === null)
          ? input
          : new Request(input as string, init as object);
      if (request.redirect === "manual" && requestSignal(request) === undefined && requestFetcher(request) === null)
        return target.pass(request);
      return fetchThrough(target.dispatcher, request, undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  connect(): never {
    throw new TypeError("Incoming CONNECT on a worker not supported");
  }
}
Object.defineProperty(Stub, "name", { value: "DurableObject" });
Object.defineProperty(Stub.prototype, Symbol.toStringTag, { value: "DurableObject", configurable: true });

withRemoteMembers(Stub.prototype, (receiver) => (isStub(receiver) ? stubTarget(receiver) : undefined));

/** Names of ids that were made lately, with their texts: two hashes less per request. */
const NAMES_KEPT = 1000;

export class DurableObjectNamespace {
  readonly #class: ObjectClass;
  /** 0: ids of every jurisdiction are good here. */
  readonly #jurisdiction: number;
  readonly #names = new Map<string, string>();

  constructor(token: typeof internal, objectClass: ObjectClass, jurisdiction = 0) {
    if (token !== internal) illegal();
    this.#class = objectClass;
    this.#jurisdiction = jurisdiction;
  }

  newUniqueId(options: { jurisdiction?: string } | null | undefined = undefined): DurableObjectId {
    if (!isDictionary(options)) missingArgument("newUniqueId", "DurableObjectNamespace", 1, "NewUniqueIdOptions");
    let jurisdiction = this.#jurisdiction;
    if (options?.jurisdiction !== undefined) {
      const wanted = jurisdictionOf(options.jurisdiction);
      if (jurisdiction !== 0 && jurisdiction !== wanted) this.#refuse(wanted);
      jurisdiction = wanted;
    }
    return this.#id(ops.object_id_unique(this.#class, jurisdiction), undefined, jurisdiction);
  }

  #id(text: string, name: string | undefined, jurisdiction: number): DurableObjectId {
    return new DurableObjectId(internal, text, name, this.#class, nameOfJurisdiction(jurisdiction));
  }

  #refuse(jurisdiction: number): never {
    throw new TypeError(
      `Invalid Durable Object ID: it is of ${jurisdiction === 0 ? "no jurisdiction" : `the jurisdiction "${nameOfJurisdiction(jurisdiction)}"`}, and this namespace is restricted to "${nameOfJurisdiction(this.#jurisdiction)}".`,
    );
  }

  idFromName(name: string = undefined as unknown as string): DurableObjectId {
    if (arguments.length === 0) missingArgument("idFromName", "DurableObjectNamespace", 1, "string");
    const text = toDOMString(name);
    let id = this.#names.get(text);
    if (id === undefined) {
      id = ops.object_id_from_name(this.#class, text, this.#jurisdiction);
      if (this.#names.size >= NAMES_KEPT) this.#names.clear();
      if (text.length <= 256) this.#names.set(text, id);
    }
    return this.#id(id, text, this.#jurisdiction);
  }

  idFromString(id: string = undefined as unknown as string): DurableObjectId {
    if (arguments.length === 0) missingArgument("idFromString", "DurableObjectNamespace", 1, "string");
    const text = ops.object_id_parse(this.#class, toDOMString(id));
    const jurisdiction = ops.object_id_jurisdiction(this.#class, text);
    if (this.#jurisdiction !== 0 && jurisdiction !== this.#jurisdiction) this.#refuse(jurisdiction);
    return this.#id(text, undefined, jurisdiction);
  }

  get(id: DurableObjectId | undefined = undefined, options: unknown = undefined): Stub {
    if (!isId(id)) missingArgument("get", "DurableObjectNamespace", 1, "DurableObjectId");
    if (!isDictionary(options)) missingArgument("get", "DurableObjectNamespace", 2, "GetDurableObjectOptions");
    // An id of another class, or one that an object has of itself.
    if (idClass(id) !== this.#class) ops.object_id_parse(this.#class, idText(id));
    if (this.#jurisdiction !== 0 && id.jurisdiction !== nameOfJurisdiction(this.#jurisdiction))
      this.#refuse(ops.object_id_jurisdiction(this.#class, idText(id)));
    return new Stub(internal, id, this.#class);
  }

  getByName(name: string = undefined as unknown as string, options: unknown = undefined): Stub {
    if (arguments.length === 0) missingArgument("getByName", "DurableObjectNamespace", 1, "string");
    return this.get(this.idFromName(name), options);
  }

  jurisdiction(jurisdiction: string | undefined | null = undefined): DurableObjectNamespace {
    const wanted = jurisdiction === undefined || jurisdiction === null ? 0 : jurisdictionOf(jurisdiction);
    if (this.#jurisdiction !== 0)
      throw new TypeError(
        `This namespace is restricted to the jurisdiction "${nameOfJurisdiction(this.#jurisdiction)}" already.`,
      );
    return new DurableObjectNamespace(internal, this.#class, wanted);
  }
}
defineInterface(DurableObjectNamespace, "DurableObjectNamespace");

markPlatformClasses([DurableObjectId, DurableObjectNamespace, Stub]);
fetcherTests.push(isStub);
fetcherDispatchers.push((fetcher) => (isStub(fetcher) ? stubTarget(fetcher).dispatcher : undefined));

registerBinding("durable_object", (description) => {
  const name = description.class as string;
  const script = description.script as string | undefined;
  if (script === undefined) {
    requiredExports.push(name);
    return new DurableObjectNamespace(internal, ops.object_class(name));
  }
  try {
    return new DurableObjectNamespace(internal, ops.object_class(`${script}/${name}`));
  } catch {
    throw new Error(
      `env.${description.name}: no worker "${script}" with a Durable Object class "${name}" runs beside this one (adit dev DIR OTHER_DIR)`,
    );
  }
});

/** Of this worker's own class, for ctx.exports; undefined when it has no migration. */
export function makeNamespace(className: string): DurableObjectNamespace | undefined {
  let objectClass: ObjectClass;
  try {
    objectClass = ops.object_class(className);
  } catch {
    return undefined;
  }
  return new LoopbackDurableObjectNamespace(internal, objectClass);
}

class LoopbackDurableObjectNamespace extends DurableObjectNamespace {}
Object.defineProperty(LoopbackDurableObjectNamespace, "name", { value: "LoopbackDurableObjectNamespace" });
