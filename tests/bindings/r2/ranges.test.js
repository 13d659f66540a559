import { assert, assertEquals, assertRejects } from "../../web/harness.js";
import { onEach, pattern, plain } from "./buckets.js";

const unsatisfiable = "get: The requested range is not satisfiable (10039)";

async function readRange(bucket, range, key = "a") {
  const object = await bucket.get(key, { range });
  return [object.size, plain(object.range), await object.text()];
}

onEach("ranges in their three forms", async (bucket) => {
  await bucket.put("a", "hello");
  for (const [range, offset, length] of [
    [{ offset: 1 }, 1, 4],
    [{ offset: 1, length: 2 }, 1, 2],
    [{ length: 2 }, 0, 2],
    [{ suffix: 2 }, 3, 2],
    [{ suffix: 100 }, 0, 5],
    [{ offset: 4, length: 100 }, 4, 1],
    [{ offset: 0, length: 5 }, 0, 5],
    [{ offset: "2" }, 2, 3],
    [{}, 0, 5],
    [null, 0, 5],
  ])
    assertEquals(
      await readRange(bucket, range),
      [5, { offset, length }, "hello".slice(offset, offset + length)],
      JSON.stringify(range),
    );
});

onEach("a range that cannot be satisfied is an error", async (bucket) => {
  await bucket.put("a", "hello");
  for (const range of [{ suffix: 0 }, { offset: 5 }, { offset: 6 }, { length: 0 }, { offset: 9, length: 1 }])
    await assertRejects(bucket.get("a", { range }), Error, unsatisfiable);
  await bucket.put("empty", "");
  await assertRejects(bucket.get("empty", { range: { offset: 0 } }), Error, unsatisfiable);
  await assertRejects(bucket.get("empty", { range: { suffix: 1 } }), Error, unsatisfiable);
});

onEach("ranges of the wrong form", async (bucket) => {
  for (const [range, type, message] of [
    [{ offset: 1, suffix: 2 }, TypeError, "Suffix is incompatible with offset."],
    [{ length: 2, suffix: 1 }, TypeError, "Suffix is incompatible with length."],
    [{ offset: -1 }, RangeError, "Invalid range. Starting offset (-1) must be greater than or equal to 0."],
    [{ length: -1 }, RangeError, "Invalid range. Length (-1) must be greater than or equal to 0."],
    [{ suffix: -1 }, RangeError, "Invalid suffix. Suffix (-1) must be greater than or equal to 0."],
    [{ offset: 1.5 }, RangeError, "Invalid range. Starting offset (1.5) must be an integer, not floating point."],
    [5, TypeError, "Incorrect type for the 'range' field on 'GetOptions'"],
    ["bytes=0-1", TypeError, "the provided value is not of type 'Range or Headers'."],
  ])
    await assertRejects(bucket.get("a", { range }), type, message);
});

onEach("the Range header", async (bucket) => {
  await bucket.put("a", "hello");
  for (const [header, offset, length] of [
    ["bytes=1-2", 1, 2],
    ["bytes=-2", 3, 2],
    ["bytes=1-", 1, 4],
    ["bytes=2-100", 2, 3],
    ["bytes = 1-2", 1, 2],
    ["Bytes=1-2", 1, 2],
    ["bytes=0-0,2-3", 0, 5],
    ["bogus", 0, 5],
    ["items=1-2", 0, 5],
    ["bytes=10-", 0, 5],
    ["bytes=3-1", 0, 5],
    ["bytes=-0", 0, 5],
  ])
    assertEquals(
      await readRange(bucket, new Headers({ range: header })),
      [5, { offset, length }, "hello".slice(offset, offset + length)],
      header,
    );
  assertEquals((await readRange(bucket, new Headers()))[2], "hello");
});

onEach("ranges of a large object", async (bucket) => {
  const octets = pattern(1_500_000, 5);
  await bucket.put("large", octets);
  for (const [offset, length] of [
    [0, 1],
    [262143, 2],
    [262144, 262144],
    [700_000, 800_000],
    [1_499_999, 1],
  ]) {
    const bytes = await (await bucket.get("large", { range: { offset, length } })).bytes();
    assertEquals(bytes.length, length);
    assert(bytes.every((octet, index) => octet === octets[offset + index]));
  }
});
