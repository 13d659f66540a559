import { test, assert, assertEquals, assertThrows } from "./harness.js";

test("names are lower-cased, sorted and combined on iteration", () => {
  const headers = new Headers();
  headers.append("X-B", "1");
  headers.append("Accept", "2");
  headers.append("x-b", "3");
  assertEquals(
    [...headers],
    [
      ["accept", "2"],
      ["x-b", "1, 3"],
    ],
  );
  assertEquals(
    [[...headers.keys()], [...headers.values()]],
    [
      ["accept", "x-b"],
      ["2", "1, 3"],
    ],
  );
  assertEquals([...headers.entries()], [...headers]);
});

test("set-cookie stays apart", () => {
  const headers = new Headers([
    ["Set-Cookie", "a=1"],
    ["x", "y"],
    ["set-cookie", "b=2"],
  ]);
  assertEquals(
    [...headers],
    [
      ["set-cookie", "a=1"],
      ["set-cookie", "b=2"],
      ["x", "y"],
    ],
  );
  assertEquals(headers.get("Set-Cookie"), "a=1, b=2");
  assertEquals(headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(headers.getAll("Set-Cookie"), ["a=1", "b=2"]);
  assertEquals(new Headers().getSetCookie(), []);
  assertThrows(() => headers.getAll("x"), TypeError, "Set-Cookie");
  headers.set("set-cookie", "c=3");
  assertEquals(headers.getSetCookie(), ["c=3"]);
});

test("get, has, set, delete", () => {
  const headers = new Headers({ a: "1", "B-C": "2" });
  assertEquals([headers.get("A"), headers.get("b-c"), headers.get("none")], ["1", "2", null]);
  assertEquals([headers.has("A"), headers.has("none")], [true, false]);
  headers.append("a", "3");
  assertEquals(headers.get("a"), "1, 3");
  headers.set("A", "9");
  assertEquals(
    [...headers],
    [
      ["a", "9"],
      ["b-c", "2"],
    ],
  );
  headers.delete("B-C");
  headers.delete("none");
  assertEquals([...headers], [["a", "9"]]);
  headers.set("z", "new");
  assertEquals(headers.get("z"), "new");
});

test("a header whose value is another's name is not found by it", () => {
  const headers = new Headers([
    ["connection", "upgrade"],
    ["upgrade", "websocket"],
    ["x", "host"],
  ]);
  assertEquals([headers.get("upgrade"), headers.get("host"), headers.get("websocket")], ["websocket", null, null]);
});

test("values are trimmed and checked", () => {
  const trimmed = [
    [" a ", "a"],
    ["\t\r\na b\n ", "a b"],
    ["", ""],
    [" \t", ""],
    ["a\tb", "a\tb"],
    ["\x0ba", "\x0ba"],
    [5, "5"],
    [null, "null"],
    [undefined, "undefined"],
    ["é", "é"],
    ["†", "†"],
  ];
  for (const [value, expected] of trimmed)
    assertEquals(new Headers([["x", value]]).get("x"), expected, JSON.stringify(value));
  for (const value of ["a\0b", "a\nb", "a\rb", "\0"])
    assertThrows(() => new Headers({ x: value }), TypeError, "Invalid header value");
});

test("names are checked", () => {
  for (const name of ["a b", "a:b", "a\n", "(x)", "a/b", "a\0", "{", '"']) {
    assertThrows(() => new Headers([[name, "v"]]), TypeError, "Invalid header name");
    for (const method of ["get", "has", "delete"]) assertThrows(() => new Headers()[method](name), TypeError);
    for (const method of ["append", "set"]) assertThrows(() => new Headers()[method](name, "v"), TypeError);
  }
  const odd = "!#$%&'*+-.^_`|~09azAZ";
  assertEquals(new Headers([[odd, "v"]]).get(odd), "v");
});

test(
  "the empty name and names outside ASCII are no header names",
  () => {
    assertThrows(() => new Headers({ "": "v" }), TypeError);
    assertThrows(() => new Headers({ é: "v" }), TypeError);
  },
  { workerd: "it lets them through, against the standard" },
);

test("what Headers are made of", () => {
  assertEquals([...new Headers()], []);
  assertEquals([...new Headers(undefined)], []);
  assertEquals(
    [...new Headers({ B: "1", a: 2 })],
    [
      ["a", "2"],
      ["b", "1"],
    ],
  );
  assertEquals(
    [
      ...new Headers([
        ["a", "1"],
        ["A", "2"],
      ]),
    ],
    [["a", "1, 2"]],
  );
  assertEquals([...new Headers(new Map([["a", "b"]]))], [["a", "b"]]);
  assertEquals(
    [
      ...new Headers({
        get a() {
          return "z";
        },
      }),
    ],
    [["a", "z"]],
  );
  assertEquals([...new Headers(Object.create({ a: "1" }))], []);
  assertEquals(
    [
      ...new Headers(
        (function* () {
          yield ["k", "v"];
        })(),
      ),
    ],
    [["k", "v"]],
  );
  const original = new Headers({ a: "1" });
  const copy = new Headers(original);
  copy.set("a", "2");
  assertEquals([original.get("a"), copy.get("a")], ["1", "2"]);
  for (const init of [null, 5, "text", true])
    assertThrows(() => new Headers(init), TypeError, "constructor parameter 1");
  for (const init of [[["a"]], [["a", "b", "c"]]]) assertThrows(() => new Headers(init), TypeError, "two elements");
  assertThrows(() => new Headers([5]), TypeError);
});

test("missing arguments are TypeErrors in Workers' words", () => {
  const headers = new Headers();
  for (const [method, given] of [
    ["get", 0],
    ["has", 0],
    ["delete", 0],
    ["append", 0],
    ["append", 1],
    ["set", 1],
  ]) {
    assertThrows(
      () => headers[method](...["x"].slice(0, given)),
      TypeError,
      `Failed to execute '${method}' on 'Headers': parameter ${given + 1} is not of type 'string'.`,
    );
  }
  assertThrows(() => headers.forEach(), TypeError, "forEach");
});

test("forEach gives value, name, headers and this", () => {
  const calls = [];
  new Headers({ b: "2", a: "1" }).forEach(
    function (value, name, headers) {
      calls.push(value, name, headers instanceof Headers, this.x);
    },
    { x: 9 },
  );
  assertEquals(calls, ["1", "a", true, 9, "2", "b", true, 9]);
});

test(
  "iteration sees what is added behind it",
  () => {
    const headers = new Headers({ b: "1", d: "1" });
    const seen = [];
    for (const [name] of headers) {
      seen.push(name);
      if (name === "b") headers.append("c", "1");
    }
    assertEquals(seen, ["b", "c", "d"]);
  },
  { workerd: "it iterates over a copy" },
);

test("the headers of what came out of redirect are immutable, and copies of them are not", () => {
  const { headers } = Response.redirect("http://h/");
  for (const change of [
    () => headers.set("a", "b"),
    () => headers.append("a", "b"),
    () => headers.delete("location"),
  ]) {
    assertThrows(change, TypeError, "Can't modify immutable headers.");
  }
  const copy = new Headers(headers);
  copy.set("a", "b");
  assertEquals(
    [...copy],
    [
      ["a", "b"],
      ["location", "http://h/"],
    ],
  );
});

test("Headers has the shape that Web IDL gives it", () => {
  assertEquals(Object.prototype.toString.call(new Headers()), "[object Headers]");
  assert(Object.keys(Headers.prototype).includes("getSetCookie"));
  assertThrows(() => Headers.prototype.get.call({}, "x"), TypeError);
  assertThrows(() => Headers.prototype.keys.call(new URLSearchParams()), TypeError);
  assertThrows(() => Headers(), TypeError);
  assertEquals(Object.getOwnPropertyNames(new Headers({ a: "b" })), []);
  const iterator = new Headers({ a: "1" }).entries();
  assertEquals(iterator.next(), { value: ["a", "1"], done: false });
  assertEquals(iterator.next(), { value: undefined, done: true });
  assert(iterator[Symbol.iterator]() === iterator);
});

test(
  "the iterator is named after Headers and is what Symbol.iterator gives",
  () => {
    assertEquals(Object.prototype.toString.call(new Headers().entries()), "[object Headers Iterator]");
    assert(Headers.prototype[Symbol.iterator] === Headers.prototype.entries);
  },
  { workerd: "its iterators have other names" },
);

test("many headers of one name, many names", () => {
  const headers = new Headers();
  for (let i = 0; i < 200; i++) headers.append(`x-${i % 50}`, `${i}`);
  assertEquals([...headers].length, 50);
  assertEquals(headers.get("x-7"), "7, 57, 107, 157");
});
