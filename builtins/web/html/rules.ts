// What a rewriter was told to look for, and which of it applies at the place that the parser has reached.
import type { Selector } from "./selectors";

export type Handler = (token: unknown) => unknown;

/** One call of on() or onDocument(). */
export interface Rule {
  /** Absent: the whole document. */
  readonly selector: Selector | undefined;
  readonly receiver: object;
  readonly element?: Handler | undefined;
  readonly text?: Handler | undefined;
  readonly comments?: Handler | undefined;
  readonly doctype?: Handler | undefined;
  readonly end?: Handler | undefined;
}

interface Call {
  readonly handler: Handler;
  readonly receiver: object;
}

/** A rule with a selector, during one transformation. */
export class ActiveRule {
  readonly element: Call | undefined;
  /** Open elements that it matched. */
  depth = 0;

  constructor(
    readonly selector: Selector,
    rule: Rule,
    readonly hasContentHandlers: boolean,
  ) {
    if (rule.element !== undefined) this.element = { handler: rule.element, receiver: rule.receiver };
  }
}

/** A handler of text or comments: applies where its rule does, or everywhere. */
interface Scoped {
  readonly rule: ActiveRule | undefined;
  readonly call: Call;
}

const NONE: Call[] = [];

export class Combined {
  readonly elementRules: ActiveRule[] = [];
  readonly doctype: Call[] = [];
  readonly documentEnd: Call[] = [];
  readonly countsSiblings: boolean;
  private readonly text: Scoped[] = [];
  private readonly comments: Scoped[] = [];

  constructor(rules: readonly Rule[]) {
    this.countsSiblings = rules.some((rule) => rule.selector?.countsSiblings === true);
    for (const rule of rules) {
      const { selector, receiver, text, comments, doctype, end } = rule;
      const hasContentHandlers = text !== undefined || comments !== undefined;
      const active = selector === undefined ? undefined : new ActiveRule(selector, rule, hasContentHandlers);
      if (active !== undefined) this.elementRules.push(active);
      if (text !== undefined) this.text.push({ rule: active, call: { handler: text, receiver } });
      if (comments !== undefined) this.comments.push({ rule: active, call: { handler: comments, receiver } });
      if (doctype !== undefined) this.doctype.push({ handler: doctype, receiver });
      if (end !== undefined) this.documentEnd.push({ handler: end, receiver });
    }
  }

  enter(rules: readonly ActiveRule[]): void {
    for (const rule of rules) rule.depth++;
  }
  leave(rules: readonly ActiveRule[]): void {
    for (const rule of rules) rule.depth--;
  }

  textCalls(): Call[] {
    return here(this.text);
  }
  commentCalls(): Call[] {
    return here(this.comments);
  }
}

function here(handlers: readonly Scoped[]): Call[] {
  if (handlers.length === 0) return NONE;
  const calls: Call[] = [];
  for (const { rule, call } of handlers) if (rule === undefined || rule.depth > 0) calls.push(call);
  return calls.length === 0 ? NONE : calls;
}

export function combine(rules: readonly Rule[]): Combined {
  return new Combined(rules);
}
