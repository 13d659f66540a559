import { test, assert, assertEquals, assertRejects, assertThrows } from "../harness.js";

const stream = () => new ReadableStream();

/** Interface: attributes, methods with their lengths, and those that return promises. */
const INTERFACES = [
  [
    ReadableStream,
    ["locked"],
    { cancel: 0, getReader: 0, pipeThrough: 1, pipeTo: 1, tee: 0, values: 0 },
    ["cancel", "pipeTo"],
  ],
  [ReadableStreamDefaultReader, ["closed"], { cancel: 0, read: 0, releaseLock: 0 }, ["cancel", "read", "closed"]],
  [ReadableStreamBYOBReader, ["closed"], { cancel: 0, read: 1, releaseLock: 0 }, ["cancel", "read", "closed"]],
  [ReadableStreamDefaultController, ["desiredSize"], { close: 0, enqueue: 0, error: 0 }, []],
  [ReadableByteStreamController, ["byobRequest", "desiredSize"], { close: 0, enqueue: 1, error: 0 }, []],
  [ReadableStreamBYOBRequest, ["view"], { respond: 1, respondWithNewView: 1 }, []],
  [WritableStream, ["locked"], { abort: 0, close: 0, getWriter: 0 }, ["abort", "close"]],
  [
    WritableStreamDefaultWriter,
    ["closed", "desiredSize", "ready"],
    { abort: 0, close: 0, releaseLock: 0, write: 0 },
    ["abort", "close", "write", "closed", "ready"],
  ],
  [WritableStreamDefaultController, ["signal"], { error: 0 }, []],
  [TransformStream, ["readable", "writable"], {}, []],
  [TransformStreamDefaultController, ["desiredSize"], { enqueue: 0, error: 0, terminate: 0 }, []],
  [ByteLengthQueuingStrategy, ["highWaterMark", "size"], {}, []],
  [CountQueuingStrategy, ["highWaterMark", "size"], {}, []],
  [TextEncoderStream, ["encoding"], {}, []],
  [TextDecoderStream, ["encoding", "fatal", "ignoreBOM"], {}, []],
];

for (const [constructor, attributes, methods, promises] of INTERFACES) {
  const { name, prototype } = constructor;

  test(`${name}: class string and members`, () => {
    assertEquals(prototype[Symbol.toStringTag], name);
    for (const method of Object.keys(methods)) {
      assertEquals(typeof prototype[method], "function", method);
      assertEquals(prototype[method].name, method);
    }
  });

  test(
    `${name}: members are enumerable accessors and methods of the standard's lengths`,
    () => {
      for (const attribute of attributes) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, attribute);
        assertEquals(
          [typeof descriptor.get, descriptor.set, descriptor.enumerable, descriptor.configurable],
          ["function", undefined, true, true],
          attribute,
        );
        assertEquals(descriptor.get.name, `get ${attribute}`);
      }
      for (const [method, length] of Object.entries(methods)) {
        const descriptor = Object.getOwnPropertyDescriptor(prototype, method);
        assertEquals(
          [descriptor.enumerable, descriptor.writable, descriptor.configurable, descriptor.value.length],
          [true, true, true, length],
          method,
        );
      }
      assertEquals(Object.getOwnPropertyDescriptor(prototype, Symbol.toStringTag), {
        value: name,
        writable: false,
        enumerable: false,
        configurable: true,
      });
    },
    { workerd: "lengths are 0" },
  );

  test(
    `${name}: members refuse other receivers`,
    async () => {
      for (const attribute of attributes) {
        const { get } = Object.getOwnPropertyDescriptor(prototype, attribute);
        for (const receiver of [{}, prototype]) {
          if (promises.includes(attribute)) await assertRejects(get.call(receiver), TypeError);
          else assertThrows(() => get.call(receiver), TypeError);
        }
      }
      for (const method of Object.keys(methods)) {
        for (const receiver of [{}, prototype]) {
          if (promises.includes(method)) await assertRejects(prototype[method].call(receiver), TypeError);
          else assertThrows(() => prototype[method].call(receiver), TypeError);
        }
      }
    },
    { workerd: "throws instead of rejecting, and has properties of its own" },
  );
}

test("controllers and requests have no public constructors", () => {
  for (const constructor of [
    ReadableStreamDefaultController,
    ReadableByteStreamController,
    ReadableStreamBYOBRequest,
    WritableStreamDefaultController,
    TransformStreamDefaultController,
  ]) {
    assertThrows(() => new constructor(), TypeError, "Illegal constructor");
    assertThrows(() => new constructor({}, {}), TypeError);
  }
});

test("classes must be called with new", () => {
  for (const constructor of [
    ReadableStream,
    WritableStream,
    TransformStream,
    CountQueuingStrategy,
    IdentityTransformStream,
  ]) {
    assertThrows(() => constructor({ highWaterMark: 1 }), TypeError);
  }
});

test("constructor lengths", () => {
  assertEquals(
    [
      ReadableStream,
      WritableStream,
      TransformStream,
      IdentityTransformStream,
      TextEncoderStream,
      TextDecoderStream,
    ].map((c) => c.length),
    [0, 0, 0, 0, 0, 0],
  );
});

test(
  "constructor lengths with required arguments",
  () => {
    assertEquals(
      [
        ReadableStreamDefaultReader,
        ReadableStreamBYOBReader,
        WritableStreamDefaultWriter,
        CountQueuingStrategy,
        CompressionStream,
      ].map((c) => c.length),
      [1, 1, 1, 1, 1],
    );
  },
  { workerd: "lengths are 0" },
);

test("ReadableStream.from is a static method", () => {
  assertEquals(typeof ReadableStream.from, "function");
  assertEquals(ReadableStream.from.name, "from");
});

test("streams have no own properties", () => {
  for (const object of [
    stream(),
    new WritableStream(),
    new TransformStream(),
    stream().getReader(),
    new WritableStream().getWriter(),
  ]) {
    assertEquals(Reflect.ownKeys(object), []);
  }
});

test("streams may be extended", async () => {
  class Mine extends ReadableStream {
    constructor() {
      super({
        start(controller) {
          controller.enqueue("mine");
          controller.close();
        },
      });
    }
    first() {
      return this.getReader().read();
    }
  }
  const mine = new Mine();
  assert(mine instanceof ReadableStream);
  assertEquals((await mine.first()).value, "mine");
});

test("CountQueuingStrategy and ByteLengthQueuingStrategy", () => {
  const count = new CountQueuingStrategy({ highWaterMark: 5 });
  assertEquals(count.highWaterMark, 5);
  assertEquals(count.size(), 1);
  assertEquals(count.size({}), 1);
  const length = new ByteLengthQueuingStrategy({ highWaterMark: 1024 });
  assertEquals(length.highWaterMark, 1024);
  assertEquals(length.size(new Uint8Array(7)), 7);
  assertEquals(length.size({ byteLength: 3 }), 3);
  assertThrows(() => new CountQueuingStrategy(), TypeError);
  assertThrows(() => new ByteLengthQueuingStrategy(), TypeError);
});

test(
  "a queuing strategy's missing high-water mark is a TypeError",
  () => {
    assertThrows(() => new CountQueuingStrategy({}), TypeError, "highWaterMark");
    assertThrows(() => new ByteLengthQueuingStrategy({}), TypeError, "highWaterMark");
    assertThrows(() => new CountQueuingStrategy(5), TypeError);
  },
  { workerd: "is optional there" },
);

test(
  "a queuing strategy's size is one function for all, and high-water marks are any number",
  () => {
    assertEquals(
      new CountQueuingStrategy({ highWaterMark: 1 }).size === new CountQueuingStrategy({ highWaterMark: 2 }).size,
      true,
    );
    assertEquals(new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size.name, "size");
    assertEquals(new ByteLengthQueuingStrategy({ highWaterMark: 1 }).size.length, 1);
    assertEquals(new CountQueuingStrategy({ highWaterMark: 1 }).size.length, 0);
    assertEquals(new CountQueuingStrategy({ highWaterMark: -Infinity }).highWaterMark, -Infinity);
    assertEquals(new CountQueuingStrategy({ highWaterMark: "abc" }).highWaterMark, NaN);
  },
  { workerd: "size is a function of each object, marks are integers" },
);

test("strategies work in streams", async () => {
  let controller;
  new ReadableStream({ start: (c) => void (controller = c) }, new ByteLengthQueuingStrategy({ highWaterMark: 100 }));
  controller.enqueue(new Uint8Array(30));
  assertEquals(controller.desiredSize, 70);
  new ReadableStream({ start: (c) => void (controller = c) }, new CountQueuingStrategy({ highWaterMark: 4 }));
  controller.enqueue("x");
  assertEquals(controller.desiredSize, 3);
  const writer = new WritableStream(
    { write: () => new Promise(() => {}) },
    new ByteLengthQueuingStrategy({ highWaterMark: 10 }),
  ).getWriter();
  writer.write(new Uint8Array(4));
  assertEquals(writer.desiredSize, 6);
});

test("what is internal to the streams is not global", () => {
  for (const name of [
    "streamFromSource",
    "takeSource",
    "sourceOf",
    "readAllBytes",
    "isDisturbed",
    "createReadableStream",
    "errorStream",
  ])
    assertEquals(name in globalThis, false, name);
});
