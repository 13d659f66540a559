// In development a worker with a route sees its host, as on the network; the client sees the one that it connected to.
import assert from "node:assert/strict";
import test from "node:test";
import { start, worker } from "./harness.mjs";

const source = `export default {
  fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/redirect") {
      const headers = new Headers({ location: new URL("/to?from=" + request.url, url).href, link: "<" + request.url + ">; rel=self" });
      headers.append("set-cookie", "a=b; Domain=" + url.hostname);
      return new Response(null, { status: 302, headers });
    }
    return Response.json({ url: request.url, host: request.headers.get("host"), origin: request.headers.get("origin"), other: request.headers.get("x-other") });
  },
};`;

test("a request has the host of the first route, in its URL and its headers", async () => {
  const server = await start(worker({ "index.js": source }, 'routes = ["api.example.com/v1/*", "example.org/*"]\n'));
  const answer = await server.json("/v1/a?b=c", { headers: { origin: server.url, "x-other": `${server.url}/page` } });
  assert.deepEqual(answer, {
    url: "http://api.example.com/v1/a?b=c",
    host: "api.example.com",
    origin: "http://api.example.com",
    other: "http://api.example.com/page",
  });
  await server.stop();
});

test("a response has the host that the client connected to, in its headers", async () => {
  const server = await start(worker({ "index.js": source }, 'route = "api.example.com/*"\n'));
  const { headers, status } = await server.fetch("/redirect");
  assert.equal(status, 302);
  assert.equal(headers.get("location"), `${server.url}/to?from=${server.url}/redirect`);
  assert.equal(headers.get("link"), `<${server.url}/redirect>; rel=self`);
  assert.equal(headers.get("set-cookie"), "a=b; Domain=127.0.0.1");
  await server.stop();
});

test("of a route with a wildcard, the host is what follows", async () => {
  const server = await start(worker({ "index.js": source }, 'route = "*.example.com/*"\n'));
  assert.equal((await server.json("/x")).url, "http://example.com/x");
  await server.stop();
});

test("dev.host and dev.upstream_protocol say otherwise", async () => {
  const settings = 'route = "api.example.com/*"\n[dev]\nhost = "other.example"\nupstream_protocol = "https"\n';
  const server = await start(worker({ "index.js": source }, settings));
  assert.equal((await server.json("/x")).url, "https://other.example/x");
  await server.stop();
});

test("without a route, the host is the client's", async () => {
  const server = await start(worker({ "index.js": source }));
  assert.equal((await server.json("/x", { headers: { "x-other": "y" } })).url, `${server.url}/x`);
  await server.stop();
});
