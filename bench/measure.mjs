// Numbers from /proc and wrk. CPU is user and system time of a server's whole process tree.
import { execFile } from "node:child_process";
import { readFileSync, readdirSync } from "node:fs";
import { promisify } from "node:util";

const run = promisify(execFile);
const ticksPerSecond = 100; // USER_HZ, which Linux fixes for /proc

function stat(pid) {
  const text = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return { parent: Number(fields[1]), ticks: Number(fields[11]) + Number(fields[12]) };
}

export function processTree(root) {
  const children = new Map();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const { parent } = stat(name);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {} // it ended meanwhile
  }
  const tree = [root];
  for (const pid of tree) tree.push(...(children.get(pid) ?? []));
  return tree;
}

export function cpu_us(root) {
  return (processTree(root).reduce((sum, pid) => sum + stat(pid).ticks, 0) / ticksPerSecond) * 1e6;
}

export function memory_kb(root, field = "VmRSS") {
  return processTree(root).reduce((sum, pid) => {
    const match = new RegExp(`^${field}:\\s+(\\d+) kB`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return sum + Number(match?.[1] ?? 0);
  }, 0);
}

export async function wrk(server, path, { seconds, connections = 32, script } = {}) {
  const before = cpu_us(server.pid);
  const args = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...(script ? ["-s", script] : []),
    server.url + path,
  ];
  const { stdout } = await run("wrk", args);
  const spent = cpu_us(server.pid) - before;
  const requests = Number(/(\d+) requests in/.exec(stdout)[1]);
  const bad = /Non-2xx or 3xx responses: (\d+)/.exec(stdout);
  if (bad) throw new Error(`${server.name}: ${bad[1]} of ${requests} answers were errors`);
  const errors = /Socket errors: (.*)/.exec(stdout)?.[1];
  if (errors && !/timeout [1-9]/.test(errors) && /(connect|read|write) [1-9]/.test(errors)) {
    throw new Error(`${server.name}: socket errors: ${errors}`);
  }
  return {
    cpu_us: spent / requests,
    rps: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]),
    p99: /^\s+99%\s+(\S+)/m.exec(stdout)[1],
    requests,
  };
}

export function median(values) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length % 2
    ? sorted[(sorted.length - 1) / 2]
    : (sorted[sorted.length / 2 - 1] + sorted[sorted.length / 2]) / 2;
}
