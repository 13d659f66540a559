// HTMLRewriter: what handlers can see and do, token by token.
import { test, assertEquals } from "../harness.js";
import { outcome, rw, el } from "./helpers.js";

test("setAttribute() changes one attribute and leaves the others as they came", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<A  HREF='x"y' b=c d  e = f>t</A>`,
        "a",
        el((e) => e.setAttribute("b", `q"'&<`)),
      ),
    ),
    "<A HREF='x\"y' b=\"q&quot;'&<\" d e = f>t</A>",
  ));

test("a new attribute goes last, in lower case", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<a href=x>t</a>`,
        "a",
        el((e) => e.setAttribute("New", "v")),
      ),
    ),
    '<a href=x new="v">t</a>',
  ));

test("a changed tag that closes itself", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<br/><br /><img a=b/><img a="b"/>`,
        "*",
        el((e) => e.setAttribute("x", "y")),
      ),
    ),
    '<br x="y" /><br x="y" /><img a=b/ x="y"><img a="b" x="y" />',
  ));

test("removeAttribute() takes every one of the name, in any case", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<a href='x' B=c d>t</a>`,
        "a",
        el((e) => e.removeAttribute("HREF")),
      ),
    ),
    "<a B=c d>t</a>",
  ));

test("tagName changes both tags", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<DIV a=b>t</DIV><div/>x</div>`,
        "div",
        el((e) => {
          e.tagName = "span";
        }),
      ),
    ),
    "<span a=b>t</span><span/>x</span>",
  ));

test("what cannot be a tag's name", async () =>
  assertEquals(
    await outcome(() =>
      Promise.all(
        ["", "1a", "a b", "a>", "ä"].map((n) =>
          outcome(() =>
            rw(
              `<div>t</div>`,
              "div",
              el((e) => {
                e.tagName = n;
              }),
            ),
          ),
        ),
      ),
    ),
    [
      "TypeError: Parser error: Tag name can't be empty.",
      "TypeError: Parser error: The first character of the tag name should be an ASCII alphabetical character.",
      "TypeError: Parser error: ` ` character is forbidden in the tag name",
      "TypeError: Parser error: `>` character is forbidden in the tag name",
      "TypeError: Parser error: The first character of the tag name should be an ASCII alphabetical character.",
    ],
  ));

test("what cannot be an attribute's name", async () =>
  assertEquals(
    await outcome(() =>
      Promise.all(
        ["", " ", "a b", "a=", "a>", "a/", "ä", 'a"', "<a"].map((n) =>
          outcome(() =>
            rw(
              `<div>t</div>`,
              "div",
              el((e) => {
                e.setAttribute(n, "v");
              }),
            ),
          ),
        ),
      ),
    ),
    [
      "TypeError: Parser error: Attribute name can't be empty.",
      "TypeError: Parser error: ` ` character is forbidden in the attribute name",
      "TypeError: Parser error: ` ` character is forbidden in the attribute name",
      "TypeError: Parser error: `=` character is forbidden in the attribute name",
      "TypeError: Parser error: `>` character is forbidden in the attribute name",
      "TypeError: Parser error: `/` character is forbidden in the attribute name",
      '<div \u00e4="v">t</div>',
      '<div a"="v">t</div>',
      '<div <a="v">t</div>',
    ],
  ));

test("before, after, prepend, append, as text and as HTML", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t</p>`,
        "p",
        el((e) => {
          e.before("<1>").before("<2>", { html: true });
          e.after("<1>").after("<2>", { html: true });
          e.prepend("a&").prepend("b");
          e.append("c\"'").append("d");
        }),
      ),
    ),
    "&lt;1&gt;<2><p>ba&amp;tc\"'d</p><2>&lt;1&gt;",
  ));

test("an element without content has nothing inside", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<img>x<br/>y`,
        "img,br",
        el((e) => {
          e.before("B");
          e.after("A");
          e.prepend("P");
          e.append("Q");
          e.setInnerContent("I");
        }),
      ),
    ),
    "B<img>AxB<br/>Ay",
  ));

test("replace() takes the content too", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t<b>x</b></p>z`,
        "p",
        el((e) => e.replace("<i>", { html: true })),
      ),
    ),
    "<i>z",
  ));

test("replace() and what is around it", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t<b>x</b></p>z`,
        "p",
        el((e) => {
          e.before("b");
          e.after("a");
          e.replace("1");
          e.replace("2");
          e.prepend("p");
          e.append("q");
          return;
        }),
      ),
    ),
    "b2pqaz",
  ));

test("setInnerContent() replaces what was prepended and appended", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t<b>x</b></p>z`,
        "p",
        el((e) => {
          e.prepend("p");
          e.append("a");
          e.setInnerContent("<1>");
          e.setInnerContent("<2>", { html: true });
        }),
      ),
    ),
    "<p><2></p>z",
  ));

test("prepend() and append() after setInnerContent()", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t<b>x</b></p>z`,
        "p",
        el((e) => {
          e.setInnerContent("I");
          e.prepend("p");
          e.append("a");
        }),
      ),
    ),
    "<p>pIa</p>z",
  ));

test("remove() keeps what is before and after", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `a<p>t<b>x</b></p>z`,
        "p",
        el((e) => {
          e.before("b");
          e.after("a");
          e.remove();
          e.prepend("x");
        }),
      ),
    ),
    "abxaz",
  ));

test("removeAndKeepContent() takes the tags only", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `a<p>t<b>x</b></p>z`,
        "p",
        el((e) => {
          e.before("b");
          e.after("a");
          e.prepend("x");
          e.append("y");
          e.removeAndKeepContent();
        }),
      ),
    ),
    "abxt<b>x</b>yaz",
  ));

test("removed, tagName, namespaceURI", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(
        `<p>t</p>`,
        "p",
        el((e) => {
          o.push(e.removed);
          e.remove();
          o.push(e.removed, e.tagName, e.namespaceURI);
        }),
      );
      return o;
    }),
    [false, true, "p", "http://www.w3.org/1999/xhtml"],
  ));

test("methods give the element back", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(
        `<p a=1>t</p>`,
        "p",
        el((e) => {
          for (const m of ["before", "after", "prepend", "append", "replace", "setInnerContent"])
            o.push(e[m]("x") === e);
          o.push(
            e.setAttribute("a", "b") === e,
            e.removeAttribute("a") === e,
            e.remove() === e,
            e.removeAndKeepContent() === e,
            e.onEndTag(() => {}),
          );
        }),
      );
      return o.map((x) => (x === undefined ? "undef" : x));
    }),
    [true, true, true, true, true, true, true, true, true, true, "undef"],
  ));

test("attributes are read as they are written, the first of a name counts", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(
        `<p A=1 b a=2 c='' d="&amp;">t</p>`,
        "p",
        el((e) => {
          o.push(
            e.getAttribute("a"),
            e.getAttribute("A"),
            e.getAttribute("b"),
            e.getAttribute("zz"),
            e.hasAttribute("B"),
            e.hasAttribute("q"),
            e.getAttribute("d"),
            [...e.attributes],
            String(e.attributes),
            typeof e.attributes.next,
            Object.prototype.toString.call(e),
          );
        }),
      );
      return o;
    }),
    [
      "1",
      "1",
      "",
      null,
      true,
      false,
      "&amp;",
      [
        ["a", "1"],
        ["b", ""],
        ["a", "2"],
        ["c", ""],
        ["d", "&amp;"],
      ],
      "[object AttributesIterator]",
      "function",
      "[object Element]",
    ],
  ));

test("an iterator of attributes ends when they change", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(
        `<p a=1 b=2 c=3>t</p>`,
        "p",
        el((e) => {
          for (const [k, v] of e.attributes) {
            o.push(k, v);
            if (k === "a") e.removeAttribute("b");
          }
        }),
      );
      return [o, r];
    }),
    "Error: The attributes of this element have been modified during iteration. You must create a new iterator after modifying attributes.",
  ));

test("onEndTag() gives the end tag", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(
        `<p>t</P >z`,
        "p",
        el((e) => {
          e.onEndTag((t) => {
            o.push(t.name, Object.prototype.toString.call(t));
            t.before("1");
            t.before("<2>");
            t.after("3", { html: true });
            t.after("4");
          });
        }),
      );
      return [o, r];
    }),
    [["p", "[object EndTag]"], "<p>t1&lt;2&gt;</P >43z"],
  ));

test("an end tag's name can be changed", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t</p>z`,
        "p",
        el((e) => {
          e.onEndTag((t) => {
            t.name = "div";
          });
        }),
      ),
    ),
    "<p>t</div>z",
  ));

test("an end tag can be removed", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t</p>z`,
        "p",
        el((e) => {
          e.onEndTag((t) => {
            t.before("a");
            t.remove();
            t.after("b");
          });
        }),
      ),
    ),
    "<p>tabz",
  ));

test("the last handler of an end tag counts", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(
        `<p>t</p>z`,
        "p",
        el((e) => {
          e.onEndTag((t) => o.push(1));
          e.onEndTag((t) => o.push(2));
        }),
      );
      return [o, r];
    }),
    [[2], "<p>t</p>z"],
  ));

test("an element without content has no end tag", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<br>z`,
        "br",
        el((e) => {
          e.onEndTag((t) => {});
        }),
      ),
    ),
    "TypeError: Parser error: No end tag.",
  ));

test("what the element wants at its end comes before what the end tag's handler wants", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t</p>z`,
        "p",
        el((e) => {
          e.append("A");
          e.after("B");
          e.onEndTag((t) => {
            t.before("x");
            t.after("y");
          });
        }),
      ),
    ),
    "<p>tAx</p>yBz",
  ));

test("onEndTag() after removeAndKeepContent()", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<p>t</p>z`,
        "p",
        el((e) => {
          e.removeAndKeepContent();
          e.onEndTag((t) => {
            t.before("x");
            t.after("y");
          });
        }),
      ),
    ),
    "txyz",
  ));

test("onEndTag() of a removed element", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      return [
        await rw(
          `<p>t</p>z`,
          "p",
          el((e) => {
            e.remove();
            e.onEndTag((t) => {
              o.push("end");
              t.before("x");
              t.after("y");
            });
          }),
        ),
        o,
      ];
    }),
    ["xyz", ["end"]],
  ));

test("an unclosed element ends where an outer one does", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      return [
        await rw(
          `<div><p>t</div>z`,
          "p",
          el((e) => {
            e.append("A");
            e.after("B");
            e.onEndTag((t) => {
              o.push(t.name);
              t.before("x");
            });
          }),
        ),
        o,
      ];
    }),
    ["<div><p>tAx</div>Bz", ["div"]],
  ));

test("an element that never ends", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      return [
        await rw(
          `<div><p>t`,
          "p",
          el((e) => {
            e.append("A");
            e.after("B");
            e.onEndTag((t) => {
              o.push(t.name);
              t.before("x");
            });
          }),
        ),
        o,
      ];
    }),
    ["<div><p>t", []],
  ));

test("removing an unclosed element takes the end tag that closes it", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<div><p>t</div>z`,
        "p",
        el((e) => {
          e.remove();
        }),
      ),
    ),
    "<div>z",
  ));

test("removing an element that never ends", async () =>
  assertEquals(
    await outcome(() =>
      rw(
        `<div>a<p>t`,
        "p",
        el((e) => {
          e.remove();
        }),
      ),
    ),
    "<div>a",
  ));

test("nothing is closed by implication", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      return [
        await rw(
          `<p>a<p>b</p>c</p>d`,
          "p",
          el((e) => {
            e.append("A");
            e.setAttribute("x", "y");
          }),
        ),
        o,
      ];
    }),
    ['<p x="y">a<p x="y">bA</p>cA</p>d', []],
  ));

test("text comes in chunks, the last one empty", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(`<p>a&amp;b<b>c</b>d</p>e`, "p", {
        text(t) {
          o.push([t.text, t.lastInTextNode, t.removed]);
        },
      });
      return [o, r];
    }),
    [
      [
        ["a&amp;b", false, false],
        ["", true, false],
        ["c", false, false],
        ["", true, false],
        ["d", false, false],
        ["", true, false],
      ],
      "<p>a&amp;b<b>c</b>d</p>e",
    ],
  ));

test("text can be surrounded and replaced", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<p>a<b>c</b></p>e`, "p", {
        text(t) {
          if (t.text) {
            t.before("<1>");
            t.after("<2>", { html: true });
            t.replace("R<");
          }
        },
      }),
    ),
    "<p>&lt;1&gt;R&lt;<2><b>&lt;1&gt;R&lt;<2></b></p>e",
  ));

test("the last chunk can be changed too", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<p>a</p>e`, "p", {
        text(t) {
          if (t.lastInTextNode) {
            t.before("1");
            t.after("2");
            t.replace("R");
          }
        },
      }),
    ),
    "<p>a1R2</p>e",
  ));

test("text can be removed", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<p>a</p>e`, "p", {
        text(t) {
          t.before("b");
          t.remove();
          t.after("c");
        },
      }),
    ),
    "<p>bcbc</p>e",
  ));

test("comments of every kind", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(`<p><!-- a --><!--b--><!---->x<!bogus><?php x?></bad ></p><!--out-->`, "p", {
        comments(c) {
          o.push(c.text, c.removed);
          if (c.text === "b") c.replace("<R>");
          if (c.text === " a ") c.text = "new";
          c.before("1");
          c.after("2", { html: true });
        },
      });
      return [o, r];
    }),
    [
      [" a ", false, "b", false, "", false, "bogus", false, "?php x?", false],
      "<p>1<!--new-->21&lt;R&gt;21<!---->2x1<!bogus>21<?php x?>2</bad ></p><!--out-->",
    ],
  ));

test("what a comment cannot contain", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<!--a-->`, null, null, {
        comments(c) {
          c.text = "x-->y";
        },
      }),
    ),
    "TypeError: Parser error: Comment text shouldn't contain comment closing sequence (`-->`).",
  ));

test("a comment can be removed", async () =>
  assertEquals(
    await outcome(() =>
      rw(`a<!--a-->b`, null, null, {
        comments(c) {
          c.remove();
          c.after("z");
        },
      }),
    ),
    "azb",
  ));

test("a doctype", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(`<!DOCTYPE html><p>`, null, null, {
        doctype(d) {
          o.push(d.name, d.publicId, d.systemId, Object.prototype.toString.call(d));
        },
      });
      return [o, r];
    }),
    [["html", null, null, "[object Doctype]"], "<!DOCTYPE html><p>"],
  ));

test("a doctype with identifiers", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      const r = await rw(`<!doctype HTML PUBLIC "-//W3C//DTD XHTML 1.0//EN" 'http://x'>\n<p>`, null, null, {
        doctype(d) {
          o.push(d.name, d.publicId, d.systemId);
        },
      });
      return [o, r];
    }),
    [
      ["html", "-//W3C//DTD XHTML 1.0//EN", "http://x"],
      "<!doctype HTML PUBLIC \"-//W3C//DTD XHTML 1.0//EN\" 'http://x'>\n<p>",
    ],
  ));

test("odd doctypes", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(`<!doctype><!doctype html SYSTEM "about:legacy-compat"><!DOCTYPE html foo>`, null, null, {
        doctype(d) {
          o.push(d.name, d.publicId, d.systemId);
        },
      });
      return o;
    }),
    [null, null, null, "html", null, "about:legacy-compat", "html", null, null],
  ));

test("the end of the document", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<p>x</p>`, null, null, {
        end(e) {
          e.append("<a>");
          e.append("<b>", { html: true });
        },
      }),
    ),
    "<p>x</p>&lt;a&gt;<b>",
  ));

test("text of the whole document", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(`a<p>x</p>b`, null, null, {
        text(t) {
          o.push(t.text + t.lastInTextNode);
        },
      });
      return o;
    }),
    ["afalse", "true", "xfalse", "true", "bfalse", "true"],
  ));

test("handlers of elements have no place in onDocument()", async () =>
  assertEquals(await outcome(() => outcome(() => rw(`<p>x</p>`, null, null, { element() {} }))), "<p>x</p>"));

test("asynchronous handlers are waited for", async () =>
  assertEquals(
    await outcome(() =>
      rw(`<p>x</p><p>y</p>`, "p", {
        async element(e) {
          await new Promise((r) => setTimeout(r, 5));
          e.append("!");
          await 0;
          e.prepend("?");
        },
        async text(t) {
          await 0;
          if (t.text) t.after(".");
        },
      }),
    ),
    "<p>?x.!</p><p>?y.!</p>",
  ));

test("a handler that throws", async () =>
  assertEquals(
    await outcome(() =>
      outcome(() =>
        rw(
          `<p>x</p>`,
          "p",
          el(() => {
            throw new RangeError("boo");
          }),
        ),
      ),
    ),
    "RangeError: boo",
  ));

test("a handler that rejects", async () =>
  assertEquals(
    await outcome(() =>
      outcome(() =>
        rw(
          `<p>x</p>`,
          "p",
          el(async () => {
            throw new RangeError("boo");
          }),
        ),
      ),
    ),
    "RangeError: boo",
  ));

test("a token is of no use later", async () =>
  assertEquals(
    await outcome(async () => {
      let s;
      await rw(
        `<p a=b>x</p>`,
        "p",
        el((e) => {
          s = e;
        }),
      );
      return [
        await outcome(() => s.getAttribute("a")),
        await outcome(() => s.tagName),
        await outcome(() => s.remove()),
        await outcome(() => s.before("x")),
      ];
    }),
    [
      "TypeError: This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
      "TypeError: This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
      "TypeError: This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
      "TypeError: This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
    ],
  ));

test("an iterator of attributes is of no use later", async () =>
  assertEquals(
    await outcome(async () => {
      let s;
      await rw(
        `<p a=b c=d>x</p>`,
        "p",
        el((e) => {
          s = e.attributes;
          s.next();
        }),
      );
      return outcome(() => s.next());
    }),
    "TypeError: This content token is no longer valid. Content tokens are only valid during the execution of the relevant content handler.",
  ));

test("handlers are called in the order in which they were added", async () =>
  assertEquals(
    await outcome(async () => {
      const o = [];
      await rw(`<div><p class=a>x</p></div>`, [
        ["p", el(() => o.push(1))],
        ["div p", el(() => o.push(2))],
        ["*", el((e) => o.push("*" + e.tagName))],
        [".a", el(() => o.push(3))],
      ]);
      return o;
    }),
    ["*div", 1, 2, "*p", 3],
  ));
