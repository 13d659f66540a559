import assertModule from "node:assert";
import EventEmitter, { getEventListeners, on, once } from "node:events";
import path from "node:path";
import querystring from "node:querystring";
import { Duplex, PassThrough, Readable, Transform, Writable } from "node:stream";
import * as consumers from "node:stream/consumers";
import { finished, pipeline } from "node:stream/promises";
import { StringDecoder } from "node:string_decoder";
import { setImmediate as immediate, setInterval as interval, setTimeout as delay } from "node:timers/promises";
import url from "node:url";
import util from "node:util";
import zlib from "node:zlib";
import { channel, tracingChannel } from "node:diagnostics_channel";
import { createRequire, isBuiltin } from "node:module";
import net from "node:net";
import os from "node:os";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

const table = (rows, fn) => {
  for (const [expected, ...args] of rows) assertEquals(fn(...args), expected, util.inspect(args));
};

test("path.posix", () => {
  table(
    [
      ["/a/c", "/a/b/../c"],
      [".", ""],
      ["../a", "../a/."],
      ["/", "/.."],
      ["a/b/", "a//b/"],
      ["./", "./"],
    ],
    path.normalize,
  );
  table(
    [
      ["a/b", "a", "b"],
      ["b", "a", "..", "b"],
      [".", ""],
      ["/b", "/a", "../b"],
      ["a/", "a", "", "/"],
    ],
    path.join,
  );
  table(
    [
      ["/b", "/a", "/b"],
      ["/a/c", "/a/b", "../c"],
      ["/", "/"],
    ],
    path.resolve,
  );
  table(
    [
      ["../c", "/a/b", "/a/c"],
      ["", "/a", "/a"],
      ["../..", "/a/b", "/"],
      ["b", "/", "/b"],
    ],
    path.relative,
  );
  table(
    [
      ["/a", "/a/b"],
      [".", "a"],
      ["/", "/a"],
      ["/", "/"],
      ["a", "a/b/"],
      [".", ""],
    ],
    path.dirname,
  );
  table(
    [
      ["b.txt", "/a/b.txt"],
      ["b", "/a/b.txt", ".txt"],
      ["b", "a/b/"],
      ["", "/"],
    ],
    path.basename,
  );
  table(
    [
      [".txt", "a.txt"],
      ["", ".bashrc"],
      [".", "a."],
      [".gz", "a.tar.gz"],
      ["", ".."],
      ["", "a/.b/c"],
    ],
    path.extname,
  );
  assertEquals(path.parse("/home/u/f.txt"), { root: "/", dir: "/home/u", base: "f.txt", ext: ".txt", name: "f" });
  assertEquals(path.parse("./a"), { root: "", dir: ".", base: "a", ext: "", name: "a" });
  assertEquals(path.format({ dir: "/a", name: "b", ext: "c" }), "/a/b.c");
  assert(path.isAbsolute("/a") && !path.isAbsolute("a"));
  assertEquals(assertThrows(() => path.join(5)).code, "ERR_INVALID_ARG_TYPE");
});

test("path.win32", () => {
  const { win32 } = path;
  table(
    [
      ["C:\\a\\c", "C:/a/b/../c"],
      ["\\\\s\\share\\b", "//s/share/a/../b"],
      [".", ""],
    ],
    win32.normalize,
  );
  table(
    [
      ["a\\b", "a", "b"],
      ["C:\\b", "C:\\a", "..", "b"],
    ],
    win32.join,
  );
  table(
    [
      ["D:\\b", "C:\\a", "D:\\b"],
      ["C:\\a\\b", "C:\\a", "b"],
    ],
    win32.resolve,
  );
  table(
    [
      ["..\\c", "C:\\a\\b", "C:\\a\\c"],
      ["D:\\x", "C:\\a", "D:\\x"],
    ],
    win32.relative,
  );
  assertEquals(win32.basename("C:\\a\\b.txt", ".txt"), "b");
  assertEquals(win32.dirname("C:\\a\\b"), "C:\\a");
  assertEquals(win32.parse("C:\\a\\b.c").root, "C:\\");
});

test("querystring", () => {
  table(
    [
      ["a=1&b=x%20y&c=1&c=2&d=", { a: 1, b: "x y", c: [1, 2], d: null }],
      ["", null],
      ["a=%F0%9F%98%80", { a: "😀" }],
    ],
    querystring.stringify,
  );
  assertEquals(querystring.stringify({ a: 1, b: 2 }, ";", ":"), "a:1;b:2");
  const parsed = (...args) => ({ ...querystring.parse(...args) });
  table(
    [
      [{ a: ["1", "2"], b: "x y" }, "a=1&a=2&b=x+y"],
      [{ a: "" }, "a"],
      [{ a: "%zz" }, "a=%zz"],
      [{ a: "1" }, "a:1", ";", ":"],
      [{}, ""],
    ],
    parsed,
  );
  assertEquals(Object.keys(querystring.parse("a&b&c", null, null, { maxKeys: 2 })).length, 2);
});

test("string_decoder waits for the rest of a character", () => {
  const decoder = new StringDecoder("utf8");
  assertEquals(
    [decoder.write(Buffer.from([0xf0, 0x9f])), decoder.write(Buffer.from([0x98])), decoder.write(Buffer.from([0x80]))],
    ["", "", "😀"],
  );
  assertEquals(decoder.write(Buffer.from([0xe2, 0x82])) + decoder.end(), "\ufffd");
  const base64 = new StringDecoder("base64");
  assertEquals(base64.write(Buffer.from("ab")) + base64.write(Buffer.from("cd")) + base64.end(), "YWJjZA==");
  const wide = new StringDecoder("utf16le");
  assertEquals(wide.write(Buffer.from([0x61])) + wide.write(Buffer.from([0x00])), "a");
  assertThrows(() => new StringDecoder("nope"));
});

test("EventEmitter", () => {
  const emitter = new EventEmitter();
  const heard = [];
  const listener = (...args) => heard.push(args);
  emitter.on("x", listener);
  emitter.once("x", () => heard.push("once"));
  emitter.prependListener("x", () => heard.push("first"));
  assert(emitter.emit("x", 1, 2) && emitter.emit("x"));
  assertEquals(heard, ["first", [1, 2], "once", "first", []]);
  assertEquals([emitter.listenerCount("x"), emitter.eventNames()], [2, ["x"]]);
  emitter.off("x", listener);
  assertEquals(emitter.listenerCount("x"), 1);
  emitter.removeAllListeners();
  assert(!emitter.emit("x"));
  assertThrows(() => emitter.emit("error", new RangeError("thrown")), RangeError, "thrown");
  assertEquals(assertThrows(() => emitter.emit("error", 5)).code, "ERR_UNHANDLED_ERROR");
  assertEquals(assertThrows(() => emitter.on("x", 5)).code, "ERR_INVALID_ARG_TYPE");
  const added = [];
  emitter.on("newListener", (name) => added.push(name));
  emitter.on("y", listener);
  assertEquals(added, ["y"]);
  assert(getEventListeners(emitter, "y")[0] === listener);
  function Old() {
    EventEmitter.call(this);
  }
  Object.setPrototypeOf(Old.prototype, EventEmitter.prototype);
  let old = 0;
  new Old().on("z", () => old++).emit("z");
  assertEquals(old, 1);
  assertEquals(EventEmitter.defaultMaxListeners, 10);
});

test("events.once and on", async () => {
  const emitter = new EventEmitter();
  queueMicrotask(() => emitter.emit("a", 1, 2));
  assertEquals(await once(emitter, "a"), [1, 2]);
  queueMicrotask(() => emitter.emit("error", new RangeError()));
  await assertRejects(once(emitter, "b"), RangeError);
  const controller = new AbortController();
  queueMicrotask(() => controller.abort());
  assertEquals((await assertRejects(once(emitter, "c", { signal: controller.signal }))).name, "AbortError");
  const seen = [];
  queueMicrotask(() => [1, 2, 3].forEach((n) => emitter.emit("d", n)));
  for await (const [n] of on(emitter, "d")) if (seen.push(n) === 3) break;
  assertEquals(seen, [1, 2, 3]);
  const capturing = new EventEmitter({ captureRejections: true });
  capturing.on("e", async () => {
    throw new TypeError("late");
  });
  const failed = once(capturing, "error").then(
    ([error]) => error.message,
    (error) => error.message,
  );
  capturing.emit("e");
  assertEquals(await failed, "late");
});

test("streams: read, write, transform, pipe", async () => {
  assertEquals(await Readable.from(["a", "b"]).toArray(), ["a", "b"]);
  const written = [];
  const sink = new Writable({
    write(chunk, encoding, done) {
      written.push(chunk.toString());
      setTimeout(done, 1);
    },
  });
  await pipeline(
    Readable.from(["x", "y"]),
    new Transform({
      transform(chunk, _, done) {
        done(null, `${chunk}!`);
      },
    }),
    sink,
  );
  assertEquals(written, ["x!", "y!"]);
  const pass = new PassThrough();
  pass.end("hello");
  assertEquals(await consumers.text(pass), "hello");
  assertEquals(await consumers.json(Readable.from(['{"a"', ":1}"])), { a: 1 });
  assertEquals((await consumers.buffer(Readable.from([Buffer.from("ab")]))).toString(), "ab");
  assertEquals(
    await Readable.from([1, 2, 3, 4])
      .filter((n) => n % 2 === 0)
      .map((n) => n * 10)
      .toArray(),
    [20, 40],
  );
  const small = new Writable({
    highWaterMark: 2,
    write(_chunk, _encoding, done) {
      setTimeout(done, 1);
    },
  });
  assertEquals(small.write("abc"), false);
  await once(small, "drain");
  small.end();
  await finished(small);
  assert(small.writableFinished);
});

test("streams: errors and ends", async () => {
  await assertRejects(
    pipeline(
      Readable.from(["a"]),
      new Transform({
        transform(_c, _e, done) {
          done(new RangeError("broken"));
        },
      }),
      new PassThrough(),
    ),
    RangeError,
    "broken",
  );
  const readable = new Readable({ read() {} });
  readable.destroy(new TypeError("gone"));
  await assertRejects(once(readable, "end"), TypeError, "gone");
  const ended = new Writable({
    write(_c, _e, done) {
      done();
    },
  });
  ended.on("error", () => {});
  ended.end();
  const error = await new Promise((resolve) => ended.write("x", resolve));
  assertEquals(error.code, "ERR_STREAM_WRITE_AFTER_END");
  const early = new Readable({
    read() {
      this.push("a");
      this.destroy();
    },
  });
  assertEquals((await assertRejects(finished(early.resume()))).code, "ERR_STREAM_PREMATURE_CLOSE");
});

test("streams to and from the web's", async () => {
  assertEquals(await new Response(Readable.toWeb(Readable.from([Buffer.from("to web")]))).text(), "to web");
  assertEquals(await consumers.text(Readable.fromWeb(new Response("from web").body)), "from web");
  const { readable, writable } = new TransformStream();
  const node = Writable.fromWeb(writable);
  node.end("via web");
  assertEquals(await consumers.text(Readable.fromWeb(readable)), "via web");
});

test("util.inspect and format", () => {
  table(
    [
      ["{ a: 1, b: 'x', c: [ 1, 2 ] }", { a: 1, b: "x", c: [1, 2] }],
      ["Map(1) { 'a' => 1 }", new Map([["a", 1]])],
      ["Set(1) { 1 }", new Set([1])],
      ["[ <1 empty item>, 1 ]", [, 1]], // eslint-disable-line
      ["[Function: f]", function f() {}],

      ["Symbol(s)", Symbol("s")],
      ["-0", -0],
      ["10n", 10n],
      ["'it\\'s \"x\" `'", 'it\'s "x" `'],
      ["<Buffer 61 62>", Buffer.from("ab")],
      ["[Object: null prototype] {}", Object.create(null)],
      ["{ x: { y: { z: [Object] } } }", { x: { y: { z: { w: 1 } } } }],
    ],
    (value) => util.inspect(value),
  );
  const loop = { a: 1 };
  loop.self = loop;
  assertEquals(util.inspect(loop), "<ref *1> { a: 1, self: [Circular *1] }");
  assertEquals(util.inspect({ [util.inspect.custom]: () => "mine" }), "mine");
  assertEquals(util.inspect("a".repeat(5), { colors: true }), "\u001b[32m'aaaaa'\u001b[39m");
  table(
    [
      ['a 1 1.5 {"x":1} %', "%s %d %f %j %%", "a", 1, 1.5, { x: 1 }],
      ["a b { c: 1 }", "a", "b", { c: 1 }],
      ["%s", "%s"],
      ["5", "%i", 5.9],
      ["[ 1 ] 2", [1], 2],
    ],
    util.format,
  );
});

test("util: promisify, callbackify, deep equality, types", async () => {
  const add = util.promisify((a, b, callback) => callback(null, a + b));
  assertEquals(await add(1, 2), 3);
  await assertRejects(util.promisify((callback) => callback(new RangeError("no")))(), RangeError);
  assertEquals(
    await new Promise((resolve) => util.callbackify(async (x) => x * 2)(4, (error, value) => resolve([error, value]))),
    [null, 8],
  );
  const same = [
    [{ a: [1, { b: 2 }] }, { a: [1, { b: 2 }] }],
    [new Map([[{ k: 1 }, 1]]), new Map([[{ k: 1 }, 1]])],
    [new Set([[1]]), new Set([[1]])],
    [NaN, NaN],
    [new Date(1), new Date(1)],
    [/a/g, /a/g],
    [Buffer.from("a"), Buffer.from("a")],
  ];
  for (const [a, b] of same) assert(util.isDeepStrictEqual(a, b), util.inspect(a));
  const different = [
    [{ a: 1 }, { a: "1" }],
    [
      [1, 2],
      [2, 1],
    ],
    [0, -0],
    [new Set([1]), new Set([2])],
    [{ a: undefined }, {}],
    [/a/g, /a/i],
    [new Date(1), new Date(2)],
    [[], {}],
  ];
  for (const [a, b] of different) assert(!util.isDeepStrictEqual(a, b), util.inspect(a));
  const { types } = util;
  assert(
    types.isPromise(Promise.resolve()) && types.isRegExp(/a/) && types.isDate(new Date()) && types.isMap(new Map()),
  );
  assert(
    types.isUint8Array(Buffer.alloc(1)) && types.isProxy(new Proxy({}, {})) && types.isAsyncFunction(async () => {}),
  );
  assert(types.isGeneratorFunction(function* () {}) && types.isBoxedPrimitive(Object(1n)) && !types.isDate({}));
  assertEquals(util.types.isModuleNamespaceObject(await import("node:util")), true);
  class Base {}
  function Derived() {}
  util.inherits(Derived, Base);
  assert(new Derived() instanceof Base);
});

test("util: parseArgs, MIMEType, styleText, system errors, parseEnv", () => {
  const mime = new util.MIMEType('Text/HTML; Charset=utf-8; q="a b"');
  assertEquals(
    [mime.type, mime.subtype, mime.essence, mime.params.get("charset"), mime.params.get("q")],
    ["text", "html", "text/html", "utf-8", "a b"],
  );
  mime.params.set("x", "y z");
  assertEquals(String(mime), 'text/html;charset=utf-8;q="a b";x="y z"');
  assertThrows(() => new util.MIMEType("nope"));
  assertEquals(util.stripVTControlCharacters("\u001b[31mred\u001b[39m"), "red");
  assertEquals(util.toUSVString("a\ud800"), "a\ufffd");
});

test("url: file URLs, the old parser", () => {
  table(
    [
      ["/a b/c", "file:///a%20b/c"],
      ["/x", new URL("file:///x")],
    ],
    url.fileURLToPath,
  );
  assertEquals(url.pathToFileURL("/a b/#?%").href, "file:///a%20b/%23%3F%25");
  assertEquals(assertThrows(() => url.fileURLToPath("http://x/")).code, "ERR_INVALID_URL_SCHEME");
  const parsed = url.parse("http://u:p@host.example:8080/p/a?q=1&r=2#h", true);
  assertEquals(
    [
      parsed.protocol,
      parsed.auth,
      parsed.host,
      parsed.port,
      parsed.hostname,
      parsed.pathname,
      parsed.search,
      parsed.hash,
      { ...parsed.query },
    ],
    ["http:", "u:p", "host.example:8080", "8080", "host.example", "/p/a", "?q=1&r=2", "#h", { q: "1", r: "2" }],
  );
  assertEquals(url.format({ protocol: "https", hostname: "x", pathname: "/y", query: { a: 1 } }), "https://x/y?a=1");
  table(
    [
      ["/one/three", "/one/two", "three"],
      ["http://a/b", "http://a/", "/b"],
    ],
    url.resolve,
  );
  assertEquals(url.urlToHttpOptions(new URL("https://a:b@x.example:1/p?q")).path, "/p?q");
  assertEquals(url.domainToASCII("español.com"), "xn--espaol-zwa.com");
  assertEquals(url.domainToUnicode("xn--espaol-zwa.com"), "español.com");
  assert(url.URL === URL);
});

test("assert", async () => {
  const fails = (fn) => assertEquals(assertThrows(fn).code, "ERR_ASSERTION");
  assertModule(true);
  assertModule.deepStrictEqual([1, { a: 2 }], [1, { a: 2 }]);
  assertModule.throws(() => {
    throw new TypeError("bad thing");
  }, /bad/);
  assertModule.throws(
    () => {
      throw new TypeError("bad thing");
    },
    { name: "TypeError", message: "bad thing" },
  );
  await assertModule.rejects(Promise.reject(new RangeError("x")), RangeError);
  assertModule.match("abc", /b/);
  for (const fn of [
    () => assertModule(0),
    () => assertModule.strictEqual(1, 2),
    () => assertModule.deepStrictEqual({ a: 1 }, { a: "1" }),
    () => assertModule.notStrictEqual(1, 1),
    () => assertModule.throws(() => {}),
    () => assertModule.fail("x"),
    () => assertModule.match("a", /b/),
    () => assertModule.strict.equal(1, "1"),
    () => assertModule.notDeepStrictEqual([1], [1]),
  ])
    fails(fn);
  const error = assertThrows(() => assertModule.strictEqual(1, 2, "message"));
  assertEquals(
    [error.message, error.actual, error.expected, error.name, error.generatedMessage],
    ["message", 1, 2, "AssertionError", false],
  );
  assertThrows(() => assertModule.ifError(new Error("x")));
  assertModule.ifError(null);
});

test("zlib: what is written before params() has changed the level is not lost", async () => {
  const text = Array.from({ length: 20000 }, (_, i) => `${(i * 2654435761) % 65536}`).join();
  const deflate = zlib.createDeflate({ level: 1 });
  const packed = consumers.buffer(deflate);
  deflate.write("start,");
  deflate.params(9, zlib.constants.Z_FILTERED, (error) => {
    assert(!error, String(error));
    deflate.end("end");
  });
  deflate.write(text);
  assertEquals(zlib.inflateSync(await packed).toString() === `start,${text}end`, true);
});

test("zlib", async () => {
  const text = "hello hello hello ".repeat(100);
  for (const [pack, unpack] of [
    ["gzipSync", "gunzipSync"],
    ["deflateSync", "inflateSync"],
    ["deflateRawSync", "inflateRawSync"],
    ["brotliCompressSync", "brotliDecompressSync"],
    ["zstdCompressSync", "zstdDecompressSync"],
    ["gzipSync", "unzipSync"],
    ["deflateSync", "unzipSync"],
  ]) {
    const packed = zlib[pack](text);
    assert(packed.length < 200, pack);
    assertEquals(zlib[unpack](packed).toString() === text, true, unpack);
  }
  assertEquals((await util.promisify(zlib.gunzip)(await util.promisify(zlib.gzip)("async"))).toString(), "async");
  assertEquals(zlib.crc32("hello"), 907060870);
  assertEquals(zlib.zstdCompressSync("hello hello hello").toString("hex").slice(0, 8), "28b52ffd");
  assertEquals(
    (await util.promisify(zlib.zstdDecompress)(await util.promisify(zlib.zstdCompress)("z"))).toString(),
    "z",
  );
  assertThrows(() => zlib.zstdDecompressSync("no zstd at all"));
  const level = { params: { [zlib.constants.ZSTD_c_compressionLevel]: 19 } };
  assert(zlib.zstdCompressSync(text, level).length <= zlib.zstdCompressSync(text).length);
  assertEquals(
    await consumers.text(Readable.from([text]).pipe(zlib.createZstdCompress()).pipe(zlib.createZstdDecompress())),
    text,
  );
  assert(zlib.deflateSync(text, { level: 9 }).length <= zlib.deflateSync(text, { level: 0 }).length);
  assertThrows(() => zlib.inflateSync("not zlib"));
  assertThrows(() => zlib.gunzipSync(zlib.gzipSync(text).subarray(0, 20)));
  assertThrows(() => zlib.gunzipSync(zlib.gzipSync(text), { maxOutputLength: 10 }));
  assertThrows(() => zlib.gzipSync(text, { level: 99 }), RangeError);
  const dictionary = Buffer.from("hello");
  assertEquals(zlib.inflateSync(zlib.deflateSync("hello", { dictionary }), { dictionary }).toString(), "hello");
  assertEquals(zlib.gunzipSync(Buffer.concat([zlib.gzipSync("a"), zlib.gzipSync("b")])).toString(), "ab");
  const packed = [];
  await pipeline(
    Readable.from([text, text]),
    zlib.createGzip(),
    new Writable({
      write(chunk, _, done) {
        packed.push(chunk);
        done();
      },
    }),
  );
  assertEquals((await consumers.text(Readable.from(packed).pipe(zlib.createGunzip()))).length, text.length * 2);
  await assertRejects(pipeline(Readable.from(["junk junk"]), zlib.createGunzip(), new PassThrough().resume()), Error);
  assertEquals(zlib.constants.Z_BEST_COMPRESSION, 9);
});

test("timers", async () => {
  assertEquals(await delay(1, "v"), "v");
  assertEquals(await immediate("i"), "i");
  const ticks = [];
  for await (const value of interval(1, "t")) if (ticks.push(value) === 3) break;
  assertEquals(ticks, ["t", "t", "t"]);
  const controller = new AbortController();
  const waiting = delay(10000, null, { signal: controller.signal });
  controller.abort();
  assertEquals((await assertRejects(waiting)).name, "AbortError");
  const { setTimeout: nodeTimeout, clearTimeout: stop } = await import("node:timers");
  let fired = 0;
  const timer = nodeTimeout(() => fired++, 1);
  assert(timer.ref() === timer && timer.unref() === timer);
  stop(timer);
  await delay(5);
  assertEquals(fired, 0);
});

test("process", async () => {
  assertEquals(
    [process.platform, process.cwd(), process.version.startsWith("v"), typeof process.pid],
    ["linux", "/bundle", true, "number"],
  );
  process.env.SOMETHING = 5;
  assertEquals([process.env.SOMETHING, "SOMETHING" in process.env, process.env.NOPE], ["5", true, undefined]);
  delete process.env.SOMETHING;
  assertEquals(process.env.SOMETHING, undefined);
  const order = [];
  await new Promise((resolve) => {
    setTimeout(() => (order.push("timer"), resolve()), 0);
    process.nextTick((a, b) => order.push(a + b), "ti", "ck");
  });
  assertEquals(order, ["tick", "timer"]);
  const [seconds, nanoseconds] = process.hrtime();
  assert(Number.isInteger(seconds) && Number.isInteger(nanoseconds));
  assertEquals(typeof process.hrtime.bigint(), "bigint");
  assert(process.getBuiltinModule("node:path").join === path.join);
  assertEquals(process.getBuiltinModule("nope"), undefined);
  assertEquals(typeof process.memoryUsage().rss, "number");
});

test("process.env has the variables", ({ env }) => {
  assertEquals(process.env.SERVER, env.SERVER);
});

test("diagnostics_channel", () => {
  const messages = [];
  const listen = (message, name) => messages.push([message, name]);
  const made = channel("test:a");
  assert(made === channel("test:a"));
  made.subscribe(listen);
  made.publish(1);
  made.unsubscribe(listen);
  made.publish(2);
  assertEquals(messages, [[1, "test:a"]]);
  const tracing = tracingChannel("work");
  const events = [];
  tracing.subscribe({
    start: () => events.push("start"),
    end: () => events.push("end"),
    error: () => events.push("error"),
  });
  assertEquals(
    tracing.traceSync((x) => x + 1, {}, null, 2),
    3,
  );
  assertThrows(() =>
    tracing.traceSync(() => {
      throw new Error("e");
    }, {}),
  );
  assertEquals(events, ["start", "end", "start", "error", "end"]);
});

test("module, net and os", () => {
  const require = createRequire("/bundle/x.js");
  assertEquals(require("node:path").join("a", "b"), "a/b");
  assertThrows(() => require("./nope"));
  table(
    [
      [true, "fs"],
      [true, "node:fs"],
      [false, "nope"],
    ],
    isBuiltin,
  );
  table(
    [
      [4, "127.0.0.1"],
      [6, "::1"],
      [0, "nope"],
      [0, "1.2.3"],
      [6, "::ffff:1.2.3.4"],
      [0, "1.2.3.256"],
      [0, "1::2::3"],
    ],
    net.isIP,
  );
  assertEquals([os.EOL, os.platform(), os.endianness()], ["\n", "linux", "LE"]);
});

test(
  "modules without a function in Workers are there to import",
  async () => {
    for (const name of ["node:cluster", "node:domain", "node:vm", "node:http2", "node:punycode", "node:trace_events"])
      assertEquals(typeof process.getBuiltinModule(name), "object", name);
  },
  { workerd: "punycode and others are functions there" },
);

test(
  "Duplex.from a generator function",
  async () => {
    const duplex = Duplex.from(async function* (source) {
      for await (const chunk of source) yield String(chunk).toUpperCase();
    });
    duplex.end("up");
    assertEquals(await consumers.text(duplex), "UP");
  },
  { workerd: "refuses it, unlike Node" },
);

test(
  "util.parseArgs",
  () => {
    const { values, positionals } = util.parseArgs({
      args: ["-v", "--name=x", "file", "--no-color"],
      allowPositionals: true,
      allowNegative: false,
      strict: false,
      options: { v: { type: "boolean", short: "v" }, name: { type: "string" } },
    });
    assertEquals([values.v, values.name, positionals], [true, "x", ["file"]]);
    assertEquals(
      assertThrows(() => util.parseArgs({ args: ["--nope"], options: {} })).code,
      "ERR_PARSE_ARGS_UNKNOWN_OPTION",
    );
  },
  { workerd: "does not have it" },
);

test(
  "assert compares loosely; zlib's errors have codes",
  () => {
    assertModule.equal(1, "1");
    assertModule.deepEqual({ a: 1 }, { a: "1" });
    assertEquals(assertThrows(() => zlib.inflateSync("not zlib")).code, "Z_DATA_ERROR");
    assertEquals(assertThrows(() => zlib.gunzipSync(zlib.gzipSync("text").subarray(0, 20))).code, "Z_BUF_ERROR");
  },
  { workerd: "compares strictly, and gives no codes, unlike Node" },
);

test("net.SocketAddress and net.BlockList", async () => {
  const { BlockList, SocketAddress } = await import("node:net");
  const address = new SocketAddress({ address: "::1", family: "ipv6", port: 80 });
  assertEquals([address.address, address.family, address.port, address.flowlabel], ["::1", "ipv6", 80, 0]);
  assert(SocketAddress.isSocketAddress(address) && !SocketAddress.isSocketAddress({}));
  assertEquals(new SocketAddress().address, "127.0.0.1");
  const list = new BlockList();
  list.addAddress("10.0.0.1");
  list.addRange("10.1.0.0", "10.1.0.9");
  list.addSubnet("8592:757c:efae:4e45::", 64, "ipv6");
  assertEquals([list.check("10.0.0.1"), list.check("10.1.0.5"), list.check("10.2.0.0")], [true, true, false]);
  assertEquals(list.check("8592:757c:efae:4e45:f::1", "ipv6"), true);
  assertEquals(list.rules.length, 3);
});

test(
  "net.SocketAddress of a text, net.BlockList of rules",
  async () => {
    const { BlockList, SocketAddress } = await import("node:net");
    for (const [text, expected] of [
      ["1.2.3.4:80", ["1.2.3.4", "ipv4", 80]],
      ["[::1]:443", ["::1", "ipv6", 443]],
      ["1.2.3.4", ["1.2.3.4", "ipv4", 0]],
      ["example.com:80", undefined],
      ["1.2.3.4:70000", undefined],
    ]) {
      const { address, family, port } = SocketAddress.parse(text) ?? {};
      assertEquals(address === undefined ? undefined : [address, family, port], expected, text);
    }
    const list = new BlockList();
    list.addSubnet("10.0.0.0", 8);
    list.addAddress("::1", "ipv6");
    const copy = new BlockList();
    copy.fromJSON(JSON.parse(JSON.stringify(list)));
    assertEquals([copy.check("10.9.9.9"), copy.check("::1", "ipv6"), copy.check("11.0.0.0")], [true, true, false]);
  },
  { workerd: "workerd does not have them" },
);

test("classes have their names", () => {
  const named = [Readable, Writable, Duplex, Transform, PassThrough, EventEmitter, net.Socket, url.Url, StringDecoder];
  assertEquals(
    named.map((Class) => Class.name).join(" "),
    "Readable Writable Duplex Transform PassThrough EventEmitter Socket Url StringDecoder",
  );
  assertEquals(new Readable().constructor.name, "Readable");
});
