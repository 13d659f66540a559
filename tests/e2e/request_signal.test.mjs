// Request.signal with the compatibility flag enable_request_signal: it aborts when the client goes away, and only then.
import assert from "node:assert/strict";
import http from "node:http";
import test from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { start, worker } from "./harness.mjs";

const source = `
const seen = [];
export default {
  async fetch(request, env, ctx) {
    const { pathname } = new URL(request.url);
    if (pathname === "/seen") return Response.json(seen.splice(0));
    const { signal } = request;
    signal.addEventListener("abort", () => seen.push([pathname, signal.reason.name, signal.reason.message]));
    ctx.waitUntil(new Promise((resolve) => setTimeout(resolve, 300)));
    if (pathname === "/stream")
      return new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(new Uint8Array(1000));
            await new Promise((resolve) => setTimeout(resolve, 10));
          },
        }),
      );
    if (pathname === "/slow") await new Promise((resolve) => setTimeout(resolve, 200));
    return new Response("done");
  },
};
`;

function breakOff(url, after_ms) {
  return new Promise((resolve) => {
    const request = http.get(url, { agent: false }, (response) => response.on("data", () => {}).on("error", () => {}));
    request.on("error", () => {}).on("close", resolve);
    setTimeout(() => request.destroy(), after_ms);
  });
}

test("a client that goes away aborts the signal of its request", async () => {
  const server = await start(worker({ "index.js": source }, 'compatibility_flags = ["enable_request_signal"]\n'), {
    args: ["--shards", "1"],
  });
  const gone = ["AbortError", "The client has disconnected"];
  for (const path of ["/stream", "/slow"]) {
    await breakOff(server.url + path, 60);
    await sleep(60);
    assert.deepEqual(await server.json("/seen"), [[path, ...gone]]);
  }
  // Many that end well, so that what is remembered of them is forgotten, and none aborts.
  for (let count = 0; count < 200; count++) assert.equal((await server.fetch("/ok")).text, "done");
  await sleep(350);
  assert.deepEqual(await server.json("/seen"), []);
  await server.stop();
});

test("without the flag the signal does not abort", async () => {
  const server = await start(worker({ "index.js": source }), { args: ["--shards", "1"] });
  await breakOff(`${server.url}/slow`, 60);
  await sleep(250);
  assert.deepEqual(await server.json("/seen"), []);
  await server.stop();
});
