// The test harness of the web platform's tests: the same files run on Adit, on workerd and (for some) on plain V8.
// A test registers with test(name, fn, options); run.mjs bundles all files into one worker and calls each test in a request of its
// own. Invariant: tests run one at a time, so the assertion counter belongs to the test that is running.
//
//   test("atob ignores ASCII whitespace", () => assertEquals(atob(" YQ ="), "a"));
//   test("name", async ({ request, env, ctx }) => { ... }, { workerd: "why workerd is not asked" });
//
// Options: { workerd: "reason" }, { adit: "reason" }, { node: "reason" } skip it on that platform; timeout_ms (default 10000).

const tests = [];
let file = "";
let assertions = 0;

/** Called by the bundler's plugin at the start of each test file. */
export function inFile(name) {
  file = name;
}

export function test(name, fn, options = {}) {
  tests.push({ name: file ? `${file}: ${name}` : name, fn, options });
}

export class AssertionError extends Error {
  get name() {
    return "AssertionError";
  }
}

function fail(message) {
  throw new AssertionError(message);
}

export function assert(condition, message = "expected a truthy value") {
  assertions++;
  if (!condition) fail(message);
}

/** Deep equality: Object.is for primitives, structure for arrays, plain objects, Map, Set, Date, RegExp, Error and buffers. */
export function assertEquals(actual, expected, message = "") {
  assertions++;
  const where = difference(actual, expected, "");
  if (where !== undefined)
    fail(`${message ? message + ": " : ""}at ${where || "."}: got ${show(actual)}, expected ${show(expected)}`);
}

/** Returns the error, so that a test can look at more of it. */
export function assertThrows(fn, ErrorClass, messagePart) {
  assertions++;
  let value;
  try {
    value = fn();
  } catch (error) {
    checkError(error, ErrorClass, messagePart);
    return error;
  }
  fail(`expected ${ErrorClass?.name ?? "an error"}, but it returned ${show(value)}`);
}

export async function assertRejects(promiseOrFn, ErrorClass, messagePart) {
  assertions++;
  let value;
  try {
    value = await (typeof promiseOrFn === "function" ? promiseOrFn() : promiseOrFn);
  } catch (error) {
    checkError(error, ErrorClass, messagePart);
    return error;
  }
  fail(`expected a rejection with ${ErrorClass?.name ?? "an error"}, but it resolved to ${show(value)}`);
}

/** ErrorClass may also be a string: the name of a DOMException. */
function checkError(error, ErrorClass, messagePart) {
  if (typeof ErrorClass === "string") {
    if (!(error instanceof DOMException) || error.name !== ErrorClass)
      fail(`expected a DOMException ${ErrorClass}, got ${show(error)}`);
  } else if (ErrorClass !== undefined && !(error instanceof ErrorClass)) {
    fail(`expected ${ErrorClass.name}, got ${show(error)}`);
  }
  if (messagePart !== undefined && !String(error?.message).includes(messagePart))
    fail(`expected a message with ${show(messagePart)}, got ${show(error?.message)}`);
}

/** The path of the first difference, or undefined. */
function difference(a, b, path, seen = new Map()) {
  if (Object.is(a, b)) return undefined;
  if (typeof a !== "object" || typeof b !== "object" || a === null || b === null) return path;
  if (seen.get(a) === b) return undefined;
  seen.set(a, b);
  if (a instanceof Error && b instanceof Error) return a.name === b.name && a.message === b.message ? undefined : path;
  if (Object.getPrototypeOf(a) !== Object.getPrototypeOf(b)) return `${path}[[Prototype]]`;
  if (a instanceof Date || a instanceof RegExp) return String(a) === String(b) && +a === +b ? undefined : path;
  if (a instanceof ArrayBuffer) return difference(new Uint8Array(a), new Uint8Array(b), path, seen);
  if (a instanceof Map || a instanceof Set)
    return a.size !== b.size ? `${path}.size` : difference([...a], [...b], path, seen);
  const keys = Object.keys(a);
  if (ArrayBuffer.isView(a) || Array.isArray(a)) {
    if (a.length !== b.length) return `${path}.length`;
  }
  if (keys.length !== Object.keys(b).length) return `${path}{${Object.keys(b)}}`;
  for (const key of keys) {
    if (!Object.hasOwn(b, key)) return `${path}.${key}`;
    const inner = difference(a[key], b[key], `${path}.${key}`, seen);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

function show(value) {
  try {
    if (value instanceof Error) return `${value.name}: ${value.message}`;
    if (typeof value === "function") return `function ${value.name}`;
    if (ArrayBuffer.isView(value)) return `${value.constructor.name}[${Array.from(value).slice(0, 64)}]`;
    if (value instanceof Map || value instanceof Set) return `${value.constructor.name}${show([...value])}`;
    if (typeof value === "string" || (typeof value === "object" && value !== null)) return JSON.stringify(value);
    return typeof value === "bigint" ? `${value}n` : String(value);
  } catch {
    return Object.prototype.toString.call(value);
  }
}

export function listTests(filter = "", platform = "") {
  return tests
    .map((t, index) => ({ index, name: t.name, skipped: t.options[platform] }))
    .filter((t) => t.name.includes(filter));
}

/** Runs one test and never throws. */
export async function runTest(index, context = {}) {
  const { name, fn, options } = tests[index];
  assertions = 0;
  let timer;
  try {
    const timeout_ms = options.timeout_ms ?? 10_000;
    await new Promise((resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`no end after ${timeout_ms} ms`)), timeout_ms);
      Promise.resolve(context).then(fn).then(resolve, reject);
    });
    if (assertions === 0) fail("the test asserted nothing");
    return { name, ok: true, assertions };
  } catch (error) {
    return { name, ok: false, assertions, error: error instanceof Error ? `${error.stack ?? error}` : show(error) };
  } finally {
    clearTimeout(timer);
  }
}

/** Runs the tests whose names contain `filter`, one after another. */
export async function run(filter = "", platform = "", context = {}) {
  const results = [];
  for (const { index, name, skipped } of listTests(filter, platform))
    results.push(skipped !== undefined ? { name, ok: true, assertions: 0, skipped } : await runTest(index, context));
  return results;
}

/** The worker that run.mjs drives: GET /list, GET /run?index=N. */
export const worker = {
  async fetch(request, env, ctx) {
    const url = new URL(request.url);
    if (url.pathname === "/list")
      return Response.json(listTests(url.searchParams.get("filter") ?? "", url.searchParams.get("platform") ?? ""));
    if (url.pathname === "/run")
      return Response.json(await runTest(Number(url.searchParams.get("index")), { request, env, ctx }));
    return new Response("not found", { status: 404 });
  },
};
