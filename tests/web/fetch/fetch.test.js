// fetch(): one exchange, its body both ways, aborts.
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

test("a GET gives status, headers and body", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/echo?q=1#fragment`);
  assertEquals(response.status, 200);
  assertEquals(response.statusText, "OK");
  assert(response.ok && !response.redirected);
  assertEquals(response.url, `${env.SERVER}/echo?q=1`);
  assertEquals(response.type, "default");
  assertEquals(response.headers.get("content-type"), "application/json");
  assertEquals(response.webSocket, null);
  const { method, url } = await response.json();
  assertEquals([method, url], ["GET", "/echo?q=1"]);
});

test("an error status is a response", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/missing`);
  assertEquals([response.status, response.statusText, response.ok], [404, "Nothing Here", false]);
  assertEquals(await response.text(), "not found");
});

test("headers of the request arrive; those of the connection are the platform's", async ({ env }) => {
  const headers = {
    "X-One": "1",
    Host: "elsewhere",
    Connection: "x",
    "Transfer-Encoding": "chunked",
    "Keep-Alive": "1",
    "Content-Length": "5",
  };
  const got = await (await fetch(`${env.SERVER}/echo`, { headers })).json();
  assertEquals(got.headers["x-one"], "1");
  assertEquals(got.headers.host, env.SERVER.slice("http://".length));
  for (const name of ["content-length", "transfer-encoding", "keep-alive"]) assert(!got.names.includes(name), name);
});

test("what a client would say of itself is not added", async ({ env }) => {
  const got = await (await fetch(`${env.SERVER}/echo`)).json();
  for (const name of ["user-agent", "accept", "accept-language", "cookie"]) assert(!got.names.includes(name), name);
});

test("every kind of body is sent with its length and type", async ({ env }) => {
  const post = async (body) => (await fetch(`${env.SERVER}/echo`, { method: "POST", body })).json();
  const text = await post("grün");
  assertEquals(
    [text.headers["content-length"], text.headers["content-type"], text.body],
    ["5", "text/plain;charset=UTF-8", "gr\xc3\xbcn"],
  );
  const bytes = await post(new Uint8Array([0, 1, 255]));
  assertEquals(
    [bytes.headers["content-length"], bytes.headers["content-type"], bytes.body],
    ["3", undefined, "\0\x01\xff"],
  );
  const form = await post(new URLSearchParams({ a: "1 2" }));
  assertEquals([form.headers["content-type"], form.body], ["application/x-www-form-urlencoded;charset=UTF-8", "a=1+2"]);
  const empty = await post(undefined);
  assertEquals([empty.headers["content-length"], empty.body], ["0", ""]);
});

test("a stream is sent in chunks, a fixed-length one with its length", async ({ env }) => {
  const encoder = new TextEncoder();
  const stream = new ReadableStream({
    pull(controller) {
      this.count = (this.count ?? 0) + 1;
      if (this.count > 3) controller.close();
      else controller.enqueue(encoder.encode(`part${this.count};`));
    },
  });
  const chunked = await (await fetch(`${env.SERVER}/echo`, { method: "PUT", body: stream })).json();
  assertEquals(
    [chunked.method, chunked.body, chunked.headers["transfer-encoding"]],
    ["PUT", "part1;part2;part3;", "chunked"],
  );
  const fixed = new FixedLengthStream(3);
  const writer = fixed.writable.getWriter();
  const written = writer.write(encoder.encode("abc")).then(() => writer.close());
  const got = await (await fetch(`${env.SERVER}/echo`, { method: "POST", body: fixed.readable })).json();
  await written;
  assertEquals([got.body, got.headers["content-length"]], ["abc", "3"]);
});

test("both directions stream at once", async ({ env }) => {
  const { readable, writable } = new IdentityTransformStream();
  const writer = writable.getWriter();
  const first = writer.write(new TextEncoder().encode("one"));
  const response = await fetch(`${env.SERVER}/pipe`, { method: "POST", body: readable });
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  await first;
  assertEquals(decoder.decode((await reader.read()).value), "one");
  await writer.write(new TextEncoder().encode("two"));
  assertEquals(decoder.decode((await reader.read()).value), "two");
  await writer.close();
  assertEquals((await reader.read()).done, true);
});

test("a body is passed from one fetch to the next", async ({ env }) => {
  const source = await fetch(`${env.SERVER}/missing`);
  const got = await (await fetch(`${env.SERVER}/echo`, { method: "POST", body: source.body })).json();
  assertEquals(got.body, "not found");
});

test("a request is fetched as it is, and its body once", async ({ env }) => {
  const request = new Request(`${env.SERVER}/echo`, { method: "POST", body: "x", headers: { "x-a": "1" } });
  const got = await (await fetch(request)).json();
  assertEquals([got.method, got.body, got.headers["x-a"]], ["POST", "x", "1"]);
  assert(request.bodyUsed);
  await assertRejects(fetch(request), TypeError);
  const changed = await (await fetch(new Request(`${env.SERVER}/echo`), { method: "DELETE" })).json();
  assertEquals(changed.method, "DELETE");
});

test("a content coding is taken off the body, not out of the headers", async ({ env }) => {
  for (const coding of ["gzip", "br"]) {
    const response = await fetch(`${env.SERVER}/${coding}`);
    assertEquals(response.headers.get("content-encoding"), coding);
    assertEquals(await response.text(), "hello hello hello hello hello", coding);
  }
  const other = await fetch(`${env.SERVER}/deflate`);
  assertEquals((await other.bytes())[0], 0x78, "deflate is the worker's to decode");
  await assertRejects(async () => (await fetch(`${env.SERVER}/bad-gzip`)).text(), TypeError);
});

test("headers of one name stay apart where they must", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/cookies`);
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
  assertEquals(response.headers.get("x-many"), "1, 2");
  assertThrows(() => response.headers.set("a", "b"), TypeError, "immutable");
  await response.text();
});

test("a response without a body has none", async ({ env }) => {
  assertEquals((await fetch(`${env.SERVER}/empty`)).body, null);
  const head = await fetch(`${env.SERVER}/gzip`, { method: "HEAD" });
  assertEquals([head.headers.get("content-encoding"), await head.text()], ["gzip", ""]);
});

test("a body that is cut off fails while it is read", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/cut`);
  await assertRejects(response.text());
});

test("what cannot be fetched is a rejection, never an exception", async ({ env }) => {
  await assertRejects(fetch(), TypeError);
  await assertRejects(fetch("not a URL"), TypeError);
  await assertRejects(fetch("ftp://127.0.0.1/"), TypeError, "Fetch API cannot load: ftp://127.0.0.1/");
  await assertRejects(fetch(`${env.SERVER}/echo`, { body: "x" }), TypeError);
  await assertRejects(fetch("http://127.0.0.1:1/"));
});

test("a signal aborts before, during and after the response", async ({ env }) => {
  await assertRejects(fetch(`${env.SERVER}/echo`, { signal: AbortSignal.abort() }), "AbortError");
  const reason = new Error("mine");
  assertEquals(await assertRejects(fetch(`${env.SERVER}/echo`, { signal: AbortSignal.abort(reason) })), reason);

  const waiting = new AbortController();
  setTimeout(() => waiting.abort(reason), 20);
  assertEquals(await assertRejects(fetch(`${env.SERVER}/stall`, { signal: waiting.signal })), reason);

  const reading = new AbortController();
  const response = await fetch(`${env.SERVER}/stall-body`, { signal: reading.signal });
  setTimeout(() => reading.abort(), 20);
  await assertRejects(response.text(), "AbortError");

  const late = new AbortController();
  const complete = await fetch(`${env.SERVER}/missing`, { signal: late.signal });
  assertEquals(await complete.text(), "not found");
  late.abort();
});

test("a body can be cancelled in its middle", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/stall-body`);
  const reader = response.body.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "part");
  await reader.cancel("enough");
  assertEquals((await reader.read()).done, true);
});

test("cache modes tell the caches on the way", async ({ env }) => {
  for (const cache of ["no-store", "no-cache"]) {
    const { headers } = await (await fetch(`${env.SERVER}/echo`, { cache })).json();
    assertEquals([headers["cache-control"], headers.pragma], ["no-cache", "no-cache"]);
  }
  const { headers } = await (await fetch(`${env.SERVER}/echo`)).json();
  assertEquals([headers["cache-control"], headers.pragma], [undefined, undefined]);
});

for (const [url, type, body] of [
  ["data:,hello", "text/plain;charset=US-ASCII", "hello"],
  ["data:text/html,<b>hi</b>", "text/html", "<b>hi</b>"],
  ["data:text/plain;base64,aGk=", "text/plain", "hi"],
  ["data:;charset=utf-8,%C3%BC", "text/plain;charset=utf-8", "ü"],
  ["data:application/json,{}#fragment", "application/json", "{}"],
])
  test(`a data: URL: ${url}`, async () => {
    const response = await fetch(url);
    assertEquals([response.status, response.headers.get("content-type")], [200, type]);
    assertEquals(await response.text(), body);
  });

test(
  "a data: URL without a comma, or with bad base64, is none",
  async () => {
    await assertRejects(fetch("data:text/plain"), TypeError);
    await assertRejects(fetch("data:;base64,%"), TypeError);
  },
  { workerd: "it takes bad base64 for octets" },
);
