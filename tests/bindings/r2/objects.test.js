import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { assertContent, digest, emptied, hex, onEach, pattern, plain } from "./buckets.js";

const encoder = new TextEncoder();
const invalidName = (method) => `${method}: The specified object name is not valid. (10020)`;
const valueType = "parameter 2 is not of type 'ReadableStream or ArrayBuffer or ArrayBufferView or string or Blob'.";

onEach("put says what it stored", async (bucket) => {
  const before = Date.now() - 1000;
  const object = await bucket.put("a", "hello");
  assertEquals(object.key, "a");
  assertEquals(object.size, 5);
  assertEquals(object.etag, "5d41402abc4b2a76b9719d911017c592");
  assertEquals(object.httpEtag, '"5d41402abc4b2a76b9719d911017c592"');
  assert(object.uploaded instanceof Date && object.uploaded >= before && object.uploaded <= Date.now() + 1000);
  assert(/^[0-9a-f]{32}$/.test(object.version));
  assertEquals(plain(object.httpMetadata), {});
  assertEquals(plain(object.customMetadata), {});
  assertEquals(plain(object.range), undefined);
  assertEquals(object.ssecKeyMd5, undefined);
  assertEquals(hex(object.checksums.md5), object.etag);
  assertEquals(object.checksums.sha1, undefined);
  assertEquals(object.body, undefined);
  const again = await bucket.put("a", "hello");
  assertEquals(again.etag, object.etag);
  assert(again.version !== object.version);
});

onEach("get gives the object and its body, head only the object", async (bucket) => {
  const put = await bucket.put("a", "hello");
  const got = await bucket.get("a");
  for (const name of ["key", "version", "size", "etag", "httpEtag", "uploaded"])
    assertEquals(got[name], put[name], name);
  assertEquals(plain(got.range), { offset: 0, length: 5 });
  assertEquals(got.bodyUsed, false);
  assertEquals(await got.text(), "hello");
  assertEquals(got.bodyUsed, true);
  const head = await bucket.head("a");
  assertEquals([head.key, head.version, head.size], [put.key, put.version, put.size]);
  assertEquals(plain(head.range), { offset: 0, length: 5 });
  assertEquals(head.body, undefined);
  assertEquals("text" in head, false);
});

onEach("what does not exist is null", async (bucket) => {
  assertEquals(await bucket.get("nothing"), null);
  assertEquals(await bucket.head("nothing"), null);
  assertEquals(await bucket.delete("nothing"), undefined);
});

onEach("delete removes one or many", async (bucket) => {
  await emptied(bucket);
  for (const key of ["a", "b", "c", "d"]) await bucket.put(key, key);
  assertEquals(await bucket.delete("a"), undefined);
  assertEquals(await bucket.get("a"), null);
  await bucket.delete(["b", "nothing", "c"]);
  assertEquals(
    (await bucket.list()).objects.map(({ key }) => key),
    ["d"],
  );
  await bucket.delete([]);
  assertEquals((await bucket.list()).objects.length, 1);
});

onEach("a put replaces the whole object", async (bucket) => {
  await bucket.put("replaced", pattern(100_000), { customMetadata: { a: "1" }, httpMetadata: { contentType: "x/y" } });
  await bucket.put("replaced", "short");
  const object = await bucket.get("replaced");
  assertEquals(plain(object.customMetadata), {});
  assertEquals(plain(object.httpMetadata), {});
  assertEquals(await object.text(), "short");
});

onEach("values of every kind", async (bucket) => {
  const octets = new Uint8Array([65, 66, 67, 68]);
  for (const [value, expected] of [
    ["text ä€😀", "text ä€😀"],
    ["", ""],
    [octets, "ABCD"],
    [octets.buffer, "ABCD"],
    [octets.subarray(1, 3), "BC"],
    [new DataView(octets.buffer, 2), "CD"],
    [new Uint16Array(octets.buffer, 0, 1), "AB"],
    [new Blob(["a blob"]), "a blob"],
    [null, ""],
    [undefined, ""],
    [new Response("a body").body, "a body"],
    [new Blob(["a stream"]).stream(), "a stream"],
  ]) {
    const put = await bucket.put("value", value);
    assertEquals(put.size, encoder.encode(expected).length);
    assertEquals(await (await bucket.get("value")).text(), expected);
  }
});

onEach("sizes around the limits of how it is kept", async (bucket) => {
  for (const size of [0, 1, 16383, 16384, 16385, 65535, 65536, 65537, 262143, 262144, 262145, 1_000_000]) {
    const octets = pattern(size, size + 7);
    const put = await bucket.put("sized", octets);
    assertEquals(put.size, size);
    await assertContent(await bucket.get("sized"), octets);
    if (size < 2) continue;
    const range = { offset: size - 2, length: 2 };
    assertEquals([...(await (await bucket.get("sized", { range })).bytes())], [...octets.slice(-2)]);
  }
});

onEach("streams with a known length are stored, others refused", async (bucket) => {
  const octets = pattern(300_000);
  const { readable, writable } = new FixedLengthStream(octets.length);
  const writer = writable.getWriter();
  const writing = (async () => {
    for (let at = 0; at < octets.length; at += 7000) await writer.write(octets.slice(at, at + 7000));
    await writer.close();
  })();
  const put = await bucket.put("streamed", readable);
  await writing;
  assertEquals(put.size, octets.length);
  await assertContent(await bucket.get("streamed"), octets);
  await assertRejects(
    bucket.put("streamed", new ReadableStream({ pull: (c) => (c.enqueue(new Uint8Array(1)), c.close()) })),
    TypeError,
    "Provided readable stream must have a known length (request/response body or readable half of FixedLengthStream)",
  );
  await assertContent(await bucket.get("streamed"), octets);
});

onEach("a stream that fails leaves the old object", async (bucket) => {
  await bucket.put("kept", "old");
  const { readable, writable } = new FixedLengthStream(100_000);
  const writer = writable.getWriter();
  const put = bucket.put("kept", readable);
  await writer.write(new Uint8Array(50_000)).catch(() => {});
  await writer.abort(new Error("boom")).catch(() => {});
  await assertRejects(put);
  assertEquals(await (await bucket.get("kept")).text(), "old");
});

onEach("an object is copied through a stream", async (bucket, env) => {
  const octets = pattern(500_000, 3);
  await bucket.put("source", octets);
  const { body } = await bucket.get("source");
  await env.R2_SECOND.put("copy", body);
  await assertContent(await env.R2_SECOND.get("copy"), octets);
});

onEach("the body is read in every way", async (bucket) => {
  await bucket.put("a", '{"x":[1,2]}', { httpMetadata: { contentType: "application/json" } });
  assertEquals(await (await bucket.get("a")).json(), { x: [1, 2] });
  assertEquals((await (await bucket.get("a")).arrayBuffer()).byteLength, 11);
  assertEquals((await (await bucket.get("a")).bytes()).length, 11);
  const blob = await (await bucket.get("a")).blob();
  assertEquals([blob.type, blob.size], ["application/json", 11]);
  const object = await bucket.get("a");
  assert(object.body instanceof ReadableStream);
  assert(object.body === object.body);
  assertEquals(await new Response(object.body).text(), '{"x":[1,2]}');
  await assertRejects(object.text(), TypeError, "Body has already been used.");
  await bucket.put("b", "no json");
  await assertRejects((await bucket.get("b")).json(), SyntaxError);
});

onEach("a body that was opened is read to its end whatever happens to the object", async (bucket) => {
  const octets = pattern(2_000_000, 9);
  await bucket.put("open", octets);
  const first = await bucket.get("open");
  const reader = first.body.getReader();
  const chunks = [(await reader.read()).value];
  await bucket.put("open", "replaced");
  await bucket.delete("open");
  for (let read = await reader.read(); !read.done; read = await reader.read()) chunks.push(read.value);
  const all = new Uint8Array(await new Blob(chunks).arrayBuffer());
  assertEquals(all.length, octets.length);
  assertEquals(await digest("SHA-256", all), await digest("SHA-256", octets));
  assertEquals(await bucket.get("open"), null);
});

onEach("keys with every awkward character", async (bucket) => {
  await emptied(bucket);
  const keys = [
    "",
    "\u0000",
    "\n",
    " ",
    "%2f",
    ".",
    "..",
    "../x",
    "/",
    "//",
    "\\",
    "a b",
    "ä😀",
    "ÿ\uffff",
    "k".repeat(1024),
  ];
  for (const key of keys) await bucket.put(key, `value of ${key}`);
  for (const key of keys) assertEquals(await (await bucket.get(key)).text(), `value of ${key}`);
  const listed = (await bucket.list()).objects.map(({ key }) => key);
  assertEquals(
    listed,
    [...keys].sort((a, b) => (hex(encoder.encode(a)) < hex(encoder.encode(b)) ? -1 : 1)),
  );
  await bucket.delete(keys);
  assertEquals((await bucket.list()).objects, []);
});

onEach("keys that are too long", async (bucket) => {
  const key = "ü".repeat(513);
  assertEquals((await bucket.put("ü".repeat(512), "x")).key.length, 512);
  await assertRejects(bucket.put(key, "x"), Error, invalidName("put"));
  await assertRejects(bucket.get(key), Error, invalidName("get"));
  await assertRejects(bucket.head(key), Error, invalidName("head"));
  await assertRejects(bucket.delete(key), Error, invalidName("delete"));
  await assertRejects(bucket.delete(["a", key]), Error, invalidName("delete"));
  await assertRejects(bucket.createMultipartUpload(key), Error, invalidName("createMultipartUpload"));
});

test("arguments of the wrong type", async ({ env: { R2_FIRST: bucket } }) => {
  const failed = (method) => `Failed to execute '${method}' on 'R2Bucket': `;
  await assertRejects(bucket.put(), TypeError, `${failed("put")}parameter 1 is not of type 'string'.`);
  await assertRejects(bucket.put("k"), TypeError, failed("put") + valueType);
  for (const value of [5, {}, true, [1], new Map()])
    await assertRejects(bucket.put("k", value), TypeError, failed("put") + valueType);
  await assertRejects(bucket.put("k", "x", "o"), TypeError, `${failed("put")}parameter 3 is not of type 'PutOptions'.`);
  await assertRejects(bucket.get(), TypeError, `${failed("get")}parameter 1 is not of type 'string'.`);
  await assertRejects(bucket.get("k", "o"), TypeError, `${failed("get")}parameter 2 is not of type 'GetOptions'.`);
  await assertRejects(bucket.head(), TypeError, `${failed("head")}parameter 1 is not of type 'string'.`);
  await assertRejects(bucket.delete(), TypeError, `${failed("delete")}parameter 1 is not of type 'string or Array'.`);
  await assertRejects(bucket.list(5), TypeError, `${failed("list")}parameter 1 is not of type 'ListOptions'.`);
  await bucket.put(5, "five");
  assertEquals(await (await bucket.get("5")).text(), "five");
});

test("objects look as they do on Workers", async ({ env: { R2_FIRST: bucket } }) => {
  const put = await bucket.put("shape", "hello");
  const got = await bucket.get("shape");
  const names = [
    ...["ssecKeyMd5", "storageClass", "range", "customMetadata", "httpMetadata", "uploaded", "checksums"],
    ...["httpEtag", "etag", "size", "version", "key"],
  ];
  assertEquals(Object.keys(put), names);
  assertEquals(Object.keys(got), names);
  assertEquals(
    [put.constructor.name, got.constructor.name, bucket.constructor.name],
    ["HeadResult", "GetResult", "R2Bucket"],
  );
  assert(got instanceof put.constructor);
  assertEquals(String(got), "[object GetResult]");
  assertEquals(Object.keys(got.checksums), ["sha512", "sha384", "sha256", "sha1", "md5"]);
  assertEquals(JSON.parse(JSON.stringify(got)).checksums, { md5: put.etag });
  assertEquals([bucket.get.length, bucket.put.length, bucket.list.length], [0, 0, 0]);
  assert(got.customMetadata === got.customMetadata);
  assertEquals(typeof globalThis.R2Bucket, "undefined");
});

onEach("many at once, on few keys", async (bucket) => {
  const values = Array.from({ length: 40 }, (_, index) => pattern(index % 2 === 0 ? 100 : 40_000, index + 1));
  const puts = await Promise.all(values.map((value, index) => bucket.put(`busy/${index % 4}`, value)));
  assertEquals(new Set(puts.map(({ version }) => version)).size, values.length);
  for (let key = 0; key < 4; key++) {
    const object = await bucket.get(`busy/${key}`);
    const written = puts.findIndex(({ version }) => version === object.version);
    assertEquals(written % 4, key);
    await assertContent(object, values[written]);
  }
});
