import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { emptied, onEach, plain } from "./buckets.js";

const keys = ["a", "b/1", "b/2", "b/c/1", "b/c/2", "d", "e/x", "f"];
const maxKeys = "list: MaxKeys params must be positive integer <= 1000. (10022)";

async function filled(bucket) {
  await emptied(bucket);
  for (const key of keys)
    await bucket.put(key, key, { customMetadata: { key }, httpMetadata: { contentType: `x/${key}` } });
  return bucket;
}

const brief = ({ objects, truncated, delimitedPrefixes }) => [
  objects.map(({ key }) => key),
  truncated,
  delimitedPrefixes,
];

onEach("list by prefix, delimiter, startAfter and limit", async (bucket) => {
  await filled(bucket);
  for (const [options, objects, truncated, prefixes] of [
    [undefined, keys, false, []],
    [{}, keys, false, []],
    [{ limit: 2 }, ["a", "b/1"], true, []],
    [{ limit: 8 }, keys, false, []],
    [{ limit: "2" }, ["a", "b/1"], true, []],
    [{ limit: 1.7 }, ["a"], true, []],
    [{ limit: -1 }, keys, false, []],
    [{ prefix: "b/" }, ["b/1", "b/2", "b/c/1", "b/c/2"], false, []],
    [{ prefix: "b" }, ["b/1", "b/2", "b/c/1", "b/c/2"], false, []],
    [{ prefix: "zzz" }, [], false, []],
    [{ prefix: "b/", limit: 4 }, ["b/1", "b/2", "b/c/1", "b/c/2"], false, []],
    [{ prefix: "k".repeat(1025) }, [], false, []],
    [{ delimiter: "/" }, ["a", "d", "f"], false, ["b/", "e/"]],
    [{ prefix: "b/", delimiter: "/" }, ["b/1", "b/2"], false, ["b/c/"]],
    [{ prefix: "b", delimiter: "/" }, [], false, ["b/"]],
    [{ delimiter: "/", limit: 1 }, ["a"], true, []],
    [{ delimiter: "/", limit: 2 }, ["a"], true, ["b/"]],
    [{ delimiter: "/", limit: 3 }, ["a", "d"], true, ["b/"]],
    [{ delimiter: "/", limit: 4 }, ["a", "d"], true, ["b/", "e/"]],
    [{ delimiter: "/", limit: 5 }, ["a", "d", "f"], false, ["b/", "e/"]],
    [{ delimiter: "" }, keys, false, []],
    [{ delimiter: "c/" }, ["a", "b/1", "b/2", "d", "e/x", "f"], false, ["b/c/"]],
    [{ startAfter: "b/2" }, ["b/c/1", "b/c/2", "d", "e/x", "f"], false, []],
    [{ startAfter: "b/" }, keys.slice(1), false, []],
    [{ startAfter: "b/1", delimiter: "/" }, ["d", "f"], false, ["b/", "e/"]],
    [{ startAfter: "c", prefix: "b/" }, [], false, []],
    [{ startAfter: "a", prefix: "b/" }, ["b/1", "b/2", "b/c/1", "b/c/2"], false, []],
    [{ startAfter: "b/1", limit: 1 }, ["b/2"], true, []],
    [{ cursor: "" }, keys, false, []],
    [{ cursor: undefined, limit: undefined, prefix: undefined }, keys, false, []],
  ])
    assertEquals(brief(await bucket.list(options)), [objects, truncated, prefixes], JSON.stringify(options));
});

onEach("pages by cursor", async (bucket) => {
  await filled(bucket);
  for (const limit of [1, 2, 3, 7, 8]) {
    for (const options of [{}, { prefix: "b" }, { delimiter: "/" }, { prefix: "b/", delimiter: "/" }]) {
      const all = brief(await bucket.list(options));
      const found = [[], false, []];
      let cursor;
      do {
        const page = await bucket.list({ ...options, limit, cursor });
        assertEquals(page.cursor !== undefined, page.truncated);
        assert(page.objects.length + page.delimitedPrefixes.length <= limit);
        found[0].push(...page.objects.map(({ key }) => key));
        found[2].push(...page.delimitedPrefixes);
        cursor = page.cursor;
      } while (cursor);
      assertEquals(found, all);
    }
  }
});

onEach("a cursor holds while objects come and go", async (bucket) => {
  await filled(bucket);
  const first = await bucket.list({ limit: 3 });
  await bucket.delete(["b/2", "d"]);
  await bucket.put("aa", "before the cursor");
  await bucket.put("dd", "behind it");
  const rest = await bucket.list({ cursor: first.cursor });
  assertEquals(
    rest.objects.map(({ key }) => key),
    ["b/c/1", "b/c/2", "dd", "e/x", "f"],
  );
});

onEach("metadata is listed when it is asked for", async (bucket) => {
  await filled(bucket);
  const first = async (include) => (await bucket.list({ limit: 1, include })).objects[0];
  for (const [include, http, custom] of [
    [undefined, {}, {}],
    [[], {}, {}],
    [["httpMetadata"], { contentType: "x/a" }, {}],
    [["customMetadata"], {}, { key: "a" }],
    [["httpMetadata", "customMetadata"], { contentType: "x/a" }, { key: "a" }],
  ]) {
    const object = await first(include);
    assertEquals(plain(object.httpMetadata), http);
    assertEquals(plain(object.customMetadata), custom);
  }
  const object = await first();
  const head = await bucket.head("a");
  for (const name of ["key", "version", "size", "etag", "httpEtag", "uploaded"])
    assertEquals(object[name], head[name], name);
  assertEquals(object.constructor.name, "HeadResult");
  assertEquals(object.checksums.toJSON(), head.checksums.toJSON());
});

test("list options of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  for (const limit of [0, 1001, NaN, null, "x"]) await assertRejects(bucket.list({ limit }), Error, maxKeys);
  for (const name of ["prefix", "delimiter", "cursor", "startAfter"])
    for (const value of [null, 5])
      await assertRejects(
        bucket.list({ [name]: value }),
        TypeError,
        `Incorrect type for the '${name}' field on 'ListOptions': the provided value is not of type 'string'.`,
      );
  await assertRejects(bucket.list({ include: ["bogus"] }), RangeError, "Unsupported include value bogus");
  await assertRejects(bucket.list({ include: "x" }), TypeError, "is not of type 'Array'.");
  assertEquals(Object.keys(await bucket.list()), ["objects", "truncated", "cursor", "delimitedPrefixes"]);
});

onEach("a thousand at most", async (bucket) => {
  await emptied(bucket);
  const name = (index) => `many/${String(index).padStart(4, "0")}`;
  for (let at = 0; at < 1005; at += 67)
    await Promise.all(Array.from({ length: 67 }, (_, index) => bucket.put(name(at + index), "x")));
  const first = await bucket.list();
  assertEquals([first.objects.length, first.truncated], [1000, true]);
  const second = await bucket.list({ cursor: first.cursor });
  assertEquals(
    second.objects.map(({ key }) => key),
    [1000, 1001, 1002, 1003, 1004].map(name),
  );
  const grouped = await bucket.list({ delimiter: "/" });
  assertEquals(brief(grouped), [[], false, ["many/"]]);
  await bucket.delete(first.objects.map(({ key }) => key));
  assertEquals((await bucket.list()).objects.length, 5);
});
