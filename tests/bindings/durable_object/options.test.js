// The options of storage calls: allowConcurrency, allowUnconfirmed, noCache. What allowUnconfirmed lets leave early is in tests/e2e/fault.
import { env } from "cloudflare:workers";
import { assertEquals, test } from "../../web/harness.js";

let objects = 0;
const fresh = () => env.PROBE.getByName(`options-${Date.now()}-${++objects}`);
const json = async (stub, path) => (await stub.fetch(`https://object/${path}`)).json();
const sorted = (numbers) => [...numbers].sort((a, b) => a - b);

test("reading and writing in 50 events at once loses no update", async () => {
  const object = fresh();
  const answers = await Promise.all(Array.from({ length: 50 }, () => json(object, "increment")));
  assertEquals(
    sorted(answers),
    Array.from({ length: 50 }, (_, index) => index + 1),
  );
});

test("with allowConcurrency and allowUnconfirmed events end all the same, and what is stored is what one of them wrote", async () => {
  const object = fresh();
  const answers = await Promise.all(Array.from({ length: 20 }, () => json(object, "incrementConcurrently")));
  const next = await json(object, "increment");
  assertEquals(answers.includes(next - 1), true);
});

test("noCache changes nothing of what is read, and values are copies", async () => {
  assertEquals(await json(fresh(), "uncached"), [
    { list: [1] },
    { list: [1] },
    [
      ["a", 1],
      ["b", 2],
    ],
    [["a", 1]],
    2,
  ]);
});

test("an unconfirmed write is read at once, and sync() waits for it", async () => {
  assertEquals(await json(fresh(), "unconfirmed"), ["unconfirmed", 0]);
});
