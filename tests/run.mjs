// Runs the suites one after another, shows each suite's failures and closes with the sum. A suite is a list of commands; how a command
// reports its tests is one of the `counters` below. A command that fails without reporting a failed test counts as one failure.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
process.chdir(root);

const args = process.argv.slice(2);
const long = args.includes("--long");
const wanted = args.filter((arg) => !arg.startsWith("--"));
const unknownOption = args.find((arg) => arg.startsWith("--") && arg !== "--long");
if (unknownOption) fail(`unknown option ${unknownOption}; usage: ./test [--long] [suite...]`);

function fail(message) {
  console.error(`test: ${message}`);
  process.exit(2);
}

// Each counter takes a command's output and returns { passed, failed, failures: [text] }, or undefined when it finds no report.
const counters = {
  // The last line "N passed, N failed".
  summary(output) {
    const matches = [...output.matchAll(/^\D*(\d+) passed, (\d+) failed/gm)];
    if (!matches.length) return undefined;
    const [, passed, failed] = matches.at(-1);
    return { passed: Number(passed), failed: Number(failed), failures: Number(failed) ? [output] : [] };
  },
  googletest(output) {
    const passed = /\[ {2}PASSED {2}\] (\d+) tests?/.exec(output);
    const failed = /\[ {2}FAILED {2}\] (\d+) tests?, listed below/.exec(output);
    if (!passed && !failed) return undefined;
    return {
      passed: Number(passed?.[1] ?? 0),
      failed: Number(failed?.[1] ?? 0),
      failures: failed ? [output.replace(/^\[( RUN|  {5}OK|-{10}|={10}).*\n/gm, "")] : [],
    };
  },
  // TAP of node:test: leaves only, so that a group is not counted beside its members.
  tap(output) {
    const passed = /^# pass (\d+)$/m.exec(output);
    const failed = /^# fail (\d+)$/m.exec(output);
    const cancelled = /^# cancelled (\d+)$/m.exec(output);
    if (!passed) return undefined;
    const failures = [];
    for (const match of output.matchAll(/^ *not ok [^\n]*\n *---\n[\s\S]*?^ *\.\.\.$/gm)) {
      if (!match[0].includes("subtestsFailed")) failures.push(match[0]);
    }
    return { passed: Number(passed[1]), failed: Number(failed[1]) + Number(cancelled?.[1] ?? 0), failures };
  },
  // One command is one test.
  status(output, code) {
    return code === 0 ? { passed: 1, failed: 0, failures: [] } : { passed: 0, failed: 1, failures: [output] };
  },
};

const node = process.execPath;
// ADIT_PRESET=asan runs the suites with the programs of build/asan. What a sanitizer finds in a server that a test started is in no test's
// output, so reports go to files, and each is a failure.
const preset = process.env.ADIT_PRESET ?? "release";
const built = `build/${preset}`;
const reports = `${built}/reports`;
const sanitizers = {
  ASAN_OPTIONS: `log_path=${root}/${reports}/asan:detect_stack_use_after_return=0:allocator_may_return_null=1:verify_asan_link_order=0`,
  UBSAN_OPTIONS: `log_path=${root}/${reports}/ubsan:print_stacktrace=1`,
  LSAN_OPTIONS: `suppressions=${root}/tests/leaks.txt:print_suppressions=0`,
};
// The bindings' tests also run on miniflare, which needs a newer Node than Debian 12's.
const withMiniflare = Number(process.versions.node.split(".")[0]) >= 20;
const nodeTest = (files) =>
  files.map((file) => ({ name: file, command: [node, "--test-reporter=tap", file], counter: "tap" }));
function listed(folder, pattern) {
  return existsSync(folder)
    ? readdirSync(folder)
        .filter((name) => pattern.test(name))
        .sort()
        .map((name) => `${folder}/${name}`)
    : [];
}
const whenThere = (path, command) => (existsSync(path) ? [{ name: path, command, counter: "summary" }] : []);

function unitPrograms(folder) {
  return listed(folder, /_test$/).map((program) => ({
    name: program.split("/").at(-1),
    command: [program, "--gtest_brief=1"],
    counter: "googletest",
  }));
}

const suites = {
  lint: () => [
    { name: "format", command: ["./format", "--check"], counter: "status" },
    {
      name: "typescript",
      command: [node, "node_modules/typescript/bin/tsc", "--noEmit", "-p", "."],
      counter: "status",
    },
    ...nodeTest(["tests/architecture/dependencies.test.mjs"]),
  ],
  unit: () => unitPrograms(built),
  cli: () => whenThere("tests/cli/run.mjs", [node, "tests/cli/run.mjs", `${built}/adit`]),
  web: () => [
    ...whenThere("tests/web/run.mjs", [node, "tests/web/run.mjs"]),
    ...whenThere("tests/web/node", [node, "tests/web/run.mjs", "--folder", "node"]),
    ...nodeTest(listed("tests/web", /\.test\.mjs$/)),
    ...nodeTest(listed("tests/web/streams", /\.test\.mjs$/)),
  ],
  bindings: () =>
    whenThere("tests/bindings/run.mjs", [
      node,
      "tests/bindings/run.mjs",
      ...(withMiniflare && preset === "release" ? [] : ["--peer", "adit"]),
    ]),
  e2e: () => [
    ...nodeTest(listed("tests/e2e", /\.test\.mjs$/)),
    ...nodeTest(listed("tests/e2e/packages", /\.test\.mjs$/)),
  ],
  bad_input: () => nodeTest(listed("tests/e2e/bad_input", /\.test\.mjs$/)),
  browser: () => nodeTest(listed("tests/browser", /\.test\.mjs$/)),
  fault: () => [
    ...nodeTest(listed("tests/e2e/fault", /\.test\.mjs$/)),
    {
      name: "simulation, 10,000 seeds each of one owner and of several",
      command: ["env", "ADIT_SEEDS=10000", `${built}/ledger_test`, "--gtest_brief=1", "--gtest_filter=Simulat*"],
      counter: "googletest",
    },
    {
      name: "simulation of alarms, 3,000 seeds",
      command: ["env", "ADIT_SEEDS=3000", "build/release/bindings_test", "--gtest_brief=1", "--gtest_filter=Simulat*"],
      counter: "googletest",
    },
    { name: "the ledger under kill -9", command: [`${built}/kill9`, long ? "200" : "20"], counter: "status" },
  ],
};
const longSuites = {
  asan: () => [
    { name: "build with sanitizers", command: ["tests/build_asan"], counter: "status" },
    ...["unit", "cli", "web", "bindings", "e2e", "bad_input", "fault"].map((suite) => ({
      name: `${suite} under sanitizers`,
      command: ["env", "ADIT_PRESET=asan", "ADIT_LONG=", node, "tests/run.mjs", suite],
      counter: "summary",
    })),
  ],
  tidy: () => [{ name: "clang-tidy", command: ["tests/architecture/tidy"], counter: "status" }],
  fuzz: () => [{ name: "fuzz", command: ["tests/fuzz/run"], counter: "summary" }],
};

function run(command) {
  return new Promise((resolve) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ["ignore", "pipe", "pipe"],
      env: {
        ...process.env,
        ADIT_LONG: long ? "1" : "",
        ...(preset === "release" ? {} : { ADIT_BINARY: `${root}/${built}/adit`, ...sanitizers }),
      },
    });
    let output = "";
    const keep = (chunk) => (output += chunk);
    child.stdout.on("data", keep);
    child.stderr.on("data", keep);
    child.on("error", (error) => resolve({ output: String(error), code: 127 }));
    child.on("close", (code, signal) => resolve({ output, code: code ?? `signal ${signal}` }));
  });
}

async function runSuite(steps) {
  if (preset !== "release")
    for (const folder of [reports, `${built}/old-reports`]) mkdirSync(folder, { recursive: true });
  const total = { passed: 0, failed: 0 };
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index];
    if (step.expand) {
      steps.splice(index + 1, 0, ...step.expand());
      continue;
    }
    const { output, code } = await run(step.command);
    const counted = counters[step.counter](output, code) ?? { passed: 0, failed: 0, failures: [] };
    if (code !== 0 && counted.failed === 0) {
      counted.failed = 1;
      counted.failures.push(`${output}\n${step.command.join(" ")} ended with ${code}`);
    }
    mkdirSync("build/test-output", { recursive: true });
    writeFileSync(`build/test-output/${step.name.replaceAll("/", "_")}.txt`, output);
    for (const report of listed(reports, /./)) {
      counted.failed++;
      counted.failures.push(readFileSync(report, "utf8"));
      renameSync(report, report.replace(reports, `${built}/old-reports`));
    }
    for (const failure of counted.failures) console.log(`--- ${step.name}\n${shortened(failure)}`);
    total.passed += counted.passed;
    total.failed += counted.failed;
  }
  return total;
}

function shortened(text) {
  const lines = text.trimEnd().split("\n");
  const shown = 80;
  return lines.length <= shown
    ? lines.join("\n")
    : [
        ...lines.slice(0, 20),
        `... ${lines.length - shown} lines (all in build/test-output)`,
        ...lines.slice(20 - shown),
      ].join("\n");
}

const available = long ? { ...suites, ...longSuites } : suites;
for (const name of wanted) {
  if (!{ ...suites, ...longSuites }[name])
    fail(`no suite ${name}; there are ${Object.keys({ ...suites, ...longSuites }).join(", ")}`);
}
const chosen = wanted.length
  ? wanted.map((name) => [name, { ...suites, ...longSuites }[name]])
  : Object.entries(available);
const sum = { passed: 0, failed: 0 };
for (const [name, steps] of chosen) {
  const started = Date.now();
  const list = steps();
  if (!list.length) {
    console.log(`${name.padEnd(10)} nothing here yet`);
    continue;
  }
  const total = await runSuite(list);
  sum.passed += total.passed;
  sum.failed += total.failed;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`${name.padEnd(10)} ${total.passed} passed, ${total.failed} failed (${seconds} s)`);
}
console.log(`${sum.passed} passed, ${sum.failed} failed`);
process.exitCode = sum.failed || !sum.passed ? 1 : 0;
