// Streams, requests and responses.
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";

const encode = (text) => new TextEncoder().encode(text);
const bytes = (...chunks) =>
  new ReadableStream({
    type: "bytes",
    start(controller) {
      for (const chunk of chunks) controller.enqueue(encode(chunk));
      controller.close();
    },
  });

test("a stream as a result", async ({ env }) => {
  const stream = await env.RPC.stream("a", "bc", "d");
  assert(stream instanceof ReadableStream);
  assertEquals(await new Response(stream).text(), "abcd");
});

test(
  "a stream that stays unread is canceled",
  async ({ env }) => {
    const result = await env.RPC.endlessStream();
    const reader = result.stream.getReader();
    const { value } = await reader.read();
    assert(value.byteLength > 0);
    await reader.cancel("enough");
    assertEquals(await result.canceled(), true);
  },
  { workerd: "tells the source later" },
);

test("a stream's failure reaches the reader", async ({ env }) => {
  const stream = await env.RPC.failingStream();
  await assertRejects(new Response(stream).text());
});

test("streams as arguments", async ({ env }) => {
  assertEquals(await env.RPC.readAll(new Response("a body").body), "a body");
  assertEquals(await env.RPC.readAll(bytes("from", " ", "script")), "from script");
  const { readable, writable } = new IdentityTransformStream();
  const read = env.RPC.readAll(readable);
  const writer = writable.getWriter();
  await writer.write(encode("through"));
  await writer.close();
  assertEquals(await read, "through");
});

test("a stream that is passed on is locked", async ({ env }) => {
  const stream = new Response("x").body;
  const read = env.RPC.readAll(stream);
  assertEquals(stream.locked, true);
  await read;
  const locked = new Response("x").body;
  locked.getReader();
  await assertRejects(env.RPC.readAll(locked), TypeError, "locked to a reader");
});

test("a large stream", async ({ env }) => {
  const { readable, writable } = new IdentityTransformStream();
  const counted = env.RPC.countBytes(readable);
  const writer = writable.getWriter();
  for (let i = 0; i < 64; i++) await writer.write(new Uint8Array(65536));
  await writer.close();
  assertEquals(await counted, 64 * 65536);
});

test("a WritableStream as an argument", async ({ env }) => {
  const { readable, writable } = new IdentityTransformStream();
  const written = env.RPC.write(writable, "hello ", "there");
  assertEquals(await new Response(readable).text(), "hello there");
  assertEquals(await written, "written");
  const chunks = [];
  const sink = new WritableStream({
    write: (chunk) => void chunks.push(new TextDecoder().decode(chunk)),
    close: () => void chunks.push("closed"),
  });
  assertEquals(await env.RPC.write(sink, "one", new Uint8Array([33])), "written");
  assertEquals(chunks.join(""), "one!closed");
});

test("a WritableStream takes octets only", async ({ env }) => {
  const sink = new WritableStream({});
  await assertRejects(env.RPC.writeText(sink), TypeError, "received a string on its writable side");
});

test("requests", async ({ env }) => {
  const request = new Request("http://host/p?q", {
    method: "POST",
    body: "body",
    headers: { x: "y" },
    redirect: "manual",
  });
  assertEquals(await env.RPC.request(request), [true, "POST", "http://host/p?q", "y", "manual", "body"]);
  assertEquals(request.bodyUsed, true);
  assertEquals(await env.RPC.request(new Request("http://host/")), [true, "GET", "http://host/", null, "follow", ""]);
  const streamed = new Request("http://host/", { method: "PUT", body: bytes("s", "t") });
  assertEquals((await env.RPC.request(streamed)).at(-1), "st");
  const made = await env.RPC.makeRequest("http://made/", { method: "POST", body: "m", headers: { a: "b" } });
  assert(made instanceof Request);
  assertEquals([made.method, made.url, made.headers.get("a"), await made.text()], ["POST", "http://made/", "b", "m"]);
});

test("responses", async ({ env }) => {
  const response = new Response("body", { status: 202, statusText: "Fine", headers: { x: "y" } });
  assertEquals(await env.RPC.response(response), [true, 202, "Fine", "y", "body"]);
  assertEquals(response.bodyUsed, true);
  assertEquals(await env.RPC.response(new Response(null, { status: 204 })), [true, 204, "No Content", null, ""]);
  const made = await env.RPC.makeResponse("made", { status: 201, headers: { a: "b" } });
  assert(made instanceof Response);
  assertEquals([made.status, made.headers.get("a"), made.url, await made.text()], [201, "b", "", "made"]);
  const streamed = await env.RPC.makeStreamResponse();
  assertEquals([streamed.headers.get("content-type"), await streamed.text()], ["text/x", "abc"]);
  const empty = await env.RPC.makeResponse(null, { status: 204 });
  assertEquals([empty.status, empty.body], [204, null]);
});

test("a response with a WebSocket is refused", async ({ env }) => {
  await assertRejects(env.RPC.webSocketResponse(), "DataCloneError", '"WebSocket"');
});
