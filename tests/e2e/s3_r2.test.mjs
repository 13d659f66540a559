// Of the S3 API what R2's table of compatibility (developers.cloudflare.com/r2/api/s3/api/) and its extensions name beyond the everyday:
// checksums that are kept, parts by number, the delimiter of uploads, conditions of a copy's destination, MERGE, lists of buckets.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import test, { after, before } from "node:test";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  GetBucketEncryptionCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { client, startS3 } from "./s3/start.mjs";

const Bucket = "objects";
const MiB = 1024 * 1024;
const ChecksumMode = "ENABLED";
const named = (name, code) => (error) => error.name === name && error.$metadata?.httpStatusCode === code;
const base64 = (algorithm, data) => createHash(algorithm).update(data).digest("base64");
// Reflected CRCs: Node has none of 64 bits.
function crcOf(bits, polynomial) {
  const ones = (1n << BigInt(bits)) - 1n;
  const table = Array.from({ length: 256 }, (_, octet) => {
    let value = BigInt(octet);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ polynomial : value >> 1n;
    return value;
  });
  return (data) => {
    let value = ones;
    for (const octet of data) value = table[Number(value & 0xffn) ^ octet] ^ (value >> 8n);
    return Buffer.from((value ^ ones).toString(16).padStart(bits / 4, "0"), "hex").toString("base64");
  };
}
const crc32Of = crcOf(32, 0xedb88320n);
const crc64Of = crcOf(64, 0x9a6c9329ac4bc9b5n);

let server;
let s3;
const send = (Command, input) => s3.send(new Command(input));
const put = (Key, Body, more = {}) => send(PutObjectCommand, { Bucket, Key, Body, ...more });
const get = (Key, more = {}) => send(GetObjectCommand, { Bucket, Key, ...more });
const head = (Key, more = {}) => send(HeadObjectCommand, { Bucket, Key, ...more });

/** The same client, with headers that the SDK does not know. */
function withHeaders(headers) {
  const other = client(server);
  other.middlewareStack.add((next) => (args) => (Object.assign(args.request.headers, headers), next(args)), {
    step: "build",
  });
  return { send: (Command, input) => other.send(new Command(input)) };
}

async function upload(Key, parts, settings = {}, perPart = () => ({})) {
  const { UploadId, ...made } = await send(CreateMultipartUploadCommand, { Bucket, Key, ...settings });
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const sent = await send(UploadPartCommand, {
      Bucket,
      Key,
      UploadId,
      PartNumber: index + 1,
      Body,
      ChecksumAlgorithm: settings.ChecksumAlgorithm,
      ...perPart(Body),
    });
    const checksums = Object.fromEntries(Object.entries(sent).filter(([name]) => /^Checksum(CRC|SHA)/.test(name)));
    Parts.push({ PartNumber: index + 1, ETag: sent.ETag, ...checksums });
  }
  const complete = (more = {}, list = Parts) =>
    send(CompleteMultipartUploadCommand, { Bucket, Key, UploadId, MultipartUpload: { Parts: list }, ...more });
  return { UploadId, Parts, made, complete };
}

before(async () => {
  server = await startS3();
  s3 = client(server);
  await send(CreateBucketCommand, { Bucket });
});
after(() => server?.stop());

test("a checksum that came with an object is kept, and told to those who ask", async () => {
  const digits = "123456789";
  const known = {
    CRC32: "y/Q5Jg==",
    CRC32C: "4waSgw==",
    CRC64NVME: "rosUhgp5mIg=",
    SHA1: base64("sha1", digits),
    SHA256: base64("sha256", digits),
  };
  for (const [name, value] of Object.entries(known)) {
    const made = await put(name, digits, { [`Checksum${name}`]: value });
    assert.deepEqual([made[`Checksum${name}`], made.ChecksumType], [value, "FULL_OBJECT"]);
    const headed = await head(name, { ChecksumMode });
    assert.deepEqual([headed[`Checksum${name}`], headed.ChecksumType], [value, "FULL_OBJECT"]);
    const got = await get(name, { ChecksumMode });
    assert.equal(got[`Checksum${name}`], value);
    assert.equal(await got.Body.transformToString(), digits);
    assert.equal((await head(name))[`Checksum${name}`], undefined, "not when nobody asks");
    assert.equal((await get(name, { ChecksumMode, Range: "bytes=0-3" }))[`Checksum${name}`], undefined);
    await send(CopyObjectCommand, { Bucket, Key: "copy", CopySource: `${Bucket}/${name}` });
    assert.equal((await head("copy", { ChecksumMode }))[`Checksum${name}`], value);
    const listed = await send(ListObjectsV2Command, { Bucket, Prefix: name });
    assert.deepEqual(listed.Contents.find(({ Key }) => Key === name).ChecksumAlgorithm, [name]);
    await put(name, "other", { [`Checksum${name}`]: known[name === "SHA1" ? "SHA256" : "SHA1"] }).then(
      assert.fail,
      (error) => assert.equal(error.$metadata.httpStatusCode, 400),
    );
  }
});

test("parts' checksums: of all of them together (COMPOSITE), and CRC64NVME of the object", async () => {
  const parts = [randomBytes(5 * MiB), randomBytes(1000)];
  const { Parts, made, complete, UploadId } = await upload("composite", parts, { ChecksumAlgorithm: "SHA256" });
  assert.deepEqual([made.ChecksumAlgorithm, made.ChecksumType], ["SHA256", "COMPOSITE"]);
  assert.equal(Parts[0].ChecksumSHA256, base64("sha256", parts[0]));
  const listed = await send(ListPartsCommand, { Bucket, Key: "composite", UploadId });
  assert.equal(listed.ChecksumAlgorithm, "SHA256");
  assert.deepEqual(
    listed.Parts.map((part) => part.ChecksumSHA256),
    parts.map((part) => base64("sha256", part)),
  );
  const wrong = [Parts[0], { ...Parts[1], ChecksumSHA256: Parts[0].ChecksumSHA256 }];
  await assert.rejects(complete({}, wrong), named("InvalidPart", 400));
  await assert.rejects(complete({ MpuObjectSize: 5 }), named("InvalidPart", 400));
  const done = await complete({ MpuObjectSize: 5 * MiB + 1000 });
  const digests = parts.map((part) => createHash("sha256").update(part).digest());
  const expected = `${base64("sha256", Buffer.concat(digests))}-2`;
  assert.deepEqual([done.ChecksumSHA256, done.ChecksumType], [expected, "COMPOSITE"]);
  const headed = await head("composite", { ChecksumMode });
  assert.deepEqual([headed.ChecksumSHA256, headed.ChecksumType], [expected, "COMPOSITE"]);

  const crc = await upload("composite-crc", parts, { ChecksumAlgorithm: "CRC32" });
  assert.equal(crc.Parts[0].ChecksumCRC32, crc32Of(parts[0]));
  const crcs = Buffer.concat(parts.map((part) => Buffer.from(crc32Of(part), "base64")));
  assert.equal((await crc.complete()).ChecksumCRC32, `${crc32Of(crcs)}-2`);

  const whole = await upload("whole", parts, { ChecksumAlgorithm: "CRC64NVME" }, (part) => ({
    ChecksumAlgorithm: undefined,
    ChecksumCRC64NVME: crc64Of(part),
  }));
  await assert.rejects(whole.complete({ ChecksumCRC64NVME: "AAAAAAAAAAA=" }), named("BadDigest", 400));
  const ofAll = crc64Of(Buffer.concat(parts));
  const completed = await whole.complete({ ChecksumCRC64NVME: ofAll });
  assert.deepEqual([completed.ChecksumCRC64NVME, completed.ChecksumType], [ofAll, "FULL_OBJECT"]);
});

test("the types that R2 does not have for an algorithm are refused", async () => {
  for (const [ChecksumAlgorithm, ChecksumType] of [
    ["CRC64NVME", "COMPOSITE"],
    ["CRC32", "FULL_OBJECT"],
    ["CRC32C", "FULL_OBJECT"],
    ["SHA1", "FULL_OBJECT"],
    ["SHA256", "FULL_OBJECT"],
  ])
    await assert.rejects(
      send(CreateMultipartUploadCommand, { Bucket, Key: "refused", ChecksumAlgorithm, ChecksumType }),
      named("InvalidRequest", 400),
    );
});

test("parts by number, of GetObject and HeadObject", async () => {
  const parts = [randomBytes(5 * MiB), randomBytes(5 * MiB), randomBytes(1000)];
  await (await upload("parts", parts)).complete();
  for (const [index, part] of parts.entries()) {
    const first = index * 5 * MiB;
    const range = `bytes ${first}-${first + part.length - 1}/${10 * MiB + 1000}`;
    const got = await get("parts", { PartNumber: index + 1 });
    assert.deepEqual(Buffer.from(await got.Body.transformToByteArray()), part);
    const headed = await head("parts", { PartNumber: index + 1 });
    for (const answer of [got, headed])
      assert.deepEqual(
        [answer.$metadata.httpStatusCode, answer.ContentRange, answer.ContentLength, answer.PartsCount],
        [206, range, part.length, 3],
      );
  }
  await assert.rejects(get("parts", { PartNumber: 4 }), (error) => error.$metadata.httpStatusCode === 416);
  await assert.rejects(head("parts", { PartNumber: 4 }), (error) => error.$metadata.httpStatusCode === 416);
  await assert.rejects(get("parts", { PartNumber: 1, Range: "bytes=0-1" }), named("InvalidRequest", 400));
  await assert.rejects(get("parts", { PartNumber: 10_001 }), named("InvalidArgument", 400));
  // What was put at once is one part.
  await put("single", "abc");
  const single = await get("single", { PartNumber: 1 });
  assert.deepEqual([await single.Body.transformToString(), single.ContentRange], ["abc", "bytes 0-2/3"]);
  assert.equal(single.PartsCount, undefined);
  await assert.rejects(get("single", { PartNumber: 2 }), (error) => error.$metadata.httpStatusCode === 416);
  await put("nothing", "");
  assert.equal((await get("nothing", { PartNumber: 1 })).ContentLength, 0);
});

test("uploads are listed with a delimiter, in pages", async () => {
  const keys = ["a", "b/1", "b/2", "b/3/x", "c/1", "d"];
  const uploads = [];
  for (const Key of keys) uploads.push((await send(CreateMultipartUploadCommand, { Bucket, Key })).UploadId);
  const list = (more) => send(ListMultipartUploadsCommand, { Bucket, Delimiter: "/", ...more });
  const seen = ({ Uploads = [], CommonPrefixes = [] }) => [
    Uploads.map(({ Key }) => Key),
    CommonPrefixes.map(({ Prefix }) => Prefix),
  ];
  assert.deepEqual(seen(await list({})), [
    ["a", "d"],
    ["b/", "c/"],
  ]);
  assert.deepEqual(seen(await list({ Prefix: "b/" })), [["b/1", "b/2"], ["b/3/"]]);
  const pages = [];
  for (
    let page, more = {};
    !page || page.IsTruncated;
    more = { KeyMarker: page.NextKeyMarker, UploadIdMarker: page.NextUploadIdMarker || undefined }
  ) {
    page = await list({ MaxUploads: 1, ...more });
    pages.push(seen(page).flat().join());
  }
  assert.deepEqual(pages, ["a", "b/", "c/", "d"]);
  for (const [index, Key] of keys.entries())
    await send(AbortMultipartUploadCommand, { Bucket, Key, UploadId: uploads[index] });
});

test("a copy asks about its destination, and can merge metadata", async () => {
  await put("from", "new", { ContentType: "a/from", CacheControl: "no-store", Metadata: { a: "1", b: "1" } });
  await put("to", "old");
  const copy = { Bucket, Key: "to", CopySource: `${Bucket}/from` };
  const { ETag } = await head("to");
  for (const headers of [
    { "cf-copy-destination-if-match": '"0"' },
    { "cf-copy-destination-if-none-match": ETag },
    { "cf-copy-destination-if-none-match": "*" },
    { "cf-copy-destination-if-modified-since": new Date(Date.now() + 60_000).toUTCString() },
    { "cf-copy-destination-if-unmodified-since": new Date(0).toUTCString() },
  ])
    await assert.rejects(
      withHeaders(headers).send(CopyObjectCommand, copy),
      named("PreconditionFailed", 412),
      JSON.stringify(headers),
    );
  assert.equal(await (await get("to")).Body.transformToString(), "old");
  await withHeaders({ "cf-copy-destination-if-match": ETag }).send(CopyObjectCommand, copy);
  assert.equal(await (await get("to")).Body.transformToString(), "new");

  await withHeaders({ "x-amz-metadata-directive": "MERGE" }).send(CopyObjectCommand, {
    ...copy,
    ContentType: "a/to",
    Metadata: { b: "2", c: "2" },
    StorageClass: "STANDARD_IA",
  });
  const merged = await head("to");
  assert.deepEqual(
    [merged.ContentType, merged.CacheControl, merged.Metadata, merged.StorageClass],
    ["a/to", "no-store", { a: "1", b: "2", c: "2" }, "STANDARD_IA"],
  );
});

test("conditions of a copied part's source", async () => {
  await put("from", "octets");
  const { ETag } = await head("from");
  const { UploadId } = await send(CreateMultipartUploadCommand, { Bucket, Key: "parted" });
  const part = (more) =>
    send(UploadPartCopyCommand, {
      Bucket,
      Key: "parted",
      UploadId,
      PartNumber: 1,
      CopySource: `${Bucket}/from`,
      ...more,
    });
  await assert.rejects(part({ CopySourceIfNoneMatch: ETag }), named("PreconditionFailed", 412));
  await assert.rejects(part({ CopySourceRange: "bytes=100-200" }), (error) => error.$metadata.httpStatusCode === 416);
  assert.equal((await part({ CopySourceIfMatch: ETag })).CopyPartResult.ETag, ETag);
  await send(AbortMultipartUploadCommand, { Bucket, Key: "parted", UploadId });
});

test("a bucket that is missing is made by the first write that asks for it", async () => {
  const creating = withHeaders({ "cf-create-bucket-if-missing": "true" });
  await assert.rejects(send(PutObjectCommand, { Bucket: "not-yet", Key: "a", Body: "x" }), named("NoSuchBucket", 404));
  await creating.send(PutObjectCommand, { Bucket: "not-yet", Key: "a", Body: "x" });
  await creating.send(PutObjectCommand, { Bucket: "not-yet", Key: "b", Body: "y" });
  const { Contents } = await send(ListObjectsV2Command, { Bucket: "not-yet" });
  assert.deepEqual(
    Contents.map(({ Key }) => Key),
    ["a", "b"],
  );
  const { UploadId } = await creating.send(CreateMultipartUploadCommand, { Bucket: "not-yet-2", Key: "a" });
  assert.match(UploadId, /^[0-9a-f]+$/);
  const restricted = client(server, "one");
  restricted.middlewareStack.add(
    (next) => (args) => ((args.request.headers["cf-create-bucket-if-missing"] = "true"), next(args)),
    { step: "build" },
  );
  await assert.rejects(
    restricted.send(new PutObjectCommand({ Bucket: "not-mine", Key: "a", Body: "x" })),
    named("AccessDenied", 403),
  );
});

test("buckets in pages, by prefix, for both kinds of client", async () => {
  for (const name of ["page-1", "page-2", "page-3"]) await send(CreateBucketCommand, { Bucket: name });
  const names = (answer) => answer.Buckets.map(({ Name }) => Name);
  const first = await send(ListBucketsCommand, { Prefix: "page-", MaxBuckets: 2 });
  assert.deepEqual(names(first), ["page-1", "page-2"]);
  const second = await send(ListBucketsCommand, {
    Prefix: "page-",
    MaxBuckets: 2,
    ContinuationToken: first.ContinuationToken,
  });
  assert.deepEqual([names(second), second.ContinuationToken], [["page-3"], undefined]);
  const listing = withHeaders({ "cf-prefix": "page-", "cf-max-keys": "1", "cf-start-after": "page-1" });
  assert.deepEqual(names(await listing.send(ListBucketsCommand, {})), ["page-2"]);
});

test("a bucket's place is one of R2's, and there is no encryption to tell of", async () => {
  const make = (LocationConstraint) =>
    send(CreateBucketCommand, {
      Bucket: `placed-${LocationConstraint}`,
      CreateBucketConfiguration: { LocationConstraint },
    });
  await make("auto");
  await make("weur");
  await assert.rejects(make("eu-west-1"), named("InvalidRegionName", 400));
  await assert.rejects(
    send(GetBucketEncryptionCommand, { Bucket }),
    named("ServerSideEncryptionConfigurationNotFoundError", 404),
  );
});

test("metadata that no header can carry is counted", async () => {
  await fetch(new URL("/counted", server.url), { method: "PUT", body: "x" });
  const answer = await send(HeadObjectCommand, { Bucket: "configured", Key: "counted" });
  assert.deepEqual([answer.Metadata, answer.MissingMeta], [{ from: "here" }, 1]);
});

test("parts that are not of one size are refused as R2 says", async () => {
  const { complete } = await upload("uneven", [randomBytes(6 * MiB), randomBytes(5 * MiB), randomBytes(10)]);
  await assert.rejects(complete(), named("InvalidPart", 400));
  const short = await upload("short", [randomBytes(1000), randomBytes(1000)]);
  await assert.rejects(short.complete(), named("EntityTooSmall", 400));
});
