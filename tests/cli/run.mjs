// Runs the cases of tests/cli/*.test with the program given as the first argument: node tests/cli/run.mjs build/dev/adit
//
//     ==== what it shows
//     ---- file wrangler.toml     a file of the case's own folder, which is the current directory
//     $ adit check                a command line; what it prints follows, standard error after standard output,
//                                 and "exit N" when that is not 0
//     $ ls -A hello               any other command of the shell; `adit` is the program
//
// What differs from run to run is replaced: the case's folder by DIR, today's date by TODAY. With --update the expectations are
// written anew; read the difference before committing it.
import { spawnSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const update = process.argv.includes("--update");
const program = process.argv.slice(2).find((argument) => !argument.startsWith("--"));
if (!program) {
  console.error("usage: node tests/cli/run.mjs PROGRAM [--update]");
  process.exit(2);
}
const here = dirname(fileURLToPath(import.meta.url));

// A folder with `adit` in it, so that commands can call the program by its name.
const bin = mkdtempSync(join(tmpdir(), "adit-cli-bin-"));
writeFileSync(join(bin, "adit"), `#!/bin/sh\nexec "${resolve(program)}" "$@"\n`);
chmodSync(join(bin, "adit"), 0o755);

function run(command, directory) {
  const env = { PATH: `${bin}:${process.env.PATH}`, HOME: directory, LC_ALL: "C.UTF-8" };
  for (const name of ["ASAN_OPTIONS", "LSAN_OPTIONS", "UBSAN_OPTIONS"])
    if (process.env[name]) env[name] = process.env[name];
  const result = spawnSync("sh", ["-c", command], { cwd: directory, env, encoding: "utf8", timeout: 30000 });
  const exit = result.status === 0 ? "" : `exit ${result.status ?? result.signal}\n`;
  return (
    (result.stdout + result.stderr)
      .replaceAll(directory, "DIR")
      .replaceAll(new Date().toISOString().slice(0, 10), "TODAY") + exit
  );
}

let passed = 0;
let failed = 0;

// Returns the file with what the commands print now.
function runFile(name, text) {
  let out = "";
  let title = "";
  let directory;
  let file; // being filled
  let pending; // { command, expected }
  const finish = () => {
    if (pending) {
      const actual = run(pending.command, directory);
      const blank = pending.expected.endsWith("\n\n") || pending.expected === "\n" ? "\n" : "";
      if (actual + blank === pending.expected) {
        passed++;
      } else {
        failed++;
        console.log(
          `FAILED ${name}: ${title}\n$ ${pending.command}\n--- expected\n${pending.expected}--- actual\n${actual}`,
        );
      }
      out += actual + blank;
      pending = undefined;
    }
    if (file) writeFileSync(file.path, file.text);
    file = undefined;
  };
  const leave = () => directory && rmSync(directory, { recursive: true, force: true });
  for (const line of text.split("\n").slice(0, -1)) {
    if (line.startsWith("==== ")) {
      finish();
      leave();
      title = line.slice(5);
      directory = realpathSync(mkdtempSync(join(tmpdir(), "adit-cli-")));
    } else if (line.startsWith("---- file ")) {
      finish();
      const path = join(directory, line.slice(10));
      mkdirSync(dirname(path), { recursive: true });
      file = { path, text: "" };
    } else if (line.startsWith("$ ")) {
      finish();
      pending = { command: line.slice(2), expected: "" };
    } else if (pending) {
      pending.expected += line + "\n";
      continue;
    } else if (file) {
      file.text += line + "\n";
    }
    out += line + "\n";
  }
  finish();
  leave();
  return out;
}

for (const name of readdirSync(here)
  .filter((entry) => entry.endsWith(".test"))
  .sort()) {
  const text = readFileSync(join(here, name), "utf8");
  const now = runFile(name, text);
  if (update) writeFileSync(join(here, name), now);
}
rmSync(bin, { recursive: true, force: true });
console.log(`${passed} passed, ${failed} failed`);
process.exit(failed === 0 ? 0 : 1);
