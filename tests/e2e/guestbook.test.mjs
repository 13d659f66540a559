import assert from "node:assert/strict";
import test from "node:test";
import { example, start } from "./harness.mjs";

const sign = (server, name, message) =>
  server.fetch("/sign", { method: "POST", body: new URLSearchParams({ name, message }) });

test("shows what was signed, newest first, escaped, and after a restart too", async () => {
  const first = await start(example("guestbook"));
  assert.match((await first.fetch("/")).text, /first page is still empty/);
  for (const [name, message] of [
    ["Ann", "hello"],
    ["<b>Bob</b>", 'a "quote" & <script>alert(1)</script>'],
    ["Zoë", "日本 ✓"],
  ]) {
    const answer = await sign(first, name, message);
    assert.equal(answer.status, 303);
    assert.equal(new URL(answer.headers.get("location"), first.url).pathname, "/");
    await new Promise((resolve) => setTimeout(resolve, 3)); // the order is by millisecond
  }
  const { text, headers } = await first.fetch("/");
  assert.match(headers.get("content-type"), /^text\/html/);
  assert(!text.includes("<script>") && !text.includes("<b>Bob"));
  assert(text.includes("&#60;b&#62;Bob&#60;/b&#62;") && text.includes("日本 ✓"));
  assert(text.indexOf("Zoë") < text.indexOf("Ann"));
  await first.stop();

  const second = await start(example("guestbook"), { persist: first.persist });
  const { list } = await second.json("/entries.json");
  assert.deepEqual(
    list.map(({ name }) => name),
    ["Zoë", "<b>Bob</b>", "Ann"],
  );
  await second.stop();
});

test("multipart forms, long messages, refusals and paging", async () => {
  const server = await start(example("guestbook"));
  const form = new FormData();
  form.set("name", "Multi Part");
  form.set("message", "é".repeat(500));
  assert.equal((await server.fetch("/sign", { method: "POST", body: form })).status, 303);
  assert((await server.fetch("/")).text.includes("é".repeat(500)));
  assert.equal((await sign(server, "", "no name")).status, 400);
  assert.equal((await sign(server, "Ann", "x".repeat(501))).status, 400);
  assert.equal((await server.fetch("/nowhere")).status, 404);

  for (let index = 0; index < 24; index++) await sign(server, `Guest ${index}`, "hi");
  const page = await server.fetch("/");
  assert.equal(page.text.match(/<article>/g).length, 20);
  const older = /href="(\/\?cursor=[^"]+)"/.exec(page.text)[1];
  const rest = await server.fetch(older);
  assert.equal(rest.text.match(/<article>/g).length, 5);
  assert(!rest.text.includes("Older entries"));
  await server.stop();
});
