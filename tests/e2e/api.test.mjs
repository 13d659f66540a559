import assert from "node:assert/strict";
import test, { before } from "node:test";
import { example, start } from "./harness.mjs";

let server;
before(async () => (server = await start(example("api"))));

test("lists its routes as JSON and allows other origins", async () => {
  const { status, headers, text } = await server.fetch("/");
  assert.equal(status, 200);
  assert.equal(headers.get("content-type"), "application/json; charset=utf-8");
  assert.equal(headers.get("access-control-allow-origin"), "*");
  assert(JSON.parse(text).routes.includes("GET /books"));
});

test("path parameters are decoded and vars give the default", async () => {
  assert.deepEqual(await server.json("/greet/Zo%C3%AB%20M"), { message: "Hello, Zoë M!" });
  assert.deepEqual(await server.json("/greet/Ann?greeting=Hi+there"), { message: "Hi there, Ann!" });
});

test("query parameters filter and sort", async () => {
  const { books, total } = await server.json("/books?after=1850&sort=year");
  assert.equal(total, 4);
  assert.deepEqual(
    books.map((book) => book.year),
    [1851, 1871, 1897, 1915],
  );
  const byTitle = await server.json("/books");
  assert.equal(byTitle.books[0].title, "Die Verwandlung");
});

test("bad input is answered with the reason", async () => {
  for (const [path, status, error] of [
    ["/books?sort=colour", 400, "sort is title, author or year"],
    ["/books?after=soon", 400, "after is a year"],
    ["/books/nothing", 404, "there is no book nothing"],
    ["/nowhere", 404, "nothing is at /nowhere"],
  ]) {
    const answer = await server.fetch(path);
    assert.equal(answer.status, status);
    assert.equal(JSON.parse(answer.text).error, error);
  }
});

test("a matching ETag makes a 304 without a body", async () => {
  const first = await server.fetch("/books/dracula");
  const etag = first.headers.get("etag");
  assert.match(etag, /^"[0-9a-f]{64}"$/);
  const second = await server.fetch("/books/dracula", { headers: { "if-none-match": etag } });
  assert.equal(second.status, 304);
  assert.equal(second.text, "");
});

test("JSON bodies are read, others refused", async () => {
  const post = (body, type) => server.fetch("/echo", { method: "POST", body, headers: { "content-type": type } });
  const good = await post('{"a":[1,"ü"]}', "application/json; charset=utf-8");
  assert.equal(good.status, 201);
  assert.deepEqual(JSON.parse(good.text), { youSent: { a: [1, "ü"] } });
  assert.equal((await post("{", "application/json")).status, 400);
  assert.equal((await post("a=1", "application/x-www-form-urlencoded")).status, 415);
});

test("wrong methods, OPTIONS and HEAD", async () => {
  const wrong = await server.fetch("/books", { method: "DELETE" });
  assert.equal(wrong.status, 405);
  assert.equal(wrong.headers.get("allow"), "GET");
  const options = await server.fetch("/echo", { method: "OPTIONS" });
  assert.equal(options.status, 204);
  assert.equal(options.headers.get("access-control-allow-methods"), "POST");
  const head = await server.fetch("/books", { method: "HEAD" });
  assert.equal(head.status, 200);
  assert.equal(head.text, "");
});

test("request headers arrive, and crypto.subtle hashes", async () => {
  const headers = await server.json("/headers", { headers: { "X-Test": "one", "user-agent": "e2e" } });
  assert.equal(headers["x-test"], "one");
  assert.equal(headers["user-agent"], "e2e");
  assert.deepEqual(await server.json("/hash?text=abc"), {
    sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
  });
});
