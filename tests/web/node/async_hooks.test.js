import { AsyncLocalStorage, AsyncResource, executionAsyncId } from "node:async_hooks";
import { setTimeout as delay } from "node:timers/promises";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

test("a store follows promises, timers and microtasks", async () => {
  const als = new AsyncLocalStorage();
  assertEquals(als.getStore(), undefined);
  const seen = await als.run("a", async () => {
    const out = [als.getStore()];
    await Promise.resolve();
    out.push(als.getStore());
    await delay(1);
    out.push(als.getStore());
    await new Promise((resolve) => setTimeout(resolve, 1));
    out.push(als.getStore());
    await new Promise((resolve) => queueMicrotask(() => (out.push(als.getStore()), resolve())));
    await new Promise((resolve) => process.nextTick(() => (out.push(als.getStore()), resolve())));
    await new Promise((resolve) => setImmediate(() => (out.push(als.getStore()), resolve())));
    return out;
  });
  assertEquals(seen, ["a", "a", "a", "a", "a", "a", "a"]);
  assertEquals(als.getStore(), undefined);
});

test("stores of concurrent flows are apart", async () => {
  const als = new AsyncLocalStorage();
  const flow = (id) =>
    als.run(id, async () => {
      for (let i = 0; i < 5; i++) {
        await delay((id * 3) % 4);
        assertEquals(als.getStore(), id);
      }
      return als.getStore();
    });
  assertEquals(await Promise.all([1, 2, 3, 4].map(flow)), [1, 2, 3, 4]);
});

test("run nests, exit hides, several storages do not disturb each other", () => {
  const a = new AsyncLocalStorage();
  const b = new AsyncLocalStorage();
  a.run(1, () => {
    b.run(2, () => {
      assertEquals([a.getStore(), b.getStore()], [1, 2]);
      a.run(3, () => assertEquals([a.getStore(), b.getStore()], [3, 2]));
      a.exit(() => assertEquals([a.getStore(), b.getStore()], [undefined, 2]));
      assertEquals([a.getStore(), b.getStore()], [1, 2]);
    });
    assertEquals([a.getStore(), b.getStore()], [1, undefined]);
  });
});

test("run passes arguments, the result and exceptions on", () => {
  const als = new AsyncLocalStorage();
  assertEquals(
    als.run("s", (x, y) => [als.getStore(), x, y], 1, 2),
    ["s", 1, 2],
  );
  assertThrows(
    () =>
      als.run("s", () => {
        throw new RangeError("thrown");
      }),
    RangeError,
    "thrown",
  );
  assertEquals(als.getStore(), undefined);
});

test("fetch keeps the store", async ({ env }) => {
  const als = new AsyncLocalStorage();
  await als.run("in", async () => {
    const response = await fetch(env.SERVER);
    await response.text();
    assertEquals(als.getStore(), "in");
  });
});

test("a rejected promise's reaction has the store of where it was attached", async () => {
  const als = new AsyncLocalStorage();
  const { promise, reject } = Promise.withResolvers();
  const seen = als.run("attached", () => promise.catch(() => als.getStore()));
  als.run("rejected", () => reject(new Error()));
  assertEquals(await seen, "attached");
});

test("snapshot and bind bring a context back", () => {
  const als = new AsyncLocalStorage();
  const inside = als.run("then", () => AsyncLocalStorage.snapshot());
  const bound = als.run("bound", () => AsyncLocalStorage.bind((x) => [als.getStore(), x]));
  als.run("now", () => {
    assertEquals(
      inside(() => als.getStore()),
      "then",
    );
    assertEquals(
      inside((a, b) => a + b, 1, 2),
      3,
    );
    assertEquals(bound(7), ["bound", 7]);
    assertEquals(als.getStore(), "now");
  });
});

test("AsyncResource keeps the context of its making", () => {
  const als = new AsyncLocalStorage();
  const resource = als.run("made", () => new AsyncResource("TEST"));
  const receiver = {};
  als.run("called", () => {
    resource.runInAsyncScope(
      function (a, b) {
        assertEquals([als.getStore(), a, b], ["made", 1, 2]);
        assert(this === receiver);
      },
      receiver,
      1,
      2,
    );
    const bound = resource.bind(function () {
      return [als.getStore(), this];
    }, receiver);
    assertEquals(bound()[0], "made");
    assert(bound()[1] === receiver);
  });
  assertEquals(AsyncResource.bind((a) => a)(4), 4);
  assertEquals(typeof resource.asyncId(), "number");
});

test("enterWith changes the store of the rest of the flow", async () => {
  const als = new AsyncLocalStorage();
  await (async () => {
    await null;
    try {
      als.enterWith("entered");
    } catch {
      return; // workerd refuses it
    }
    assertEquals(als.getStore(), "entered");
    await null;
    assertEquals(als.getStore(), "entered");
  })();
  assertEquals(als.getStore(), undefined);
});

test("executionAsyncId is a number", () => {
  assertEquals(typeof executionAsyncId(), "number");
});

test("an async generator sees the store of who asks for the next value", async () => {
  const als = new AsyncLocalStorage();
  async function* generate() {
    yield als.getStore();
    await null;
    yield als.getStore();
  }
  const seen = await als.run("consumer", async () => {
    const out = [];
    for await (const value of generate()) out.push(value);
    return out;
  });
  assertEquals(seen, ["consumer", "consumer"]);
  await assertRejects(
    als.run(1, async () => {
      throw new TypeError("x");
    }),
    TypeError,
  );
});
