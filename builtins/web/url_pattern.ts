// URL Pattern standard § 1, the URLPattern class. Parsing, compiling and matching are ada's (src/web/url_pattern_ops.cc); here are the
// conversions and the result's shape.
import { type NativeHandle, native } from "../native";
import { defineInterface, toUSVString } from "./webidl";

type Pattern = NativeHandle<"url_pattern">;
interface ComponentResult {
  input: string;
  groups: Record<string, string | undefined>;
}

const ops = native<{
  url_pattern_create(text: string, init: Init | undefined, base: string | undefined, ignoreCase: boolean): Pattern;
  /** protocol, username, password, hostname, port, pathname, search, hash. */
  url_pattern_components(pattern: Pattern): string[];
  url_pattern_has_groups(pattern: Pattern): boolean;
  url_pattern_test(pattern: Pattern, text: string, init: Init | undefined, base: string | undefined): boolean;
  url_pattern_exec(
    pattern: Pattern,
    text: string,
    init: Init | undefined,
    base: string | undefined,
  ): ComponentResult[] | undefined;
}>();

/** URLPatternInit, as the ops take it: one string or undefined for each of `members`. */
type Init = (string | undefined)[];
const members = [
  "protocol",
  "username",
  "password",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
  "baseURL",
] as const;

export interface URLPatternResult extends Record<Exclude<(typeof members)[number], "baseURL">, ComponentResult> {
  inputs: unknown[];
}

function isObject(value: unknown): value is Record<string, unknown> {
  return (typeof value === "object" && value !== null) || typeof value === "function";
}

/** Web IDL, (USVString or URLPatternInit): null and undefined are the empty dictionary. */
function toInit(value: unknown): Init | undefined {
  if (value === undefined || value === null) return members.map(() => undefined);
  if (!isObject(value)) return undefined;
  return members.map((name) => {
    const member = value[name];
    return member === undefined ? undefined : toUSVString(member);
  });
}

/** The dictionary again, as a result's `inputs` shows it. */
function fromInit(init: Init): object {
  const object: Record<string, string> = {};
  init.forEach((value, index) => {
    if (value !== undefined) object[members[index]!] = value;
  });
  return object;
}

function toBase(value: unknown): string | undefined {
  return value === undefined || value === null ? undefined : toUSVString(value);
}

export class URLPattern {
  readonly #pattern: Pattern;
  #components: string[] | undefined = undefined;

  constructor(input?: unknown, baseURL?: string, options?: { ignoreCase?: unknown });
  constructor(input?: unknown, options?: { ignoreCase?: unknown });
  constructor(...args: unknown[]) {
    const [input, second, third] = args;
    const isOptions = isObject(second) && args.length < 3;
    const base = isOptions ? undefined : toBase(second);
    const options = (isOptions ? second : third) as { ignoreCase?: unknown } | undefined | null;
    const init = toInit(input);
    const text = init === undefined ? toUSVString(input) : "";
    try {
      this.#pattern = ops.url_pattern_create(text, init, base, Boolean(options?.ignoreCase));
    } catch {
      throw new TypeError("Failed to construct URLPattern");
    }
  }

  #component(index: number): string {
    return (this.#components ??= ops.url_pattern_components(this.#pattern))[index]!;
  }

  get protocol(): string {
    return this.#component(0);
  }
  get username(): string {
    return this.#component(1);
  }
  get password(): string {
    return this.#component(2);
  }
  get hostname(): string {
    return this.#component(3);
  }
  get port(): string {
    return this.#component(4);
  }
  get pathname(): string {
    return this.#component(5);
  }
  get search(): string {
    return this.#component(6);
  }
  get hash(): string {
    return this.#component(7);
  }
  get hasRegExpGroups(): boolean {
    return ops.url_pattern_has_groups(this.#pattern);
  }

  test(input: unknown = undefined, baseURL: unknown = undefined): boolean {
    if (typeof input === "string" && baseURL === undefined)
      return ops.url_pattern_test(this.#pattern, input, undefined, undefined);
    const init = toInit(input);
    return ops.url_pattern_test(this.#pattern, init === undefined ? toUSVString(input) : "", init, toBase(baseURL));
  }

  exec(input: unknown = undefined, baseURL: unknown = undefined): URLPatternResult | null {
    const init = toInit(input);
    const text = init === undefined ? toUSVString(input) : "";
    const base = toBase(baseURL);
    const components = ops.url_pattern_exec(this.#pattern, text, init, base);
    if (components === undefined) return null;
    const [protocol, username, password, hostname, port, pathname, search, hash] = components as ComponentResult[] & {
      length: 8;
    };
    const inputs: unknown[] = [init === undefined ? text : fromInit(init)];
    if (base !== undefined) inputs.push(base);
    return { inputs, protocol, username, password, hostname, port, pathname, search, hash } as URLPatternResult;
  }
}
defineInterface(URLPattern, "URLPattern");
Object.defineProperty(URLPattern, "length", { value: 0, configurable: true });
