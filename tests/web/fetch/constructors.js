// Each rule of the constructors of Request, Response and Headers, and of Response's static methods, as one case: an expression, and in
// constructors.json what it gives. The values are those of Workers: `node tests/web/run.mjs --peer workerd` checks them.

const headersOf = (headers) => [...headers].map(([name, value]) => `${name}: ${value}`);
const bodyOf = async (message) => (message.body === null ? null : await message.text());

/** What a case gave, as the table has it. */
async function shown(value) {
  if (value instanceof Request) {
    const { method, url, redirect, cache, headers } = value;
    return ["Request", method, url, redirect, cache ?? null, headersOf(headers), await bodyOf(value)];
  }
  if (value instanceof Response) {
    const { status, statusText, type, url, redirected, headers } = value;
    return ["Response", status, statusText, type, url, redirected, headersOf(headers), await bodyOf(value)];
  }
  return value === undefined ? "undefined" : value;
}

/** Runs the case; an exception is its value too. */
export async function outcome(run) {
  try {
    return await shown(await run());
  } catch (error) {
    return `throws ${error.name}: ${error.message}`;
  }
}

/** All cases, by name. */
export function makeCases() {
  const cases = {};
  const t = (name, run) => {
    cases[name] = run;
  };

  const U = "https://x.example/a?b#c";
  const R = (i, n) => () => new Request(i, n);
  for (const [k, i] of Object.entries({
    none: undefined,
    empty: "",
    rel: "/x",
    creds: "https://u:p@x/",
    hash: U,
    num: 5,
    nul: null,
    url: new URL(U),
    blob: "blob:x",
    data: "data:,x",
    obj: { toString: () => "https://q/" },
    space: " https://x/ ",
    upper: "HTTPS://EXAMPLE.com/%7e",
    ws: "ws://x/",
    ftp: "ftp://x/",
  }))
    t("req input " + k, R(i));
  for (const m of [
    "get",
    "post",
    "PATCH",
    "patch",
    "Delete",
    "CONNECT",
    "TRACE",
    "TRACK",
    "trace",
    "bad method",
    "",
    "foo",
    null,
    5,
    "HEAD",
    "put",
  ])
    t("method " + m, R("https://x/", { method: m }));
  for (const [k, b] of Object.entries({
    str: "s",
    nul: null,
    und: undefined,
    num: 5,
    obj: { a: 1 },
    arr: [1, 2],
    u8: new Uint8Array([65]),
    ab: new ArrayBuffer(1),
    dv: new DataView(new ArrayBuffer(1)),
    usp: new URLSearchParams("a=1"),
    blob: new Blob(["b"], { type: "x/y" }),
    blobNoType: new Blob(["b"]),
    rs: new ReadableStream({
      type: "bytes",
      start(c) {
        c.enqueue(new Uint8Array([66]));
        c.close();
      },
    }),
    tru: true,
    date: new Date(0),
  })) {
    t("req body " + k, R("https://x/", { method: "POST", body: b }));
    t("res body " + k, () => new Response(b));
  }
  t("GET body", R("https://x/", { body: "x" }));
  t("HEAD body", R("https://x/", { method: "HEAD", body: "x" }));
  t("GET null body", R("https://x/", { body: null }));
  t("GET empty body", R("https://x/", { body: "" }));
  for (const r of ["follow", "error", "manual", "bad", null, undefined, ""])
    t("redirect " + r, R("https://x/", { redirect: r }));
  for (const c of [
    "default",
    "no-store",
    "no-cache",
    "reload",
    "force-cache",
    "only-if-cached",
    "bad",
    undefined,
    null,
  ])
    t("cache " + c, R("https://x/", { cache: c }));
  for (const [k, v] of Object.entries({
    mode: "cors",
    credentials: "include",
    referrer: "x",
    referrerPolicy: "no-referrer",
    integrity: "sha256-x",
    keepalive: true,
    window: null,
    duplex: "half",
    priority: "high",
    signal: null,
    cf: { cacheTtl: 5 },
    cfbad: 5,
    fetcher: null,
  }))
    t("init " + k, R("https://x/", { [k.replace("bad", "")]: v }));
  t("init signal bad", R("https://x/", { signal: 5 }));
  t("init signal", R("https://x/", { signal: AbortSignal.abort() }));
  t("init not object", R("https://x/", 5));
  t("init null", R("https://x/", null));
  t("init cf string", R("https://x/", { cf: "x" }));
  for (const [k, h] of Object.entries({
    obj: { a: "1", B: "2" },
    arr: [
      ["a", "1"],
      ["a", "2"],
    ],
    headers: new Headers({ a: "1" }),
    map: new Map([["a", "1"]]),
    badname: { "a b": "1" },
    badval: { a: "x\ny" },
    trim: { a: " x\t" },
    num: { a: 1 },
    nul: null,
    str: "x",
    short: [["a"]],
    uni: { a: "é" },
    uni2: { a: "Ж" },
    und: { a: undefined },
    forbidden: { host: "x", connection: "y", "content-length": "5", cookie: "c", origin: "o", "set-cookie": "a" },
  })) {
    t("hdr " + k, () => [...new Headers(h)]);
    t("req hdr " + k, R("https://x/", { headers: h }));
    t("res hdr " + k, () => new Response(null, { headers: h }));
  }
  t("copy", () => new Request(new Request(U, { method: "POST", body: "b", headers: { a: "1" } })));
  t(
    "copy override",
    () =>
      new Request(new Request(U, { method: "POST", body: "b", headers: { a: "1" } }), {
        method: "PUT",
        headers: { c: "2" },
      }),
  );
  t("copy body", () => new Request(new Request(U, { method: "POST", body: "b" }), { body: "new" }));
  t("copy to GET with body", () => new Request(new Request(U, { method: "POST", body: "b" }), { method: "GET" }));
  t("copy used", async () => {
    const r = new Request(U, { method: "POST", body: "b" });
    await r.text();
    return new Request(r);
  });
  t("copy used new body", async () => {
    const r = new Request(U, { method: "POST", body: "b" });
    await r.text();
    return new Request(r, { body: "c" });
  });
  t("copy disturbs", async () => {
    const r = new Request(U, { method: "POST", body: "b" });
    new Request(r);
    return r.bodyUsed;
  });
  t("copy GET used?", async () => {
    const r = new Request(U);
    await r.text();
    return r.bodyUsed;
  });
  t("clone", async () => {
    const r = new Request(U, { method: "POST", body: "b" });
    const c = r.clone();
    return [await r.text(), await c.text()];
  });
  t("text locked", () => {
    const r = new Response("x");
    r.body.getReader();
    return r.text();
  });
  t("twice", async () => {
    const r = new Response("x");
    await r.text();
    return r.text();
  });
  for (const s of [200, 101, 100, 199, 204, 205, 304, 600, 599, 999, 0, -1, "201", "x", null, undefined, 200.7]) {
    t("status " + s, () => new Response(null, { status: s }));
    t("status body " + s, () => new Response("b", { status: s }));
  }
  for (const s of ["OK", "", null, undefined, "é", "a\nb", 5])
    t("statusText " + JSON.stringify(s), () => new Response(null, { statusText: s }));
  t("res init num", () => new Response(null, 5));
  t("res init null", () => new Response(null, null));
  t("res init response", () => new Response("x", new Response("y", { status: 201, headers: { a: "1" } })));
  for (const [k, a] of Object.entries({
    a: ["https://x/"],
    rel: ["/x"],
    bad: ["::"],
    s301: ["https://x", 301],
    s303: ["https://x", 303],
    s200: ["https://x", 200],
    s304: ["https://x", 304],
    uni: ["https://x/é"],
    none: [],
    hash: ["https://x/#é"],
  }))
    t("redirect() " + k, () => Response.redirect(...a));
  for (const [k, a] of Object.entries({
    a: [{ a: 1 }],
    und: [undefined],
    init: [{}, { status: 201, headers: { a: "1" } }],
    ct: [{}, { headers: { "content-type": "x/y" } }],
    fn: [() => 1],
    nul: [null],
    str: ["x"],
    s204: [{}, { status: 204 }],
    none: [],
    big: [1n],
    cyc: [
      (() => {
        const c = {};
        c.c = c;
        return c;
      })(),
    ],
  }))
    t("json() " + k, () => Response.json(...a));
  t("error()", () => Response.error());
  t("ct default str", () => new Response("x").headers.get("content-type"));
  t("ct fd", () => new Response(new FormData()).headers.get("content-type").slice(0, 30));
  t("req ct keep", () =>
    new Request("https://x", { method: "POST", body: "x", headers: { "content-type": "a/b" } }).headers.get(
      "content-type",
    ),
  );
  for (const [k, o] of Object.entries({ manual: "manual", automatic: "automatic", bad: "bad" }))
    t("encodeBody " + k, () => new Response("x", { encodeBody: o }));
  t("webSocket init", () => new Response(null, { status: 101, webSocket: new WebSocketPair()[0] }).status);
  t("webSocket 200", () => new Response(null, { status: 200, webSocket: new WebSocketPair()[0] }).status);
  t("webSocket bad", () => new Response(null, { status: 101, webSocket: 5 }));
  t("res cf", () => new Response(null, { cf: { a: 1 } }));
  for (const [n, a] of Object.entries({
    get: ["get", []],
    getSet: ["getSetCookie", []],
    appendBad: ["append", ["a"]],
    setBad: ["set", ["a b", "x"]],
    delBad: ["delete", ["a b"]],
    hasBad: ["has", ["a b"]],
    getAll: ["getAll", ["a"]],
    getAllSC: ["getAll", ["set-cookie"]],
    forEachBad: ["forEach", [5]],
  }))
    t("Headers." + n, () => {
      const h = new Headers({ a: "1" });
      return h[a[0]](...a[1]);
    });
  t("iter order", () => [
    ...new Headers([
      ["b", "1"],
      ["A", "2"],
      ["set-cookie", "x"],
      ["Set-Cookie", "y"],
      ["a", "3"],
    ]),
  ]);
  t("req formData bad", () => new Request("https://x", { method: "POST", body: "x" }).formData());
  t("res json bad", () => new Response("x").json());
  t("res json empty", () => new Response("").json());
  t("res fd ct", () =>
    new Response("a=1", { headers: { "content-type": "application/x-www-form-urlencoded" } })
      .formData()
      .then((f) => [...f]),
  );
  t("blob type", async () => (await new Response("x", { headers: { "content-type": "A/B; c=D" } }).blob()).type);
  t("bytes", async () => [...(await new Response("A").bytes())]);
  t("null text", () => new Response().text());
  t("null json", () => new Response().json());
  t("null blob", async () => (await new Response().blob()).size);
  return cases;
}
