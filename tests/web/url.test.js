// URL and URLSearchParams. The vectors of ../shared/data (relative to the project's root) run where that folder exists.
import { test, assert, assertEquals, assertThrows } from "./harness.js";
import urltestdata from "shared-data:url/urltestdata.json";
import setters from "shared-data:url/setters_tests.json";
import toascii from "shared-data:url/toascii.json";
import percentEncoding from "shared-data:url/percent-encoding.json";

const parts = [
  "href",
  "origin",
  "protocol",
  "username",
  "password",
  "host",
  "hostname",
  "port",
  "pathname",
  "search",
  "hash",
];

function vectors(name, data, run) {
  const missing = "the test vectors are not here";
  if (data === undefined) test(name, () => {}, { adit: missing, workerd: missing, node: missing });
  else test(name, () => run(data), { workerd: "the vectors are newer than its URL parser", timeout_ms: 60_000 });
}

function report(failures) {
  assertEquals(failures.slice(0, 20), [], `${failures.length} vectors`);
}

vectors("every parsing vector", urltestdata, (data) => {
  const failures = [];
  for (const vector of data) {
    if (typeof vector === "string") continue;
    const { input, base, failure } = vector;
    const args = base === null || base === undefined ? [input] : [input, base];
    assertEquals(URL.canParse(...args), !failure, `canParse ${JSON.stringify(args)}`);
    const url = URL.parse(...args);
    if (failure) {
      if (url !== null) failures.push(`${JSON.stringify(args)} parsed as ${url.href}`);
      continue;
    }
    if (url === null) {
      failures.push(`${JSON.stringify(args)} did not parse`);
      continue;
    }
    for (const part of parts) {
      if (vector[part] !== undefined && url[part] !== vector[part])
        failures.push([JSON.stringify(args), part, url[part], vector[part]]);
    }
    if (vector.searchParams !== undefined && `${url.searchParams}` !== vector.searchParams)
      failures.push([input, "searchParams"]);
    if (new URL(url.href).href !== url.href) failures.push([input, "is not stable", url.href]);
  }
  report(failures);
});

vectors("every setter vector", setters, (data) => {
  const failures = [];
  for (const [setter, list] of Object.entries(data)) {
    if (setter === "comment") continue;
    for (const { href, new_value, expected } of list) {
      const url = new URL(href);
      url.searchParams; // keeps up with the setters
      url[setter] = new_value;
      for (const [part, value] of Object.entries(expected)) {
        if (url[part] !== value) failures.push([setter, href, new_value, part, url[part], value]);
      }
      if (new URL(url.href).search === url.search)
        assertEquals(`${url.searchParams}`, `${new URLSearchParams(url.search)}`);
    }
  }
  report(failures);
});

vectors("every domain vector", toascii, (data) => {
  const failures = [];
  for (const vector of data) {
    if (typeof vector === "string") continue;
    const url = URL.parse(`https://${vector.input}/x`);
    if ((url?.hostname ?? null) !== vector.output) failures.push([vector.input, url?.hostname ?? null, vector.output]);
    // The setter keeps the old host where parsing fails.
    const other = new URL("https://x/x");
    other.hostname = vector.input;
    if (vector.output !== null && other.hostname !== vector.output)
      failures.push(["hostname =", vector.input, other.hostname]);
  }
  report(failures);
});

vectors("every percent-encoding vector, in UTF-8", percentEncoding, (data) => {
  const failures = [];
  for (const vector of data) {
    if (typeof vector === "string") continue;
    const url = new URL(`http://h/?${vector.input}#${vector.input}`);
    const expected = vector.output["utf-8"];
    if (url.search !== `?${expected}`) failures.push([vector.input, url.search, expected]);
    if (url.hash !== `#${expected}`) failures.push([vector.input, url.hash, expected]);
  }
  report(failures);
});

test("each getter is its part of the serialisation", () => {
  const url = new URL("HTTPS://us%20er:pa:ss@Example.COM:8443/a/../b%20c/?q=1&r#frag");
  assertEquals(
    parts.map((part) => url[part]),
    [
      "https://us%20er:pa%3Ass@example.com:8443/b%20c/?q=1&r#frag",
      ...["https://example.com:8443", "https:", "us%20er", "pa%3Ass", "example.com:8443", "example.com", "8443"],
      ...["/b%20c/", "?q=1&r", "#frag"],
    ],
  );
});

test("what is absent is the empty string", () => {
  for (const href of ["http://h/", "http://h/?", "http://h/#", "http://h/?#"]) {
    const url = new URL(href);
    assertEquals([url.search, url.hash, url.username, url.password, url.port], ["", "", "", "", ""], href);
    assertEquals(url.href, href);
  }
});

test("URLs without a host", () => {
  const mail = new URL("mailto:a@b?subject=x#y");
  assertEquals(
    [mail.host, mail.pathname, mail.search, mail.hash, mail.origin],
    ["", "a@b", "?subject=x", "#y", "null"],
  );
  const file = new URL("file:///etc/../x");
  assertEquals([file.host, file.pathname, file.origin, file.href], ["", "/x", "null", "file:///x"]);
  const dotted = new URL("web+demo:/.//not-a-host/");
  assertEquals([dotted.host, dotted.pathname, dotted.href], ["", "//not-a-host/", "web+demo:/.//not-a-host/"]);
  dotted.hostname = "h";
  assertEquals([dotted.host, dotted.pathname, dotted.href], ["h", "//not-a-host/", "web+demo://h//not-a-host/"]);
  assertEquals(new URL("blob:https://h:8/x").origin, "https://h:8");
  assertEquals(new URL("blob:nothing").origin, "null");
});

test("a base is used and must parse", () => {
  assertEquals(new URL("../c?x", "http://h/a/b/").href, "http://h/a/c?x");
  assertEquals(new URL("//other/p", new URL("https://h/")).href, "https://other/p");
  assertEquals(new URL("http://h/", undefined).href, "http://h/");
  assertThrows(() => new URL("/a", "nonsense"), TypeError, "Invalid URL");
  assertThrows(() => new URL("/a"), TypeError, "Invalid URL");
  assertThrows(() => new URL(), TypeError, "constructor parameter 1");
});

test("parse and canParse do not throw", () => {
  assertEquals(URL.parse("nonsense"), null);
  assertEquals(URL.parse("x", "http://h/a").href, "http://h/x");
  assert(URL.parse("http://h") instanceof URL);
  assertEquals([URL.canParse("http://h"), URL.canParse("h"), URL.canParse("h", "http://x")], [true, false, true]);
  assertThrows(() => URL.canParse(), TypeError, "parameter 1");
});

test("setters change the href and ignore what they cannot use", () => {
  const url = new URL("http://h/p?q#f");
  url.protocol = "https";
  url.username = "me";
  url.password = "s e";
  url.host = "other:99";
  url.port = "8080";
  url.hostname = "third";
  url.pathname = "x y";
  url.search = "a=b c";
  url.hash = "";
  assertEquals(url.href, "https://me:s%20e@third:8080/x%20y?a=b%20c");
  url.host = "a b";
  url.port = "nonsense";
  url.protocol = "mailto";
  assertEquals(url.href, "https://me:s%20e@third:8080/x%20y?a=b%20c");
  url.href = "http://new/";
  assertEquals([url.href, url.search, url.username], ["http://new/", "", ""]);
  assertThrows(() => (url.href = "nonsense"), TypeError);
  assertEquals(url.href, "http://new/");
});

test("the same text parsed again, and after a change of the first one, gives the same", () => {
  const a = new URL("http://h/a?x=1#y");
  const b = new URL(a.href);
  b.pathname = "/longer/path";
  const c = new URL("http://h/a?x=1#y");
  assertEquals([c.pathname, c.search, c.hash, a.pathname, b.pathname], ["/a", "?x=1", "#y", "/a", "/longer/path"]);
  a.searchParams.append("z", "2");
  assertEquals([new URL("http://h/a?x=1#y").search, a.search, a.hash], ["?x=1", "?x=1&z=2", "#y"]);
  assertEquals(URL.canParse("http://other:90/"), true);
  assertEquals(new URL("http://h/a?x=1#y").hash, "#y");
});

test("toString, toJSON and conversion", () => {
  const url = new URL("http://h");
  assertEquals(
    [`${url}`, url.toString(), url.toJSON(), JSON.stringify({ url })],
    ["http://h/", "http://h/", "http://h/", '{"url":"http://h/"}'],
  );
  assertEquals(new URL({ toString: () => "http://x/y" }).href, "http://x/y");
  assertEquals(new URL("http://h/\ud800").href, "http://h/%EF%BF%BD");
});

test("searchParams is one object, live in both directions", () => {
  const url = new URL("http://h/?a=1&b=2#f");
  const params = url.searchParams;
  assert(params === url.searchParams);
  params.append("c", "3 4");
  assertEquals(url.href, "http://h/?a=1&b=2&c=3+4#f");
  params.delete("a");
  params.set("b", "x&y");
  assertEquals([url.search, url.hash], ["?b=x%26y&c=3+4", "#f"]);
  params.delete("b");
  params.delete("c");
  assertEquals(url.href, "http://h/#f");
  url.search = "?new=1";
  assertEquals([params.get("new"), params.size], ["1", 1]);
  url.href = "http://h/?again";
  assertEquals([...params], [["again", ""]]);
  params.sort();
  assertEquals(url.search, "?again=");
  const opaque = new URL("data:text?x=1");
  opaque.searchParams.append("y", "2");
  assertEquals(opaque.href, "data:text?x=1&y=2");
  const bare = new URL("http://h");
  bare.searchParams.append("a", "~'() *-._");
  assertEquals(bare.href, "http://h/?a=%7E%27%28%29+*-._");
});

test("URLSearchParams parses", () => {
  const cases = [
    ["", []],
    ["?", []],
    ["a", [["a", ""]]],
    ["?a=b", [["a", "b"]]],
    ["??a=b", [["?a", "b"]]],
    [
      "&&a=b&&c=&=d&=&",
      [
        ["a", "b"],
        ["c", ""],
        ["", "d"],
        ["", ""],
      ],
    ],
    ["a=b=c", [["a", "b=c"]]],
    ["a+b=c+d", [["a b", "c d"]]],
    ["a%2Bb=%20", [["a+b", " "]]],
    ["%e4%bd%a0=%F0%9F%92%A9", [["你", "💩"]]],
    [
      "x=%zz%4&y=%",
      [
        ["x", "%zz%4"],
        ["y", "%"],
      ],
    ],
    [
      "x=%C3%28&%FF=%E4%BD",
      [
        ["x", "\ufffd("],
        ["\ufffd", "\ufffd"],
      ],
    ],
    ["x=%EF%BB%BFy", [["x", "\ufeffy"]]],
    ["a=\ud800", [["a", "\ufffd"]]],
    [
      "a=é&b=\0",
      [
        ["a", "é"],
        ["b", "\0"],
      ],
    ],
  ];
  for (const [text, expected] of cases) assertEquals([...new URLSearchParams(text)], expected, JSON.stringify(text));
});

test("URLSearchParams serialises", () => {
  const cases = [
    [[["a", "b"]], "a=b"],
    [[["a b", "c+d"]], "a+b=c%2Bd"],
    [[["", ""]], "="],
    [[["!'()~*-._", "%&="]], "%21%27%28%29%7E*-._=%25%26%3D"],
    [[["你", "💩"]], "%E4%BD%A0=%F0%9F%92%A9"],
    [[["\ud800", "x"]], "%EF%BF%BD=x"],
    [
      [
        ["a", "1"],
        ["a", "2"],
      ],
      "a=1&a=2",
    ],
  ];
  for (const [list, expected] of cases) assertEquals(new URLSearchParams(list).toString(), expected);
});

test("URLSearchParams from sequences, records and others", () => {
  assertEquals(`${new URLSearchParams({ a: 1, b: "x" })}`, "a=1&b=x");
  assertEquals(`${new URLSearchParams(new Map([["k", "v"]]))}`, "k=v");
  assertEquals(`${new URLSearchParams(new URLSearchParams("a=1&b=2"))}`, "a=1&b=2");
  assertEquals(`${new URLSearchParams()}`, "");
  assertEquals(`${new URLSearchParams(undefined)}`, "");
  assertEquals(`${new URLSearchParams(null)}`, "null=");
  assertThrows(() => new URLSearchParams([["a"]]), TypeError);
  assertThrows(() => new URLSearchParams([["a", "b", "c"]]), TypeError);
  assertThrows(() => new URLSearchParams([1]), TypeError);
  const copy = new URLSearchParams("a=1");
  const other = new URLSearchParams(copy);
  other.append("b", "2");
  assertEquals([`${copy}`, `${other}`], ["a=1", "a=1&b=2"]);
});

test("URLSearchParams get, getAll, has, set, delete, size", () => {
  const params = new URLSearchParams("a=1&b=2&a=3&c=");
  assertEquals([params.get("a"), params.get("c"), params.get("x")], ["1", "", null]);
  assertEquals([params.getAll("a"), params.getAll("x")], [["1", "3"], []]);
  assertEquals(
    [params.has("a"), params.has("x"), params.has("a", "3"), params.has("a", "9"), params.has("a", undefined)],
    [true, false, true, false, true],
  );
  assertEquals(params.size, 4);
  params.delete("a", "1");
  assertEquals(`${params}`, "b=2&a=3&c=");
  params.delete("a", undefined);
  assertEquals(`${params}`, "b=2&c=");
  params.set("b", "9");
  params.append("b", "8");
  params.set("b", "7");
  params.set("new", "x");
  assertEquals(`${params}`, "b=7&c=&new=x");
  for (const [method, args] of [
    ["get", 0],
    ["getAll", 0],
    ["has", 0],
    ["delete", 0],
    ["append", 1],
    ["set", 1],
  ]) {
    assertThrows(
      () => params[method](...["x"].slice(0, args)),
      TypeError,
      `'${method}' on 'URLSearchParams': parameter ${args + 1}`,
    );
  }
});

test("URLSearchParams.sort is stable and by code units", () => {
  const params = new URLSearchParams([
    ["z", "1"],
    ["a", "2"],
    ["z", "0"],
    ["\uffff", "x"],
    ["\u{1f308}", "y"],
    ["a", "1"],
  ]);
  params.sort();
  assertEquals(
    [...params],
    [
      ["a", "2"],
      ["a", "1"],
      ["z", "1"],
      ["z", "0"],
      ["\u{1f308}", "y"],
      ["\uffff", "x"],
    ],
  );
});

test("URLSearchParams iterates, live", () => {
  const params = new URLSearchParams("a=1&b=2&c=3");
  assertEquals(
    [[...params.keys()], [...params.values()]],
    [
      ["a", "b", "c"],
      ["1", "2", "3"],
    ],
  );
  const seen = [];
  for (const [name] of params) {
    seen.push(name);
    params.delete(name);
  }
  assertEquals(seen, ["a", "c"]);
  const calls = [];
  new URLSearchParams("x=1").forEach(
    function (value, name, all) {
      calls.push(value, name, all instanceof URLSearchParams, this.t);
    },
    { t: 5 },
  );
  assertEquals(calls, ["1", "x", true, 5]);
  assertEquals(typeof params.entries()[Symbol.iterator], "function");
  assertThrows(() => params.forEach(), TypeError);
});

test("URL and URLSearchParams have the shape that Web IDL gives them", () => {
  assertEquals(
    [
      Object.prototype.toString.call(new URL("http://h")),
      String(Object.prototype.toString.call(new URLSearchParams())),
    ],
    ["[object URL]", "[object URLSearchParams]"],
  );
  assert(Object.keys(URL.prototype).includes("href"));
  assert(Object.keys(URLSearchParams.prototype).includes("append"));
  assertThrows(() => Object.getOwnPropertyDescriptor(URL.prototype, "href").get.call({}), TypeError);
  assertThrows(() => URLSearchParams.prototype.get.call({}, "a"), TypeError);
  assertThrows(() => URLSearchParams.prototype.entries.call({}), TypeError);
  assertThrows(() => URL("http://h"), TypeError);
  assertEquals(
    [
      URL.name,
      URLSearchParams.name,
      Headers.name,
      Request.name,
      Response.name,
      Blob.name,
      File.name,
      FormData.name,
    ].join(),
    "URL,URLSearchParams,Headers,Request,Response,Blob,File,FormData",
  );
  assertEquals(Object.getOwnPropertyNames(new URL("http://h")), []);
});
