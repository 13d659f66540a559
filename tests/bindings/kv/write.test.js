import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { emptied, onEach } from "./namespaces.js";

const MiB = 1024 * 1024;
const limit = 25 * MiB;
const tooLong = (length) => `KV PUT failed: 413 Value length of ${length} exceeds limit of 26214400.`;

const failingStream = () =>
  new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(3)),
    pull: (controller) => controller.error(new Error("boom")),
  });

onEach("put and delete resolve with undefined", async (kv) => {
  assertEquals(await kv.put("a", "x"), undefined);
  assertEquals(await kv.delete("a"), undefined);
  assertEquals(await kv.delete("a"), undefined);
  assertEquals(await kv.get("a"), null);
});

onEach("what was written is read", async (kv) => {
  for (let n = 0; n < 20; n++) {
    await kv.put("counter", `${n}`);
    assertEquals(await kv.get("counter"), `${n}`);
    assertEquals((await kv.getWithMetadata("counter")).value, `${n}`);
    assertEquals((await kv.get(["counter"])).get("counter"), `${n}`);
  }
  await kv.delete("counter");
  assertEquals(await kv.get("counter"), null);
});

onEach(
  "writes that are not awaited come in their order",
  async (kv) => {
    const writes = Array.from({ length: 50 }, (_, n) => kv.put("ordered", `${n}`));
    await Promise.all(writes);
    assertEquals(await kv.get("ordered"), "49");
  },
  { workerd: "miniflare's writes may pass each other" },
);

onEach("put takes octets of every kind", async (kv) => {
  const octets = new Uint8Array([65, 66, 67, 68]);
  for (const [value, expected] of [
    [octets, "ABCD"],
    [octets.buffer, "ABCD"],
    [octets.subarray(1, 3), "BC"],
    [new DataView(octets.buffer, 2), "CD"],
    [new Uint16Array(octets.buffer, 0, 1), "AB"],
    [new ArrayBuffer(0), ""],
    [new Uint8Array(100).fill(97), "a".repeat(100)],
  ]) {
    await kv.put("octets", value);
    assertEquals(await kv.get("octets"), expected);
  }
});

onEach(
  "put takes a copy of octets",
  async (kv) => {
    const octets = new Uint8Array(200).fill(65);
    const put = kv.put("copy", octets);
    octets.fill(66);
    await put;
    assertEquals(await kv.get("copy"), "A".repeat(200));
  },
  { workerd: "workerd reads the octets later" },
);

onEach("put stores other primitives as their text", async (kv) => {
  for (const value of [5, 1.5, true, null, undefined, 10n]) {
    await kv.put("primitive", value);
    assertEquals(await kv.get("primitive"), String(value));
  }
});

test("put refuses other values", async ({ env: { KV_FIRST: kv } }) => {
  const message = "KV put() accepts only strings, ArrayBuffers, ArrayBufferViews, and ReadableStreams as values.";
  for (const value of [{}, [1], new Blob(["x"]), new Map(), () => 1, new Response("x")])
    await assertRejects(kv.put("k", value), TypeError, message);
  await assertRejects(kv.put("k", Symbol("x")), TypeError);
  await assertRejects(
    kv.put("k", "x", "options"),
    TypeError,
    "Failed to execute 'put' on 'KvNamespace': parameter 3 is not of type 'PutOptions'.",
  );
  await kv.put("k", "x", null);
  assertEquals(await kv.get("k"), "x");
});

onEach("put takes streams of every kind", async (kv) => {
  const fixed = (text) => {
    const { readable, writable } = new FixedLengthStream(text.length);
    const writer = writable.getWriter();
    writer.write(new TextEncoder().encode(text));
    writer.close();
    return readable;
  };
  const chunks = ["a", "bc", "", "def"].filter(Boolean).map((text) => new TextEncoder().encode(text));
  for (const [stream, expected] of [
    [new Response("a body").body, "a body"],
    [new Blob(["a ", "blob"]).stream(), "a blob"],
    [ReadableStream.from(chunks), "abcdef"],
    [new ReadableStream({ type: "bytes", start: (c) => (c.enqueue(new Uint8Array([65, 66])), c.close()) }), "AB"],
    [new ReadableStream({ start: (c) => c.close() }), ""],
    [new Response("through").body.pipeThrough(new TransformStream()), "through"],
    [fixed("fixed"), "fixed"],
  ]) {
    await kv.put("stream", stream);
    assertEquals(await kv.get("stream"), expected);
  }
});

onEach("a value flows from namespace to namespace as a stream", async (kv, env) => {
  await kv.put("from", "z".repeat(300_000), { metadata: { kind: "z" } });
  const { value, metadata } = await kv.getWithMetadata("from", "stream");
  await env.KV_SECOND.put("to", value, { metadata });
  assertEquals((await env.KV_SECOND.get("to")).length, 300_000);
  assertEquals((await env.KV_SECOND.getWithMetadata("to")).metadata, { kind: "z" });
});

test("put refuses streams that fail, are taken or give no octets", async ({ env: { KV_FIRST: kv } }) => {
  await assertRejects(kv.put("failing", failingStream()), Error, "boom");
  const text = new ReadableStream({ start: (c) => (c.enqueue("text"), c.close()) });
  await assertRejects(kv.put("failing", text), Error, "This ReadableStream did not return bytes");
  const locked = new Response("x").body;
  locked.getReader();
  await assertRejects(kv.put("failing", locked), TypeError, "locked to a reader");
});

test(
  "a put that fails leaves the old value",
  async ({ env: { KV_FIRST: kv } }) => {
    await kv.put("kept", "old");
    await assertRejects(kv.put("kept", failingStream()), Error, "boom");
    assertEquals(await kv.get("kept"), "old");
  },
  { workerd: "miniflare stores what came before the failure" },
);

test("values have up to 25 MiB", async ({ env: { KV_FIRST: kv } }) => {
  await kv.put("largest", new Uint8Array(limit).fill(97));
  assertEquals((await kv.get("largest", "arrayBuffer")).byteLength, limit);
  const text = await kv.get("largest");
  assertEquals([text.length, text[0], text[limit - 1]], [limit, "a", "a"]);
  let length = 0;
  for await (const chunk of await kv.get("largest", "stream")) length += chunk.length;
  assertEquals(length, limit);
  await kv.put("largest", "b".repeat(limit));
  assertEquals((await kv.get("largest", "arrayBuffer")).byteLength, limit);
  await kv.delete("largest");
});

test("longer values are refused", async ({ env: { KV_FIRST: kv } }) => {
  await kv.put("kept", "old");
  await assertRejects(kv.put("kept", "x".repeat(limit + 1)), Error, tooLong(limit + 1));
  await assertRejects(kv.put("kept", "é".repeat(limit / 2 + 1)), Error, tooLong(limit + 2));
  await assertRejects(kv.put("kept", new ArrayBuffer(limit + 1)), Error, tooLong(limit + 1));
  await assertRejects(kv.put("kept", new Response(new Uint8Array(limit + 1)).body), Error, tooLong(limit + 1));
  let pulled = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (pulled++ < 26) controller.enqueue(new Uint8Array(MiB));
      else controller.close();
    },
  });
  await assertRejects(kv.put("kept", stream), Error, "KV PUT failed: 413 Value length of ");
  assertEquals(await kv.get("kept"), "old");
});

onEach("a large value through a stream", async (kv) => {
  let pulled = 0;
  const stream = new ReadableStream({
    pull(controller) {
      if (pulled++ < 8) controller.enqueue(new Uint8Array(MiB).fill(pulled));
      else controller.close();
    },
  });
  await kv.put("large", stream);
  const octets = new Uint8Array(await kv.get("large", "arrayBuffer"));
  assertEquals([octets.length, octets[0], octets[MiB], octets[8 * MiB - 1]], [8 * MiB, 1, 2, 8]);
  await kv.delete("large");
});

test("metadata has up to 1024 octets of JSON", async ({ env: { KV_FIRST: kv } }) => {
  await kv.put("m", "x", { metadata: "x".repeat(1022) });
  assertEquals((await kv.getWithMetadata("m")).metadata.length, 1022);
  await kv.put("m", "x", { metadata: "é".repeat(511) });
  assertEquals((await kv.getWithMetadata("m")).metadata.length, 511);
  const refused = (length) => `KV PUT failed: 413 Metadata length of ${length} exceeds limit of 1024.`;
  await assertRejects(kv.put("m", "x", { metadata: "x".repeat(1023) }), Error, refused(1025));
  await assertRejects(kv.put("m", "x", { metadata: "é".repeat(512) }), Error, refused(1026));
  await assertRejects(kv.put("m", "x", { metadata: 5n }), TypeError, "Do not know how to serialize a BigInt");
  const circle = {};
  circle.circle = circle;
  await assertRejects(kv.put("m", "x", { metadata: circle }), TypeError, "Converting circular structure to JSON");
});

onEach("expirationTtl and expiration are listed in seconds of Unix time", async (space) => {
  const kv = await emptied(space);
  const now_s = Math.floor(Date.now() / 1000);
  await kv.put("ttl", "x", { expirationTtl: 60 });
  await kv.put("ttl of text", "x", { expirationTtl: "120" });
  await kv.put("ttl with a fraction", "x", { expirationTtl: 60.9 });
  await kv.put("time", "x", { expiration: now_s + 1000 });
  await kv.put("time with a fraction", "x", { expiration: now_s + 1000.9 });
  await kv.put("both", "x", { expiration: now_s + 1000, expirationTtl: 60 });
  await kv.put("neither", "x", { expiration: undefined, expirationTtl: undefined });
  const { keys } = await kv.list();
  const expires = Object.fromEntries(keys.map(({ name, expiration }) => [name, expiration]));
  const isSoonAfter = (seconds, expiration) => expiration >= now_s + seconds && expiration <= now_s + seconds + 5;
  assert(isSoonAfter(60, expires.ttl));
  assert(isSoonAfter(120, expires["ttl of text"]));
  assert(isSoonAfter(60, expires["ttl with a fraction"]));
  assertEquals(expires.time, now_s + 1000);
  assertEquals(expires["time with a fraction"], now_s + 1000);
  assert(isSoonAfter(60, expires.both));
  assertEquals(expires.neither, undefined);
  assertEquals(await kv.get("ttl"), "x");
});

test("expirations that make no sense are refused", async ({ env: { KV_FIRST: kv } }) => {
  const now_s = Math.floor(Date.now() / 1000);
  const put = (options) => kv.put("k", "x", options);
  for (const [expirationTtl, shown] of [
    [0, 0],
    [-1, -1],
    ["nope", 0],
    [NaN, 0],
    [null, 0],
    [0.5, 0],
  ])
    await assertRejects(
      put({ expirationTtl }),
      Error,
      `KV PUT failed: 400 Invalid expiration_ttl of ${shown}. Please specify integer greater than 0.`,
    );
  for (const expirationTtl of [1, 59, 59.9])
    await assertRejects(
      put({ expirationTtl }),
      Error,
      `KV PUT failed: 400 Invalid expiration_ttl of ${Math.floor(expirationTtl)}. Expiration TTL must be at least 60.`,
    );
  for (const [expiration, shown] of [
    [0, 0],
    [-5, -5],
    ["nope", 0],
    [NaN, 0],
    [1000, 1000],
    [now_s - 1, now_s - 1],
  ])
    await assertRejects(
      put({ expiration }),
      Error,
      `KV PUT failed: 400 Invalid expiration of ${shown}. Please specify integer greater than the current number of seconds since the UNIX epoch.`,
    );
  await assertRejects(
    put({ expiration: now_s + 30 }),
    Error,
    `KV PUT failed: 400 Invalid expiration of ${now_s + 30}. Expiration times must be at least 60 seconds in the future.`,
  );
  await assertRejects(
    put({ expiration: 1e12 }),
    TypeError,
    "Value out of range. Must be between -2147483648 and 2147483647 (inclusive).",
  );
});

onEach("many writes at once", async (space) => {
  const kv = await emptied(space);
  const names = Array.from({ length: 300 }, (_, n) => `burst/${String(n).padStart(3, "0")}`);
  await Promise.all(names.map((name, n) => kv.put(name, `${n}`, { metadata: n })));
  const { keys } = await kv.list({ prefix: "burst/" });
  assertEquals(
    keys,
    names.map((name, metadata) => ({ name, metadata })),
  );
  const values = await Promise.all(names.map((name) => kv.get(name)));
  assertEquals(
    values,
    names.map((_, n) => `${n}`),
  );
  await Promise.all(names.map((name) => kv.delete(name)));
  assertEquals((await kv.list({ prefix: "burst/" })).keys, []);
});

onEach("waitUntil may write after the response", async (kv, env, ctx) => {
  ctx.waitUntil(kv.put("later", "x"));
  await kv.put("later2", "y");
  assertEquals(await kv.get("later2"), "y");
});
