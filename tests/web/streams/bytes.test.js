import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";
import { byteStreamOf, bytes, chunksOf, settle, stateOf } from "./helpers.js";

/** A byte stream that a test feeds by hand. */
function manual(extra = {}, strategy = undefined) {
  let controller;
  const stream = new ReadableStream({ type: "bytes", start: (c) => void (controller = c), ...extra }, strategy);
  return { stream, controller };
}

test("the controller of a byte stream", () => {
  const { controller } = manual();
  assert(controller instanceof ReadableByteStreamController);
  assertEquals(controller.desiredSize, 0);
  assertEquals(controller.byobRequest, null);
});

test("the default high-water mark of a byte stream is 0: nothing is pulled before a read", async () => {
  let pulls = 0;
  const stream = new ReadableStream({ type: "bytes", pull: () => void pulls++ });
  await settle();
  assertEquals(pulls, 0);
  stream
    .getReader()
    .read()
    .catch(() => {});
  await settle();
  assertEquals(pulls, 1);
});

test("a default reader gets Uint8Arrays", async () => {
  const { stream, controller } = manual();
  controller.enqueue(new Uint16Array([0x0201, 0x0403]));
  controller.close();
  const { value } = await stream.getReader().read();
  assertEquals(value.constructor, Uint8Array);
  assertEquals(value, bytes(1, 2, 3, 4));
});

test("enqueue of a part of a buffer gives that part", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(0, 1, 2, 3, 4).subarray(1, 4));
  assertEquals((await stream.getReader().read()).value, bytes(1, 2, 3));
});

test("enqueue takes the buffer away", () => {
  const { controller } = manual();
  const chunk = bytes(1, 2, 3);
  controller.enqueue(chunk);
  assertEquals(chunk.byteLength, 0);
  assertEquals(chunk.buffer.byteLength, 0);
});

test("enqueue of empty views throws", () => {
  const { controller } = manual();
  assertThrows(() => controller.enqueue(bytes()), TypeError);
});

test("enqueue of what is no view throws", () => {
  const { controller } = manual();
  assertThrows(() => controller.enqueue("text"), TypeError, "enqueue");
  assertThrows(() => controller.enqueue({}), TypeError);
  assertThrows(() => controller.enqueue(), TypeError);
});

test("desiredSize counts bytes", async () => {
  const { stream, controller } = manual({}, { highWaterMark: 10 });
  assertEquals(controller.desiredSize, 10);
  controller.enqueue(bytes(1, 2, 3));
  assertEquals(controller.desiredSize, 7);
  await stream.getReader().read();
  assertEquals(controller.desiredSize, 10);
  controller.close();
  assertEquals(controller.desiredSize, 0);
});

test("a byob read fills the given view", async () => {
  const stream = byteStreamOf([1, 2, 3]);
  const reader = stream.getReader({ mode: "byob" });
  assert(reader instanceof ReadableStreamBYOBReader);
  const view = new Uint8Array(5);
  const buffer = view.buffer;
  const result = await reader.read(view);
  assertEquals(result.done, false);
  assertEquals(result.value, bytes(1, 2, 3));
  assertEquals(result.value.buffer.byteLength, 5);
  assertEquals(buffer.byteLength, 0);
  assertEquals(view.byteLength, 0);
});

test("a byob read at the end gives an empty view and done", async () => {
  const reader = byteStreamOf([1]).getReader({ mode: "byob" });
  await reader.read(new Uint8Array(4));
  const { value, done } = await reader.read(new Uint8Array(4));
  assertEquals(done, true);
  assertEquals(value, bytes());
  assertEquals(value.buffer.byteLength, 4);
  assertEquals(await stateOf(reader.closed), "fulfilled");
});

test("byob reads smaller than a chunk share it out", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(1, 2, 3, 4, 5));
  controller.close();
  const reader = stream.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(1, 2));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(3, 4));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(5));
  assertEquals((await reader.read(new Uint8Array(2))).done, true);
});

test("a byob read larger than the chunks joins those that are queued", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(1, 2));
  controller.enqueue(bytes(3));
  controller.enqueue(bytes(4, 5));
  const reader = stream.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(10))).value, bytes(1, 2, 3, 4, 5));
});

test("a byob read into the middle of a buffer", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(7, 8));
  const reader = stream.getReader({ mode: "byob" });
  const { value } = await reader.read(new Uint8Array(new ArrayBuffer(8), 3, 4));
  assertEquals(value.byteOffset, 3);
  assertEquals(value, bytes(7, 8));
  assertEquals(new Uint8Array(value.buffer), bytes(0, 0, 0, 7, 8, 0, 0, 0));
});

for (const [make, size] of [
  [Int8Array, 1],
  [Uint16Array, 2],
  [Float32Array, 4],
  [BigInt64Array, 8],
  [Uint8ClampedArray, 1],
]) {
  test(`a byob read with a ${make.name} gives one`, async () => {
    const { stream, controller } = manual();
    controller.enqueue(new Uint8Array(16));
    const { value } = await stream.getReader({ mode: "byob" }).read(new make(1));
    assertEquals(value.constructor, make);
    assertEquals(value.byteLength, size);
    assertEquals(value.length, 1);
  });
}

test("a byob read with a DataView gives one", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(1, 2, 3));
  const { value } = await stream.getReader({ mode: "byob" }).read(new DataView(new ArrayBuffer(2)));
  assert(value instanceof DataView);
  assertEquals(value.byteLength, 2);
  assertEquals(value.getUint8(1), 2);
});

test("elements are never cut: a rest waits for more bytes", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(1, 2, 3));
  const reader = stream.getReader({ mode: "byob" });
  const first = await reader.read(new Uint16Array(4));
  assertEquals(first.value.length, 1);
  const second = reader.read(new Uint16Array(4));
  assertEquals(await stateOf(second), "pending");
  controller.enqueue(bytes(4));
  assertEquals((await second).value.length, 1);
  assertEquals(new Uint8Array((await second).value.buffer, 0, 2), bytes(3, 4));
});

test(
  "closing in the middle of an element is a TypeError",
  async () => {
    const { stream, controller } = manual();
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint16Array(2));
    controller.enqueue(bytes(1));
    assertThrows(() => controller.close(), TypeError);
    await assertRejects(read, TypeError);
  },
  { workerd: "gives what there is" },
);

test("min: a read waits for that many elements", async () => {
  const { stream, controller } = manual();
  const reader = stream.getReader({ mode: "byob" });
  const read = reader.read(new Uint8Array(8), { min: 4 });
  controller.enqueue(bytes(1, 2));
  assertEquals(await stateOf(read), "pending");
  controller.enqueue(bytes(3, 4, 5));
  assertEquals((await read).value, bytes(1, 2, 3, 4, 5));
});

test("min: elements, not bytes, are counted", async () => {
  const { stream, controller } = manual();
  const reader = stream.getReader({ mode: "byob" });
  const read = reader.read(new Uint16Array(4), { min: 2 });
  controller.enqueue(bytes(1, 2, 3));
  assertEquals(await stateOf(read), "pending");
  controller.enqueue(bytes(4));
  assertEquals((await read).value.length, 2);
});

test(
  "min: the end gives less",
  async () => {
    const reader = byteStreamOf([1, 2]).getReader({ mode: "byob" });
    const { value, done } = await reader.read(new Uint8Array(8), { min: 5 });
    assertEquals(done, true);
    assertEquals(value, bytes(1, 2));
  },
  { workerd: "is not done yet" },
);

test("min outside of 1 to the view's length", async () => {
  const reader = byteStreamOf([1]).getReader({ mode: "byob" });
  await assertRejects(reader.read(new Uint8Array(4), { min: 0 }), TypeError);
  await assertRejects(reader.read(new Uint8Array(4), { min: 5 }));
  await assertRejects(reader.read(new Uint16Array(2), { min: 3 }));
  await assertRejects(reader.read(new Uint8Array(4), { min: -1 }), TypeError);
});

test(
  "min larger than the view is a RangeError",
  async () => {
    const reader = byteStreamOf([1]).getReader({ mode: "byob" });
    await assertRejects(reader.read(new Uint8Array(4), { min: 5 }), RangeError);
  },
  { workerd: "throws a TypeError" },
);

test("readAtLeast", async () => {
  const { stream, controller } = manual();
  const reader = stream.getReader({ mode: "byob" });
  const read = reader.readAtLeast(3, new Uint8Array(4));
  controller.enqueue(bytes(1, 2));
  assertEquals(await stateOf(read), "pending");
  controller.enqueue(bytes(3));
  assertEquals((await read).value, bytes(1, 2, 3));
  await assertRejects(reader.readAtLeast(0, new Uint8Array(1)), TypeError, "minimum");
  await assertRejects(reader.readAtLeast(2, new Uint8Array(1)), Error, "exceeds");
});

test("byob reads check their view", async () => {
  const reader = byteStreamOf([1]).getReader({ mode: "byob" });
  await assertRejects(reader.read(), TypeError);
  await assertRejects(reader.read({}), TypeError);
  await assertRejects(reader.read(new ArrayBuffer(1)), TypeError);
  await assertRejects(reader.read(new Uint8Array(0)), TypeError);
  const gone = new Uint8Array(4);
  structuredClone(gone.buffer, { transfer: [gone.buffer] });
  await assertRejects(reader.read(gone), TypeError);
});

test("byobRequest is the view of the waiting read", async () => {
  let seen;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      seen = [
        request instanceof ReadableStreamBYOBRequest,
        request.view.constructor,
        request.view.byteLength,
        request.view.byteOffset,
        controller.byobRequest === request,
      ];
      request.view[0] = 9;
      request.respond(1);
      seen.push(request.view);
    },
  });
  const { value, done } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(new ArrayBuffer(10), 2, 6));
  assertEquals(seen, [true, Uint8Array, 6, 2, true, null]);
  assertEquals(done, false);
  assertEquals(value, bytes(9));
  assertEquals(value.byteOffset, 2);
});

test("atLeast of a byobRequest (Workers)", async () => {
  let atLeast;
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      atLeast = controller.byobRequest.atLeast;
      controller.byobRequest.respond(3);
    },
  });
  await stream.getReader({ mode: "byob" }).readAtLeast(3, new Uint8Array(4));
  assertEquals(atLeast, 3);
});

test("respondWithNewView hands another buffer back", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const { view } = controller.byobRequest;
      const moved = structuredClone(view.buffer, { transfer: [view.buffer] });
      const answer = new Uint8Array(moved, 0, 2);
      answer.set([5, 6]);
      controller.byobRequest.respondWithNewView(answer);
    },
  });
  const { value } = await stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
  assertEquals(value, bytes(5, 6));
});

test("respond checks its argument", async () => {
  const errors = [];
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      for (const call of [
        () => request.respond(0),
        () => request.respond(5),
        () => request.respondWithNewView("x"),
        () => request.respond(-1),
      ]) {
        try {
          call();
          errors.push("none");
        } catch (error) {
          errors.push(error.name);
        }
      }
      request.respond(4);
      try {
        request.respond(1);
        errors.push("none");
      } catch (error) {
        errors.push(error.name);
      }
    },
  });
  await stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
  assertEquals(errors, ["TypeError", "RangeError", "TypeError", "TypeError", "TypeError"]);
});

test("respondWithNewView refuses another place in another buffer", async () => {
  const errors = [];
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      for (const view of [new Uint8Array(3), new Uint8Array(new ArrayBuffer(4), 1, 1), new Uint8Array(0)]) {
        try {
          request.respondWithNewView(view);
          errors.push("none");
        } catch (error) {
          errors.push(error.name);
        }
      }
      request.respond(1);
    },
  });
  await stream.getReader({ mode: "byob" }).read(new Uint8Array(4));
  assertEquals(errors, ["RangeError", "RangeError", "TypeError"]);
});

test("enqueue while a byobRequest waits fills the read by copying", async () => {
  const stream = new ReadableStream({
    type: "bytes",
    pull(controller) {
      const request = controller.byobRequest;
      controller.enqueue(bytes(1, 2, 3));
      assertEquals(request.view, null);
    },
  });
  const reader = stream.getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(1, 2));
  assertEquals((await reader.read(new Uint8Array(2))).value, bytes(3));
});

test(
  "close with a waiting byob read needs respond(0)",
  async () => {
    const { stream, controller } = manual();
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(3));
    controller.close();
    controller.byobRequest.respond(0);
    const { value, done } = await read;
    assertEquals(done, true);
    assertEquals(value.byteLength, 0);
    assertEquals(value.buffer.byteLength, 3);
  },
  { workerd: "ends the read at once" },
);

test("several waiting byob reads are filled in order", async () => {
  const { stream, controller } = manual();
  const reader = stream.getReader({ mode: "byob" });
  const reads = [reader.read(new Uint8Array(2)), reader.read(new Uint8Array(2)), reader.read(new Uint8Array(2))];
  await settle();
  controller.enqueue(bytes(1, 2, 3, 4, 5));
  assertEquals(
    (await Promise.all(reads)).map((r) => [...r.value]),
    [[1, 2], [3, 4], [5]],
  );
});

test("autoAllocateChunkSize gives default readers a byobRequest", async () => {
  const sizes = [];
  const stream = new ReadableStream({
    type: "bytes",
    autoAllocateChunkSize: 128,
    pull(controller) {
      sizes.push(controller.byobRequest.view.byteLength);
      controller.byobRequest.view.set([1, 2]);
      controller.byobRequest.respond(2);
    },
  });
  const { value } = await stream.getReader().read();
  assertEquals(sizes, [128]);
  assertEquals(value, bytes(1, 2));
  assertEquals(value.buffer.byteLength, 128);
});

test("autoAllocateChunkSize 0 is a TypeError", () => {
  assertThrows(() => new ReadableStream({ type: "bytes", autoAllocateChunkSize: 0 }), TypeError);
  assertThrows(() => new ReadableStream({ type: "bytes", autoAllocateChunkSize: -1 }), TypeError);
});

test(
  "a byte stream with a size function is a RangeError",
  () => {
    assertThrows(() => new ReadableStream({ type: "bytes" }, { size: () => 1 }), RangeError);
  },
  { workerd: "ignores it" },
);

test(
  "cancel of a byob reader ends waiting reads without a view",
  async () => {
    let reason;
    const stream = new ReadableStream({ type: "bytes", cancel: (r) => void (reason = r) });
    const reader = stream.getReader({ mode: "byob" });
    const read = reader.read(new Uint8Array(1));
    await reader.cancel("stop");
    assertEquals(await read, { value: undefined, done: true });
    assertEquals(reason, "stop");
  },
  { workerd: "gives an empty view" },
);

test("releaseLock of a byob reader keeps the bytes for the next one", async () => {
  const { stream, controller } = manual();
  const first = stream.getReader({ mode: "byob" });
  const read = first.read(new Uint8Array(4));
  await settle();
  first.releaseLock();
  await assertRejects(read, TypeError);
  controller.enqueue(bytes(1, 2));
  assertEquals((await stream.getReader().read()).value, bytes(1, 2));
});

test(
  "a view that is being filled outlives its reader",
  async () => {
    const { stream, controller } = manual();
    const first = stream.getReader({ mode: "byob" });
    first.read(new Uint8Array(4)).catch(() => {});
    await settle();
    const request = controller.byobRequest;
    request.view.set([7, 8]);
    first.releaseLock();
    const second = stream.getReader({ mode: "byob" });
    const read = second.read(new Uint8Array(8));
    request.respond(2);
    assertEquals((await read).value, bytes(7, 8));
  },
  { workerd: "gives the whole view, filled or not" },
);

test("an error reaches byob reads", async () => {
  const { stream, controller } = manual();
  const reader = stream.getReader({ mode: "byob" });
  const read = reader.read(new Uint8Array(1));
  controller.error(new RangeError("broken"));
  await assertRejects(read, RangeError, "broken");
  await assertRejects(reader.read(new Uint8Array(1)), RangeError, "broken");
  await assertRejects(reader.closed, RangeError, "broken");
});

test("for await over a byte stream", async () => {
  const seen = [];
  for await (const chunk of byteStreamOf([1], [2, 3])) seen.push(...chunk);
  assertEquals(seen, [1, 2, 3]);
});

test("default and byob readers in turn", async () => {
  const { stream, controller } = manual();
  controller.enqueue(bytes(1, 2, 3, 4));
  const first = stream.getReader({ mode: "byob" });
  assertEquals((await first.read(new Uint8Array(1))).value, bytes(1));
  first.releaseLock();
  assertEquals((await stream.getReader().read()).value, bytes(2, 3, 4));
});

test("chunksOf a byte stream", async () => {
  assertEquals(
    (await chunksOf(byteStreamOf([1, 2], [3]))).map((c) => [...c]),
    [[1, 2], [3]],
  );
});
