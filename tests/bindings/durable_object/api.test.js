import { env } from "cloudflare:workers";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";

let objects = 0;
const fresh = () => env.PROBE.get(env.PROBE.idFromName(`fresh-${Date.now()}-${++objects}`));
const json = async (stub, path) => (await stub.fetch(`https://object/${path}`)).json();
const run = (scenario) => json(fresh(), scenario);

test("ids: names are stable, texts round-trip, unique ones differ", () => {
  const id = env.PROBE.idFromName("one");
  assertEquals(id.toString(), env.PROBE.idFromName("one").toString());
  assert(/^[0-9a-f]{64}$/.test(id.toString()));
  assert(id.equals(env.PROBE.idFromName("one")));
  assert(!id.equals(env.PROBE.idFromName("two")));
  assertEquals(id.name, "one");
  const again = env.PROBE.idFromString(id.toString());
  assert(again.equals(id));
  assertEquals(again.name, undefined);
  const unique = env.PROBE.newUniqueId();
  assert(/^[0-9a-f]{64}$/.test(unique.toString()));
  assert(!unique.equals(env.PROBE.newUniqueId()));
  assertEquals(unique.name, undefined);
  assert(env.PROBE.idFromString(unique.toString()).equals(unique));
});

test("ids: of another class, too short or no hex are refused", () => {
  const other = env.OTHER.idFromName("one");
  assert(other.toString() !== env.PROBE.idFromName("one").toString());
  assertThrows(() => env.PROBE.idFromString(other.toString()), TypeError);
  assertThrows(() => env.PROBE.idFromString("abc"), TypeError);
  assertThrows(() => env.PROBE.idFromString("g".repeat(64)), TypeError);
  assertThrows(() => env.PROBE.idFromString("0".repeat(64)), TypeError);
});

test("stubs: get and getByName reach the same object, with id and name", async () => {
  const id = env.PROBE.idFromName("shared");
  const stub = env.PROBE.get(id);
  assert(stub.id.equals(id));
  assertEquals(stub.name, "shared");
  const before = await json(stub, "count");
  assertEquals(await json(env.PROBE.getByName("shared"), "count"), before + 1);
  assertEquals(await json(env.PROBE.get(env.PROBE.idFromString(id.toString())), "count"), before + 2);
});

test("an object knows its id and name", async () => {
  const id = env.PROBE.idFromName("named");
  assertEquals(await json(env.PROBE.get(id), "identity"), [id.toString(), "named", "function", "function"]);
  const unique = env.PROBE.newUniqueId();
  assertEquals((await json(env.PROBE.get(unique), "identity"))[0], unique.toString());
});

test("memory stays between events, and objects are apart", async () => {
  const [a, b] = [fresh(), fresh()];
  assertEquals(await json(a, "count"), 1);
  assertEquals(await json(a, "count"), 2);
  assertEquals(await json(b, "count"), 1);
  const counts = await Promise.all(Array.from({ length: 50 }, () => json(a, "count")));
  assertEquals(
    counts.sort((x, y) => x - y),
    Array.from({ length: 50 }, (_, i) => i + 3),
  );
});

test("fetch passes method, headers, query and body, and gives status, headers and body back", async () => {
  const response = await fresh().fetch("https://object/echo?q=1", {
    method: "PUT",
    headers: { "x-header": "héllo" },
    body: "the body",
  });
  assertEquals(response.status, 201);
  assertEquals(response.statusText, "Made");
  assertEquals(response.headers.get("x-method"), "PUT");
  assertEquals(response.headers.get("x-header"), "héllo");
  assertEquals(response.headers.get("x-query"), "?q=1");
  assertEquals(await response.text(), "the body");
  const request = new Request("https://object/echo", { method: "POST", body: new Uint8Array([1, 2, 255]) });
  const bytes = new Uint8Array(await (await fresh().fetch(request)).arrayBuffer());
  assertEquals([...bytes], [1, 2, 255]);
});

test("bodies stream both ways", async () => {
  assertEquals(await (await fresh().fetch("https://object/stream")).text(), "part 0;part 1;part 2;");
  const { readable, writable } = new TransformStream();
  const writer = writable.getWriter();
  const response = fresh().fetch("https://object/echo", { method: "POST", body: readable });
  const written = (async () => {
    await writer.write(new TextEncoder().encode("hello "));
    await writer.write(new TextEncoder().encode("stream"));
    await writer.close();
  })();
  assertEquals(await (await response).text(), "hello stream");
  await written;
});

test("an exception reaches the caller, and the object lives on", async () => {
  const stub = fresh();
  await json(stub, "count");
  await assertRejects(stub.fetch("https://object/throw"), Error, "from the object");
  assertEquals(await json(stub, "count"), 2);
  await assertRejects(stub.fetch("https://object/no-response"));
});

test("abort() resets the object: the event fails, memory is gone, storage stays", async () => {
  const name = `abort-${Date.now()}`;
  const stub = () => env.PROBE.get(env.PROBE.idFromName(name));
  await json(stub(), "count");
  await json(stub(), "race");
  await assertRejects(stub().fetch("https://object/abort"), Error, "on purpose");
  assertEquals(await json(stub(), "count"), 1);
  assertEquals(await json(stub(), "race"), 2);
});

test("events of one object overlap while they wait", async () => {
  const stub = fresh();
  const most = await Promise.all(Array.from({ length: 5 }, () => json(stub, "overlap")));
  assertEquals(Math.max(...most), 5);
});

test("no event comes between a get and a put", async () => {
  const stub = fresh();
  const numbers = await Promise.all(Array.from({ length: 40 }, () => json(stub, "race")));
  assertEquals(new Set(numbers).size, 40);
  assertEquals(Math.max(...numbers), 40);
});

test("blockConcurrencyWhile holds other events back", async () => {
  const stub = fresh();
  const [, log] = await Promise.all([json(stub, "block"), json(stub, "log")]);
  assertEquals(log, ["block begins", "block ends", "event"]);
});

test("events wait for what the constructor blocks; a class without a base works", async () => {
  const stub = env.OTHER.get(env.OTHER.newUniqueId());
  assertEquals(await json(stub, ""), ["fresh", true]);
});

test("an object calls another", async () => {
  const name = `peer-${Date.now()}`;
  const stub = env.OTHER.get(env.OTHER.newUniqueId());
  assertEquals(await json(stub, `peer?name=${name}`), 1);
  assertEquals(await json(env.PROBE.getByName(name), "count"), 2);
});

test("timers of an object outlive the event that set them", async () => {
  const stub = fresh();
  await json(stub, "timers");
  await scheduler.wait(80);
  assertEquals(await json(stub, "ticked"), true);
});

test("methods of the class are called by RPC", async () => {
  const stub = env.PROBE.getByName("rpc");
  assertEquals(await stub.add(2, 3), 5);
  assertEquals(await stub.describe(new Map([[1, 2]])), { kind: "[object Map]", at: "rpc" });
  await assertRejects(stub.fail(), Error, "not today");
  await assertRejects(stub.absent(), TypeError, "absent");
});

test("an object holds a WebSocket", async () => {
  const stub = env.PROBE.getByName("socket");
  const { webSocket, status } = await stub.fetch("https://object/socket", { headers: { upgrade: "websocket" } });
  assertEquals(status, 101);
  webSocket.accept();
  const messages = [];
  const three = new Promise((resolve) =>
    webSocket.addEventListener("message", ({ data }) => messages.push(data) === 3 && resolve()),
  );
  for (const text of ["a", "b", "c"]) webSocket.send(text);
  await three;
  assertEquals(messages, ["socket: a", "socket: b", "socket: c"]);
  webSocket.close(1000, "done");
});

test("messages that an object sends after a write leave in order", async () => {
  const { webSocket } = await env.PROBE.getByName("ordered").fetch("https://object/socket", {
    headers: { upgrade: "websocket" },
  });
  webSocket.accept();
  const messages = [];
  const all = new Promise((resolve) =>
    webSocket.addEventListener("message", ({ data }) => {
      messages.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (messages.length === 6) resolve();
    }),
  );
  webSocket.send("write");
  webSocket.send("write");
  await all;
  assertEquals(messages, ["written", [1, 2], "after", "written", [1, 2], "after"]);
  webSocket.close(1000, "done");
});

test("storage: put and get, one and many", async () => {
  assertEquals(await run("putAndGet"), [1, { deep: [1, 2, { x: "y" }] }, "text", true]);
  assertEquals(await run("getMany"), [
    true,
    [
      ["one", 1],
      ["two", 2],
    ],
  ]);
});

test("storage: every kind of value that can be cloned", async () => {
  assertEquals(await run("types"), [
    86400000,
    [1, "two"],
    [1, 2, 3],
    "12345678901234567890",
    true,
    null,
    false,
    "/a+/gi",
    true,
    "kept",
  ]);
  assertEquals(await run("cycle"), [true, "self"]);
  assertEquals(await run("valuesAreCopies"), 1);
});

test("storage: delete one, many and all", async () => {
  assertEquals(await run("deletes"), [true, false, 2, 0]);
  assertEquals(await run("deleteAll"), [0, ["again"]]);
});

test("storage: what cannot be cloned is refused, and nothing of it is written", async () => {
  const { noValue, noClone, size } = await run("badPuts");
  assertEquals(noValue.error.name, "TypeError");
  assertEquals(noClone.error.name, "DataCloneError");
  assertEquals(size, 0);
});

test(
  "storage: the documented limits of keys hold",
  async () => {
    const { longKey, manyKeys, manyPuts, longValue, size } = await run("limits");
    assertEquals(longKey.error.name, "RangeError");
    assertEquals(manyKeys.error.name, "RangeError");
    assertEquals(manyPuts.error.name, "RangeError");
    assertEquals(longValue.error.name, "RangeError");
    assertEquals(size, 0);
  },
  { workerd: "checks these limits in production only" },
);

test("storage: list by order, prefix, range, limit and direction", async () => {
  const lists = await run("list");
  assertEquals(lists.all, ["a/1", "a/2", "a/3", "b/1", "é", "\uffee", "\u{1f600}"]);
  assertEquals(lists.prefix, ["a/1", "a/2", "a/3"]);
  assertEquals(lists.reverse, ["a/3", "a/2", "a/1"]);
  assertEquals(lists.limit, ["a/1", "a/2"]);
  assertEquals(lists.reverseLimit, ["\u{1f600}", "\uffee"]);
  assertEquals(lists.start, ["a/2", "a/3", "b/1", "é", "\uffee", "\u{1f600}"]);
  assertEquals(lists.startAfter, ["a/3", "b/1", "é", "\uffee", "\u{1f600}"]);
  assertEquals(lists.end, ["a/1", "a/2"]);
  assertEquals(lists.startEnd, ["a/2", "a/3"]);
  assertEquals(lists.prefixStart, ["a/2", "a/3"]);
  assertEquals(lists.prefixReverseLimit, ["a/3"]);
  assertEquals(lists.none, []);
  assertEquals(lists.values, [["b/1", 4]]);
});

test("storage: list refuses what contradicts itself", async () => {
  for (const outcome of await run("listErrors")) assertEquals(outcome.error?.name, "TypeError");
});

test("storage: a transaction commits, or undoes everything", async () => {
  assertEquals(await run("transaction"), [[2, 2], 2, "new"]);
  assertEquals(await run("transactionThrows"), [{ error: { name: "RangeError", message: "no" } }, 1]);
  assertEquals(await run("transactionRollsBack"), ["done", 1]);
  assertEquals(await run("transactionSync"), [1, "undo"]);
  assertEquals(await run("transactionsQueue"), 10);
});

test("storage: sync, and the options of reads and writes", async () => {
  assertEquals(await run("sync"), [true, "v"]);
  assertEquals(await run("options"), [1, true]);
});
