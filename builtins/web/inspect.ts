// How the console shows values: the Console standard leaves it open, Workers (and Node) have a form that developers know, and this is it.
// Invariants: inspecting runs no getter of the value and throws nothing, whatever is handed in; a cyclic or huge value ends.

import { native } from "../native";
import { DOMException } from "./dom_exception";
import { layOut, lineWidth, type Shape } from "./inspect_layout";

const ops = native<{
  /** What JavaScript cannot see: [kind, ...]; undefined for everything else. */
  inspect_native(
    value: object,
  ):
    | ["promise", state: number, result: unknown]
    | ["proxy", target: object | null]
    | ["shared"]
    | ["entries", kind: string, items: unknown[], pairs: boolean]
    | undefined;
}>();

export interface InspectOptions {
  /** Levels below the value that are opened; beyond them an object is `[Object]`. */
  depth?: number;
}

/** Classes of the platform say what they show: an object or a list of entries in the place of their private state. */
export type Describe = (
  value: any,
) => { name?: string; entries?: Iterable<[unknown, unknown]>; fields?: object } | undefined;
const describers = new Map<object, Describe>();
export function describeClass(constructor: Function, describe: Describe): void {
  describers.set(constructor.prototype as object, describe);
}

// Getters that make something on first use, or that would show more than anybody wants to read.
const hiddenGetters = new Set(["body", "signal", "digest", "srcElement"]);

/** Interfaces of the platform show their attributes, or their entries; the getters are those of now, not what a worker puts in their place. */
export function describeInterfaces(constructors: Iterable<Function>): void {
  for (const { prototype } of constructors as Iterable<{ prototype: object }>) {
    if (describers.has(prototype) || prototype === DOMException.prototype) continue;
    const entries = Object.getOwnPropertyDescriptor(prototype, "entries")?.value as
      ((this: object) => Iterable<[unknown, unknown]>) | undefined;
    const getters: [string, () => unknown][] = [];
    for (
      let current: object | null = prototype;
      current !== null;
      current = Object.getPrototypeOf(current) as object | null
    )
      for (const [name, { get }] of Object.entries(Object.getOwnPropertyDescriptors(current)))
        if (
          get !== undefined &&
          current !== Object.prototype &&
          !hiddenGetters.has(name) &&
          getters.every(([other]) => other !== name)
        )
          getters.push([name, get]);
    describers.set(prototype, (value: object) => {
      if (entries !== undefined && Object.hasOwn(prototype, Symbol.iterator))
        return { entries: Reflect.apply(entries, value, []) as Iterable<[unknown, unknown]> };
      const fields: Record<string, unknown> = {};
      for (const [name, get] of getters) fields[name] = Reflect.apply(get, value, []);
      return { fields };
    });
  }
}

function describerOf(value: object): Describe | undefined {
  if (describers.size === 0 || typeof value === "function") return undefined;
  for (
    let current = Object.getPrototypeOf(value) as object | null;
    current !== null && current !== Object.prototype;
    current = Object.getPrototypeOf(current) as object | null
  ) {
    const describe = describers.get(current);
    if (describe !== undefined) return describe;
  }
  return undefined;
}

const maximumItems = 100;
const maximumString = 10_000;

interface State {
  readonly depth: number;
  readonly stack: object[];
  readonly circular: Map<object, number>;
}

export function inspect(value: unknown, options?: InspectOptions): string {
  return format(value, { depth: options?.depth ?? 2, stack: [], circular: new Map() }, 0, false);
}

function format(value: unknown, state: State, indent: number, typed: boolean): string {
  switch (typeof value) {
    case "string":
      return quote(value, indent, typed);
    case "number":
      return Object.is(value, -0) ? "-0" : String(value);
    case "bigint":
      return `${value}n`;
    case "object":
    case "function":
      if (value === null) return "null";
      try {
        return formatObject(value, state, indent);
      } catch {
        return "[object that cannot be shown]"; // a revoked proxy, a trap that throws
      }
    default:
      return String(value);
  }
}

const escapes: Record<string, string> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  "\b": "\\b",
  "\f": "\\f",
  "\v": "\\v",
  "\\": "\\\\",
};

function quote(text: string, indent: number, splitLines: boolean): string {
  let shown = text;
  let rest = "";
  if (text.length > maximumString) {
    shown = text.slice(0, maximumString);
    rest = `... ${text.length - maximumString} more character${text.length - maximumString === 1 ? "" : "s"}`;
  }
  if (splitLines && shown.length > 16 && shown.length > lineWidth - indent && shown.includes("\n"))
    return (
      shown
        .split(/(?<=\n)/)
        .map((line) => quoteLine(line))
        .join(` +\n${" ".repeat(indent + 2)}`) + rest
    );
  return quoteLine(shown) + rest;
}

function quoteLine(text: string): string {
  const mark = !text.includes("'")
    ? "'"
    : !text.includes('"')
      ? '"'
      : !text.includes("`") && !text.includes("${")
        ? "`"
        : "'";
  const escaped = text.replace(
    /[\x00-\x1f\x7f-\x9f\\'"`]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g,
    (unit) => {
      if (unit === "'" || unit === '"' || unit === "`") return unit === mark ? `\\${unit}` : unit;
      const code = unit.charCodeAt(0);
      return escapes[unit] ?? (code < 256 ? `\\x${hex(code, 2)}` : `\\u${hex(code, 4)}`);
    },
  );
  return mark + escaped + mark;
}

const hex = (code: number, width: number) => code.toString(16).toUpperCase().padStart(width, "0");

/** The name of the class that made an object, found without running any getter; null for a null prototype. */
function constructorName(value: object): string | null {
  let current: object | null = value;
  while (current !== null) {
    const descriptor = Object.getOwnPropertyDescriptor(current, "constructor");
    if (descriptor !== undefined && typeof descriptor.value === "function" && descriptor.value.name !== "") {
      const prototype = (descriptor.value as Function).prototype as unknown;
      if (isInChain(value, prototype)) return String(descriptor.value.name);
    }
    current = Object.getPrototypeOf(current) as object | null;
  }
  return null;
}

function isInChain(value: object, prototype: unknown): boolean {
  for (
    let current = Object.getPrototypeOf(value) as unknown;
    current !== null;
    current = Object.getPrototypeOf(current)
  )
    if (current === prototype) return true;
  return false;
}

function tagOf(value: object): string {
  for (
    let current: object | null = value;
    current !== null;
    current = Object.getPrototypeOf(current) as object | null
  ) {
    const descriptor = Object.getOwnPropertyDescriptor(current, Symbol.toStringTag);
    if (descriptor !== undefined) return typeof descriptor.value === "string" ? descriptor.value : "";
  }
  return "";
}

/** "Foo ", "[Foo: null prototype] ", "Foo [Tag] ", or "" for a plain object. */
function prefixOf(value: object, fallback: string, size?: number): string {
  const name = constructorName(value);
  const count = size === undefined ? "" : `(${size})`;
  // A tag of the object itself is among its properties.
  const tag = Object.hasOwn(value, Symbol.toStringTag) ? "" : tagOf(value);
  const tagText = tag !== "" && tag !== name ? ` [${tag}]` : "";
  if (name === null) return `[${fallback}${count}: null prototype]${tagText} `;
  if (name === fallback && (fallback === "Object" || (fallback === "Array" && size !== undefined)))
    return tagText === "" ? "" : `${name}${tagText} `;
  return `${name}${count}${tagText} `;
}

// What a value is, by its internal slots, whatever its prototype says.
const slotOf = (prototype: object, property: PropertyKey) => {
  const descriptor = Object.getOwnPropertyDescriptor(prototype, property)!;
  return (descriptor.get ?? descriptor.value) as () => unknown;
};
function has(slot: () => unknown, value: object): boolean {
  try {
    Reflect.apply(slot, value, []);
    return true;
  } catch {
    return false;
  }
}
const mapSize = slotOf(Map.prototype, "size");
const setSize = slotOf(Set.prototype, "size");
const dateTime = slotOf(Date.prototype, "getTime");
const regExpSource = slotOf(RegExp.prototype, "source");
const bufferLength = slotOf(ArrayBuffer.prototype, "byteLength");
const viewName = slotOf(Object.getPrototypeOf(Uint8Array.prototype) as object, Symbol.toStringTag);
const viewLength = slotOf(Object.getPrototypeOf(Uint8Array.prototype) as object, "length");
const boxes: readonly [string, () => unknown][] = [
  ["Number", slotOf(Number.prototype, "valueOf")],
  ["String", slotOf(String.prototype, "valueOf")],
  ["Boolean", slotOf(Boolean.prototype, "valueOf")],
  ["Symbol", slotOf(Symbol.prototype, "valueOf")],
  ["BigInt", slotOf(BigInt.prototype, "valueOf")],
];
const weakHas = [
  ["WeakMap", WeakMap.prototype.has],
  ["WeakSet", WeakSet.prototype.has],
] as const;
const generatorNext = Object.getPrototypeOf(function* () {}.prototype) as object;
const isError = (value: object) => isInChain(value, Error.prototype);

function formatObject(value: object, state: State, indent: number): string {
  if (state.stack.includes(value)) {
    let number = state.circular.get(value);
    if (number === undefined) state.circular.set(value, (number = state.circular.size + 1));
    return `[Circular *${number}]`;
  }
  const inside = typeof value === "object" ? ops.inspect_native(value) : undefined;
  if (inside?.[0] === "proxy")
    return inside[1] === null ? "<Revoked Proxy>" : `Proxy(${format(inside[1], state, indent, true)})`;
  const describe = describerOf(value);
  const shallow = state.stack.length > state.depth;
  if (shallow && !isLeaf(value) && !isEmpty(value)) {
    const name = constructorName(value);
    return name === null ? "[Object: null prototype]" : `[${Array.isArray(value) ? "Array" : name}]`;
  }
  state.stack.push(value);
  let shape: Shape;
  try {
    shape = (describe && described(value, describe, state, indent)) ?? shapeOf(value, inside, state, indent);
  } finally {
    state.stack.pop();
  }
  const reference = state.circular.get(value);
  if (reference !== undefined) {
    const mark = `<ref *${reference}> `;
    if (shape.bare === undefined) shape.prefix = mark + shape.prefix;
    else shape.bare = mark + shape.bare;
  }
  return layOut(shape, indent);
}

function isEmpty(value: object): boolean {
  return Array.isArray(value) ? value.length === 0 : tagOf(value) === "" && ownKeys(value).length === 0;
}

/** Objects without an inside, which are shown at any depth. */
function isLeaf(value: object): boolean {
  return (
    typeof value === "function" ||
    has(dateTime, value) ||
    (has(regExpSource, value) && value !== RegExp.prototype) ||
    isError(value)
  );
}

function described(value: object, describe: Describe, state: State, indent: number): Shape | undefined {
  let description: ReturnType<Describe>;
  try {
    description = describe(value);
  } catch {
    return undefined; // of the class by its prototype only
  }
  const parts: string[] = [];
  const name = description?.name ?? constructorName(value) ?? "Object";
  let prefix = `${name} `;
  if (description?.entries !== undefined) {
    for (const [key, item] of description.entries)
      parts.push(`${format(key, state, indent + 2, false)} => ${format(item, state, indent + 2, true)}`);
    prefix = `${name}(${parts.length}) `;
  }
  if (description?.fields !== undefined)
    appendProperties(description.fields, Reflect.ownKeys(description.fields), state, indent, parts);
  appendProperties(value, ownKeys(value), state, indent, parts);
  return { prefix, open: "{", close: "}", parts, list: false };
}

function shapeOf(value: object, inside: ReturnType<typeof ops.inspect_native>, state: State, indent: number): Shape {
  const parts: string[] = [];
  const inner = indent + 2;
  if (Array.isArray(value)) {
    appendItems(value, value.length, state, inner, parts);
    appendProperties(
      value,
      ownKeys(value).filter((key) => !isIndex(key)),
      state,
      indent,
      parts,
    );
    return { prefix: prefixOf(value, "Array", value.length), open: "[", close: "]", parts, list: true };
  }
  if (typeof value === "function") return functionShape(value, state, indent);
  if (ArrayBuffer.isView(value)) return viewShape(value, state, indent);
  if (has(mapSize, value)) {
    const entries = [...(Map.prototype.entries.call(value) as Iterable<[unknown, unknown]>)];
    for (const [key, item] of entries.slice(0, maximumItems))
      parts.push(`${format(key, state, inner, false)} => ${format(item, state, inner, true)}`);
    return finish(value, prefixOf(value, "Map", entries.length), entries.length, parts, state, indent);
  }
  if (has(setSize, value)) {
    const items = [...(Set.prototype.values.call(value) as Iterable<unknown>)];
    for (const item of items.slice(0, maximumItems)) parts.push(format(item, state, inner, true));
    return finish(value, prefixOf(value, "Set", items.length), items.length, parts, state, indent);
  }
  if (isError(value)) return errorShape(value as Error, state, indent);
  if (has(dateTime, value)) {
    const time = Reflect.apply(dateTime, value, []) as number;
    return bareShape(value, Number.isNaN(time) ? "Invalid Date" : new Date(time).toISOString(), state, indent);
  }
  if (value !== RegExp.prototype && has(regExpSource, value))
    return bareShape(value, RegExp.prototype.toString.call(value), state, indent);
  if (inside?.[0] === "shared" || has(bufferLength, value)) {
    const buffer = value as ArrayBuffer;
    parts.push(`[Uint8Contents]: <${contents(buffer)}>`, `byteLength: ${buffer.byteLength}`);
    return finish(
      value,
      prefixOf(value, inside === undefined ? "ArrayBuffer" : "SharedArrayBuffer"),
      0,
      parts,
      state,
      indent,
    );
  }
  for (const [name, unbox] of boxes)
    if (has(unbox, value)) {
      const keys = name === "String" ? ownKeys(value).filter((key) => !isIndex(key)) : ownKeys(value);
      appendProperties(value, keys, state, indent, parts);
      const bare = `[${name}: ${format(Reflect.apply(unbox, value, []), state, indent, false)}]`;
      return { prefix: `${bare} `, open: "{", close: "}", parts, list: false, bare };
    }
  if (inside?.[0] === "promise") {
    if (inside[1] === 0) parts.push("<pending>");
    else parts.push((inside[1] === 2 ? "<rejected> " : "") + format(inside[2], state, inner, true));
    return finish(value, prefixOf(value, "Promise"), 0, parts, state, indent);
  }
  if (inside?.[0] === "entries") {
    const [, kind, items, pairs] = inside;
    for (let i = 0; i < Math.min(items.length, maximumItems); i += pairs ? 2 : 1)
      parts.push(
        pairs
          ? `[ ${format(items[i], state, inner, true)}, ${format(items[i + 1], state, inner, true)} ]`
          : format(items[i], state, inner, true),
      );
    return finish(value, `[${kind}] `, 0, parts, state, indent);
  }
  for (const [name, method] of weakHas)
    if (has(() => Reflect.apply(method, value, [value]), value))
      return { prefix: prefixOf(value, name), open: "{", close: "}", parts: ["<items unknown>"], list: false };
  if (isInChain(value, generatorNext)) return finish(value, "Object [Generator] ", 0, parts, state, indent);
  if (Object.prototype.toString.call(value) === "[object Arguments]" && Object.hasOwn(value, "callee")) {
    const { length } = value as { length: number };
    appendItems(value as unknown[], length, state, inner, parts);
    return { prefix: "[Arguments] ", open: "[", close: "]", parts, list: true };
  }
  return finish(value, prefixOf(value, "Object"), 0, parts, state, indent);
}

function finish(value: object, prefix: string, size: number, parts: string[], state: State, indent: number): Shape {
  if (size > maximumItems) parts.push(`... ${size - maximumItems} more item${size - maximumItems === 1 ? "" : "s"}`);
  appendProperties(value, ownKeys(value), state, indent, parts);
  return { prefix, open: "{", close: "}", parts, list: false };
}

function bareShape(value: object, bare: string, state: State, indent: number): Shape {
  const parts: string[] = [];
  appendProperties(value, ownKeys(value), state, indent, parts);
  return { prefix: `${bare} `, open: "{", close: "}", parts, list: false, bare };
}

function functionShape(value: Function, state: State, indent: number): Shape {
  const source = Function.prototype.toString.call(value);
  const name = Object.getOwnPropertyDescriptor(value, "name")?.value as unknown;
  let bare: string;
  if (source.startsWith("class") && source.endsWith("}")) {
    bare = `class ${typeof name === "string" && name !== "" ? name : "(anonymous)"}`;
    const base = Object.getPrototypeOf(value) as unknown;
    if (typeof base === "function" && base.name !== "") bare += ` extends ${base.name}`;
    bare = `[${bare}]`;
  } else {
    const tag = tagOf(value);
    const kind =
      tag === "AsyncFunction" || tag === "GeneratorFunction" || tag === "AsyncGeneratorFunction" ? tag : "Function";
    bare = typeof name === "string" && name !== "" ? `[${kind}: ${name}]` : `[${kind} (anonymous)]`;
  }
  return bareShape(value, bare, state, indent);
}

function errorShape(value: Error, state: State, indent: number): Shape {
  const stack = Object.getOwnPropertyDescriptor(value, "stack");
  let text = typeof stack?.value === "string" ? stack.value : stack?.get !== undefined ? String(value.stack) : "";
  // The builtins' own frames say nothing about the worker.
  text = text.replace(/\n {4}at [^\n]*\(?adit:builtins[^\n]*/g, "");
  if (text === "") text = `[${Error.prototype.toString.call(value)}]`;
  if (indent > 0) text = text.replaceAll("\n", `\n${" ".repeat(indent)}`);
  const parts: string[] = [];
  const keys = ownKeys(value).filter((key) => key !== "stack" && key !== "message" && key !== "name");
  appendProperties(value, keys, state, indent, parts);
  for (const key of ["cause", "errors"]) {
    const property = Object.getOwnPropertyDescriptor(value, key);
    if (property !== undefined && !property.enumerable && "value" in property)
      parts.push(`[${key}]: ${format(property.value, state, indent + 2, true)}`);
  }
  return { prefix: `${text} `, open: "{", close: "}", parts, list: false, bare: text };
}

function viewShape(value: ArrayBufferView, state: State, indent: number): Shape {
  const parts: string[] = [];
  const name = Reflect.apply(viewName, value, []) as string | undefined;
  if (name === undefined) {
    const view = value as DataView;
    parts.push(
      `byteLength: ${view.byteLength}`,
      `byteOffset: ${view.byteOffset}`,
      `buffer: ${format(view.buffer, state, indent + 2, true)}`,
    );
    return finish(value, prefixOf(value, "DataView"), 0, parts, state, indent);
  }
  const length = Reflect.apply(viewLength, value, []) as number;
  const shown = Math.min(length, maximumItems);
  for (let i = 0; i < shown; i++) parts.push(format((value as Uint8Array)[i], state, indent + 2, true));
  if (length > shown) parts.push(`... ${length - shown} more item${length - shown === 1 ? "" : "s"}`);
  appendProperties(
    value,
    ownKeys(value).filter((key) => !isIndex(key)),
    state,
    indent,
    parts,
  );
  return { prefix: prefixOf(value, name, length), open: "[", close: "]", parts, list: true };
}

function contents(buffer: ArrayBuffer): string {
  if ((buffer as { detached?: boolean }).detached) return "";
  const bytes = new Uint8Array(buffer);
  const shown = Array.from(bytes.subarray(0, 50), (octet) => octet.toString(16).padStart(2, "0")).join(" ");
  return bytes.length > 50 ? `${shown} ... ${bytes.length - 50} more byte${bytes.length === 51 ? "" : "s"}` : shown;
}

function appendItems(value: ArrayLike<unknown>, length: number, state: State, indent: number, parts: string[]): void {
  let holes = 0;
  const flush = () => {
    if (holes > 0) parts.push(`<${holes} empty item${holes === 1 ? "" : "s"}>`);
    holes = 0;
  };
  let index = 0;
  for (; index < length && parts.length < maximumItems; index++) {
    const descriptor = Object.getOwnPropertyDescriptor(value, index);
    if (descriptor === undefined) {
      // A long run of holes is skipped at once.
      const next = nextIndex(value, index);
      holes += Math.min(next, length) - index;
      index = Math.min(next, length) - 1;
      continue;
    }
    flush();
    parts.push(accessorText(descriptor) ?? format(descriptor.value, state, indent, true));
  }
  flush();
  if (index < length) parts.push(`... ${length - index} more item${length - index === 1 ? "" : "s"}`);
}

function nextIndex(value: ArrayLike<unknown>, after: number): number {
  for (let i = after + 1; i < after + 64; i++) if (Object.hasOwn(value, i)) return i;
  for (const key of Object.keys(value)) if (isIndex(key) && Number(key) > after) return Number(key);
  return Infinity;
}

const isIndex = (key: PropertyKey) =>
  typeof key === "string" && /^(?:0|[1-9]\d{0,9})$/.test(key) && Number(key) < 2 ** 32 - 1;

function ownKeys(value: object): PropertyKey[] {
  return Reflect.ownKeys(value).filter((key) => Object.getOwnPropertyDescriptor(value, key)?.enumerable);
}

function accessorText(descriptor: PropertyDescriptor): string | undefined {
  if (descriptor.get !== undefined) return descriptor.set !== undefined ? "[Getter/Setter]" : "[Getter]";
  return descriptor.set !== undefined ? "[Setter]" : undefined;
}

function appendProperties(value: object, keys: PropertyKey[], state: State, indent: number, parts: string[]): void {
  for (const key of keys) {
    const descriptor = Object.getOwnPropertyDescriptor(value, key);
    if (descriptor === undefined) continue;
    const name =
      typeof key === "symbol"
        ? String(key)
        : /^[A-Za-z_$][\w$]*$/.test(String(key))
          ? String(key)
          : quoteLine(String(key));
    parts.push(`${name}: ${accessorText(descriptor) ?? format(descriptor.value, state, indent + 2, true)}`);
  }
}
