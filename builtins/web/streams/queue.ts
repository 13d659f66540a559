// Queues of the streams: a ring buffer, and on it Streams § 8.1, queue-with-sizes. Both allocate nothing until the first element.

const EMPTY: never[] = [];

/** A first-in-first-out ring buffer whose capacity is a power of two. */
export class Queue<T> {
  private items: (T | undefined)[] = EMPTY;
  private head = 0;
  length = 0;

  push(value: T): void {
    if (this.length === this.items.length) this.grow();
    this.items[(this.head + this.length++) & (this.items.length - 1)] = value;
  }

  /** Takes the oldest element; the queue must not be empty. */
  shift(): T {
    const { items, head } = this;
    const value = items[head] as T;
    items[head] = undefined;
    this.head = (head + 1) & (items.length - 1);
    this.length--;
    return value;
  }

  peek(): T {
    return this.items[this.head] as T;
  }

  replaceHead(value: T): void {
    this.items[this.head] = value;
  }

  clear(): void {
    this.items = EMPTY;
    this.head = this.length = 0;
  }

  private grow(): void {
    const { items, head, length } = this;
    const bigger = new Array<T | undefined>(length === 0 ? 4 : length * 2);
    for (let i = 0; i < length; i++) bigger[i] = items[(head + i) & (length - 1)];
    this.items = bigger;
    this.head = 0;
  }
}

export type SizeAlgorithm = (chunk: unknown) => number;

/** Streams § 8.1. Without a size algorithm every chunk counts one, and sizes are not stored. */
export class ChunkQueue {
  private readonly values = new Queue<unknown>();
  private readonly sizes: Queue<number> | undefined;
  total = 0;

  constructor(isSized: boolean) {
    this.sizes = isSized ? new Queue() : undefined;
  }

  get length(): number {
    return this.values.length;
  }

  /** EnqueueValueWithSize. */
  enqueue(value: unknown, size: number): void {
    // 2. If ! IsNonNegativeNumber(size) is false, throw a RangeError exception. 3. If size is +∞, throw a RangeError exception.
    if (typeof size !== "number" || !(size >= 0) || size === Infinity) {
      throw new RangeError("The size of a chunk must be a finite, non-negative number.");
    }
    this.values.push(value);
    this.sizes?.push(size);
    this.total += size;
  }

  /** DequeueValue. */
  dequeue(): unknown {
    this.total -= this.sizes === undefined ? 1 : this.sizes.shift();
    if (this.total < 0) this.total = 0; // 5. rounding errors
    return this.values.shift();
  }

  peek(): unknown {
    return this.values.peek();
  }

  /** ResetQueue. */
  reset(): void {
    this.values.clear();
    this.sizes?.clear();
    this.total = 0;
  }
}
