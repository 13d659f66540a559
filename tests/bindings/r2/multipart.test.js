import { assert, assertEquals, assertRejects, assertThrows, test } from "../../web/harness.js";
import { assertContent, digest, hex, onEach, pattern, plain } from "./buckets.js";

const MiB = 1024 * 1024;
const gone = (method) => `${method}: The specified multipart upload does not exist. (10024)`;
const complete = (message) => `completeMultipartUpload: ${message}`;
const partMissing = complete("One or more of the specified parts could not be found. (10025)");
const tooSmall = complete("Your proposed upload is smaller than the minimum allowed object size. (10011)");
const uneven = complete("There was a problem with the multipart upload. (10048)");

const five = pattern(5 * MiB, 1);
const concatenated = async (...parts) => new Uint8Array(await new Blob(parts).arrayBuffer());

onEach("parts become one object", async (bucket) => {
  const upload = await bucket.createMultipartUpload("parts", {
    httpMetadata: { contentType: "m/p" },
    customMetadata: { x: "y" },
  });
  assertEquals(upload.key, "parts");
  assertEquals(Object.keys(upload), ["uploadId", "key"]);
  const second = await upload.uploadPart(2, pattern(5 * MiB, 2));
  const first = await upload.uploadPart(1, five);
  const third = await upload.uploadPart(3, "the end");
  assertEquals(Object.keys(first), ["partNumber", "etag"]);
  assertEquals([first.partNumber, second.partNumber, third.partNumber], [1, 2, 3]);
  await bucket.delete("parts");
  assertEquals(await bucket.head("parts"), null);
  const object = await upload.complete([first, second, third]);
  const whole = await concatenated(five, pattern(5 * MiB, 2), "the end");
  assertEquals(object.size, whole.length);
  assertEquals(plain(object.httpMetadata), { contentType: "m/p" });
  assertEquals(plain(object.customMetadata), { x: "y" });
  assertEquals(plain(object.checksums.toJSON()), {});
  const md5s = [];
  for (const part of [five, pattern(5 * MiB, 2), "the end"])
    md5s.push(await crypto.subtle.digest("MD5", typeof part === "string" ? new TextEncoder().encode(part) : part));
  assertEquals(object.etag, `${await digest("MD5", await concatenated(...md5s))}-3`);
  await assertContent(await bucket.get("parts"), whole);
  for (const [offset, length] of [
    [5 * MiB - 2, 4],
    [10 * MiB - 1, 8],
    [0, 3],
  ]) {
    const range = await bucket.get("parts", { range: { offset, length } });
    assertEquals(hex(await range.arrayBuffer()), hex(whole.slice(offset, offset + length)));
  }
  assertEquals(await (await bucket.get("parts", { range: { suffix: 3 } })).text(), "end");
});

onEach("the end of an upload", async (bucket) => {
  const upload = await bucket.createMultipartUpload("ended");
  const part = await upload.uploadPart(1, "x");
  await upload.complete([part]);
  await assertRejects(upload.complete([part]), Error, gone("completeMultipartUpload"));
  await assertRejects(upload.uploadPart(1, "x"), Error, gone("uploadPart"));
  assertEquals(await upload.abort(), undefined);
  assertEquals(await (await bucket.get("ended")).text(), "x");
  const aborted = await bucket.createMultipartUpload("ended");
  const lost = await aborted.uploadPart(1, new Uint8Array(100_000));
  assertEquals(await aborted.abort(), undefined);
  assertEquals(await aborted.abort(), undefined);
  await assertRejects(aborted.uploadPart(1, "x"), Error, gone("uploadPart"));
  await assertRejects(aborted.complete([lost]), Error, gone("completeMultipartUpload"));
  assertEquals(await (await bucket.get("ended")).text(), "x");
});

onEach("an upload is resumed by its id", async (bucket) => {
  const { uploadId } = await bucket.createMultipartUpload("resumed");
  const upload = bucket.resumeMultipartUpload("resumed", uploadId);
  assertEquals([upload.key, upload.uploadId], ["resumed", uploadId]);
  const part = await upload.uploadPart(7, "seven");
  const object = await bucket.resumeMultipartUpload("resumed", uploadId).complete([{ ...part, more: 1 }]);
  assertEquals(object.size, 5);
  assert(object.etag.endsWith("-1"));
  const other = await bucket.createMultipartUpload("resumed");
  await assertRejects(
    bucket.resumeMultipartUpload("elsewhere", other.uploadId).uploadPart(1, "x"),
    Error,
    gone("uploadPart"),
  );
  await assertRejects(bucket.resumeMultipartUpload("resumed", "bogus").uploadPart(1, "x"), Error, gone("uploadPart"));
  await other.abort();
});

onEach("a part is replaced", async (bucket) => {
  const upload = await bucket.createMultipartUpload("again");
  const old = await upload.uploadPart(1, "aa");
  const part = await upload.uploadPart(1, "bb");
  assert(old.etag !== part.etag);
  await assertRejects(upload.complete([old]), Error, partMissing);
  await upload.complete([part]);
  assertEquals(await (await bucket.get("again")).text(), "bb");
});

onEach("parts that are not named are left out", async (bucket) => {
  const upload = await bucket.createMultipartUpload("some");
  await upload.uploadPart(1, five);
  const part = await upload.uploadPart(2, "only this");
  assertEquals((await upload.complete([part])).size, 9);
  assertEquals(await (await bucket.get("some")).text(), "only this");
});

onEach("values of parts", async (bucket) => {
  const upload = await bucket.createMultipartUpload("values");
  for (const value of ["", "text", new Uint8Array(3), new Blob(["blob"]), new Response("body").body])
    assertEquals((await upload.uploadPart(1, value)).partNumber, 1);
  const part = await upload.uploadPart(1, "");
  assertEquals((await upload.complete([part])).size, 0);
  assertEquals(await (await bucket.get("values")).text(), "");
  const none = await bucket.createMultipartUpload("values");
  const object = await none.complete([]);
  assertEquals([object.size, object.etag], [0, "d41d8cd98f00b204e9800998ecf8427e-0"]);
});

onEach("rules for the sizes of parts", async (bucket) => {
  const upload = await bucket.createMultipartUpload("sizes");
  const part = {};
  for (const [number, value] of [
    [1, five],
    [2, five],
    [3, new Uint8Array(6 * MiB)],
    [4, "small"],
    [5, "smaller"],
  ])
    part[number] = await upload.uploadPart(number, value);
  await assertRejects(upload.complete([part[4], part[5]]), Error, tooSmall);
  await assertRejects(upload.complete([part[4], part[1]]), Error, tooSmall);
  await assertRejects(upload.complete([part[1], part[3], part[4]]), Error, uneven);
  await assertRejects(upload.complete([part[1], part[3]]), Error, uneven);
  await assertRejects(upload.complete([part[1], { partNumber: 9, etag: part[1].etag }]), Error, partMissing);
  await assertRejects(upload.complete([part[1], { partNumber: 2, etag: "x" }]), Error, partMissing);
  await assertRejects(upload.complete([part[1], part[1]]), Error, complete("We encountered an internal error."));
  assertEquals((await upload.complete([part[1], part[2]])).size, 10 * MiB);
});

test("multipart arguments of the wrong form", async ({ env: { R2_FIRST: bucket } }) => {
  const upload = await bucket.createMultipartUpload("forms");
  for (const number of [0, -1, 10001, "x"])
    await assertRejects(
      upload.uploadPart(number, "x"),
      TypeError,
      `Part number must be between 1 and 10000 (inclusive). Actual value was: ${Number(number) || 0}`,
    );
  const failed = (method) => `Failed to execute '${method}' on 'R2MultipartUpload': `;
  await assertRejects(upload.uploadPart(), TypeError, `${failed("uploadPart")}parameter 1 is not of type 'integer'.`);
  for (const args of [[1], [1, 5], [1, null]])
    await assertRejects(upload.uploadPart(...args), TypeError, `${failed("uploadPart")}parameter 2 is not of type`);
  await assertRejects(upload.uploadPart(1, "x", 5), TypeError, "parameter 3 is not of type 'UploadPartOptions'.");
  await assertRejects(
    upload.uploadPart(1, new ReadableStream({ pull: (c) => c.close() })),
    TypeError,
    "Provided readable stream must have a known length",
  );
  await assertRejects(upload.complete(), TypeError, `${failed("complete")}parameter 1 is not of type 'Array'.`);
  await assertRejects(upload.complete([5]), TypeError, "Incorrect type for array element 0");
  await assertRejects(upload.complete([{ etag: "x" }]), TypeError, "Part number must be between 1 and 10000");
  await upload.abort();
  const create = "Failed to execute 'createMultipartUpload' on 'R2Bucket': parameter ";
  await assertRejects(bucket.createMultipartUpload(), TypeError, `${create}1 is not of type 'string'.`);
  await assertRejects(bucket.createMultipartUpload("k", 5), TypeError, `${create}2 is not of type 'MultipartOptions'.`);
  const resume = "Failed to execute 'resumeMultipartUpload' on 'R2Bucket': parameter ";
  assertThrows(() => bucket.resumeMultipartUpload(), TypeError, `${resume}1 is not of type 'string'.`);
  assertThrows(() => bucket.resumeMultipartUpload("k"), TypeError, `${resume}2 is not of type 'string'.`);
});

onEach(
  "an upload under a customer's key",
  async (bucket) => {
    const ssecKey = new Uint8Array(32).fill(7);
    const upload = await bucket.createMultipartUpload("sealed", { ssecKey, storageClass: "InfrequentAccess" });
    await assertRejects(upload.uploadPart(1, "x"), Error, "uploadPart: The object is encrypted");
    await assertRejects(
      upload.uploadPart(1, "x", { ssecKey: new Uint8Array(32) }),
      Error,
      "uploadPart: The customer-provided",
    );
    const first = await upload.uploadPart(1, five, { ssecKey });
    const second = await upload.uploadPart(2, "end", { ssecKey });
    const object = await upload.complete([first, second]);
    assertEquals([object.size, object.storageClass], [5 * MiB + 3, "InfrequentAccess"]);
    assertEquals(object.ssecKeyMd5, await digest("MD5", ssecKey));
    await assertRejects(bucket.get("sealed"), Error, "get: The object is encrypted");
    await assertContent(await bucket.get("sealed", { ssecKey }), await concatenated(five, "end"));
    const range = { offset: 5 * MiB - 3, length: 5 };
    const part = await bucket.get("sealed", { ssecKey, range });
    assertEquals(hex(await part.arrayBuffer()), hex((await concatenated(five, "end")).slice(-6, -1)));
  },
  { workerd: "miniflare does not encrypt" },
);
