// Performance Timeline and User Timing: what `performance` has with the compatibility flag enable_global_performance_classes. An isolate
// lives for many requests, so the timeline keeps the newest entries only.
// Invariant: an observer's callback runs in a microtask of its own, with everything that came since the last one.
import { makeDOMException } from "./dom_exception";
import { now, Performance } from "./performance";
import { structuredClone } from "./structured_clone";
import { queueMicrotask } from "./timers";
import { defineInterface, missingArgument, toDOMString } from "./webidl";

const MOST_ENTRIES = 10_000;
const internal = Symbol("internal");

type EntryType = "mark" | "measure";
const supported: readonly EntryType[] = Object.freeze(["mark", "measure"]);

export class PerformanceEntry {
  readonly #name: string;
  readonly #entryType: EntryType;
  readonly #startTime: number;
  readonly #duration: number;

  constructor(key: unknown, name: string, entryType: EntryType, startTime: number, duration: number) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#name = name;
    this.#entryType = entryType;
    this.#startTime = startTime;
    this.#duration = duration;
  }
  get name(): string {
    return this.#name;
  }
  get entryType(): string {
    return this.#entryType;
  }
  get startTime(): number {
    return this.#startTime;
  }
  get duration(): number {
    return this.#duration;
  }
  toJSON(): object {
    const { name, entryType, startTime, duration } = this;
    return { name, entryType, startTime, duration };
  }
}
defineInterface(PerformanceEntry, "PerformanceEntry");

function cloneDetail(detail: unknown): unknown {
  return detail === undefined || detail === null ? null : structuredClone(detail);
}

interface MarkOptions {
  detail?: unknown;
  startTime?: number;
}

// User Timing § 3.2.
export class PerformanceMark extends PerformanceEntry {
  readonly #detail: unknown;

  constructor(name: string, options?: MarkOptions | null) {
    const startTime = options?.startTime === undefined ? now() : Number(options.startTime);
    if (startTime < 0) throw new TypeError("The startTime of a mark must not be negative.");
    super(internal, toDOMString(name), "mark", startTime, 0);
    this.#detail = cloneDetail(options?.detail);
  }
  get detail(): unknown {
    return this.#detail;
  }
  override toJSON(): object {
    return { ...super.toJSON(), detail: this.#detail };
  }
}
defineInterface(PerformanceMark, "PerformanceMark");

// User Timing § 3.3.
export class PerformanceMeasure extends PerformanceEntry {
  readonly #detail: unknown;

  constructor(key: unknown, name: string, startTime: number, duration: number, detail: unknown) {
    super(key, name, "measure", startTime, duration);
    this.#detail = detail;
  }
  get detail(): unknown {
    return this.#detail;
  }
  override toJSON(): object {
    return { ...super.toJSON(), detail: this.#detail };
  }
}
defineInterface(PerformanceMeasure, "PerformanceMeasure");

let entries: PerformanceEntry[] = [];
const observers = new Set<PerformanceObserver>();
let offer: (observer: PerformanceObserver, entry: PerformanceEntry) => void;

function add(entry: PerformanceEntry): void {
  if (entries.length >= MOST_ENTRIES) entries = entries.slice(MOST_ENTRIES / 2);
  entries.push(entry);
  for (const observer of observers) offer(observer, entry);
}

/** Performance Timeline § 6.1: in order of time; by name and type where these are given. */
function select(from: readonly PerformanceEntry[], name?: string, type?: string): PerformanceEntry[] {
  return from
    .filter((entry) => (name === undefined || entry.name === name) && (type === undefined || entry.entryType === type))
    .sort((a, b) => a.startTime - b.startTime);
}

function clear(type: EntryType, name: unknown): void {
  const text = name === undefined ? undefined : toDOMString(name);
  entries = entries.filter((entry) => entry.entryType !== type || (text !== undefined && entry.name !== text));
}

/** User Timing § 3.1.3, "convert a mark to a timestamp". */
function timeOf(mark: unknown): number {
  if (typeof mark === "number") {
    if (mark < 0) throw new TypeError("A time must not be negative.");
    return mark;
  }
  const name = toDOMString(mark);
  const entry = entries.findLast((entry) => entry.entryType === "mark" && entry.name === name);
  if (entry === undefined) throw makeDOMException(`The mark '${name}' does not exist.`, "SyntaxError");
  return entry.startTime;
}

interface MeasureOptions {
  detail?: unknown;
  start?: string | number;
  duration?: number;
  end?: string | number;
}

/** User Timing § 3.1.2. */
function measure(name: string, from: unknown, endMark: unknown): PerformanceMeasure {
  const options = (typeof from === "object" && from !== null ? from : undefined) as MeasureOptions | undefined;
  if (options !== undefined && Object.keys(options).length > 0) {
    const { start, end, duration } = options;
    if (endMark !== undefined) throw new TypeError("measure() takes options or marks, not both.");
    if (start === undefined && end === undefined) throw new TypeError("The options need a start or an end.");
    if (start !== undefined && end !== undefined && duration !== undefined)
      throw new TypeError("The options may have two of start, end and duration.");
  }
  const startMark = options === undefined ? from : options.start;
  const duration = options?.duration;
  let end = endMark === undefined ? options?.end : endMark;
  if (end === undefined && startMark !== undefined && duration !== undefined)
    end = timeOf(startMark) + Number(duration);
  const endTime = end === undefined ? now() : timeOf(end);
  let startTime = 0;
  if (startMark !== undefined) startTime = timeOf(startMark);
  else if (duration !== undefined) startTime = endTime - Number(duration);
  return new PerformanceMeasure(internal, name, startTime, endTime - startTime, cloneDetail(options?.detail));
}

export class PerformanceObserverEntryList {
  readonly #entries: readonly PerformanceEntry[];

  constructor(key: unknown, entries: readonly PerformanceEntry[]) {
    if (key !== internal) throw new TypeError("Illegal constructor");
    this.#entries = entries;
  }
  getEntries(): PerformanceEntry[] {
    return select(this.#entries);
  }
  getEntriesByType(type: string): PerformanceEntry[] {
    return select(this.#entries, undefined, toDOMString(type));
  }
  getEntriesByName(name: string, type: string | undefined = undefined): PerformanceEntry[] {
    return select(this.#entries, toDOMString(name), type === undefined ? undefined : toDOMString(type));
  }
}
defineInterface(PerformanceObserverEntryList, "PerformanceObserverEntryList");

type ObserverCallback = (list: PerformanceObserverEntryList, observer: PerformanceObserver) => unknown;

// Performance Timeline § 4.
export class PerformanceObserver {
  static {
    offer = (observer, entry) => observer.#offer(entry);
  }
  readonly #callback: ObserverCallback;
  #types: readonly string[] = [];
  #queue: PerformanceEntry[] = [];

  constructor(callback: ObserverCallback) {
    if (typeof callback !== "function") throw new TypeError("A PerformanceObserver needs a function.");
    this.#callback = callback;
  }
  static get supportedEntryTypes(): readonly string[] {
    return supported;
  }
  observe(options?: { entryTypes?: string[]; type?: string; buffered?: boolean }): void {
    const { entryTypes, type, buffered } = options ?? {};
    if ((entryTypes === undefined) === (type === undefined))
      throw new TypeError("observe() needs entryTypes or a type, not both.");
    this.#types = entryTypes ?? [...this.#types, toDOMString(type)];
    observers.add(this);
    if (buffered) for (const entry of entries) this.#offer(entry);
  }
  disconnect(): void {
    this.#queue = [];
    observers.delete(this);
  }
  takeRecords(): PerformanceEntry[] {
    const records = this.#queue;
    this.#queue = [];
    return records;
  }
  #offer(entry: PerformanceEntry): void {
    if (!this.#types.includes(entry.entryType)) return;
    if (this.#queue.push(entry) > 1) return;
    queueMicrotask(() => {
      const records = this.takeRecords();
      if (records.length > 0) this.#callback.call(this, new PerformanceObserverEntryList(internal, records), this);
    });
  }
}
defineInterface(PerformanceObserver, "PerformanceObserver");

const members = {
  mark(name: string, options?: MarkOptions | null): PerformanceMark {
    if (arguments.length === 0) missingArgument("mark", "Performance", 1, "string");
    const mark = new PerformanceMark(name, options);
    add(mark);
    return mark;
  },
  measure(name: string, from?: unknown, endMark?: unknown): PerformanceMeasure {
    if (arguments.length === 0) missingArgument("measure", "Performance", 1, "string");
    const entry = measure(toDOMString(name), from, endMark);
    add(entry);
    return entry;
  },
  clearMarks(name?: unknown): void {
    clear("mark", name);
  },
  clearMeasures(name?: unknown): void {
    clear("measure", name);
  },
  /** There are no resource timings. */
  clearResourceTimings(): void {},
  setResourceTimingBufferSize(): void {},
  getEntries(): PerformanceEntry[] {
    return select(entries);
  },
  getEntriesByType(type: string): PerformanceEntry[] {
    return select(entries, undefined, toDOMString(type));
  },
  getEntriesByName(name: string, type?: string): PerformanceEntry[] {
    return select(entries, toDOMString(name), type === undefined ? undefined : toDOMString(type));
  },
};

/** Gives `performance` its timeline; node:perf_hooks does it too. */
export function addTimeline(): void {
  for (const [name, value] of Object.entries(members))
    Object.defineProperty(Performance.prototype, name, { value, writable: true, enumerable: true, configurable: true });
}

export const timelineClasses = {
  PerformanceEntry,
  PerformanceMark,
  PerformanceMeasure,
  PerformanceObserver,
  PerformanceObserverEntryList,
};

/** Gives `performance` its timeline and makes the classes global. */
export function installPerformanceTimeline(): void {
  addTimeline();
  for (const [name, value] of Object.entries(timelineClasses))
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: false, configurable: true });
}
