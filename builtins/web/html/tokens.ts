// The content tokens that HTMLRewriter's handlers get (Workers docs, HTMLRewriter): Element, EndTag, Comment, Text, Doctype, DocumentEnd.
// Each notes what its handlers want; the parser writes it when the last one is done, and ends the token.
// Invariant: a token that ended throws from every member.
import { isResponse } from "../response";
import { isReadableStream, type ReadableStream } from "../streams";
import { defineInterface, missingArgument, toDOMString } from "../webidl";
import { type Codec, escapeText, type Piece } from "./codec";
import type { ActiveRule } from "./rules";
import type { Subject } from "./selectors";

export interface ContentOptions {
  html?: unknown;
}

const STREAM_IN_COMMENT =
  "Replacing content in HTML comments using a ReadableStream or Response object is not implemented. You must provide a string.";

function ended(): never {
  throw new TypeError(
    "This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
  );
}

/** The arguments (content, options) as what will be written. */
function toPiece(
  codec: Codec,
  className: string,
  method: string,
  args: readonly unknown[],
  takesStreams = true,
): Piece {
  if (args.length === 0) missingArgument(method, className, 1, "string or ReadableStream or Response");
  const [content, options] = args as [unknown, ContentOptions | null | undefined];
  const isHtml = Boolean(options?.html);
  if (typeof content === "object" && content !== null) {
    const stream = isReadableStream(content) ? content : isResponse(content) ? (content.body ?? "") : undefined;
    if (stream !== undefined) {
      if (!takesStreams) throw new TypeError(STREAM_IN_COMMENT);
      return stream === "" ? "" : { stream: stream as ReadableStream, isHtml };
    }
  }
  const text = toDOMString(content);
  return codec.encode(isHtml ? text : escapeText(text));
}

export const enum Namespace {
  html,
  svg,
  mathml,
}
const namespaceURIs = [
  "http://www.w3.org/1999/xhtml",
  "http://www.w3.org/2000/svg",
  "http://www.w3.org/1998/Math/MathML",
];

interface Attribute {
  /** In lower case. */
  readonly name: string;
  value: string;
  /** As it came; undefined once it was changed. */
  raw: string | undefined;
}

function isSpaceOrSlash(unit: number): boolean {
  return unit === 32 || unit === 47 || (unit >= 9 && unit <= 13 && unit !== 11);
}
function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13 && unit !== 11);
}

/** HTML § 13.2.5.32 to 38, over what is between a tag's name and its end. */
function parseAttributes(section: string, codec: Codec): Attribute[] {
  const attributes: Attribute[] = [];
  const { length } = section;
  let at = 0;
  for (;;) {
    while (at < length && isSpaceOrSlash(section.charCodeAt(at))) at++;
    if (at >= length) return attributes;
    const start = at++; // a "=" here belongs to the name
    while (at < length && !isSpaceOrSlash(section.charCodeAt(at)) && section.charCodeAt(at) !== 61) at++;
    const name = codec.decode(section.slice(start, at)).toLowerCase();
    let value = "";
    let next = at;
    while (next < length && isSpace(section.charCodeAt(next))) next++;
    if (section.charCodeAt(next) === 61) {
      next++;
      while (next < length && isSpace(section.charCodeAt(next))) next++;
      const quote = section[next];
      if (quote === '"' || quote === "'") {
        const close = section.indexOf(quote, next + 1);
        at = close < 0 ? length : close + 1;
        value = section.slice(next + 1, close < 0 ? length : close);
      } else {
        at = next;
        while (at < length && !isSpace(section.charCodeAt(at))) at++;
        value = section.slice(next, at);
      }
    }
    attributes.push({ name, value: codec.decode(value), raw: section.slice(start, at) });
  }
}

/** What handlers want around an end tag, and of it. */
export interface EndChanges {
  before: Piece[];
  after: Piece[];
  isRemoved: boolean;
  newName: string | undefined;
  handler: ((tag: EndTag) => unknown) | undefined;
}

/** An open element: what selectors match, what the parser keeps on its stack, and what an Element notes its changes in. */
export class StartTag implements Subject {
  newName: string | undefined = undefined;
  before: Piece[] | undefined = undefined;
  /** Instead of the tag, when it is removed. */
  replacement: Piece | undefined = undefined;
  /** Directly behind the tag. */
  after: Piece[] | undefined = undefined;
  isRemoved = false;
  isContentRemoved = false;
  areAttributesChanged = false;
  /** Counts the changes of attributes. */
  version = 0;
  end: EndChanges | undefined = undefined;
  childCount = 0;
  typeCounts: Map<string, number> | undefined = undefined;
  /** Rules with handlers for its content. */
  contentRules: ActiveRule[] | undefined = undefined;
  private attributeList: Attribute[] | undefined = undefined;
  private classList: readonly string[] | undefined = undefined;

  constructor(
    readonly codec: Codec,
    readonly parent: StartTag | undefined,
    readonly name: string,
    readonly index: number,
    readonly typeIndex: number,
    readonly rawName: string,
    private readonly section: string,
    readonly isSelfClosing: boolean,
    public namespace: Namespace,
    readonly canHaveContent: boolean,
  ) {}

  get attributes(): Attribute[] {
    return (this.attributeList ??= parseAttributes(this.section, this.codec));
  }

  attribute(name: string): string | null {
    for (const attribute of this.attributes) if (attribute.name === name) return attribute.value;
    return null;
  }

  classes(): readonly string[] {
    return (this.classList ??= (this.attribute("class") ?? "").split(/[\t\n\f\r ]+/));
  }

  set attributes(attributes: Attribute[]) {
    this.attributeList = attributes;
    this.areAttributesChanged = true;
    this.version++;
  }

  get endChanges(): EndChanges {
    return (this.end ??= { before: [], after: [], isRemoved: false, newName: undefined, handler: undefined });
  }

  removeContent(): void {
    if (!this.canHaveContent) return;
    this.isContentRemoved = true;
    this.after = undefined;
    if (this.end !== undefined) this.end.before = [];
  }

  remove(): void {
    this.isRemoved = true;
    if (!this.canHaveContent) return;
    this.removeContent();
    this.endChanges.isRemoved = true;
  }

  /** Whether the tag itself leaves as it came. */
  get isUntouched(): boolean {
    return this.newName === undefined && !this.areAttributesChanged;
  }

  serialize(): string {
    const { codec, attributes } = this;
    let text = `<${this.newName === undefined ? this.rawName : codec.encode(this.newName)}`;
    for (const { name, value, raw } of attributes)
      text += ` ${raw ?? `${codec.encode(name)}="${codec.encode(value.replaceAll('"', "&quot;"))}"`}`;
    if (!this.isSelfClosing) return `${text}>`;
    return attributes.length > 0 ? `${text} />` : `${text}/>`;
  }
}

function requireName(kind: "tag" | "attribute", name: string): void {
  const capital = kind === "tag" ? "Tag" : "Attribute";
  if (name === "") throw new TypeError(`Parser error: ${capital} name can't be empty.`);
  if (kind === "tag" && !/^[a-zA-Z]/.test(name))
    throw new TypeError("Parser error: The first character of the tag name should be an ASCII alphabetical character.");
  const bad = (kind === "tag" ? /[\t\n\f\r />]/ : /[\t\n\f\r />=]/).exec(name);
  if (bad !== null) throw new TypeError(`Parser error: \`${bad[0]}\` character is forbidden in the ${kind} name`);
}

class AttributesIterator {
  readonly #element: Element;
  readonly #tag: StartTag;
  readonly #version: number;
  #index = 0;

  constructor(element: Element, tag: StartTag) {
    this.#element = element;
    this.#tag = tag;
    this.#version = tag.version;
  }
  next(): IteratorResult<[string, string]> {
    void this.#element.removed; // throws when the element has ended
    if (this.#version !== this.#tag.version)
      throw new Error(
        "The attributes of this element have been modified during iteration. You must create a new iterator after modifying attributes.",
      );
    const attribute = this.#tag.attributes[this.#index];
    if (attribute === undefined) return { value: undefined, done: true };
    this.#index++;
    return { value: [attribute.name, attribute.value], done: false };
  }
  [Symbol.iterator](): this {
    return this;
  }
}
defineInterface(AttributesIterator, "AttributesIterator");

export let endElement: (element: Element) => void;

export class Element {
  static {
    endElement = (element) => {
      element.#tag = undefined;
    };
  }
  #tag: StartTag | undefined;

  constructor(tag: StartTag) {
    this.#tag = tag;
  }

  get tagName(): string {
    return (this.#tag ?? ended()).newName ?? this.#tag!.name;
  }
  set tagName(name: string) {
    const tag = this.#tag ?? ended();
    const text = toDOMString(name);
    requireName("tag", text);
    tag.newName = text;
    if (tag.canHaveContent) tag.endChanges.newName = text;
  }
  get attributes(): AttributesIterator {
    return new AttributesIterator(this, this.#tag ?? ended());
  }
  get removed(): boolean {
    return (this.#tag ?? ended()).isRemoved;
  }
  get namespaceURI(): string {
    return namespaceURIs[(this.#tag ?? ended()).namespace]!;
  }

  getAttribute(name: string): string | null {
    return (this.#tag ?? ended()).attribute(toDOMString(name).toLowerCase());
  }
  hasAttribute(name: string): boolean {
    return this.getAttribute(name) !== null;
  }
  setAttribute(name: string, value: string): this {
    const tag = this.#tag ?? ended();
    const lower = toDOMString(name).toLowerCase();
    const text = toDOMString(value);
    requireName("attribute", lower);
    const { attributes } = tag;
    const existing = attributes.find((attribute) => attribute.name === lower);
    if (existing === undefined) attributes.push({ name: lower, value: text, raw: undefined });
    else {
      existing.value = text;
      existing.raw = undefined;
    }
    tag.attributes = attributes;
    return this;
  }
  removeAttribute(name: string): this {
    const tag = this.#tag ?? ended();
    const lower = toDOMString(name).toLowerCase();
    const rest = tag.attributes.filter((attribute) => attribute.name !== lower);
    if (rest.length < tag.attributes.length) tag.attributes = rest;
    return this;
  }

  before(_content: unknown, _options?: ContentOptions): this;
  before(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    (tag.before ??= []).push(toPiece(tag.codec, "Element", "before", args));
    return this;
  }
  after(_content: unknown, _options?: ContentOptions): this;
  after(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    const piece = toPiece(tag.codec, "Element", "after", args);
    if (tag.canHaveContent) tag.endChanges.after.unshift(piece);
    else (tag.after ??= []).unshift(piece);
    return this;
  }
  prepend(_content: unknown, _options?: ContentOptions): this;
  prepend(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    const piece = toPiece(tag.codec, "Element", "prepend", args);
    if (tag.canHaveContent) (tag.after ??= []).unshift(piece);
    return this;
  }
  append(_content: unknown, _options?: ContentOptions): this;
  append(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    const piece = toPiece(tag.codec, "Element", "append", args);
    if (tag.canHaveContent) tag.endChanges.before.push(piece);
    return this;
  }
  replace(_content: unknown, _options?: ContentOptions): this;
  replace(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    tag.replacement = toPiece(tag.codec, "Element", "replace", args);
    tag.remove();
    return this;
  }
  setInnerContent(_content: unknown, _options?: ContentOptions): this;
  setInnerContent(...args: unknown[]): this {
    const tag = this.#tag ?? ended();
    const piece = toPiece(tag.codec, "Element", "setInnerContent", args);
    tag.removeContent();
    if (tag.canHaveContent) tag.after = [piece];
    return this;
  }
  remove(): this {
    (this.#tag ?? ended()).remove();
    return this;
  }
  removeAndKeepContent(): this {
    const tag = this.#tag ?? ended();
    tag.isRemoved = true;
    if (tag.canHaveContent) tag.endChanges.isRemoved = true;
    return this;
  }
  /** The handler is called with the element's end tag; the last one that was set counts. */
  onEndTag(handler: (tag: EndTag) => unknown): void {
    const tag = this.#tag ?? ended();
    if (typeof handler !== "function") missingArgument("onEndTag", "Element", 1, "function");
    if (!tag.canHaveContent) throw new TypeError("Parser error: No end tag.");
    tag.endChanges.handler = handler;
  }
}
defineInterface(Element, "Element");

/** What the simple tokens have in common: something before, something after, and something else instead. */
export class Changes {
  before: Piece[] = [];
  after: Piece[] = [];
  replacement: Piece | undefined = undefined;
  isRemoved = false;
  /** Set once the token itself is another. */
  newText: string | undefined = undefined;

  constructor(readonly codec: Codec) {}
}

export let endEndTag: (tag: EndTag) => void;

export class EndTag {
  static {
    endEndTag = (tag) => {
      tag.#changes = undefined;
    };
  }
  #changes: Changes | undefined;
  readonly #name: string;

  constructor(changes: Changes, name: string) {
    this.#changes = changes;
    this.#name = name;
  }
  get name(): string {
    return (this.#changes ?? ended()).newText ?? this.#name;
  }
  set name(name: string) {
    const changes = this.#changes ?? ended();
    const text = toDOMString(name);
    requireName("tag", text);
    changes.newText = text;
  }
  before(_content: unknown, _options?: ContentOptions): this;
  before(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.before.push(toPiece(changes.codec, "EndTag", "before", args));
    return this;
  }
  after(_content: unknown, _options?: ContentOptions): this;
  after(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.after.unshift(toPiece(changes.codec, "EndTag", "after", args));
    return this;
  }
  remove(): this {
    (this.#changes ?? ended()).isRemoved = true;
    return this;
  }
}
defineInterface(EndTag, "EndTag");

export let endComment: (comment: Comment) => void;

export class Comment {
  static {
    endComment = (comment) => {
      comment.#changes = undefined;
    };
  }
  #changes: Changes | undefined;
  readonly #text: string;

  constructor(changes: Changes, text: string) {
    this.#changes = changes;
    this.#text = text;
  }
  get removed(): boolean {
    return (this.#changes ?? ended()).isRemoved;
  }
  get text(): string {
    return (this.#changes ?? ended()).newText ?? this.#text;
  }
  set text(value: string) {
    const changes = this.#changes ?? ended();
    const text = toDOMString(value);
    if (text.includes("-->"))
      throw new TypeError("Parser error: Comment text shouldn't contain comment closing sequence (`-->`).");
    changes.newText = text;
  }
  before(_content: unknown, _options?: ContentOptions): this;
  before(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.before.push(toPiece(changes.codec, "Comment", "before", args, false));
    return this;
  }
  after(_content: unknown, _options?: ContentOptions): this;
  after(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.after.unshift(toPiece(changes.codec, "Comment", "after", args, false));
    return this;
  }
  replace(_content: unknown, _options?: ContentOptions): this;
  replace(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.replacement = toPiece(changes.codec, "Comment", "replace", args, false);
    changes.isRemoved = true;
    return this;
  }
  remove(): this {
    (this.#changes ?? ended()).isRemoved = true;
    return this;
  }
}
defineInterface(Comment, "Comment");

export let endText: (text: Text) => void;

export class Text {
  static {
    endText = (text) => {
      text.#changes = undefined;
    };
  }
  #changes: Changes | undefined;
  readonly #text: string;
  readonly #isLast: boolean;

  constructor(changes: Changes, text: string, isLast: boolean) {
    this.#changes = changes;
    this.#text = text;
    this.#isLast = isLast;
  }
  get removed(): boolean {
    return (this.#changes ?? ended()).isRemoved;
  }
  get lastInTextNode(): boolean {
    void (this.#changes ?? ended());
    return this.#isLast;
  }
  get text(): string {
    void (this.#changes ?? ended());
    return this.#text;
  }
  before(_content: unknown, _options?: ContentOptions): this;
  before(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.before.push(toPiece(changes.codec, "Text", "before", args));
    return this;
  }
  after(_content: unknown, _options?: ContentOptions): this;
  after(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.after.unshift(toPiece(changes.codec, "Text", "after", args));
    return this;
  }
  replace(_content: unknown, _options?: ContentOptions): this;
  replace(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.replacement = toPiece(changes.codec, "Text", "replace", args);
    changes.isRemoved = true;
    return this;
  }
  remove(): this {
    (this.#changes ?? ended()).isRemoved = true;
    return this;
  }
}
defineInterface(Text, "Text");

export class Doctype {
  readonly #parts: readonly (string | null)[];

  /** The parts are name, public and system identifier. */
  constructor(parts: readonly (string | null)[]) {
    this.#parts = parts;
  }
  get name(): string | null {
    return this.#parts[0]!;
  }
  get publicId(): string | null {
    return this.#parts[1]!;
  }
  get systemId(): string | null {
    return this.#parts[2]!;
  }
}
defineInterface(Doctype, "Doctype");

export let endDocumentEnd: (end: DocumentEnd) => void;

export class DocumentEnd {
  static {
    endDocumentEnd = (end) => {
      end.#changes = undefined;
    };
  }
  #changes: Changes | undefined;

  constructor(changes: Changes) {
    this.#changes = changes;
  }
  append(_content: unknown, _options?: ContentOptions): this;
  append(...args: unknown[]): this {
    const changes = this.#changes ?? ended();
    changes.before.push(toPiece(changes.codec, "DocumentEnd", "append", args, false));
    return this;
  }
}
defineInterface(DocumentEnd, "DocumentEnd");
