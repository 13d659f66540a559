// Runs tests/web/**/*.test.js as one worker: `node tests/web/run.mjs [--peer adit|workerd] [--adit PATH] [--filter TEXT]
// [FILES...]`. Adit is the default; workerd (through miniflare) shows that the tests describe Workers and not our reading of them.
// With --folder node it runs the files of tests/web/node instead, whose worker has the compatibility flag nodejs_compat.
// When tests/web/server.mjs exists, its start() gives { origin, env, certificateFile, close }; tests see the origin as env.SERVER.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { builtinModules } from "node:module";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
const compatibility_date = "2026-01-01";

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string", default: "adit" },
    adit: { type: "string" },
    filter: { type: "string", default: "" },
    folder: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
  },
});

const compatibility_flags = args.folder === "node" ? ["nodejs_compat"] : [];

function testFiles() {
  if (positionals.length > 0) return positionals.map((file) => path.resolve(file));
  return readdirSync(here, { recursive: true })
    .filter((name) => name.endsWith(".test.js") && name.startsWith(`node${path.sep}`) === (args.folder === "node"))
    .sort()
    .map((name) => path.join(here, name));
}

// Each test file tells the harness its name; on the file's first line, so that line numbers stay.
const nameFiles = {
  name: "name-files",
  setup(build) {
    build.onLoad({ filter: /\.test\.js$/ }, ({ path: file }) => ({
      contents:
        `import { inFile as __inFile } from ${JSON.stringify(path.join(here, "harness.js"))}; ` +
        `__inFile(${JSON.stringify(path.relative(here, file).replace(/\.test\.js$/, ""))}); ${readFileSync(file, "utf8")}`,
      resolveDir: path.dirname(file),
    }));
  },
};

// "shared-data:NAME" is JSON from ../shared/data beside the project, or undefined where that is absent.
const sharedData = {
  name: "shared-data",
  setup(build) {
    build.onResolve({ filter: /^shared-data:/ }, ({ path: name }) => ({
      path: name.slice("shared-data:".length),
      namespace: "shared-data",
    }));
    build.onLoad({ filter: /.*/, namespace: "shared-data" }, ({ path: name }) => {
      const file = path.join(root, "..", "shared", "data", name);
      return existsSync(file)
        ? { contents: readFileSync(file), loader: "json" }
        : { contents: "export default undefined;" };
    });
  },
};

async function bundle(exports, format) {
  const imports = testFiles().map((file) => `import ${JSON.stringify(file)};`);
  const result = await build({
    stdin: { contents: `${imports.join("\n")}\n${exports}`, resolveDir: here, sourcefile: "entry.js" },
    bundle: true,
    write: false,
    format,
    globalName: "harness",
    target: "es2024",
    loader: { ".pem": "text" },
    plugins: [nameFiles, sharedData],
    logLevel: "warning",
    external: ["cloudflare:*", "node:*", ...(compatibility_flags.length > 0 ? builtinModules : [])],
  });
  return result.outputFiles[0].text;
}

const workerBundle = () => bundle(`export { worker as default } from "./harness.js";`, "esm");

async function startWorkerd(env) {
  const { Miniflare, Log, LogLevel } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: [{ type: "ESModule", path: "worker.js", contents: await workerBundle() }],
    compatibilityDate: compatibility_date,
    compatibilityFlags: compatibility_flags,
    bindings: env,
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(args.verbose ? LogLevel.INFO : LogLevel.ERROR),
    handleRuntimeStdio: args.verbose ? undefined : (stdout, stderr) => (stdout.resume(), stderr.resume()),
  });
  return { origin: (await miniflare.ready).origin, close: () => miniflare.dispose() };
}

function aditProgram() {
  const told = args.adit ?? process.env.ADIT_BINARY;
  if (told) return path.resolve(told);
  const found = ["release", "dev", "asan"].map((preset) => path.join(root, "build", preset, "adit")).find(existsSync);
  if (!found) throw new Error("no build/*/adit: build it, or pass --adit PATH");
  return found;
}

async function startAdit(env) {
  const folder = mkdtempSync(path.join(tmpdir(), "adit-web-"));
  writeFileSync(path.join(folder, "worker.js"), await workerBundle());
  const vars = Object.entries(env).map(([name, value]) => `${name} = ${JSON.stringify(value)}\n`);
  writeFileSync(
    path.join(folder, "wrangler.toml"),
    `name = "web-tests"\nmain = "worker.js"\ncompatibility_date = "${compatibility_date}"\ncompatibility_flags = ${JSON.stringify(compatibility_flags)}\nno_bundle = true\n\n[vars]\n${vars.join("")}`,
  );
  const child = spawn(aditProgram(), ["dev", folder, "--port", "0"], { stdio: ["ignore", "pipe", "pipe"] });
  const close = async () => {
    child.kill("SIGTERM");
    await exited;
    rmSync(folder, { recursive: true, force: true });
  };
  let output = "";
  const exited = new Promise((resolve) => child.on("exit", resolve));
  const origin = await new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`adit dev did not say its address:\n${output}`)), 20_000);
    const read = (chunk) => {
      output += chunk;
      if (args.verbose) process.stderr.write(chunk);
      const match = /http:\/\/(?:127\.0\.0\.1|localhost):([1-9]\d*)\s/.exec(output);
      if (match) (resolve(`http://127.0.0.1:${match[1]}`), clearTimeout(timer));
    };
    child.stdout.setEncoding("utf8").on("data", read);
    child.stderr.setEncoding("utf8").on("data", read);
    exited.then((code) => reject(new Error(`adit dev ended with ${code}:\n${output}`)));
  }).catch(async (error) => {
    await close();
    throw error;
  });
  return { origin, close };
}

async function* overHttp(peer) {
  const query = new URLSearchParams({ filter: args.filter, platform: args.peer });
  const list = await fetch(`${peer.origin}/list?${query}`);
  if (!list.ok) throw new Error(`GET /list: ${list.status} ${await list.text()}`);
  for (const { index, name, skipped } of await list.json()) {
    if (skipped !== undefined) {
      yield { name, skipped };
      continue;
    }
    try {
      const response = await fetch(`${peer.origin}/run?index=${index}`, { signal: AbortSignal.timeout(30_000) });
      if (!response.ok) throw new Error(`GET /run: ${response.status} ${await response.text()}`);
      yield await response.json();
    } catch (error) {
      yield { name, ok: false, assertions: 0, error: `${error.cause ?? error}` };
    }
  }
}

async function main() {
  const serverModule = path.join(here, "server.mjs");
  const server = existsSync(serverModule) ? await (await import(serverModule)).start() : undefined;
  const env = server ? { SERVER: server.origin, ...server.env } : {};
  // Both peers trust the servers' certificate; miniflare and Adit read these variables.
  if (server)
    Object.assign(process.env, { NODE_EXTRA_CA_CERTS: server.certificateFile, SSL_CERT_FILE: server.certificateFile });
  let peer;
  const count = { passed: 0, failed: 0, skipped: 0, assertions: 0 };
  try {
    if (args.peer === "workerd") peer = await startWorkerd(env);
    else if (args.peer === "adit") peer = await startAdit(env);
    else throw new Error(`unknown peer ${args.peer}: adit or workerd`);
    for await (const result of overHttp(peer)) {
      count.assertions += result.assertions ?? 0;
      if (result.skipped !== undefined) {
        count.skipped++;
        if (args.verbose) console.log(`skip ${result.name}: ${result.skipped}`);
      } else if (result.ok) {
        count.passed++;
        if (args.verbose) console.log(`ok   ${result.name}`);
      } else {
        count.failed++;
        console.log(`FAIL ${result.name}\n     ${String(result.error).replaceAll("\n", "\n     ")}`);
      }
    }
  } finally {
    await peer?.close();
    await server?.close();
  }
  console.log(`web tests on ${args.peer}: ${count.assertions} assertions`);
  console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
  return count.failed === 0 && count.passed > 0 ? 0 : 1;
}

process.exitCode = await main();
