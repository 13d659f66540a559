import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";
import { onEach } from "./namespaces.js";

const bytesOf = (text) => new TextEncoder().encode(text);

onEach("get gives text by default", async (kv) => {
  await kv.put("text", "hello");
  assertEquals(await kv.get("text"), "hello");
  assertEquals(await kv.get("text", "text"), "hello");
  assertEquals(await kv.get("text", { type: "text" }), "hello");
  assertEquals(await kv.get("text", {}), "hello");
  assertEquals(await kv.get("text", null), "hello");
  assertEquals(await kv.get("text", undefined), "hello");
  assertEquals(await kv.get("text", { cacheTtl: 60 }), "hello");
});

onEach("get gives all types", async (kv) => {
  await kv.put("json", '{"list":[1,2,{"deep":null}]}');
  assertEquals(await kv.get("json", "json"), { list: [1, 2, { deep: null }] });
  assertEquals(await kv.get("json", { type: "json" }), { list: [1, 2, { deep: null }] });
  const buffer = await kv.get("json", "arrayBuffer");
  assert(buffer instanceof ArrayBuffer);
  assertEquals(new TextDecoder().decode(buffer), '{"list":[1,2,{"deep":null}]}');
  const stream = await kv.get("json", "stream");
  assert(stream instanceof ReadableStream);
  assertEquals(await new Response(stream).json(), { list: [1, 2, { deep: null }] });
});

onEach("get of a missing key gives null in every type", async (kv) => {
  for (const type of [undefined, "text", "json", "arrayBuffer", "stream"])
    assertEquals(await kv.get("missing", type), null);
});

onEach("a value is octets: what was put as text comes back as octets and the other way round", async (kv) => {
  await kv.put("k", "é😀");
  assertEquals(new Uint8Array(await kv.get("k", "arrayBuffer")), bytesOf("é😀"));
  await kv.put("k", bytesOf("日本"));
  assertEquals(await kv.get("k"), "日本");
  await kv.put("k", new Uint8Array([0, 255, 128, 65]));
  assertEquals(new Uint8Array(await kv.get("k", "arrayBuffer")), new Uint8Array([0, 255, 128, 65]));
  assertEquals(await kv.get("k"), "\0\ufffd\ufffdA");
});

onEach("a byte order mark stays in the text", async (kv) => {
  await kv.put("bom", "\ufeffabc");
  assertEquals(await kv.get("bom"), "\ufeffabc");
  await kv.put("bom", "\ufeff{}");
  await assertRejects(kv.get("bom", "json"), SyntaxError);
});

onEach("an empty value is a value", async (kv) => {
  await kv.put("empty", "");
  assertEquals(await kv.get("empty"), "");
  assertEquals((await kv.get("empty", "arrayBuffer")).byteLength, 0);
  assertEquals(await new Response(await kv.get("empty", "stream")).text(), "");
  await assertRejects(kv.get("empty", "json"), SyntaxError, "Unexpected end of JSON input");
});

onEach("get json of what is not JSON rejects", async (kv) => {
  await kv.put("text", "hello");
  await assertRejects(kv.get("text", "json"), SyntaxError);
  await assertRejects(kv.getWithMetadata("text", "json"), SyntaxError);
});

onEach("each arrayBuffer is the caller's own", async (kv) => {
  await kv.put("own", "abc");
  const first = await kv.get("own", "arrayBuffer");
  new Uint8Array(first).fill(0);
  assertEquals(new Uint8Array(await kv.get("own", "arrayBuffer")), bytesOf("abc"));
});

onEach("a stream can be read in every way", async (kv) => {
  await kv.put("streamed", "x".repeat(100_000));
  const chunks = [];
  for await (const chunk of await kv.get("streamed", "stream")) chunks.push(chunk);
  assert(chunks.every((chunk) => chunk instanceof Uint8Array));
  assertEquals(
    chunks.reduce((sum, chunk) => sum + chunk.length, 0),
    100_000,
  );
  const reader = (await kv.get("streamed", "stream")).getReader({ mode: "byob" });
  assertEquals((await reader.read(new Uint8Array(10))).value.length, 10);
  await reader.cancel();
  const [left, right] = (await kv.get("streamed", "stream")).tee();
  assertEquals((await new Response(left).text()).length + (await new Response(right).text()).length, 200_000);
});

onEach("getWithMetadata gives value, metadata and cacheStatus", async (kv) => {
  await kv.put("m", "7", { metadata: { a: 1, list: [true, null] } });
  assertEquals(await kv.getWithMetadata("m"), {
    value: "7",
    metadata: { a: 1, list: [true, null] },
    cacheStatus: null,
  });
  assertEquals(await kv.getWithMetadata("m", "json"), {
    value: 7,
    metadata: { a: 1, list: [true, null] },
    cacheStatus: null,
  });
  assertEquals((await kv.getWithMetadata("m", { type: "arrayBuffer" })).value.byteLength, 1);
  const { value, metadata } = await kv.getWithMetadata("m", "stream");
  assertEquals([await new Response(value).text(), metadata.a], ["7", 1]);
  assertEquals(Object.keys(await kv.getWithMetadata("m")), ["value", "metadata", "cacheStatus"]);
  await kv.put("plain", "x");
  assertEquals(await kv.getWithMetadata("plain"), { value: "x", metadata: null, cacheStatus: null });
  assertEquals(await kv.getWithMetadata("missing"), { value: null, metadata: null, cacheStatus: null });
  assertEquals(await kv.getWithMetadata("missing", "json"), { value: null, metadata: null, cacheStatus: null });
});

onEach("metadata is any JSON value", async (kv) => {
  for (const metadata of ["text", "", 0, 1.5, false, true, [], {}, ["é😀"]]) {
    await kv.put("any", "x", { metadata });
    assertEquals((await kv.getWithMetadata("any")).metadata, metadata);
  }
  for (const metadata of [null, undefined]) {
    await kv.put("any", "x", { metadata });
    assertEquals((await kv.getWithMetadata("any")).metadata, null);
    assertEquals(Object.keys((await kv.list({ prefix: "any" })).keys[0]), ["name"]);
  }
});

onEach("get of many keys gives a Map in their order", async (kv) => {
  await kv.put("many1", "1");
  await kv.put("many2", "[2]");
  const map = await kv.get(["many2", "missing", "many1"]);
  assert(map instanceof Map);
  assertEquals(
    await kv.get(["many1", "missing", "many1"]),
    new Map([
      ["many1", "1"],
      ["missing", null],
    ]),
  );
  assertEquals(map.get("many2"), "[2]");
  assertEquals(
    await kv.get(["many1", "many2"], "json"),
    new Map([
      ["many1", 1],
      ["many2", [2]],
    ]),
  );
  assertEquals(await kv.get(["many1"], { type: "json", cacheTtl: 60 }), new Map([["many1", 1]]));
});

onEach("getWithMetadata of many keys", async (kv) => {
  await kv.put("many1", "1", { metadata: { n: 1 } });
  await kv.put("many2", "2");
  assertEquals(
    await kv.getWithMetadata(["many1", "many2", "missing"]),
    new Map([
      ["many1", { value: "1", metadata: { n: 1 } }],
      ["many2", { value: "2", metadata: null }],
      ["missing", null],
    ]),
  );
  assertEquals(await kv.getWithMetadata(["many1"], "json"), new Map([["many1", { value: 1, metadata: { n: 1 } }]]));
});

onEach("get of many keys has limits", async (kv) => {
  const keys = (count) => Array.from({ length: count }, (_, index) => `key${index}`);
  assertEquals((await kv.get(keys(100))).size, 100);
  await assertRejects(kv.get(keys(101)), Error, "KV GET_BULK failed: 400 You can request a maximum of 100 keys");
  await assertRejects(kv.get([]), Error, "KV GET_BULK failed: 400 You must request a minimum of 1 key");
  await assertRejects(kv.get(["a", ""]), Error, "KV GET_BULK failed: 400 Key names must not be empty");
  await assertRejects(
    kv.get(["a", "."]),
    Error,
    'KV GET_BULK failed: 400 Illegal key name ".". Please use a different name.',
  );
  await assertRejects(
    kv.get(["a", "k".repeat(513)]),
    Error,
    "KV GET_BULK failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.",
  );
  for (const type of ["arrayBuffer", "stream", "nonsense"])
    await assertRejects(
      kv.get(["a"], type),
      Error,
      `KV GET_BULK failed: 400 "${type}" is not a valid type. Use "json" or "text"`,
    );
  await kv.put("not json", "{");
  await assertRejects(
    kv.get(["not json"], "json"),
    Error,
    "KV GET_BULK failed: 400 At least one of the requested keys corresponds to a non-json value",
  );
  await assertRejects(
    kv.get(["a"], { cacheTtl: 10 }),
    Error,
    "KV GET_BULK failed: 400 Invalid cache_ttl of 10. Cache TTL must be at least 30.",
  );
});

onEach("get of many keys gives at most 25 MB", async (kv) => {
  const half = "x".repeat(13 * 1024 * 1024);
  await Promise.all([kv.put("half1", half), kv.put("half2", half)]);
  await assertRejects(
    kv.get(["half1", "half2"]),
    Error,
    "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB",
  );
  assertEquals((await kv.get(["half1"])).get("half1").length, half.length);
  await Promise.all([kv.delete("half1"), kv.delete("half2")]);
});

test("keys have limits", async ({ env: { KV_FIRST: kv } }) => {
  for (const [call, method] of [
    [(key) => kv.get(key), "GET"],
    [(key) => kv.getWithMetadata(key).then(), "GET"],
    [(key) => kv.put(key, "x"), "PUT"],
    [(key) => kv.delete(key), "DELETE"],
  ]) {
    await assertRejects(async () => call(""), TypeError, "Key name cannot be empty.");
    await assertRejects(async () => call("."), TypeError, '"." is not allowed as a key name.');
    await assertRejects(async () => call(".."), TypeError, '".." is not allowed as a key name.');
    const tooLong = (length) =>
      `KV ${method} failed: 414 UTF-8 encoded length of ${length} exceeds key length limit of 512.`;
    await assertRejects(async () => call("k".repeat(513)), Error, tooLong(513));
    await assertRejects(async () => call("é".repeat(257)), Error, tooLong(514));
    await assertRejects(async () => call("日".repeat(171)), Error, tooLong(513));
    await assertRejects(async () => call("\ud800"), Error, `KV ${method} failed: 400 Could not URL-decode key name`);
  }
});

onEach("keys of 512 octets and with anything in them", async (kv) => {
  for (const key of [
    "k".repeat(512),
    "é".repeat(256),
    "日".repeat(170),
    "...",
    " ",
    "a/b%2F?c#d",
    "\0",
    "\u{10ffff}",
  ]) {
    await kv.put(key, `value of ${key}`);
    assertEquals(await kv.get(key), `value of ${key}`);
    assertEquals(await kv.get([key]), new Map([[key, `value of ${key}`]]));
    await kv.delete(key);
    assertEquals(await kv.get(key), null);
  }
});

onEach(
  "keys named like properties of every object",
  async (kv) => {
    for (const key of ["__proto__", "constructor"]) {
      await kv.put(key, "x");
      assertEquals(await kv.get([key]), new Map([[key, "x"]]));
    }
  },
  { workerd: "miniflare loses them" },
);

onEach("keys that are no text become text", async (kv) => {
  await kv.put(5, "five");
  assertEquals(await kv.get("5"), "five");
  assertEquals(await kv.get(5), "five");
  await kv.put(null, "null");
  assertEquals(await kv.get("null"), "null");
  assertEquals(await kv.get({}), await kv.get("[object Object]"));
});

test("get refuses unknown types and cache times", async ({ env: { KV_FIRST: kv } }) => {
  await kv.put("a", "x");
  const unknown = 'Unknown response type. Possible types are "text", "arrayBuffer", "json", and "stream".';
  await assertRejects(kv.get("a", "blob"), TypeError, unknown);
  await assertRejects(kv.get("a", "__proto__"), TypeError, unknown);
  await assertRejects(kv.get("a", { type: "bytes" }), TypeError, unknown);
  await assertRejects(kv.getWithMetadata("a", "blob"), TypeError, unknown);
  for (const [cacheTtl, shown] of [
    [29, 29],
    [0, 0],
    [-1, -1],
    ["x", 0],
    [null, 0],
  ])
    await assertRejects(
      kv.get("a", { cacheTtl }),
      Error,
      `KV GET failed: 400 Invalid cache_ttl of ${shown}. Cache TTL must be at least 30.`,
    );
  assertEquals(await kv.get("a", { cacheTtl: 30 }), "x");
  assertEquals(await kv.get("a", { cacheTtl: "3600.5" }), "x");
});

test("the class", async ({ env: { KV_FIRST: kv } }) => {
  assertEquals(Object.prototype.toString.call(kv), "[object KvNamespace]");
  assertEquals(kv.constructor.name, "KvNamespace");
  assertEquals(Object.keys(kv), []);
  assertEquals(Object.keys(Object.getPrototypeOf(kv)).sort(), ["delete", "get", "getWithMetadata", "list", "put"]);
  for (const name of ["get", "list", "put", "getWithMetadata", "delete"]) assertEquals(kv[name].length, 0);
  assertEquals(typeof globalThis.KvNamespace, "undefined");
  assertEquals(JSON.stringify(kv), "{}");
  assertThrows(() => structuredClone(kv), "DataCloneError");
  const { get } = kv;
  assertThrows(() => get("a"), TypeError);
  assertThrows(() => kv.get.call({}, "a"), TypeError);
  assertThrows(
    () => kv.get(),
    TypeError,
    "Failed to execute 'get' on 'KvNamespace': parameter 1 is not of type 'string or Array'.",
  );
  await assertRejects(
    kv.put("k"),
    TypeError,
    "Failed to execute 'put' on 'KvNamespace': parameter 2 is not of type 'string or JsObject'.",
  );
  await assertRejects(
    kv.delete(),
    TypeError,
    "Failed to execute 'delete' on 'KvNamespace': parameter 1 is not of type 'string'.",
  );
});
