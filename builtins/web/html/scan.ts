// Finding the ends of things in a page (HTML § 13.2.5), over octet strings. Each function looks at one place and keeps no state; what
// is not whole yet is -1, and is looked at again when more has come.

const GREATER = 62;
const SLASH = 47;
const EQUALS = 61;

function isSpace(unit: number): boolean {
  return unit === 32 || (unit >= 9 && unit <= 13 && unit !== 11);
}

export function isLetter(unit: number): boolean {
  const lower = unit | 32;
  return lower >= 97 && lower <= 122;
}

/** Where the tag's name ends: at white space, "/", ">" or the text's end. */
export function nameEnd(text: string, at: number): number {
  const { length } = text;
  for (; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === GREATER || unit === SLASH || isSpace(unit)) break;
  }
  return at;
}

const enum State {
  beforeName,
  name,
  afterName,
  beforeValue,
  unquoted,
}

let lastSlash = -1;
/** Whether the tag that findTagEnd() found last closes itself. */
export function isSelfClosing(end: number): boolean {
  return lastSlash === end - 1;
}

/** § 13.2.5.32 to 40: the index of the tag's ">". `at` is where its name ended. */
export function findTagEnd(text: string, at: number): number {
  const { length } = text;
  let state = State.beforeName;
  lastSlash = -2;
  for (; at < length; at++) {
    const unit = text.charCodeAt(at);
    if (unit > GREATER) {
      if (state === State.beforeName || state === State.afterName) state = State.name;
      else if (state === State.beforeValue) state = State.unquoted;
    } else if (unit === GREATER) {
      return at;
    } else if (isSpace(unit)) {
      if (state === State.name) state = State.afterName;
      else if (state === State.unquoted) state = State.beforeName;
    } else if (state === State.beforeValue) {
      if (unit === 34 || unit === 39) {
        at = text.indexOf(unit === 34 ? '"' : "'", at + 1);
        if (at < 0) return -1;
        state = State.beforeName;
      } else {
        state = State.unquoted;
      }
    } else if (state !== State.unquoted) {
      if (unit === SLASH) {
        lastSlash = at;
        state = State.beforeName;
      } else if (unit === EQUALS && state !== State.beforeName) {
        state = State.beforeValue;
      } else {
        state = State.name;
      }
    }
  }
  return -1;
}

/** A comment's end and the end of its text. */
export interface CommentEnd {
  textEnd: number;
  end: number;
}

/** § 13.2.5.43 to 52. `at` is behind "<!--". */
export function findCommentEnd(text: string, at: number): CommentEnd | undefined {
  if (text.startsWith(">", at)) return { textEnd: at, end: at + 1 };
  if (text.startsWith("->", at)) return { textEnd: at, end: at + 2 };
  for (let from = at; ;) {
    const dashes = text.indexOf("--", from);
    if (dashes < 0) return undefined;
    if (text.startsWith(">", dashes + 2)) return { textEnd: dashes, end: dashes + 3 };
    if (text.startsWith("!>", dashes + 2)) return { textEnd: dashes, end: dashes + 4 };
    from = dashes + 1;
  }
}

const endTagPatterns = new Map<string, RegExp>();

/** Where "</name" stands as an end tag, in an element whose content is raw text; -1 when it does not. */
export function findRawTextEnd(text: string, at: number, name: string): number {
  let pattern = endTagPatterns.get(name);
  if (pattern === undefined) endTagPatterns.set(name, (pattern = new RegExp(`</${name}[\\t\\n\\f\\r />]`, "gi")));
  pattern.lastIndex = at;
  return pattern.exec(text)?.index ?? -1;
}

/** A script's content: § 13.2.5.15 to 31. What was seen of it, so that the search goes on where it stopped. */
export class ScriptScan {
  private state: "data" | "escaped" | "double escaped" = "data";
  private readonly marks = /<!--|-->|<\/script[\t\n\f\r />]|<script[\t\n\f\r />]/gi;

  /** Where the end tag stands, or -1; `at` must be where the last search stopped. */
  find(text: string, at: number): { end: number; seen: number } {
    const { marks } = this;
    let seen = at;
    marks.lastIndex = at;
    for (let match = marks.exec(text); match !== null; match = marks.exec(text)) {
      const mark = match[0];
      const { index } = match;
      seen = index + mark.length;
      if (mark === "<!--") {
        if (this.state === "data") this.state = "escaped";
        marks.lastIndex = seen = index + 2; // "<!-->" ends at once
      } else if (mark === "-->") {
        this.state = "data";
      } else if (mark[1] === "/") {
        if (this.state !== "double escaped") return { end: index, seen: index };
        this.state = "escaped";
      } else if (this.state === "escaped") {
        this.state = "double escaped";
      }
    }
    return { end: -1, seen };
  }
}

/** § 13.2.5.53 to 68: name, public and system identifier of a DOCTYPE's content. */
export function parseDoctype(content: string): (string | null)[] {
  const match =
    /^[\t\n\f\r ]*([^\t\n\f\r ]*)[\t\n\f\r ]*(?:(public|system)[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)')?[\t\n\f\r ]*(?:"([^"]*)"|'([^']*)')?)?/i.exec(
      content,
    )!;
  const name = match[1] === "" ? null : match[1]!.toLowerCase();
  const first = match[3] ?? match[4] ?? null;
  const second = match[5] ?? match[6] ?? null;
  if (match[2] === undefined) return [name, null, null];
  return match[2].toLowerCase() === "public" ? [name, first, second] : [name, null, first];
}
