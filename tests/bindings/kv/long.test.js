import { assert, assertEquals, assertRejects } from "../../web/harness.js";
import { emptied, onEach } from "./namespaces.js";

const MiB = 1024 * 1024;

/** Octets that repeat at no small distance. */
function octets(length, seed = 1) {
  const bytes = new Uint8Array(length);
  const words = new Uint32Array(bytes.buffer, 0, length >> 2);
  let word = seed;
  for (let index = 0; index < words.length; index++)
    words[index] = word = (Math.imul(word, 1664525) + 1013904223) >>> 0;
  return bytes;
}

const same = (actual, expected) => {
  assertEquals(actual.byteLength, expected.byteLength);
  const words = (bytes) => new Uint32Array(bytes.buffer ?? bytes, 0, bytes.byteLength >> 2);
  const [left, right] = [words(actual), words(expected)];
  let differs = -1;
  for (let index = 0; index < left.length && differs < 0; index++) if (left[index] !== right[index]) differs = index;
  assertEquals(differs, -1);
};

function streamOf(bytes, chunk = 100_000) {
  let at = 0;
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, (at += chunk)));
    },
  });
}

onEach("long values come back as they were, whatever they are put and read as", async (kv) => {
  await emptied(kv);
  const bytes = octets(3 * MiB);
  await kv.put("buffer", bytes.buffer, { metadata: { is: "long" } });
  await kv.put("view", bytes.subarray(1024));
  same(await kv.get("buffer", "arrayBuffer"), bytes);
  same(new Uint8Array(await kv.get("view", "arrayBuffer")), bytes.slice(1024));
  const { value, metadata } = await kv.getWithMetadata("buffer", "stream");
  assertEquals(metadata, { is: "long" });
  same(new Uint8Array(await new Response(value).arrayBuffer()), bytes);
  const text = "äöü€😀".repeat(200_000);
  await kv.put("text", text);
  assert((await kv.get("text")) === text);
  assert((await kv.getWithMetadata("text")).value === text);
  const json = { list: Array.from({ length: 200_000 }, (_, n) => n) };
  await kv.put("json", JSON.stringify(json));
  assertEquals((await kv.get("json", "json")).list.length, 200_000);
});

onEach("a stream becomes a long value", async (kv) => {
  await emptied(kv);
  const bytes = octets(5 * MiB + 12, 7);
  const { readable, writable } = new FixedLengthStream(bytes.length);
  const piped = streamOf(bytes).pipeTo(writable);
  await kv.put("fixed", readable);
  await piped;
  same(await kv.get("fixed", "arrayBuffer"), bytes);
  await kv.put("copy", await kv.get("fixed", "stream"));
  same(await kv.get("copy", "arrayBuffer"), bytes);
});

onEach("long and short values replace each other", async (kv) => {
  await emptied(kv);
  for (const length of [2 * MiB, 10, 300_000, 1 * MiB, 0, 2 * MiB]) {
    const bytes = octets(length, length + 1);
    await kv.put("key", bytes, { metadata: length });
    const { value, metadata } = await kv.getWithMetadata("key", "arrayBuffer");
    assertEquals(metadata, length);
    same(value, bytes);
  }
  await kv.delete("key");
  assertEquals(await kv.get("key"), null);
  assertEquals(await kv.get("key", "stream"), null);
});

onEach("a long value that is being read stays whole when it is replaced", async (kv) => {
  await emptied(kv);
  const bytes = octets(8 * MiB, 3);
  await kv.put("key", bytes);
  const stream = await kv.get("key", "stream");
  const reader = stream.getReader();
  const first = await reader.read();
  await kv.put("key", "short");
  const chunks = [first.value];
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    chunks.push(value);
  }
  same(new Uint8Array(await new Blob(chunks).arrayBuffer()), bytes);
  assertEquals(await kv.get("key"), "short");
});

onEach("a reader may leave a long value in the middle", async (kv) => {
  await emptied(kv);
  await kv.put("key", octets(4 * MiB));
  const stream = await kv.get("key", "stream");
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assertEquals((await kv.get("key", "arrayBuffer")).byteLength, 4 * MiB);
});

onEach("long values are listed and read with others", async (kv) => {
  await emptied(kv);
  const long = "x".repeat(2 * MiB);
  await kv.put("a", "short");
  await kv.put("b", long, { metadata: 1 });
  await kv.put("c", long + "y");
  const { keys } = await kv.list();
  assertEquals(keys, [{ name: "a" }, { name: "b", metadata: 1 }, { name: "c" }]);
  const values = await kv.get(["a", "b", "c", "d"]);
  assertEquals(values.get("a"), "short");
  assert(values.get("b") === long && values.get("c") === long + "y");
  assertEquals(values.get("d"), null);
});

onEach("many values at once have at most 25 MB in all", async (kv) => {
  await emptied(kv);
  const long = "x".repeat(9 * MiB);
  await Promise.all(["a", "b", "c"].map((key) => kv.put(key, long)));
  await assertRejects(
    kv.get(["a", "b", "c"]),
    Error,
    "KV GET_BULK failed: 413 Total size of request exceeds the limit of 25MB",
  );
  assertEquals((await kv.get(["a", "b"])).size, 2);
});

onEach("a stream that fails leaves the value as it was", async (kv) => {
  await emptied(kv);
  await kv.put("key", "before");
  const bytes = octets(2 * MiB);
  let pulls = 0;
  const failing = new ReadableStream({
    pull(controller) {
      if (++pulls > 10) controller.error(new Error("boom"));
      else controller.enqueue(bytes.slice(0, 200_000));
    },
  });
  const { readable, writable } = new FixedLengthStream(3 * MiB);
  const piped = failing.pipeTo(writable).catch((error) => error.message);
  await assertRejects(kv.put("key", readable), Error);
  assertEquals(await piped, "boom");
  assertEquals(await kv.get("key"), "before");
});
