// Compiled code on disk: a restart finds it, damage costs nothing but the time to compile.
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { eventually, peer, start, worker } from "./harness.mjs";

// The functions run at the top level, so that the compiled code holds them.
const functions = Array.from({ length: 500 }, (_, i) => `export function f${i}(a) { return [a, ${i}, "f${i}"]; }`);
const calls = Array.from({ length: 500 }, (_, i) => `f${i}(1)`);
const esm = `${functions.join("\n")}
const all = [${calls.join(",")}];
export default { fetch() { return new Response(String(all.length)); } };`;
const classic = `${functions.join("\n").replaceAll("export ", "")}
const all = [${calls.join(",")}];
addEventListener("fetch", (event) => event.respondWith(new Response(String(all.length))));`;

const skip = peer && "about adit's own files";

function codeFiles(folder) {
  const cache = join(folder, ".adit/cache/code");
  if (!existsSync(cache)) return [];
  return readdirSync(cache, { recursive: true })
    .filter((name) => /^..\/[0-9a-f]{32}\./.test(name))
    .map((name) => join(cache, name))
    .filter((path) => statSync(path).isFile());
}

async function answersOnce(folder) {
  const server = await start(folder);
  assert.equal((await server.fetch("/")).text, "500");
  const files = await eventually(() => {
    const found = codeFiles(folder);
    assert(found.length > 0);
    return found;
  });
  assert.equal((await server.stop()).code, 0);
  return files;
}

for (const [syntax, source] of Object.entries({ "ES module": esm, "service worker": classic })) {
  test(`the compiled code of a ${syntax} is on disk once, however often it starts`, { skip }, async () => {
    const folder = worker({ "index.js": source });
    const [file, ...more] = await answersOnce(folder);
    assert.deepEqual(more, []);
    const written = statSync(file).mtimeMs;
    assert.deepEqual(await answersOnce(folder), [file]);
    assert.equal(statSync(file).mtimeMs, written, "it was compiled and written anew");
  });
}

test("damaged code is ignored and written anew", { skip }, async () => {
  const folder = worker({ "index.js": esm });
  const [file] = await answersOnce(folder);
  const good = readFileSync(file);
  const damaged = Buffer.from(good);
  for (let at = 100; at < damaged.length; at += 50) damaged[at] ^= 0xff;
  writeFileSync(file, damaged);
  await answersOnce(folder);
  await eventually(() => assert(!readFileSync(file).equals(damaged)));
  writeFileSync(file, good.subarray(0, good.length / 2));
  await answersOnce(folder);
  await eventually(() => assert.equal(statSync(file).size, good.length));
});

test("a project whose folder cannot hold the cache runs all the same", { skip }, async () => {
  const folder = worker({ "index.js": esm, ".adit/cache": "a file" });
  const server = await start(folder);
  assert.equal((await server.fetch("/")).text, "500");
  assert.doesNotMatch(server.output, /error|warn/i);
  await server.stop();
  rmSync(folder, { recursive: true });
});
