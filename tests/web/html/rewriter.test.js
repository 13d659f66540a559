// HTMLRewriter: responses, streams, encodings, errors, several rules.
import { test, assert, assertEquals } from "../harness.js";
import { outcome, el, chunks, texts } from "./helpers.js";

test("text over chunks", async () =>
  assertEquals(await outcome(() => texts(chunks(["<p>he", "llo", "</p", "><b>", "x</b>"]))), [
    ["he", "llo", "$", "x", "$"],
    "<p>hello</p><b>x</b>",
  ]));

test("a character over two chunks", async () =>
  assertEquals(
    await outcome(() => texts(chunks(["<p>", new Uint8Array([0xc3]), new Uint8Array([0xbc, 0x61]), "</p>"]))),
    [["\u00fca", "$"], "<p>\u00fca</p>"],
  ));

test("a character over two chunks, after others", async () =>
  assertEquals(
    await outcome(() => texts(chunks(["<p>", new Uint8Array([0x61, 0xe2, 0x82]), new Uint8Array([0xac]), "</p>"]))),
    [["a", "\u20ac", "$"], "<p>a\u20ac</p>"],
  ));

test("octets that are no UTF-8 stay as they are", async () =>
  assertEquals(
    await outcome(async () => {
      const r = await new HTMLRewriter()
        .on(
          "b",
          el(() => {}),
        )
        .transform(new Response(new Uint8Array([0x3c, 0x70, 0x3e, 0xff, 0x61])))
        .arrayBuffer();
      return [...new Uint8Array(r)];
    }),
    [60, 112, 62, 255, 97],
  ));

test("an encoding of one octet per character", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await new HTMLRewriter()
        .on("p", {
          text(x) {
            o.push(x.text);
          },
          element(e) {
            e.append("é€");
          },
        })
        .transform(
          new Response(new Uint8Array([0x3c, 0x70, 0x3e, 0xe9, 0x61, 0x3c, 0x2f, 0x70, 0x3e]), {
            headers: { "content-type": "text/html; charset=iso-8859-1" },
          }),
        )
        .arrayBuffer();
      return [o, [...new Uint8Array(r)]];
    }),
    [
      ["\u00e9a", ""],
      [60, 112, 62, 233, 97, 233, 128, 60, 47, 112, 62],
    ],
  ));

test("an encoding without ASCII is refused", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await new HTMLRewriter()
        .on("p", {
          text(x) {
            o.push(x.text);
          },
        })
        .transform(new Response("<p>x", { headers: { "content-type": "text/html; charset=utf-16" } }))
        .text();
      return [o, r];
    }),
    "TypeError: Parser error: Expected ASCII-compatible encoding.",
  ));

test("an unknown encoding is refused", async () =>
  assertEquals(
    await outcome(async () => {
      const r = await new HTMLRewriter()
        .on("p", { text(x) {} })
        .transform(new Response("<p>x", { headers: { "content-type": "text/html; charset=foo" } }))
        .text();
      return r;
    }),
    "TypeError: Parser error: Unknown character encoding has been provided.",
  ));

test("without handlers", async () =>
  assertEquals(
    await outcome(async () => {
      const i = new Response("<p>x");
      const r = new HTMLRewriter().transform(i);
      return [r === i, await r.text(), i.bodyUsed];
    }),
    [false, "<p>x", true],
  ));

test("without a body", async () =>
  assertEquals(
    await outcome(async () => {
      const i = new Response(null, { status: 204 });
      const r = new HTMLRewriter()
        .on(
          "p",
          el(() => {}),
        )
        .onDocument({
          end(e) {
            e.append("x");
          },
        })
        .transform(i);
      return [r === i, r.body, await r.text()];
    }),
    [true, null, ""],
  ));

test("an empty body", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .onDocument({
          end(e) {
            e.append("x");
          },
        })
        .transform(new Response(""))
        .text(),
    ),
    "x",
  ));

test("transform() takes responses", async () =>
  assertEquals(
    await outcome(() => new HTMLRewriter().transform("x")),
    "TypeError: Failed to execute 'transform' on 'HTMLRewriter': parameter 1 is not of type 'Response'.",
  ));

test("a rewriter can be used again", async () =>
  assertEquals(
    await outcome(async () => {
      const w = new HTMLRewriter().on(
        "p",
        el((e) => e.append("!")),
      );
      return [await w.transform(new Response("<p></p>")).text(), await w.transform(new Response("<p>q</p>")).text()];
    }),
    ["<p>!</p>", "<p>q!</p>"],
  ));

test("on() needs handlers", async () =>
  assertEquals(
    await outcome(() => new HTMLRewriter().on("p")),
    "TypeError: Failed to execute 'on' on 'HTMLRewriter': parameter 2 is not of type 'ElementContentHandlers'.",
  ));

test("on() needs an object", async () =>
  assertEquals(
    await outcome(() => new HTMLRewriter().on("p", 5)),
    "TypeError: Failed to execute 'on' on 'HTMLRewriter': parameter 2 is not of type 'ElementContentHandlers'.",
  ));

test("no handler in the object", async () =>
  assertEquals(await outcome(async () => new HTMLRewriter().on("p", {}).transform(new Response("<p>")).text()), "<p>"));

test("a handler must be a function", async () =>
  assertEquals(
    await outcome(async () => new HTMLRewriter().on("p", { element: 5 }).transform(new Response("<p>")).text()),
    "TypeError: Incorrect type for the 'element' field on 'ElementContentHandlers': the provided value is not of type 'function'.",
  ));

test("on() checks the selector", async () =>
  assertEquals(
    await outcome(() => {
      new HTMLRewriter().on("a:hover", {});
      return "late";
    }),
    "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector.",
  ));

test("on() and onDocument() give the rewriter back", async () =>
  assertEquals(
    await outcome(() => {
      const w = new HTMLRewriter();
      return [w.on("p", {}) === w, w.onDocument({}) === w];
    }),
    [true, true],
  ));

test("handlers are methods of their object", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const h = {
        x: 1,
        element() {
          o.push(this === h);
        },
      };
      class C {
        element() {
          o.push(this.constructor.name);
        }
      }
      await new HTMLRewriter().on("p", h).on("p", new C()).transform(new Response("<p>")).text();
      return o;
    }),
    [true, "C"],
  ));

test("what was rewritten before an error has left", async () =>
  assertEquals(
    await outcome(async () => {
      const resp = new HTMLRewriter()
        .on(
          "b",
          el(() => {
            throw new Error("mid");
          }),
        )
        .transform(chunks(["<p>first</p>", "<b>x</b>", "rest"]));
      const rd = resp.body.getReader();
      const o = [];
      try {
        for (;;) {
          const { value, done } = await rd.read();
          if (done) break;
          o.push(new TextDecoder().decode(value));
        }
      } catch (e) {
        o.push(String(e));
      }
      return o;
    }),
    ["<p>first</p>", "Error: mid"],
  ));

test("an error of the page's stream", async () =>
  assertEquals(
    await outcome(async () => {
      let n = 0;
      const s = new ReadableStream({
        pull(x) {
          if (n++) x.error(new Error("up"));
          else x.enqueue(new TextEncoder().encode("<p>x</p>"));
        },
      });
      return new HTMLRewriter()
        .on(
          "b",
          el(() => {}),
        )
        .transform(new Response(s))
        .text();
    }),
    "Error: up",
  ));

test("content from streams and responses", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "p",
          el((e) => {
            e.append(new Response("<r>"), { html: true });
            e.prepend(new Response("<s>").body);
            e.before(chunks(["a", "b"]).body, { html: true });
            e.after("z");
          }),
        )
        .transform(new Response("<p>x</p>"))
        .text(),
    ),
    "ab<p>&lt;s&gt;x<r></p>z",
  ));

test("an element replaced by a response", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on("p", {
          element(e) {
            e.replace(new Response("<r>"), { html: true });
          },
        })
        .transform(new Response("<p>x</p>y"))
        .text(),
    ),
    "<r>y",
  ));

test("a response as inner content, as text", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on("p", {
          element(e) {
            e.setInnerContent(new Response("<r>"));
          },
        })
        .transform(new Response("<p>x</p>y"))
        .text(),
    ),
    "<p>&lt;r&gt;</p>y",
  ));

test("text replaced by a response", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on("p", {
          text(e) {
            if (e.text) e.replace(new Response("<r>"));
          },
        })
        .transform(new Response("<p>x</p>y"))
        .text(),
    ),
    "<p>&lt;r&gt;</p>y",
  ));

test("no streams in comments", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .onDocument({
          comments(e) {
            e.replace(new Response("<r>"), { html: true });
          },
        })
        .transform(new Response("<!--x-->y"))
        .text(),
    ),
    "TypeError: Replacing content in HTML comments using a ReadableStream or Response object is not implemented. You must provide a string.",
  ));

test("no streams at the document's end", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .onDocument({
          end(e) {
            e.append(new Response("<r>"), { html: true });
          },
        })
        .transform(new Response("<!--x-->y"))
        .text(),
    ),
    "TypeError: Replacing content in HTML comments using a ReadableStream or Response object is not implemented. You must provide a string.",
  ));

test("a response before an end tag", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on("p", {
          element(e) {
            e.onEndTag((t) => {
              t.before(new Response("<r>"), { html: true });
            });
          },
        })
        .transform(new Response("<p>x</p>y"))
        .text(),
    ),
    "<p>x<r></p>y",
  ));

test("an error of inserted content", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "p",
          el((e) => {
            e.append(
              new ReadableStream({
                start(c) {
                  c.error(new Error("bad"));
                },
              }),
            );
          }),
        )
        .transform(new Response("<p>x</p>y"))
        .text(),
    ),
    "Error: bad",
  ));

test("content is made text", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "p",
          el((e) => {
            e.append(5);
            e.append(null);
            e.append(undefined);
          }),
        )
        .transform(new Response("<p>x</p>"))
        .text(),
    ),
    "<p>x5nullundefined</p>",
  ));

test("content is needed", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "p",
          el((e) => {
            e.append();
          }),
        )
        .transform(new Response("<p>x</p>"))
        .text(),
    ),
    "TypeError: Failed to execute 'append' on 'Element': parameter 1 is not of type 'string or ReadableStream or Response'.",
  ));

test("handlers run in content that was replaced, without effect", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "div",
          el((e) => e.setInnerContent("X")),
        )
        .on(
          "p",
          el((e) => e.append("never")),
        )
        .transform(new Response("<div><p>x</p></div><p>y</p>"))
        .text(),
    ),
    "<div>X</div><p>ynever</p>",
  ));

test("handlers run in content that was removed", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await new HTMLRewriter()
        .on(
          "div",
          el((e) => e.remove()),
        )
        .on(
          "p",
          el((e) => o.push("p")),
        )
        .on("*", {
          text(t) {
            o.push(t.text);
          },
          comments(c) {
            o.push("c");
          },
        })
        .onDocument({
          text(t) {
            o.push("doc" + t.text);
          },
        })
        .transform(new Response("<div><p>x</p><!--q--></div>"))
        .text();
      return o;
    }),
    ["p", "x", "docx", "", "doc", "c"],
  ));

test("two rules for one element see each other's changes", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on(
          "p",
          el((e) => e.prepend("1")),
        )
        .on(
          "p",
          el((e) => {
            e.prepend("2");
            e.setAttribute("a", e.getAttribute("a") + "x");
          }),
        )
        .transform(new Response("<p a=q>x</p>"))
        .text(),
    ),
    '<p a="qx">21x</p>',
  ));

test("a rule sees that another removed the element", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await new HTMLRewriter()
        .on(
          "p",
          el((e) => e.remove()),
        )
        .on(
          "p",
          el((e) => {
            o.push(e.removed);
          }),
        )
        .transform(new Response("<p a=q>x</p>"))
        .text();
      return [o, r];
    }),
    [[true], ""],
  ));

test("two rules for one text", async () =>
  assertEquals(
    await outcome(async () =>
      new HTMLRewriter()
        .on("p", {
          text(t) {
            if (t.text) t.replace("1");
          },
        })
        .on("p", {
          text(t) {
            if (!t.lastInTextNode) t.after(t.text + t.removed);
          },
        })
        .transform(new Response("<p>x</p>"))
        .text(),
    ),
    "<p>1xtrue</p>",
  ));

test("a response keeps its head, but not its length", async () => {
  const response = new HTMLRewriter()
    .on(
      "p",
      el(() => {}),
    )
    .transform(new Response("<p>x", { status: 201, statusText: "Hi", headers: { "x-a": "b", etag: "q" } }));
  assert(response instanceof Response);
  assertEquals([response.status, response.statusText, response.url], [201, "Hi", ""]);
  assertEquals(
    [...response.headers],
    [
      ["content-type", "text/plain;charset=UTF-8"],
      ["etag", "q"],
      ["x-a", "b"],
    ],
  );
  assertEquals(await response.text(), "<p>x");
});

test("the response that is transformed is used up", () => {
  const response = new Response("x");
  new HTMLRewriter()
    .on(
      "p",
      el(() => {}),
    )
    .transform(response);
  assertEquals([response.bodyUsed, response.body.locked], [true, true]);
});

test(
  "reading no further ends the page's stream",
  async () => {
    let cancelled;
    const page = new ReadableStream({
      pull: (controller) => controller.enqueue(new TextEncoder().encode("<p>x</p>")),
      cancel: (reason) => void (cancelled = reason),
    });
    const reader = new HTMLRewriter()
      .on(
        "b",
        el(() => {}),
      )
      .transform(new Response(page))
      .body.getReader();
    await reader.read();
    await reader.cancel("enough");
    assertEquals(cancelled, "enough");
  },
  { workerd: "it leaves the stream open" },
);

test("pages rewritten at the same time, with asynchronous handlers", async () => {
  const rewrite = (mark) =>
    new HTMLRewriter()
      .on("p", {
        async element(element) {
          await new Promise((resolve) => setTimeout(resolve, 3));
          element.append(mark);
        },
      })
      .transform(new Response("<p>a</p><p>b</p>"))
      .text();
  const marks = ["1", "2", "3", "4"];
  assertEquals(
    await Promise.all(marks.map(rewrite)),
    marks.map((mark) => `<p>a${mark}</p><p>b${mark}</p>`),
  );
});

test("a large page in small chunks comes out whole", async () => {
  const row = "<tr><td class='x'>caf\u00e9 &amp; more</td><!-- note --><td><a href=/x>link</a></td></tr>\n";
  const page = `<!doctype html><table>${row.repeat(200)}</table><script>if (a < b) "</td>"</script>`;
  const bytes = new TextEncoder().encode(page);
  for (const size of [1, 7, 1000]) {
    let offset = 0;
    const stream = new ReadableStream({
      pull(controller) {
        if (offset >= bytes.length) return controller.close();
        controller.enqueue(bytes.slice(offset, (offset += size)));
      },
    });
    let links = 0;
    let text = "";
    const result = await new HTMLRewriter()
      .on(
        "a[href]",
        el((element) => void (links++, element.setAttribute("rel", "x"))),
      )
      .on("td.x", { text: (chunk) => void (text += chunk.text) })
      .transform(new Response(stream))
      .text();
    assertEquals(result, page.replaceAll("<a href=/x>", '<a href=/x rel="x">'));
    assertEquals([links, text], [200, "caf\u00e9 &amp; more".repeat(200)]);
  }
});
