// node:http: requests to tests/web/server.mjs, and servers that take the worker's own requests.
import { handleAsNodeRequest, httpServerHandler } from "cloudflare:node";
import http from "node:http";
import https from "node:https";
import { pipeline } from "node:stream/promises";
import { Readable } from "node:stream";
import { assert, assertEquals, assertThrows, test } from "../harness.js";

const later = (timeout_ms = 1) => new Promise((resolve) => setTimeout(resolve, timeout_ms));

/** The response, its text with it. */
function responseOf(request) {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.on("response", (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (data) => (text += data));
      response.on("end", () => resolve({ response, text }));
      response.on("error", reject);
    });
  });
}
async function echoed(request) {
  const { response, text } = await responseOf(request);
  assertEquals(response.statusCode, 200);
  return JSON.parse(text);
}

test("a GET with headers", async ({ env }) => {
  const request = http.get(`${env.SERVER}/echo?q=1`, { headers: { "X-One": "1", "x-two": ["a", "b"] } });
  const { method, url, headers, body } = await echoed(request);
  assertEquals([method, url, headers["x-one"], headers["x-two"], body], ["GET", "/echo?q=1", "1", "a, b", ""]);
});

test("the options of a request", async ({ env }) => {
  const { hostname, port } = new URL(env.SERVER);
  const request = http.request({ hostname, port, path: "/echo", method: "put", auth: "me:secret" });
  request.end("body");
  const { method, headers, body } = await echoed(request);
  assertEquals([method, headers.authorization, body], ["PUT", `Basic ${btoa("me:secret")}`, "body"]);
});

test("a body in several writes of one turn", async ({ env }) => {
  const request = http.request(`${env.SERVER}/echo`, { method: "POST" });
  request.write("one ");
  request.write(Buffer.from("two "));
  request.end("746872 6565".replace(" ", ""), "hex");
  const { body } = await echoed(request);
  assertEquals(body, "one two three");
});

test("a body in writes of several turns", async ({ env }) => {
  const request = http.request(`${env.SERVER}/echo`, { method: "POST" });
  for (const part of ["one ", "two ", "three"]) {
    request.write(part);
    await later();
  }
  request.end();
  assertEquals((await echoed(request)).body, "one two three");
});

test("a body under its length", async ({ env }) => {
  const request = http.request(`${env.SERVER}/echo`, { method: "POST", headers: { "Content-Length": 13 } });
  request.write("one two ");
  await later();
  request.end("three");
  const { body, headers } = await echoed(request);
  assertEquals([body, headers["content-length"]], ["one two three", "13"]);
});

test(
  "a body from a stream",
  async ({ env }) => {
    const request = http.request(`${env.SERVER}/echo`, { method: "POST" });
    const answer = echoed(request);
    await pipeline(
      Readable.from(
        (async function* () {
          for (let i = 0; i < 20; i++) {
            if (i % 5 === 0) await later();
            yield Buffer.alloc(10_000, "x");
          }
        })(),
      ),
      request,
    );
    assertEquals((await answer).body.length, 200_000);
  },
  { workerd: "workerd's requests do not end with their pipeline" },
);

test(
  "the response comes while the request is written",
  async ({ env }) => {
    const request = http.request(`${env.SERVER}/pipe`, { method: "POST" });
    request.write("first");
    const response = await new Promise((resolve, reject) => request.on("response", resolve).on("error", reject));
    const next = () => new Promise((resolve) => response.once("data", (data) => resolve(data.toString())));
    assertEquals(await next(), "first");
    const second = next();
    request.write("second");
    assertEquals(await second, "second");
    const end = new Promise((resolve) => response.on("end", resolve));
    request.end();
    await end;
    assert(response.complete);
  },
  { workerd: "workerd sends a body when it has ended" },
);

test("a request that is destroyed while it is written", async ({ env }) => {
  const request = http.request(`${env.SERVER}/stall`, { method: "POST" });
  const failed = new Promise((resolve) => request.on("error", resolve));
  request.write("part");
  await later(20);
  request.destroy(new Error("changed my mind"));
  assertEquals((await failed).message, "changed my mind");
  assert(request.destroyed);
});

test("headers are set before they are sent", ({ env }) => {
  const request = http.request(`${env.SERVER}/echo`, { method: "POST" });
  request.on("error", () => {});
  request.setHeader("X-A", "1");
  assertEquals([request.getHeader("x-a"), request.hasHeader("X-a")], ["1", true]);
  request.removeHeader("x-A");
  assertEquals(request.getHeader("x-a"), undefined);
  assertEquals(assertThrows(() => request.setHeader("bad name", "1"), TypeError).code, "ERR_INVALID_HTTP_TOKEN");
  request.destroy();
});

test("a response's status and headers", async ({ env }) => {
  const { response, text } = await responseOf(http.get(`${env.SERVER}/cookies`));
  assertEquals([response.statusCode, text], [200, "ok"]);
  assertEquals(response.headers["x-many"], "1, 2");
  const missing = await responseOf(http.get(`${env.SERVER}/missing`));
  assertEquals([missing.response.statusCode, missing.text], [404, "not found"]);
});

test(
  "a response's cookies are a list",
  async ({ env }) => {
    const { response } = await responseOf(http.get(`${env.SERVER}/cookies`));
    assertEquals(response.headers["set-cookie"], ["a=1", "b=2"]);
  },
  { workerd: "workerd joins them" },
);

test("a redirect is not followed", async ({ env }) => {
  const { response } = await responseOf(http.get(`${env.SERVER}/redirect/302`));
  assertEquals([response.statusCode, response.headers.location], [302, "/echo"]);
});

test(
  "a request that cannot connect",
  async () => {
    const failed = await responseOf(http.get("http://127.0.0.1:1/")).catch((error) => error);
    assert(failed instanceof Error, String(failed));
  },
  { workerd: "workerd emits no error" },
);

test(
  "an aborted signal",
  async ({ env }) => {
    const controller = new AbortController();
    const request = http.request(`${env.SERVER}/stall`, { signal: controller.signal });
    const failed = new Promise((resolve) => request.on("error", resolve));
    request.end();
    await later(10);
    controller.abort();
    assertEquals([(await failed).name, (await failed).code], ["AbortError", "ABORT_ERR"]);
  },
  { workerd: "workerd emits no error" },
);

test("what no request is", () => {
  assertEquals(assertThrows(() => http.request("ftp://x/"), TypeError).code, "ERR_INVALID_PROTOCOL");
  assertEquals(assertThrows(() => http.request({ path: "/a b" }), TypeError).code, "ERR_UNESCAPED_CHARACTERS");
  assertEquals(assertThrows(() => http.request({ method: "a b" }), TypeError).code, "ERR_INVALID_HTTP_TOKEN");
});

// Servers.

let port = 45_000;
async function serve(listener, request = new Request("http://worker.example/path?q=1")) {
  const server = http.createServer(listener);
  server.listen(++port);
  try {
    return await handleAsNodeRequest(port, request);
  } finally {
    server.close();
  }
}

test("a server answers a request of the worker", async () => {
  const response = await serve((request, answer) => {
    answer.setHeader("X-Url", `${request.method} ${request.url} ${request.headers.host ?? ""}`);
    answer.writeHead(201, { "content-type": "text/plain", "set-cookie": ["a=1", "b=2"] });
    answer.end("made");
  });
  assertEquals([response.status, await response.text()], [201, "made"]);
  assert(response.headers.get("x-url").startsWith("GET /path?q=1"));
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

test("a server reads a body and streams its answer", async () => {
  const response = await serve(
    async (request, answer) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      answer.write(`got ${body}`);
      await later(5);
      answer.end(", thank you");
    },
    new Request("http://worker.example/", { method: "POST", body: "this" }),
  );
  assertEquals(await response.text(), "got this, thank you");
});

test("a server's answer without a body", async () => {
  const response = await serve((_, answer) => answer.writeHead(204).end());
  assertEquals([response.status, response.body, await response.text()], [204, null, ""]);
});

test("httpServerHandler makes a worker of a server", async () => {
  const server = http.createServer((request, answer) => answer.end(request.url));
  server.listen(++port);
  const handler = httpServerHandler({ port });
  const response = await handler.fetch(new Request("http://worker.example/x"), {}, {});
  assertEquals(await response.text(), "/x");
  server.close();
});

test("no server on a port", async () => {
  let error;
  try {
    await handleAsNodeRequest(44_000, new Request("http://worker.example/"));
  } catch (thrown) {
    error = thrown;
  }
  assert(error instanceof Error);
});

test(
  "why a request failed is its code",
  async ({ env }) => {
    const code = (url) => responseOf((url.startsWith("https") ? https : http).get(url)).catch((error) => error.code);
    assertEquals(await code("http://127.0.0.1:1/"), "ECONNREFUSED");
    assertEquals(await code("http://does-not-exist.invalid/"), "ENOTFOUND");
    assertEquals(await code(`https://127.0.0.1:${env.STRANGER_PORT}/`), "ERR_TLS_CERT_REJECTED");
    assertEquals(await code(`${env.SERVER}/drop`), "ECONNRESET");
  },
  { workerd: "workerd emits no error" },
);
