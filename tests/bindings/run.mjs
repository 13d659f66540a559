// Runs tests/bindings/*/*.test.js as one worker, on Adit (two shards) and then on workerd, which shows that the tests describe Workers and
// not our reading of them: `node tests/bindings/run.mjs [--peer adit|workerd] [--adit PATH] [--filter TEXT] [--verbose] [FILES...]`.
// A folder's config.mjs says what its tests need: { wrangler: keys of the configuration, miniflare: options, exports: a file whose exports
// the worker has too }. Files that end in .test are data for the tests: importing one gives its text.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const here = path.dirname(fileURLToPath(import.meta.url));
const root = path.join(here, "..", "..");
const harness = JSON.stringify(path.join(here, "..", "web", "harness.js"));
const compatibility_date = "2026-01-01";

const { values: args, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peer: { type: "string" },
    adit: { type: "string" },
    filter: { type: "string", default: "" },
    verbose: { type: "boolean", default: false },
  },
});

const folders = readdirSync(here, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => path.join(here, entry.name));

function testFiles() {
  if (positionals.length > 0) return positionals.map((file) => path.resolve(file));
  return folders.flatMap((folder) =>
    readdirSync(folder)
      .filter((name) => name.endsWith(".test.js"))
      .sort()
      .map((name) => path.join(folder, name)),
  );
}

const configs = await Promise.all(
  folders
    .map((folder) => path.join(folder, "config.mjs"))
    .filter(existsSync)
    .map(async (file) => ({ folder: path.dirname(file), ...(await import(file)).default })),
);

// Arrays grow, objects merge.
function merge(into, from) {
  for (const [key, value] of Object.entries(from ?? {})) {
    if (Array.isArray(value)) into[key] = [...(into[key] ?? []), ...value];
    else if (typeof value === "object" && value !== null) into[key] = merge({ ...into[key] }, value);
    else into[key] = value;
  }
  return into;
}
const merged = (part) => configs.reduce((all, config) => merge(all, config[part]), {});

// Each test file tells the harness its name; on the file's first line, so that line numbers stay.
const nameFiles = {
  name: "name-files",
  setup(build) {
    build.onLoad({ filter: /\.test\.js$/ }, ({ path: file }) => ({
      contents:
        `import { inFile as __inFile } from ${harness}; ` +
        `__inFile(${JSON.stringify(path.relative(here, file).replace(/\.test\.js$/, ""))}); ${readFileSync(file, "utf8")}`,
      resolveDir: path.dirname(file),
    }));
  },
};

async function workerBundle() {
  const lines = [
    ...testFiles().map((file) => `import ${JSON.stringify(file)};`),
    ...configs
      .filter((config) => config.exports)
      .map((config) => `export * from ${JSON.stringify(path.join(config.folder, config.exports))};`),
    `export { worker as default } from ${harness};`,
  ];
  const result = await build({
    stdin: { contents: lines.join("\n"), resolveDir: here, sourcefile: "entry.js" },
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    plugins: [nameFiles],
    loader: { ".test": "text" },
    logLevel: "warning",
    external: ["cloudflare:*", "node:*"],
  });
  return result.outputFiles[0].text;
}

async function startWorkerd() {
  const { Miniflare, Log, LogLevel } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: true,
    script: await workerBundle(),
    compatibilityDate: compatibility_date,
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(args.verbose ? LogLevel.INFO : LogLevel.NONE),
    handleRuntimeStdio: args.verbose ? undefined : (stdout, stderr) => (stdout.resume(), stderr.resume()),
    ...merged("miniflare"),
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

async function startAdit() {
  const folder = mkdtempSync(path.join(tmpdir(), "adit-bindings-"));
  writeFileSync(path.join(folder, "worker.js"), await workerBundle());
  const config = {
    name: "binding-tests",
    main: "worker.js",
    compatibility_date,
    no_bundle: true,
    ...merged("wrangler"),
  };
  writeFileSync(path.join(folder, "wrangler.json"), JSON.stringify(config));
  const child = spawn(aditProgram(), ["dev", folder, "--port", "0", "--shards", "2"], {
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const exited = new Promise((resolve) => child.on("exit", (code, signal) => resolve(code ?? signal)));
  const close = async () => {
    child.kill("SIGTERM");
    const code = await exited;
    rmSync(folder, { recursive: true, force: true });
    if (code !== 0) throw new Error(`adit dev ended with ${code}:\n${output.slice(-20_000)}`);
  };
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
    await close().catch(() => {});
    throw error;
  });
  return { origin, close };
}

async function* overHttp(peer, platform) {
  const query = new URLSearchParams({ filter: args.filter, platform });
  const list = await fetch(`${peer.origin}/list?${query}`);
  if (!list.ok) throw new Error(`GET /list: ${list.status} ${await list.text()}`);
  for (const { index, name, skipped } of await list.json()) {
    if (skipped !== undefined) {
      yield { name, skipped };
      continue;
    }
    try {
      const ask = () => fetch(`${peer.origin}/run?index=${index}`, { signal: AbortSignal.timeout(30_000) });
      // workerd now and then closes a connection just when it is used again.
      const response = await (platform === "workerd" ? ask().catch(ask) : ask());
      if (!response.ok) throw new Error(`GET /run: ${response.status} ${await response.text()}`);
      yield await response.json();
    } catch (error) {
      // The server is gone: closing it says how it ended.
      if (error.cause?.code === "ECONNREFUSED") throw new Error(`${name}: nobody listens any more`, { cause: error });
      yield { name, ok: false, assertions: 0, error: `${error.cause ?? error}` };
    }
  }
}

const peers = { adit: startAdit, workerd: startWorkerd };

async function runOn(name) {
  const count = { passed: 0, failed: 0, skipped: 0, assertions: 0 };
  const peer = await peers[name]();
  try {
    for await (const result of overHttp(peer, name)) {
      count.assertions += result.assertions ?? 0;
      if (result.skipped !== undefined) {
        count.skipped++;
        if (args.verbose) console.log(`skip ${result.name}: ${result.skipped}`);
      } else if (result.ok) {
        count.passed++;
        if (args.verbose) console.log(`ok   ${result.name}`);
      } else {
        count.failed++;
        console.log(`FAIL on ${name}: ${result.name}\n     ${String(result.error).replaceAll("\n", "\n     ")}`);
      }
    }
  } finally {
    await peer.close();
  }
  const summary = `${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`;
  console.log(`bindings on ${name}: ${count.assertions} assertions, ${summary}`);
  return count;
}

if (args.peer && !peers[args.peer]) throw new Error(`unknown peer ${args.peer}: ${Object.keys(peers).join(" or ")}`);
const sum = { passed: 0, failed: 0 };
for (const name of args.peer ? [args.peer] : Object.keys(peers)) {
  const { passed, failed } = await runOn(name);
  sum.passed += passed;
  sum.failed += failed;
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed === 0 && sum.passed > 0 ? 0 : 1;
