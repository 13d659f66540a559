import { test, assert, assertEquals, assertThrows } from "./harness.js";

test("defaults", () => {
  const response = new Response();
  assertEquals(
    [
      response.status,
      response.statusText,
      response.ok,
      response.type,
      response.url,
      response.redirected,
      response.webSocket,
      response.cf,
      response.body,
    ],
    [200, "OK", true, "default", "", false, null, undefined, null],
  );
  assert(response.headers === response.headers);
});

test("status", () => {
  for (const status of [200, 201, 299, 404, 500, 599]) {
    const response = new Response(null, { status });
    assertEquals([response.status, response.ok], [status, status < 300]);
  }
  assertEquals(
    [
      new Response(null, { status: "204" }).status,
      new Response(null, { status: 200.9 }).status,
      new Response(null, { status: undefined }).status,
    ],
    [204, 200, 200],
  );
  for (const status of [0, 100, 101, 199, 600, 1000, -1, "x", null, NaN])
    assertThrows(() => new Response(null, { status }), RangeError, "200 to 599");
});

test("status text", () => {
  const standard = [
    [200, "OK"],
    [201, "Created"],
    [204, "No Content"],
    [301, "Moved Permanently"],
    [302, "Found"],
    [304, "Not Modified"],
    [400, "Bad Request"],
    [401, "Unauthorized"],
    [403, "Forbidden"],
    [404, "Not Found"],
    [405, "Method Not Allowed"],
    [418, "I'm a teapot"],
    [429, "Too Many Requests"],
    [500, "Internal Server Error"],
    [503, "Service Unavailable"],
    [499, "Client Error"],
    [599, "Server Error"],
  ];
  for (const [status, text] of standard) assertEquals(new Response(null, { status }).statusText, text);
  assertEquals(new Response("x", { statusText: "Fine é" }).statusText, "Fine é");
  assertEquals(new Response("x", { statusText: "" }).statusText, "");
  for (const statusText of ["a\nb", "a\0", "\r"])
    assertThrows(() => new Response("x", { statusText }), TypeError, "Invalid statusText");
});

test("statuses without a body", () => {
  for (const status of [204, 205, 304]) {
    assertEquals(new Response(null, { status }).body, null);
    assertEquals(new Response("", { status }).body, null);
    assertEquals(new Response(new Uint8Array(0), { status }).body, null);
    for (const body of ["x", new Uint8Array(1), new ReadableStream()])
      assertThrows(() => new Response(body, { status }), TypeError, "null body status");
  }
});

test("headers", () => {
  assertEquals(
    [...new Response("x", { headers: { "Content-Type": "a/b", X: "y" } }).headers],
    [
      ["content-type", "a/b"],
      ["x", "y"],
    ],
  );
  assertEquals(
    [...new Response("x", { headers: { "set-cookie": "b" } }).headers],
    [
      ["content-type", "text/plain;charset=UTF-8"],
      ["set-cookie", "b"],
    ],
  );
  const headers = new Headers({ a: "1" });
  const response = new Response(null, { headers });
  response.headers.set("a", "2");
  assertEquals([headers.get("a"), response.headers.get("a")], ["1", "2"]);
  for (const init of [null, 5]) assertThrows(() => new Response("x", { headers: init }), TypeError, "'headers' field");
  const late = new Response("x");
  late.headers.append("x-late", "1");
  late.headers.delete("content-type");
  assertEquals([...late.headers], [["x-late", "1"]]);
});

test("init", () => {
  assertEquals(new Response("x", null).status, 200);
  for (const init of [404, "text", true])
    assertThrows(
      () => new Response("x", init),
      TypeError,
      "constructor parameter 2 is not of type 'InitializerDict or Response'",
    );
  const from = new Response("y", { status: 404, statusText: "q", headers: { a: "b" }, cf: { k: 1 } });
  const copy = new Response("x", from);
  assertEquals([copy.status, copy.statusText, copy.headers.get("a"), copy.cf], [404, "q", "b", { k: 1 }]);
  copy.headers.set("a", "c");
  assertEquals([from.headers.get("a"), from.bodyUsed], ["b", false]);
  assertEquals(new Response("x", { encodeBody: "manual" }).status, 200);
  assertThrows(() => new Response("x", { encodeBody: "foo" }), TypeError, "encodeBody: unexpected value: foo");
  assertEquals(new Response("x", { webSocket: null }).webSocket, null);
  assertEquals(new Response("x", { cf: { a: 1 } }).cf, { a: 1 });
});

test(
  "web sockets need status 101",
  () => {
    const [client] = Object.values(new WebSocketPair());
    const response = new Response(null, { status: 101, webSocket: client });
    assertEquals(
      [response.status, response.statusText, response.webSocket === client],
      [101, "Switching Protocols", true],
    );
    assertThrows(() => new Response(null, { webSocket: new WebSocketPair()[0] }), RangeError, "101");
    assertThrows(() => new Response("x", { status: 101, webSocket: new WebSocketPair()[0] }), TypeError);
    assertThrows(() => new Response(null, { status: 101, webSocket: {} }), TypeError);
  },
  { node: "no WebSocketPair" },
);

test("a changed response is made from body and response", async () => {
  const original = Response.redirect("http://h/");
  const copy = new Response(original.body, original);
  copy.headers.set("a", "b");
  assertEquals(
    [copy.status, [...copy.headers]],
    [
      302,
      [
        ["a", "b"],
        ["location", "http://h/"],
      ],
    ],
  );
  const text = new Response("body", { status: 201 });
  const again = new Response(text.body, text);
  assertEquals(
    [again.status, again.headers.get("content-type"), await again.text()],
    [201, "text/plain;charset=UTF-8", "body"],
  );
});

test("Response.json", async () => {
  const response = Response.json({ a: [1, "é"] });
  assertEquals([response.status, [...response.headers]], [200, [["content-type", "application/json"]]]);
  assertEquals(await response.json(), { a: [1, "é"] });
  const custom = Response.json(null, { status: 201, headers: { "content-type": "x/y", a: "b" } });
  assertEquals(
    [custom.status, [...custom.headers], await custom.text()],
    [
      201,
      [
        ["a", "b"],
        ["content-type", "x/y"],
      ],
      "null",
    ],
  );
  assertEquals(Response.json(1, { headers: { a: "b" } }).headers.get("content-type"), "application/json");
  assertEquals(await Response.json(undefined).text(), "undefined");
  assertThrows(() => Response.json(), TypeError, "Failed to execute 'json' on 'Response'");
  assertThrows(() => Response.json(1n), TypeError);
  assertThrows(() => Response.json(1, { status: 204 }), TypeError);
  assertThrows(() => Response.json(1, { status: 600 }), RangeError);
});

test("Response.redirect", () => {
  const response = Response.redirect("http://h/a b", 301);
  assertEquals(
    [response.status, response.headers.get("location"), response.body, response.type],
    [301, "http://h/a%20b", null, "default"],
  );
  assertEquals(Response.redirect("http://h").status, 302);
  for (const status of [301, 302, 303, 307, 308]) assertEquals(Response.redirect("http://h", status).status, status);
  for (const status of [200, 300, 304, 400])
    assertThrows(() => Response.redirect("http://h", status), RangeError, `${status} is not a redirect status code`);
  assertThrows(() => Response.redirect("/relative"), TypeError, "Unable to parse URL: /relative");
  assertThrows(() => Response.redirect(), TypeError);
});

test("Response.error", () => {
  const response = Response.error();
  assertEquals(
    [response.type, response.status, response.ok, response.body, [...response.headers]],
    ["error", 0, false, null, []],
  );
  assertEquals(response.clone().type, "error");
});

test("clone", async () => {
  const response = new Response("x", { status: 201, statusText: "S", headers: { a: "1" } });
  const clone = response.clone();
  clone.headers.set("a", "2");
  assertEquals(
    [clone.status, clone.statusText, response.headers.get("a"), clone.headers.get("a")],
    [201, "S", "1", "2"],
  );
  assertEquals([await clone.text(), await response.text()], ["x", "x"]);
  assertThrows(() => Response.redirect("http://h").clone().headers.set("a", "b"), TypeError);
});

test("Response has the shape that Web IDL gives it", () => {
  const response = new Response("x");
  assertEquals(`${response}`, "[object Response]");
  assertEquals(Object.getOwnPropertyNames(response), []);
  for (const name of ["status", "statusText", "headers", "ok", "clone", "webSocket"])
    assert(Object.keys(Response.prototype).includes(name), name);
  assertThrows(() => Object.getOwnPropertyDescriptor(Response.prototype, "status").get.call({}), TypeError);
  assertThrows(() => Response("x"), TypeError);
  class Mine extends Response {}
  assertEquals(new Mine("x", { status: 201 }).status, 201);
});
