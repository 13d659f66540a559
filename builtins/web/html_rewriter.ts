// HTMLRewriter (Workers docs, Runtime APIs, HTMLRewriter). Here are the interface and the streams; the work is done in html/.
// Invariant: a page is read only as fast as the result is, and nothing of it is kept but what is not tokenised yet.
import { codecFor, escapeText, octets, type Piece, utf8 } from "./html/codec";
import { Parser } from "./html/parser";
import type { Handler, Rule } from "./html/rules";
import { parseSelector } from "./html/selectors";
import { hasBody, moveBody, requireUnusedBody } from "./body";
import { TextDecoder } from "./encoding";
import { parseMimeType } from "./mime";
import { isResponse, Response } from "./response";
import { createReadableStream, type ReadableStreamDefaultReader, type StreamController } from "./streams";
import { defineInterface, missingArgument, toDOMString } from "./webidl";

function toHandler(handlers: Record<string, unknown>, name: string, dictionary: string): Handler | undefined {
  const handler = handlers[name];
  if (handler === undefined) return undefined;
  if (typeof handler !== "function")
    throw new TypeError(
      `Incorrect type for the '${name}' field on '${dictionary}': the provided value is not of type 'function'.`,
    );
  return handler as Handler;
}

function toHandlers(value: unknown, method: string, index: number, dictionary: string): Record<string, unknown> {
  if (value === null) return {};
  if (typeof value !== "object" && typeof value !== "function")
    missingArgument(method, "HTMLRewriter", index, dictionary);
  return value as Record<string, unknown>;
}

/** The rewriting of one page: what the resulting stream pulls from. */
class Rewriting {
  private isEnded = false;

  constructor(
    private readonly parser: Parser,
    private readonly reader: ReadableStreamDefaultReader,
  ) {}

  async pull(controller: StreamController): Promise<void> {
    for (;;) {
      if (this.isEnded) return controller.close();
      const { value, done } = await this.reader.read();
      this.isEnded = done;
      let waiting = done ? this.parser.end() : this.parser.feed(value as Uint8Array);
      while (waiting !== undefined) {
        await waiting;
        waiting = this.parser.resume();
      }
      const pieces = this.parser.take();
      let hasWritten = false;
      for (const piece of pieces) {
        if (typeof piece !== "string") hasWritten = (await this.copy(piece, controller)) || hasWritten;
        else if (piece !== "") {
          controller.enqueue(octets.html_to_octets(piece));
          hasWritten = true;
        }
      }
      if (hasWritten && !this.isEnded) return;
    }
  }

  /** Writes a stream that a handler gave. */
  private async copy(piece: Exclude<Piece, string>, controller: StreamController): Promise<boolean> {
    const reader = piece.stream.getReader() as ReadableStreamDefaultReader;
    const decoder = piece.isHtml ? undefined : new TextDecoder();
    let hasWritten = false;
    for (;;) {
      const { value, done } = await reader.read();
      let bytes = value as Uint8Array | undefined;
      if (decoder !== undefined) {
        const text = done ? decoder.decode() : decoder.decode(bytes!, { stream: true });
        bytes = octets.html_to_octets(utf8.encode(escapeText(text)));
      }
      if (bytes !== undefined && bytes.byteLength > 0) {
        controller.enqueue(decoder === undefined ? bytes.slice() : bytes);
        hasWritten = true;
      }
      if (done) return hasWritten;
    }
  }

  /** Errors the page's stream, if a handler or the result's reader did not want the rest. */
  cancel(reason: unknown): Promise<void> {
    return this.reader.cancel(reason);
  }
}

export class HTMLRewriter {
  readonly #rules: Rule[] = [];

  /** Handlers for the elements that the selector matches, and for text and comments inside them. */
  on(selector: string, handlers: object | null): this;
  on(...args: unknown[]): this {
    const rules = this.#rules;
    if (args.length === 0) missingArgument("on", "HTMLRewriter", 1, "string");
    const text = toDOMString(args[0]);
    const handlers = toHandlers(args[1], "on", 2, "ElementContentHandlers");
    rules.push({
      receiver: handlers,
      element: toHandler(handlers, "element", "ElementContentHandlers"),
      comments: toHandler(handlers, "comments", "ElementContentHandlers"),
      text: toHandler(handlers, "text", "ElementContentHandlers"),
      selector: parseSelector(text),
    });
    return this;
  }

  /** Handlers for the document: its doctype, comments, text and end. */
  onDocument(handlers: object | null): this;
  onDocument(...args: unknown[]): this {
    const rules = this.#rules;
    const handlers = toHandlers(args[0], "onDocument", 1, "DocumentContentHandlers");
    rules.push({
      receiver: handlers,
      doctype: toHandler(handlers, "doctype", "DocumentContentHandlers"),
      comments: toHandler(handlers, "comments", "DocumentContentHandlers"),
      text: toHandler(handlers, "text", "DocumentContentHandlers"),
      end: toHandler(handlers, "end", "DocumentContentHandlers"),
      selector: undefined,
    });
    return this;
  }

  /** A response with the same head whose body is rewritten while it is read. */
  transform(response: Response): Response {
    const rules = this.#rules;
    if (!isResponse(response)) missingArgument("transform", "HTMLRewriter", 1, "Response");
    if (!hasBody(response)) return response;
    const mime = parseMimeType(response.headers.get("content-type") ?? "");
    const codec = codecFor(mime?.parameters.get("charset"));
    requireUnusedBody(response);
    const page = new Response(null, response);
    moveBody(response, page);
    if (rules.length === 0) return page;
    const reader = page.body!.getReader() as ReadableStreamDefaultReader;
    const rewriting = new Rewriting(new Parser([...rules], codec), reader);
    const pull = (controller: StreamController): Promise<void> =>
      rewriting.pull(controller).catch((error: unknown) => {
        rewriting.cancel(error).catch(() => {});
        throw error;
      });
    const result = createReadableStream(pull, (reason) => rewriting.cancel(reason), { type: "bytes" });
    const rewritten = new Response(result, response);
    rewritten.headers.delete("content-length"); // it was the other page's
    return rewritten;
  }
}
defineInterface(HTMLRewriter, "HTMLRewriter");
