// Starts `adit dev` with the S3 API for the tests of this folder: one configured bucket ("configured"), and keys of each kind.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { S3Client } from "@aws-sdk/client-s3";
import { scratch, start, worker } from "../harness.mjs";

export const keys = {
  writer: { accessKeyId: "WRITER", secretAccessKey: "writer/secret+with=signs" },
  reader: { accessKeyId: "READER", secretAccessKey: "reader-secret" },
  one: { accessKeyId: "ONE/with/slashes", secretAccessKey: "one-secret" },
};

const source = `
export default {
  async fetch(request, env) {
    const key = decodeURIComponent(new URL(request.url).pathname.slice(1));
    if (request.method === "PUT") {
      const { etag } = await env.BUCKET.put(key, request.body, { httpMetadata: request.headers, customMetadata: key === "counted" ? { from: "here", ü: "x" } : { from: "worker é" } });
      return new Response(etag);
    }
    const object = await env.BUCKET.get(key);
    return object === null ? new Response("none", { status: 404 }) : Response.json({ text: await object.text(), ...object.customMetadata, ...object.httpMetadata });
  },
};`;
export const folder = worker(
  { "src/index.js": source },
  '[[r2_buckets]]\nbinding = "BUCKET"\nbucket_name = "configured"\n',
);

/** `s3` is the API's origin; the rest is the server of harness.mjs. */
export async function startS3(options = {}) {
  const file = join(scratch(), "keys.json");
  writeFileSync(
    file,
    JSON.stringify([
      { ...keys.writer, permission: "read-write" },
      { ...keys.reader, permission: "read" },
      { ...keys.one, permission: "read-write", buckets: ["configured"] },
    ]),
  );
  const server = await start(folder, { ...options, args: ["--s3-port", "0", "--s3-keys", file, "--shards", "2"] });
  const [, s3] = /S3 API on (http:\S+[0-9])/.exec(await server.waitForOutput(/S3 API on http:\S+[0-9],/)) ?? [];
  return Object.assign(server, { s3 });
}

export function client(server, who = "writer", settings = {}) {
  return new S3Client({
    endpoint: server.s3,
    region: "auto",
    credentials: keys[who],
    forcePathStyle: true,
    maxAttempts: 1,
    ...settings,
  });
}
