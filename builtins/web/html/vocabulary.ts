// What HTML knows by name (HTML § 13.1.2 and § 13.2.6): which elements have no content, whose content is text, and where SVG and
// MathML begin and end.
import { Namespace } from "./tokens";

const words = (text: string): Set<string> => new Set(text.split(" "));

export const voidElements = words(
  "area base basefont bgsound br col embed hr img input keygen link meta param source track wbr",
);

/** Those whose content is text; scripting is on, so <noscript> is one of them. */
export const rawTextElements = words("script style xmp iframe noembed noframes noscript title textarea plaintext");

/** § 13.2.6.5: start tags that end foreign content. */
const breakouts = words(
  "b big blockquote body br center code dd div dl dt em embed h1 h2 h3 h4 h5 h6 head hr i img li listing menu meta nobr ol p pre ruby s " +
    "small span strong strike sub sup table tt u ul var",
);

export function isBreakout(name: string, section: string): boolean {
  return breakouts.has(name) || (name === "font" && /[\t\n\f\r /](color|face|size)[\t\n\f\r /=]/i.test(section));
}

const htmlInSvg = words("foreignobject desc title");
const htmlInMathml = words("mi mo mn ms mtext");

/** The namespace of what is inside the element. `section` is the text of its attributes. */
export function innerNamespace(outer: Namespace, name: string, section: string): Namespace {
  switch (outer) {
    case Namespace.svg:
      return htmlInSvg.has(name) ? Namespace.html : Namespace.svg;
    case Namespace.mathml: {
      const isIntegrationPoint =
        htmlInMathml.has(name) ||
        (name === "annotation-xml" && /encoding\s*=\s*["']?(text\/html|application\/xhtml\+xml)/i.test(section));
      return isIntegrationPoint ? Namespace.html : Namespace.mathml;
    }
    default:
      return name === "svg" ? Namespace.svg : name === "math" ? Namespace.mathml : Namespace.html;
  }
}
