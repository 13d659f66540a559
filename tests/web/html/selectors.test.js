// HTMLRewriter: selectors.
import { test, assertEquals } from "../harness.js";
import { outcome } from "./helpers.js";

const page =
  '<div id=d1 class="a b"><p id=p1>1</p><p id=p2 class=A>2</p><span id=s1 data-x="one two"></span><p id=p3 lang=en-US>3</p></div><div id=d2><div id=d3><p id=p4 class="b">x<b id=b1>y</b></p></div><img id=i1 src="A.png"><p id=p5></p></div>';

for (const [selector, expected] of [
  ["*", "d1,p1,p2,s1,p3,d2,d3,p4,b1,i1,p5"],
  ["p", "p1,p2,p3,p4,p5"],
  ["P", "p1,p2,p3,p4,p5"],
  ["div p", "p1,p2,p3,p4,p5"],
  ["div > p", "p1,p2,p3,p4,p5"],
  ["div>div p", "p4"],
  [".a", "d1"],
  [".A", "p2"],
  [".b", "d1,p4"],
  ["#p1", "p1"],
  ["#P1", ""],
  ["p.b", "p4"],
  ["[id]", "d1,p1,p2,s1,p3,d2,d3,p4,b1,i1,p5"],
  ["[src='A.png']", "i1"],
  ["[src='a.png' i]", "i1"],
  ["[src='a.png']", ""],
  ["[data-x~=two]", "s1"],
  ["[data-x^=one]", "s1"],
  ["[data-x$=two]", "s1"],
  ["[data-x*='e t']", "s1"],
  ["[lang|=en]", "p3"],
  ["p:first-child", "p1,p4"],
  ["p:nth-child(2)", "p2"],
  ["p:nth-child(odd)", "p1,p4,p5"],
  ["p:nth-child(2n+1)", "p1,p4,p5"],
  ["p:nth-child(-n+2)", "p1,p2,p4"],
  ["p:first-of-type", "p1,p4,p5"],
  ["p:nth-of-type(2)", "p2"],
  ["p:nth-of-type(even)", "p2"],
  ["p:not(.b)", "p1,p2,p3,p5"],
  ["p:not([class])", "p1,p3,p5"],
  ["div p, span", "p1,p2,s1,p3,p4,p5"],
  ["div:not(#d1) > p", "p4,p5"],
  ["p + p", "TypeError: Parser error: Unsupported combinator `+` in selector."],
  ["p ~ p", "TypeError: Parser error: Unsupported combinator `~` in selector."],
  ["p:last-child", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["p:hover", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["a:is(b)", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["", "TypeError: Parser error: The selector is empty."],
  ["p >", "TypeError: Parser error: Dangling combinator in selector."],
  ["..a", "TypeError: Parser error: Invalid or unescaped class name in selector."],
  ["[", "TypeError: Parser error: Unexpected end of selector."],
  ["p::before", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["*|p", "p1,p2,p3,p4,p5"],
  ["p:nth-last-child(1)", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  [":empty", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["div *", "p1,p2,s1,p3,d3,p4,b1,i1,p5"],
  ["*.b", "d1,p4"],
  ["p[class='b']#p4", "p4"],
  ["p:not(.b):not(.A)", "p1,p3,p5"],
  [":not(p)", "d1,s1,d2,d3,b1,i1"],
  ["div div > p b", "b1"],
  ["p:first-child:not(#p1)", "p4"],
  [":root", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["svg|a", "TypeError: Parser error: Selectors with explicit namespaces are not supported."],
  ["p:nth-child(n)", "p1,p2,p3,p4,p5"],
  ["p:NTH-CHILD(1)", "p1,p4"],
  ['[id="p1"]', "p1"],
  ["[\\69 d]", "d1,p1,p2,s1,p3,d2,d3,p4,b1,i1,p5"],
  ["#p\\31", "p1"],
  ["p:only-child", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  ["p:not(.b, .A)", "p1,p3,p5"],
  ["[lang=EN-us i]", "p3"],
  ["[lang=en-US s]", "p3"],
  [":nth-child(1)", "d1,p1,d3,p4,b1"],
  ["p:has(b)", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
  [":where(p)", "TypeError: Parser error: Unsupported pseudo-class or pseudo-element in selector."],
])
  test(`selector ${selector}`, async () => {
    const seen = [];
    const element = (element) => void seen.push(element.getAttribute("id") ?? element.tagName);
    const result = await outcome(async () => {
      await new HTMLRewriter().on(selector, { element }).transform(new Response(page)).text();
      return seen.join(",");
    });
    assertEquals(result, expected);
  });
