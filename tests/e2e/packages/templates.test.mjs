// The templates of Cloudflare's own starter (npm create cloudflare), as they are: what their workers answer here is what they answer under
// wrangler dev. With ADIT_LONG=1 each runs under wrangler too, in the same test.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import test, { after } from "node:test";
import { eventually, freePort, peer, root, scratch, start } from "../harness.mjs";

const templates = join(root, "node_modules/create-cloudflare/templates");
const wrangler = join(root, "node_modules/wrangler/bin/wrangler.js");
const besideWrangler = process.env.ADIT_LONG && !peer && Number(process.versions.node.split(".")[0]) >= 20;

// What the proxy template fetches from.
const origin = createServer((request, response) => {
  response.setHeader("x-origin", "yes");
  response.end(`${request.method} ${request.url}`);
});
await new Promise((resolve) => origin.listen(0, "127.0.0.1", resolve));
const originUrl = `http://127.0.0.1:${origin.address().port}`;
after(() => origin.close());

const apps = {
  "hello-world": [
    ["GET", "/"],
    ["POST", "/any/path", "body"],
  ],
  "hello-world-durable-object": [
    ["GET", "/"],
    ["GET", "/again"],
  ],
  scheduled: [["GET", "/"]],
  common: [
    ["GET", "/"],
    ["GET", "/api/todos"],
    ["GET", "/api/todos/7"],
    ["POST", "/api/todos", '{"a":1}'],
    ["POST", "/api/todos", "no JSON"],
    ["GET", "/api/none"],
    ["GET", `/redirect?redirectUrl=${originUrl}/`],
    ["GET", "/redirect"],
    ["GET", `/proxy?proxyUrl=${originUrl}/page?x=1`],
    ["GET", `/proxy?modify&proxyUrl=${originUrl}/page`],
    ["GET", "/proxy"],
  ],
};

function project(template) {
  const folder = scratch();
  cpSync(template, folder, { recursive: true });
  // What the templates import; npm create adds it.
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(join(root, "node_modules/itty-router-3"), join(folder, "node_modules/itty-router"));
  const file = join(folder, "wrangler.jsonc");
  const filled = readFileSync(file, "utf8")
    .replace("<WORKER_NAME>", "template")
    .replace("<COMPATIBILITY_DATE>", "2026-01-01");
  writeFileSync(file, filled);
  return folder;
}

/** The server's answers; where the server is stands in none of them. */
async function answers(url, requests) {
  const all = [];
  for (const [method, path, body] of requests) {
    const response = await fetch(new URL(path, url), { method, body, redirect: "manual" });
    const text = response.status < 500 ? (await response.text()).replaceAll(new URL(url).host, "HOST") : "";
    const headers = ["content-type", "location", "x-origin", "x-my-header"].map((name) => response.headers.get(name));
    all.push([method, path, response.status, ...headers, text]);
  }
  return all;
}

async function underWrangler(folder, requests) {
  const port = await freePort();
  const child = spawn(process.execPath, [wrangler, "dev", "--local", "--port", String(port)], {
    cwd: folder,
    stdio: "ignore",
    detached: true,
    env: { ...process.env, CI: "1", WRANGLER_SEND_METRICS: "false" },
  });
  const ended = new Promise((resolve) => child.on("close", resolve));
  try {
    const url = `http://127.0.0.1:${port}`;
    await eventually(async () => assert((await fetch(url)).status > 0), 60_000);
    return await answers(url, requests);
  } finally {
    process.kill(-child.pid, "SIGKILL");
    await ended;
  }
}

for (const [name, requests] of Object.entries(apps)) {
  for (const language of ["js", "ts"]) {
    const template = join(templates, name, language);
    test(`create-cloudflare's template ${name}/${language}`, async () => {
      assert(existsSync(template));
      const server = await start(project(template));
      const here = await answers(server.url, requests);
      await server.stop();
      // The worker's own answer to a body that is not the JSON it reads is an exception.
      here.forEach(([, path, status], i) => {
        if (requests[i][2] === "no JSON") assert.equal(status, 500);
        else assert(status < 500, `${path}: ${status}`);
      });
      assert.match(here[0].at(-1), /Hello|Try making requests|To test the scheduled handler/);
      const warnings = server.output.match(/^warning.*/gm) ?? [];
      const expected = name === "scheduled" ? [/Cron Triggers \(triggers\.crons\) is not supported by Adit yet/] : [];
      assert.equal(warnings.length, expected.length, server.output);
      expected.forEach((pattern, i) => assert.match(warnings[i], pattern));
      if (besideWrangler) assert.deepEqual(here, await underWrangler(project(template), requests));
    });
  }
}
