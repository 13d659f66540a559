// Values of RPC calls and results: structured clones, with functions and RpcTargets by reference, streams as native sources, requests, responses
// and headers taken apart. What V8 cannot clone by itself is an attachment: its kind, a text, and maybe something native.
// Invariant: what a message exports is referred to by the message only; a message that cannot be made exports nothing.

import { compatibilityDate, compatibilityFlags } from "../env";
import { native, type NativeHandle } from "../native";
import { AbortSignal } from "../web/abort";
import { type OutboundBody, setBody, takeBody } from "../web/body";
import { DOMException, makeDOMException } from "../web/dom_exception";
import { headerBlock, headersFromBlock, isHeaders } from "../web/headers";
import { octetsOf } from "../web/octets";
import { isRequest, Request, requestFromNative, requestHeaderBlock } from "../web/request";
import { isResponse, type Response, responseFromNative, responseHeaderLines, responseWebSocket } from "../web/response";
import { isReadableStream, type Source, sourceOf, streamFromSource, WritableStream } from "../web/streams";
import { describeException, putErrorTogether, takeErrorApart } from "./errors";
import type { Callee } from "./members";
import { isPlainObject } from "./members";
import { isStub, localStubs, makeStub, type Pending, type StubCaller, stubCaller } from "./stub";
import { isRpcTarget } from "./target";
import { receiverOf, writableTo } from "./writable";

export type Capability = NativeHandle<"capability">;
export type Attachment = [kind: Kind, meta: string, value: Capability | Source | Uint8Array | undefined];
export type Outcome =
  | [status: number, octets: Uint8Array, attachments: Attachment[]]
  | [exception: Error, isRemote: boolean, isReset: boolean];

export interface Message {
  readonly octets: Uint8Array;
  readonly attachments: Attachment[];
}

const enum Kind {
  reference,
  readable,
  writable,
  headers,
  request,
  response,
  domException,
  error,
}

const ops = native<{
  rpc_serialize(value: unknown, hosts: object[]): Uint8Array;
  rpc_deserialize(octets: Uint8Array, objects: object[]): unknown;
  rpc_export(target: unknown, keeps: boolean): Capability;
  rpc_adopt(capability: Capability): void;
  rpc_duplicate(capability: Capability): Capability | undefined;
  rpc_release(capability: Capability): void;
  rpc_is_held(capability: Capability): boolean;
  rpc_watch(capability: Capability): Promise<Outcome>;
  rpc_call(capability: Capability, octets: Uint8Array, attachments: Attachment[]): Promise<Outcome>;
  source_from_bytes(bytes: Uint8Array): Source;
}>();

const LIMIT_BYTES = 32 * 1024 * 1024;

/** Stands for a function while V8 serializes: it clones objects only. */
class Mark {
  constructor(readonly callee: Callee) {}
}

const cloneError = (message: string): DOMException => makeDOMException(message, "DataCloneError");

/** The stubs that a message brought: who unpacks it says when they go. */
export type Received = CapabilityCaller[];

export class CapabilityCaller implements StubCaller {
  readonly capability: Capability;
  constructor(capability: Capability) {
    this.capability = capability;
  }
  call(path: readonly string[], args: readonly unknown[] | null): Pending {
    this.#requireHeld();
    const { octets, attachments } = packCall(path, args);
    return pendingResult(ops.rpc_call(this.capability, octets, attachments));
  }
  /** Of a stub that is disposed: another such. */
  duplicate(): CapabilityCaller {
    const duplicate = ops.rpc_duplicate(this.capability);
    if (duplicate === undefined) return this;
    ops.rpc_adopt(duplicate);
    return new CapabilityCaller(duplicate);
  }
  dispose(): void {
    ops.rpc_release(this.capability);
  }
  watch(broken: (error: unknown) => void): void {
    this.#requireHeld();
    void ops.rpc_watch(this.capability).then(([error, isReleased]) => {
      if (isReleased !== true) broken(error);
    });
  }
  #requireHeld(): void {
    if (!ops.rpc_is_held(this.capability)) throw new Error("RPC stub used after being disposed.");
  }
}

localStubs.make = (target) => {
  if (typeof target !== "function" && !isPlainObject(target) && !isRpcTarget(target))
    throw new TypeError("RpcStubs can only wrap plain objects, functions, and RpcTarget derivatives.");
  const capability = ops.rpc_export(target, false);
  ops.rpc_adopt(capability);
  return makeStub(new CapabilityCaller(capability));
};

/** Compatibility flag rpc_params_dup_stubs: a stub that is an argument stays the caller's. */
function duplicatesArguments(): boolean {
  return (
    compatibilityFlags.rpc_params_dup_stubs === true ||
    (compatibilityDate >= "2026-01-20" && compatibilityFlags.rpc_params_transfer_stubs !== true)
  );
}

/** One message being made. */
class Packer {
  readonly attachments: Attachment[] = [];
  readonly #isResult: boolean;
  constructor(isResult: boolean) {
    this.#isResult = isResult;
  }

  pack(value: unknown): Uint8Array {
    const hosts: object[] = [];
    const octets = serialize(value, hosts);
    if (octets.byteLength > LIMIT_BYTES)
      throw new Error(
        `Serialized RPC arguments or return values are limited to 32MiB, but the size of this value was: ${octets.byteLength} bytes.`,
      );
    try {
      for (const host of hosts) this.attachments.push(this.#attach(host));
    } catch (error) {
      for (const [kind, , value] of this.attachments)
        if (kind === Kind.reference || kind === Kind.writable) ops.rpc_release(value as Capability);
      throw error;
    }
    return octets;
  }

  #attach(host: object): Attachment {
    if (host instanceof Mark) return [Kind.reference, "", this.#refer(host.callee)];
    if (isRpcTarget(host)) return [Kind.reference, "", ops.rpc_export(host, this.#isResult)];
    if (isResponse(host)) return attachResponse(host);
    if (isRequest(host)) return attachRequest(host);
    if (isHeaders(host)) return [Kind.headers, headerBlock(host), undefined];
    if (isReadableStream(host)) {
      if (host.locked) throw new TypeError("The ReadableStream has been locked to a reader.");
      return [Kind.readable, "", sourceOf(host)];
    }
    if (host instanceof WritableStream) return [Kind.writable, "", ops.rpc_export(receiverOf(host), this.#isResult)];
    if (host instanceof DOMException)
      return [Kind.domException, JSON.stringify([host.message, host.name, host.stack]), undefined];
    if (host instanceof Error) return attachError(host);
    throw cloneError(describeRefusal(host));
  }

  #refer(callee: Callee): Capability {
    if (!isStub(callee)) return ops.rpc_export(callee, this.#isResult);
    const caller = stubCaller(callee);
    if (caller === undefined) throw cloneError(describeRefusal(callee));
    const duplicate = ops.rpc_duplicate((caller as CapabilityCaller).capability);
    if (duplicate === undefined) throw new Error("RPC stub used after being disposed.");
    // A result gives its stubs away.
    if (this.#isResult || !duplicatesArguments()) caller.dispose();
    return duplicate;
  }
}

/** Kinds of platform objects whose refusal has words of its own. */
export const refusals: ((value: object) => string | undefined)[] = [
  (value) => (value instanceof AbortSignal ? "AbortSignal serialization is not enabled." : undefined),
];

function describeRefusal(host: object): string {
  for (const refusal of refusals) {
    const text = refusal(host);
    if (text !== undefined) return text;
  }
  const constructor = (Object.getPrototypeOf(host) as { constructor?: { name?: unknown } } | null)?.constructor;
  const name = typeof constructor?.name === "string" ? constructor.name : "Object";
  return `Could not serialize object of type "${name}". This type does not support serialization.`;
}

/** V8 refuses functions. A value that has some is copied as far as they may be, with marks in their place. */
function serialize(value: unknown, hosts: object[]): Uint8Array {
  try {
    return ops.rpc_serialize(value, hosts);
  } catch (error) {
    if (!(error instanceof DOMException) || error.name !== "DataCloneError" || !hasFunction(value, new Set()))
      throw error;
    hosts.length = 0;
    return ops.rpc_serialize(withMarks(value, new Map()), hosts);
  }
}

function hasFunction(value: unknown, seen: Set<object>): boolean {
  if (typeof value === "function") return true;
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  if (Array.isArray(value) || isPlainObject(value))
    return Object.values(value).some((member) => hasFunction(member, seen));
  if (value instanceof Map) return [...value].some((entry) => hasFunction(entry, seen));
  return value instanceof Set && [...value].some((member) => hasFunction(member, seen));
}

function withMarks(value: unknown, seen: Map<object, unknown>): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) return value;
  const known = seen.get(value);
  if (known !== undefined) return known;
  const keep = <T>(copy: T): T => (seen.set(value, copy), copy);
  if (typeof value === "function") return keep(new Mark(value as Callee));
  if (Array.isArray(value) || isPlainObject(value)) {
    const copy = keep((Array.isArray(value) ? value.slice() : {}) as Record<string, unknown>);
    for (const [key, member] of Object.entries(value)) copy[key] = withMarks(member, seen);
    return copy;
  }
  if (value instanceof Map) {
    const copy = keep(new Map<unknown, unknown>());
    for (const [key, member] of value) copy.set(withMarks(key, seen), withMarks(member, seen));
    return copy;
  }
  if (!(value instanceof Set)) return value;
  const copy = keep(new Set<unknown>());
  for (const member of value) copy.add(withMarks(member, seen));
  return copy;
}

type PackedBody = Source | Uint8Array | undefined;

function attachBody(body: OutboundBody): PackedBody {
  if (body === null) return undefined;
  return typeof body === "string" ? octetsOf(body) : body;
}

function attachResponse(response: Response): Attachment {
  const socket = responseWebSocket(response);
  if (socket !== null) throw cloneError(describeRefusal(socket));
  const { status, statusText } = response;
  const meta = JSON.stringify([status, statusText, linesToBlock(responseHeaderLines(response))]);
  return [Kind.response, meta, attachBody(takeBody(response))];
}

function attachRequest(request: Request): Attachment {
  const { method, url, redirect, cf } = request;
  const meta = JSON.stringify([method, url, requestHeaderBlock(request), redirect, cf]);
  return [Kind.request, meta, attachBody(takeBody(request))];
}

function linesToBlock(lines: string): string {
  let block = "";
  for (const line of lines.split("\r\n")) {
    const colon = line.indexOf(": ");
    if (colon > 0) block += `${line.slice(0, colon)}\0${line.slice(colon + 2)}\0`;
  }
  return block;
}

/** A call: where to, and with what. */
export function packCall(path: readonly string[], args: readonly unknown[] | null): Message {
  const packer = new Packer(false);
  return { octets: packer.pack([path, args]), attachments: packer.attachments };
}

export function packResult(value: unknown): Message {
  const packer = new Packer(true);
  // An error that is returned keeps its own properties only where the compatibility date says so.
  const octets = packer.pack(typeof value === "function" ? new Mark(value as Callee) : value);
  return { octets, attachments: packer.attachments };
}

/** A value by itself, without anything by reference but errors: the props of an entrypoint, what an error has. */
export function packData(value: unknown): Uint8Array {
  const hosts: object[] = [];
  const octets = ops.rpc_serialize(value, hosts);
  return ops.rpc_serialize([octets, hosts.map(describeDatum)], []);
}

export function unpackData(octets: Uint8Array): unknown {
  const [inner, errors] = ops.rpc_deserialize(octets, []) as [Uint8Array, ReturnType<typeof describeDatum>[]];
  return ops.rpc_deserialize(
    inner,
    errors.map(([meta, own]) => putErrorTogether(meta, own === undefined ? undefined : unpackData(own))),
  );
}

function describeDatum(host: object): [meta: string, octets: Uint8Array | undefined] {
  if (!(host instanceof Error)) throw cloneError(describeRefusal(host));
  const [, meta, own] = attachError(host);
  return [meta, own];
}

/** What was thrown, for the caller. */
export function packException(error: unknown): Message {
  try {
    if (error instanceof DOMException || (keepsErrors() && typeof error === "object" && error !== null))
      return packResult(error);
  } catch {
    // What cannot be cloned is described.
  }
  return packResult(describeException(error));
}

/** An error as a value: with its cause and, where the compatibility date says so, its name and own properties. */
function attachError(error: Error): [kind: Kind, meta: string, own: Uint8Array | undefined] {
  const { meta, own } = takeErrorApart(error, keepsErrors());
  let octets: Uint8Array | undefined;
  try {
    octets = own === undefined ? undefined : packData(own);
  } catch {
    // Properties that cannot be cloned stay behind.
  }
  return [Kind.error, meta, octets];
}

/** Compatibility flag enhanced_error_serialization: errors keep their name, cause and own properties. */
function keepsErrors(): boolean {
  return (
    compatibilityFlags.enhanced_error_serialization === true ||
    (compatibilityDate >= "2026-04-21" && compatibilityFlags.legacy_error_serialization !== true)
  );
}

function attachedBody(value: PackedBody): Source | undefined {
  return value instanceof Uint8Array ? ops.source_from_bytes(value) : value;
}

function makeResponse(meta: string, value: PackedBody): Response {
  const [status, statusText, block] = JSON.parse(meta) as [number, string, string];
  const source = value instanceof Uint8Array ? undefined : value;
  const response = responseFromNative(status, statusText, block, source, "", false);
  if (value instanceof Uint8Array) setBody(response, value);
  return response;
}

function makeRequest(meta: string, value: PackedBody): Request {
  const [method, url, block, redirect, cf] = JSON.parse(meta) as [string, string, string, "follow" | "manual", object?];
  const request = requestFromNative(method, url, block, attachedBody(value), cf ?? undefined);
  return redirect === request.redirect ? request : new Request(request, { redirect });
}

function makeDomException(meta: string): DOMException {
  const [message, name, stack] = JSON.parse(meta) as [string, string, string];
  const exception = makeDOMException(message, name);
  Object.defineProperty(exception, "stack", { value: stack, writable: true, configurable: true });
  return exception;
}

function makeAttached([kind, meta, value]: Attachment, received: Received): object {
  switch (kind) {
    case Kind.reference: {
      ops.rpc_adopt(value as Capability);
      const caller = new CapabilityCaller(value as Capability);
      received.push(caller);
      return makeStub(caller);
    }
    case Kind.writable: {
      ops.rpc_adopt(value as Capability);
      const caller = new CapabilityCaller(value as Capability);
      return writableTo(makeStub(caller), () => caller.dispose());
    }
    case Kind.readable:
      return streamFromSource(value as Source);
    case Kind.headers:
      return headersFromBlock(meta, false);
    case Kind.request:
      return makeRequest(meta, value as PackedBody);
    case Kind.response:
      return makeResponse(meta, value as PackedBody);
    case Kind.domException:
      return makeDomException(meta);
    case Kind.error:
      return putErrorTogether(meta, value === undefined ? undefined : unpackData(value as Uint8Array));
  }
}

export function unpack(octets: Uint8Array, attachments: readonly Attachment[], received: Received): unknown {
  const objects: object[] = [];
  for (const attachment of attachments) objects.push(makeAttached(attachment, received));
  return ops.rpc_deserialize(octets, objects);
}

const disposeAll = (received: Received): void => {
  for (const caller of received) caller.dispose();
};

/** A result that is an object disposes of every stub in it. */
function withDispose(value: unknown, received: Received): unknown {
  if (typeof value === "object" && value !== null)
    Object.defineProperty(value, Symbol.dispose, {
      value: anonymous(() => disposeAll(received)),
      writable: true,
      configurable: true,
    });
  return value;
}
const anonymous = (dispose: () => void): (() => void) => dispose;

function markRemote(error: unknown): unknown {
  if (typeof error === "object" && error !== null) (error as { remote?: boolean }).remote = true;
  return error;
}

/** What Workers put on an exception that comes from the way and not from the callee. */
function failureOf(exception: Error, isRemote: boolean, isReset: boolean): Error {
  if (isReset) (exception as { durableObjectReset?: boolean }).durableObjectReset = true;
  else if (isRemote) (exception as { remote?: boolean }).remote = true;
  return exception;
}

class Result implements Pending {
  readonly promise: Promise<unknown>;
  #received: Received = [];
  #isDisposed = false;

  constructor(outcome: Promise<Outcome>) {
    const promise = outcome.then((settled) => this.#take(settled));
    this.promise = promise;
  }

  #take(outcome: Outcome): unknown {
    const [first, second, third] = outcome;
    if (typeof first !== "number") throw failureOf(first, second as boolean, third as boolean);
    const octets = second as Uint8Array;
    const attachments = third as Attachment[];
    if (first !== 200) {
      throw markRemote(unpack(octets, attachments, []));
    }
    const value = withDispose(unpack(octets, attachments, this.#received), this.#received);
    if (this.#isDisposed) disposeAll(this.#received);
    return value;
  }

  dispose(): void {
    this.#isDisposed = true;
    disposeAll(this.#received);
  }

  get isDisposed(): boolean {
    return this.#isDisposed;
  }
}

/** A result on its way from where C++ answers. */
export function pendingResult(outcome: Promise<Outcome>): Pending {
  return new Result(outcome);
}
