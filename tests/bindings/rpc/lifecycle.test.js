// How long references live: dispose, dup, the end of a call.
import { assertEquals, assertRejects, test } from "../../web/harness.js";
import { Counter, disposed } from "./targets.js";

const gone = "RPC stub used after being disposed.";
const has = (label) => disposed.filter((known) => known === label).length;
/** Until the label is there, or for a while. */
async function until(label) {
  for (let i = 0; i < 50 && has(label) === 0; i++) await scheduler.wait(2);
  return has(label);
}
// workerd calls the disposers of what was returned only once the whole session has ended.
const later = { workerd: "calls the disposer of a result's target later" };

test("a disposed stub cannot be used", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  counter[Symbol.dispose]();
  await assertRejects(counter.increment(), Error, gone);
  await assertRejects(counter.value, Error, gone);
  counter[Symbol.dispose]();
  await assertRejects(counter.dup().increment(), Error, gone);
});

test("a call that has begun ends, though its stub is disposed at once", async ({ env }) => {
  for (const name of ["a", "b", "c", "d"]) {
    const counter = await env.RPC_OBJECT.getByName(`disposed at once ${name}`).counter(1);
    const sum = counter.increment();
    counter[Symbol.dispose]();
    // Long enough for another thread to hear of the disposal before the call leaves this turn.
    let work = 0;
    for (let i = 0; i < 5_000_000; i++) work = (work * 31 + i) | 0;
    assertEquals([await sum, typeof work], [2, "number"]);
  }
});

test("a disposed promise cannot be used", async ({ env }) => {
  const promise = env.RPC.counter(1);
  assertEquals(await promise.increment(), 2);
  promise[Symbol.dispose]();
  await assertRejects(promise.increment(), Error, "RPC promise used after being disposed.");
});

test(
  "disposing of the last stub disposes of the target",
  async ({ env }) => {
    const counter = await env.RPC.counter(1, "last");
    assertEquals(has("last"), 0);
    counter[Symbol.dispose]();
    assertEquals(await until("last"), 1);
  },
  later,
);

test("each duplicate is disposed of by itself", async ({ env }) => {
  const counter = await env.RPC.counter(1, "duplicated");
  const duplicate = counter.dup();
  assertEquals(duplicate === counter, false);
  counter[Symbol.dispose]();
  assertEquals(await duplicate.increment(), 2);
  const third = duplicate.dup();
  duplicate[Symbol.dispose]();
  assertEquals(await third.increment(), 3);
  assertEquals(has("duplicated"), 0);
});

test(
  "the last duplicate's end is the target's",
  async ({ env }) => {
    const counter = await env.RPC.counter(1, "duplicate");
    const duplicate = counter.dup();
    counter[Symbol.dispose]();
    await scheduler.wait(5);
    assertEquals(has("duplicate"), 0);
    duplicate[Symbol.dispose]();
    assertEquals(await until("duplicate"), 1);
  },
  later,
);

test("disposing of a result disposes of the stubs in it", async ({ env }) => {
  const bundle = await env.RPC.bundle();
  assertEquals(Object.getOwnPropertyDescriptor(bundle, Symbol.dispose).enumerable, false);
  bundle[Symbol.dispose]();
  await assertRejects(bundle.counter.increment(), Error, gone);
  await assertRejects(bundle.add(1), Error, gone);
  await assertRejects(bundle.list[0](), Error, gone);
  assertEquals(bundle.plain, [1, 2]);
});

test(
  "and of their targets",
  async ({ env }) => {
    const bundle = await env.RPC.bundle("bundled");
    bundle[Symbol.dispose]();
    assertEquals(await until("bundled"), 1);
  },
  later,
);

test("every result that is an object has a disposer", async ({ env }) => {
  assertEquals(typeof (await env.RPC.echo({ a: 1 }))[Symbol.dispose], "function");
  assertEquals(typeof (await env.RPC.echo([1]))[Symbol.dispose], "function");
  assertEquals(await env.RPC.nothing(), undefined);
});

test("an argument's stub ends with the call", async ({ env }) => {
  await env.RPC.take(new Counter(1, "argument"));
  assertEquals(await until("argument"), 1);
  const f = () => 1;
  f[Symbol.dispose] = () => disposed.push("function argument");
  await env.RPC.take(f);
  assertEquals(await until("function argument"), 1);
});

test("an argument that is kept without dup cannot be used later", async ({ env }) => {
  assertEquals(await env.RPC.keep(new Counter(1)), 2);
  const error = await assertRejects(env.RPC.useKept(), Error, gone);
  assertEquals(error.remote, true);
});

test("a result outlives the call that gave it", async ({ env }) => {
  const counter = await env.RPC.counter(1);
  await scheduler.wait(20);
  assertEquals(await counter.increment(), 2);
  const f = await env.RPC.double();
  await scheduler.wait(20);
  assertEquals(await f(4), 8);
});

test("an entrypoint is made for each call", async ({ env }) => {
  const first = await env.RPC.counter(1);
  const second = await env.RPC.counter(1);
  await first.increment(10);
  assertEquals([await first.value, await second.value], [11, 1]);
  assertEquals(await env.RPC.waitUntil(), "waits");
  assertEquals(await env.RPC.props(), { tenant: "t1", list: [1, { a: 2 }] });
  assertEquals(await env.RPC.envKeys(), ["object", "object"]);
});

test(
  "onRpcBroken tells when the other side is gone, not when it was let go of",
  async ({ env }) => {
    const object = env.RPC_OBJECT.getByName("broken");
    const [counter, released] = [await object.counter(1), await object.counter(1)];
    const told = [];
    counter.onRpcBroken((error) => told.push(error.message));
    released.onRpcBroken(() => told.push("released"));
    released[Symbol.dispose]();
    assertEquals(await counter.increment(), 2);
    await scheduler.wait(10);
    assertEquals(told, []);
    await assertRejects(object.end());
    for (let i = 0; i < 50 && told.length === 0; i++) await scheduler.wait(2);
    assertEquals(told, ["The execution context which hosts this callback is no longer running."]);
  },
  { workerd: "has no onRpcBroken yet" },
);

test("a call that waits for a callback is not taken for hung", async ({ env }) => {
  assertEquals(await env.RPC.waitForCall(), "called");
});
