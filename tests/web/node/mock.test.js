// node:test as Workers have it: mock.
import { mock, MockTracker } from "node:test";
import { assert, assertEquals, assertThrows, test } from "../harness.js";

test("a mock function tells its calls", () => {
  const add = mock.fn((a, b) => a + b);
  assertEquals([add(1, 2), add.mock.callCount()], [3, 1]);
  const [call] = add.mock.calls;
  assertEquals([call.arguments, call.result, call.error, call.this], [[1, 2], 3, undefined, undefined]);
  const self = {};
  add.call(self, 3, 4);
  assert(add.mock.calls[1].this === self);
  add.mock.resetCalls();
  assertEquals(add.mock.callCount(), 0);
});

test("an implementation for ever, for some calls, for one call", () => {
  const fn = mock.fn(() => "original");
  fn.mock.mockImplementation(() => "other");
  fn.mock.mockImplementationOnce(() => "once", 1);
  assertEquals([fn(), fn(), fn()], ["other", "once", "other"]);
  fn.mock.restore();
  assertEquals(fn(), "original");
  const twice = mock.fn(
    () => "original",
    () => "mock",
    { times: 2 },
  );
  assertEquals([twice(), twice(), twice()], ["mock", "mock", "original"]);
});

test("an error of a mock function is told and thrown", () => {
  const fails = mock.fn(() => {
    throw new TypeError("no");
  });
  assertThrows(() => fails(), TypeError, "no");
  assertEquals(fails.mock.calls[0].error.message, "no");
});

test("a method, a getter and a setter", () => {
  const tracker = new MockTracker();
  const thing = {
    value: 1,
    method(add) {
      return this.value + add;
    },
    get double() {
      return this.value * 2;
    },
    set double(value) {
      this.value = value / 2;
    },
  };
  const method = tracker.method(thing, "method");
  assertEquals([thing.method(2), method.mock.callCount()], [3, 1]);
  const getter = tracker.getter(thing, "double", () => 42);
  assertEquals([thing.double, getter.mock.callCount()], [42, 1]);
  const setter = tracker.setter(thing, "double");
  thing.double = 10;
  assertEquals([thing.value, setter.mock.calls[0].arguments], [5, [10]]);
  tracker.restoreAll();
  assertEquals([thing.method(1), method.mock.callCount()], [6, 1]);
  tracker.reset();
});

test(
  "a restored getter",
  () => {
    const tracker = new MockTracker();
    const thing = {
      get answer() {
        return 1;
      },
    };
    tracker.getter(thing, "answer", () => 42);
    assertEquals(thing.answer, 42);
    tracker.reset();
    assertEquals(thing.answer, 1);
  },
  { workerd: "workerd leaves it mocked" },
);

test("a mock of a class", () => {
  const Mocked = mock.fn(
    class Thing {
      constructor(name) {
        this.name = name;
      }
    },
  );
  const made = new Mocked("it");
  assertEquals([made.name, Mocked.mock.callCount()], ["it", 1]);
});

test("what cannot be mocked", () => {
  assertThrows(() => mock.fn(5), TypeError);
  assertThrows(() => mock.method({}, "missing"), TypeError);
  assertThrows(() => mock.method(null, "x"), TypeError);
});
