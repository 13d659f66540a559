// A project that uses npm packages, for tests: a worker in a folder of its own, with this repository's node_modules.
import { symlinkSync } from "node:fs";
import { join } from "node:path";
import { root, start, worker } from "../harness.mjs";

/** Starts a worker made of `files`, with nodejs_compat. */
export async function startProject(files, { settings = "", options } = {}) {
  const folder = worker(files, `compatibility_flags = ["nodejs_compat"]\n${settings}`);
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"));
  return await start(folder, options);
}
