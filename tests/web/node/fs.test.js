import fs from "node:fs";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

const scratch = () => fs.mkdtempSync("/tmp/t-");
const code = (fn) => assertThrows(fn).code;

test("files are written, read, appended and measured", () => {
  const file = path.join(scratch(), "a.txt");
  fs.writeFileSync(file, "héllo");
  assertEquals(fs.readFileSync(file, "utf8"), "héllo");
  assertEquals(fs.readFileSync(file).length, 6);
  fs.appendFileSync(file, "!");
  assertEquals(fs.readFileSync(file, { encoding: "latin1" }).length, 7);
  const stat = fs.statSync(file);
  assertEquals([stat.isFile(), stat.isDirectory(), stat.size], [true, false, 7]);
  assert(stat.mtime instanceof Date);
  assertEquals(fs.statSync(file, { bigint: true }).size, 7n);
  fs.truncateSync(file, 1);
  assertEquals(fs.readFileSync(file, "utf8"), "h");
  fs.unlinkSync(file);
  assert(!fs.existsSync(file));
});

test("directories", () => {
  const root = scratch();
  assertEquals(fs.mkdirSync(path.join(root, "a/b/c"), { recursive: true }), path.join(root, "a"));
  fs.writeFileSync(path.join(root, "a/x"), "1");
  fs.writeFileSync(path.join(root, "a/b/y"), "2");
  assertEquals(fs.readdirSync(path.join(root, "a")).sort(), ["b", "x"]);
  const entries = fs.readdirSync(path.join(root, "a"), { withFileTypes: true });
  assertEquals(entries.map((e) => [e.name, e.isDirectory()]).sort(), [
    ["b", true],
    ["x", false],
  ]);
  assertEquals(fs.readdirSync(root, { recursive: true }).length, 5);
  assertEquals(
    code(() => fs.rmdirSync(path.join(root, "a"))),
    "ENOTEMPTY",
  );
  fs.rmSync(path.join(root, "a"), { recursive: true });
  assertEquals(fs.readdirSync(root), []);
  fs.rmSync(path.join(root, "none"), { force: true });
});

test("errors have Node's code and message", async () => {
  const error = assertThrows(() => fs.readFileSync("/tmp/nope"));
  assertEquals(error.code, "ENOENT");
  assert(/no such file/i.test(error.message));
  assertEquals(
    code(() => fs.readdirSync("/tmp/nope")),
    "ENOENT",
  );
  assertEquals(
    code(() => fs.statSync("/tmp/nope")),
    "ENOENT",
  );
  assertEquals(fs.statSync("/tmp/nope", { throwIfNoEntry: false }), undefined);
  assertEquals((await assertRejects(readFile("/tmp/nope"))).code, "ENOENT");
  assertEquals(code(() => fs.readFileSync(5.5)) !== undefined, true);
  assertEquals(
    code(() => fs.accessSync("/tmp/nope")),
    "ENOENT",
  );
});

test("/bundle is read-only, /dev has devices", () => {
  assert(fs.readdirSync("/").includes("bundle"));
  assert(fs.readdirSync("/bundle").length > 0);
  assertThrows(() => fs.writeFileSync("/bundle/x", "1"));
  assertEquals(fs.readdirSync("/dev").sort(), ["full", "null", "random", "zero"]);
  fs.writeFileSync("/dev/null", "gone");
});

test("file descriptors", () => {
  const file = path.join(scratch(), "f");
  const fd = fs.openSync(file, "w+");
  assertEquals(fs.writeSync(fd, "hello"), 5);
  assertEquals(fs.writeSync(fd, Buffer.from("J"), 0, 1, 0), 1);
  const buffer = Buffer.alloc(5);
  assertEquals(fs.readSync(fd, buffer, 0, 5, 0), 5);
  assertEquals(buffer.toString(), "Jello");
  assertEquals(fs.fstatSync(fd).size, 5);
  fs.ftruncateSync(fd, 2);
  fs.closeSync(fd);
  assertEquals(fs.readFileSync(file, "utf8"), "Je");
});

test("rename, copy, links", () => {
  const root = scratch();
  const at = (name) => path.join(root, name);
  fs.writeFileSync(at("a"), "1");
  fs.renameSync(at("a"), at("b"));
  assertEquals(fs.readdirSync(root), ["b"]);
  fs.copyFileSync(at("b"), at("c"));
  fs.writeFileSync(at("c"), "2");
  assertEquals(fs.readFileSync(at("b"), "utf8"), "1");
  fs.symlinkSync(at("b"), at("link"));
  assertEquals(fs.readFileSync(at("link"), "utf8"), "1");
  assertEquals(fs.readlinkSync(at("link")), at("b"));
  assert(fs.lstatSync(at("link")).isSymbolicLink());
  assert(fs.statSync(at("link")).isFile());
  assertEquals(fs.realpathSync(at("link")), at("b"));
});

test("callbacks and promises do the same", async () => {
  const file = path.join(scratch(), "p");
  await promisify(fs.writeFile)(file, "cb");
  assertEquals(await promisify(fs.readFile)(file, "utf8"), "cb");
  await fs.promises.writeFile(file, "promise");
  assertEquals(await readFile(file, "utf8"), "promise");
  assertEquals((await fs.promises.stat(file)).size, 7);
  const error = await new Promise((resolve) => fs.readFile("/tmp/nope", (error) => resolve(error)));
  assertEquals(error.code, "ENOENT");
  assertEquals(await new Promise((resolve) => fs.exists(file, resolve)), true);
  const handle = await fs.promises.open(file, "r+");
  const { bytesRead, buffer } = await handle.read(Buffer.alloc(4), 0, 4, 0);
  assertEquals([bytesRead, buffer.toString()], [4, "prom"]);
  await handle.close();
});

test("streams", async () => {
  const root = scratch();
  const file = path.join(root, "big");
  const chunk = "0123456789".repeat(1000);
  await pipeline(async function* () {
    for (let i = 0; i < 30; i++) yield chunk;
  }, fs.createWriteStream(file));
  assertEquals(fs.statSync(file).size, 300000);
  let text = "";
  for await (const part of fs.createReadStream(file, { encoding: "utf8", start: 5, end: 14 })) text += part;
  assertEquals(text, "5678901234");
  const copy = path.join(root, "copy");
  await pipeline(fs.createReadStream(file), fs.createWriteStream(copy));
  assertEquals(fs.readFileSync(copy, "utf8") === chunk.repeat(30), true);
});

test(
  "streams of a FileHandle",
  async () => {
    await fs.promises.writeFile("/tmp/handle.txt", "hello world");
    const handle = await fs.promises.open("/tmp/handle.txt", "r+");
    const chunks = [];
    const stream = handle.createReadStream({ start: 6, autoClose: false });
    assertEquals([stream.autoClose, stream.pending], [false, false]);
    for await (const chunk of stream) chunks.push(chunk);
    assertEquals(Buffer.concat(chunks).toString(), "world");
    let text = "";
    for await (const chunk of handle.readableWebStream()) text += new TextDecoder().decode(chunk);
    assertEquals(text, "hello world");
    const writing = handle.createWriteStream({ start: 0 });
    await new Promise((resolve) => writing.end("HELLO", resolve));
    await new Promise((resolve) => (writing.closed ? resolve() : writing.once("close", resolve)));
    assertEquals(await fs.promises.readFile("/tmp/handle.txt", "utf8"), "HELLO world");
  },
  { workerd: "workerd writes nothing through createWriteStream()" },
);
