// HTML § 9.2, EventSource, with what Workers add: `from(stream)` and `init.fetcher`. Reading is a loop over the body's chunks; the
// parser keeps nothing but the unfinished line and the event being built.
// Invariant: after close() no event is dispatched and nothing is being read.
import { AbortController } from "./abort";
import { makeDOMException } from "./dom_exception";
import { TextDecoder } from "./encoding";
import { defineEventHandler, dispatch, ErrorEvent, Event, EventTarget } from "./events";
import { fetch } from "./fetch";
import { MessageEvent } from "./message_events";
import type { Response } from "./response";
import { isReadableStream, type ReadableStream, type ReadableStreamDefaultReader } from "./streams";
import { sleep } from "./timers";
import { parseURL, URL } from "./url";
import { badConstructorArgument, defineInterface, missingArgument, toUSVString } from "./webidl";

const CONNECTING = 0;
const OPEN = 1;
const CLOSED = 2;

/** § 9.2.2, the reconnection time; the standard leaves "a few seconds" to the implementation. */
const RECONNECTION_TIME_MS = 2000;

interface ServerEvent {
  type: string;
  data: string;
}

/** § 9.2.5 and § 9.2.6: parses and interprets an event stream. */
class Parser {
  lastEventId = "";
  reconnectionTime_ms = RECONNECTION_TIME_MS;
  private readonly decoder = new TextDecoder("utf-8");
  private line = "";
  /** The text so far ended with CR: a LF that follows belongs to it. */
  private sawReturn = false;
  private data = "";
  private hasData = false;
  private type = "";
  private id = "";

  constructor(lastEventId: string) {
    this.id = this.lastEventId = lastEventId;
  }

  /** Feeds octets; `emit` gets each finished event and says whether to go on. */
  feed(bytes: Uint8Array, emit: (event: ServerEvent) => boolean): void {
    let text = this.decoder.decode(bytes, { stream: true });
    if (text === "") return;
    if (this.sawReturn && text.startsWith("\n")) text = text.slice(1);
    this.sawReturn = text.endsWith("\r");
    const lines = (this.line + text).split(/\r\n|\n|\r/);
    this.line = lines.pop()!;
    for (const line of lines) {
      if (line !== "") this.interpret(line);
      else if (!this.finish(emit)) return;
    }
  }

  private interpret(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(line[colon + 1] === " " ? colon + 2 : colon + 1);
    switch (field) {
      case "event":
        this.type = value;
        break;
      case "data":
        this.data += `${value}\n`;
        this.hasData = true;
        break;
      case "id":
        if (!value.includes("\0")) this.id = value;
        break;
      case "retry":
        if (/^[0-9]+$/.test(value)) this.reconnectionTime_ms = Number(value);
    }
  }

  /** "Dispatch the event". */
  private finish(emit: (event: ServerEvent) => boolean): boolean {
    this.lastEventId = this.id;
    const { type, data, hasData } = this;
    this.type = this.data = "";
    this.hasData = false;
    if (!hasData) return true;
    return emit({ type: type === "" ? "message" : type, data: data.slice(0, -1) });
  }
}

interface EventSourceInit {
  withCredentials?: unknown;
  fetcher?: object | null;
}

const fromStream = Symbol("from");

export class EventSource extends EventTarget {
  #url = "";
  #origin = "";
  #readyState = CONNECTING;
  #parser = new Parser("");
  #fetcher: object | null = null;
  #abort: AbortController | undefined = undefined;
  #reader: { cancel(): Promise<void> } | undefined = undefined;
  #cancelRetry: (() => void) | undefined = undefined;

  constructor(url: string, init?: EventSourceInit);
  constructor(...args: unknown[]) {
    super();
    if (args[0] === fromStream) {
      this.#readyState = OPEN;
      void this.#read(args[1] as ReadableStream);
      return;
    }
    if (args.length === 0) badConstructorArgument("EventSource", 1, "string");
    const text = toUSVString(args[0]);
    const url = parseURL(text);
    if (url === undefined)
      throw makeDOMException(`Cannot open an EventSource to '${text}'. The URL is invalid.`, "SyntaxError");
    const init = args[1] as EventSourceInit | undefined | null;
    if (init?.withCredentials)
      throw makeDOMException(
        "The init.withCredentials option is not supported. It must be false or undefined.",
        "NotSupportedError",
      );
    this.#url = url;
    this.#origin = new URL(url).origin;
    this.#fetcher = init?.fetcher ?? null;
    void this.#connect();
  }

  static from(stream: ReadableStream): EventSource {
    if (!isReadableStream(stream)) missingArgument("from", "EventSource", 1, "ReadableStream");
    return new EventSource(fromStream as unknown as string, stream as EventSourceInit);
  }

  get url(): string {
    return this.#url;
  }
  get withCredentials(): boolean {
    void this.#url;
    return false;
  }
  get readyState(): number {
    return this.#readyState;
  }

  close(): void {
    this.#readyState = CLOSED;
    this.#cancelRetry?.();
    this.#abort?.abort();
    this.#reader?.cancel().catch(() => {});
  }

  /** § 9.2.2, the constructor's fetch. */
  async #connect(): Promise<void> {
    const headers: Record<string, string> = { accept: "text/event-stream", "cache-control": "no-cache" };
    if (this.#parser.lastEventId !== "") headers["last-event-id"] = this.#parser.lastEventId;
    this.#abort = new AbortController();
    let response: Response;
    try {
      const { signal } = this.#abort;
      response = await fetch(this.#url, { headers, signal, fetcher: this.#fetcher ?? undefined });
    } catch (error) {
      return this.#fail(error);
    }
    if (this.#readyState === CLOSED) return;
    const refusal = refusalOf(response);
    if (refusal !== undefined) {
      this.#abort.abort();
      return this.#fail(makeDOMException(refusal, "AbortError"));
    }
    if (response.redirected) this.#origin = new URL(response.url).origin;
    this.#readyState = OPEN;
    dispatch(this, new Event("open"));
    const { body } = response;
    if (body !== null) await this.#read(body);
    else this.#ended(undefined);
  }

  async #read(stream: ReadableStream): Promise<void> {
    let failure: unknown;
    try {
      const reader = stream.getReader() as ReadableStreamDefaultReader;
      this.#reader = reader;
      for (;;) {
        const { value, done } = await reader.read();
        if (done || this.#readyState === CLOSED) break;
        this.#parser.feed(value as Uint8Array, (event) => this.#dispatch(event));
      }
    } catch (error) {
      failure = error;
    }
    this.#reader = undefined;
    if (this.#readyState !== CLOSED) this.#ended(failure);
  }

  #dispatch({ type, data }: ServerEvent): boolean {
    const { lastEventId } = this.#parser;
    dispatch(this, new MessageEvent(type, { data, origin: this.#origin, lastEventId }));
    return this.#readyState !== CLOSED;
  }

  /** The stream is over: § 9.2.3, "reestablish the connection"; a stream that was given has none. */
  #ended(failure: unknown): void {
    if (this.#url === "") {
      this.#readyState = CLOSED;
      dispatch(this, new ErrorEvent("error", failure === undefined ? {} : errorInit(failure)));
      return;
    }
    this.#readyState = CONNECTING;
    dispatch(this, new ErrorEvent("error", errorInit(failure ?? new Error("The server disconnected."))));
    if ((this.#readyState as number) === CLOSED) return;
    const { lastEventId, reconnectionTime_ms } = this.#parser;
    this.#cancelRetry = sleep(reconnectionTime_ms, () => {
      this.#parser = new Parser(lastEventId);
      this.#parser.reconnectionTime_ms = reconnectionTime_ms;
      void this.#connect();
    });
  }

  /** § 9.2.3, "fail the connection". */
  #fail(error: unknown): void {
    if (this.#readyState === CLOSED) return;
    this.#readyState = CLOSED;
    dispatch(this, new ErrorEvent("error", errorInit(error)));
  }
}

function errorInit(error: unknown): { error: unknown; message: string } {
  return { error, message: error instanceof Error ? error.message : String(error) };
}

function refusalOf(response: Response): string | undefined {
  if (response.status !== 200 && response.status !== 204) return `The response status code was ${response.status}.`;
  const type = response.headers.get("content-type");
  if (type === null) return "No content type header was present in the response.";
  if (!/^text\/event-stream\s*(;|$)/i.test(type)) return `The content type '${type}' is invalid.`;
  return undefined;
}

defineInterface(EventSource, "EventSource");
Object.defineProperty(EventSource, "length", { value: 1, configurable: true });
for (const type of ["open", "message", "error"]) defineEventHandler(EventSource, type);
for (const target of [EventSource, EventSource.prototype])
  for (const [name, value] of Object.entries({ CONNECTING, OPEN, CLOSED }))
    Object.defineProperty(target, name, { value, enumerable: true });
