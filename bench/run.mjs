// Adit beside other servers: the same app under each, in the same run, in turns. `bench/run.mjs [case...] [--peers a,b] [--rounds N]
// [--seconds N]`; writes bench/RESULTS.md, keeping the results of cases that this run left out.
import { execFile, execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { cpus } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs, promisify } from "node:util";
import { median, memory_kb, wrk } from "./measure.mjs";
import { adit, commands, launch, start } from "./peers.mjs";

const here = dirname(fileURLToPath(import.meta.url));
const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    peers: { type: "string" },
    rounds: { type: "string", default: "5" },
    seconds: { type: "string", default: "3" },
  },
});
const rounds = Number(options.rounds);
const seconds = Number(options.seconds);
const chosenPeers = options.peers?.split(",");

// A mark compares Adit with a peer: `of(adit, peer)` is a number that must be at most `most`.
const cpuRatio = (adit, peer) => adit.cpu_us / peer.cpu_us;
const slowness = (adit, peer) => peer.rps / adit.rps;

// At most this part of the peer's CPU per request.
const cpuMark = (peer, parts) => ({
  peer,
  what: "CPU per request",
  of: cpuRatio,
  most: 1 / parts,
  said: `at most 1/${parts}`,
});
// At least so many times the peer's requests per second.
const speedMark = (peer, times) => ({
  peer,
  what: "time per request",
  of: slowness,
  most: 1 / times,
  said: `at least ${times} times the requests per second`,
});

// A kind of the web platform's work: a path of apps/web.js.
function web(name, title, most, said, peers = ["adit", "workerd", "bun"]) {
  const marks = [{ peer: "workerd", what: "CPU per request", of: cpuRatio, most, said }];
  return { [`web-${name}`]: { title, app: "web.js", peers, path: `/${name}`, marks } };
}

const cases = {
  hello: {
    title: "Hello",
    app: "hello.js",
    peers: ["adit", "adit-one-shard", "epoll", "bun", "node", "deno", "workerd", "miniflare"],
    path: "/",
    marks: [
      cpuMark("workerd", 6),
      { peer: "epoll", what: "CPU per request", of: cpuRatio, most: 1.6, said: "at most 1.6 times" },
      { peer: "bun", what: "CPU per request", of: cpuRatio, most: 1, said: "at most that" },
    ],
  },
  api: {
    title: "Routed JSON API",
    app: "api.js",
    script: "api.lua",
    peers: ["adit", "bun", "node", "deno", "workerd"],
    path: "/",
    marks: [cpuMark("workerd", 4)],
  },
  "object-memory": {
    title: "Durable Object, increment in memory",
    app: "objects.js",
    peers: ["adit", "workerd"],
    path: "/memory/one",
    marks: [cpuMark("workerd", 6)],
  },
  "object-durable": {
    title: "Durable Object, durable write over 64 objects",
    app: "objects.js",
    script: "durable.lua",
    peers: ["adit", "workerd"],
    path: "/durable/one",
    marks: [cpuMark("workerd", 4), speedMark("workerd", 6), cpuMark("workerd", 6), speedMark("workerd", 8)],
  },
  "object-durable-one": {
    title: "Durable Object, durable write of one object",
    app: "objects.js",
    peers: ["adit", "workerd"],
    path: "/durable/one",
    marks: [cpuMark("workerd", 3)],
  },
  "kv-get": {
    title: "KV get of 1 KiB",
    app: "kv.js",
    peers: ["adit", "miniflare"],
    path: "/key",
    async prepare(server) {
      const response = await fetch(`${server.url}/key`, { method: "PUT", body: "x".repeat(1024) });
      if (response.status !== 200) throw new Error(`${server.name}: put answered ${response.status}`);
    },
    marks: [cpuMark("miniflare", 20), cpuMark("miniflare", 25)],
  },
  "kv-put": {
    title: "KV put of 1 KiB, durable",
    app: "kv.js",
    script: "put1k.lua",
    peers: ["adit", "miniflare"],
    path: "/key",
    marks: [cpuMark("miniflare", 10)],
  },
  "r2-get": {
    title: "R2 get of 64 KiB",
    app: "r2.js",
    peers: ["adit", "miniflare"],
    path: "/key",
    async prepare(server) {
      const response = await fetch(`${server.url}/key`, { method: "PUT", body: "x".repeat(64 * 1024) });
      if (response.status !== 200) throw new Error(`${server.name}: put answered ${response.status}`);
    },
    marks: [cpuMark("miniflare", 15)],
  },
  "r2-put": {
    title: "R2 put of 64 KiB",
    app: "r2.js",
    script: "put64k.lua",
    peers: ["adit", "miniflare"],
    path: "/key",
    marks: [cpuMark("miniflare", 4)],
  },
  ...web("transform", "1 MiB through a TransformStream of JavaScript", 1 / 3, "at most 1/3"),
  ...web("rows", "Rendering of 200 escaped rows", 1, "at most that"),
  ...web("url", "100 URLs parsed and changed", 1, "at most that"),
  ...web("headers", "100 Headers made, changed and read", 1, "at most that"),
  ...web("json", "JSON of 3 KiB, parsed and written 100 times", 1, "at most that"),
  ...web("sha256", "SHA-256 of 1 MiB", 1, "at most that"),
  ...web("gzip", "gzip of 1 MiB of text", 1, "at most that"),
  ...web("html", "HTMLRewriter over a page of 100 KB", 1, "at most that", ["adit", "workerd"]),
  "d1-select": {
    title: "D1, select of ten rows by an index",
    app: "d1.js",
    peers: ["adit", "miniflare"],
    path: "/select",
    prepare: makeTable,
    marks: [cpuMark("miniflare", 20)],
  },
  "d1-update": {
    title: "D1, durable update of a row",
    app: "d1.js",
    peers: ["adit", "miniflare"],
    path: "/update",
    prepare: makeTable,
    marks: [cpuMark("miniflare", 10)],
  },
};
const special = { startup: measureStartup, memory: measureMemory, "r2-download": measureDownload };

async function makeTable(server) {
  const response = await fetch(`${server.url}/`, { method: "PUT" });
  if (response.status !== 200) throw new Error(`${server.name}: making the table answered ${response.status}`);
}

async function measureLoad(name) {
  const { app, peers, path, script, prepare } = cases[name];
  const servers = [];
  try {
    for (const peer of peers.filter((peer) => !chosenPeers || chosenPeers.includes(peer))) {
      if (peer.startsWith("adit") && !existsSync(adit)) {
        console.error("bench: adit is not built (./setup); measuring the peers alone");
        continue;
      }
      const server = await start(peer, app);
      servers.push(server);
      await prepare?.(server);
    }
    const load = { seconds, script: script && join(here, "apps", script) };
    for (const server of servers) await wrk(server, path, { ...load, seconds: Math.max(1, Math.min(3, seconds)) });
    const samples = new Map(servers.map((server) => [server, []]));
    for (let round = 0; round < rounds; round++) {
      for (const server of servers) samples.get(server).push(await wrk(server, path, load));
    }
    return Object.fromEntries(
      servers.map((server) => {
        const taken = samples.get(server);
        return [
          server.name,
          {
            cpu_us: median(taken.map((sample) => sample.cpu_us)),
            rps: median(taken.map((sample) => sample.rps)),
            p99: taken.at(-1).p99,
            memory_mb: memory_kb(server.pid) / 1024,
          },
        ];
      }),
    );
  } finally {
    for (const server of servers) await server.stop();
  }
}

// From spawn to the last octet of the first response; connecting is tried every millisecond.
function firstResponse(server) {
  return new Promise((resolve, reject) => {
    const deadline = Date.now() + 20_000;
    const attempt = () => {
      const socket = connect(server.port, "127.0.0.1", () =>
        socket.write("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"),
      );
      let text = "";
      socket.on("data", (chunk) => (text += chunk));
      socket.on("error", () => {});
      socket.on("close", () => {
        if (/^HTTP\/1\.1 200/.test(text)) resolve(performance.now() - server.spawned_ms);
        else if (Date.now() > deadline) reject(new Error(`${server.name} gave no response`));
        else setTimeout(attempt, 1);
      });
    };
    attempt();
  });
}

async function measureStartup() {
  const result = {};
  for (const peer of ["adit", "workerd", "miniflare", "bun", "deno", "node"].filter(
    (name) => !chosenPeers || chosenPeers.includes(name),
  )) {
    if (peer === "adit" && !existsSync(adit)) continue;
    const times = [];
    for (let round = 0; round < rounds + 1; round++) {
      const server = await launch(peer, commands[peer](join(here, "apps/hello.js")), { wait: false });
      times.push(await firstResponse(server));
      await server.stop();
    }
    result[peer] = { ms: median(times.slice(1)) }; // the first one warms the disk cache
  }
  return result;
}

async function measureMemory() {
  const result = {};
  for (const peer of ["adit", "workerd", "bun", "deno", "node"].filter(
    (name) => !chosenPeers || chosenPeers.includes(name),
  )) {
    if (peer === "adit" && !existsSync(adit)) continue;
    const extra = peer === "adit" ? ["--shards", "2"] : [];
    const server = await launch(peer, commands[peer](join(here, "apps/hello.js"), ...extra));
    for (let requests = 0; requests < 100_000;) requests += (await wrk(server, "/", { seconds: 1 })).requests;
    await new Promise((resolve) => setTimeout(resolve, 2000)); // what starting took is given back soon, if at all
    result[peer] = { memory_mb: memory_kb(server.pid) / 1024, anonymous_mb: memory_kb(server.pid, "RssAnon") / 1024 };
    await server.stop();
  }
  return result;
}

// 1 GiB from R2, and the same octets as a file from nginx (Debian's), by curl; in memory, and after the kernel forgot the file.
async function measureDownload() {
  const size = 1024 * 1024 * 1024;
  const servers = [];
  const result = {};
  try {
    for (const peer of ["adit", "nginx"].filter((name) => !chosenPeers || chosenPeers.includes(name)))
      servers.push(await start(peer, "r2.js"));
    for (const server of servers) {
      let files;
      if (server.name === "nginx") {
        files = [join(server.state, "files", "large")];
        mkdirSync(dirname(files[0]));
        execFileSync("sh", ["-c", 'head -c "$1" /dev/urandom > "$2"', "sh", String(size), files[0]]);
        execFileSync("sync", [files[0]]);
      } else {
        execFileSync("sh", [
          "-c",
          'head -c "$1" /dev/urandom | curl -sSf -T - -H "Transfer-Encoding:" -H "Content-Length: $1" -o /dev/null "$2"',
          "sh",
          String(size),
          `${server.url}/large`,
        ]);
        const blobs = join(server.state, "state", "blobs-r2", "bench");
        files = readdirSync(blobs).flatMap((name) =>
          readdirSync(join(blobs, name)).map((file) => join(blobs, name, file)),
        );
      }
      server.files = files;
    }
    const rate = async (server, cold) => {
      if (cold)
        for (const file of server.files)
          execFileSync("dd", [`of=${file}`, "oflag=nocache", "conv=notrunc,fdatasync", "count=0", "status=none"]);
      const { stdout } = await promisify(execFile)("curl", [
        "-sSf",
        "-o",
        "/dev/null",
        "-w",
        "%{speed_download} %{size_download}",
        `${server.url}/large`,
      ]);
      const [speed, received] = stdout.split(" ").map(Number);
      if (received !== size) throw new Error(`${server.name}: ${received} octets of ${size}`);
      return speed / 1e6;
    };
    const samples = new Map(servers.map((server) => [server, { warm: [], cold: [] }]));
    for (let round = 0; round < rounds; round++)
      for (const server of servers)
        for (const kind of ["cold", "warm"]) samples.get(server)[kind].push(await rate(server, kind === "cold"));
    for (const server of servers) {
      const { warm, cold } = samples.get(server);
      result[server.name] = {
        warm: median(warm),
        cold: median(cold),
        memory_mb: memory_kb(server.pid, "RssAnon") / 1024,
      };
    }
    return result;
  } finally {
    for (const server of servers) await server.stop();
  }
}

// A server that answered nothing in time has no numbers.
const fixed = (value, digits) => (Number.isFinite(value) ? value.toFixed(digits) : "none");
const ratio = (value) => (!Number.isFinite(value) ? "" : value >= 10 ? value.toFixed(0) : value.toFixed(2));

function table(headers, rows) {
  const lines = [headers, headers.map((_, index) => (index ? "---:" : "---")), ...rows];
  return lines.map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

function render(name, result) {
  if (name === "startup") {
    const rows = Object.entries(result).map(([peer, { ms }]) => [peer, ms.toFixed(0)]);
    const mark =
      result.adit &&
      `- mark: below 150 ms: ${result.adit.ms < 150 ? "met" : "not met"} (${result.adit.ms.toFixed(0)} ms)`;
    return `## Start-up to the first response\n\n${table(["", "ms"], rows)}\n\n${mark ?? ""}`;
  }
  if (name === "memory") {
    const rows = Object.entries(result).map(([peer, { memory_mb, anonymous_mb }]) => [
      peer,
      memory_mb.toFixed(0),
      anonymous_mb.toFixed(0),
    ]);
    const mark =
      result.adit &&
      `- mark: below 60 MB: ${result.adit.memory_mb < 60 ? "met" : "not met"} (${result.adit.memory_mb.toFixed(0)} MB)`;
    return `## Memory after 100,000 hello requests (Adit with 2 shards)\n\n${table(["", "resident MB", "of it anonymous"], rows)}\n\n${mark ?? ""}`;
  }
  if (name === "r2-download") {
    const rows = Object.entries(result).map(([peer, { warm, cold, memory_mb }]) => [
      peer,
      warm.toFixed(0),
      cold.toFixed(0),
      memory_mb.toFixed(0),
    ]);
    const lines = ["warm", "cold"].map((kind) => {
      if (!result.adit || !result.nginx) return `- mark: ${kind} at least half of nginx's rate: not measured`;
      const value = result.adit[kind] / result.nginx[kind];
      return `- mark: ${kind} at least half of nginx's rate: ${value >= 0.5 ? "met" : "not met"} (${value.toFixed(2)} of it)`;
    });
    const headers = ["", "MB/s, file in memory", "MB/s from the disk", "anonymous MB"];
    return `## R2 download of 1 GiB\n\n${table(headers, rows)}\n\n${lines.join("\n")}`;
  }
  const { title, marks } = cases[name];
  const rows = Object.entries(result).map(([peer, { cpu_us, rps, p99, memory_mb }]) => [
    peer,
    fixed(cpu_us, 1),
    ratio(result.adit && cpu_us / result.adit.cpu_us),
    fixed(rps, 0),
    ratio(result.adit && rps / result.adit.rps),
    p99,
    memory_mb.toFixed(0),
  ]);
  const lines = marks.map(({ peer, what, of, most, said }) => {
    if (!result.adit || !Number.isFinite(result[peer]?.cpu_us))
      return `- mark: ${what} ${said} of ${peer}'s: not measured`;
    const value = of(result.adit, result[peer]);
    return `- mark: ${what} ${said} (${peer}): ${value <= most ? "met" : "not met"} (${value.toFixed(3)} of ${peer}'s, allowed ${most.toFixed(3)})`;
  });
  const headers = ["", "CPU µs/request", "× Adit", "requests/s", "× Adit", "p99", "resident MB"];
  return `## ${title}\n\n${table(headers, rows)}\n\n${lines.join("\n")}`;
}

const order = [...Object.keys(cases), ...Object.keys(special)];
for (const name of positionals) {
  if (!order.includes(name)) {
    console.error(`bench: no case ${name}; there are ${order.join(", ")}`);
    process.exit(2);
  }
}

const store = join(here, "../build/bench/results.json");
mkdirSync(dirname(store), { recursive: true });
const results = existsSync(store) ? JSON.parse(readFileSync(store, "utf8")) : {};
for (const name of positionals.length ? positionals : order) {
  console.error(`bench: ${name}`);
  results[name] = special[name] ? await special[name]() : await measureLoad(name);
  console.log(`${render(name, results[name])}\n`);
  writeFileSync(store, JSON.stringify(results, null, 2));
  writeReport();
}

function writeReport() {
  const machine = `${cpus().length} × ${cpus()[0].model.trim()}`;
  const intro = `# Benchmarks

Written by \`bench/run.mjs\`. The same app runs under each server, all in one run and in turns: 32 keep-alive connections, medians of
${rounds} rounds of ${seconds} s after a warm-up, CPU over the server's whole process tree. Machine: ${machine}, which also runs the client.
"× Adit" is the peer's number divided by Adit's. Peers' versions are in \`package.json\`; \`epoll\` is the smallest C++ server that answers.
Every write of the durable case is on disk before its answer. Adit runs one shard per core, unless the row says otherwise; Bun, Node and
\`epoll\` run one thread.
`;
  const known = order.filter((name) => results[name]);
  writeFileSync(
    join(here, "RESULTS.md"),
    `${intro}\n${known.map((name) => render(name, results[name])).join("\n\n")}\n`,
  );
}
