import { test, assert, assertEquals, assertRejects, assertThrows } from "./harness.js";

test("a blob is its parts, one after another", async () => {
  const blob = new Blob([
    "a€",
    new Uint8Array([0x62]),
    new Uint8Array([0, 0x63, 0]).subarray(1, 2),
    new Blob(["d"]),
    new Uint8Array([0x65]).buffer,
    5,
    null,
  ]);
  assertEquals(await blob.text(), "a€bcde5null");
  assertEquals(blob.size, 13);
  assertEquals([...new Uint8Array(await blob.arrayBuffer())].slice(0, 4), [0x61, 0xe2, 0x82, 0xac]);
  assert((await blob.bytes()) instanceof Uint8Array);
  assertEquals((await blob.bytes()).length, 13);
});

test("a blob keeps its bytes when what it was made of changes", async () => {
  const bytes = new Uint8Array([65, 66]);
  const blob = new Blob([bytes]);
  bytes[0] = 90;
  assertEquals(await blob.text(), "AB");
  (await blob.bytes())[0] = 90;
  new Uint8Array(await blob.arrayBuffer())[1] = 90;
  assertEquals(await blob.text(), "AB");
});

test("types", () => {
  const cases = [
    ["TEXT/Plain", "text/plain"],
    ["", ""],
    ["a/b;C=D", "a/b;c=d"],
    ["a\u00e9", ""],
    ["a\n", ""],
    [5, "5"],
    [undefined, ""],
  ];
  for (const [type, expected] of cases) assertEquals(new Blob([], { type }).type, expected);
  assertEquals(new Blob().type, "");
});

test("constructor arguments", () => {
  assertEquals(
    [
      new Blob().size,
      new Blob(undefined).size,
      new Blob([]).size,
      new Blob([], undefined).size,
      new Blob([], null).size,
    ],
    [0, 0, 0, 0, 0],
  );
  for (const parts of ["text", 5, null]) assertThrows(() => new Blob(parts), TypeError, "constructor parameter 1");
  assertThrows(() => new Blob([], 5), TypeError);
  assertThrows(() => Blob(), TypeError);
});

test("slice", async () => {
  const blob = new Blob(["0123456789"], { type: "a/b" });
  const cases = [
    [[], "0123456789"],
    [[3], "3456789"],
    [[3, 5], "34"],
    [[-3], "789"],
    [[-3, -1], "78"],
    [[5, 3], ""],
    [[0, 100], "0123456789"],
    [[-100, 2], "01"],
    [[20], ""],
    [[undefined, 2], "01"],
    [[1.9, 3.9], "12"],
  ];
  for (const [args, expected] of cases) assertEquals(await blob.slice(...args).text(), expected, JSON.stringify(args));
  assertEquals([blob.slice().type, blob.slice(0, 1, "X/Y").type], ["", "x/y"]);
  assertEquals(await blob.slice(2, 8).slice(1, 3).text(), "34");
});

test("stream gives the bytes", async () => {
  assertEquals(await new Response(new Blob(["hello ", "world"]).stream()).text(), "hello world");
  const reader = new Blob([]).stream().getReader();
  assertEquals((await reader.read()).done, true);
  const byob = new Blob(["abc"]).stream().getReader({ mode: "byob" });
  const { value } = await byob.read(new Uint8Array(2));
  assertEquals([...value], [97, 98]);
});

test(
  "a byte order mark is no text",
  async () => {
    assertEquals(await new Blob(["\ufeffx"]).text(), "x");
  },
  { workerd: "before its compatibility date 2026-01-13 it kept the mark" },
);

test("File is a blob with a name and a time", async () => {
  const file = new File(["x"], "a/b.txt", { type: "Text/HTML", lastModified: 5 });
  assertEquals([file.name, file.lastModified, file.type, file.size], ["a/b.txt", 5, "text/html", 1]);
  assert(file instanceof Blob);
  assertEquals(await file.text(), "x");
  assertEquals(Math.abs(new File([], "n").lastModified - Date.now()) < 60_000, true);
  assertEquals(new File([], "\ud800").name.isWellFormed(), true);
  assertThrows(() => new File(["x"]), TypeError, "constructor parameter 2");
  assertThrows(() => new File(), TypeError);
  assert(!(file.slice() instanceof File));
});

test("Blob and File have the shape that Web IDL gives them", async () => {
  assertEquals([`${new Blob()}`, `${new File([], "n")}`], ["[object Blob]", "[object File]"]);
  assert(Object.keys(Blob.prototype).includes("arrayBuffer"));
  assertThrows(() => Object.getOwnPropertyDescriptor(Blob.prototype, "size").get.call({}), TypeError);
  assertThrows(() => Object.getOwnPropertyDescriptor(File.prototype, "name").get.call(new Blob()), TypeError);
  assertEquals(Object.getOwnPropertyNames(new File([], "n")), []);
});

test("a wrong receiver rejects", async () => {
  await assertRejects(() => Blob.prototype.text.call({}), TypeError);
  await assertRejects(() => Blob.prototype.arrayBuffer.call({}), TypeError);
});

class Subclass extends Blob {
  extra = 1;
}
test("a subclass works", async () => {
  const blob = new Subclass(["x"]);
  assertEquals([await blob.text(), blob.extra, blob instanceof Blob], ["x", 1, true]);
});
