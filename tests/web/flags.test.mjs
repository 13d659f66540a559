// Compatibility flags: both sides of each that changes something here, on Adit and (with a Node that it runs on) on workerd. One worker answers for all flags; it
// runs with all of them on, with all of them off, and with two dates.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import * as server from "./server.mjs";

const adit =
  process.env.ADIT_BINARY ?? path.join(path.dirname(fileURLToPath(import.meta.url)), "../../build/release/adit");
const evalError = "EvalError: Code generation from strings disallowed for this context";

// [flag, its opposite, what is asked (JavaScript), the answer without it, the answer with it]
const flags = [
  ["enable_navigator_language", "disable_navigator_language", "String(navigator.language)", "undefined", "en"],
  [
    "http_headers_getsetcookie",
    "no_http_headers_getsetcookie",
    "typeof Headers.prototype.getSetCookie",
    "undefined",
    "function",
  ],
  [
    "urlsearchparams_delete_has_value_arg",
    "no_urlsearchparams_delete_has_value_arg",
    'const p = new URLSearchParams("a=1&a=2"); p.delete("a", "1"); return [`${p}`, new URLSearchParams("a=1").has("a", "2")]',
    ["", true],
    ["a=2", false],
  ],
  [
    "expose_global_message_channel",
    "no_expose_global_message_channel",
    "typeof MessageChannel",
    "undefined",
    "function",
  ],
  [
    "enable_weak_ref",
    "disable_weak_ref",
    "[typeof WeakRef, typeof FinalizationRegistry]",
    ["undefined", "undefined"],
    ["function", "function"],
  ],
  [
    "cache_no_cache_enabled",
    "cache_no_cache_disabled",
    'new Request("http://x", { cache: "no-cache" }).cache',
    "TypeError: Unsupported cache mode: no-cache",
    "no-cache",
  ],
  [
    "upper_case_all_http_methods",
    "no_upper_case_all_http_methods",
    '["get", "PATCH", "patch"].map((method) => new Request("http://x", { method }).method)',
    "TypeError: Invalid HTTP method string: patch",
    ["GET", "PATCH", "PATCH"],
  ],
  [
    "strip_bom_in_read_all_text",
    "do_not_strip_bom_in_read_all_text",
    'const bom = new Uint8Array([0xef, 0xbb, 0xbf, 0x78]); return [(await new Response("\\ufeffx").text()).length, (await new Response(bom).text()).length]',
    [2, 2],
    [1, 1],
  ],
  ["allow_eval_during_startup", "disallow_eval_during_startup", "atStart", evalError, 2],
  ["no_global_importscripts", "global_importscripts", "typeof importScripts", "function", "undefined"],
  [
    "blob_standard_mime_type",
    "blob_legacy_mime_type",
    '(await new Response("x", { headers: { "content-type": "Text/PLAIN;Charset=UTF-8" } }).blob()).type',
    "Text/PLAIN;Charset=UTF-8",
    "text/plain;charset=UTF-8",
  ],
  ["set_tostring_tag", "do_not_set_tostring_tag", "`${new Headers()}`", "[object Object]", "[object Headers]"],
  [
    "fetch_iterable_type_support",
    "no_fetch_iterable_type_support",
    "new Response((async function* () { yield new Uint8Array([97]); })()).text()",
    "[object AsyncGenerator]",
    "a",
  ],
  [
    "set_event_target_this",
    "no_set_event_target_this",
    'const target = new EventTarget(); let same; target.addEventListener("x", function () { same = this === target; }); target.dispatchEvent(new Event("x")); return same',
    false,
    true,
  ],
  [
    "response_redirect_url_standard",
    "response_redirect_url_original",
    'Response.redirect("http://x/a b").headers.get("location")',
    "http://x/a b",
    "http://x/a%20b",
  ],
  [
    "strict_compression_checks",
    "no_strict_compression_checks",
    `const packed = await new Response(new Response("hi").body.pipeThrough(new CompressionStream("gzip"))).bytes();
     const longer = new Uint8Array(packed.length + 1); longer.set(packed);
     return new Response(new Response(longer).body.pipeThrough(new DecompressionStream("gzip"))).text()`,
    "hi",
    "TypeError: Trailing bytes after end of compressed data",
  ],
  [
    "strip_authorization_on_cross_origin_redirect",
    "retain_authorization_on_cross_origin_redirect",
    'typeof (await (await fetch(env.SERVER + "/redirect/302?to=other", { headers: { authorization: "secret" } })).json()).headers.authorization',
    "string",
    "undefined",
  ],
  [
    "formdata_parser_supports_files",
    "formdata_parser_converts_files_to_strings",
    `const body = '--b\\r\\nContent-Disposition: form-data; name="f"; filename="x.txt"\\r\\n\\r\\nhi\\r\\n--b--\\r\\n';
     const form = await new Response(body, { headers: { "content-type": "multipart/form-data; boundary=b" } }).formData();
     const f = form.get("f"); return typeof f === "string" ? f : f.name`,
    "hi",
    "x.txt",
  ],
  [
    "websocket_close_reason_byte_limit",
    "no_websocket_close_reason_byte_limit",
    'const [socket] = Object.values(new WebSocketPair()); socket.accept(); socket.close(1000, "x".repeat(124)); return "closed"',
    "closed",
    "SyntaxError: WebSocket close reason must not be longer than 123 bytes when UTF-8 encoded.",
  ],
  [
    "enable_global_performance_classes",
    "disable_global_performance_classes",
    "typeof Performance",
    "undefined",
    "function",
  ],
  [
    "html_rewriter_treats_esi_include_as_void_tag",
    undefined,
    'new HTMLRewriter().on("esi\\\\:include", { element: (e) => void e.after("!") }).transform(new Response("<esi:include src=x><p>z</p>")).text()',
    "<esi:include src=x><p>z</p>",
    "<esi:include src=x>!<p>z</p>",
  ],
];
// These take away what others are about, so they have a run of their own.
const alone = [
  ["global_navigator", "no_global_navigator", "typeof navigator", "undefined", "object"],
  [
    "cache_option_enabled",
    "cache_option_disabled",
    'new Request("http://x", { cache: "no-store" }).cache',
    "Error: The 'cache' field on 'RequestInitializerDict' is not implemented.",
    "no-store",
  ],
];
const all = [...flags, ...alone];
/** On from a date before 2023-02-01. */
const onByThen = ["formdata_parser_supports_files", "global_navigator"];

const questionnaire = `
let atStart;
try { atStart = (0, eval)("1 + 1"); } catch (error) { atStart = String(error); }
const questions = {
${all.map(([name, , code]) => `  ${name}: async (env) => { ${/\breturn\b/.test(code) ? code : `return ${code}`} },`).join("\n")}
};
export default {
  async fetch(request, env) {
    const answers = {};
    for (const [name, ask] of Object.entries(questions)) {
      try { answers[name] = await ask(env); } catch (error) { answers[name] = error.name + ": " + error.message; }
    }
    return Response.json({ answers, flags: Cloudflare.compatibilityFlags });
  },
};
`;

const timeline = `
export default {
  async fetch() {
    const mark = performance.mark("a", { detail: { x: 1 } });
    performance.mark("start", { startTime: 1 });
    performance.mark("end", { startTime: 4 });
    const seen = [];
    new PerformanceObserver((list) => seen.push(...list.getEntries().map(({ name }) => name))).observe({ entryTypes: ["mark"] });
    performance.mark("later");
    await new Promise((resolve) => setTimeout(resolve, 20));
    const measure = performance.measure("both", "start", "end");
    const whole = performance.measure("whole");
    const answers = [
      [mark.name, mark.entryType, mark.duration, mark.detail, mark instanceof PerformanceMark, mark instanceof PerformanceEntry],
      Object.keys(mark.toJSON()),
      [measure.entryType, measure.startTime, measure.duration, measure.detail],
      [whole.startTime, whole.duration > 0],
      performance.getEntriesByType("mark").map(({ name }) => name).sort(),
      performance.getEntriesByName("both").length,
      seen,
    ];
    performance.clearMarks("a");
    performance.clearMeasures();
    answers.push(performance.getEntries().map(({ name }) => name).sort());
    try {
      new PerformanceEntry();
    } catch (error) {
      answers.push(error.message);
    }
    return Response.json(answers);
  },
};
`;

async function askAdit(date, list, SERVER, script = questionnaire) {
  const folder = mkdtempSync(path.join(tmpdir(), "adit-flags-"));
  writeFileSync(path.join(folder, "worker.js"), script);
  writeFileSync(
    path.join(folder, "wrangler.toml"),
    `name = "flags"\nmain = "worker.js"\ncompatibility_date = "${date}"\ncompatibility_flags = ${JSON.stringify(list)}\nno_bundle = true\n[vars]\nSERVER = "${SERVER}"\n`,
  );
  const child = spawn(adit, ["dev", folder, "--port", "0"]);
  try {
    let output = "";
    const origin = await new Promise((resolve, reject) => {
      const read = (chunk) => {
        output += chunk;
        const match = /http:\/\/(?:127\.0\.0\.1|localhost):([1-9]\d*)\s/.exec(output);
        if (match) resolve(`http://127.0.0.1:${match[1]}`);
      };
      child.stdout.on("data", read);
      child.stderr.on("data", read);
      child.on("exit", () => reject(new Error(output)));
    });
    const answer = await (await fetch(origin)).json();
    return Array.isArray(answer) ? answer : { ...answer, output };
  } finally {
    child.kill();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function askWorkerd(date, list, SERVER, script = questionnaire) {
  const { Miniflare, Log, LogLevel } = await import("miniflare");
  const miniflare = new Miniflare({
    modules: true,
    script,
    compatibilityDate: date,
    compatibilityFlags: list,
    bindings: { SERVER },
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.ERROR),
    handleRuntimeStdio: (stdout, stderr) => (stdout.resume(), stderr.resume()),
  });
  try {
    return await (await fetch((await miniflare.ready).origin)).json();
  } finally {
    await miniflare.dispose();
  }
}

let peer;
before(async () => (peer = await server.start()));
after(() => peer.close());

const platforms = [["Adit", askAdit]];
if (Number(process.versions.node.split(".")[0]) >= 20) platforms.push(["workerd", askWorkerd]);
const names = (list, index) => list.map((flag) => flag[index]).filter((name) => name !== undefined);

for (const [platform, ask] of platforms) {
  for (const [side, date, list, column] of [
    ["on", "2023-02-01", flags, 4],
    ["off", "2026-01-01", flags, 3],
    ["on", "2023-02-01", alone, 4],
    ["off", "2026-01-01", alone, 3],
  ]) {
    test(`${platform}: ${list.length} flags set ${side}`, async () => {
      // workerd refuses a flag that the date turns on already.
      const set = names(list, side === "on" ? 0 : 1).filter((name) => side === "off" || !onByThen.includes(name));
      if (side === "on" && list === flags) set.push("cache_option_enabled");
      const { answers, flags: shown } = await ask(date, set, peer.origin);
      for (const flag of list) {
        assert.deepEqual(answers[flag[0]], flag[column], `${flag[0]} ${side}`);
        assert.equal(shown[flag[0]], side === "on", `Cloudflare.compatibilityFlags.${flag[0]}`);
      }
    });
  }

  for (const date of ["2024-01-01", "2026-04-20"])
    test(`${platform}: what ${date} turns on`, async () => {
      const { answers, flags: shown } = await ask(date, [], peer.origin);
      for (const [name, , , without, withIt] of all) {
        if (name === "cache_no_cache_enabled" && !shown.cache_option_enabled) continue;
        assert.deepEqual(answers[name], shown[name] ? withIt : without, `${name} at ${date}`);
      }
      if (platform === "Adit" && platforms.length > 1)
        assert.deepEqual(shown, (await askWorkerd(date, [], peer.origin)).flags);
    });
}

for (const [platform, ask] of platforms)
  test(`${platform}: the timeline of enable_global_performance_classes`, async () => {
    assert.deepEqual(await ask("2026-01-01", ["enable_global_performance_classes"], peer.origin, timeline), [
      ["a", "mark", 0, { x: 1 }, true, true],
      ["name", "entryType", "startTime", "duration", "detail"],
      ["measure", 1, 3, null],
      [0, true],
      ["a", "end", "later", "start"],
      1,
      platform === "Adit" ? ["later"] : [], // workerd has observers, but calls none
      ["end", "later", "start"],
      "Illegal constructor",
    ]);
  });

test("Adit: a flag that is not known, or changes nothing, is said to be so", async () => {
  const { output } = await askAdit("2026-01-01", ["make_it_fast", "url_original", "no_global_navigator"], peer.origin);
  assert.match(output, /compatibility flag "make_it_fast" is not known; it changes nothing/);
  assert.match(output, /compatibility flag "url_original" changes nothing in Adit/);
  assert.doesNotMatch(output, /compatibility flag "no_global_navigator"/);
});
