import { assert, assertEquals, assertRejects, test } from "../../web/harness.js";
import cases from "./list.test";
import { emptied, onEach } from "./namespaces.js";

function parse(text) {
  const parsed = [];
  for (const line of text.split("\n")) {
    if (line === "" || line.startsWith("#")) continue;
    const [word, ...rest] = line.split(" ");
    if (word === "case") parsed.push({ name: rest.join(" "), steps: [] });
    else if (word === "----") parsed.at(-1).steps.at(-1).expected = rest.join(" ");
    else parsed.at(-1).steps.push({ word, rest });
  }
  return parsed;
}

function show(result, now_s) {
  const words = result.keys.map(({ name, expiration, metadata }) => {
    const meta = metadata === undefined ? "" : `=${JSON.stringify(metadata)}`;
    // The clock may have gone on by a second or two since the put.
    return name + meta + (expiration === undefined ? "" : `+${Math.ceil((expiration - now_s) / 60) * 60}`);
  });
  return [...words, ...(result.list_complete ? ["."] : [])].join(" ");
}

async function runStep(kv, { word, rest, expected }, state) {
  if (word === "delete") return kv.delete(rest[0]);
  if (word === "put") {
    const options = {};
    for (const option of rest.slice(1)) {
      const [, name, value] = /^(metadata|ttl)=(.*)$/.exec(option);
      if (name === "ttl") options.expirationTtl = Number(value);
      else options.metadata = JSON.parse(value);
    }
    return kv.put(rest[0], "value", options);
  }
  const isNext = rest[0] === "next";
  const options = JSON.parse(rest[isNext ? 1 : 0] ?? "{}");
  const result = await kv.list(isNext ? { ...options, cursor: state.cursor } : options);
  assertEquals(show(result, Math.floor(Date.now() / 1000)), expected, `list ${rest.join(" ")}`);
  assertEquals("cursor" in result, !result.list_complete);
  state.cursor = result.cursor;
}

for (const { name, steps } of parse(cases)) {
  onEach(`list: ${name}`, async (space) => {
    const kv = await emptied(space);
    const state = {};
    for (const step of steps) await runStep(kv, step, state);
  });
}

onEach("list gives exactly these properties", async (space) => {
  const kv = await emptied(space);
  await kv.put("a", "x");
  await kv.put("b", "x");
  assertEquals(await kv.list({ limit: 2 }), {
    keys: [{ name: "a" }, { name: "b" }],
    list_complete: true,
    cacheStatus: null,
  });
  const page = await kv.list({ limit: 1 });
  assertEquals(Object.keys(page), ["keys", "list_complete", "cursor", "cacheStatus"]);
  assertEquals(typeof page.cursor, "string");
});

onEach("a cursor goes on where its page ended, whatever is written meanwhile", async (space) => {
  const kv = await emptied(space);
  const name = (index) => `stay${String(index).padStart(3, "0")}`;
  const staying = Array.from({ length: 60 }, (_, index) => name(index * 10));
  await Promise.all(staying.map((key) => kv.put(key, "")));
  const seen = [];
  let cursor;
  for (let page = 0; ; page++) {
    const answer = await kv.list({ limit: 7, cursor });
    seen.push(...answer.keys.map((key) => key.name));
    cursor = answer.cursor;
    if (answer.list_complete) break;
    // Before the cursor's key, just behind it, far behind it; and the key that the page ended with is deleted and comes back.
    const last = Number(seen.at(-1).slice(4));
    await Promise.all([
      kv.put(`stay${name(last).slice(4)}-behind`, ""),
      kv.put("aaa" + page, ""),
      kv.put("zzz" + page, ""),
    ]);
    await kv.delete(seen.at(-1));
    if (page % 2) await kv.put(seen.at(-1), "");
  }
  assertEquals(
    seen.filter((key) => /^stay\d+$/.test(key)),
    staying,
  );
  assertEquals(new Set(seen).size, seen.length);
  assertEquals(seen, [...seen].sort());
  // What came behind a page's end was seen, what came before it was not.
  assertEquals(seen.filter((key) => key.startsWith("aaa")).length, 0);
  assert(seen.filter((key) => key.endsWith("-behind")).length >= 7);
  assert(seen.filter((key) => key.startsWith("zzz")).length >= 7);
  await emptied(space);
});

onEach("list gives at most 1000 keys", async (space) => {
  const kv = await emptied(space);
  const names = Array.from({ length: 1003 }, (_, index) => `key${String(index).padStart(4, "0")}`);
  for (let start = 0; start < names.length; start += 200)
    await Promise.all(names.slice(start, start + 200).map((name) => kv.put(name, "")));
  const first = await kv.list();
  assertEquals(first.keys.length, 1000);
  assertEquals(first.list_complete, false);
  const second = await kv.list({ cursor: first.cursor });
  assertEquals(
    [...first.keys, ...second.keys].map(({ name }) => name),
    names,
  );
  assertEquals(second.list_complete, true);
  await emptied(space);
});

test("list refuses bad options", async ({ env: { KV_FIRST } }) => {
  await assertRejects(
    KV_FIRST.list({ limit: 1001 }),
    Error,
    "KV GET failed: 400 Invalid key_count_limit of 1001. Please specify an integer less than 1000.",
  );
  await assertRejects(
    KV_FIRST.list({ prefix: "k".repeat(513) }),
    Error,
    "KV GET failed: 414 UTF-8 encoded length of 513 exceeds key length limit of 512.",
  );
  await assertRejects(
    KV_FIRST.list("prefix"),
    TypeError,
    "Failed to execute 'list' on 'KvNamespace': parameter 1 is not of type 'ListOptions'.",
  );
  assert(await KV_FIRST.list(null));
});

test(
  "list refuses a cursor that it did not give",
  async ({ env: { KV_FIRST } }) => {
    await assertRejects(KV_FIRST.list({ cursor: "not a cursor!" }), Error, "KV GET failed: 400");
  },
  { workerd: "miniflare takes any text for a cursor" },
);
