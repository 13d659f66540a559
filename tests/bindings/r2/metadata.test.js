import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";
import { hex, onEach, plain } from "./buckets.js";

const data = new TextEncoder().encode("hello");
const hashes = [
  ["md5", "MD5", 16],
  ["sha1", "SHA-1", 20],
  ["sha256", "SHA-256", 32],
  ["sha384", "SHA-384", 48],
  ["sha512", "SHA-512", 64],
];

onEach("checksums are verified and kept", async (bucket) => {
  for (const [field, algorithm] of hashes) {
    const digest = await crypto.subtle.digest(algorithm, data);
    for (const given of [digest, new Uint8Array(digest), hex(digest), hex(digest).toUpperCase()]) {
      const object = await bucket.put("summed", data, { [field]: given });
      assertEquals(hex(object.checksums[field]), hex(digest));
    }
    const kept = (await bucket.head("summed")).checksums;
    assertEquals(hex(kept[field]), hex(digest));
    assertEquals(hex(kept.md5), "5d41402abc4b2a76b9719d911017c592");
    assertEquals(Object.keys(plain(kept.toJSON())).length, field === "md5" ? 1 : 2);
  }
});

onEach("a wrong checksum stores nothing", async (bucket) => {
  for (const size of [5, 100_000]) {
    await bucket.put("summed", "old");
    const octets = new Uint8Array(size).fill(1);
    for (const [field, algorithm] of hashes) {
      const right = new Uint8Array(await crypto.subtle.digest(algorithm, octets));
      const wrong = right.slice();
      wrong[0] ^= 1;
      await assertRejects(
        bucket.put("summed", octets, { [field]: wrong }),
        Error,
        `put: The ${algorithm} checksum you specified did not match what we received.\n` +
          `You provided a ${algorithm} checksum with value: ${hex(wrong)}\nActual ${algorithm} was: ${hex(right)} (10037)`,
      );
    }
    assertEquals(await (await bucket.get("summed")).text(), "old");
  }
});

test("checksums of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  for (const [field, name, length] of hashes) {
    const put = (value) => bucket.put("summed", data, { [field]: value });
    await assertRejects(put(new Uint8Array(length - 1)), TypeError, `${name} is ${length} bytes, not ${length - 1}`);
    await assertRejects(put("ab"), TypeError, `${name} is ${2 * length} hex characters, not 2`);
    await assertRejects(put("z".repeat(2 * length)), TypeError, `Provided ${name} wasn't a valid hex string`);
    await assertRejects(put(5), TypeError, "the provided value is not of type 'JsBufferSource or string'.");
    await assertRejects(put(null), TypeError, `Incorrect type for the '${field}' field on 'PutOptions'`);
  }
  const two = { md5: "0".repeat(32), sha1: "0".repeat(40) };
  await assertRejects(bucket.put("summed", data, two), TypeError, "You cannot specify multiple hashing algorithms.");
});

const fullMetadata = () => ({
  contentType: "text/x",
  contentLanguage: "de",
  contentDisposition: "inline",
  contentEncoding: "gzip",
  cacheControl: "no-store",
  cacheExpiry: new Date(1e12),
});

onEach("HTTP metadata as an object", async (bucket) => {
  const put = await bucket.put("meta", "x", { httpMetadata: fullMetadata() });
  assertEquals(plain(put.httpMetadata), fullMetadata());
  for (const object of [await bucket.get("meta"), await bucket.head("meta")]) {
    assertEquals(plain(object.httpMetadata), fullMetadata());
    const headers = new Headers({ "content-type": "old", "x-other": "stays" });
    object.writeHttpMetadata(headers);
    assertEquals(
      [...headers],
      [
        ["cache-control", "no-store"],
        ["content-disposition", "inline"],
        ["content-encoding", "gzip"],
        ["content-language", "de"],
        ["content-type", "text/x"],
        ["expires", "Sun, 09 Sep 2001 01:46:40 GMT"],
        ["x-other", "stays"],
      ],
    );
  }
});

onEach("HTTP metadata from headers", async (bucket) => {
  const headers = new Headers({
    "content-type": "a/b",
    "content-language": "en",
    "content-disposition": "attachment",
    "content-encoding": "br",
    "cache-control": "max-age=5",
    expires: "Wed, 21 Oct 2015 07:28:00 GMT",
    "x-other": "z",
  });
  await bucket.put("meta", "x", { httpMetadata: headers });
  const { httpMetadata } = await bucket.head("meta");
  assertEquals(plain(httpMetadata), {
    contentType: "a/b",
    contentLanguage: "en",
    contentDisposition: "attachment",
    contentEncoding: "br",
    cacheControl: "max-age=5",
    cacheExpiry: new Date("Wed, 21 Oct 2015 07:28:00 GMT"),
  });
  const junk = await bucket.put("meta", "x", { httpMetadata: new Headers({ expires: "junk" }) });
  assertEquals(plain(junk.httpMetadata), { cacheExpiry: new Date(0) });
});

onEach("metadata that is partly or not there", async (bucket) => {
  for (const [options, expected] of [
    [{}, {}],
    [{ httpMetadata: {} }, {}],
    [{ httpMetadata: null }, {}],
    [{ httpMetadata: { contentType: undefined, cacheControl: "x" } }, { cacheControl: "x" }],
    [{ httpMetadata: { contentType: "" } }, { contentType: "" }],
    [{ httpMetadata: { contentType: 5 } }, { contentType: "5" }],
    [{ httpMetadata: { cacheExpiry: 1e12 } }, { cacheExpiry: new Date(1e12) }],
  ]) {
    await bucket.put("meta", "x", options);
    assertEquals(plain((await bucket.head("meta")).httpMetadata), expected);
  }
});

onEach("custom metadata", async (bucket) => {
  const customMetadata = { a: "b", n: 5, ä: "ü€😀", empty: "", __proto__x: "y" };
  const put = await bucket.put("meta", "x", { customMetadata });
  const expected = { ...customMetadata, n: "5" };
  assertEquals(plain(put.customMetadata), expected);
  assertEquals(plain((await bucket.get("meta")).customMetadata), expected);
  const largest = { a: "b".repeat(2047) }; // workerd's local bucket takes no more
  assertEquals(plain((await bucket.put("meta", "x", { customMetadata: largest })).customMetadata), largest);
  await assertRejects(
    bucket.put("meta", "x", { customMetadata: { a: "b".repeat(8192) } }),
    Error,
    "put: Your metadata headers exceed the maximum allowed metadata size. (10012)",
  );
  assertEquals(plain((await bucket.head("meta")).customMetadata), largest);
});

test(
  "custom metadata has up to 8,192 octets, as documented",
  async ({ env: { R2_FIRST: bucket } }) => {
    const customMetadata = { a: "b".repeat(8191) };
    assertEquals((await bucket.put("meta", "x", { customMetadata })).customMetadata.a.length, 8191);
    assertEquals((await bucket.head("meta")).customMetadata.a.length, 8191);
    const names = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [String(i), "ü".repeat(410)]));
    await assertRejects(bucket.put("meta", "x", { customMetadata: names }), Error, "(10012)");
  },
  { workerd: "its local bucket has the former limit of 2,048" },
);

test("metadata of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  const put = (options) => bucket.put("meta", "x", options);
  await assertRejects(put({ httpMetadata: 5 }), TypeError, "is not of type 'HttpMetadata or Headers'.");
  await assertRejects(
    put({ httpMetadata: { cacheExpiry: "x" } }),
    TypeError,
    "the 'cacheExpiry' field on 'HttpMetadata'",
  );
  for (const customMetadata of ["x", ["x"], 5, null])
    await assertRejects(
      put({ customMetadata }),
      TypeError,
      "Incorrect type for the 'customMetadata' field on 'PutOptions'",
    );
  await put({});
  const object = await bucket.head("meta");
  const wanted = "Failed to execute 'writeHttpMetadata' on 'HeadResult': parameter 1 is not of type 'Headers'.";
  assertThrows(() => object.writeHttpMetadata(), TypeError, wanted);
  assertThrows(() => object.writeHttpMetadata({}), TypeError, wanted);
});

onEach(
  "storage classes",
  async (bucket) => {
    for (const [storageClass, expected] of [
      [undefined, "Standard"],
      ["Standard", "Standard"],
      ["InfrequentAccess", "InfrequentAccess"],
    ]) {
      assertEquals((await bucket.put("class", "x", { storageClass })).storageClass, expected);
      assertEquals((await bucket.head("class")).storageClass, expected);
    }
    await assertRejects(bucket.put("class", "x", { storageClass: "Cold" }), Error, "(10062)");
  },
  { workerd: "miniflare keeps no storage class" },
);

const key = new Uint8Array(32).fill(7);
const otherKey = new Uint8Array(32).fill(8);

onEach(
  "an object under a customer's key is read with it only",
  async (bucket) => {
    for (const size of [0, 10, 16_384, 65_536, 65_537, 400_000]) {
      const octets = new Uint8Array(size).map((_, index) => (index * 7) % 251);
      const put = await bucket.put("secret", octets, { ssecKey: key.buffer });
      assertEquals(put.ssecKeyMd5, hex(await crypto.subtle.digest("MD5", key)));
      assertEquals(put.size, size);
      const got = await bucket.get("secret", { ssecKey: hex(key) });
      assertEquals(hex(await got.arrayBuffer()), hex(octets));
      if (size > 100) {
        const range = { offset: size - 70, length: 60 };
        const part = await bucket.get("secret", { ssecKey: key, range });
        assertEquals(hex(await part.arrayBuffer()), hex(octets.slice(-70, -10)));
      }
      await assertRejects(bucket.get("secret"), Error, "get: The object is encrypted with a customer-provided key");
      await assertRejects(
        bucket.get("secret", { ssecKey: otherKey }),
        Error,
        "get: The customer-provided encryption key",
      );
      assertEquals((await bucket.head("secret")).ssecKeyMd5, put.ssecKeyMd5);
    }
  },
  { workerd: "miniflare does not encrypt" },
);

test("customers' keys of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  const put = (ssecKey) => bucket.put("secret", "x", { ssecKey });
  await assertRejects(put("abcd"), Error, "SSE-C Key must be 32 bytes in length");
  await assertRejects(put(new ArrayBuffer(5)), Error, "SSE-C Key must be 32 bytes in length");
  await assertRejects(put("zz".repeat(32)), Error, "SSE-C Key has invalid format");
  await assertRejects(bucket.get("secret", { ssecKey: "abcd" }), Error, "SSE-C Key must be 32 bytes in length");
  assert((await put(undefined)) !== null);
});
