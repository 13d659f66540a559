// HTML § 8.7 timers and queueMicrotask.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

const wait = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

test("a timeout calls back once, with its arguments", async () => {
  const calls = [];
  setTimeout((...args) => calls.push(args), 1, "a", 2);
  await wait(20);
  assertEquals(calls, [["a", 2]]);
});

test("timeouts fire in the order of their delay, then of their start", async () => {
  const calls = [];
  setTimeout(() => calls.push("late"), 30);
  setTimeout(() => calls.push("one"), 1);
  setTimeout(() => {
    calls.push("first");
    Promise.resolve().then(() => calls.push("microtask"));
  }, 10);
  setTimeout(() => calls.push("second"), 10);
  await wait(60);
  assertEquals(calls, ["one", "first", "microtask", "second", "late"]);
});

test("odd delays are zero, strings are numbers", async () => {
  const calls = [];
  for (const delay of [-5, NaN, "x", undefined, null, -Infinity, "2"])
    setTimeout(() => calls.push(String(delay)), delay);
  await wait(30);
  assertEquals(calls.length, 7);
});

test("delays beyond 31 bits do not fire at once", async () => {
  const calls = [];
  const ids = [Infinity, 2 ** 31, 2 ** 40].map((delay) => setTimeout(() => calls.push(delay), delay));
  await wait(20);
  for (const id of ids) clearTimeout(id);
  assertEquals(calls, []);
});

test("ids are positive integers, each new", () => {
  const [a, b] = [setTimeout(() => {}, 1), setInterval(() => {}, 1)];
  clearTimeout(a);
  clearInterval(b);
  assert(Number.isInteger(a) && a > 0);
  assert(b > a);
});

test("cleared timers do not fire, by either function", async () => {
  const calls = [];
  clearTimeout(setTimeout(() => calls.push(1), 1));
  clearInterval(setTimeout(() => calls.push(2), 1));
  clearTimeout(setInterval(() => calls.push(3), 1));
  await wait(20);
  assertEquals(calls, []);
  clearTimeout(undefined);
  clearTimeout(null);
  clearTimeout(12345678);
  clearTimeout(-1);
});

test("an interval repeats until it is cleared in its own callback", async () => {
  let calls = 0;
  const id = setInterval(
    (step) => {
      calls += step;
      if (calls === 3) clearInterval(id);
    },
    1,
    1,
  );
  await wait(60);
  assertEquals(calls, 3);
});

test("a timer that is cleared by an earlier one does not fire", async () => {
  const calls = [];
  const later = setTimeout(() => calls.push("later"), 8);
  setTimeout(() => clearTimeout(later), 2);
  await wait(30);
  assertEquals(calls, []);
});

test("the callback must be a function", () => {
  for (const callback of [undefined, null, "1", 1, {}]) {
    assertThrows(() => setTimeout(callback, 1), TypeError);
    assertThrows(() => setInterval(callback, 1), TypeError);
  }
});

test("a nested timeout fires", async () => {
  const depth = await new Promise((resolve) => {
    const step = (n) => (n === 5 ? resolve(n) : setTimeout(step, 0, n + 1));
    setTimeout(step, 0, 0);
  });
  assertEquals(depth, 5);
});

test(
  "an error in a callback is reported, other timers fire",
  async () => {
    const seen = [];
    const onError = (event) => {
      seen.push(event.error.message);
      event.preventDefault();
    };
    addEventListener("error", onError);
    setTimeout(() => {
      throw new Error("timer");
    }, 1);
    setTimeout(() => seen.push("next"), 2);
    await wait(30);
    removeEventListener("error", onError);
    assertEquals(seen, ["timer", "next"]);
  },
  { workerd: "an error in a timer fails the request there" },
);

test("queueMicrotask runs after the current job, in order with promises", async () => {
  const calls = [];
  queueMicrotask(() => calls.push(1));
  Promise.resolve().then(() => calls.push(2));
  queueMicrotask(() => calls.push(3));
  assertEquals(calls, []);
  await wait(0);
  assertEquals(calls, [1, 2, 3]);
  assertThrows(() => queueMicrotask(1), TypeError);
  assertThrows(() => queueMicrotask(), TypeError);
});

test("an error in a microtask is reported", async () => {
  const seen = [];
  const onError = (event) => {
    seen.push(event.error.message);
    event.preventDefault();
  };
  addEventListener("error", onError);
  queueMicrotask(() => {
    throw new Error("micro");
  });
  await wait(1);
  removeEventListener("error", onError);
  assertEquals(seen, ["micro"]);
});

test("performance.now() does not go back", () => {
  const start = performance.now();
  assertEquals(typeof start, "number");
  assert(performance.now() >= start);
  assertEquals(typeof performance.timeOrigin, "number");
  assert(Math.abs(performance.timeOrigin + performance.now() - Date.now()) < 5000);
});
