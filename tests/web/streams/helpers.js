// Small tools of the stream tests.

/** Lets every promise reaction that is due run: several turns of the event loop. */
export async function settle() {
  for (let i = 0; i < 3; i++) await new Promise((resolve) => setTimeout(resolve, 0));
}

/** "pending", or what the promise settled to. */
export async function stateOf(promise) {
  let state = "pending";
  promise.then(
    () => (state = "fulfilled"),
    () => (state = "rejected"),
  );
  await settle();
  return state;
}

/** All chunks of a stream, by a default reader. */
export async function chunksOf(stream) {
  const reader = stream.getReader();
  const chunks = [];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return chunks;
    chunks.push(value);
  }
}

/** A stream that gives these chunks and closes. */
export function streamOf(...chunks) {
  return new ReadableStream({
    pull(controller) {
      if (chunks.length === 0) controller.close();
      else controller.enqueue(chunks.shift());
    },
  });
}

/** A byte stream that gives these chunks (arrays of numbers) and closes. */
export function byteStreamOf(...chunks) {
  return new ReadableStream({
    type: "bytes",
    pull(controller) {
      if (chunks.length > 0) return controller.enqueue(new Uint8Array(chunks.shift()));
      controller.close();
      controller.byobRequest?.respond(0);
    },
  });
}

export const bytes = (...values) => new Uint8Array(values);
export const text = (value) => new TextEncoder().encode(value);

export function joined(chunks) {
  const all = new Uint8Array(chunks.reduce((size, chunk) => size + chunk.byteLength, 0));
  let offset = 0;
  for (const chunk of chunks) {
    all.set(chunk, offset);
    offset += chunk.byteLength;
  }
  return all;
}

/** A sink that records what it is called with; `events` is the record. */
export function recordingSink(extra = {}) {
  const events = [];
  const sink = {
    start() {
      events.push(["start"]);
      return extra.start?.();
    },
    write(chunk) {
      events.push(["write", chunk]);
      return extra.write?.(chunk);
    },
    close() {
      events.push(["close"]);
      return extra.close?.();
    },
    abort(reason) {
      events.push(["abort", reason]);
      return extra.abort?.(reason);
    },
  };
  return { sink, events };
}
