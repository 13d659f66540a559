import { test, assert, assertEquals, assertRejects } from "../harness.js";
import { byteStreamOf, bytes, chunksOf, joined, settle, stateOf, streamOf } from "./helpers.js";

test("both branches get all chunks, the very same ones", async () => {
  const chunk = { an: "object" };
  const stream = streamOf(chunk, "b");
  const branches = stream.tee();
  assertEquals(branches.length, 2);
  assert(Array.isArray(branches));
  assertEquals(stream.locked, true);
  const [a, b] = [await chunksOf(branches[0]), await chunksOf(branches[1])];
  assertEquals(a, [chunk, "b"]);
  assert(a[0] === chunk && b[0] === chunk);
});

test("branches may be read at different speeds", async () => {
  const [a, b] = streamOf(1, 2, 3).tee();
  const readerA = a.getReader();
  const readerB = b.getReader();
  assertEquals((await readerA.read()).value, 1);
  assertEquals((await readerA.read()).value, 2);
  assertEquals((await readerB.read()).value, 1);
  assertEquals((await readerA.read()).value, 3);
  assertEquals((await readerA.read()).done, true);
  assertEquals((await readerB.read()).value, 2);
  assertEquals((await readerB.read()).value, 3);
  assertEquals((await readerB.read()).done, true);
});

test("an error reaches both branches", async () => {
  let controller;
  const [a, b] = new ReadableStream({ start: (c) => void (controller = c) }).tee();
  const readers = [a.getReader(), b.getReader()];
  controller.error(new RangeError("broken"));
  await assertRejects(readers[0].read(), RangeError, "broken");
  await assertRejects(readers[1].closed, RangeError, "broken");
});

test("a branch of an errored stream is errored", async () => {
  const [a, b] = new ReadableStream({ start: (c) => c.error(new RangeError("from the start")) }).tee();
  await assertRejects(a.getReader().read(), RangeError, "from the start");
  await assertRejects(b.getReader().read(), RangeError, "from the start");
});

test("closing reaches both branches", async () => {
  let controller;
  const [a, b] = new ReadableStream({ start: (c) => void (controller = c) }).tee();
  const readers = [a.getReader(), b.getReader()];
  controller.close();
  assertEquals((await readers[0].read()).done, true);
  assertEquals((await readers[1].read()).done, true);
});

test("cancelling one branch leaves the other", async () => {
  let cancelled = false;
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(1);
      controller.enqueue(2);
      controller.close();
    },
    cancel: () => void (cancelled = true),
  });
  const [a, b] = stream.tee();
  a.cancel("unwanted");
  assertEquals(await chunksOf(b), [1, 2]);
  assertEquals(cancelled, false);
});

test(
  "cancelling both cancels the stream with both reasons",
  async () => {
    let reason;
    const [a, b] = new ReadableStream({ cancel: (r) => void (reason = r) }).tee();
    const first = a.cancel("one");
    await settle();
    assertEquals(reason, undefined);
    const second = b.cancel("two");
    await Promise.all([first, second]);
    assertEquals(reason, ["one", "two"]);
  },
  { workerd: "tells the last reason only" },
);

test(
  "the promise of the first cancel waits for the second",
  async () => {
    const [a, b] = new ReadableStream().tee();
    const first = a.cancel();
    assertEquals(await stateOf(first), "pending");
    b.cancel();
    assertEquals(await first, undefined);
  },
  { workerd: "fulfils at once" },
);

test(
  "a failing cancel rejects both promises",
  async () => {
    const [a, b] = new ReadableStream({ cancel: () => Promise.reject(new RangeError("cannot")) }).tee();
    const first = a.cancel();
    first.catch(() => {});
    await assertRejects(b.cancel(), RangeError, "cannot");
    await assertRejects(first, RangeError, "cannot");
  },
  { workerd: "rejects the second only" },
);

test("tee of a tee", async () => {
  const [a, rest] = streamOf(1, 2).tee();
  const [b, c] = rest.tee();
  assertEquals(await Promise.all([a, b, c].map(chunksOf)), [
    [1, 2],
    [1, 2],
    [1, 2],
  ]);
});

test("branches of a byte stream are byte streams with bytes of their own", async () => {
  const [a, b] = byteStreamOf([1, 2, 3]).tee();
  const readerA = a.getReader();
  const { value: first } = await readerA.read();
  const { value: second } = await b.getReader({ mode: "byob" }).read(new Uint8Array(8));
  assertEquals(first, bytes(1, 2, 3));
  assertEquals(second, bytes(1, 2, 3));
  first[0] = 99;
  assertEquals(second[0], 1);
});

test("a byte stream's tee with default readers", async () => {
  const [a, b] = byteStreamOf([1, 2], [3], [4, 5, 6]).tee();
  const [x, y] = await Promise.all([chunksOf(a), chunksOf(b)]);
  assertEquals(joined(x), bytes(1, 2, 3, 4, 5, 6));
  assertEquals(joined(y), bytes(1, 2, 3, 4, 5, 6));
});

test("byob reads of one branch leave the other its bytes", async () => {
  const [a, b] = byteStreamOf([1, 2, 3, 4]).tee();
  const reader = a.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(3))).value, bytes(1, 2, 3));
  assertEquals((await reader.read(new Uint8Array(3))).value, bytes(4));
  assertEquals((await reader.read(new Uint8Array(3))).done, true);
  assertEquals(joined(await chunksOf(b)), bytes(1, 2, 3, 4));
});

test(
  "a byob request of the source is passed through a tee",
  async () => {
    const views = [];
    const stream = new ReadableStream({
      type: "bytes",
      pull(controller) {
        views.push(controller.byobRequest?.view.byteLength);
        if (controller.byobRequest) {
          controller.byobRequest.view[0] = 1;
          controller.byobRequest.respond(1);
        } else {
          controller.enqueue(bytes(2));
        }
      },
    });
    const [a, b] = stream.tee();
    const { value } = await a.getReader({ mode: "byob" }).read(new Uint8Array(16));
    assertEquals(value, bytes(1));
    assertEquals(views[0], 16);
    const reader = b.getReader();
    assertEquals((await reader.read()).value, bytes(1));
    assertEquals((await reader.read()).value, bytes(2));
  },
  { workerd: "does not pass it through" },
);

test("a byte stream's tee reads nothing before a branch is read", async () => {
  let pulls = 0;
  const [a] = new ReadableStream({
    type: "bytes",
    pull(controller) {
      pulls++;
      controller.enqueue(bytes(pulls));
    },
  }).tee();
  await settle();
  assertEquals(pulls, 0);
  assertEquals((await a.getReader().read()).value, bytes(1));
});

test("a byte stream's tee: errors and cancels", async () => {
  let controller;
  let reason;
  const [a, b] = new ReadableStream({ type: "bytes", start: (c) => void (controller = c) }).tee();
  const reads = [a.getReader().read(), b.getReader({ mode: "byob" }).read(new Uint8Array(1))];
  controller.error(new RangeError("broken"));
  await assertRejects(reads[0], RangeError, "broken");
  await assertRejects(reads[1], RangeError, "broken");
  const [c, d] = new ReadableStream({ type: "bytes", cancel: (r) => void (reason = r) }).tee();
  await Promise.all([c.cancel(1), d.cancel(2)]);
  assert(reason !== undefined);
});

test("a byte stream's tee of a waiting byob read at the end", async () => {
  let controller;
  const [a, b] = new ReadableStream({ type: "bytes", start: (c) => void (controller = c) }).tee();
  const read = a.getReader({ mode: "byob" }).read(new Uint8Array(2));
  await settle();
  controller.close();
  controller.byobRequest?.respond(0);
  assertEquals((await read).done, true);
  assertEquals((await b.getReader().read()).done, true);
});
