// Starts `adit dev` for a test and stops it afterwards. The program is build/release/adit, or ADIT_BINARY; with ADIT_PEER set to a
// command (`node .../wrangler.js`) the same tests run on `wrangler dev`, to show that they describe Workers and not our reading of them.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import WebSocketClient from "ws";

export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");
export const binary = process.env.ADIT_BINARY ?? join(root, "build/release/adit");
export const peer = process.env.ADIT_PEER?.split(" ");
// Why a test of memory or speed is left out; sanitizers take more of both.
export const sanitized = process.env.ADIT_PRESET === "asan" && "sanitizers take memory and time";
export const example = (name) => join(root, "examples", name);

const folders = [];
const servers = new Set();
after(async () => {
  for (const server of servers) server.kill("SIGKILL");
  await Promise.all([...servers].map((server) => server.ended));
  for (const folder of folders) rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

export function scratch() {
  const folder = mkdtempSync(join(tmpdir(), "adit-test-"));
  folders.push(folder);
  return folder;
}

// A worker made of `files` ({ "wrangler.toml": text, ... }); a configuration is added when there is none.
export function worker(files, settings = "") {
  const folder = scratch();
  const main = Object.keys(files).find((name) => /\.(m?js|ts)$/.test(name));
  const configured = Object.keys(files).some((name) => name.startsWith("wrangler."));
  const configuration = `name = "test-worker"\nmain = "${main}"\ncompatibility_date = "2026-01-01"\n${settings}`;
  for (const [name, text] of Object.entries(configured ? files : { ...files, "wrangler.toml": configuration })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

export function copyOf(folder) {
  const copy = scratch();
  cpSync(folder, copy, { recursive: true });
  return copy;
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

// The process of one `dev`: `output` is what it wrote so far, `ended` settles with { code, signal }.
export async function launch(folder, { persist = scratch(), port = 0, args = [], env = {} } = {}) {
  const common = ["--port", String(port || (peer ? await freePort() : 0)), "--persist-to", persist, ...args];
  const [program, ...rest] = peer ? [...peer, "dev", ...common] : [binary, "dev", folder, ...common];
  assert(peer || existsSync(program), `${program} is not built`);
  const child = spawn(program, rest, {
    cwd: folder,
    stdio: ["ignore", "pipe", "pipe"],
    env: {
      ...process.env,
      NO_COLOR: "1",
      CI: "1",
      WRANGLER_SEND_METRICS: "false",
      CLOUDFLARE_CF_FETCH_ENABLED: "false",
      ...env,
    },
    detached: Boolean(peer), // wrangler's children must go with it
  });
  const server = { child, output: "", persist, kill, stop, ended: undefined, waitForOutput };
  const watchers = new Set();
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8");
    stream.on("data", (text) => {
      server.output += text;
      for (const watcher of watchers) watcher();
    });
  }
  server.ended = new Promise((resolve) => {
    child.on("error", (error) => resolve({ code: 127, signal: String(error) }));
    child.on("close", (code, signal) => resolve({ code, signal }));
  });
  servers.add(server);
  server.ended.then(() => {
    servers.delete(server);
    for (const watcher of watchers) watcher();
  });

  function kill(signal) {
    try {
      if (peer) process.kill(-child.pid, signal);
      else child.kill(signal);
    } catch (error) {
      if (error.code !== "ESRCH") throw error;
    }
  }
  async function stop() {
    kill("SIGTERM");
    const late = setTimeout(() => kill("SIGKILL"), 30_000);
    const result = await server.ended;
    clearTimeout(late);
    return result;
  }
  async function waitForOutput(pattern, timeout_ms = 30_000) {
    return await new Promise((resolve, reject) => {
      const look = () => {
        const match = pattern.exec(server.output);
        if (match) settle(resolve, match);
        else if (!servers.has(server)) settle(reject, new Error(`ended without ${pattern}; output:\n${server.output}`));
      };
      const timer = setTimeout(
        () => settle(reject, new Error(`no ${pattern} within ${timeout_ms} ms; output:\n${server.output}`)),
        timeout_ms,
      );
      const settle = (how, value) => {
        clearTimeout(timer);
        watchers.delete(look);
        how(value);
      };
      watchers.add(look);
      look();
    });
  }
  return server;
}

// A `dev` that answers: adds `url`, `get` and `fetch` (which waits for the whole body).
export async function start(folder, options) {
  const server = await launch(folder, options);
  const [, url] = await server.waitForOutput(/Ready on (https?:\/\/[^\s/]+)\s/, 30_000);
  server.url = url.replace("localhost", "127.0.0.1").replace("0.0.0.0", "127.0.0.1");
  server.fetch = async (path, init) => {
    const response = await fetch(new URL(path, server.url), {
      redirect: "manual",
      signal: AbortSignal.timeout(60_000),
      ...init,
    });
    return { status: response.status, headers: response.headers, text: await response.text() };
  };
  server.json = async (path, init) => {
    const { text } = await server.fetch(path, init);
    return JSON.parse(text);
  };
  return server;
}

// A WebSocket whose messages are read one by one.
export async function openSocket(server, path, options) {
  const socket = new WebSocketClient(new URL(path, server.url.replace("http", "ws")), options);
  const queue = [];
  const waiting = [];
  const push = (item) => (waiting.length ? waiting.shift()(item) : queue.push(item));
  socket.on("message", (data, binary) => push({ data: binary ? data : data.toString() }));
  socket.on("close", (code, reason) => push({ close: code, reason: reason.toString() }));
  await new Promise((resolve, reject) => {
    socket.on("open", resolve);
    socket.on("error", reject);
  });
  const next = (timeout_ms = 20_000) =>
    queue.length
      ? Promise.resolve(queue.shift())
      : new Promise((resolve, reject) => {
          const timer = setTimeout(() => reject(new Error("no WebSocket message came")), timeout_ms);
          waiting.push((item) => {
            clearTimeout(timer);
            resolve(item);
          });
        });
  return {
    send: (value) => socket.send(typeof value === "string" || Buffer.isBuffer(value) ? value : JSON.stringify(value)),
    close: (code, reason) => socket.close(code, reason),
    terminate: () => socket.terminate(),
    next,
    async nextJson(timeout_ms) {
      const item = await next(timeout_ms);
      assert("data" in item, `the socket was closed with ${item.close}`);
      return JSON.parse(item.data);
    },
  };
}

export async function eventually(check, timeout_ms = 30_000) {
  const deadline = Date.now() + timeout_ms;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
