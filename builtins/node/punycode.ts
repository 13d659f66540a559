// node:punycode (deprecated in Node, RFC 3492).

// @ts-ignore The package has no types.
import punycode from "punycode/punycode.js";

export const { decode, encode, toASCII, toUnicode, ucs2, version } = punycode as Record<string, unknown>;
export default punycode;
