// What @cloudflare/workers-types names: every global and, for each class and interface of the platform, its members. A small reader of
// the package's index.d.ts, whose formatting is a printer's: declarations begin a line, members are indented by two, comments have lines
// of their own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const file = createRequire(import.meta.url).resolve("@cloudflare/workers-types/index.d.ts");

/** The members of a declaration's body: names, static ones with "static " before them. */
function membersOf(lines) {
  const members = new Set();
  for (const line of lines) {
    const match =
      /^ {2}(?! )((?:(?:static|readonly|abstract|get|set|protected|private|declare) )*)("[^"]+"|\[Symbol\.\w+\]|[A-Za-z_$][\w$]*)\??[(<:]/.exec(
        line,
      );
    if (match === null || match[2] === "constructor" || match[2] === "new" || /private|protected/.test(match[1]))
      continue;
    members.add((match[1].includes("static ") ? "static " : "") + match[2]);
  }
  return [...members].sort();
}

/** { globals: [name], members: { class: [name] }, version } */
export function readTypes() {
  const lines = readFileSync(file, "utf8").split("\n");
  const members = {};
  const globals = new Set();
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at];
    const start = /^(?:export )?(?:declare )?(?:abstract )?(class|interface|const|var|function) (\w+)/.exec(line);
    if (start === null) continue;
    const [, kind, name] = start;
    if (kind !== "interface" && line.startsWith("declare")) globals.add(name);
    if (kind === "function") continue;
    let end = at;
    while (end < lines.length && !/^[}\])>]|;$/.test(lines[end]) && !(end === at && line.endsWith("}"))) end++;
    // A header over several lines ends with "> {" or similar; the body ends with "}" at the line's start.
    if (!/^}/.test(lines[end] ?? "") && /\{$/.test(lines[end] ?? "")) while (!/^}/.test(lines[++end] ?? "}"));
    if (line.endsWith("{") || end > at) while (end < lines.length && !/^}/.test(lines[end])) end++;
    if (!/[{<]$/.test(line)) continue;
    const own = membersOf(lines.slice(at + 1, end));
    // "declare const X: { prototype: X; new ...; from(...) }" beside "interface X": what is on the constructor is static.
    const isConstructor = kind === "const" || kind === "var";
    const named = isConstructor
      ? own.filter((member) => member !== "prototype").map((member) => `static ${member}`)
      : own;
    members[name] = [...new Set([...(members[name] ?? []), ...named])].sort();
  }
  for (const member of members.ServiceWorkerGlobalScope ?? []) if (/^\w+$/.test(member)) globals.add(member);
  const version = JSON.parse(readFileSync(file.replace(/index\.d\.ts$/, "package.json"), "utf8")).version;
  return { globals: [...globals].sort(), members, version };
}
