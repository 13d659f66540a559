// What @cloudflare/workers-types names: every global and, for each class and interface of the platform, its members. A small reader of
// the package's index.d.ts, whose formatting is a printer's: declarations begin a line, members are indented by two, comments have lines
// of their own.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const file = createRequire(import.meta.url).resolve("@cloudflare/workers-types/index.d.ts");

const memberLine =
  /^ {2}((?:(?:static|readonly|abstract|get|set|protected|private|declare) )*)(\[Symbol\.\w+\]|[A-Za-z_$][\w$]*)\??[(<:]/;

/** The members of a declaration's body: names, static ones with "static " before them. */
function membersOf(lines) {
  const members = new Set();
  for (const line of lines) {
    const match = memberLine.exec(line);
    if (match === null || ["constructor", "new"].includes(match[2]) || /private|protected/.test(match[1])) continue;
    members.add((match[1].includes("static ") ? "static " : "") + match[2]);
  }
  return [...members].sort();
}

/** { version, globals: [name], members: { class: [name] } } */
export function readTypes() {
  const lines = readFileSync(file, "utf8").split("\n");
  const members = {};
  const globals = new Set();
  lines.forEach((line, at) => {
    const start = /^(?:export )?(?:declare )?(?:abstract )?(class|interface|const|var|function) (\w+)/.exec(line);
    if (start === null) return;
    const [, kind, name] = start;
    if (kind !== "interface" && line.startsWith("declare")) globals.add(name);
    if (kind === "function" || !/[{<]$/.test(line)) return;
    const length = lines.slice(at).findIndex((later) => later.startsWith("}"));
    const own = membersOf(lines.slice(at + 1, at + length));
    // "declare const X: { new(...): X; from(...): X }" beside "interface X": what is on the constructor is static.
    const isConstructor = kind === "const" || kind === "var";
    const found = isConstructor
      ? own.filter((member) => member !== "prototype").map((member) => `static ${member}`)
      : own;
    members[name] = [...new Set([...(members[name] ?? []), ...found])].sort();
  });
  for (const member of members.ServiceWorkerGlobalScope) globals.add(member);
  const { version } = JSON.parse(readFileSync(file.replace(/index\.d\.ts$/, "package.json"), "utf8"));
  return { version, globals: [...globals].sort(), members };
}
