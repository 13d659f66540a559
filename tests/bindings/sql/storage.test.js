import { env } from "cloudflare:workers";
import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";

async function ask(stub, scenario, parameter) {
  const response = await stub.fetch("https://object/", {
    method: "POST",
    body: JSON.stringify({ scenario, parameter }),
  });
  return response.json();
}
const run = (scenario, parameter) => ask(env.SQL.get(env.SQL.newUniqueId()), scenario, parameter);

/** Each entry of the scenario's answer against what is expected there. */
async function check(scenario, expected) {
  const actual = await run(scenario);
  assert(Array.isArray(actual), `${scenario}: ${JSON.stringify(actual)}`);
  assertEquals(actual.length, expected.length, scenario);
  expected.forEach((each, i) => assertEquals(actual[i], each, `${scenario}[${i}]`));
}

const nothing = { undefined: true };
const done = { done: true, value: nothing };
const row = (value) => ({ done: false, value });

test("bindings: what each JavaScript value becomes", () =>
  check("bindings", [
    [null, "null"],
    ["true", "text"],
    ["[object Object]", "text"],
    ["1,2", "text"],
    [String(new Date(0)), "text"],
    "TypeError: Cannot convert a BigInt value to a number",
    "TypeError: Cannot convert a Symbol value to a string",
    [{ octets: [1, 2] }, "blob"],
    [{ octets: [1, 2] }, "blob"],
    [{ octets: [0, 0] }, "blob"],
    [{ octets: [0] }, "blob"],
    [{ octets: [] }, "blob"],
    [null, "null"],
    [{ number: "Infinity" }, "real"],
    ["\u{1f600}é", "text"],
  ]));

test("exec: its arguments, its classes", () =>
  check("arguments", [
    "TypeError: Failed to execute 'exec' on 'SqlStorage': parameter 1 is not of type 'JsString'.",
    [{ a: 1 }],
    'Error: near "5": syntax error at offset 0: SQLITE_ERROR',
    "TypeError: Illegal constructor",
    true,
    "function",
    "[object SqlStorage]",
  ]));

test("a cursor gives row after row, then is done", () => check("next", [row({ a: 1 }), row({ a: 2 }), done, done]));

test("next, raw, toArray and loops share one place", () =>
  check("ways", [
    row([1, "b1"]),
    row({ a: 2, b: "b2" }),
    [
      [3, "b3"],
      [4, "b4"],
    ],
    [],
    [{ a: 3 }, { a: 4 }],
    [[1], [2], [3], [4]],
    [2, 4, 6, 8],
    "[object Cursor]",
  ]));

test("a loop that is left can be gone on with", async () => assertEquals(await run("loop_left"), [{ a: 2 }, { a: 3 }]));

test("one: exactly one row", () =>
  check("one", [
    { n: 5 },
    "Error: Expected exactly one result from SQL query, but got no results.",
    "Error: Expected exactly one result from SQL query, but got multiple results.",
    "Error: Expected exactly one result from SQL query, but got no results.",
    { a: 9 },
  ]));

test("columnNames", () => check("columns", [["a", "x", "1 + 1", "a"], true, [[1, "b1"]], ["a"], []]));

test("rowsRead and rowsWritten", () =>
  check("counts", [[0, 3], [3, 0], [1, 0], [3, 0], [3, 3], [3, 3], [0, 0], 2, 1, 5]));

test("rowsRead grows as rows are read, one ahead", async () =>
  assertEquals(await run("counts_while_reading"), [1, 2, 3]));

test("databaseSize grows with what is stored", () => check("size", [true, true, true]));

test("the same statement may run several times at once", () => check("same_twice", [1, 1, 2, 2, 1]));
test("two hundred cursors may be open", async () => assertEquals(await run("many_open"), true));
test("a cursor sees what is written meanwhile", () => check("write_meanwhile", [[1, 2, 4, 9], "changed"]));
test("a table that is being read cannot be dropped", () =>
  check("drop_meanwhile", ["Error: database table is locked: SQLITE_LOCKED", 2, { n: 3 }]));
test("a table that is being read can get a column", () => check("alter_meanwhile", [2, ["a", "b", "c"]]));
test("a cursor lives across turns and commits", () =>
  check("across_turns", [{ a: 1 }, [{ a: 2 }, { a: 3 }, { a: 4 }]]));
test("a statement with RETURNING has written all its rows at the first", () =>
  check("returning_is_whole", [row({ a: 1 }), { n: 3 }, 3, [{ a: 2 }, { a: 3 }]]));
test(
  "what a statement returns may be read in a later turn",
  async () => assertEquals(await run("returning_across_turns"), [{ a: 2 }, { a: 3 }]),
  {
    workerd: "it breaks the object: cannot commit transaction - SQL statements in progress",
  },
);
test(
  "an error in a later row is thrown when the cursor comes to it",
  () =>
    check("error_in_a_later_row", [
      row({ j: "1" }),
      "Error: malformed JSON: SQLITE_ERROR",
      "Error: malformed JSON: SQLITE_ERROR",
    ]),
  { workerd: "afterwards its cursor fails with an internal error" },
);
test("twenty thousand rows", () => check("big_results", [200010000, { a: 20000, b: "row 20000" }, 20000]));

test("transactionSync keeps or undoes, also nested, SQL and kv together", () =>
  check("transaction_sync", [
    "kept",
    "RangeError: undo",
    [1],
    1,
    [1, 3],
    "Error: no such table: inner_t: SQLITE_ERROR",
    "TypeError: Failed to execute 'transactionSync' on 'DurableObjectStorage': parameter 1 is not of type 'function'.",
    "TypeError: Failed to execute 'transactionSync' on 'DurableObjectStorage': parameter 1 is not of type 'function'.",
    true,
  ]));
test("cursors end with a transaction that is undone", () =>
  check("cursors_in_transactions", [
    "Error: abort due to ROLLBACK: SQLITE_ABORT (extended: SQLITE_ABORT_ROLLBACK)",
    "Error: abort due to ROLLBACK: SQLITE_ABORT (extended: SQLITE_ABORT_ROLLBACK)",
  ]));
test("transaction() with SQL", () => check("transaction", ["undo", [{ a: 1 }, { a: 2 }]]));

test("kv: put, get, delete", () =>
  check("kv", [nothing, 1, nothing, true, false, nothing, "number", nothing, ["5", "undefined"]]));
test("kv: list with its options", () => {
  const [a, b, c, e] = ["a", "b", "c", "é"].map((key) => [key, key.charCodeAt(0)]);
  return check("kv_list", [[a, b, c, e], [e, c], [b], [b, c], [c, e], ["a"], "[object ListIterator]"]);
});
test("kv: a long list", () => check("kv_list_long", [300, true, true]));
test("kv: a list sees what is written meanwhile", async () =>
  assertEquals(await run("kv_list_while_writing"), ["a", "b", "bb"]));
test("kv: a second list ends the first", async () =>
  assertEquals(
    await run("kv_two_lists"),
    "Error: kv.list() iterator was invalidated because a new call to kv.list() was started. Only one kv.list() iterator can exist at a time.",
  ));
test("kv: mistakes", () =>
  check("kv_mistakes", [
    "TypeError: Failed to execute 'get' on 'SyncKvStorage': parameter 1 is not of type 'string'.",
    "TypeError: Failed to execute 'put' on 'SyncKvStorage': parameter 2 is not of type 'JsValue'.",
    "TypeError: Failed to execute 'delete' on 'SyncKvStorage': parameter 1 is not of type 'string'.",
    "TypeError: Failed to execute 'list' on 'SyncKvStorage': parameter 1 is not of type 'ListOptions'.",
    "TypeError: list() cannot be called with both start and startAfter values.",
    "TypeError: List limit must be positive.",
    true,
  ]));
test("kv and storage.get are one store", () => check("kv_and_promises", [1, 2, ["a", "b"]]));

test("the platform's tables are out of reach", async () => {
  const refused = await run("reserved");
  for (const text of refused) assert(/SQLITE_AUTH$/.test(text), text);
  assertEquals(refused[0], "Error: access to _cf_KV.key is prohibited: SQLITE_AUTH");
});
test("deleteAll drops what SQL made and ends cursors", () =>
  check("delete_all", [
    "Error: SQLite query was canceled because the database was deleted.",
    [],
    nothing,
    { foreign_keys: 1 },
    [],
  ]));

const limits = {
  value: { n: 2_000_000 },
  value_above: "Error: string or blob too big: SQLITE_TOOBIG",
  row_above: "Error: string or blob too big: SQLITE_TOOBIG",
  concatenation_above: "Error: string or blob too big: SQLITE_TOOBIG",
  statement: { a: 1 },
  statement_above: "Error: statement too long: SQLITE_TOOBIG",
  parameters: { m: 99 },
  parameters_above: "Error: too many SQL variables at offset 211: SQLITE_ERROR",
  parameter_number_above: "Error: variable number must be between ?1 and ?100 at offset 7: SQLITE_ERROR",
  columns: [],
  columns_above: "Error: too many columns on c: SQLITE_ERROR",
  result_columns_above: "Error: too many columns in result set: SQLITE_ERROR",
  pattern: { l: 0 },
  pattern_above: "Error: LIKE or GLOB pattern too complex: SQLITE_ERROR",
  compound: 5,
  compound_above: "Error: too many terms in compound SELECT: SQLITE_ERROR",
  depth_above: "Error: Expression tree is too large (maximum depth 100): SQLITE_ERROR",
  many_values: 600,
  trigger_depth: "Error: too many levels of trigger recursion: SQLITE_ERROR",
};
for (const [name, expected] of Object.entries(limits))
  test(`limits: ${name.replaceAll("_", " ")}`, async () => assertEquals(await run("limits", name), expected));

test("a class without SQLite", async () =>
  assertEquals(await ask(env.NO_SQL.get(env.NO_SQL.newUniqueId()), "without_sql"), [
    "Error: SQL is not enabled for this Durable Object class",
    "Error: The storage.kv (synchronous KV) API is only available for SQLite-backed Durable Objects",
    1,
  ]));

test("what SQL wrote is there after a reset", async () => {
  const id = env.SQL.newUniqueId();
  await assertRejects(() => ask(env.SQL.get(id), "fill_and_reset"));
  assertEquals(await ask(env.SQL.get(id), "read_back"), [{ n: 3 }, "kept"]);
});

const noHistory = { workerd: "its local storage has no point-in-time recovery" };

test(
  "bookmarks: in order, the same while nothing changes, found by time",
  async () => {
    const { first, same, second, third, found } = await run("bookmarks");
    assert(/^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{32}$/.test(first), first);
    assertEquals(same, first);
    assert(first < second && second < third, `${first} ${second} ${third}`);
    assertEquals(found, second);
  },
  noHistory,
);
test(
  "bookmarks: the object goes back, and forth again",
  async () => {
    const id = env.SQL.newUniqueId();
    const { first, second } = await ask(env.SQL.get(id), "bookmarks");
    const go = async (bookmark) => {
      const before = await ask(env.SQL.get(id), "restore", bookmark);
      await assertRejects(() => ask(env.SQL.get(id), "end"));
      return before;
    };
    const undo = await go(first);
    assertEquals(await ask(env.SQL.get(id), "rows"), [[1, 2], null]);
    await go(second);
    assertEquals(await ask(env.SQL.get(id), "rows"), [[1, 2, 3], null]);
    await go(undo);
    assertEquals(await ask(env.SQL.get(id), "rows"), [[], null]);
  },
  noHistory,
);
test(
  "bookmarks: mistakes",
  async () => assertEquals(await run("bookmark_mistakes"), ["TypeError", "TypeError", "TypeError", "TypeError"]),
  noHistory,
);
