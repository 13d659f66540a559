import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import { onEach, plain } from "./buckets.js";

const minute = 60_000;

/** Conditions on an object that was just put, and whether they hold for it and for none at all. */
function conditionsOn(object) {
  const before = new Date(object.uploaded.getTime() - minute);
  const after = new Date(object.uploaded.getTime() + minute);
  const etag = object.etag;
  const header = (fields) => new Headers(fields);
  return [
    [{}, true, true],
    [{ etagMatches: etag }, true, false],
    [{ etagMatches: "other" }, false, false],
    [{ etagMatches: "*" }, true, false],
    [{ etagMatches: `other, ${etag}` }, false, false],
    [{ etagDoesNotMatch: etag }, false, true],
    [{ etagDoesNotMatch: "other" }, true, true],
    [{ etagDoesNotMatch: "*" }, false, true],
    [{ uploadedBefore: before }, false, true],
    [{ uploadedBefore: after }, true, true],
    [{ uploadedBefore: object.uploaded }, false, true],
    [{ uploadedBefore: after.getTime() }, true, true],
    [{ uploadedAfter: before }, true, false],
    [{ uploadedAfter: after }, false, false],
    [{ uploadedAfter: object.uploaded }, false, false],
    [{ uploadedBefore: after, uploadedAfter: before }, true, false],
    [{ uploadedBefore: object.uploaded, secondsGranularity: true }, false, true],
    [{ uploadedAfter: object.uploaded, secondsGranularity: true }, false, false],
    // An etag that holds decides over the date that goes with it.
    [{ etagMatches: etag, uploadedBefore: before }, true, false],
    [{ etagMatches: "other", uploadedBefore: after }, false, false],
    [{ etagDoesNotMatch: "other", uploadedAfter: after }, true, false],
    [{ etagDoesNotMatch: etag, uploadedAfter: before }, false, false],
    [{ etagMatches: etag, etagDoesNotMatch: etag }, false, false],
    [{ etagMatches: etag, uploadedAfter: after }, false, false],
    [{ etagDoesNotMatch: "other", uploadedBefore: before }, false, true],
    [header({ "if-match": `"${etag}"` }), true, false],
    [header({ "if-match": `"other", "${etag}"` }), true, false],
    [header({ "if-match": `W/"${etag}"` }), false, false],
    [header({ "if-match": '"other"' }), false, false],
    [header({ "if-match": "*" }), true, false],
    [header({ "if-match": '*, "other"' }), true, false],
    [header({ "if-none-match": `"${etag}"` }), false, true],
    [header({ "if-none-match": `W/"${etag}"` }), false, true],
    [header({ "if-none-match": '"other",,"more",' }), true, true],
    [header({ "if-none-match": "*" }), false, true],
    [header({ "if-modified-since": before.toUTCString() }), true, false],
    [header({ "if-modified-since": object.uploaded.toUTCString() }), false, false],
    [header({ "if-modified-since": "junk" }), true, undefined],
    [header({ "if-unmodified-since": after.toUTCString() }), true, true],
    [header({ "if-unmodified-since": before.toUTCString() }), false, true],
    [header({ "if-unmodified-since": object.uploaded.toUTCString() }), false, true],
  ];
}

const shown = (condition) => JSON.stringify(condition instanceof Headers ? [...condition] : condition);

onEach("get without its condition gives the object without a body", async (bucket) => {
  const object = await bucket.put("a", "hello");
  for (const [onlyIf, holds] of conditionsOn(object)) {
    const got = await bucket.get("a", { onlyIf });
    assertEquals("body" in got, holds, shown(onlyIf));
    assertEquals(got.etag, object.etag);
    if (holds) assertEquals(await got.text(), "hello");
  }
  assertEquals(await bucket.get("nothing", { onlyIf: { etagMatches: "x" } }), null);
});

onEach("put without its condition gives null and changes nothing", async (bucket) => {
  let object = await bucket.put("a", "hello");
  const count = conditionsOn(object).length;
  for (let index = 0; index < count; index++) {
    const [onlyIf, holds] = conditionsOn(object)[index];
    const put = await bucket.put("a", "hello", { onlyIf });
    assertEquals(put !== null, holds, shown(onlyIf));
    const now = await bucket.head("a");
    assertEquals(now.version, (put ?? object).version, shown(onlyIf));
    if (put) object = put;
  }
});

onEach("conditions on an object that is not there", async (bucket) => {
  const object = await bucket.put("gone", "hello");
  for (const [onlyIf, , holds] of conditionsOn(object)) {
    if (holds === undefined) continue;
    await bucket.delete("gone");
    const put = await bucket.put("gone", "hello", { onlyIf });
    assertEquals(put !== null, holds, shown(onlyIf));
    assertEquals((await bucket.head("gone")) !== null, holds);
  }
});

onEach("of many puts that want no object to be there, one gets through", async (bucket) => {
  await bucket.delete("once");
  const puts = await Promise.all(
    Array.from({ length: 20 }, (_, index) => bucket.put("once", `${index}`, { onlyIf: { etagDoesNotMatch: "*" } })),
  );
  const through = puts.filter((put) => put !== null);
  assertEquals(through.length, 1);
  assertEquals((await bucket.head("once")).version, through[0].version);
});

onEach("a large put whose condition fails leaves the object", async (bucket) => {
  await bucket.put("a", "small");
  assertEquals(await bucket.put("a", new Uint8Array(200_000), { onlyIf: { etagMatches: "x" } }), null);
  assertEquals(await (await bucket.get("a")).text(), "small");
});

onEach("conditions and range together", async (bucket) => {
  await bucket.put("a", "hello");
  const got = await bucket.get("a", { onlyIf: { etagMatches: "x" }, range: { offset: 10 } });
  assertEquals("body" in got, false);
  assertEquals(plain(got.range), { offset: 0, length: 5 });
  const headers = new Headers({ "if-match": "*", range: "bytes=1-2" });
  assertEquals(await (await bucket.get("a", { onlyIf: headers, range: headers })).text(), "el");
});

test("conditions of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  await bucket.put("a", "hello");
  const get = (onlyIf) => bucket.get("a", { onlyIf });
  await assertRejects(
    get({ etagMatches: '"x"' }),
    TypeError,
    'Conditional ETag should not be wrapped in quotes ("x").',
  );
  await assertRejects(
    get({ etagMatches: ["x"] }),
    TypeError,
    "Incorrect type for the 'etagMatches' field on 'Conditional'",
  );
  await assertRejects(get({ etagMatches: null }), TypeError, "the provided value is not of type 'string'.");
  await assertRejects(get({ etagDoesNotMatch: 5 }), TypeError, "Incorrect type for the 'etagDoesNotMatch' field");
  await assertRejects(get({ uploadedBefore: "x" }), TypeError, "the provided value is not of type 'date'.");
  await assertRejects(get(5), TypeError, "the provided value is not of type 'Conditional or Headers'.");
  assert("body" in (await get(null)));
  for (const name of ["if-match", "if-none-match"]) {
    const header = (value) => get(new Headers({ [name]: value }));
    await assertRejects(header("abc"), Error, `Invalid ETag in ${name} header`);
    await assertRejects(header(""), Error, `Invalid ETag in ${name} header`);
    await assertRejects(header(","), Error, `Invalid ETag in ${name} header`);
    await assertRejects(header("W/abc"), Error, "Weak etags must start with W/ and their value must be quoted");
    await assertRejects(header('"abc'), Error, "Unclosed double quote for Etag");
    await assertRejects(header('"a" "b"'), Error, "Comma was expected to separate etags.");
  }
});
