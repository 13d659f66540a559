import assert from "node:assert/strict";
import test from "node:test";
import { example, start } from "./harness.mjs";

const post = (server, path) => server.json(path, { method: "POST" });

test("counts per name, checks its input, and keeps values over a restart", async () => {
  const first = await start(example("counter"));
  assert.deepEqual(await first.json("/apples"), { value: 0 });
  assert.deepEqual(await post(first, "/apples/increment"), { value: 1 });
  assert.deepEqual(await post(first, "/apples/increment?by=41"), { value: 42 });
  assert.deepEqual(await post(first, "/pears/decrement"), { value: -1 });
  assert.equal((await first.fetch("/apples/increment")).status, 405);
  assert.equal((await first.fetch("/apples/increment?by=x", { method: "POST" })).status, 400);
  assert.equal((await first.fetch("/apples/explode", { method: "POST" })).status, 404);
  await first.stop();

  const second = await start(example("counter"), { persist: first.persist });
  assert.deepEqual(await second.json("/apples"), { value: 42 });
  assert.deepEqual(await second.json("/pears"), { value: -1 });
  assert.deepEqual(await post(second, "/apples/reset"), { value: 0 });
  await second.stop();
});

test("concurrent increments of one counter are all counted, each answer once", async () => {
  const server = await start(example("counter"));
  const answers = await Promise.all(Array.from({ length: 200 }, () => post(server, "/many/increment")));
  const values = answers.map(({ value }) => value).sort((a, b) => a - b);
  assert.deepEqual(
    values,
    Array.from({ length: 200 }, (_, index) => index + 1),
  );
  await server.stop();
});

test("many objects at once keep to themselves", async () => {
  const server = await start(example("counter"));
  await Promise.all(
    Array.from({ length: 300 }, (_, index) => post(server, `/object-${index % 100}/increment?by=${index % 100}`)),
  );
  const values = await Promise.all(Array.from({ length: 100 }, (_, index) => server.json(`/object-${index}`)));
  assert.deepEqual(
    values.map(({ value }) => value),
    Array.from({ length: 100 }, (_, index) => index * 3),
  );
  await server.stop();
});
