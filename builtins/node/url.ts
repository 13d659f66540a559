// node:url: the platform's URL classes, conversions between paths and file URLs, and the old parser (the url package).

import { URL, URLSearchParams } from "adit:internal";
import { invalidArgType, nodeError } from "./internal/errors";
import legacy from "url/url.js";
import punycode from "./punycode";
import { resolve as resolvePath } from "./path";
import { validateObject, validateString } from "./internal/validators";

type Any = any;

export const { Url, resolve, resolveObject } = legacy as Any;

export function parse(url: unknown, parseQuery?: boolean, slashesDenoteHost?: boolean): Any {
  if (typeof url !== "string" && !(url instanceof Url)) throw invalidArgType("url", "string", url);
  return (legacy as Any).parse(url, parseQuery, slashesDenoteHost);
}

export function format(value: Any, options?: Any): string {
  if (value instanceof URL) {
    const { auth = true, fragment = true, search = true, unicode = false } = options ?? {};
    if (options !== undefined) validateObject(options, "options");
    const copy = new URL(value.href);
    if (!fragment) copy.hash = "";
    if (!search) copy.search = "";
    if (!auth) copy.username = copy.password = "";
    return unicode ? copy.href.replace(copy.hostname, domainToUnicode(copy.hostname)) : copy.href;
  }
  if (typeof value === "string") return (legacy as Any).format((legacy as Any).parse(value));
  if (typeof value !== "object" || value === null) throw invalidArgType("urlObject", ["Object", "string"], value);
  return (legacy as Any).format(value);
}

export function domainToASCII(domain: unknown): string {
  const text = String(domain);
  if (/[/?#@:\\\s]/.test(text) && !/^\[.*\]$/.test(text)) return "";
  try {
    return new URL(`ws://${text}`).hostname;
  } catch {
    return "";
  }
}
export function domainToUnicode(domain: unknown): string {
  const ascii = domainToASCII(domain);
  return ascii.includes("xn--") ? ((punycode as Any).toUnicode(ascii) as string) : ascii;
}

export function fileURLToPath(given: unknown, options?: { windows?: boolean }): string {
  let url: Any = given;
  if (typeof given === "string") url = new URL(given);
  else if (typeof (given as Any)?.href !== "string" || typeof (given as Any)?.protocol !== "string")
    throw invalidArgType("path", ["string", "URL"], given);
  if (url.protocol !== "file:") throw nodeError(TypeError, "ERR_INVALID_URL_SCHEME", "The URL must be of scheme file");
  if (/%2f/i.test(url.pathname) || (options?.windows && /%5c/i.test(url.pathname)))
    throw nodeError(
      TypeError,
      "ERR_INVALID_FILE_URL_PATH",
      `File URL path must not include encoded ${options?.windows ? "\\ or / characters" : "/ characters"}`,
    );
  const path = decodeURIComponent(url.pathname);
  if (options?.windows) {
    const text = path.replaceAll("/", "\\");
    if (url.hostname !== "") return `\\\\${domainToUnicode(url.hostname)}${text}`;
    if (!/^\\[a-zA-Z]:/.test(text))
      throw nodeError(TypeError, "ERR_INVALID_FILE_URL_PATH", "File URL path must be absolute");
    return text.slice(1);
  }
  if (url.hostname !== "")
    throw nodeError(TypeError, "ERR_INVALID_FILE_URL_HOST", 'File URL host must be "localhost" or empty on linux');
  return path;
}

const inPath: Record<string, string> = {
  "%": "%25",
  "\\": "%5C",
  "\n": "%0A",
  "\r": "%0D",
  "\t": "%09",
  "?": "%3F",
  "#": "%23",
};
export function pathToFileURL(path: unknown, options?: { windows?: boolean }): URL {
  validateString(path, "path");
  if (options?.windows) {
    const text = path.replaceAll("\\", "/").replace(/[%\n\r\t?#]/g, (char) => inPath[char]!);
    return new URL(text.startsWith("//") ? `file:${text}` : `file:///${text}`);
  }
  let resolved = resolvePath(path) as string;
  if (path.endsWith("/") && !resolved.endsWith("/")) resolved += "/";
  return new URL(`file://${resolved.replace(/[%\\\n\r\t?#]/g, (char) => inPath[char]!)}`);
}

export function toPathIfFileURL(value: unknown): unknown {
  return value instanceof URL ? fileURLToPath(value) : value;
}

/** The options of http.request() that a URL stands for. */
export function urlToHttpOptions(url: Any): Record<string, unknown> {
  const { hostname, pathname, port, username, password, search } = url;
  const options: Record<string, unknown> = {
    __proto__: null,
    ...url,
    protocol: url.protocol,
    hostname: typeof hostname === "string" && hostname.startsWith("[") ? hostname.slice(1, -1) : hostname,
    hash: url.hash,
    search,
    pathname,
    path: `${pathname || ""}${search || ""}`,
    href: url.href,
  };
  if (port !== "") options.port = Number(port);
  if (username || password) options.auth = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return options;
}

export { URL, URLSearchParams };
export default {
  URL,
  URLSearchParams,
  Url,
  domainToASCII,
  domainToUnicode,
  fileURLToPath,
  format,
  parse,
  pathToFileURL,
  resolve,
  resolveObject,
  toPathIfFileURL,
  urlToHttpOptions,
};
