// Real database servers for tests: PostgreSQL and Redis from Debian (./setup --test installs them), each on a free port with data of its own.
import { spawn, spawnSync } from "node:child_process";
import { chownSync, existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { freePort } from "../harness.mjs";

function find(program, folders = []) {
  return [...(process.env.PATH ?? "").split(":"), ...folders].map((folder) => join(folder, program)).find(existsSync);
}
const postgresFolders = existsSync("/usr/lib/postgresql")
  ? readdirSync("/usr/lib/postgresql").map((version) => `/usr/lib/postgresql/${version}/bin`)
  : [];
export const redisProgram = find("redis-server");
export const postgresProgram = find("postgres", postgresFolders);

async function untilItListens(port, child) {
  for (let attempt = 0; attempt < 200; attempt++) {
    if (child.exitCode !== null) throw new Error(`the server ended with ${child.exitCode}`);
    const open = await new Promise((resolve) => {
      const socket = connect(port, "127.0.0.1", () => resolve(true));
      socket.on("error", () => resolve(false));
      socket.on("connect", () => socket.destroy());
    });
    if (open) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("the server does not listen");
}

async function run(program, args, port, folder, spawnOptions = {}) {
  const child = spawn(program, args, { stdio: "ignore", ...spawnOptions });
  const ended = new Promise((resolve) => child.on("exit", resolve));
  const stop = async () => {
    child.kill("SIGINT");
    await ended;
    rmSync(folder, { recursive: true, force: true });
  };
  try {
    await untilItListens(port, child);
  } catch (error) {
    child.kill("SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true });
    throw error;
  }
  return { port, stop };
}

export async function startRedis(...args) {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "adit-redis-"));
  return await run(
    redisProgram,
    ["--port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...args],
    port,
    folder,
  );
}

const certificates = fileURLToPath(new URL("../../web/node/certificates/", import.meta.url));
/** Redis that speaks TLS only, with a certificate for 127.0.0.1 of the authority in certificates/. */
export async function startRedisTls() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "adit-redis-"));
  const files = { cert: "leaf.pem", key: "leaf.key.pem", "ca-cert": "authority.pem" };
  const tls = Object.entries(files).flatMap(([name, file]) => [`--tls-${name}-file`, join(certificates, file)]);
  return await run(
    redisProgram,
    ["--port", "0", "--tls-port", String(port), "--bind", "127.0.0.1", "--dir", folder, "--save", "", ...tls],
    port,
    folder,
  );
}
export const authority = readFileSync(join(certificates, "authority.pem"), "utf8");
export const clientCertificate = readFileSync(join(certificates, "leaf.pem"), "utf8");
export const clientKey = readFileSync(join(certificates, "leaf.key.pem"), "utf8");

/** PostgreSQL does not run as root: then it is the user postgres, whom its package makes. */
export async function startPostgres() {
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), "adit-postgres-"));
  const user = {};
  if (process.getuid() === 0) {
    const id = (flag) => Number(spawnSync("id", [flag, "postgres"], { encoding: "utf8" }).stdout);
    Object.assign(user, { uid: id("-u"), gid: id("-g") });
    chownSync(folder, user.uid, user.gid);
  }
  const data = join(folder, "data");
  const password = join(folder, "password");
  writeFileSync(password, "secret\n");
  if (user.uid !== undefined) chownSync(password, user.uid, user.gid);
  const bin = postgresFolders.find((candidate) => existsSync(join(candidate, "initdb"))) ?? "";
  const made = spawnSync(
    join(bin, "initdb"),
    ["-D", data, "-U", "adit", "-A", "scram-sha-256", `--pwfile=${password}`, "-E", "UTF8", "--no-sync"],
    { cwd: folder, encoding: "utf8", ...user },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const settings = ["listen_addresses=127.0.0.1", `unix_socket_directories=${folder}`, "fsync=off"];
  const args = ["-D", data, "-p", String(port), ...settings.flatMap((setting) => ["-c", setting])];
  return await run(postgresProgram, args, port, folder, { cwd: folder, ...user });
}
