// The S3 API as Amazon's own JavaScript client uses it.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import test, { after, before } from "node:test";
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateBucketCommand,
  CreateMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteBucketCorsCommand,
  DeleteBucketEncryptionCommand,
  DeleteBucketLifecycleCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetBucketAclCommand,
  GetBucketCorsCommand,
  GetBucketEncryptionCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketLocationCommand,
  GetBucketLoggingCommand,
  GetBucketNotificationConfigurationCommand,
  GetBucketPolicyCommand,
  GetBucketReplicationCommand,
  GetBucketTaggingCommand,
  GetBucketVersioningCommand,
  GetBucketWebsiteCommand,
  GetObjectAclCommand,
  GetObjectCommand,
  GetObjectLegalHoldCommand,
  GetObjectLockConfigurationCommand,
  GetObjectRetentionCommand,
  GetObjectTaggingCommand,
  GetPublicAccessBlockCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListBucketsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  ListObjectsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
  paginateListObjectsV2,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
} from "@aws-sdk/client-s3";
import { getSignedUrl } from "@aws-sdk/s3-request-presigner";
import { client, startS3 } from "./s3/start.mjs";

const Bucket = "objects";
const awkwardKeys = [
  "a b/c+d",
  "ü/雪 😀",
  "100%/%41",
  "?q=1&x#y",
  "quote\"<&>'",
  "//slashes//",
  "dots/../x",
  "semi;colon=:@",
  "~tilde_-.*()!",
];
const md5 = (data) => createHash("md5").update(data).digest("hex");
const MiB = 1024 * 1024;

let server;
let s3;
const send = (Command, input) => s3.send(new Command(input));
const put = (Key, Body, more = {}) => send(PutObjectCommand, { Bucket, Key, Body, ...more });
const text = async (Key, more = {}) =>
  (await send(GetObjectCommand, { Bucket, Key, ...more })).Body.transformToString();
const status = (code) => (error) => error.$metadata?.httpStatusCode === code;
const named = (name, code) => (error) => error.name === name && error.$metadata?.httpStatusCode === code;
const empty = async (bucket = Bucket) => {
  for await (const { Contents = [] } of paginateListObjectsV2({ client: s3 }, { Bucket: bucket }))
    if (Contents.length > 0)
      await send(DeleteObjectsCommand, { Bucket: bucket, Delete: { Objects: Contents.map(({ Key }) => ({ Key })) } });
};

before(async () => {
  server = await startS3();
  s3 = client(server);
  await send(CreateBucketCommand, { Bucket });
});
after(() => server?.stop());

test("buckets are made, listed, found and deleted", async () => {
  await send(CreateBucketCommand, { Bucket: "another" });
  const names = async () => (await send(ListBucketsCommand, {})).Buckets.map(({ Name }) => Name);
  assert.deepEqual(await names(), ["another", "configured", "objects"]);
  assert.equal((await send(HeadBucketCommand, { Bucket: "another" })).$metadata.httpStatusCode, 200);
  await assert.rejects(send(CreateBucketCommand, { Bucket: "another" }), named("BucketAlreadyOwnedByYou", 409));
  await assert.rejects(send(CreateBucketCommand, { Bucket: "Not_a_name" }), named("InvalidBucketName", 400));
  await send(PutObjectCommand, { Bucket: "another", Key: "x", Body: "x" });
  await assert.rejects(send(DeleteBucketCommand, { Bucket: "another" }), named("BucketNotEmpty", 409));
  await send(DeleteObjectCommand, { Bucket: "another", Key: "x" });
  await send(DeleteBucketCommand, { Bucket: "another" });
  assert.deepEqual(await names(), ["configured", "objects"]);
  await assert.rejects(send(HeadBucketCommand, { Bucket: "another" }), status(404));
  await assert.rejects(send(ListObjectsV2Command, { Bucket: "another" }), named("NoSuchBucket", 404));
  assert.equal((await send(GetBucketLocationCommand, { Bucket })).LocationConstraint, undefined);
  assert.equal((await send(GetBucketVersioningCommand, { Bucket })).Status, undefined);
});

test("objects with every awkward key go in and out", async () => {
  for (const key of awkwardKeys) {
    const { ETag } = await put(key, `value of ${key}`);
    assert.equal(ETag, `"${md5(`value of ${key}`)}"`);
    assert.equal(await text(key), `value of ${key}`, key);
  }
  const { Contents, KeyCount } = await send(ListObjectsV2Command, { Bucket });
  assert.equal(KeyCount, awkwardKeys.length);
  assert.deepEqual(Contents.map(({ Key }) => Key).sort(), [...awkwardKeys].sort());
  const encoded = await send(ListObjectsV2Command, { Bucket, EncodingType: "url" });
  assert.deepEqual(encoded.Contents.map(({ Key }) => decodeURIComponent(Key)).sort(), [...awkwardKeys].sort());
  const deleted = await send(DeleteObjectsCommand, {
    Bucket,
    Delete: { Objects: awkwardKeys.map((Key) => ({ Key })) },
  });
  assert.deepEqual(deleted.Deleted.map(({ Key }) => Key).sort(), [...awkwardKeys].sort());
  assert.equal((await send(ListObjectsV2Command, { Bucket })).KeyCount, 0);
  await assert.rejects(text("a b/c+d"), named("NoSuchKey", 404));
  await assert.rejects(put("k".repeat(1025), "x"), named("InvalidObjectName", 400));
});

test("metadata is kept", async () => {
  const metadata = {
    ContentType: "text/x-test; charset=utf-8",
    ContentLanguage: "de",
    ContentDisposition: 'attachment; filename="x"',
    ContentEncoding: "identity",
    CacheControl: "max-age=60",
    Metadata: { one: "1", "two-words": "a b  c" },
    StorageClass: "STANDARD_IA",
  };
  const Expires = new Date("2030-01-02T03:04:05Z");
  await put("meta", "x", { ...metadata, Expires });
  for (const Command of [HeadObjectCommand, GetObjectCommand]) {
    const found = await send(Command, { Bucket, Key: "meta" });
    found.Body?.destroy();
    for (const [name, value] of Object.entries(metadata)) assert.deepEqual(found[name], value, name);
    assert.equal(found.ExpiresString, Expires.toUTCString());
    assert.equal(found.ContentLength, 1);
    assert.ok(Math.abs(found.LastModified - Date.now()) < 60_000);
  }
  const other = await send(GetObjectCommand, {
    Bucket,
    Key: "meta",
    ResponseContentType: "a/b",
    ResponseCacheControl: "no-store",
  });
  other.Body.destroy();
  assert.deepEqual([other.ContentType, other.CacheControl, other.ContentLanguage], ["a/b", "no-store", "de"]);
  await assert.rejects(put("meta", "x", { Metadata: { big: "v".repeat(8192) } }), named("MetadataTooLarge", 400));
});

test("the binding and the S3 API see the same objects", async () => {
  await server.fetch("/from%20worker", { method: "PUT", body: "W", headers: { "content-type": "a/w" } });
  const found = await send(GetObjectCommand, { Bucket: "configured", Key: "from worker" });
  assert.equal(await found.Body.transformToString(), "W");
  assert.equal(found.ContentType, "a/w");
  assert.equal(Buffer.from(/\?B\?(.*)\?=/.exec(found.Metadata.from)[1], "base64").toString(), "worker é");
  await send(PutObjectCommand, {
    Bucket: "configured",
    Key: "from s3",
    Body: "S",
    ContentType: "a/s",
    Metadata: { from: "s3" },
  });
  assert.deepEqual(await server.json("/from%20s3"), { text: "S", from: "s3", contentType: "a/s" });
});

test("ranges", async () => {
  await put("range", "0123456789");
  for (const [Range, expected, contentRange] of [
    ["bytes=0-0", "0", "bytes 0-0/10"],
    ["bytes=2-5", "2345", "bytes 2-5/10"],
    ["bytes=7-", "789", "bytes 7-9/10"],
    ["bytes=-3", "789", "bytes 7-9/10"],
    ["bytes=5-100", "56789", "bytes 5-9/10"],
    ["bytes=-100", "0123456789", "bytes 0-9/10"],
  ]) {
    const found = await send(GetObjectCommand, { Bucket, Key: "range", Range });
    assert.equal(await found.Body.transformToString(), expected, Range);
    assert.deepEqual([found.ContentRange, found.$metadata.httpStatusCode], [contentRange, 206]);
  }
  for (const Range of ["bytes=5-2", "bytes=x", "items=1-2", "bytes=0-1,3-4"])
    assert.equal(await text("range", { Range }), "0123456789", Range);
  for (const Range of ["bytes=10-", "bytes=100-200", "bytes=-0"])
    await assert.rejects(send(GetObjectCommand, { Bucket, Key: "range", Range }), status(416), Range);
});

test("conditions", async () => {
  const { ETag } = await put("conditional", "x");
  const past = new Date(Date.now() - 3600_000);
  const future = new Date(Date.now() + 3600_000);
  for (const Command of [GetObjectCommand, HeadObjectCommand]) {
    const get = (conditions) => send(Command, { Bucket, Key: "conditional", ...conditions });
    for (const good of [
      { IfMatch: ETag },
      { IfNoneMatch: '"x"' },
      { IfModifiedSince: past },
      { IfUnmodifiedSince: future },
      { IfMatch: "*" },
    ])
      (await get(good)).Body?.destroy();
    for (const [bad, code] of [
      [{ IfMatch: '"x"' }, 412],
      [{ IfNoneMatch: ETag }, 304],
      [{ IfNoneMatch: "*" }, 304],
      [{ IfModifiedSince: future }, 304],
      [{ IfUnmodifiedSince: past }, 412],
      [{ IfMatch: '"x"', IfNoneMatch: ETag }, 412],
    ])
      await assert.rejects(get(bad), status(code), JSON.stringify(bad));
  }
  await assert.rejects(put("conditional", "y", { IfNoneMatch: "*" }), named("PreconditionFailed", 412));
  await assert.rejects(put("conditional", "y", { IfMatch: '"other"' }), named("PreconditionFailed", 412));
  await put("conditional", "y", { IfMatch: ETag });
  await put("unconditional", "z", { IfNoneMatch: "*" });
  assert.deepEqual([await text("conditional"), await text("unconditional")], ["y", "z"]);
});

test("lists: prefixes, delimiters, pages, both versions", async () => {
  await empty();
  const keys = ["a", "a/1", "a/2", "a/b/3", "b/1", "b/2", "c"];
  for (const key of keys) await put(key, key);
  const list = async (input) => {
    const { Contents = [], CommonPrefixes = [] } = await send(ListObjectsV2Command, { Bucket, ...input });
    return [Contents.map(({ Key }) => Key), CommonPrefixes.map(({ Prefix }) => Prefix)];
  };
  assert.deepEqual(await list({}), [keys, []]);
  assert.deepEqual(await list({ Delimiter: "/" }), [
    ["a", "c"],
    ["a/", "b/"],
  ]);
  assert.deepEqual(await list({ Prefix: "a/", Delimiter: "/" }), [["a/1", "a/2"], ["a/b/"]]);
  assert.deepEqual(await list({ StartAfter: "a/2" }), [keys.slice(3), []]);
  assert.deepEqual(await list({ MaxKeys: 0 }), [[], []]);
  for (const MaxKeys of [1, 2, 3]) {
    const found = [];
    for await (const page of paginateListObjectsV2({ client: s3 }, { Bucket, Delimiter: "/", MaxKeys })) {
      assert.ok(page.KeyCount <= MaxKeys);
      found.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
    }
    assert.deepEqual(found.sort(), ["a", "a/", "b/", "c"]);
    const old = [];
    for (let Marker, more = true; more;) {
      const page = await send(ListObjectsCommand, { Bucket, Delimiter: "/", MaxKeys, Marker });
      old.push(
        ...(page.Contents ?? []).map(({ Key }) => Key),
        ...(page.CommonPrefixes ?? []).map(({ Prefix }) => Prefix),
      );
      more = page.IsTruncated;
      Marker = page.NextMarker;
    }
    assert.deepEqual(old.sort(), ["a", "a/", "b/", "c"]);
  }
  const { Contents } = await send(ListObjectsCommand, { Bucket, Marker: "b/1" });
  assert.deepEqual(
    Contents.map(({ Key, Size }) => [Key, Size]),
    [
      ["b/2", 3],
      ["c", 1],
    ],
  );
  assert.equal(Contents[0].ETag, `"${md5("b/2")}"`);
});

test("copies, with and without their metadata", async () => {
  await put("source +ü", "copied", { ContentType: "a/source", Metadata: { from: "source" } });
  const CopySource = `${Bucket}/${encodeURIComponent("source +ü")}`;
  const copied = await send(CopyObjectCommand, { Bucket, Key: "copy", CopySource });
  assert.equal(copied.CopyObjectResult.ETag, `"${md5("copied")}"`);
  const first = await send(HeadObjectCommand, { Bucket, Key: "copy" });
  assert.deepEqual([first.ContentType, first.Metadata], ["a/source", { from: "source" }]);
  await send(CopyObjectCommand, {
    Bucket: "configured",
    Key: "copy",
    CopySource,
    MetadataDirective: "REPLACE",
    ContentType: "a/new",
  });
  const second = await send(HeadObjectCommand, { Bucket: "configured", Key: "copy" });
  assert.deepEqual([second.ContentType, second.Metadata], ["a/new", {}]);
  await send(CopyObjectCommand, {
    Bucket,
    Key: "source +ü",
    CopySource,
    MetadataDirective: "REPLACE",
    ContentType: "a/changed",
  });
  assert.equal((await send(HeadObjectCommand, { Bucket, Key: "source +ü" })).ContentType, "a/changed");
  assert.equal(await text("source +ü"), "copied");
  await assert.rejects(
    send(CopyObjectCommand, { Bucket, Key: "x", CopySource: `${Bucket}/missing` }),
    named("NoSuchKey", 404),
  );
  await assert.rejects(
    send(CopyObjectCommand, { Bucket, Key: "x", CopySource: "nowhere/x" }),
    named("NoSuchBucket", 404),
  );
  await assert.rejects(
    send(CopyObjectCommand, { Bucket, Key: "x", CopySource, CopySourceIfMatch: '"x"' }),
    status(412),
  );
});

test("multipart uploads", async () => {
  const parts = [randomBytes(5 * MiB), randomBytes(5 * MiB), randomBytes(1000)];
  const Key = "big file";
  const { UploadId } = await send(CreateMultipartUploadCommand, {
    Bucket,
    Key,
    ContentType: "a/big",
    Metadata: { m: "1" },
  });
  const listed = await send(ListMultipartUploadsCommand, { Bucket });
  assert.deepEqual(
    listed.Uploads.map((upload) => [upload.Key, upload.UploadId]),
    [[Key, UploadId]],
  );
  const Parts = [];
  for (const [index, Body] of parts.entries()) {
    const { ETag } = await send(UploadPartCommand, { Bucket, Key, UploadId, PartNumber: index + 1, Body });
    assert.equal(ETag, `"${md5(Body)}"`);
    Parts.push({ ETag, PartNumber: index + 1 });
  }
  const found = await send(ListPartsCommand, { Bucket, Key, UploadId, MaxParts: 2 });
  assert.deepEqual(
    found.Parts.map(({ PartNumber, Size }) => [PartNumber, Size]),
    [
      [1, 5 * MiB],
      [2, 5 * MiB],
    ],
  );
  assert.deepEqual([found.IsTruncated, found.NextPartNumberMarker], [true, "2"]);
  const complete = (list) =>
    send(CompleteMultipartUploadCommand, { Bucket, Key, UploadId, MultipartUpload: { Parts: list } });
  await assert.rejects(complete(Parts.toReversed()), named("InvalidPartOrder", 400));
  await assert.rejects(complete([{ ...Parts[0], ETag: `"${"0".repeat(32)}"` }]), named("InvalidPart", 400));
  const { ETag } = await complete(Parts);
  const whole = createHash("md5");
  for (const part of parts) whole.update(createHash("md5").update(part).digest());
  assert.equal(ETag, `"${whole.digest("hex")}-3"`);
  const object = await send(GetObjectCommand, { Bucket, Key });
  assert.deepEqual([object.ContentType, object.Metadata.m, object.ContentLength], ["a/big", "1", 10 * MiB + 1000]);
  assert.equal(md5(await object.Body.transformToByteArray()), md5(Buffer.concat(parts)));
  await assert.rejects(complete(Parts), named("NoSuchUpload", 404));
  const crossing = await send(GetObjectCommand, { Bucket, Key, Range: `bytes=${5 * MiB - 10}-${5 * MiB + 9}` });
  assert.deepEqual(
    Buffer.from(await crossing.Body.transformToByteArray()),
    Buffer.concat(parts).subarray(5 * MiB - 10, 5 * MiB + 10),
  );

  // Parts by copy, whole and in part.
  const again = await send(CreateMultipartUploadCommand, { Bucket, Key: "copied" });
  const id = { Bucket, Key: "copied", UploadId: again.UploadId };
  const CopySource = `${Bucket}/${encodeURIComponent(Key)}`;
  const one = await send(UploadPartCopyCommand, {
    ...id,
    PartNumber: 1,
    CopySource,
    CopySourceRange: `bytes=0-${5 * MiB - 1}`,
  });
  const two = await send(UploadPartCopyCommand, { ...id, PartNumber: 2, CopySource, CopySourceRange: "bytes=100-199" });
  await send(CompleteMultipartUploadCommand, {
    ...id,
    MultipartUpload: {
      Parts: [one, two].map(({ CopyPartResult }, index) => ({ ETag: CopyPartResult.ETag, PartNumber: index + 1 })),
    },
  });
  const copied = await send(GetObjectCommand, id);
  assert.equal(
    md5(await copied.Body.transformToByteArray()),
    md5(Buffer.concat([parts[0], parts[0].subarray(100, 200)])),
  );

  const aborted = await send(CreateMultipartUploadCommand, { Bucket, Key: "aborted" });
  const abort = () => send(AbortMultipartUploadCommand, { Bucket, Key: "aborted", UploadId: aborted.UploadId });
  await abort();
  await assert.rejects(abort(), named("NoSuchUpload", 404));
  assert.equal((await send(ListMultipartUploadsCommand, { Bucket })).Uploads, undefined);
});

test("checksums are verified and answered, streams too", async () => {
  for (const ChecksumAlgorithm of ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"]) {
    let made;
    try {
      made = await put("checked", "123456789", { ChecksumAlgorithm });
    } catch (error) {
      if (ChecksumAlgorithm === "CRC64NVME" && /crc64-nvme/i.test(error.message)) continue; // the client lacks it without a native package
      throw error;
    }
    const expected = {
      CRC32: "y/Q5Jg==",
      CRC32C: "4waSgw==",
      CRC64NVME: "rosUhgp5mIg=",
      SHA1: createHash("sha1").update("123456789").digest("base64"),
      SHA256: createHash("sha256").update("123456789").digest("base64"),
    };
    assert.equal(made[`Checksum${ChecksumAlgorithm}`], expected[ChecksumAlgorithm]);
  }
  assert.equal(
    (await put("checked", "123456789", { ChecksumCRC64NVME: "rosUhgp5mIg=" })).ChecksumCRC64NVME,
    "rosUhgp5mIg=",
  );
  for (const wrong of [
    { ChecksumCRC32: "AAAAAA==" },
    { ChecksumCRC32C: "AAAAAA==" },
    { ChecksumSHA256: "AAAA" },
    { ContentMD5: "1B2M2Y8AsgTpgAmY7PhCfg==" },
  ])
    await assert.rejects(put("checked", "other", wrong), named("BadDigest", 400), JSON.stringify(wrong));
  await assert.rejects(put("checked", "other", { ContentMD5: "nonsense" }), named("InvalidDigest", 400));
  assert.equal(await text("checked"), "123456789");
  // A stream goes as aws-chunked with a trailer.
  const data = randomBytes(300_000);
  const ContentLength = data.length;
  for (const ChecksumAlgorithm of ["CRC32", "SHA256"]) {
    const Body = Readable.from([data.subarray(0, 100_000), data.subarray(100_000)]);
    await put("streamed", Body, { ContentLength, ChecksumAlgorithm });
    const found = await send(GetObjectCommand, { Bucket, Key: "streamed" });
    assert.equal(found.ContentEncoding, undefined);
    assert.equal(md5(await found.Body.transformToByteArray()), md5(data));
  }
});

test("presigned URLs", async () => {
  const url = async (Command, input, options) =>
    getSignedUrl(s3, new Command({ Bucket, Key: "pre signed/ü", ...input }), options);
  const uploaded = await fetch(await url(PutObjectCommand, { ContentType: "a/p" }), {
    method: "PUT",
    body: "by URL",
    headers: { "content-type": "a/p" },
  });
  assert.equal(uploaded.status, 200, await uploaded.text());
  const got = await fetch(await url(GetObjectCommand, { ResponseContentType: "x/y" }));
  assert.deepEqual([got.status, got.headers.get("content-type"), await got.text()], [200, "x/y", "by URL"]);
  const good = await url(GetObjectCommand, {});
  for (const [bad, code] of [
    [good.replace("pre%20signed", "other"), "SignatureDoesNotMatch"],
    [good.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=901"), "SignatureDoesNotMatch"],
    [good.replace(/X-Amz-Expires=\d+/, "X-Amz-Expires=900000"), "AuthorizationQueryParametersError"],
    [good + "&response-content-type=text/html", "SignatureDoesNotMatch"],
    [good.replace("WRITER", "NOBODY"), "Unauthorized"],
    [good.split("?")[0], "Unauthorized"],
  ]) {
    const response = await fetch(bad);
    assert.match(await response.text(), new RegExp(`<Code>${code}</Code>`), bad);
  }
  assert.equal((await fetch(good, { method: "DELETE" })).status, 403);
  const expired = await url(GetObjectCommand, {}, { signingDate: new Date(Date.now() - 60_000), expiresIn: 30 });
  assert.match(await (await fetch(expired)).text(), /Request has expired/);
});

test("access keys: read only, and only some buckets", async () => {
  await put("guarded", "x");
  const reader = client(server, "reader");
  const one = client(server, "one");
  const body = await reader.send(new GetObjectCommand({ Bucket, Key: "guarded" }));
  assert.equal(await body.Body.transformToString(), "x");
  for (const command of [
    new PutObjectCommand({ Bucket, Key: "guarded", Body: "y" }),
    new DeleteObjectCommand({ Bucket, Key: "guarded" }),
    new CopyObjectCommand({ Bucket, Key: "guarded", CopySource: `${Bucket}/guarded` }),
    new DeleteObjectsCommand({ Bucket, Delete: { Objects: [{ Key: "guarded" }] } }),
    new CreateMultipartUploadCommand({ Bucket, Key: "guarded" }),
    new CreateBucketCommand({ Bucket: "readers" }),
    new DeleteBucketCommand({ Bucket: "configured" }),
  ])
    await assert.rejects(reader.send(command), named("AccessDenied", 403), command.constructor.name);
  assert.deepEqual(
    (await one.send(new ListBucketsCommand({}))).Buckets.map(({ Name }) => Name),
    ["configured"],
  );
  await one.send(new PutObjectCommand({ Bucket: "configured", Key: "mine", Body: "1" }));
  for (const command of [
    new GetObjectCommand({ Bucket, Key: "guarded" }),
    new PutObjectCommand({ Bucket, Key: "guarded", Body: "y" }),
    new CopyObjectCommand({ Bucket: "configured", Key: "stolen", CopySource: `${Bucket}/guarded` }),
    new CreateBucketCommand({ Bucket: "mine" }),
    new DeleteBucketCommand({ Bucket: "configured" }),
    new ListObjectsV2Command({ Bucket }),
  ])
    await assert.rejects(one.send(command), named("AccessDenied", 403), command.constructor.name);
  const wrong = client(server, "writer", { credentials: { accessKeyId: "WRITER", secretAccessKey: "wrong" } });
  await assert.rejects(wrong.send(new ListBucketsCommand({})), named("SignatureDoesNotMatch", 403));
  const skewed = client(server, "writer", { systemClockOffset: -3600_000 });
  await assert.rejects(skewed.send(new ListBucketsCommand({})), named("RequestTimeTooSkewed", 403));
  assert.equal(await text("guarded"), "x");
});

test("CORS rules, preflight and answers", async () => {
  await assert.rejects(send(GetBucketCorsCommand, { Bucket }), named("NoSuchCORSConfiguration", 404));
  const CORSRules = [
    {
      ID: "one",
      AllowedOrigins: ["https://*.example.com"],
      AllowedMethods: ["GET", "PUT"],
      AllowedHeaders: ["x-amz-*", "Content-Type"],
      ExposeHeaders: ["ETag"],
      MaxAgeSeconds: 600,
    },
    { AllowedOrigins: ["*"], AllowedMethods: ["HEAD"] },
  ];
  await send(PutBucketCorsCommand, { Bucket, CORSConfiguration: { CORSRules } });
  assert.deepEqual((await send(GetBucketCorsCommand, { Bucket })).CORSRules, CORSRules);
  const ask = (Origin, method, headers) =>
    fetch(`${server.s3}/${Bucket}/x`, {
      method: "OPTIONS",
      headers: {
        Origin,
        "Access-Control-Request-Method": method,
        ...(headers && { "Access-Control-Request-Headers": headers }),
      },
    });
  const good = await ask("https://app.example.com", "PUT", "X-Amz-Date, content-type");
  assert.deepEqual(
    ["allow-origin", "allow-methods", "allow-headers", "expose-headers", "max-age"].map((name) =>
      good.headers.get(`access-control-${name}`),
    ),
    ["https://app.example.com", "GET, PUT", "x-amz-date, content-type", "ETag", "600"],
  );
  assert.equal((await ask("https://elsewhere.org", "HEAD")).headers.get("access-control-allow-origin"), "*");
  for (const bad of [
    ask("https://elsewhere.org", "PUT"),
    ask("https://app.example.com", "DELETE"),
    ask("https://app.example.com", "PUT", "x-other"),
  ])
    assert.equal((await bad).status, 403);
  await put("cors", "x");
  const signed = await getSignedUrl(s3, new GetObjectCommand({ Bucket, Key: "cors" }));
  const answer = await fetch(signed, { headers: { Origin: "https://app.example.com" } });
  assert.equal(answer.headers.get("access-control-allow-origin"), "https://app.example.com");
  assert.equal(
    (await fetch(signed, { headers: { Origin: "https://no.org" } })).headers.get("access-control-allow-origin"),
    null,
  );
  await send(DeleteBucketCorsCommand, { Bucket });
  await assert.rejects(send(GetBucketCorsCommand, { Bucket }), named("NoSuchCORSConfiguration", 404));
});

test("customers' keys encrypt", async () => {
  const SSECustomerAlgorithm = "AES256";
  const key = (octet) => Buffer.alloc(32, octet);
  const withKey = (octet) => ({
    SSECustomerAlgorithm,
    SSECustomerKey: key(octet).toString("base64"),
    SSECustomerKeyMD5: createHash("md5").update(key(octet)).digest("base64"),
  });
  await put("secret", "hidden", withKey(1));
  assert.equal(await text("secret", withKey(1)), "hidden");
  await assert.rejects(text("secret"), status(400));
  await assert.rejects(text("secret", withKey(2)), status(403));
  const head = (Key, more) => send(HeadObjectCommand, { Bucket, Key, ...more });
  assert.equal((await head("secret", withKey(1))).SSECustomerKeyMD5, withKey(1).SSECustomerKeyMD5);
  await assert.rejects(head("secret"), status(400));
  await assert.rejects(head("secret", withKey(2)), status(403));
  // An object that is not encrypted has no key; an algorithm or a key that is none is refused.
  await put("open", "seen");
  await assert.rejects(text("open", withKey(1)), named("InvalidRequest", 400));
  await assert.rejects(head("open", withKey(1)), status(400));
  for (const wrong of [{ SSECustomerAlgorithm: "AES128" }, { SSECustomerKey: key(1).subarray(1).toString("base64") }])
    await assert.rejects(put("secret", "x", { ...withKey(1), ...wrong }), named("InvalidArgument", 400));
  // By copy: with another key, and without one.
  const CopySource = `${Bucket}/secret`;
  const from = Object.fromEntries(Object.entries(withKey(1)).map(([name, value]) => [`CopySource${name}`, value]));
  await send(CopyObjectCommand, { Bucket, Key: "resealed", CopySource, ...from, ...withKey(2) });
  assert.equal(await text("resealed", withKey(2)), "hidden");
  await send(CopyObjectCommand, { Bucket, Key: "opened", CopySource, ...from });
  assert.equal(await text("opened"), "hidden");
  await assert.rejects(send(CopyObjectCommand, { Bucket, Key: "x", CopySource }), status(400));
});

test("what is not implemented says so", async () => {
  await put("plain", "x");
  await assert.rejects(send(GetObjectAclCommand, { Bucket, Key: "plain" }), named("NotImplemented", 501));
  for (const header of [
    { Tagging: "a=b" },
    { ACL: "public-read" },
    { GrantRead: "id=x" },
    { ServerSideEncryption: "AES256" },
    { WebsiteRedirectLocation: "/x" },
    { ObjectLockMode: "GOVERNANCE", ObjectLockRetainUntilDate: new Date() },
  ]) {
    const refused = await put("refused", "x", header).then(assert.fail, (error) => error);
    assert.deepEqual([refused.name, refused.$metadata.httpStatusCode], ["NotImplemented", 501], JSON.stringify(header));
    assert.match(refused.message, /^Header 'x-amz-[-a-z]+' with value '.*' not implemented$/);
    await assert.rejects(
      send(CopyObjectCommand, { Bucket, Key: "refused", CopySource: `${Bucket}/plain`, ...header }),
      named("NotImplemented", 501),
    );
    await assert.rejects(
      send(CreateMultipartUploadCommand, { Bucket, Key: "refused", ...header }),
      named("NotImplemented", 501),
    );
  }
  await put("private", "x", { ACL: "private" });
  for (const Command of [
    GetBucketAclCommand,
    GetBucketPolicyCommand,
    GetBucketTaggingCommand,
    GetBucketReplicationCommand,
    GetBucketWebsiteCommand,
    GetBucketLoggingCommand,
    GetBucketNotificationConfigurationCommand,
    GetObjectLockConfigurationCommand,
    GetPublicAccessBlockCommand,
    DeleteBucketEncryptionCommand,
    ListObjectVersionsCommand,
  ])
    await assert.rejects(send(Command, { Bucket }), named("NotImplemented", 501), Command.name);
  for (const Command of [GetObjectTaggingCommand, GetObjectLegalHoldCommand, GetObjectRetentionCommand])
    await assert.rejects(send(Command, { Bucket, Key: "plain" }), named("NotImplemented", 501), Command.name);
});

test("lifecycle rules are kept", async () => {
  await assert.rejects(
    send(GetBucketLifecycleConfigurationCommand, { Bucket }),
    named("NoSuchLifecycleConfiguration", 404),
  );
  const Rules = [
    { ID: "old", Status: "Enabled", Filter: { Prefix: "tmp/" }, Expiration: { Days: 30 } },
    {
      ID: "uploads",
      Status: "Disabled",
      Filter: { Prefix: "" },
      AbortIncompleteMultipartUpload: { DaysAfterInitiation: 2 },
    },
  ];
  const LifecycleConfiguration = { Rules };
  await send(PutBucketLifecycleConfigurationCommand, { Bucket, LifecycleConfiguration });
  assert.deepEqual((await send(GetBucketLifecycleConfigurationCommand, { Bucket })).Rules, Rules);
  const moving = (Transition) => [{ ...Rules[0], Transitions: [Transition] }];
  const putRules = (list) =>
    send(PutBucketLifecycleConfigurationCommand, { Bucket, LifecycleConfiguration: { Rules: list } });
  await putRules(moving({ Days: 1, StorageClass: "STANDARD_IA" }));
  assert.deepEqual(
    (await send(GetBucketLifecycleConfigurationCommand, { Bucket })).Rules,
    moving({ Days: 1, StorageClass: "STANDARD_IA" }),
  );
  await assert.rejects(putRules(moving({ Days: 1, StorageClass: "GLACIER" })), named("InvalidStorageClass", 400));
  await assert.rejects(putRules(moving({ StorageClass: "STANDARD_IA" })), named("MalformedXML", 400));
  await send(DeleteBucketLifecycleCommand, { Bucket });
  await assert.rejects(
    send(GetBucketLifecycleConfigurationCommand, { Bucket }),
    named("NoSuchLifecycleConfiguration", 404),
  );
});

test("lifecycle rules are executed; buckets and rules outlive the process", async () => {
  const first = await startS3();
  let mine = client(first);
  const of = (Command, input) => mine.send(new Command({ Bucket: "short-lived", ...input }));
  await of(CreateBucketCommand);
  for (const Key of ["tmp/1", "tmp/2", "kept"]) await of(PutObjectCommand, { Key, Body: Key });
  await of(CreateMultipartUploadCommand, { Key: "tmp/upload" });
  await of(CreateMultipartUploadCommand, { Key: "other" });
  await of(PutBucketLifecycleConfigurationCommand, {
    LifecycleConfiguration: {
      Rules: [
        {
          ID: "tmp",
          Status: "Enabled",
          Filter: { Prefix: "tmp/" },
          Expiration: { Days: 1 },
          AbortIncompleteMultipartUpload: { DaysAfterInitiation: 1 },
        },
        { ID: "off", Status: "Disabled", Filter: { Prefix: "kept" }, Expiration: { Days: 1 } },
        {
          ID: "moves",
          Status: "Enabled",
          Filter: { Prefix: "kept" },
          Transitions: [{ Days: 1, StorageClass: "STANDARD_IA" }],
        },
      ],
    },
  });
  assert.equal((await first.stop()).code, 0);
  const second = await startS3({ persist: first.persist, env: { ADIT_LIFECYCLE_DAY_MS: "100" } });
  mine = client(second);
  await second.waitForOutput(/Lifecycle rules: 3 objects and uploads of short-lived removed/);
  const { Contents } = await of(ListObjectsV2Command, {});
  assert.deepEqual(
    Contents.map(({ Key, StorageClass }) => [Key, StorageClass]),
    [["kept", "STANDARD_IA"]],
  );
  const kept = await of(GetObjectCommand, { Key: "kept" });
  assert.deepEqual([kept.StorageClass, await kept.Body.transformToString()], ["STANDARD_IA", "kept"]);
  assert.deepEqual(
    (await of(ListMultipartUploadsCommand, {})).Uploads.map(({ Key }) => Key),
    ["other"],
  );
  await second.stop();
});
