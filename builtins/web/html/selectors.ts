// The CSS selectors that HTMLRewriter knows (Workers docs, HTMLRewriter, Selectors; Selectors Level 4): type, class, id, attribute,
// :nth-child, :first-child, :nth-of-type, :first-of-type, :not, descendant and child combinators, lists. A page is matched while it
// streams, so nothing that needs what comes later is there. Error messages are those of Workers.

/** An element as selectors see it. */
export interface Subject {
  readonly parent: Subject | undefined;
  /** In lower case. */
  readonly name: string;
  /** Its place among its siblings, from 1; and among those of its name. */
  readonly index: number;
  readonly typeIndex: number;
  attribute(name: string): string | null;
  classes(): readonly string[];
}

type Test = (element: Subject) => boolean;

const enum Combinator {
  none,
  descendant,
  child,
}

/** Simple selectors that one element must pass; `relation` says where the compound to the left is to be looked for. */
interface Compound {
  name: string | undefined;
  tests: Test[];
  relation: Combinator;
}

export interface Selector {
  /** Complex selectors, each from its right end to its left. */
  readonly alternatives: readonly (readonly Compound[])[];
  /** Whether matching asks for index and typeIndex. */
  readonly countsSiblings: boolean;
}

function matchesCompound(compound: Compound, element: Subject): boolean {
  if (compound.name !== undefined && compound.name !== element.name) return false;
  for (const test of compound.tests) if (!test(element)) return false;
  return true;
}

function matchesFrom(compounds: readonly Compound[], at: number, element: Subject): boolean {
  const compound = compounds[at]!;
  if (!matchesCompound(compound, element)) return false;
  if (at + 1 === compounds.length) return true;
  let { parent } = element;
  if (compound.relation === Combinator.child) return parent !== undefined && matchesFrom(compounds, at + 1, parent);
  for (; parent !== undefined; parent = parent.parent) if (matchesFrom(compounds, at + 1, parent)) return true;
  return false;
}

export function matches(selector: Selector, element: Subject): boolean {
  for (const compounds of selector.alternatives) if (matchesFrom(compounds, 0, element)) return true;
  return false;
}

function fail(message: string): never {
  throw new TypeError(`Parser error: ${message}`);
}

const whitespace = /[\t\n\f\r ]/;
const nameStart = /[a-zA-Z_\u0080-\uffff\\]/;
const namePart = /[a-zA-Z0-9_\-\u0080-\uffff\\]/;

class SelectorParser {
  private at = 0;
  private countsSiblings = false;

  constructor(private readonly text: string) {}

  parse(): Selector {
    const alternatives = this.list(false);
    return { alternatives, countsSiblings: this.countsSiblings };
  }

  private get next(): string {
    return this.text[this.at] ?? "";
  }

  private skipSpace(): boolean {
    const start = this.at;
    while (whitespace.test(this.next)) this.at++;
    return this.at > start;
  }

  private expect(character: string): void {
    if (this.at >= this.text.length) fail("Unexpected end of selector.");
    if (this.next !== character) fail("Unexpected token in selector.");
    this.at++;
  }

  private list(isNested: boolean): Compound[][] {
    const alternatives: Compound[][] = [];
    for (;;) {
      this.skipSpace();
      alternatives.push(isNested ? [this.compound()] : this.complex());
      this.skipSpace();
      if (this.next !== ",") break;
      this.at++;
    }
    if (!isNested && this.at < this.text.length) fail("Unexpected token in selector.");
    return alternatives;
  }

  private complex(): Compound[] {
    const compounds: Compound[] = [];
    let relation = Combinator.none;
    for (;;) {
      const compound = this.compound(compounds.length > 0);
      compound.relation = relation;
      compounds.unshift(compound);
      const isSpace = this.skipSpace();
      const { next } = this;
      if (next === "" || next === ",") return compounds;
      if (next === ">") {
        this.at++;
        this.skipSpace();
        relation = Combinator.child;
      } else if (next === "+" || next === "~") {
        fail(`Unsupported combinator \`${next}\` in selector.`);
      } else if (isSpace) {
        relation = Combinator.descendant;
      } else {
        fail("Unexpected token in selector.");
      }
    }
  }

  private compound(isAfterCombinator = false): Compound {
    const compound: Compound = { name: undefined, tests: [], relation: Combinator.none };
    const start = this.at;
    if (this.next === "*") this.at++;
    else if (nameStart.test(this.next)) compound.name = this.identifier("").toLowerCase();
    if (this.next === "|") {
      if (this.text[start] !== "*") fail("Selectors with explicit namespaces are not supported.");
      this.at++;
      if (this.text[this.at] === "*") this.at++;
      else compound.name = this.identifier("Unexpected token in selector.").toLowerCase();
    }
    while (this.simple(compound.tests));
    if (this.at === start) {
      if (this.text.trim() === "") fail("The selector is empty.");
      fail(isAfterCombinator ? "Dangling combinator in selector." : "Unexpected token in selector.");
    }
    return compound;
  }

  private simple(tests: Test[]): boolean {
    switch (this.next) {
      case "#": {
        this.at++;
        const id = this.identifier("Unexpected token in selector.", namePart);
        tests.push((element) => element.attribute("id") === id);
        return true;
      }
      case ".": {
        this.at++;
        const name = this.identifier("Invalid or unescaped class name in selector.");
        tests.push((element) => element.classes().includes(name));
        return true;
      }
      case "[":
        this.at++;
        tests.push(this.attribute());
        return true;
      case ":":
        this.at++;
        tests.push(this.pseudoClass());
        return true;
      default:
        return false;
    }
  }

  /** CSS Syntax § 4.3.12, an ident sequence. */
  private identifier(message: string, start: RegExp = nameStart): string {
    let name = "";
    if (this.next === "-") {
      name = "-";
      this.at++;
      if (this.next === "-") start = namePart;
    }
    if (!start.test(this.next)) fail(this.next === "" ? "Unexpected end of selector." : message);
    while (namePart.test(this.next)) {
      if (this.next === "\\") name += this.escape();
      else name += this.text[this.at++]!;
    }
    return name;
  }

  /** CSS Syntax § 4.3.7. */
  private escape(): string {
    const hex = /^\\([0-9a-fA-F]{1,6})[\t\n\f\r ]?/.exec(this.text.slice(this.at, this.at + 8));
    if (hex === null) {
      this.at += 2;
      return this.text[this.at - 1] ?? "\ufffd";
    }
    this.at += hex[0].length;
    const point = Number.parseInt(hex[1]!, 16);
    return point === 0 || point > 0x10ffff ? "\ufffd" : String.fromCodePoint(point);
  }

  private string(): string {
    const quote = this.next;
    let value = "";
    for (this.at++; this.next !== quote;) {
      if (this.next === "") fail("Unexpected end of selector.");
      if (this.next === "\\") value += this.escape();
      else value += this.text[this.at++]!;
    }
    this.at++;
    return value;
  }

  private attribute(): Test {
    this.skipSpace();
    const name = this.identifier("Unexpected token in selector.").toLowerCase();
    this.skipSpace();
    if (this.next === "]") {
      this.at++;
      return (element) => element.attribute(name) !== null;
    }
    const operator = this.next === "=" ? "=" : this.text.slice(this.at, this.at + 2);
    this.at += operator.length;
    this.skipSpace();
    let value =
      this.next === '"' || this.next === "'" ? this.string() : this.identifier("Unexpected token in selector.");
    this.skipSpace();
    const ignoresCase = this.next === "i" || this.next === "I";
    if (ignoresCase || this.next === "s" || this.next === "S") this.at++;
    this.skipSpace();
    this.expect("]");
    if (ignoresCase) value = value.toLowerCase();
    const test = attributeTest(operator, value);
    return (element) => {
      const actual = element.attribute(name);
      return actual !== null && test(ignoresCase ? actual.toLowerCase() : actual);
    };
  }

  private pseudoClass(): Test {
    const name = nameStart.test(this.next) ? this.identifier("").toLowerCase() : "";
    switch (name) {
      case "first-child":
        this.countsSiblings = true;
        return (element) => element.index === 1;
      case "first-of-type":
        this.countsSiblings = true;
        return (element) => element.typeIndex === 1;
      case "nth-child": {
        const includes = this.nth();
        return (element) => includes(element.index);
      }
      case "nth-of-type": {
        const includes = this.nth();
        return (element) => includes(element.typeIndex);
      }
      case "not": {
        this.expect("(");
        const inner = this.list(true);
        this.expect(")");
        return (element) => !inner.some(([compound]) => matchesCompound(compound!, element));
      }
      default:
        fail("Unsupported pseudo-class or pseudo-element in selector.");
    }
  }

  /** CSS Syntax § 6, An+B. */
  private nth(): (index: number) => boolean {
    this.countsSiblings = true;
    this.expect("(");
    const end = this.text.indexOf(")", this.at);
    if (end < 0) fail("Unexpected end of selector.");
    const text = this.text.slice(this.at, end).trim().toLowerCase();
    this.at = end + 1;
    let a: number;
    let b: number;
    const match = /^(?:([+-]?\d*)n(?:\s*([+-])\s*(\d+))?|([+-]?\d+))$/.exec(text);
    if (text === "odd" || text === "even") {
      a = 2;
      b = text === "odd" ? 1 : 0;
    } else if (match === null) {
      fail("Unexpected token in selector.");
    } else if (match[4] !== undefined) {
      a = 0;
      b = Number(match[4]);
    } else {
      const step = match[1]!;
      a = step === "" || step === "+" ? 1 : step === "-" ? -1 : Number(step);
      b = match[3] === undefined ? 0 : Number(match[2]! + match[3]);
    }
    return (index) => (a === 0 ? index === b : (index - b) / a >= 0 && (index - b) % a === 0);
  }
}

function attributeTest(operator: string, value: string): (actual: string) => boolean {
  switch (operator) {
    case "=":
      return (actual) => actual === value;
    case "~=":
      return (actual) => value !== "" && actual.split(/[\t\n\f\r ]+/).includes(value);
    case "|=":
      return (actual) => actual === value || actual.startsWith(`${value}-`);
    case "^=":
      return (actual) => value !== "" && actual.startsWith(value);
    case "$=":
      return (actual) => value !== "" && actual.endsWith(value);
    case "*=":
      return (actual) => value !== "" && actual.includes(value);
    default:
      fail("Unexpected token in selector.");
  }
}

export function parseSelector(text: string): Selector {
  return new SelectorParser(text).parse();
}
