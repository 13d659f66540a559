import { test, assert, assertEquals, assertRejects, assertThrows } from "./harness.js";

const shown = (form) =>
  [...form].map(([name, value]) =>
    typeof value === "string" ? [name, value] : [name, value.name, value.type, value.size],
  );
const parse = (body, type = "multipart/form-data; boundary=B") =>
  new Response(body, { headers: { "content-type": type } }).formData().then(shown);

test("append, get, getAll, has, set, delete", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "2");
  form.append("a", 3);
  assertEquals(
    [form.get("a"), form.get("none"), form.getAll("a"), form.getAll("none"), form.has("b"), form.has("none")],
    ["1", null, ["1", "3"], [], true, false],
  );
  form.set("a", "4");
  assertEquals(
    [...form],
    [
      ["a", "4"],
      ["b", "2"],
    ],
  );
  form.set("c", "5");
  form.delete("b");
  form.delete("none");
  assertEquals(
    [...form],
    [
      ["a", "4"],
      ["c", "5"],
    ],
  );
});

test("blobs become files", async () => {
  const form = new FormData();
  form.append("a", new Blob(["x"], { type: "t/u" }));
  form.append("b", new Blob(["y"]), "named");
  const file = new File(["zz"], "f.txt", { type: "v/w" });
  form.append("c", file);
  form.append("d", file, "other");
  assertEquals(shown(form), [
    ["a", "a", "t/u", 1],
    ["b", "named", "", 1],
    ["c", "f.txt", "v/w", 2],
    ["d", "other", "v/w", 2],
  ]);
  assert(form.get("a") instanceof File);
  assert(form.get("c") === file);
  assert(form.get("d") !== file);
  assertEquals(await form.get("d").text(), "zz");
});

test("names and values are well-formed text", () => {
  const form = new FormData();
  form.append("\ud800a", "b\udc00");
  const [[name, value]] = form;
  assertEquals([name.isWellFormed(), value.isWellFormed()], [true, true]);
});

test("missing arguments", () => {
  const form = new FormData();
  for (const method of ["get", "getAll", "has", "delete", "append", "set"])
    assertThrows(() => form[method](), TypeError, `'${method}' on 'FormData'`);
  for (const method of ["append", "set"])
    assertThrows(() => form[method]("a"), TypeError, "parameter 2 is not of type 'File or Blob or string'");
  assertThrows(() => form.forEach(5), TypeError, "forEach");
});

test("iteration", () => {
  const form = new FormData();
  form.append("a", "1");
  form.append("b", "2");
  assertEquals(
    [[...form.keys()], [...form.values()], [...form.entries()]],
    [
      ["a", "b"],
      ["1", "2"],
      [
        ["a", "1"],
        ["b", "2"],
      ],
    ],
  );
  const calls = [];
  form.forEach(
    function (value, name, all) {
      calls.push(value, name, all === form, this.t);
    },
    { t: 1 },
  );
  assertEquals(calls, ["1", "a", true, 1, "2", "b", true, 1]);
  const seen = [];
  for (const [name] of form) {
    seen.push(name);
    form.delete(name);
  }
  assertEquals(seen, ["a"]);
});

test("FormData has the shape that Web IDL gives it", () => {
  assertEquals(`${new FormData()}`, "[object FormData]");
  assert(Object.keys(FormData.prototype).includes("getAll"));
  assertThrows(() => FormData.prototype.get.call({}, "a"), TypeError);
  assertThrows(() => FormData.prototype.entries.call({}), TypeError);
  assertThrows(() => FormData(), TypeError);
});

const part = '--B\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--B--\r\n';
const disposition = 'Content-Disposition: form-data; name="a"';

test("multipart bodies that parse", async () => {
  const cases = [
    ["one value", part, [["a", "x"]]],
    ["no line break at the end", part.slice(0, -2), [["a", "x"]]],
    ["lone line feeds", part.replaceAll("\r\n", "\n"), [["a", "x"]]],
    ["a preamble", `before\r\n${part}`, [["a", "x"]]],
    ["an epilogue", `${part}after --B`, [["a", "x"]]],
    ["no part", "--B--\r\n", []],
    [
      "two parts",
      part.replace("--B--", `--B\r\n${disposition}\r\n\r\ny\r\n--B--`),
      [
        ["a", "x"],
        ["a", "y"],
      ],
    ],
    ["an empty value", part.replace("x\r\n", "\r\n"), [["a", ""]]],
    ["line breaks in a value", part.replace("x", "\r\nx\n\r\r\n"), [["a", "\r\nx\n\r\r\n"]]],
    ["dashes in a value", part.replace("x", "--\r\n-B\r\n--A\r\n--"), [["a", "--\r\n-B\r\n--A\r\n--"]]],
    ["the delimiter inside a line", part.replace("x", "x--B y"), [["a", "x--B y"]]],
    ["a file", part.replace('"a"', '"a"; filename="f.txt"'), [["a", "f.txt", "", 1]]],
    [
      "a file's type",
      part.replace('"a"', '"a"; filename="f.txt"\r\nContent-Type: foo/bar; x=y'),
      [["a", "f.txt", "foo/bar; x=y", 1]],
    ],
    ["a value's type is of no matter", part.replace('"a"', '"a"\r\nContent-Type: foo/bar'), [["a", "x"]]],
    ["an empty file name", part.replace('"a"', '"a"; filename=""'), [["a", "x"]]],
    ["quotes in names", part.replace('"a"', '"a\\"b\\\\c"'), [['a"b\\c', "x"]]],
    ["percent escapes in names stay", part.replace('"a"', '"a%22%0D"'), [["a%22%0D", "x"]]],
    ["UTF-8 names and values", part.replace('"a"', '"é€"').replace("x\r", "💩\r"), [["é€", "💩"]]],
    ["a byte order mark is part of a value", part.replace("x\r", "\ufeffx\r"), [["a", "\ufeffx"]]],
    [
      "other headers",
      part.replace(disposition, `X-Other: 1\r\n${disposition}\r\nContent-Transfer-Encoding: base64`),
      [["a", "x"]],
    ],
    ["header names in any case", part.replace("Content-Disposition", "content-DISPOSITION"), [["a", "x"]]],
    [
      "parameters in another order",
      part.replace('name="a"', 'filename="f;=.txt"; name="a"'),
      [["a", "f;=.txt", "", 1]],
    ],
  ];
  for (const [name, body, expected] of cases) assertEquals(await parse(body), expected, name);
});

test("multipart bodies that do not parse", async () => {
  const cases = [
    ["", "No initial boundary"],
    ["x", "No initial boundary"],
    [part.replace("--B--", ""), "No subsequent boundary"],
    [part.replace("--B--", "--A--"), "No subsequent boundary"],
    [part.replace('name="a"', "name=a"), "missing a name"],
    [part.replace('; name="a"', ""), "missing a name"],
    [part.replace("Content-Disposition", "X"), "No valid Content-Disposition"],
    [part.replace("form-data", "attachment"), 'Got: "attachment"'],
    [part.replace("--B\r\n", "--B  \r\n"), "not succeeded by"],
    [part.replace("x\r\n", "x\r\n--Bz\r\n"), "not succeeded by"],
    ["--B", "oundary string"],
  ];
  for (const [body, message] of cases) await assertRejects(() => parse(body), TypeError, message);
});

test("content types of form bodies", async () => {
  for (const type of [
    'multipart/form-data; boundary="B"',
    "Multipart/Form-Data; Boundary=B",
    "multipart/form-data;charset=x;boundary=B",
  ])
    assertEquals(await parse(part, type), [["a", "x"]], type);
  assertEquals(await parse("a=b+c&d=%41&e", "application/x-www-form-urlencoded;charset=UTF-8"), [
    ["a", "b c"],
    ["d", "A"],
    ["e", ""],
  ]);
  assertEquals(await parse("a=b", "Application/X-WWW-Form-URLencoded"), [["a", "b"]]);
  assertEquals(await parse("", "application/x-www-form-urlencoded"), []);
  await assertRejects(() => parse(part, "multipart/form-data"), TypeError, "No boundary string");
  await assertRejects(() => parse(part, "text/plain"), TypeError, "Unrecognized Content-Type");
  await assertRejects(() => parse("a", "application/x-www-form-urlencoded;charset=latin1"), TypeError, "Non-utf-8");
  await assertRejects(() => new Response(new Uint8Array(1)).formData(), TypeError, "requires a Content-Type header");
});

test("a form goes through a body and back", async () => {
  const form = new FormData();
  form.append("text", "line\r\nbreak\nend");
  form.append('é"q', "💩");
  form.append("empty", "");
  form.append("file", new File([new Uint8Array([0, 13, 10, 45, 45, 255])], 'b"in.dat', { type: "application/x-bin" }));
  form.append("untyped", new File(["u"], "u"));
  const response = new Response(form);
  assert(/^multipart\/form-data; boundary=[\w-]+$/.test(response.headers.get("content-type")));
  const back = await response.formData();
  assertEquals(shown(back), [
    ["text", "line\r\nbreak\nend"],
    ["é%22q", "💩"],
    ["empty", ""],
    ["file", "b%22in.dat", "application/x-bin", 6],
    ["untyped", "u", "application/octet-stream", 1],
  ]);
  assertEquals([...(await back.get("file").bytes())], [0, 13, 10, 45, 45, 255]);
});

test("line breaks in names are escaped", async () => {
  const form = new FormData();
  form.append("a\nb", "v");
  assert((await new Response(form).text()).includes('name="a%0Ab"'));
});

test("a form in a request", async () => {
  const form = new FormData();
  form.append("a", "1");
  const request = new Request("http://h/", { method: "POST", body: form });
  form.append("late", "2");
  assertEquals(shown(await request.formData()), [["a", "1"]]);
  const params = new URLSearchParams({ x: "1 2" });
  assertEquals(shown(await new Request("http://h/", { method: "POST", body: params }).formData()), [["x", "1 2"]]);
});

// xorshift32: the same cases in every run.
function random(seed) {
  return (limit) => {
    seed ^= seed << 13;
    seed ^= seed >>> 17;
    seed ^= seed << 5;
    return (seed >>> 0) % limit;
  };
}

test("any octets survive multipart", async () => {
  const pick = random(20240607);
  const pieces = [[13, 10], [10], [13], [45, 45], [45], [0], [255, 254], [97, 98], [34], [195, 169], [32]];
  for (let round = 0; round < 60; round++) {
    const form = new FormData();
    const files = [];
    for (let i = pick(5); i >= 0; i--) {
      const bytes = [];
      for (let n = pick(40); n > 0; n--) bytes.push(...pieces[pick(pieces.length)]);
      files.push(bytes);
      form.append(`f${i}`, new File([new Uint8Array(bytes)], "f"));
    }
    const back = [...(await new Response(form).formData())];
    assertEquals(await Promise.all(back.map(async ([, file]) => [...(await file.bytes())])), files);
  }
});

test("a broken multipart body is a form or a TypeError, never anything else", async () => {
  const pick = random(99);
  const whole = new TextEncoder().encode(
    `pre\r\n${part.replace("--B--", `--B\r\n${disposition}; filename="q"\r\nContent-Type: t/u\r\n\r\n\x00\xff\r\n--B--`)}`,
  );
  let parsed = 0;
  let failed = 0;
  for (let round = 0; round < 1000; round++) {
    let bytes = [...whole];
    for (let n = 1 + pick(3); n > 0; n--) {
      const at = pick(bytes.length);
      switch (pick(4)) {
        case 0:
          bytes[at] = pick(256);
          break;
        case 1:
          bytes.splice(at, 1 + pick(8));
          break;
        case 2:
          bytes.splice(at, 0, ...bytes.slice(pick(bytes.length)).slice(0, 8));
          break;
        default:
          bytes = bytes.slice(0, Math.max(1, at));
      }
    }
    try {
      await new Response(new Uint8Array(bytes), {
        headers: { "content-type": "multipart/form-data; boundary=B" },
      }).formData();
      parsed++;
    } catch (error) {
      if (!(error instanceof TypeError)) throw error;
      failed++;
    }
  }
  assert(parsed > 50 && failed > 50, `${parsed} parsed, ${failed} failed`);
});

test("a large body of near-delimiters takes linear time", async () => {
  const boundary = "B".repeat(60);
  const near = `\r\n--${boundary.slice(1)}`.repeat(20_000);
  const body = `--${boundary}\r\n${disposition}\r\n\r\n${near}\r\n--${boundary}--`;
  const [[, value]] = await parse(body, `multipart/form-data; boundary=${boundary}`);
  assertEquals(value.length, near.length);
});
