// passThroughOnException(): when the handler throws, the request goes to the server that dev.host names, as under miniflare's `upstream`.
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { start, worker } from "./harness.mjs";

const source = `
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname !== "/never") ctx.passThroughOnException();
    if (pathname === "/read") await request.text();
    if (pathname === "/works") return new Response("the worker");
    throw new Error("the worker is broken");
  },
};
`;

async function origin(t) {
  const server = http.createServer((request, response) => {
    let body = "";
    request.on("data", (data) => (body += data));
    request.on("end", () => {
      response.writeHead(request.url === "/moved" ? 302 : 203, { location: "/elsewhere", "x-origin": "yes" });
      response.end(`${request.method} ${request.url} ${request.headers["x-mine"] ?? ""} ${body}`);
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return `127.0.0.1:${server.address().port}`;
}

test("what the worker throws goes to the origin", async (t) => {
  const host = await origin(t);
  const server = await start(worker({ "index.js": source }, `[dev]\nhost = "${host}"\n`));
  t.after(() => server.stop());
  const answer = async (path, init) => {
    const response = await fetch(server.url + path, { redirect: "manual", ...init });
    return [response.status, response.headers.get("x-origin"), await response.text()];
  };
  assert.deepEqual(await answer("/a?b=1", { headers: { "x-mine": "1" } }), [203, "yes", "GET /a?b=1 1 "]);
  assert.deepEqual(await answer("/post", { method: "POST", body: "hello" }), [203, "yes", "POST /post  hello"]);
  assert.deepEqual(await answer("/read", { method: "POST", body: "hello" }), [203, "yes", "POST /read  "]);
  assert.equal((await answer("/moved"))[0], 302);
  assert.deepEqual(await answer("/works"), [200, null, "the worker"]);
  assert.equal((await answer("/never"))[0], 500);
  assert.match(server.output, /the worker is broken/);
});

test("without an origin the error is shown", async (t) => {
  const server = await start(worker({ "index.js": source }));
  t.after(() => server.stop());
  const response = await fetch(server.url + "/a");
  assert.equal(response.status, 500);
  assert.match(await response.text(), /passThroughOnException\(\) was called/);
});
