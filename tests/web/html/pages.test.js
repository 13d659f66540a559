// HTMLRewriter: how pages are taken apart, tags, text, comments and ends in order. Text chunks that follow each other are joined here.
import { test, assertEquals } from "../harness.js";

async function trace(html) {
  const seen = [];
  const all = {
    element(element) {
      const { namespaceURI, tagName } = element;
      const namespace = namespaceURI.includes("xhtml") ? "" : `@${namespaceURI.slice(-4)}`;
      const attributes = [...element.attributes].map(([name, value]) => ` ${name}=${JSON.stringify(value)}`);
      seen.push(`<${tagName}${namespace}${attributes.join("")}>`);
      try {
        element.onEndTag((tag) => void seen.push(`</${tag.name}>`));
      } catch {
        seen.push("noend");
      }
    },
  };
  const rest = {
    text({ text, lastInTextNode }) {
      if (text && seen.at(-1)?.startsWith("T:")) seen.push(seen.pop() + text);
      else if (text) seen.push(`T:${text}`);
      else if (lastInTextNode) seen.push("last");
    },
    comments: ({ text }) => void seen.push(`C:${text}`),
    doctype: ({ name }) => void seen.push(`D:${name}`),
    end: () => void seen.push("end"),
  };
  const result = await new HTMLRewriter().on("*", all).onDocument(rest).transform(new Response(html)).text();
  assertEquals(result, html);
  return seen;
}

for (const [name, html, expected] of [
  [
    "a script with a script in a comment",
    '<script>if (a<b) "</div>" <!-- <script> </script> --> x</script>after',
    ["<script>", 'T:if (a<b) "</div>" <!-- <script> </script> --> x', "last", "</script>", "T:after", "last", "end"],
  ],
  [
    "a script's open comment",
    "<script><!--</script>x",
    ["<script>", "T:<!--", "last", "</script>", "T:x", "last", "end"],
  ],
  ["<style>", "<style>a<b></style>x", ["<style>", "T:a<b>", "last", "</style>", "T:x", "last", "end"]],
  ["<title>", "<title>a<b>&amp;</title>", ["<title>", "T:a<b>&amp;", "last", "</title>", "end"]],
  ["<textarea>", "<textarea><p></textarea>x", ["<textarea>", "T:<p>", "last", "</textarea>", "T:x", "last", "end"]],
  ["<xmp>", "<xmp><b></xmp>", ["<xmp>", "T:<b>", "last", "</xmp>", "end"]],
  ["<iframe>", "<iframe><b></iframe>", ["<iframe>", "T:<b>", "last", "</iframe>", "end"]],
  ["<noscript>", "<noscript><b>x</b></noscript>", ["<noscript>", "T:<b>x</b>", "last", "</noscript>", "end"]],
  ["<noframes>", "<noframes><b></noframes>", ["<noframes>", "T:<b>", "last", "</noframes>", "end"]],
  ["<noembed>", "<noembed><b></noembed>", ["<noembed>", "T:<b>", "last", "</noembed>", "end"]],
  ["<plaintext>", "<plaintext><b></plaintext>", ["<plaintext>", "T:<b></plaintext>", "last", "end"]],
  ["<template>", "<template><b>x</b></template>", ["<template>", "<b>", "T:x", "last", "</b>", "</template>", "end"]],
  [
    "SVG",
    '<svg viewBox="0 0"><a/><title><b>x</b></title><style><c/></style><foreignObject><p>x</p></foreignObject><![CDATA[x<y]]></svg><p>',
    [
      '<svg@/svg viewbox="0 0">',
      "<a@/svg>",
      "noend",
      "<title>",
      "<b>",
      "T:x",
      "last",
      "</b>",
      "</title>",
      "<style@/svg>",
      "<c@/svg>",
      "noend",
      "</style>",
      "<foreignobject>",
      "<p>",
      "T:x",
      "last",
      "</p>",
      "</foreignobject>",
      "T:x<y",
      "last",
      "</svg>",
      "<p>",
      "end",
    ],
  ],
  [
    "MathML",
    '<math><mi>x</mi><annotation-xml encoding="text/html"><p>x</p></annotation-xml><mtext><b>x</b></mtext></math>',
    [
      "<math@thML>",
      "<mi>",
      "T:x",
      "last",
      "</mi>",
      '<annotation-xml encoding="text/html">',
      "<p>",
      "T:x",
      "last",
      "</p>",
      "</annotation-xml>",
      "<mtext>",
      "<b>",
      "T:x",
      "last",
      "</b>",
      "</mtext>",
      "</math>",
      "end",
    ],
  ],
  ["HTML ends SVG", "<svg><p>x</p></svg>", ["<svg@/svg>", "<p>", "T:x", "last", "</p>", "</svg>", "end"]],
  ["SVG that closes itself", "<svg/><p>", ["<svg@/svg>", "noend", "<p>", "end"]],
  ["CDATA in HTML is a comment", "<p><![CDATA[x]]></p>", ["<p>", "C:[CDATA[x]]", "</p>", "end"]],
  ["NUL", "a\u0000b<p\u0000q a\u0000=b\u0000>", ["T:a\u0000b", "last", '<p\u0000q a\u0000="b\\u0000">', "end"]],
  ["a tag that never ends", "a<p b", ["T:a", "last", "end"]],
  ["a comment that never ends", "a<!-- x", ["T:a", "last", "C: x", "end"]],
  ["a comment that almost ends", "a<!-- x--", ["T:a", "last", "C: x", "end"]],
  ["an end tag that never ends", "a</p", ["T:a", "last", "end"]],
  ["signs that are no tags", "a < b <1 </ x></><>", ["T:a < b <1 ", "last", "C: x", "T:<>", "last", "end"]],
  ["a sign at the end", "a<", ["T:a<", "last", "end"]],
  ["a doctype that never ends", "<!DOCTYPE html", ["D:html", "end"]],
  ["a declaration that never ends", "<!", ["C:", "end"]],
  [
    "attributes of every kind",
    '<p a=1 b = "2" c=\'3\'d e=f/g / h="a&lt;b" "q=1 =x=y>',
    ['<p a="1" b="2" c="3" d="" e="f/g" h="a&lt;b" "q="1" =x="y">', "end"],
  ],
  ["capitals", "<DIV CLASS=X></dIV>", ['<div class="X">', "</div>", "end"]],
  ["slashes in a tag", "<p/a/b=c/>x", ['<p a="" b="c/">', "T:x", "last", "end"]],
  [
    "odd comments",
    "<!--a--!>b--><!--><!---><!----!><!--a<!--b-->",
    ["C:a", "T:b-->", "last", "C:", "C:", "C:", "C:a<!--b", "end"],
  ],
  ["an end tag with attributes", "<p></p a=b>", ["<p>", "</p>", "end"]],
  [
    "options without end tags",
    "<select><option>a<option>b</select>",
    ["<select>", "<option>", "T:a", "last", "<option>", "T:b", "last", "</select>", "</select>", "</select>", "end"],
  ],
  [
    "cells without end tags",
    "<table><tr><td>x</table>y",
    ["<table>", "<tr>", "<td>", "T:x", "last", "</table>", "</table>", "</table>", "T:y", "last", "end"],
  ],
  ["an end tag without a start", "a</b>c", ["T:a", "last", "T:c", "last", "end"]],
  ["end tags that the standard makes elements", "<br></br></p>", ["<br>", "noend", "end"]],
  [
    "line ends",
    "<pre>\r\nx</pre>\n<p\n a\n=\nb\n>",
    ["<pre>", "T:\r\nx", "last", "</pre>", "T:\n", "last", '<p a="b">', "end"],
  ],
  ["names beyond ASCII", '<p \u00fc="\u00e9">\u00f1</p>', ['<p \u00fc="\u00e9">', "T:\u00f1", "last", "</p>", "end"]],
  [
    "character references stay",
    '<a href="?a=1&amp;b=2">&lt;</a>',
    ['<a href="?a=1&amp;b=2">', "T:&lt;", "last", "</a>", "end"],
  ],
  [
    "items without end tags",
    "<ul><li>a<li>b</ul>",
    ["<ul>", "<li>", "T:a", "last", "<li>", "T:b", "last", "</ul>", "</ul>", "</ul>", "end"],
  ],
  [
    "an end tag that only begins like the script's",
    "<script>a</scriptx></script >b",
    ["<script>", "T:a</scriptx>", "last", "</script>", "T:b", "last", "end"],
  ],
  [
    "the first end tag ends a title",
    "<title>a</TITLE>b</title>",
    ["<title>", "T:a", "last", "</title>", "T:b", "last", "end"],
  ],
  [
    "a script in SVG is no raw text",
    "<svg><script>a<b></script></svg>",
    ["<svg@/svg>", "<script@/svg>", "T:a", "last", "<b>", "</script>", "</script>", "</svg>", "end"],
  ],
  ["an attribute without a name", "<p =a>", ['<p =a="">', "end"]],
  ["white space is no tag name", "< p>", ["T:< p>", "last", "end"]],
  ["a processing instruction", '<?xml version="1.0"?><p>', ['C:?xml version="1.0"?', "<p>", "end"]],
  ["frames", "<frameset><frame></frameset>", ["<frameset>", "<frame>", "</frameset>", "</frameset>", "end"]],
]) {
  test(name, async () => assertEquals(await trace(html), expected));

  test(
    `${name}, octet by octet`,
    async () => {
      const bytes = new TextEncoder().encode(html);
      let at = 0;
      const body = new ReadableStream({
        pull: (controller) => (at < bytes.length ? controller.enqueue(bytes.slice(at, ++at)) : controller.close()),
      });
      let tags = "";
      const element = (element) => void (tags += `<${element.tagName}>`);
      const result = await new HTMLRewriter().on("*", { element }).transform(new Response(body)).text();
      assertEquals(result, html);
      const whole = expected.filter((part) => /^<[^/]/.test(part)).map((part) => /^<[^ @>]+/.exec(part)[0] + ">");
      assertEquals(tags, whole.join(""));
    },
    name === "SVG" || name === "MathML" ? { workerd: "it loses integration points that come in pieces" } : {},
  );
}
