// EventSource: the stream format by from(), the connection against tests/web/server.mjs.
import { test, assert, assertEquals, assertThrows } from "./harness.js";

/** What the parser makes of the chunks. */
async function parsed(chunks, types = ["message"]) {
  const { readable, writable } = new TransformStream();
  const source = EventSource.from(readable);
  const events = [];
  for (const type of types)
    source.addEventListener(type, ({ type, data, lastEventId }) => events.push([type, data, lastEventId]));
  const ended = new Promise((resolve) => source.addEventListener("error", resolve));
  const writer = writable.getWriter();
  for (const chunk of chunks) await writer.write(new TextEncoder().encode(chunk));
  await writer.close();
  await ended;
  assertEquals(source.readyState, EventSource.CLOSED);
  return events;
}

for (const [name, chunks, expected] of [
  ["one event", ["data: hello\n\n"], ["hello"]],
  ["several lines of data", ["data: a\ndata: b\n\n"], ["a\nb"]],
  ["CR, LF and CRLF end lines", ["data: a\r\rdata: b\n\ndata: c\r\n\r\n"], ["a", "b", "c"]],
  ["a CRLF cut in two", ["data: a\r", "\n\r", "\ndata: b\n\n"], ["a", "b"]],
  ["a line cut in two", ["da", "ta: he", "llo\n", "\n"], ["hello"]],
  ["a byte order mark", ["\ufeffdata: a\n\n"], ["a"]],
  ["comments and unknown fields", [": hi\n", "foo: x\ndata: a\n\n"], ["a"]],
  ["one space after the colon goes", ["data:  a\n\ndata:b\n\n"], [" a", "b"]],
  ["a field without a colon", ["data\ndata\n\n"], ["\n"]],
  ["without data there is no event", ["event: x\n\nid: 1\n\n"], []],
  ["an unfinished event is dropped", ["data: a\n\ndata: b\n"], ["a"]],
  ["UTF-8 cut in two", ["data: gr\u00fc\u00df \ud83d\ude00\n\n"], ["gr\u00fc\u00df \ud83d\ude00"]],
])
  test(`the stream: ${name}`, async () => {
    assertEquals(
      (await parsed(chunks)).map((event) => event[1]),
      expected,
    );
  });

test("the stream: types and ids", async () => {
  assertEquals(await parsed(["id: 7\nevent: note\ndata: a\n\ndata: b\n\nid\ndata: c\n\n"], ["message", "note"]), [
    ["note", "a", "7"],
    ["message", "b", "7"],
    ["message", "c", ""],
  ]);
});

const deviates = { workerd: "it deviates from HTML § 9.2.6" };

test(
  "the stream: an id with a NUL is ignored",
  async () => assertEquals(await parsed(["id: x\0y\ndata: d\n\n"]), [["message", "d", ""]]),
  deviates,
);

test("the stream: empty data", async () => assertEquals(await parsed(["data\n\n"]), [["message", "", ""]]), deviates);

test("from() is open at once and has no URL", () => {
  const source = EventSource.from(new ReadableStream());
  assertEquals([source.url, source.readyState, source.withCredentials], ["", EventSource.OPEN, false]);
  source.close();
  assertEquals(source.readyState, EventSource.CLOSED);
  assertThrows(() => EventSource.from(), TypeError);
  assertThrows(() => EventSource.from("text"), TypeError);
});

test("a connection opens, delivers, and comes back with the last id", async ({ env }) => {
  const source = new EventSource(`${env.SERVER}/events`);
  assertEquals([source.readyState, source.url], [EventSource.CONNECTING, `${env.SERVER}/events`]);
  const seen = [];
  await new Promise((resolve) => {
    source.onopen = () => seen.push(["open", source.readyState]);
    source.onerror = () => seen.push(["error", source.readyState]);
    source.onmessage = ({ data, lastEventId, origin }) => {
      seen.push([data, lastEventId, origin === env.SERVER]);
      if (seen.filter(([what]) => what === "open").length === 2) resolve();
    };
  });
  source.close();
  assertEquals(seen, [
    ["open", 1],
    ["after null", "1", true],
    ["error", 0],
    ["open", 1],
    ["after 1", "2", true],
  ]);
});

for (const [path, message] of [
  ["/no-such-path", "The response status code was 404."],
  ["/empty", "No content type header was present in the response."],
  ["/echo", "The content type 'application/json' is invalid."],
])
  test(`a connection that fails for good: ${path}`, async ({ env }) => {
    const source = new EventSource(env.SERVER + path);
    const event = await new Promise((resolve) => (source.onerror = resolve));
    assert(event instanceof ErrorEvent);
    assertEquals([event.error.name, event.error.message], ["AbortError", message]);
    assertEquals(source.readyState, EventSource.CLOSED);
  });

test("the constructor's rules", ({ env }) => {
  assertThrows(() => new EventSource(), TypeError);
  assertThrows(
    () => new EventSource("nope"),
    "SyntaxError",
    "Cannot open an EventSource to 'nope'. The URL is invalid.",
  );
  assertThrows(() => new EventSource(env.SERVER, { withCredentials: true }), "NotSupportedError");
  assertEquals([EventSource.CONNECTING, EventSource.OPEN, EventSource.CLOSED], [0, 1, 2]);
  assertEquals(EventSource.prototype.OPEN, 1);
});
