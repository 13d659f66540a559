import { test, assert, assertEquals, assertRejects, assertThrows } from "./harness.js";

test("defaults", () => {
  const request = new Request("http://h");
  assertEquals(
    [
      request.method,
      request.url,
      request.redirect,
      request.body,
      request.bodyUsed,
      request.cf,
      request.cache,
      request.integrity,
      request.keepalive,
      request.fetcher,
    ],
    ["GET", "http://h/", "follow", null, false, undefined, undefined, "", false, null],
  );
  assert(request.headers instanceof Headers);
  assert(request.headers === request.headers);
  assert(request.signal instanceof AbortSignal);
  assert(request.signal === request.signal);
  assertEquals(request.signal.aborted, false);
  for (const name of [
    "mode",
    "credentials",
    "referrer",
    "referrerPolicy",
    "destination",
    "duplex",
    "isHistoryNavigation",
  ])
    assertEquals(request[name], undefined, name);
});

test("URLs are parsed and serialised, credentials and fragment stay", () => {
  const cases = [
    ["http://H:80/a/../b c?q#x", "http://h/b%20c?q#x"],
    ["http://u:p@x/", "http://u:p@x/"],
    ["https://x:8443", "https://x:8443/"],
    ["ftp://x/", "ftp://x/"],
  ];
  for (const [input, expected] of cases) assertEquals(new Request(input).url, expected);
  assertEquals(new Request(new URL("http://x/a")).url, "http://x/a");
  assertEquals(new Request({ toString: () => "http://x/q" }).url, "http://x/q");
  for (const bad of ["foo", "", "/path", "http://"])
    assertThrows(() => new Request(bad), TypeError, `Invalid URL: ${bad}`);
});

test("methods", () => {
  for (const method of [
    "GET",
    "HEAD",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "OPTIONS",
    "TRACE",
    "PROPFIND",
    "QUERY",
    "PURGE",
  ]) {
    assertEquals(new Request("http://h", { method }).method, method);
    assertEquals(new Request("http://h", { method: method.toLowerCase() }).method, method);
  }
  for (const method of ["foo", "CONNECT", "TRACK", "", " ", "GET ", null])
    assertThrows(() => new Request("http://h", { method }), TypeError, `Invalid HTTP method string: ${method}`);
  assertEquals(new Request("http://h", { method: undefined }).method, "GET");
});

test("GET and HEAD have no body", () => {
  for (const method of ["GET", "HEAD", "get", undefined])
    assertThrows(
      () => new Request("http://h", { method, body: "x" }),
      TypeError,
      "Request with a GET or HEAD method cannot have a body.",
    );
  assertEquals(new Request("http://h", { body: null }).body, null);
  for (const method of ["POST", "DELETE", "OPTIONS", "TRACE"])
    assert(new Request("http://h", { method, body: "x" }).body !== null);
  assertEquals(new Request("http://h", { method: "POST" }).body, null);
});

test("headers are copied and may be any", () => {
  const headers = new Headers({ a: "1", cookie: "b", host: "h", "content-length": "5", origin: "o" });
  const request = new Request("http://h", { headers });
  headers.set("a", "2");
  assertEquals(
    [...request.headers],
    [
      ["a", "1"],
      ["content-length", "5"],
      ["cookie", "b"],
      ["host", "h"],
      ["origin", "o"],
    ],
  );
  request.headers.set("a", "3");
  assertEquals(request.headers.get("a"), "3");
  assertEquals(new Request("http://h", { headers: [["x", "y"]] }).headers.get("x"), "y");
  assertEquals([...new Request("http://h", { headers: undefined }).headers], []);
  assertThrows(() => new Request("http://h", { headers: null }), TypeError, "'headers' field");
  const typed = new Request("http://h", { method: "POST", body: "x", headers: { "Content-Type": "a/b" } });
  assertEquals(typed.headers.get("content-type"), "a/b");
});

test("init members", () => {
  const of = (init) => new Request("http://h", init);
  assertEquals([of({ redirect: "manual" }).redirect, of({ redirect: undefined }).redirect], ["manual", "follow"]);
  for (const redirect of ["error", "foo", null])
    assertThrows(() => of({ redirect }), TypeError, "Invalid redirect value");
  assertEquals([of({ cache: "no-store" }).cache, of({ cache: "no-cache" }).cache], ["no-store", "no-cache"]);
  for (const cache of ["default", "reload", "force-cache", "only-if-cached", "bad"])
    assertThrows(() => of({ cache }), TypeError, `Unsupported cache mode: ${cache}`);
  assertThrows(() => of({ integrity: "sha256-x" }), TypeError, "integrity");
  assertEquals(of({ integrity: "" }).integrity, "");
  assertEquals(of({ keepalive: true }).keepalive, false);
  assertThrows(() => of({ fetcher: {} }), TypeError, "'fetcher' field");
  assertEquals(new Request("http://h", null).url, "http://h/");
  assertThrows(() => new Request("http://h", 5), TypeError, "constructor parameter 2");
  assertThrows(() => new Request(), TypeError, "constructor parameter 1");
});

test("signals", () => {
  const controller = new AbortController();
  const request = new Request("http://h", { signal: controller.signal });
  controller.abort("why");
  assertEquals([request.signal.aborted, request.signal.reason], [true, "why"]);
  assertEquals(new Request("http://h", { signal: null }).signal.aborted, false);
  assertEquals(new Request("http://h", { signal: undefined }).signal.aborted, false);
  for (const signal of [{}, "x", 5])
    assertThrows(() => new Request("http://h", { signal }), TypeError, "'signal' field");
});

test("cf is a copy", () => {
  const cf = { a: { b: 1 } };
  const request = new Request("http://h", { cf });
  cf.a.b = 2;
  assertEquals(request.cf, { a: { b: 1 } });
  assert(request.cf === request.cf);
  assertEquals(new Request(request).cf, { a: { b: 1 } });
  assertEquals(request.clone().cf, { a: { b: 1 } });
});

test("a request from a request takes its body", async () => {
  const first = new Request("http://h/a", {
    method: "POST",
    body: "x",
    headers: { q: "1" },
    redirect: "manual",
    cache: "no-store",
  });
  const second = new Request(first);
  assertEquals([first.bodyUsed, second.bodyUsed], [true, false]);
  assertEquals(
    [second.method, second.url, second.redirect, second.cache, second.headers.get("q"), await second.text()],
    ["POST", "http://h/a", "manual", "no-store", "1", "x"],
  );
  await assertRejects(() => first.text(), TypeError);
  assertThrows(() => new Request(first), TypeError, "Cannot reconstruct a Request with a used body.");
  assertEquals(await new Request(first, { body: "y" }).text(), "y");
});

test("init wins over the request", async () => {
  const make = () => new Request("http://h", { method: "POST", body: "x", headers: { a: "1" } });
  const put = new Request(make(), { method: "PUT", headers: { b: "2" } });
  assertEquals([put.method, [...put.headers], await put.text()], ["PUT", [["b", "2"]], "x"]);
  assertThrows(() => new Request(make(), { method: "GET" }), TypeError, "cannot have a body");
  const source = make();
  const other = new Request(source, { body: "other" });
  assertEquals([source.bodyUsed, await other.text(), await source.text()], [false, "other", "x"]);
});

test("a request serves as init", async () => {
  const init = new Request("http://y", { method: "POST", body: "x", headers: { a: "1" } });
  const request = new Request("http://x", init);
  assertEquals(
    [request.method, request.url, [...request.headers], await request.text()],
    [
      "POST",
      "http://x/",
      [
        ["a", "1"],
        ["content-type", "text/plain;charset=UTF-8"],
      ],
      "x",
    ],
  );
});

test("clone", async () => {
  const request = new Request("http://h/p", { method: "POST", body: "x", headers: { a: "1" } });
  const clone = request.clone();
  clone.headers.set("a", "2");
  assertEquals(
    [clone.method, clone.url, request.headers.get("a"), clone.headers.get("a")],
    ["POST", "http://h/p", "1", "2"],
  );
  assertEquals([await request.text(), await clone.text()], ["x", "x"]);
  assertThrows(() => request.clone(), TypeError);
  const stream = new Request("http://h", { method: "POST", body: new Blob(["abc"]).stream() });
  const copy = stream.clone();
  assertEquals([await copy.text(), await stream.text()], ["abc", "abc"]);
});

test(
  "the request of the event",
  async ({ request }) => {
    assertEquals([request.method, request.redirect, request.body, request.bodyUsed], ["GET", "manual", null, false]);
    assert(request.url.startsWith("http://") && new URL(request.url).pathname === "/run");
    assert(request.headers.get("host") !== null);
    assertEquals(request.headers.get("HOST"), new URL(request.url).host);
    assert([...request.headers.keys()].includes("host"));
    assertThrows(() => request.headers.set("a", "b"), TypeError, "Can't modify immutable headers.");
    const copy = new Request(request, { headers: { ...Object.fromEntries(request.headers), extra: "1" } });
    assertEquals([copy.headers.get("extra"), copy.url], ["1", request.url]);
    const mutable = new Request(request);
    mutable.headers.set("x", "y");
    assertEquals(mutable.headers.get("x"), "y");
    assertThrows(() => request.clone().headers.set("a", "b"), TypeError);
  },
  { node: "no event" },
);

test("Request has the shape that Web IDL gives it", () => {
  const request = new Request("http://h");
  assertEquals(`${request}`, "[object Request]");
  assertEquals(Object.getOwnPropertyNames(request), []);
  for (const name of ["method", "url", "headers", "redirect", "signal", "cf", "clone"])
    assert(Object.keys(Request.prototype).includes(name), name);
  assertThrows(() => Object.getOwnPropertyDescriptor(Request.prototype, "url").get.call({}), TypeError);
  assertThrows(() => Object.getOwnPropertyDescriptor(Request.prototype, "url").get.call(new Response()), TypeError);
  assertThrows(() => Request("http://h"), TypeError);
  class Mine extends Request {}
  assertEquals(new Mine("http://h/x").url, "http://h/x");
});
