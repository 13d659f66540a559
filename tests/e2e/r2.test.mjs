// R2 over HTTP and over the process's death: bodies stream both ways in constant memory, a put is there whole or not at all whenever the
// process is killed, and no file is left behind. ADIT_LONG=1 moves 1 GiB instead of 256 MiB (ADIT_R2_GIB=5: that many) and kills more often.
import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { request } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { scratch, start, worker, sanitized } from "./harness.mjs";

const long = Boolean(process.env.ADIT_LONG);
const MiB = 1024 * 1024;
const largest = Number(process.env.ADIT_R2_GIB ?? (long ? 1 : 0.25)) * 1024 * MiB;

const source = `
export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    const key = url.pathname.slice(1);
    try {
      if (request.method === "PUT" && url.searchParams.has("part")) {
        const upload = env.BUCKET.resumeMultipartUpload(key, url.searchParams.get("upload"));
        return Response.json(await upload.uploadPart(Number(url.searchParams.get("part")), request.body));
      }
      if (request.method === "PUT") return Response.json(await env.BUCKET.put(key, request.body ?? ""));
      if (request.method === "POST" && !url.searchParams.has("upload"))
        return new Response((await env.BUCKET.createMultipartUpload(key)).uploadId);
      if (request.method === "POST")
        return Response.json(await env.BUCKET.resumeMultipartUpload(key, url.searchParams.get("upload")).complete(await request.json()));
      if (request.method === "DELETE") return new Response(await env.BUCKET.delete(key));
      if (key === "") return Response.json((await env.BUCKET.list()).objects);
      const object = await env.BUCKET.get(key, { range: request.headers });
      if (object === null) return new Response("nothing", { status: 404 });
      return new Response(object.body, { headers: { etag: object.httpEtag, version: object.version } });
    } catch (error) {
      return new Response(error.message, { status: 500 });
    }
  },
};`;
const settings = '[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "files"\n';
const folder = worker({ "src/index.js": source }, settings);
const startWith = (shards, options) =>
  start(folder, { ...options, args: ["--shards", String(shards), "--log-level", "warn", "--max-body-mb", "6000"] });

// The chunks of a body of so many octets, without holding it.
function* body(size, block = randomBytes(MiB)) {
  for (let at = 0; at < size; at += block.length) yield block.subarray(0, Math.min(block.length, size - at));
}

function open(server, method, path, headers = {}) {
  const sent = request(new URL(path, server.url), { method, agent: false, headers });
  const answered = new Promise((resolve, reject) => sent.on("response", resolve).on("error", reject));
  answered.catch(() => {});
  return { sent, answered };
}

async function send(server, method, path, chunks = [], size = 0) {
  const { sent, answered } = open(server, method, path, method === "PUT" ? { "content-length": size } : {});
  for (const chunk of chunks) if (!sent.write(chunk)) await Promise.race([once(sent, "drain"), answered]);
  sent.end();
  const response = await answered;
  let text = "";
  for await (const chunk of response.setEncoding("utf8")) text += chunk;
  assert.equal(response.statusCode, 200, text);
  return text;
}

// The digest and size of what comes, as it comes.
async function receive(server, path, headers) {
  const { sent, answered } = open(server, "GET", path, headers);
  sent.end();
  const response = await answered;
  const hash = createHash("md5");
  let size = 0;
  for await (const chunk of response) {
    hash.update(chunk);
    size += chunk.length;
  }
  return {
    status: response.statusCode,
    size,
    md5: hash.digest("hex"),
    etag: response.headers.etag,
    headers: response.headers,
  };
}

// Memory of the process that is not files mapped.
function memory_kb(server) {
  const status = readFileSync(`/proc/${server.child.pid}/status`, "utf8");
  return Number(/RssAnon:\s+(\d+)/.exec(status)[1]);
}

function blobsOf(server) {
  const top = join(server.persist, "blobs-r2", "files");
  const found = { incoming: 0, settled: 0 };
  for (const name of existsSync(top) ? readdirSync(top) : [])
    found[name === "incoming" ? "incoming" : "settled"] += readdirSync(join(top, name)).length;
  return found;
}

async function eventually(check, what) {
  for (let attempt = 0; ; attempt++) {
    if (await check()) return;
    assert(attempt < 100, what());
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

test("a large object goes in and out in constant memory", { skip: sanitized, timeout: 900_000 }, async (context) => {
  const size = largest;
  const server = await startWith(2);
  await send(server, "PUT", "/warm", [randomBytes(MiB)], MiB);
  await receive(server, "/warm");
  const idle = memory_kb(server);
  const inConstantMemory = (name, work) =>
    context.test(name, async () => {
      let peak = 0;
      const watch = setInterval(() => (peak = Math.max(peak, memory_kb(server))), 20);
      await work().finally(() => clearInterval(watch));
      const grown = Math.round((peak - idle) / 1024);
      context.diagnostic(`${name}: ${Math.round(size / MiB)} MiB, ${grown} MB above idle`);
      assert(grown < 40, `${grown} MB above idle`);
    });
  const block = randomBytes(MiB);
  await inConstantMemory("put as a stream", async () => {
    const put = JSON.parse(await send(server, "PUT", "/large", body(size, block), size));
    assert.equal(put.size, size);
  });
  let whole;
  await inConstantMemory("got as a stream", async () => {
    const got = await receive(server, "/large");
    assert.equal(got.size, size);
    assert.equal(Number(got.headers["content-length"]), size);
    assert.equal(`"${got.md5}"`, got.etag);
    whole = got.md5;
  });
  const tail = await receive(server, "/large", { range: "bytes=-1000000" });
  assert.equal(tail.md5, createHash("md5").update(block.subarray(-1000000)).digest("hex"));
  await send(server, "DELETE", "/large");
  await inConstantMemory("put in parts, and got", async () => {
    const upload = await send(server, "POST", "/parted");
    const parts = [];
    const step = 128 * MiB;
    for (let at = 0; at < size; at += step) {
      const length = Math.min(step, size - at);
      const path = `/parted?upload=${upload}&part=${parts.length + 1}`;
      parts.push(JSON.parse(await send(server, "PUT", path, body(length, block), length)));
    }
    await send(server, "POST", `/parted?upload=${upload}`, [JSON.stringify(parts)]);
    const got = await receive(server, "/parted");
    assert.deepEqual([got.size, got.md5], [size, whole]);
  });
  await server.stop();
});

test("a reader that goes away, and one that waits, cost nothing", async () => {
  const server = await startWith(2);
  await send(server, "PUT", "/large", body(64 * MiB), 64 * MiB);
  const idle = memory_kb(server);
  for (let round = 0; round < 20; round++) {
    const { sent, answered } = open(server, "GET", "/large");
    sent.end();
    const response = await answered;
    await once(response, "readable");
    response.read();
    if (round % 2 === 0) sent.destroy();
  }
  assert(memory_kb(server) - idle < 40 * 1024, `${memory_kb(server) - idle} kB above idle`);
  assert.equal((await receive(server, "/large")).size, 64 * MiB);
  await server.stop();
});

test("an upload that breaks off leaves nothing", async () => {
  const server = await startWith(2);
  for (let round = 0; round < 4; round++) {
    const { sent } = open(server, "PUT", `/broken-${round}`, { "content-length": 50 * MiB });
    sent.on("error", () => {});
    for (const chunk of body(10 * MiB)) sent.write(chunk);
    await eventually(
      () => blobsOf(server).incoming === 1,
      () => "the upload did not begin",
    );
    sent.destroy();
    await eventually(
      () => blobsOf(server).incoming === 0,
      () => JSON.stringify(blobsOf(server)),
    );
  }
  assert.equal(await send(server, "GET", "/"), "[]");
  await server.stop();
});

test("killed during puts: each object is old or new, and no file is left behind", { timeout: 300_000 }, async () => {
  const persist = scratch();
  const sizes = [100, 20_000, 3 * MiB, 8 * MiB];
  const known = new Map(); // key → the etags that it may have
  for (let round = 0; round < (long ? 60 : 8); round++) {
    const server = await startWith(1 + (round % 3), { persist });
    const listed = JSON.parse(await send(server, "GET", "/"));
    for (const [key, etags] of known) {
      const object = await receive(server, `/${key}`);
      if (object.status === 404) assert(etags.has(undefined), `${key} is lost`);
      else assert(etags.has(object.md5) && object.etag === `"${object.md5}"`, `${key} is neither old nor new`);
      known.set(key, new Set([object.status === 404 ? undefined : object.md5]));
    }
    // One blob for each large object, and nothing else.
    const large = listed.filter(({ size }) => size > 16 * 1024).length;
    const settled = () => blobsOf(server).incoming === 0 && blobsOf(server).settled === large;
    await eventually(settled, () => `${large} large objects, files: ${JSON.stringify(blobsOf(server))}`);

    const end = Date.now() + 150 + Math.random() * 500;
    const writers = sizes.map(async (size, index) => {
      while (Date.now() < end) {
        const content = randomBytes(size);
        const key = `object-${index}-${Math.floor(Math.random() * 3)}`;
        const etags = known.get(key) ?? new Set([undefined]);
        const md5 = createHash("md5").update(content).digest("hex");
        known.set(key, new Set([...etags, md5]));
        await send(server, "PUT", `/${key}`, [content], size);
        known.set(key, new Set([md5]));
      }
    });
    setTimeout(() => server.kill("SIGKILL"), end - Date.now() - 50);
    await Promise.allSettled(writers);
    await server.ended;
  }
});

test("killed in the middle of parts: no part of a part is left on the disk", async () => {
  const persist = scratch();
  let server = await startWith(2, { persist });
  const id = await send(server, "POST", "/parts");
  const block = randomBytes(5 * MiB);
  const done = JSON.parse(await send(server, "PUT", `/parts?upload=${id}&part=1`, [block], block.length));
  for (let round = 0; round < (long ? 20 : 3); round++) {
    for (let part = 2; part < 5; part++) {
      const path = `/parts?upload=${id}&part=${part}`;
      const { sent } = open(server, "PUT", path, { "content-length": 20 * MiB });
      sent.on("error", () => {});
      for (const chunk of body(10 * MiB)) sent.write(chunk);
    }
    await eventually(
      () => blobsOf(server).incoming >= 3,
      () => "the parts did not begin",
    );
    server.kill("SIGKILL");
    await server.ended;
    server = await startWith(1 + (round % 3), { persist });
    assert.equal(await send(server, "GET", "/"), "[]");
    await eventually(
      () => blobsOf(server).incoming === 0 && blobsOf(server).settled === 1,
      () => JSON.stringify(blobsOf(server)),
    );
  }
  const { sent, answered } = open(server, "POST", `/parts?upload=${id}`);
  sent.end(JSON.stringify([done]));
  assert.equal((await answered).statusCode, 200);
  assert.equal((await receive(server, "/parts")).md5, createHash("md5").update(block).digest("hex"));
  await send(server, "DELETE", "/parts");
  await eventually(
    () => blobsOf(server).settled === 0,
    () => JSON.stringify(blobsOf(server)),
  );
  await server.stop();
});

test("parts survive the process, and what they become too", async () => {
  const persist = scratch();
  let server = await startWith(2, { persist });
  const id = await send(server, "POST", "/parts");
  const parts = [];
  const block = randomBytes(5 * MiB);
  parts.push(JSON.parse(await send(server, "PUT", `/parts?upload=${id}&part=1`, [block], block.length)));
  server.kill("SIGKILL");
  await server.ended;
  server = await startWith(3, { persist });
  parts.push(JSON.parse(await send(server, "PUT", `/parts?upload=${id}&part=2`, [block.subarray(0, 1000)], 1000)));
  const { sent, answered } = open(server, "POST", `/parts?upload=${id}`);
  sent.end(JSON.stringify(parts));
  assert.equal((await answered).statusCode, 200);
  server.kill("SIGKILL");
  await server.ended;
  server = await startWith(1, { persist });
  const got = await receive(server, "/parts");
  const whole = createHash("md5").update(block).update(block.subarray(0, 1000)).digest("hex");
  assert.deepEqual([got.size, got.md5], [5 * MiB + 1000, whole]);
  await eventually(
    () => blobsOf(server).incoming === 0,
    () => JSON.stringify(blobsOf(server)),
  );
  await send(server, "DELETE", "/parts");
  await eventually(
    () => blobsOf(server).settled === 0,
    () => JSON.stringify(blobsOf(server)),
  );
  await server.stop();
});
