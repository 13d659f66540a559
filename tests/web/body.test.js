import { test, assert, assertEquals, assertRejects, assertThrows } from "./harness.js";

const utf8 = (text) => new TextEncoder().encode(text);
const streamOf = (...chunks) =>
  new ReadableStream({
    start(controller) {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
const USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";

// What makes a body, the text it is, and the content type it implies.
const bodies = [
  ["text", () => "héllo", "héllo", "text/plain;charset=UTF-8"],
  ["empty text", () => "", "", "text/plain;charset=UTF-8"],
  ["Uint8Array", () => utf8("héllo"), "héllo", null],
  ["a part of a buffer", () => utf8("xhéllox").subarray(1, 7), "héllo", null],
  ["DataView", () => new DataView(utf8("abc").buffer, 1), "bc", null],
  ["ArrayBuffer", () => utf8("abc").buffer, "abc", null],
  ["Blob", () => new Blob(["blob"]), "blob", null],
  ["Blob with a type", () => new Blob(["blob"], { type: "a/b" }), "blob", "a/b"],
  [
    "URLSearchParams",
    () => new URLSearchParams({ a: "b c" }),
    "a=b+c",
    "application/x-www-form-urlencoded;charset=UTF-8",
  ],
  ["ReadableStream", () => streamOf(utf8("h"), utf8("éllo")), "héllo", null],
  ["number", () => 5, "5", "text/plain;charset=UTF-8"],
  ["object", () => ({}), "[object Object]", "text/plain;charset=UTF-8"],
  ["array", () => [1, 2], "1,2", "text/plain;charset=UTF-8"],
];

for (const [name, make, text, type] of bodies) {
  test(`a body of ${name} is read in every way`, async () => {
    const bytes = [...utf8(text)];
    assertEquals(await new Response(make()).text(), text);
    assertEquals([...(await new Response(make()).bytes())], bytes);
    const buffer = await new Response(make()).arrayBuffer();
    assert(buffer instanceof ArrayBuffer);
    assertEquals([...new Uint8Array(buffer)], bytes);
    assertEquals(await (await new Response(make()).blob()).text(), text);
    assertEquals(await new Response(new Response(make()).body).text(), text);
    assertEquals(new Response(make()).headers.get("content-type"), type);
    const request = new Request("http://h/", { method: "POST", body: make() });
    assertEquals([await request.text(), request.headers.get("content-type")], [text, type]);
  });

  test(`a body of ${name} is used once`, async () => {
    const response = new Response(make());
    assertEquals(response.bodyUsed, false);
    const reading = response.text();
    assertEquals(response.bodyUsed, true);
    await reading;
    for (const method of ["text", "json", "arrayBuffer", "bytes", "blob"])
      await assertRejects(() => response[method](), TypeError, USED);
    assertEquals([response.bodyUsed, response.body.locked], [true, true]);
    assertThrows(() => response.clone(), TypeError);
  });

  test(`a body of ${name} is cloned`, async () => {
    const response = new Response(make());
    const clone = response.clone();
    const again = clone.clone();
    assertEquals([await response.text(), await clone.text(), await again.text()], [text, text, text]);
    assertEquals(clone.headers.get("content-type"), type);
    const first = new Response(make());
    const second = first.clone();
    (await first.bytes()).fill(0);
    assertEquals(await second.text(), text);
  });

  test(`a body of ${name} whose stream was asked for is read as well`, async () => {
    const response = new Response(make());
    const { body } = response;
    assert(body instanceof ReadableStream);
    assert(body === response.body);
    assertEquals([response.bodyUsed, body.locked], [false, false]);
    assertEquals(await response.text(), text);
    assertEquals(response.bodyUsed, true);
    const locked = new Response(make());
    const reader = locked.body.getReader();
    await assertRejects(() => locked.text(), TypeError);
    assertThrows(() => locked.clone(), TypeError);
    reader.releaseLock();
    assertEquals(await locked.text(), text);
  });
}

test("no body", async () => {
  for (const response of [new Response(), new Response(null), new Response(undefined)]) {
    assertEquals([response.body, response.bodyUsed], [null, false]);
    assertEquals([await response.text(), response.bodyUsed], ["", false]);
    assertEquals((await response.arrayBuffer()).byteLength, 0);
    assertEquals((await response.blob()).size, 0);
    assertEquals([...response.headers], []);
    assertEquals(response.clone().body, null);
    await assertRejects(() => response.json(), SyntaxError);
  }
});

test("json", async () => {
  assertEquals(await new Response('{"a":[1,"é",null]}').json(), { a: [1, "é", null] });
  assertEquals(await new Response(utf8(" 5 ")).json(), 5);
  assertEquals(await new Response(streamOf(utf8('{"a"'), utf8(":1}"))).json(), { a: 1 });
  await assertRejects(() => new Response("{x").json(), SyntaxError);
  await assertRejects(() => new Response("").json(), SyntaxError);
  await assertRejects(() => new Response(streamOf(utf8("["))).json(), SyntaxError);
});

test("bad UTF-8 becomes U+FFFD", async () => {
  assertEquals(await new Response(new Uint8Array([0x61, 0xff, 0x62])).text(), "a\ufffdb");
  assertEquals(await new Response(new Uint8Array([0xe2, 0x82])).text(), "\ufffd");
});

test("a body keeps its octets when what it was made of changes", async () => {
  const bytes = utf8("AB");
  const response = new Response(bytes);
  bytes[0] = 90;
  assertEquals(await response.text(), "AB");
  const blob = new Blob(["AB"]);
  (await new Response(blob).bytes())[0] = 90;
  assertEquals(await blob.text(), "AB");
});

test(
  "blob takes its type from the header",
  async () => {
    const cases = [
      ["Text/Plain; charset=UTF-8", "text/plain;charset=UTF-8"],
      ["a/b", "a/b"],
    ];
    for (const [type, expected] of cases)
      assertEquals((await new Response("x", { headers: { "content-type": type } }).blob()).type, expected);
    assertEquals((await new Response(utf8("x")).blob()).type, "");
  },
  { workerd: "it keeps spaces in the type" },
);

test("streams that are not fit for a body", async () => {
  await assertRejects(() => new Response(streamOf("text")).text(), TypeError, "did not return bytes");
  const read = streamOf(utf8("x"));
  await read.getReader().read();
  assertThrows(() => new Response(read), TypeError, "disturbed");
  const error = new Error("mine");
  const failing = new ReadableStream({
    pull() {
      throw error;
    },
  });
  assert((await assertRejects(() => new Response(failing).text(), Error, "mine")) === error);
});

test("reading a part by hand makes the body used", async () => {
  const response = new Response("abc");
  const reader = response.body.getReader();
  assertEquals(response.bodyUsed, false);
  await reader.read();
  assertEquals(response.bodyUsed, true);
  reader.releaseLock();
  await assertRejects(() => response.text(), TypeError);
});

test("cancelling the stream makes the body used", async () => {
  const response = new Response("abc");
  await response.body.cancel();
  assertEquals(response.bodyUsed, true);
});

test("a wrong receiver rejects or throws", async () => {
  for (const method of ["text", "json", "arrayBuffer", "bytes", "blob", "formData"])
    await assertRejects(async () => Response.prototype[method].call({}), TypeError);
  const Body = Object.getPrototypeOf(Response);
  assertThrows(() => new Body(), TypeError);
  assertThrows(() => Object.getOwnPropertyDescriptor(Body.prototype, "body").get.call({}), TypeError);
  assert(Object.getPrototypeOf(Request) === Body);
});
