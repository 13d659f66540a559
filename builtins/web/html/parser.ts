// The streaming rewriter behind HTMLRewriter: takes octets as they come, calls handlers for what they asked for, writes everything else
// as it came. There is no tree: the stack of open elements is what end tags say, nothing is closed by implication.
// Invariant: [flushed, at) of the buffer was tokenised and is to be written unchanged; everything before `flushed` has been written.
import { type Codec, octets, type Piece } from "./codec";
import { type Combined, combine, type Handler, type Rule } from "./rules";
import {
  findCommentEnd,
  findRawTextEnd,
  findTagEnd,
  isLetter,
  isSelfClosing,
  nameEnd,
  parseDoctype,
  ScriptScan,
} from "./scan";
import { matches } from "./selectors";
import {
  Changes,
  Comment,
  Doctype,
  DocumentEnd,
  Element,
  endComment,
  endDocumentEnd,
  endElement,
  endEndTag,
  EndTag,
  endText,
  Namespace,
  StartTag,
  Text,
} from "./tokens";
import { innerNamespace, isBreakout, rawTextElements, voidElements } from "./vocabulary";

const enum Mode {
  data,
  rawText,
  script,
  plaintext,
  cdata,
}

/** The end of a raw text that has not been found is at most so many octets away from being one. */
const LONGEST_PARTIAL_MARK = 16;

interface Call {
  readonly handler: Handler;
  readonly receiver: object;
}

export class Parser {
  private buffer = "";
  private at = 0;
  private flushed = 0;
  private isFinal = false;
  private isDone = false;
  private mode = Mode.data;
  private rawTextName = "";
  private scriptScan: ScriptScan | undefined = undefined;
  private scriptSeen = 0;

  private top: StartTag | undefined = undefined;
  private rootChildCount = 0;
  private readonly rootTypeCounts = new Map<string, number>();
  /** Open elements whose content is dropped. */
  private suppressed = 0;
  /** Text of a node was seen whose end was not. */
  private inText = false;

  private output = "";
  private pieces: Piece[] | undefined = undefined;

  /** The token whose handlers are being called, and what to do when they have been. */
  private token: unknown = undefined;
  private calls: Call[] = [];
  private callIndex = 0;
  private finish: () => void = () => {};

  private readonly rules: Combined;

  constructor(
    rules: readonly Rule[],
    private readonly codec: Codec,
  ) {
    this.rules = combine(rules);
  }

  /** Takes more of the page. The promise is there when a handler is waited for; call resume() when it resolves. */
  feed(chunk: Uint8Array): PromiseLike<unknown> | undefined {
    this.buffer =
      this.at === this.buffer.length ? octets.html_from_octets(chunk) : this.rest() + octets.html_from_octets(chunk);
    this.at = this.flushed = 0;
    return this.resume();
  }

  /** The page is over. */
  end(): PromiseLike<unknown> | undefined {
    this.isFinal = true;
    return this.resume();
  }

  private rest(): string {
    this.scriptSeen -= this.at;
    return this.buffer.slice(this.at);
  }

  resume(): PromiseLike<unknown> | undefined {
    for (;;) {
      while (this.callIndex < this.calls.length) {
        const { handler, receiver } = this.calls[this.callIndex++]!;
        const result = Reflect.apply(handler, receiver, [this.token]) as PromiseLike<unknown> | undefined | null;
        if (typeof result === "object" && result !== null && typeof result.then === "function") return result;
      }
      if (this.token !== undefined) {
        this.finish();
        this.token = undefined;
      }
      if (!this.advance()) return undefined;
    }
  }

  /** What is ready to be written: octet strings and streams. */
  take(): readonly Piece[] {
    this.flushTo(this.at);
    const { pieces, output } = this;
    this.output = "";
    this.pieces = undefined;
    if (pieces === undefined) return output === "" ? [] : [output];
    pieces.push(output);
    return pieces;
  }

  private flushTo(end: number): void {
    if (end > this.flushed && this.suppressed === 0)
      this.output +=
        this.flushed === 0 && end === this.buffer.length ? this.buffer : this.buffer.slice(this.flushed, end);
    this.flushed = end;
  }

  private write(piece: Piece | undefined): void {
    if (piece === undefined || this.suppressed > 0) return;
    if (typeof piece === "string") this.output += piece;
    else {
      (this.pieces ??= []).push(this.output, piece);
      this.output = "";
    }
  }

  private writeAll(pieces: readonly Piece[] | undefined): void {
    if (pieces !== undefined) for (const piece of pieces) this.write(piece);
  }

  /** Calls the handlers with the token, then `finish`. */
  private announce(token: unknown, calls: Call[], finish: () => void): true {
    this.token = token;
    this.calls = calls;
    this.callIndex = 0;
    this.finish = finish;
    return true;
  }

  /** Goes on until handlers are to be called (true) or more of the page is needed (false). */
  private advance(): boolean {
    for (;;) {
      const { at, mode } = this;
      if (this.isDone) return false;
      if (mode === Mode.data ? this.advanceData() : this.advanceRaw()) return true;
      if (this.at === at && this.mode === mode) return this.isFinal ? this.finishDocument() : false;
    }
  }

  private finishDocument(): boolean {
    this.at = this.buffer.length;
    if (this.inText && this.endTextNode()) return true;
    this.isDone = true;
    const calls = this.rules.documentEnd;
    if (calls.length === 0) return false;
    const changes = new Changes(this.codec);
    const token = new DocumentEnd(changes);
    return this.announce(token, calls, () => {
      endDocumentEnd(token);
      this.suppressed = 0;
      this.flushTo(this.at);
      this.writeAll(changes.before);
    });
  }

  // Text.

  /** Text up to `end`, in the data state or raw. True when handlers are to be called. */
  private passText(end: number): boolean {
    const start = this.at;
    if (end === start) return false;
    const calls = this.rules.textCalls();
    if (calls.length === 0) {
      this.at = end;
      return false;
    }
    if (end === this.buffer.length && !this.isFinal) {
      end = this.codec.wholeEnd(this.buffer, start, end);
      if (end === start) return false;
    }
    this.at = end;
    this.inText = true;
    return this.announceText(calls, this.codec.decode(this.buffer.slice(start, end)), start, false);
  }

  private endTextNode(): boolean {
    this.inText = false;
    const calls = this.rules.textCalls();
    return calls.length > 0 && this.announceText(calls, "", this.at, true);
  }

  private announceText(calls: Call[], text: string, start: number, isLast: boolean): true {
    const changes = new Changes(this.codec);
    const token = new Text(changes, text, isLast);
    return this.announce(token, calls, () => {
      endText(token);
      this.writeChanges(changes, start, this.at);
    });
  }

  private writeChanges(changes: Changes, start: number, end: number): void {
    this.flushTo(start);
    this.writeAll(changes.before);
    if (changes.isRemoved) {
      this.flushed = end;
      this.write(changes.replacement);
    } else if (changes.newText !== undefined) {
      this.flushed = end;
      this.write(changes.newText);
    } else {
      this.flushTo(end);
    }
    this.writeAll(changes.after);
  }

  /** Content that is text whatever is in it. */
  private advanceRaw(): boolean {
    const { buffer, at } = this;
    const { length } = buffer;
    let end: number;
    switch (this.mode) {
      case Mode.rawText:
        end = findRawTextEnd(buffer, at, this.rawTextName);
        break;
      case Mode.script: {
        const found = this.scriptScan!.find(buffer, Math.max(this.scriptSeen, at));
        end = found.end;
        this.scriptSeen = Math.max(found.seen, length - LONGEST_PARTIAL_MARK, at);
        break;
      }
      case Mode.cdata:
        end = buffer.indexOf("]]>", at);
        break;
      default:
        end = -1;
    }
    if (end < 0) {
      const safe = this.isFinal || this.mode === Mode.plaintext ? length : length - LONGEST_PARTIAL_MARK;
      return safe > at && this.passText(safe);
    }
    if (end > at && this.passText(end)) return true;
    if (this.at < end) return false;
    if (this.mode === Mode.cdata) this.at = end + 3;
    this.mode = Mode.data;
    return false;
  }

  private advanceData(): boolean {
    const { buffer } = this;
    const { length } = buffer;
    let from = this.at;
    for (;;) {
      const open = buffer.indexOf("<", from);
      if (open < 0) return this.passText(length);
      const next = open + 1 < length ? buffer.charCodeAt(open + 1) : -1;
      if (isLetter(next)) return open > this.at ? this.passText(open) : this.startTag();
      if (next === 47) {
        const third = open + 2 < length ? buffer.charCodeAt(open + 2) : -1;
        if (third === -1 && this.isFinal) return this.passText(length);
        if (open > this.at) return this.passText(open);
        if (third === -1) return false;
        if (isLetter(third)) return this.endTag();
        if (third !== 62) return this.comment(open + 2, false);
        this.at = open + 3; // "</>" is nothing
        return false;
      }
      if (next === 33 || next === 63) {
        if (open > this.at) return this.passText(open);
        return next === 63 ? this.comment(open + 1, false) : this.declaration();
      }
      if (next === -1 && !this.isFinal) return open > this.at && this.passText(open);
      from = open + 1;
    }
  }

  // Markup declarations.

  private declaration(): boolean {
    const { buffer, at } = this;
    if (buffer.startsWith("--", at + 2)) return this.comment(at + 4, true);
    const start = buffer.slice(at + 2, at + 9);
    if (start.toLowerCase() === "doctype") return this.doctype();
    if (start === "[CDATA[" && this.currentNamespace !== Namespace.html) {
      this.at = at + 9;
      this.mode = Mode.cdata;
      return false;
    }
    const isCut = start.length < 7 && !start.includes(">") && !this.isFinal;
    return isCut ? false : this.comment(at + 2, false);
  }

  private comment(textStart: number, isReal: boolean): boolean {
    const { buffer, at: start } = this;
    let textEnd: number;
    let end: number;
    const found = isReal ? findCommentEnd(buffer, textStart) : undefined;
    if (found !== undefined) ({ textEnd, end } = found);
    else {
      textEnd = isReal ? -1 : buffer.indexOf(">", textStart);
      end = textEnd + 1;
      if (textEnd < 0) {
        if (!this.isFinal) return false;
        end = textEnd = buffer.length;
        if (isReal) textEnd = textStart + buffer.slice(textStart).replace(/--?!?$/, "").length;
      }
    }
    if (this.inText && this.endTextNode()) return true;
    this.at = end;
    const calls = this.rules.commentCalls();
    if (calls.length === 0) return false;
    const changes = new Changes(this.codec);
    const token = new Comment(changes, this.codec.decode(buffer.slice(textStart, textEnd)));
    return this.announce(token, calls, () => {
      endComment(token);
      if (changes.newText !== undefined) changes.newText = `<!--${this.codec.encode(changes.newText)}-->`;
      this.writeChanges(changes, start, end);
    });
  }

  private doctype(): boolean {
    const { buffer, at: start } = this;
    let end = buffer.indexOf(">", start);
    if (end < 0 && !this.isFinal) return false;
    if (this.inText && this.endTextNode()) return true;
    if (end < 0) end = buffer.length;
    this.at = Math.min(end + 1, buffer.length);
    const calls = this.rules.doctype;
    if (calls.length === 0) return false;
    const parts = parseDoctype(buffer.slice(start + 9, end)).map((part) =>
      part === null ? null : this.codec.decode(part),
    );
    return this.announce(new Doctype(parts), calls, () => {});
  }

  // Tags.

  private get currentNamespace(): Namespace {
    return this.top?.namespace ?? Namespace.html;
  }

  private startTag(): boolean {
    const { buffer, at: start, top, rules } = this;
    const endOfName = nameEnd(buffer, start + 1);
    const close = findTagEnd(buffer, endOfName);
    if (close < 0) return false;
    const selfClosing = isSelfClosing(close);
    if (this.inText && this.endTextNode()) return true;
    const end = close + 1;
    const rawName = buffer.slice(start + 1, endOfName);
    const name = this.codec.decode(rawName).toLowerCase();
    const section = buffer.slice(endOfName, selfClosing ? close - 1 : close);
    if (this.currentNamespace !== Namespace.html && isBreakout(name, section))
      for (let open = top; open !== undefined && open.namespace !== Namespace.html; open = open.parent)
        open.namespace = Namespace.html;
    const outer = this.currentNamespace;
    const inner = innerNamespace(outer, name, section);
    const isForeign = outer !== Namespace.html || inner !== Namespace.html;
    const canHaveContent = isForeign ? !selfClosing : !voidElements.has(name);
    let index = 0;
    let typeIndex = 0;
    if (rules.countsSiblings) {
      index = top === undefined ? ++this.rootChildCount : ++top.childCount;
      const counts = top === undefined ? this.rootTypeCounts : (top.typeCounts ??= new Map());
      typeIndex = (counts.get(name) ?? 0) + 1;
      counts.set(name, typeIndex);
    }
    const tag = new StartTag(
      this.codec,
      top,
      name,
      index,
      typeIndex,
      rawName,
      section,
      selfClosing,
      inner,
      canHaveContent,
    );
    this.at = end;
    const calls: Call[] = [];
    for (const rule of rules.elementRules) {
      if (!matches(rule.selector, tag)) continue;
      if (rule.element !== undefined) calls.push(rule.element);
      if (rule.hasContentHandlers) (tag.contentRules ??= []).push(rule);
    }
    if (calls.length === 0) {
      this.open(tag, outer, end);
      return false;
    }
    const token = new Element(tag);
    return this.announce(token, calls, () => {
      endElement(token);
      this.writeStartTag(tag, start, end);
      this.open(tag, outer, end);
    });
  }

  private writeStartTag(tag: StartTag, start: number, end: number): void {
    if (tag.before !== undefined) {
      this.flushTo(start);
      this.writeAll(tag.before);
    }
    if (tag.isRemoved) {
      this.flushTo(start);
      this.flushed = end;
      this.write(tag.replacement);
    } else if (!tag.isUntouched) {
      this.flushTo(start);
      this.flushed = end;
      this.write(tag.serialize());
    }
    if (tag.after !== undefined) {
      this.flushTo(end);
      this.writeAll(tag.after);
    }
  }

  private open(tag: StartTag, outer: Namespace, end: number): void {
    if (!tag.canHaveContent) return;
    this.top = tag;
    if (tag.contentRules !== undefined) this.rules.enter(tag.contentRules);
    if (tag.isContentRemoved) {
      this.flushTo(end);
      this.suppressed++;
    }
    if (outer !== Namespace.html || !rawTextElements.has(tag.name)) return;
    if (tag.name === "script") {
      this.mode = Mode.script;
      this.scriptScan = new ScriptScan();
      this.scriptSeen = end;
    } else {
      this.mode = tag.name === "plaintext" ? Mode.plaintext : Mode.rawText;
      this.rawTextName = tag.name;
    }
  }

  private endTag(): boolean {
    const { buffer, at: start } = this;
    const endOfName = nameEnd(buffer, start + 2);
    const close = findTagEnd(buffer, endOfName);
    if (close < 0) return false;
    if (this.inText && this.endTextNode()) return true;
    const end = close + 1;
    this.at = end;
    const rawName = buffer.slice(start + 2, endOfName);
    const name = this.codec.decode(rawName).toLowerCase();
    let last = this.top;
    while (last !== undefined && last.name !== name) last = last.parent;
    if (last === undefined) return false;
    return this.close(last, name, start, end);
  }

  /** Takes the elements down to `last` off the stack; what they wanted at their ends, this end tag gets. */
  private close(last: StartTag, name: string, start: number, end: number): boolean {
    let changes: Changes | undefined;
    let calls: Call[] | undefined;
    let freed = 0;
    const { parent } = last;
    for (let tag = this.top; tag !== parent && tag !== undefined; tag = tag.parent) {
      if (tag.contentRules !== undefined) this.rules.leave(tag.contentRules);
      if (tag.isContentRemoved) freed++;
      const wanted = tag.end;
      if (wanted === undefined) continue;
      changes ??= new Changes(this.codec);
      changes.before.push(...wanted.before);
      changes.after.push(...wanted.after);
      if (wanted.isRemoved) changes.isRemoved = true;
      changes.newText = wanted.newName ?? changes.newText;
      if (wanted.handler !== undefined) (calls ??= []).push({ handler: wanted.handler as Handler, receiver: tag });
    }
    this.top = parent;
    if (freed > 0) {
      this.flushTo(start);
      this.suppressed -= freed;
    }
    if (changes === undefined) return false;
    const wanted = changes;
    const write = (): void => {
      if (wanted.newText !== undefined) wanted.newText = `</${this.codec.encode(wanted.newText)}>`;
      this.writeChanges(wanted, start, end);
    };
    if (calls === undefined) {
      write();
      return false;
    }
    const token = new EndTag(changes, name);
    return this.announce(token, calls, () => {
      endEndTag(token);
      write();
    });
  }
}
