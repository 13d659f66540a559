// What can be wrong before the first request: the program says what, where, and ends with a status, or goes on where it can.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import test from "node:test";
import { example, freePort, launch, peer, scratch, start, worker } from "../harness.mjs";

const good = 'export default { fetch() { return new Response("fine"); } };';

// The program either ends with a status that is not 0, or stays and answers with an error (a developer repairs the file).
async function failsWith(folder, pattern, options) {
  const server = await launch(folder, options);
  const match = await server.waitForOutput(pattern, 15_000);
  const outcome = await Promise.race([
    server.ended,
    server.waitForOutput(/Ready on (http:\S+)/, 5000).then(
      ([, url]) => ({ url }),
      () => ({ hangs: true }),
    ),
  ]);
  assert(!outcome.hangs, `neither ended nor ready:\n${server.output}`);
  if (outcome.url) assert((await fetch(outcome.url)).status >= 500);
  else assert.notEqual(outcome.code, 0, server.output);
  assert(!/Assertion|VERIFY|Segmentation|core dumped/.test(server.output), server.output);
  assert(typeof outcome.code !== "object" && outcome.signal == null, `ended by ${outcome.signal}`);
  await server.stop();
  return match;
}

const skip = peer && "about adit's own messages";

test("a syntax error names the file and the line", { skip }, async () => {
  await failsWith(
    worker({ "src/index.js": "export default {\n  fetch() {\n    return new Response('a' 'b');\n  },\n};" }),
    /index\.js:3/,
  );
});

test("a syntax error in TypeScript names the file and the line", { skip }, async () => {
  await failsWith(
    worker({ "src/index.ts": "const a: number = 1;\nexport default {\n  fetch() { return const; }\n};" }),
    /index\.ts:3/,
  );
});

test("an exception at the top level is shown with its place", { skip }, async () => {
  await failsWith(
    worker({ "src/index.js": `const a = 1;\nthrow new Error("at the top");\n${good}` }),
    /at the top[^]*index\.js:2/,
  );
});

test("an import that is not there is named", { skip }, async () => {
  await failsWith(worker({ "src/index.js": `import { x } from "./missing.js";\n${good}` }), /missing\.js/);
});

test("an endless loop at the top level is stopped", { skip }, async () => {
  await failsWith(worker({ "src/index.js": `for (;;);\n${good}` }), /CPU|start-?up|time/i);
});

test("a worker that exports nothing to call says so when called", { skip }, async () => {
  await failsWith(worker({ "src/index.js": "export const a = 1;" }), /fetch|handler|export/i);
});

test("a Durable Object class that the worker does not export is named", { skip }, async () => {
  const settings = `[[durable_objects.bindings]]\nname = "THING"\nclass_name = "NotExported"\n`;
  await failsWith(worker({ "src/index.js": good }, settings), /NotExported/);
});

test("a main file that is not there is named", { skip }, async () => {
  const folder = worker({
    "wrangler.toml": 'name = "a"\nmain = "src/nowhere.js"\ncompatibility_date = "2026-01-01"\n',
  });
  await failsWith(folder, /nowhere\.js/);
});

test("a broken wrangler.toml is shown with line and column", { skip }, async () => {
  const folder = worker({
    "wrangler.toml": 'name = "a"\nmain = \ncompatibility_date = "2026-01-01"\n',
    "src/index.js": good,
  });
  await failsWith(folder, /wrangler\.toml:2:/);
});

test("a broken wrangler.jsonc is shown with line and column", { skip }, async () => {
  await failsWith(
    worker({ "wrangler.jsonc": '{\n  "name": "a",\n  "main": }\n', "src/index.js": good }),
    /wrangler\.jsonc:3:/,
  );
});

test("a folder without a configuration is said to have none", { skip }, async () => {
  await failsWith(scratch(), /wrangler/);
});

test("a folder that is not there is named", { skip }, async () => {
  const server = await launch(scratch(), { args: [] });
  await server.ended;
  assert.match(server.output, /wrangler/);
});

test("a port in use is named, and the program ends", { skip }, async () => {
  const holder = createServer();
  const port = await freePort();
  await new Promise((resolve) => holder.listen(port, "127.0.0.1", resolve));
  const server = await launch(example("hello"), { port });
  const { code } = await server.ended;
  assert.notEqual(code, 0);
  assert.match(server.output, new RegExp(`${port}`));
  assert.match(server.output, /in use/i);
  holder.close();
});

test("two programs cannot share one state folder", { skip }, async () => {
  const first = await start(example("counter"));
  await first.json("/a/increment", { method: "POST" });
  const second = await launch(example("counter"), { persist: first.persist });
  const outcome = await Promise.race([
    second.ended,
    second.waitForOutput(/Ready on/, 10_000).then(
      () => "ready",
      () => "hangs",
    ),
  ]);
  assert.notEqual(outcome, "ready", "a second owner of the same state started");
  assert.notEqual(outcome, "hangs");
  assert.notEqual(outcome.code, 0);
  assert.deepEqual(await first.json("/a"), { value: 1 });
  await first.stop();
});

test("a state folder that cannot be made is named", { skip }, async () => {
  const file = join(scratch(), "file");
  writeFileSync(file, "not a folder");
  const server = await launch(example("counter"), { persist: join(file, "state") });
  const outcome = await Promise.race([
    server.ended,
    server.waitForOutput(/Ready on (http:\S+)/).then(([, url]) => ({ url })),
  ]);
  if (outcome.url) assert((await fetch(`${outcome.url}/a/increment`, { method: "POST" })).status >= 500);
  else assert.notEqual(outcome.code, 0);
  assert.match(server.output, /state/);
  await server.stop();
});
