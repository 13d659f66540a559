// How each server is started with an app. A peer is { name, start(app) } and start gives { pid, url, stop }.
import { execFileSync, spawn } from "node:child_process";
import { createHash } from "node:crypto";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const cache = process.env.ADIT_CACHE ?? join(homedir(), ".cache/adit");
const compatibilityDate = "2026-01-01";

// bench/package.json's packages, installed once per version of that file.
let installed;
function modules() {
  if (installed) return installed;
  const wanted = readFileSync(join(here, "package.json"));
  const folder = join(cache, `bench-${createHash("sha256").update(wanted).digest("hex").slice(0, 12)}`);
  if (!existsSync(join(folder, "node_modules"))) {
    console.error("bench: installing the peers");
    mkdirSync(`${folder}.new`, { recursive: true });
    copyFileSync(join(here, "package.json"), join(`${folder}.new`, "package.json"));
    // Bun's package is a placeholder until its install script has run.
    execFileSync(
      "npm",
      ["install", "--no-audit", "--no-fund", "--no-package-lock", "--ignore-scripts", "--loglevel=error"],
      {
        cwd: `${folder}.new`,
        stdio: "inherit",
      },
    );
    execFileSync(process.execPath, ["install.js"], { cwd: join(`${folder}.new`, "node_modules/bun"), stdio: "ignore" });
    renameSync(`${folder}.new`, folder);
  }
  return (installed = join(folder, "node_modules"));
}

export async function freePort() {
  const server = createServer();
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address();
  await new Promise((resolve) => server.close(resolve));
  return port;
}

function accepts(port) {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => (socket.destroy(), resolve(true)));
    socket.on("error", () => resolve(false));
  });
}

const running = new Set();
process.on("exit", () => {
  for (const server of running) server.kill();
});
for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(130));

// `command(port, state)` is the command line; a port of our choice keeps every peer alike.
export async function launch(name, command, { wait = true } = {}) {
  const port = await freePort();
  const state = mkdtempSync(join(tmpdir(), `adit-bench-${name}-`));
  const [program, ...args] = command(port, state);
  const spawned_ms = performance.now();
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
    env: { ...process.env, CI: "1", NO_COLOR: "1" },
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (text) => (output = (output + text).slice(-4000)));
  const ended = new Promise((resolve) => child.on("close", resolve));
  const server = {
    name,
    pid: child.pid,
    port,
    state,
    spawned_ms,
    url: `http://127.0.0.1:${port}`,
    kill() {
      try {
        process.kill(-child.pid, "SIGKILL");
      } catch {} // it has ended already
      running.delete(server);
    },
    async stop() {
      server.kill();
      await ended;
      rmSync(state, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  running.add(server);
  if (wait) {
    const deadline = Date.now() + 30_000;
    while (!(await accepts(port))) {
      if (Date.now() > deadline || child.exitCode !== null) throw new Error(`${name} did not start:\n${output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  return server;
}

export function aditFolder(app, state) {
  const folder = join(state, "app");
  mkdirSync(folder, { recursive: true });
  copyFileSync(app, join(folder, basename(app)));
  writeFileSync(
    join(folder, "wrangler.json"),
    JSON.stringify({
      name: "bench",
      main: basename(app),
      compatibility_date: compatibilityDate,
      ...(app.endsWith("objects.js") && {
        durable_objects: { bindings: [{ name: "COUNTER", class_name: "Counter" }] },
        migrations: [{ tag: "v1", new_sqlite_classes: ["Counter"] }],
      }),
      ...(app.endsWith("r2.js") && { r2_buckets: [{ binding: "BUCKET", bucket_name: "bench" }] }),
      ...(app.endsWith("d1.js") && { d1_databases: [{ binding: "DB", database_id: "bench" }] }),
      ...(app.endsWith("kv.js") && { kv_namespaces: [{ binding: "KV", id: "kv" }] }),
    }),
  );
  return folder;
}

function workerdConfig(app, port, state) {
  const objects = app.endsWith("objects.js");
  mkdirSync(join(state, "objects"), { recursive: true });
  copyFileSync(app, join(state, "app.js"));
  const config = join(state, "config.capnp");
  writeFileSync(
    config,
    `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .worker),
    ${objects ? `(name = "objects", disk = (path = "${join(state, "objects")}", writable = true)),` : ""}
  ],
  sockets = [(name = "http", address = "127.0.0.1:${port}", http = (), service = "main")],
);
const worker :Workerd.Worker = (
  modules = [(name = "worker", esModule = embed "app.js")],
  compatibilityDate = "${compatibilityDate}",
  ${
    objects
      ? `bindings = [(name = "COUNTER", durableObjectNamespace = "Counter")],
  durableObjectNamespaces = [(className = "Counter", uniqueKey = "counter", enableSql = true)],
  durableObjectStorage = (localDisk = "objects"),`
      : ""
  }
);
`,
  );
  return config;
}

export const adit = process.env.ADIT_BINARY ?? join(here, "../build/release/adit");

export const commands = {
  adit:
    (app, ...extra) =>
    (port, state) => [
      adit,
      "dev",
      aditFolder(app, state),
      "--port",
      port,
      "--persist-to",
      join(state, "state"),
      "--log-level", // a line per request is a developer's comfort; the others write none
      "error",
      "--max-body-mb", // an object of 1 GiB is put through a worker
      "2048",
      ...extra,
    ],
  // Beside servers of one thread.
  "adit-one-shard": (app) => commands.adit(app, "--shards", "1"),
  workerd: (app) => (port, state) => [
    join(modules(), "@cloudflare/workerd-linux-64/bin/workerd"),
    "serve",
    workerdConfig(app, port, state),
  ],
  miniflare: (app) => (port, state) => [
    process.execPath,
    join(here, "peers/miniflare.mjs"),
    port,
    app,
    state,
    modules(),
  ],
  nginx: () => (port, state) => {
    const paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(
      (name) => `${name}_temp_path ${state}/${name};`,
    );
    writeFileSync(
      join(state, "nginx.conf"),
      `${process.getuid() === 0 ? "user root; " : ""}daemon off; worker_processes 1; pid ${state}/pid; error_log stderr; events {}
http { access_log off; sendfile on; ${paths.join(" ")} server { listen 127.0.0.1:${port}; root ${state}/files; } }\n`,
    );
    return ["/usr/sbin/nginx", "-c", join(state, "nginx.conf")];
  },
  bun: (app) => (port) => [join(modules(), "bun/bin/bun.exe"), "run", `--port=${port}`, app],
  deno: (app) => (port) => [
    join(modules(), "@deno/linux-x64-glibc/deno"),
    "serve",
    "--quiet",
    "--no-lock",
    "--host=127.0.0.1",
    `--port=${port}`,
    app,
  ],
  node: (app) => (port) => [
    process.execPath,
    join(here, "peers/node.mjs"),
    port,
    ...(app.endsWith("hello.js") ? [] : [app]),
  ],
  epoll: () => (port) => [epollProgram(), String(port)],
};

function epollProgram() {
  const program = join(here, "../build/bench/epoll_hello");
  const source = join(here, "native/epoll_hello.cc");
  mkdirSync(dirname(program), { recursive: true });
  execFileSync("g++", ["-O2", "-std=c++20", "-o", program, source], { stdio: "inherit" });
  return program;
}

export async function start(peer, app) {
  const server = await launch(peer, commands[peer](join(here, "apps", app)));
  // A socket may be open before the app behind it answers.
  for (let attempt = 0; ; attempt++) {
    try {
      if ((await fetch(server.url)).status < 500) return server;
    } catch (error) {
      if (attempt > 100) throw error;
    }
    if (attempt > 100) return server;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
