// The direction of dependencies: an #include of src/ may name only its own module or one that CMakeLists.txt lets it depend on, and
// V8's headers stay out of the modules that know no JavaScript.
import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import test from "node:test";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

// name → every module it may include, through DEPENDS of adit_module.
export function readModules(cmake) {
  const direct = new Map();
  for (const [, name, depends] of cmake.matchAll(
    /^adit_module\((\w+)(?:\s+DEPENDS\s+((?:[a-z_]+\s*)+?))?(?=\s+LINK|\s*\))/gm,
  )) {
    direct.set(name, depends ? depends.trim().split(/\s+/) : []);
  }
  const all = new Map();
  const closure = (name) => {
    if (!all.has(name)) {
      assert(direct.has(name), `CMakeLists.txt: a module depends on ${name}, which no adit_module line declares`);
      all.set(name, new Set([name, ...direct.get(name).flatMap((dependency) => [...closure(dependency)])]));
    }
    return all.get(name);
  };
  for (const name of direct.keys()) closure(name);
  return all;
}

export function violations(path, text, modules) {
  const module = path.split("/")[1];
  const found = [];
  for (const [, include] of text.matchAll(/^\s*#\s*include\s*[<"]([^>"]+)[>"]/gm)) {
    const target = include.split("/")[0];
    if (include.includes("/") && modules.has(target) && !modules.get(module)?.has(target)) {
      found.push(`${path} includes ${include}, but ${module} does not depend on ${target}`);
    }
    if (["base", "net", "ledger"].includes(module) && /^(v8|libplatform|node)[-./]/.test(include)) {
      found.push(`${path} includes ${include}: V8 stays out of ${module}`);
    }
  }
  return found;
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) yield* sources(path);
    else if (/\.(cc|h)$/.test(entry.name)) yield path;
  }
}

const modules = readModules(readFileSync(join(root, "CMakeLists.txt"), "utf8"));

test("includes follow the modules' declared dependencies", () => {
  const found = [];
  let count = 0;
  for (const path of sources(join(root, "src"))) {
    const name = relative(root, path);
    if (name.split("/").length < 3) continue; // main.cc may include everything
    count++;
    if (!modules.has(name.split("/")[1])) found.push(`${name}: no adit_module line for this folder`);
    found.push(...violations(name, readFileSync(path, "utf8"), modules));
  }
  assert(count > 0);
  assert.deepEqual(found, []);
});

test("the check itself sees an include against the direction and a V8 header", () => {
  assert.equal(violations("src/base/x.h", '#include "net/loop.h"\n', modules).length, 1);
  assert.equal(violations("src/ledger/x.cc", "#include <v8-isolate.h>\n#include <v8.h>\n", modules).length, 2);
  assert.deepEqual(violations("src/net/x.cc", '#include "base/result.h"\n#include <vector>\n', modules), []);
});
