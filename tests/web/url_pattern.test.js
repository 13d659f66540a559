// URLPattern. The vectors of ../shared/data (relative to the project's root) run where that folder exists.
import { test, assert, assertEquals, assertThrows } from "./harness.js";
import vectors from "shared-data:url/urlpatterntestdata.json";

const components = ["protocol", "username", "password", "hostname", "port", "pathname", "search", "hash"];

/** The standard's test data: what a component that the vector does not name is expected to be, and to match. */
function runVector(vector) {
  const name = JSON.stringify([vector.pattern, vector.inputs]);
  let pattern;
  try {
    pattern = new URLPattern(...vector.pattern);
  } catch (error) {
    if (vector.expected_obj === "error") return;
    return `${name}: ${error}`;
  }
  if (vector.expected_obj === "error") return `${name}: should not be a pattern`;
  for (const component of components) {
    const expected = vector.expected_obj?.[component];
    if (expected !== undefined && pattern[component] !== expected)
      return `${name}: ${component} is ${pattern[component]}, not ${expected}`;
  }
  if (vector.expected_match === "error") {
    for (const method of ["test", "exec"]) {
      try {
        pattern[method](...vector.inputs);
        return `${name}: ${method}() should throw`;
      } catch (error) {
        if (!(error instanceof TypeError)) return `${name}: ${method}() threw ${error}`;
      }
    }
    return;
  }
  if (pattern.test(...vector.inputs) !== Boolean(vector.expected_match)) return `${name}: test() is wrong`;
  const result = pattern.exec(...vector.inputs);
  if (!vector.expected_match) return result === null ? undefined : `${name}: exec() should be null`;
  const exactlyEmpty = vector.exactly_empty_components ?? [];
  for (const component of components) {
    let expected = vector.expected_match[component];
    if (expected === undefined) {
      expected = { input: "", groups: exactlyEmpty.includes(component) ? {} : { 0: "" } };
    }
    const groups = Object.fromEntries(Object.entries(expected.groups).map(([key, value]) => [key, value ?? undefined]));
    try {
      assertEquals(result[component], { input: expected.input, groups });
    } catch (error) {
      return `${name}: ${component}: ${error.message}`;
    }
  }
}

const missing = "the test vectors are not here";
test(
  "every vector",
  () => {
    const failures = vectors.filter((vector) => typeof vector === "object").map(runVector);
    assertEquals(
      failures.filter((failure) => failure !== undefined),
      [],
    );
  },
  vectors === undefined
    ? { adit: missing, workerd: missing, node: missing }
    : { workerd: "the vectors are newer than its URL parser", timeout_ms: 60_000 },
);

test("groups of a path", () => {
  const pattern = new URLPattern({ pathname: "/users/:id/posts/:post(\\d+)?" });
  assertEquals(pattern.pathname, "/users/:id/posts/:post(\\d+)?");
  assertEquals(pattern.exec("https://example.com/users/ann/posts/7").pathname, {
    input: "/users/ann/posts/7",
    groups: { id: "ann", post: "7" },
  });
  assertEquals(pattern.exec("https://example.com/users/ann/posts/x"), null);
  assertEquals(pattern.exec({ pathname: "/users/b/posts" }).pathname.groups, { id: "b", post: undefined });
});

test("a pattern string with a base", () => {
  const pattern = new URLPattern("/:a/*", "https://example.com:8080");
  assertEquals([pattern.protocol, pattern.hostname, pattern.port], ["https", "example.com", "8080"]);
  assert(pattern.test("https://example.com:8080/x/y/z"));
  assert(!pattern.test("https://example.com/x/y/z"));
  assertEquals(pattern.exec("/x/y", "https://example.com:8080").inputs, ["/x/y", "https://example.com:8080"]);
});

test("a result has its parts in order", () => {
  const result = new URLPattern({ hostname: "{:sub.}?example.com" }).exec("https://a.example.com/p?q#h");
  assertEquals(Object.keys(result), ["inputs", ...components]);
  assertEquals(result.hostname.groups, { sub: "a" });
  assertEquals(result.inputs, ["https://a.example.com/p?q#h"]);
  assertEquals(Object.getPrototypeOf(result.hostname.groups), Object.prototype);
});

test("ignoreCase, as second and as third argument", () => {
  assert(new URLPattern("https://example.com/A", { ignoreCase: true }).test("https://example.com/a"));
  assert(new URLPattern("/A", "https://example.com", { ignoreCase: true }).test("https://example.com/a"));
  assert(!new URLPattern({ pathname: "/A" }).test({ pathname: "/a" }));
});

test("hasRegExpGroups", () => {
  assert(!new URLPattern({ pathname: "/:id/*" }).hasRegExpGroups);
  assert(new URLPattern({ pathname: "/:id(\\d+)" }).hasRegExpGroups);
});

test("what is not given matches everything", () => {
  for (const pattern of [new URLPattern(), new URLPattern({}), new URLPattern(undefined)])
    for (const component of components) assertEquals(pattern[component], "*");
});

test("a URL as input is a dictionary of its parts", () => {
  const pattern = new URLPattern({ pathname: "/a/:id" });
  assert(pattern.test(new URL("http://x/a/5")));
  assertEquals(pattern.exec(new URL("http://x/a/5")).inputs[0].pathname, "/a/5");
});

test("what cannot be a pattern, or an input, is a TypeError", () => {
  assertThrows(() => new URLPattern("/relative"), TypeError, "Failed to construct URLPattern");
  assertThrows(() => new URLPattern({ pathname: "/((" }), TypeError);
  assertThrows(() => new URLPattern({ pathname: "/a" }, "https://example.com"), TypeError);
  assertThrows(() => new URLPattern(5), TypeError);
  const pattern = new URLPattern();
  assertThrows(() => pattern.exec({ pathname: "/a" }, "https://example.com"), TypeError, "Failed to exec URLPattern");
  assertThrows(() => pattern.test({ pathname: "/a" }, "https://example.com"), TypeError, "Failed to test URLPattern");
  assertEquals(new URLPattern({ hostname: "x" }).test("not a URL"), false);
});

test("its shape", () => {
  assertEquals(`${new URLPattern()}`, "[object URLPattern]");
  assertEquals(URLPattern.length, 0);
  assertEquals(JSON.stringify(new URLPattern()), "{}");
});
