// `adit dev` as its user meets it: what it says, what it watches, and that a new version takes over without anybody noticing.
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";
import test from "node:test";
import { eventually, launch, peer, start, worker } from "./harness.mjs";

const skip = peer && "about adit dev";
const version = (n) => `export default { fetch() { return new Response("version ${n}"); } };`;

function write(folder, name, text) {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
}

/** As editors do: a new file in the old one's place. */
function replace(folder, name, text) {
  write(folder, `${name}.new`, text);
  renameSync(join(folder, `${name}.new`), join(folder, name));
}

const answers = (server, text) => eventually(async () => assert.equal((await server.fetch("/")).text, text), 20_000);

test("requests are logged with status, time and CPU", { skip }, async () => {
  const server = await start(worker({ "index.js": version(1) }));
  await server.fetch("/some/path?q=1", { method: "POST" });
  await server.waitForOutput(/^POST \/some\/path\?q=1 200 \d+\.\d ms, cpu \d+\.\d ms$/m);
  await server.stop();
});

test("an error is a page for a browser and text for others", { skip }, async () => {
  const server = await start(
    worker({ "index.js": `export default { fetch() { throw new Error("<b>broken</b>"); } };` }),
  );
  const page = await server.fetch("/", { headers: { accept: "text/html,*/*" } });
  assert.equal(page.status, 500);
  assert.match(page.headers.get("content-type"), /^text\/html/);
  assert.match(page.text, /^<!doctype html>[^]*&lt;b&gt;broken&lt;\/b&gt;[^]*index\.js:1:/);
  const text = await server.fetch("/", { headers: { accept: "*/*" } });
  assert.match(text.headers.get("content-type"), /^text\/plain/);
  assert.match(text.text, /Error: <b>broken<\/b>\n +at .*index\.js:1:/);
  await server.stop();
});

test("20 new versions under load: no request fails", { skip }, async () => {
  const folder = worker({ "index.js": version(0) });
  const server = await start(folder, { args: ["--log-level", "warn"] });
  const agent = new Agent({ keepAlive: true, maxSockets: 8 });
  const seen = new Set();
  const failures = [];
  let running = true;
  let count = 0;
  const once = () =>
    new Promise((resolve) => {
      const request = get(server.url, { agent }, (response) => {
        let text = "";
        response.on("data", (chunk) => (text += chunk));
        response.on("end", () => {
          if (response.statusCode !== 200) failures.push(`${response.statusCode} ${text}`);
          seen.add(text);
          count++;
          resolve();
        });
        response.on("error", (error) => resolve(failures.push(String(error))));
      });
      request.on("error", (error) => resolve(failures.push(String(error))));
    });
  const clients = Array.from({ length: 8 }, async () => {
    while (running) await once();
  });
  for (let n = 1; n <= 20; n++) {
    replace(folder, "index.js", version(n));
    await answers(server, `version ${n}`);
  }
  running = false;
  await Promise.all(clients);
  agent.destroy();
  assert.deepEqual(failures, []);
  assert(seen.has("version 20") && seen.size >= 15, `only ${seen.size} versions were seen in ${count} requests`);
  await server.stop();
});

test("a request that is being answered goes on over a new version", { skip }, async () => {
  const waiting = `export default { fetch() {
    return new Response(new ReadableStream({ async start(c) {
      c.enqueue(new TextEncoder().encode("old "));
      await scheduler.wait(2000);
      c.enqueue(new TextEncoder().encode("and done")); c.close();
    } })); } };`;
  const folder = worker({ "index.js": waiting });
  const server = await start(folder);
  const response = await fetch(server.url);
  const reader = response.body.getReader();
  assert.equal(Buffer.from((await reader.read()).value).toString(), "old ");
  replace(folder, "index.js", version(2));
  await answers(server, "version 2");
  assert.equal(Buffer.from((await reader.read()).value).toString(), "and done");
  assert.equal((await reader.read()).done, true);
  await server.stop();
});

test("imported files, .dev.vars and the configuration are watched, new ones too", { skip }, async () => {
  const folder = worker({
    "src/index.ts": `import { word } from "./lib/word"; export default { fetch(r: Request, env: any) { return new Response([word, env.A, env.B].join(" ")); } };`,
    "src/lib/word.ts": `export const word: string = "one";`,
    "wrangler.toml": `name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-01-01"\nvars = { A = "a" }\n`,
  });
  const server = await start(folder);
  await answers(server, "one a ");
  replace(folder, "src/lib/word.ts", `export const word = "two";`);
  await answers(server, "two a ");
  write(folder, ".dev.vars", "B=secret\n");
  await answers(server, "two a secret");
  write(folder, ".dev.vars", "B=other\n");
  await answers(server, "two a other");
  rmSync(join(folder, ".dev.vars"));
  await answers(server, "two a ");
  write(
    folder,
    "wrangler.toml",
    `name = "w"\nmain = "src/index.ts"\ncompatibility_date = "2026-01-01"\nvars = { A = "changed" }\n`,
  );
  await answers(server, "two changed ");
  write(folder, "src/new/deep.ts", `export { word } from "../lib/word";`);
  replace(
    folder,
    "src/index.ts",
    `import { word } from "./new/deep"; export default { fetch() { return new Response(word); } };`,
  );
  await answers(server, "two");
  write(folder, "src/new/deep.ts", `export const word = "deep";`);
  await answers(server, "deep");
  await server.stop();
});

test("a custom build runs anew when its sources change, and not because of what it writes", { skip }, async () => {
  const folder = worker({
    "src/word.txt": "one",
    "build.sh": `mkdir -p dist
      echo built >> builds.txt
      echo "export const word = '$(cat src/word.txt)';" > dist/word.js
      echo "import { word } from './word.js'; export default { fetch() { return new Response(word); } };" > dist/index.js`,
    "wrangler.toml": `name = "w"\nmain = "dist/index.js"\ncompatibility_date = "2026-01-01"\nbuild.command = "sh build.sh"\n`,
  });
  const server = await start(folder);
  await answers(server, "one");
  write(folder, "src/word.txt", "two");
  await answers(server, "two");
  await new Promise((resolve) => setTimeout(resolve, 500));
  const builds = readFileSync(join(folder, "builds.txt"), "utf8").split("\n").length - 1;
  assert(builds <= 3, `it was built ${builds} times`);
  await server.stop();
});

test("a broken source shows its error until it is mended", { skip }, async () => {
  for (const [name, first, broken] of [
    ["index.js", version(1), "export default { fetch() { return new Response('a' 'b'); } };"],
    ["index.ts", version(1), "export default { fetch() { return const; } };"],
    ["index.mjs", version(1), "throw new Error('at the top');"],
  ]) {
    const folder = worker({ [name]: first });
    const server = await start(folder);
    replace(folder, name, broken);
    await eventually(async () => {
      const { status, text } = await server.fetch("/");
      assert.equal(status, 500, text);
      assert.match(text, new RegExp(`${name}:1|at the top`));
    }, 20_000);
    replace(folder, name, version(2));
    await answers(server, "version 2");
    await server.stop();
  }
});

test(
  "a mistake in the configuration is shown with file, line, field and hint until it is mended",
  { skip },
  async () => {
    const good = `name = "w"\nmain = "index.js"\ncompatibility_date = "2026-01-01"\n`;
    const folder = worker({ "index.js": version(1), "wrangler.toml": good });
    const server = await start(folder);
    write(folder, "wrangler.toml", `${good}kv_namespace = []\n`);
    await eventually(async () => {
      const { status, text } = await server.fetch("/");
      assert.equal(status, 500);
      assert.match(text, /wrangler\.toml:4:1: error: unknown field "kv_namespace"[^]*did you mean "kv_namespaces"/);
    }, 20_000);
    write(folder, "wrangler.toml", "name = \n");
    await eventually(async () => assert.match((await server.fetch("/")).text, /wrangler\.toml:1:/), 20_000);
    write(folder, "wrangler.toml", good);
    await answers(server, "version 1");
    await server.stop();
  },
);

test("on SIGTERM what is being answered is answered, and nothing new is taken", { skip }, async () => {
  const folder = worker({
    "index.js": `export default { async fetch(request) {
      if (new URL(request.url).pathname === "/slow") await scheduler.wait(1500);
      return new Response("answered");
    } };`,
  });
  const server = await start(folder);
  const slow = server.fetch("/slow");
  await eventually(async () => assert.equal((await server.fetch("/")).text, "answered"));
  server.kill("SIGTERM");
  await eventually(() => assert.rejects(fetch(server.url), { name: "TypeError" }));
  assert.equal((await slow).text, "answered");
  assert.deepEqual(await server.ended, { code: 0, signal: null });
});

test("a port in use is said with what to do about it", { skip }, async () => {
  const first = await start(worker({ "index.js": version(1) }));
  const { port } = new URL(first.url);
  const second = await launch(worker({ "index.js": version(2) }), { port });
  const { code } = await second.ended;
  assert.equal(code, 1);
  assert.match(second.output, new RegExp(`${port}[^]*in use[^]*another port`));
  await first.stop();
});
