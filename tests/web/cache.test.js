// The Cache API: what is stored, for how long, and what a request gets of it.
import { test, assert, assertEquals, assertRejects } from "./harness.js";

const fresh = { "cache-control": "max-age=100" };
let count = 0;
const newUrl = () => `http://cache.test/${Math.random().toString(36).slice(2)}/${++count}`;

async function put(headers, body = "body", status = 200) {
  const url = newUrl();
  await caches.default.put(url, new Response(body, { status, headers }));
  return url;
}
const match = (url, init, options) => caches.default.match(new Request(url, init), options);

for (const [name, headers, isStored] of [
  ["max-age", fresh, true],
  ["s-maxage counts more than max-age", { "cache-control": "max-age=0, s-maxage=10" }, true],
  ["s-maxage of nothing", { "cache-control": "max-age=10, s-maxage=0" }, false],
  ["nothing said", {}, false],
  ["no-store", { "cache-control": "max-age=100, no-store" }, false],
  ["no-cache", { "cache-control": "max-age=100, no-cache" }, false],
  ["no-cache of a header", { "cache-control": "max-age=100, no-cache=x-a" }, false],
  ["private", { "cache-control": "private, max-age=100" }, false],
  ["private of a header", { "cache-control": 'max-age=100, private="x-a"' }, false],
  ["max-age=0", { "cache-control": "max-age=0" }, false],
  ["public alone", { "cache-control": "public" }, false],
  ["a lifetime that is no number", { "cache-control": "max-age=soon" }, false],
  ["immutable", { "cache-control": "immutable" }, true],
  ["stale-while-revalidate", { "cache-control": "max-age=0, stale-while-revalidate=100" }, true],
  ["Expires in the future", { expires: new Date(Date.now() + 1e9).toUTCString() }, true],
  ["Expires in the past", { expires: new Date(0).toUTCString() }, false],
  ["Expires that is no date", { expires: "0" }, false],
  ["Last-Modified alone", { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" }, true],
  ["ETag alone", { etag: '"a"' }, false],
  ["Pragma: no-cache", { pragma: "no-cache" }, false],
  ["an Age within the lifetime", { ...fresh, age: "50" }, true],
  ["an Age beyond the lifetime", { ...fresh, age: "500" }, false],
  ["Set-Cookie", { ...fresh, "set-cookie": "a=b" }, false],
  ["Set-Cookie that is private", { "cache-control": "max-age=100, private=set-cookie", "set-cookie": "a=b" }, true],
  ["Vary", { ...fresh, vary: "accept" }, true],
])
  test(`stored or not: ${name}`, async () => {
    const found = await match(await put(headers));
    assertEquals(found !== undefined, isStored);
    if (found === undefined) return;
    assertEquals(await found.text(), "body");
    assertEquals(found.headers.get("set-cookie"), null);
  });

for (const [status, isStored] of [
  [200, true],
  [302, true],
  [404, true],
  [410, true],
  [201, false],
  [403, false],
  [500, false],
])
  test(`stored or not: status ${status}`, async () => {
    const found = await match(await put(fresh, "", status));
    assertEquals(found?.status, isStored ? status : undefined);
  });

test("a hit has the response's head, its age and where it came from", async () => {
  const url = await put({
    ...fresh,
    age: "50",
    "content-type": "text/x",
    "x-own": "1",
    date: new Date(0).toUTCString(),
  });
  const response = await match(url);
  const { date, ...headers } = Object.fromEntries(response.headers);
  assertEquals(headers, {
    age: "50",
    "cache-control": "max-age=100",
    "cf-cache-status": "HIT",
    "content-length": "4",
    "content-type": "text/x",
    "x-own": "1",
  });
  assert(Math.abs(Date.parse(date) - Date.now()) < 60_000);
  assertEquals([response.status, response.statusText, response.url], [200, "OK", ""]);
  await assertRejects(async () => response.headers.set("a", "b"), TypeError);
});

for (const [name, stored, asked, status] of [
  ["an entity tag", { etag: '"a"' }, { "if-none-match": '"a"' }, 304],
  ["a weak entity tag", { etag: 'W/"a"' }, { "if-none-match": '"a"' }, 304],
  ["one of several entity tags", { etag: '"a"' }, { "if-none-match": '"b", "a"' }, 304],
  ["any entity tag", { etag: '"a"' }, { "if-none-match": "*" }, 304],
  ["another entity tag", { etag: '"a"' }, { "if-none-match": '"b"' }, 200],
  ["an entity tag where there is none", {}, { "if-none-match": '"a"' }, 200],
  [
    "a date",
    { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" },
    { "if-modified-since": "Wed, 21 Oct 2015 07:28:00 GMT" },
    304,
  ],
  [
    "an earlier date",
    { "last-modified": "Wed, 21 Oct 2015 07:28:00 GMT" },
    { "if-modified-since": "Wed, 21 Oct 2014 07:28:00 GMT" },
    200,
  ],
  ["a date where there is none", {}, { "if-modified-since": "Wed, 21 Oct 2037 07:28:00 GMT" }, 200],
  ["an entity tag and a range", { etag: '"a"' }, { "if-none-match": '"a"', range: "bytes=1-2" }, 304],
])
  test(`conditions: ${name}`, async () => {
    const response = await match(await put({ ...fresh, ...stored }), { headers: asked });
    assertEquals(response.status, status);
    assertEquals(await response.text(), status === 304 ? "" : "body");
    if (status === 304) assertEquals(response.headers.get("etag"), stored.etag ?? null);
  });

for (const [range, expected, contentRange] of [
  ["bytes=1-2", "od", "bytes 1-2/4"],
  ["bytes=2-", "dy", "bytes 2-3/4"],
  ["bytes=-3", "ody", "bytes 1-3/4"],
  ["bytes=0-100", "body", "bytes 0-3/4"],
])
  test(`ranges: ${range}`, async () => {
    const response = await match(await put(fresh), { headers: { range } });
    assertEquals([response.status, response.statusText], [206, "Partial Content"]);
    assertEquals(response.headers.get("content-range"), contentRange);
    assertEquals(response.headers.get("content-length"), `${expected.length}`);
    assertEquals(await response.text(), expected);
  });

for (const range of ["bytes=9-", "bytes=2-1", "foo"])
  test(`ranges: ${range}`, async () => {
    const response = await match(await put(fresh), { headers: { range } });
    assertEquals([response.status, response.statusText], [416, "Range Not Satisfiable"]);
    assertEquals(response.headers.get("content-range"), "bytes */4");
    assertEquals(await response.text(), "");
  });

/** The parts of a multipart/byteranges: [Content-Range, octets]. */
function partsOf(response, text) {
  const boundary = /^multipart\/byteranges; boundary=(.+)$/.exec(response.headers.get("content-type"))[1];
  const parts = text.split(`--${boundary}`);
  assertEquals(parts.at(-1).trim(), "--");
  return parts.slice(1, -1).map((part) => {
    const [head, octets] = part.trim().split("\r\n\r\n");
    return [/content-range: (.*)/i.exec(head)[1], octets, /content-type: (.*)/i.exec(head)?.[1]];
  });
}

test("ranges: several are the parts of one body", async () => {
  const response = await match(await put({ ...fresh, "content-type": "text/x" }), {
    headers: { range: "bytes=0-0, 2-3" },
  });
  assertEquals(response.status, 206);
  assertEquals(partsOf(response, await response.text()), [
    ["bytes 0-0/4", "b", "text/x"],
    ["bytes 2-3/4", "dy", "text/x"],
  ]);
});

test(
  "ranges: of several, those that the body has",
  async () => {
    const response = await match(await put(fresh), { headers: { range: "bytes=0-0,9-,-1" } });
    const text = await response.text();
    assertEquals(response.headers.get("content-length"), `${text.length}`);
    assertEquals(
      partsOf(response, text).map(([range]) => range),
      ["bytes 0-0/4", "bytes 3-3/4"],
    );
    const one = await match(await put(fresh), { headers: { range: "bytes=0-0,9-" } });
    assertEquals([one.headers.get("content-range"), await one.text()], ["bytes 0-0/4", "b"]);
  },
  { workerd: "miniflare answers with 416" },
);

test(
  "ranges: more octets than there are, or very many ranges, get everything",
  async () => {
    const url = await put(fresh);
    for (const range of ["bytes=0-2,1-3", `bytes=${Array(100).fill("0-0").join()}`]) {
      const response = await match(url, { headers: { range } });
      assertEquals([response.status, await response.text()], [200, "body"]);
    }
  },
  { workerd: "miniflare sends them all" },
);

test(
  "ranges: If-Range of another version gives all of it",
  async () => {
    const url = await put({ ...fresh, etag: '"a"' });
    const ask = (tag) => match(url, { headers: { range: "bytes=1-2", "if-range": tag } });
    assertEquals(await (await ask('"b"')).text(), "body");
    assertEquals(await (await ask('"a"')).text(), "od");
  },
  { workerd: "it does not look at If-Range" },
);

test("only GET is matched, unless methods are to be ignored", async () => {
  const url = await put(fresh);
  assertEquals(await match(url, { method: "POST" }), undefined);
  assertEquals(await match(url, { method: "HEAD" }), undefined);
  assertEquals(await (await match(url, { method: "POST" }, { ignoreMethod: true })).text(), "body");
  assertEquals(await caches.default.delete(new Request(url, { method: "POST" })), false);
  assertEquals(await caches.default.delete(new Request(url, { method: "POST" }), { ignoreMethod: true }), true);
  assertEquals(await caches.default.delete(url), false);
  assertEquals(await match(url), undefined);
});

test("what put() refuses", async () => {
  const refuse = (request, response, message) =>
    assertRejects(caches.default.put(request, response), TypeError, message);
  await refuse(
    new Request(newUrl(), { method: "POST" }),
    new Response("x"),
    "Cannot cache response to non-GET request.",
  );
  await refuse(
    new Request(newUrl(), { method: "HEAD" }),
    new Response("x"),
    "Cannot cache response to non-GET request.",
  );
  await refuse(
    newUrl(),
    new Response("x", { status: 206 }),
    "Cannot cache response to a range request (206 Partial Content).",
  );
  await refuse(newUrl(), new Response("x", { headers: { vary: "*" } }), "Cannot cache response with 'Vary: *' header.");
  await refuse(newUrl(), Response.error(), "Cache is unable to store an error response");
  await refuse(newUrl(), 5, "Failed to execute 'put' on 'Cache': parameter 2 is not of type 'Response'.");
  await refuse("/relative", new Response("x"), "Invalid URL: /relative");
  const used = new Response("x", { headers: fresh });
  await used.text();
  await refuse(newUrl(), used, "Body has already been used");
});

test("what match() refuses", async () => {
  await assertRejects(caches.default.match(), TypeError, "Failed to execute 'match' on 'Cache'");
  await assertRejects(caches.default.match("/relative"), TypeError, "Invalid URL: /relative");
  await assertRejects(caches.default.match("ftp://x/"), TypeError, "Fetch API cannot load: ftp://x/");
});

test("put() uses the body up", async () => {
  const response = new Response("x", { headers: fresh });
  const stored = caches.default.put(newUrl(), response);
  assertEquals(response.bodyUsed, true);
  assertEquals(await stored, undefined);
});

test("a later response replaces an earlier one, one that may not be stored does not", async () => {
  const url = await put(fresh, "1");
  await caches.default.put(url, new Response("2", { headers: fresh }));
  assertEquals(await (await match(url)).text(), "2");
  await caches.default.put(url, new Response("3", { headers: { "cache-control": "no-store" } }));
  assertEquals(await (await match(url)).text(), "2");
});

test("caches by name are apart from each other and from the default one", async () => {
  const url = newUrl();
  const [a, b] = [await caches.open("a"), await caches.open("b")];
  await a.put(url, new Response("in a", { headers: fresh }));
  assertEquals(await (await a.match(url)).text(), "in a");
  assertEquals(await (await (await caches.open("a")).match(url)).text(), "in a");
  assertEquals(await b.match(url), undefined);
  assertEquals(await match(url), undefined);
});

test("the key is the URL without its fragment, with its query", async () => {
  const url = newUrl();
  await caches.default.put(`${url}?q#x`, new Response("x", { headers: fresh }));
  assert(await match(`${url}?q`));
  assert(await match(`${url}?q#y`));
  assertEquals(await match(url), undefined);
});

test("cf.cacheKey is the key instead", async () => {
  const [url, cacheKey] = [newUrl(), newUrl()];
  await caches.default.put(new Request(url, { cf: { cacheKey } }), new Response("x", { headers: fresh }));
  assertEquals(await match(url), undefined);
  assertEquals(await (await match(cacheKey)).text(), "x");
});

test("an entry expires", async () => {
  const url = await put({ "cache-control": "max-age=1" });
  assert(await match(url));
  await new Promise((resolve) => setTimeout(resolve, 1200));
  assertEquals(await match(url), undefined);
});

test("bodies from streams, empty ones, large ones", async () => {
  const chunk = new TextEncoder().encode("0123456789abcdef".repeat(4096));
  let left = 40;
  const stream = new ReadableStream({
    pull: (controller) => (left-- > 0 ? controller.enqueue(chunk.slice()) : controller.close()),
  });
  const url = await put(fresh, stream);
  const bytes = await (await match(url)).bytes();
  assertEquals(bytes.length, 40 * chunk.length);
  assertEquals(bytes.subarray(39 * chunk.length), chunk);
  const part = await match(url, { headers: { range: `bytes=${chunk.length - 2}-${chunk.length + 1}` } });
  assertEquals(await part.text(), "ef01");
  assertEquals(await (await match(await put(fresh, null))).text(), "");
});

test("a response whose body fails is not stored", async () => {
  const url = newUrl();
  const failing = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode("part"));
      controller.error(new Error("no more"));
    },
  });
  await assertRejects(caches.default.put(url, new Response(failing, { headers: fresh })), Error, "no more");
  assertEquals(await match(url), undefined);
});

test("a hit can be cloned, and read by several at a time", async () => {
  const url = await put(fresh);
  const [one, two] = await Promise.all([match(url), match(url)]);
  assertEquals(await Promise.all([one.clone().text(), one.text(), two.text()]), ["body", "body", "body"]);
});

test("a fetched response can be stored", async ({ env }) => {
  const url = newUrl();
  const fetched = await fetch(`${env.SERVER}/echo`);
  const copy = new Response(fetched.body, fetched);
  copy.headers.set("cache-control", "max-age=60");
  await caches.default.put(url, copy);
  assertEquals((await (await match(url)).json()).method, "GET");
});

test("the methods that Workers do not have", async () => {
  for (const method of ["add", "addAll", "matchAll", "keys"])
    await assertRejects(
      async () => caches.default[method]("http://x/"),
      Error,
      `Failed to execute '${method}' on 'Cache': the method is not implemented.`,
    );
  for (const method of ["delete", "has", "keys", "match"])
    await assertRejects(
      async () => caches[method]("x"),
      Error,
      `Failed to execute '${method}' on 'CacheStorage': the method is not implemented.`,
    );
  assertEquals([`${caches}`, `${caches.default}`], ["[object CacheStorage]", "[object Cache]"]);
  assertEquals(caches.default, caches.default);
});
