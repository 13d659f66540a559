// What signatures protect, with requests that no well-behaved client makes: signed by hand, so that each part can be wrong by itself.
import assert from "node:assert/strict";
import { createHash, createHmac } from "node:crypto";
import { connect } from "node:net";
import test, { after, before } from "node:test";
import { keys, startS3 } from "./s3/start.mjs";

const sha256 = (data) => createHash("sha256").update(data).digest("hex");
const hmac = (key, data) => createHmac("sha256", key).update(data).digest();
const { accessKeyId, secretAccessKey } = keys.writer;

let server;
before(async () => (server = await startS3()));
after(() => server?.stop());

/** Signs, then sends what `change` made of { method, path, headers, body } (a body of octets as sent). */
async function send(
  { method = "GET", path, headers = {}, hash, body = "", now = new Date(), chunks, unsigned = [] },
  change = (request) => request,
) {
  const date = now.toISOString().replace(/[-:]|\.\d+/g, "");
  const scope = `${date.slice(0, 8)}/auto/s3/aws4_request`;
  const all = {
    host: new URL(server.s3).host,
    "x-amz-date": date,
    "x-amz-content-sha256": hash ?? sha256(body),
    ...headers,
  };
  const names = Object.keys(all)
    .filter((name) => !unsigned.includes(name))
    .sort();
  const canonical = [
    method,
    path.split("?")[0],
    path.split("?")[1] ?? "",
    ...names.map((name) => `${name}:${all[name]}`),
    "",
    names.join(";"),
    all["x-amz-content-sha256"],
  ].join("\n");
  const key = [date.slice(0, 8), "auto", "s3", "aws4_request"].reduce(hmac, `AWS4${secretAccessKey}`);
  const signature = hmac(key, ["AWS4-HMAC-SHA256", date, scope, sha256(canonical)].join("\n")).toString("hex");
  all.authorization = `AWS4-HMAC-SHA256 Credential=${accessKeyId}/${scope}, SignedHeaders=${names.join(";")}, Signature=${signature}`;
  if (chunks) body = chunks({ key, date, scope, signature });
  const request = change({ method, path, headers: all, body });
  delete request.headers.host;
  const response = await fetch(server.s3 + request.path, {
    method: request.method,
    headers: request.headers,
    body: request.body || undefined,
  });
  const answer = await response.text();
  return { status: response.status, code: /<Code>(\w+)<\/Code>/.exec(answer)?.[1], text: answer };
}

/** aws-chunked with signatures; `change` may spoil one. */
function signedChunks(parts, { trailer, spoil = () => {}, truncate = false } = {}) {
  return ({ key, date, scope, signature }) => {
    const pieces = [];
    let previous = signature;
    for (const [index, part] of [...parts, ""].entries()) {
      const text = ["AWS4-HMAC-SHA256-PAYLOAD", date, scope, previous, sha256(""), sha256(part)].join("\n");
      previous = hmac(key, text).toString("hex");
      const piece = { size: Buffer.byteLength(part).toString(16), signature: previous, data: part };
      spoil(piece, index);
      pieces.push(`${piece.size};chunk-signature=${piece.signature}\r\n${piece.data}${part === "" ? "" : "\r\n"}`);
    }
    if (truncate) return pieces.slice(0, -1).join("");
    if (!trailer) return pieces.join("") + "\r\n";
    const signed = hmac(
      key,
      ["AWS4-HMAC-SHA256-TRAILER", date, scope, previous, sha256(`${trailer.name}:${trailer.value}\n`)].join("\n"),
    );
    return `${pieces.join("")}${trailer.name}:${trailer.sent ?? trailer.value}\r\nx-amz-trailer-signature:${trailer.signature ?? signed.toString("hex")}\r\n\r\n`;
  };
}

const stored = async (key) => (await send({ path: `/configured/${key}` })).text;
const put = (key, more, change) => send({ method: "PUT", path: `/configured/${key}`, ...more }, change);

test("a good request is answered, one that was changed on the way is not", async () => {
  assert.equal((await put("good", { body: "good" })).status, 200);
  for (const [name, change] of [
    ["another path", (request) => ({ ...request, path: "/configured/other" })],
    ["a query", (request) => ({ ...request, path: request.path + "?x=1" })],
    ["another method", (request) => ({ ...request, method: "DELETE", body: "" })],
    ["a header", (request) => ({ ...request, headers: { ...request.headers, "x-amz-meta-a": "changed" } })],
    [
      "the signature",
      (request) => ({
        ...request,
        headers: { ...request.headers, authorization: request.headers.authorization.slice(0, -1) + "!" },
      }),
    ],
  ]) {
    const answer = await put("good", { body: "x", headers: { "x-amz-meta-a": "b" } }, change);
    assert.deepEqual([answer.status, answer.code], [403, "SignatureDoesNotMatch"], name);
  }
  const body = await put("good", { body: "good" }, (request) => ({ ...request, body: "evil" }));
  assert.deepEqual([body.status, body.code], [400, "XAmzContentSHA256Mismatch"]);
  const added = await put("good", { body: "x" }, (request) => ({
    ...request,
    headers: { ...request.headers, "x-amz-copy-source": "configured/x" },
  }));
  assert.deepEqual([added.status, added.code], [403, "AccessDenied"]);
  const hostless = await put("good", { body: "x", unsigned: ["host"] });
  assert.deepEqual([hostless.status, hostless.code], [403, "AccessDenied"]);
  assert.equal(await stored("good"), "good");
});

test("authorization that is no authorization", async () => {
  const with_ = (authorization) =>
    put("x", { body: "x" }, (request) => ({ ...request, headers: { ...request.headers, authorization } }));
  for (const [authorization, code] of [
    ["", "Unauthorized"],
    ["AWS WRITER:abc", "InvalidRequest"],
    ["AWS4-HMAC-SHA256 x", "AuthorizationHeaderMalformed"],
    ["AWS4-HMAC-SHA256 Credential=a/b, SignedHeaders=host, Signature=0", "AuthorizationHeaderMalformed"],
    [
      "AWS4-HMAC-SHA256 Credential=a/20260101/auto/ec2/aws4_request, SignedHeaders=host, Signature=0",
      "AuthorizationHeaderMalformed",
    ],
  ]) {
    const answer =
      authorization === ""
        ? await put("x", { body: "x" }, (request) => (delete request.headers.authorization, request))
        : await with_(authorization);
    assert.equal(answer.code, code, authorization);
  }
  const old = await put("x", { body: "x", now: new Date(Date.now() - 16 * 60_000) });
  assert.equal(old.code, "RequestTimeTooSkewed");
});

test("chunks with signatures", async () => {
  const parts = ["first ".repeat(20), "second", "third"];
  const whole = parts.join("");
  const headers = { "x-amz-decoded-content-length": String(whole.length), "content-encoding": "aws-chunked" };
  const hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  assert.equal((await put("chunks", { hash, headers, chunks: signedChunks(parts) })).status, 200);
  assert.equal(await stored("chunks"), whole);
  for (const [spoil, code] of [
    [(piece, index) => index === 1 && (piece.data = "SECOND"), "SignatureDoesNotMatch"],
    [(piece, index) => index === 2 && (piece.signature = "0".repeat(64)), "SignatureDoesNotMatch"],
    [(piece, index) => index === 3 && (piece.signature = "0".repeat(64)), "SignatureDoesNotMatch"],
    [(piece, index) => index === 0 && (piece.size = "zz"), "InvalidRequest"],
    [(piece, index) => index === 0 && (piece.size = "5"), "InvalidRequest"],
    [(piece, index) => index === 0 && (piece.size = "ffffffffffffffff"), "InvalidRequest"],
  ]) {
    const answer = await put("chunks", { hash, headers, chunks: signedChunks(parts, { spoil }) });
    assert.deepEqual([answer.status >= 400, answer.code], [true, code], String(spoil));
  }
  assert.equal((await put("chunks", { hash, headers, chunks: signedChunks(parts.slice(1)) })).code, "IncompleteBody");
  assert.equal(
    (await put("chunks", { hash, headers, chunks: signedChunks(parts, { truncate: true }) })).code,
    "IncompleteBody",
  );
  assert.equal((await put("chunks", { hash, headers: {}, chunks: signedChunks(parts) })).code, "MissingContentLength");
  assert.equal(await stored("chunks"), whole);
});

test("chunks with a signed trailer", async () => {
  const headers = { "x-amz-decoded-content-length": "9", "x-amz-trailer": "x-amz-checksum-crc32c" };
  const hash = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER";
  const trailer = { name: "x-amz-checksum-crc32c", value: "4waSgw==" };
  const send_ = (change) =>
    put("trailer", { hash, headers, chunks: signedChunks(["12345", "6789"], { trailer: { ...trailer, ...change } }) });
  assert.equal((await send_({})).status, 200);
  assert.equal((await send_({ value: "AAAAAA==" })).code, "BadDigest");
  assert.equal((await send_({ sent: "AAAAAA==" })).code, "SignatureDoesNotMatch");
  assert.equal((await send_({ signature: "0".repeat(64) })).code, "SignatureDoesNotMatch");
  assert.equal(await stored("trailer"), "123456789");
});

test("chunks without signatures", async () => {
  const headers = { "x-amz-decoded-content-length": "9", "x-amz-trailer": "x-amz-checksum-crc32" };
  const hash = "STREAMING-UNSIGNED-PAYLOAD-TRAILER";
  const send_ = (body) => put("unsigned", { hash, headers }, (request) => ({ ...request, body }));
  assert.equal((await send_("9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n")).status, 200);
  for (const [body, code] of [
    ["9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:AAAAAA==\r\n\r\n", "BadDigest"],
    ["9\r\n123456789\r\n0\r\n\r\n", "BadDigest"],
    ["8\r\n12345678\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\n", "IncompleteBody"],
    ["9\r\n123456789\r\n0\r\nx-amz-checksum-crc32:y/Q5Jg==\r\n\r\nmore", "InvalidRequest"],
    ["9\n123456789\n0\n\n", "InvalidRequest"],
    [`${"1".repeat(5000)}\r\n`, "InvalidRequest"],
    ["", "IncompleteBody"],
  ])
    assert.equal((await send_(body)).code, code, JSON.stringify(body).slice(0, 60));
  assert.equal(await stored("unsigned"), "123456789");
});

test("a client that goes away in the middle leaves nothing", async () => {
  await put("half", { body: "whole" });
  const date = new Date().toISOString().replace(/[-:]|\.\d+/g, "");
  const { port } = new URL(server.s3);
  const request = await new Promise((resolve) =>
    put("half", { hash: "UNSIGNED-PAYLOAD", body: "x" }, (signed) => (resolve(signed), { ...signed, headers: {} })),
  );
  assert.ok(date.length > 0);
  await new Promise((resolve, reject) => {
    const socket = connect(Number(port), "127.0.0.1", () => {
      const lines = Object.entries(request.headers)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("");
      socket.end(
        `PUT /configured/half HTTP/1.1\r\nhost: ${new URL(server.s3).host}\r\n${lines}content-length: 100\r\n\r\nonly a part`,
      );
    });
    socket.on("error", reject).on("close", resolve).resume();
  });
  assert.equal(await stored("half"), "whole");
});

test("documents that are no documents", async () => {
  const post = (body, query = "delete=") => send({ method: "POST", path: `/configured?${query}`, body });
  const deep = "<Delete>".repeat(20_000);
  for (const body of [
    "",
    "x",
    "<a/>",
    "<Delete></Delete>",
    "<Delete><Object><Key></Key></Object></Delete>",
    deep,
    '<!DOCTYPE d [<!ENTITY e SYSTEM "file:///etc/passwd">]><Delete><Object><Key>&e;</Key></Object>',
  ])
    assert.equal((await post(body)).code, "MalformedXML", body.slice(0, 40));
  assert.equal((await post(`<Delete>${"<Object><Key>k</Key></Object>".repeat(1001)}</Delete>`)).code, "MalformedXML");
  assert.equal((await post("x".repeat(3_000_000))).code, "EntityTooLarge");
  assert.equal((await send({ path: "/configured?max-keys=x" })).code, "InvalidArgument");
  assert.equal((await send({ path: "/configured?acl=" })).code, "NotImplemented");
  assert.equal((await send({ method: "PATCH", path: "/configured/x" })).code, "MethodNotAllowed");
});
