import assert from "node:assert/strict";
import test from "node:test";
import { example, peer, start } from "./harness.mjs";

test("hello answers every method and path", async () => {
  const server = await start(example("hello"));
  for (const [path, method] of [
    ["/", "GET"],
    ["/a/b?c=d", "GET"],
    ["/", "POST"],
    ["/", "DELETE"],
  ]) {
    const { status, text, headers } = await server.fetch(path, { method });
    assert.equal(status, 200);
    assert.equal(text, "Hello, World!\n");
    assert.equal(headers.get("content-type"), "text/plain;charset=UTF-8");
  }
  const head = await server.fetch("/", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
  await server.stop();
});

test("ends on SIGTERM and SIGINT with status 0", { skip: peer && "about adit" }, async () => {
  for (const signal of ["SIGTERM", "SIGINT"]) {
    const server = await start(example("hello"));
    await server.fetch("/");
    server.kill(signal);
    assert.deepEqual(await server.ended, { code: 0, signal: null });
  }
});

test("many requests at once are all answered", async () => {
  const server = await start(example("hello"));
  const answers = await Promise.all(Array.from({ length: 200 }, () => server.fetch("/")));
  assert(answers.every(({ status, text }) => status === 200 && text === "Hello, World!\n"));
  await server.stop();
});
