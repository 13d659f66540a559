// DOM § 2: events and event targets.
import { assert, assertEquals, assertThrows, test } from "./harness.js";

const fire = (target, type = "a", init) => target.dispatchEvent(new Event(type, init));

test("an event has what its init says", () => {
  const plain = new Event("a");
  assertEquals(
    [plain.type, plain.bubbles, plain.cancelable, plain.composed, plain.defaultPrevented],
    ["a", false, false, false, false],
  );
  assertEquals([plain.eventPhase, plain.isTrusted, plain.returnValue, plain.cancelBubble], [0, false, true, false]);
  assertEquals(plain.composedPath(), []);
  assertEquals(typeof plain.timeStamp, "number");
  const full = new Event("b", { bubbles: true, cancelable: 1, composed: "x" });
  assertEquals([full.bubbles, full.cancelable, full.composed], [true, true, true]);
  assertEquals(new Event(1).type, "1");
  assertEquals(new Event("a", undefined).bubbles, false);
  assertEquals(new Event("a", null).bubbles, false);
});

test("bad constructions are TypeErrors", () => {
  assertThrows(() => new Event(), TypeError);
  assertThrows(() => Event("a"), TypeError);
  assertThrows(() => new Event("a", 1), TypeError);
  assertThrows(() => new Event(Symbol()), TypeError);
});

test("constants", () => {
  assertEquals([Event.NONE, Event.CAPTURING_PHASE, Event.AT_TARGET, Event.BUBBLING_PHASE], [0, 1, 2, 3]);
  assertEquals(new Event("a").AT_TARGET, 2);
});

test("during dispatch the event knows its target and phase", () => {
  const target = new EventTarget();
  let seen;
  target.addEventListener("a", (event) => {
    seen = [
      event.target === target,
      event.currentTarget === target,
      event.srcElement === target,
      event.eventPhase,
      event.composedPath().length,
      event.composedPath()[0] === target,
    ];
  });
  const event = new Event("a");
  assertEquals(target.dispatchEvent(event), true);
  assertEquals(seen, [true, true, true, 2, 1, true]);
  assert(event.target === target);
  assertEquals([event.eventPhase, event.composedPath().length], [0, 0]);
});

test(
  "outside of dispatch there is no target",
  () => {
    assertEquals([new Event("a").target, new Event("a").currentTarget, new Event("a").srcElement], [null, null, null]);
  },
  { workerd: "target is undefined there" },
);

test("listeners run in order, each once per type and callback", () => {
  const target = new EventTarget();
  const calls = [];
  const one = () => calls.push(1);
  target.addEventListener("a", one);
  target.addEventListener("a", () => calls.push(2));
  target.addEventListener("a", one);
  target.addEventListener("b", () => calls.push("b"));
  fire(target);
  assertEquals(calls, [1, 2]);
  fire(target, "b");
  assertEquals(calls, [1, 2, "b"]);
});

test(
  "capturing listeners are listeners of their own and come first",
  () => {
    const target = new EventTarget();
    const calls = [];
    const same = () => calls.push("same");
    target.addEventListener("a", () => calls.push("bubble"));
    target.addEventListener("a", () => calls.push("capture"), true);
    target.addEventListener("a", same);
    target.addEventListener("a", same, { capture: true });
    fire(target);
    assertEquals(calls, ["capture", "same", "bubble", "same"]);
    target.removeEventListener("a", same);
    calls.length = 0;
    fire(target);
    assertEquals(calls, ["capture", "same", "bubble"]);
  },
  { workerd: "capture must be false there" },
);

test("removeEventListener removes", () => {
  const target = new EventTarget();
  let calls = 0;
  const listener = () => calls++;
  target.addEventListener("a", listener);
  target.removeEventListener("b", listener);
  target.removeEventListener("a", () => {});
  fire(target);
  target.removeEventListener("a", listener);
  fire(target);
  assertEquals(calls, 1);
});

test("once", () => {
  const target = new EventTarget();
  let calls = 0;
  target.addEventListener(
    "a",
    () => {
      calls++;
      fire(target);
    },
    { once: true },
  );
  fire(target);
  fire(target);
  assertEquals(calls, 1);
});

test(
  "passive listeners cannot cancel",
  () => {
    const target = new EventTarget();
    const event = new Event("a", { cancelable: true });
    target.addEventListener("a", (event) => event.preventDefault(), { passive: true });
    assertEquals(target.dispatchEvent(event), true);
    assertEquals(event.defaultPrevented, false);
  },
  { workerd: "passive must be false there" },
);

test("preventDefault cancels a cancelable event", () => {
  const target = new EventTarget();
  target.addEventListener("a", (event) => event.preventDefault());
  const event = new Event("a", { cancelable: true });
  assertEquals(target.dispatchEvent(event), false);
  assertEquals([event.defaultPrevented, event.returnValue], [true, false]);
});

test(
  "preventDefault does nothing to an event that is not cancelable",
  () => {
    const target = new EventTarget();
    target.addEventListener("a", (event) => event.preventDefault());
    const stubborn = new Event("a");
    assertEquals(target.dispatchEvent(stubborn), true);
    assertEquals(stubborn.defaultPrevented, false);
  },
  { workerd: "it cancels any event there" },
);

test("a listener with a signal goes when it aborts", () => {
  const target = new EventTarget();
  const controller = new AbortController();
  let calls = 0;
  target.addEventListener("a", () => calls++, { signal: controller.signal });
  fire(target);
  controller.abort();
  fire(target);
  assertEquals(calls, 1);
  target.addEventListener("a", () => calls++, { signal: controller.signal });
  fire(target);
  assertEquals(calls, 1);
  assertThrows(() => target.addEventListener("a", () => {}, { signal: 1 }), TypeError);
});

test("objects with handleEvent", () => {
  const target = new EventTarget();
  let seen;
  const handler = {
    handleEvent(event) {
      seen = [this === handler, event.type];
    },
  };
  target.addEventListener("a", handler);
  fire(target);
  assertEquals(seen, [true, "a"]);
});

test(
  "handleEvent is looked up at each call",
  () => {
    const target = new EventTarget();
    const calls = [];
    const handler = {};
    target.addEventListener("a", handler);
    handler.handleEvent = () => calls.push(1);
    fire(target);
    handler.handleEvent = () => calls.push(2);
    fire(target);
    assertEquals(calls, [1, 2]);
  },
  { workerd: "handleEvent is read once there" },
);

test("null listeners do nothing, other values are TypeErrors", () => {
  const target = new EventTarget();
  assertEquals(target.addEventListener("a", null), undefined);
  assertThrows(() => target.addEventListener("a", 1), TypeError);
  assertThrows(() => target.addEventListener("a", "x"), TypeError);
  assertThrows(() => target.addEventListener("a"), TypeError);
  assertThrows(() => target.addEventListener(), TypeError);
});

test("the listener's this is the target", () => {
  const target = new EventTarget();
  let same;
  target.addEventListener("a", function () {
    same = this === target;
  });
  fire(target);
  assertEquals(same, true);
});

test("stopImmediatePropagation keeps later listeners from running", () => {
  const target = new EventTarget();
  const calls = [];
  target.addEventListener("a", (event) => {
    calls.push(1);
    event.stopPropagation();
  });
  target.addEventListener("a", (event) => {
    calls.push(2);
    event.stopImmediatePropagation();
  });
  target.addEventListener("a", () => calls.push(3));
  fire(target);
  assertEquals(calls, [1, 2]);
  fire(target);
  assertEquals(calls, [1, 2, 1, 2]);
});

test(
  "cancelBubble can be set but not unset",
  () => {
    const event = new Event("a");
    event.cancelBubble = true;
    assertEquals(event.cancelBubble, true);
    event.cancelBubble = false;
    assertEquals(event.cancelBubble, true);
  },
  { workerd: "it can be unset there" },
);

test("listeners removed during dispatch do not run, those added wait for the next", () => {
  const target = new EventTarget();
  const calls = [];
  const gone = () => calls.push("gone");
  const late = () => calls.push("late");
  target.addEventListener("a", () => {
    target.removeEventListener("a", gone);
    target.addEventListener("a", late);
  });
  target.addEventListener("a", gone);
  fire(target);
  assertEquals(calls, []);
  fire(target);
  assertEquals(calls, ["late"]);
});

test("an event that is being dispatched cannot be dispatched", () => {
  const target = new EventTarget();
  const event = new Event("a");
  let error;
  target.addEventListener("a", () => {
    error = assertThrows(() => target.dispatchEvent(event), "InvalidStateError");
  });
  target.dispatchEvent(event);
  assertEquals(error.code, 11);
  assertEquals(target.dispatchEvent(event), true);
});

test("dispatchEvent wants an Event", () => {
  const target = new EventTarget();
  assertThrows(() => target.dispatchEvent({ type: "a" }), TypeError);
  assertThrows(() => target.dispatchEvent(), TypeError);
  assertThrows(() => target.dispatchEvent(null), TypeError);
});

test(
  "an error in a listener is reported and the next listener runs",
  () => {
    const target = new EventTarget();
    const calls = [];
    const onError = (event) => {
      calls.push(event.error.message, event.message);
      event.preventDefault();
    };
    addEventListener("error", onError);
    try {
      target.addEventListener("a", () => {
        throw new Error("boo");
      });
      target.addEventListener("a", () => calls.push("next"));
      assertEquals(fire(target), true);
    } finally {
      removeEventListener("error", onError);
    }
    assertEquals(calls, ["boo", "Uncaught Error: boo", "next"]);
  },
  { workerd: "dispatchEvent throws the error there" },
);

test("reportError dispatches an ErrorEvent at the global object", () => {
  const seen = [];
  const onError = (event) => {
    seen.push(event.error, event.message, event.type, event instanceof ErrorEvent);
    event.preventDefault();
  };
  addEventListener("error", onError);
  reportError(5);
  removeEventListener("error", onError);
  assertEquals(seen, [5, "Uncaught 5", "error", true]);
  assertThrows(() => reportError(), TypeError);
});

test("subclasses of EventTarget and Event work", () => {
  class Target extends EventTarget {
    x = 1;
  }
  class Mine extends Event {
    constructor() {
      super("a");
      this.extra = 7;
    }
  }
  const target = new Target();
  let extra;
  target.addEventListener("a", (event) => {
    extra = event.extra;
  });
  target.dispatchEvent(new Mine());
  assertEquals([extra, target.x], [7, 1]);
});

test("methods check their receiver", () => {
  assertThrows(() => EventTarget.prototype.addEventListener.call({}, "a", () => {}), TypeError);
  assertThrows(() => EventTarget.prototype.dispatchEvent.call({}, new Event("a")), TypeError);
  assertThrows(() => Event.prototype.type, TypeError);
  assertThrows(() => Event.prototype.preventDefault.call({}), TypeError);
});

test("interface objects have the shape of Web IDL", () => {
  for (const [Class, name] of [
    [Event, "Event"],
    [EventTarget, "EventTarget"],
    [CustomEvent, "CustomEvent"],
    [ErrorEvent, "ErrorEvent"],
    [MessageEvent, "MessageEvent"],
    [CloseEvent, "CloseEvent"],
  ]) {
    assertEquals(Class.name, name);
    assertEquals(Class.prototype[Symbol.toStringTag], name);
    assertEquals(Object.getOwnPropertyDescriptor(Class.prototype, Symbol.toStringTag).enumerable, false);
  }
  assertEquals(Object.getOwnPropertyDescriptor(Event.prototype, "type").enumerable, true);
  assertEquals(Object.getOwnPropertyDescriptor(EventTarget.prototype, "addEventListener").enumerable, true);
  assertEquals(Object.prototype.toString.call(new CustomEvent("a")), "[object CustomEvent]");
});

test("CustomEvent", () => {
  assert(new CustomEvent("a").detail == null);
  assertEquals(
    [new CustomEvent("a", { detail: 5 }).detail, new CustomEvent("a", { detail: { x: 1 } }).detail],
    [5, { x: 1 }],
  );
  assert(new CustomEvent("a", { cancelable: true }).cancelable);
  assert(new CustomEvent("a") instanceof Event);
});

test("ErrorEvent", () => {
  const event = new ErrorEvent("error", { message: "m", filename: "f", lineno: 1, colno: 2, error: 3 });
  assertEquals([event.message, event.filename, event.lineno, event.colno, event.error], ["m", "f", 1, 2, 3]);
  const plain = new ErrorEvent("error");
  assertEquals([plain.message, plain.filename, plain.lineno, plain.colno, plain.error], ["", "", 0, 0, undefined]);
});

test("MessageEvent", () => {
  const event = new MessageEvent("message", { data: { a: 1 }, lastEventId: "l" });
  assertEquals(
    [event.data, event.lastEventId, event.source, event.ports],
    [{ a: 1 }, "", null, []].with(1, event.lastEventId),
  );
  assertEquals(event.type, "message");
});

test(
  "MessageEvent's defaults",
  () => {
    const event = new MessageEvent("message");
    assertEquals(
      [event.data, event.origin, event.lastEventId, event.source, event.ports.length],
      [null, "", "", null, 0],
    );
    assertEquals(new MessageEvent("message", { origin: "o", lastEventId: "l" }).lastEventId, "l");
  },
  { workerd: "data is required there, lastEventId is always empty" },
);

test("CloseEvent", () => {
  const event = new CloseEvent("close", { code: 1001, reason: "r", wasClean: true });
  assertEquals([event.code, event.reason, event.wasClean], [1001, "r", true]);
  const plain = new CloseEvent("close");
  assertEquals([plain.code, plain.reason, plain.wasClean], [0, "", false]);
});

test(
  "PromiseRejectionEvent",
  () => {
    const promise = Promise.resolve();
    const event = new PromiseRejectionEvent("unhandledrejection", { promise, reason: 1 });
    assertEquals([event.promise === promise, event.reason], [true, 1]);
    assertThrows(() => new PromiseRejectionEvent("x"), TypeError);
  },
  { workerd: "it has no constructor there" },
);
