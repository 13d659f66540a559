// Paths, both kinds (Node.js docs, Path). A path is taken apart into root (posix: "" or "/"; win32: device and "\"), and segments.
// The working directory is what process.cwd() says: "/bundle".

import { validateObject, validateString } from "./validators";

export interface ParsedPath {
  root: string;
  dir: string;
  base: string;
  ext: string;
  name: string;
}

const cwd = (): string => (globalThis as any).process?.cwd?.() ?? "/bundle";

/** Resolves "." and ".." among segments; ".." above the start stays when that is allowed. */
function normalizeSegments(segments: string[], allowAboveRoot: boolean): string[] {
  const out: string[] = [];
  for (const segment of segments) {
    if (segment === "" || segment === ".") continue;
    if (segment !== "..") out.push(segment);
    else if (out.length > 0 && out.at(-1) !== "..") out.pop();
    else if (allowAboveRoot) out.push("..");
  }
  return out;
}

/** The last segment without trailing separators: [start, end). */
function lastSegment(path: string, isSeparator: (char: string) => boolean, from: number): [number, number] {
  let end = path.length;
  while (end > from && isSeparator(path[end - 1]!)) end--;
  let start = end;
  while (start > from && !isSeparator(path[start - 1]!)) start--;
  return [start, end];
}

function extensionOf(base: string): string {
  const dot = base.lastIndexOf(".");
  if (dot <= 0 || base === "..") return "";
  return base.slice(dot);
}

function stripSuffix(base: string, suffix: string | undefined): string {
  if (suffix === undefined || suffix === base) return base;
  return base.endsWith(suffix) ? base.slice(0, base.length - suffix.length) : base;
}

function formatPath(sep: string, object: Partial<ParsedPath>): string {
  validateObject(object, "pathObject");
  const { root, dir: givenDir, base: givenBase, name, ext } = object;
  const dir = givenDir || root;
  const dot = ext && ext[0] !== "." ? "." : "";
  const base = givenBase || `${name || ""}${dot}${ext || ""}`;
  if (!dir) return base;
  return dir === root ? `${dir}${base}` : `${dir}${sep}${base}`;
}

/** A glob as path.matchesGlob() takes it: *, **, ?, [...], {a,b}. */
function globToRegExp(glob: string, sep: string): RegExp {
  const notSep = sep === "/" ? "[^/]" : "[^\\\\/]";
  const anySep = sep === "/" ? "/" : "[\\\\/]";
  let out = "";
  let braces = 0;
  for (let i = 0; i < glob.length; i++) {
    const char = glob[i]!;
    if (char === "*" && glob[i + 1] === "*") {
      const isWhole = i === 0 || glob[i - 1] === "/" || glob[i - 1] === "\\";
      i++;
      if (isWhole && (glob[i + 1] === "/" || glob[i + 1] === "\\")) {
        i++;
        out += `(?:${notSep}+${anySep})*`;
      } else {
        out += isWhole ? ".*" : `${notSep}*`;
      }
    } else if (char === "*") out += `${notSep}*`;
    else if (char === "?") out += notSep;
    else if (char === "[") {
      const close = glob.indexOf("]", i + 1);
      if (close < 0) out += "\\[";
      else {
        out += `[${glob.slice(i + 1, close).replace(/^!/, "^")}]`;
        i = close;
      }
    } else if (char === "{") {
      braces++;
      out += "(?:";
    } else if (char === "}" && braces > 0) {
      braces--;
      out += ")";
    } else if (char === "," && braces > 0) out += "|";
    else if (char === "/" || (char === "\\" && sep === "\\")) out += anySep;
    else out += char.replace(/[.+^$()|\\]/g, "\\$&");
  }
  return new RegExp(`^${out}$`);
}

const isSlash = (char: string): boolean => char === "/";

export const posix: any = {
  sep: "/",
  delimiter: ":",

  resolve(...paths: string[]): string {
    let resolved = "";
    for (let i = paths.length - 1; i >= -1 && !resolved.startsWith("/"); i--) {
      const path = i >= 0 ? paths[i]! : cwd();
      if (i >= 0) validateString(path, `paths[${i}]`);
      if (path !== "") resolved = resolved === "" ? path : `${path}/${resolved}`;
    }
    const isAbsolute = resolved.startsWith("/");
    const text = normalizeSegments(resolved.split("/"), !isAbsolute).join("/");
    return isAbsolute ? `/${text}` : text || ".";
  },

  normalize(path: string): string {
    validateString(path, "path");
    if (path === "") return ".";
    const isAbsolute = path[0] === "/";
    const trailing = path.endsWith("/");
    let text = normalizeSegments(path.split("/"), !isAbsolute).join("/");
    if (text === "") {
      if (isAbsolute) return "/";
      return trailing ? "./" : ".";
    }
    if (trailing) text += "/";
    return isAbsolute ? `/${text}` : text;
  },

  isAbsolute(path: string): boolean {
    validateString(path, "path");
    return path[0] === "/";
  },

  join(...paths: string[]): string {
    for (const path of paths) validateString(path, "path");
    const joined = paths.filter((path) => path !== "").join("/");
    return joined === "" ? "." : posix.normalize(joined);
  },

  relative(from: string, to: string): string {
    validateString(from, "from");
    validateString(to, "to");
    if (from === to) return "";
    const start = posix.resolve(from);
    const target = posix.resolve(to);
    if (start === target) return "";
    const a = start.split("/").filter(Boolean);
    const b = target.split("/").filter(Boolean);
    let common = 0;
    while (common < a.length && common < b.length && a[common] === b[common]) common++;
    return [...a.slice(common).fill(".."), ...b.slice(common)].join("/");
  },

  toNamespacedPath: (path: unknown) => path,

  dirname(path: string): string {
    validateString(path, "path");
    if (path === "") return ".";
    let [start] = lastSegment(path, isSlash, 0);
    if (start === 0) return path[0] === "/" ? "/" : ".";
    const root = start;
    while (start > 1 && path[start - 1] === "/") start--;
    if (start === 1 && path[0] === "/") return root === 2 && path[1] === "/" ? "//" : "/";
    return path.slice(0, start);
  },

  basename(path: string, suffix?: string): string {
    if (suffix !== undefined) validateString(suffix, "suffix");
    validateString(path, "path");
    const [start, end] = lastSegment(path, isSlash, 0);
    return stripSuffix(path.slice(start, end), suffix);
  },

  extname(path: string): string {
    validateString(path, "path");
    return extensionOf(posix.basename(path));
  },

  format(object: Partial<ParsedPath>): string {
    return formatPath("/", object);
  },

  parse(path: string): ParsedPath {
    validateString(path, "path");
    const root = path[0] === "/" ? "/" : "";
    const [start, end] = lastSegment(path, isSlash, 0);
    const base = path.slice(start, end);
    const ext = extensionOf(base);
    const dir = start > 0 ? (start === 1 && root ? "/" : path.slice(0, start - 1)) : root;
    return { root, dir: base === "" && root ? root : dir, base, ext, name: base.slice(0, base.length - ext.length) };
  },

  matchesGlob(path: string, pattern: string): boolean {
    validateString(path, "path");
    validateString(pattern, "pattern");
    return globToRegExp(pattern, "/").test(path);
  },
};

const isAnySlash = (char: string | undefined): boolean => char === "/" || char === "\\";

/** The root of a Windows path: device ("C:", "\\\\server\\share"), whether it is absolute, and its length. */
function windowsRoot(path: string): { device: string; isAbsolute: boolean; length: number } {
  if (isAnySlash(path[0])) {
    const unc = /^[\\/]{2}([^\\/]+)[\\/]+([^\\/]+)(?:[\\/]|$)/.exec(path);
    if (unc !== null) {
      if (unc[1] === "." || unc[1] === "?") return { device: `\\\\${unc[1]}`, isAbsolute: true, length: 4 };
      return { device: `\\\\${unc[1]}\\${unc[2]}`, isAbsolute: true, length: unc[0].length };
    }
    return { device: "", isAbsolute: true, length: 1 };
  }
  if (/^[a-zA-Z]:/.test(path))
    return { device: path.slice(0, 2), isAbsolute: isAnySlash(path[2]), length: isAnySlash(path[2]) ? 3 : 2 };
  return { device: "", isAbsolute: false, length: 0 };
}

export const win32: any = {
  sep: "\\",
  delimiter: ";",

  resolve(...paths: string[]): string {
    let device = "";
    let tail = "";
    let isAbsolute = false;
    for (let i = paths.length - 1; i >= -1 && !(isAbsolute && device !== ""); i--) {
      let path: string;
      if (i >= 0) {
        path = paths[i]!;
        validateString(path, `paths[${i}]`);
        if (path === "") continue;
      } else {
        path = device === "" ? cwd() : `${device}\\`;
      }
      const root = windowsRoot(path);
      if (root.device !== "") {
        if (device !== "" && root.device.toLowerCase() !== device.toLowerCase()) continue;
        if (device === "") device = root.device;
      }
      if (!isAbsolute) {
        tail = `${path.slice(root.length)}\\${tail}`;
        isAbsolute = root.isAbsolute;
      }
      if (isAbsolute && device === "" && i < 0) break;
    }
    const text = normalizeSegments(tail.split(/[\\/]+/), !isAbsolute).join("\\");
    return isAbsolute ? `${device}\\${text}` : `${device}${text}` || ".";
  },

  normalize(path: string): string {
    validateString(path, "path");
    if (path === "") return ".";
    const root = windowsRoot(path);
    let tail = normalizeSegments(path.slice(root.length).split(/[\\/]+/), !root.isAbsolute).join("\\");
    if (tail === "" && !root.isAbsolute) tail = ".";
    if (tail !== "" && isAnySlash(path.at(-1))) tail += "\\";
    return root.isAbsolute ? `${root.device}\\${tail}` : `${root.device}${tail}`;
  },

  isAbsolute(path: string): boolean {
    validateString(path, "path");
    return isAnySlash(path[0]) || (/^[a-zA-Z]:/.test(path) && isAnySlash(path[2]));
  },

  join(...paths: string[]): string {
    for (const path of paths) validateString(path, "path");
    const parts = paths.filter((path) => path !== "");
    if (parts.length === 0) return ".";
    let joined = parts.join("\\");
    // Only a first part that is itself a UNC path may begin with two slashes.
    if (!/^[\\/]{2}[^\\/]/.test(parts[0]!)) joined = joined.replace(/^[\\/]{2,}/, "\\");
    return win32.normalize(joined);
  },

  relative(from: string, to: string): string {
    validateString(from, "from");
    validateString(to, "to");
    if (from === to) return "";
    const start = win32.resolve(from);
    const target = win32.resolve(to);
    if (start.toLowerCase() === target.toLowerCase()) return "";
    const a = start.split("\\").filter(Boolean);
    const b = target.split("\\").filter(Boolean);
    let common = 0;
    while (common < a.length && common < b.length && a[common].toLowerCase() === b[common].toLowerCase()) common++;
    if (common === 0) return target;
    return [...a.slice(common).fill(".."), ...b.slice(common)].join("\\");
  },

  toNamespacedPath(path: unknown): unknown {
    if (typeof path !== "string" || path === "") return path;
    const resolved = win32.resolve(path);
    if (/^\\\\[^?.]/.test(resolved)) return `\\\\?\\UNC\\${resolved.slice(2)}`;
    if (/^[a-zA-Z]:\\/.test(resolved)) return `\\\\?\\${resolved}`;
    return path;
  },

  dirname(path: string): string {
    validateString(path, "path");
    if (path === "") return ".";
    const root = windowsRoot(path);
    let [start] = lastSegment(path, isAnySlash, root.length);
    while (start > root.length && isAnySlash(path[start - 1])) start--;
    if (start > 0) return path.slice(0, Math.max(start, root.length));
    return root.length > 0 ? path.slice(0, root.length) : ".";
  },

  basename(path: string, suffix?: string): string {
    if (suffix !== undefined) validateString(suffix, "suffix");
    validateString(path, "path");
    const from = /^[a-zA-Z]:/.test(path) ? 2 : 0;
    const [start, end] = lastSegment(path, isAnySlash, from);
    return stripSuffix(path.slice(start, end), suffix);
  },

  extname(path: string): string {
    validateString(path, "path");
    return extensionOf(win32.basename(path));
  },

  format(object: Partial<ParsedPath>): string {
    return formatPath("\\", object);
  },

  parse(path: string): ParsedPath {
    validateString(path, "path");
    const length = windowsRoot(path).length;
    const root = path.slice(0, length);
    const [start, end] = lastSegment(path, isAnySlash, length);
    const base = path.slice(start, end);
    const ext = extensionOf(base);
    const dir = start > length ? path.slice(0, start - 1) : root;
    return { root, dir, base, ext, name: base.slice(0, base.length - ext.length) };
  },

  matchesGlob(path: string, pattern: string): boolean {
    validateString(path, "path");
    validateString(pattern, "pattern");
    return globToRegExp(pattern, "\\").test(path);
  },
};

for (const kind of [posix, win32]) {
  kind.posix = posix;
  kind.win32 = win32;
  kind._makeLong = kind.toNamespacedPath;
}
