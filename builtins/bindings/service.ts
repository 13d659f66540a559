// Service bindings (Workers docs, Runtime APIs, Bindings, Service bindings): an entrypoint of this worker or of another that runs beside it,
// with fetch() and, by RPC, its methods. Also ctx.exports and `exports` of cloudflare:workers, which are such bindings to the worker itself.
// Invariant: every call is an invocation of its own, with a fresh instance of the entrypoint's class.

import { registerBinding } from "../env";
import { native, type NativeHandle } from "../native";
import { type Caller, type Pending, withRemoteMembers } from "../rpc/stub";
import { type Attachment, type Outcome, packCall, packData, pendingResult, refusals } from "../rpc/values";
import { abortReason, type AbortSignal, onAbort } from "../web/abort";
import { type OutboundBody, setBody, takeBody } from "../web/body";
import { fetcherDispatchers, fetchThrough, type InboundResponse, type OutboundRequest } from "../web/fetch";
import { octetsOf } from "../web/octets";
import { fetcherTests, isRequest, Request, requestFetcher, requestHeaderBlock, requestSignal } from "../web/request";
import { type Response, responseFromNative } from "../web/response";
import { toAddress } from "../web/socket";
import type { Source } from "../web/streams";
import { markPlatformClasses } from "../web/structured_clone";
import { countSubrequest } from "../web/subrequests";
import { missingArgument } from "../web/webidl";
import { type WebSocket, webSocketFromLink, type WebSocketLink } from "../web/websocket";

type ServiceTarget = NativeHandle<"service_target">;
type Body = string | Uint8Array | Source | undefined;
type Answer = [status: number, statusText: string, headerBlock: string, body: Body, link: WebSocketLink | undefined];
type Failure = [exception: Error, isRemote: boolean, isReset: boolean];

const ops = native<{
  service_target(worker: string, entrypoint: string | undefined, props: Uint8Array): ServiceTarget;
  service_fetch(
    target: ServiceTarget,
    method: string,
    url: string,
    headers: string,
    areLines: boolean,
    body: OutboundBody,
  ): Promise<Answer | Failure>;
  service_call(target: ServiceTarget, octets: Uint8Array, attachments: Attachment[]): Promise<Outcome>;
  source_from_bytes(bytes: Uint8Array): Source;
  source_cancel(source: Source, reason: string): void;
}>();

const internal: unique symbol = Symbol("internal");

const isFailure = (answer: Answer | Failure): answer is Failure => answer.length === 3;
const isSource = (body: Body): body is Source => typeof body === "object" && !(body instanceof Uint8Array);

/** What the entrypoint threw. */
function failureOf([exception, isRemote]: Failure): Error {
  if (isRemote) (exception as { remote?: boolean }).remote = true;
  return exception;
}

function socketOf(link: WebSocketLink | undefined): WebSocket | null {
  return link === undefined ? null : webSocketFromLink(link);
}

function toSource(body: Body): Source | undefined {
  if (body === undefined || isSource(body)) return body;
  return ops.source_from_bytes(typeof body === "string" ? octetsOf(body) : body);
}

/** The caller waits no longer once the signal is aborted; what comes then is dropped. */
function abortable(answer: Promise<Answer | Failure>, signal: AbortSignal): Promise<Answer | Failure> {
  return new Promise((resolve, reject) => {
    const forget = onAbort(signal, () => {
      reject(abortReason(signal));
      answer.then(
        (late) => {
          if (!isFailure(late) && isSource(late[3])) ops.source_cancel(late[3], "The request was aborted.");
        },
        () => {},
      );
    });
    answer.then(resolve, reject).finally(forget);
  });
}

/** The way to one entrypoint. */
class Entrypoint implements Caller {
  readonly dispatcher = (request: OutboundRequest): Promise<InboundResponse> => this.#dispatch(request);
  readonly #target: ServiceTarget;

  constructor(worker: string, entrypoint: string | undefined, props: unknown) {
    this.#target = ops.service_target(worker, entrypoint, packData(props));
  }

  call(path: readonly string[], args: readonly unknown[] | null): Pending {
    countSubrequest();
    const { octets, attachments } = packCall(path, args);
    return pendingResult(ops.service_call(this.#target, octets, attachments));
  }

  /** A request that is sent as it is. */
  async pass(request: Request): Promise<Response> {
    countSubrequest();
    const { url, method } = request;
    const hash = url.indexOf("#");
    const sent = hash < 0 ? url : url.slice(0, hash);
    const block = requestHeaderBlock(request);
    const body = takeBody(request);
    const answer = await ops.service_fetch(this.#target, method, sent, block, false, body);
    if (isFailure(answer)) throw failureOf(answer);
    const [status, statusText, headers, content, link] = answer;
    const source = isSource(content) ? content : undefined;
    const response = responseFromNative(status, statusText, headers, source, sent, false, socketOf(link));
    if (content !== undefined && source === undefined) setBody(response, content);
    return response;
  }

  async #dispatch(request: OutboundRequest): Promise<InboundResponse> {
    const { method, url, headerLines, body, signal } = request;
    const sent = ops.service_fetch(this.#target, method, url, headerLines, true, body);
    const answer = await (signal === undefined ? sent : abortable(sent, signal));
    if (isFailure(answer)) throw failureOf(answer);
    const [status, statusText, headerBlock, content, link] = answer;
    return { status, statusText, headerBlock, body: toSource(content), webSocket: socketOf(link) };
  }
}

/** Makes a fetcher of an object that is there already: ctx.exports has functions that are fetchers. */
class Base {
  constructor(object: object | undefined) {
    if (object !== undefined) return object;
  }
}

let entrypointOf: (fetcher: object) => Entrypoint | undefined;

/** "Fetcher" to a worker. */
export class Fetcher extends Base {
  static {
    entrypointOf = (fetcher) => (#entrypoint in fetcher ? fetcher.#entrypoint : undefined);
  }
  readonly #entrypoint: Entrypoint;

  constructor(token: typeof internal, entrypoint: Entrypoint, object?: object) {
    if (token !== internal) throw new TypeError("Illegal constructor");
    super(object);
    this.#entrypoint = entrypoint;
  }

  fetch(input: unknown = undefined, init: unknown = undefined): Promise<Response> {
    try {
      const entrypoint = this.#entrypoint;
      if (arguments.length === 0) missingArgument("fetch", "Fetcher", 1, "Request or string");
      const request =
        isRequest(input) && (init === undefined || init === null)
          ? input
          : new Request(input as string, init as object);
      if (request.redirect === "manual" && requestSignal(request) === undefined && requestFetcher(request) === null)
        return entrypoint.pass(request);
      return fetchThrough(entrypoint.dispatcher, request, undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** A worker takes no connections, as on Workers. */
  connect(address: unknown = undefined): never {
    void this.#entrypoint;
    if (address === undefined) missingArgument("connect", "Fetcher", 1, "SocketAddress or string");
    toAddress(address);
    throw new TypeError("Incoming CONNECT on a worker not supported");
  }
}
Object.defineProperty(Fetcher, "name", { value: "Fetcher" });
Object.defineProperty(Fetcher.prototype, Symbol.toStringTag, { value: "Fetcher", configurable: true });

withRemoteMembers(Fetcher.prototype, entrypointOf);

markPlatformClasses([Fetcher]);
fetcherTests.push((value) => entrypointOf(value) !== undefined);
fetcherDispatchers.push((fetcher) => entrypointOf(fetcher)?.dispatcher);
refusals.push((value) =>
  entrypointOf(value) === undefined ? undefined : "ServiceStub serialization requires the 'experimental' compat flag.",
);

export function makeFetcher(worker: string, entrypoint: string | undefined, props: unknown): Fetcher {
  return new Fetcher(internal, new Entrypoint(worker, entrypoint, props));
}

/** A member of ctx.exports: a fetcher that, called, gives one with props. */
class LoopbackServiceStub extends Fetcher {}
Object.defineProperty(LoopbackServiceStub, "name", { value: "LoopbackServiceStub" });

export function makeLoopback(worker: string, entrypoint: string | undefined): object {
  const call = (options: { props?: unknown } | undefined): Fetcher =>
    makeFetcher(worker, entrypoint, options?.props ?? {});
  Object.setPrototypeOf(call, LoopbackServiceStub.prototype);
  delete (call as { name?: unknown }).name;
  delete (call as { length?: unknown }).length;
  return new LoopbackServiceStub(internal, new Entrypoint(worker, entrypoint, {}), call);
}

registerBinding("service", ({ worker, entrypoint, props }) =>
  makeFetcher(worker as string, entrypoint as string | undefined, props ?? {}),
);
