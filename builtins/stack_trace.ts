// Stack traces in the source's own lines: V8 asks here when an error's stack is first made. Positions in a bundled module are traced back
// through its source map, which is decoded on first use.

import { originalPositionFor, TraceMap } from "@jridgewell/trace-mapping";

import { native } from "./native";

const ops = native<{ module_source_map(name: string): string | undefined }>();

interface CallSite {
  getFileName(): string | undefined;
  getLineNumber(): number | null;
  getColumnNumber(): number | null;
  toString(): string;
}

const maps = new Map<string, TraceMap | null>();

function mapOf(file: string): TraceMap | null {
  let map = maps.get(file);
  if (map === undefined) {
    const json = ops.module_source_map(file);
    map = json === undefined ? null : new TraceMap(json);
    maps.set(file, map);
  }
  return map;
}

function describeSite(site: CallSite): string {
  const text = site.toString();
  const file = site.getFileName();
  const line = site.getLineNumber();
  const column = site.getColumnNumber();
  if (typeof file !== "string" || line === null || column === null) return text;
  const map = mapOf(file);
  if (map === null) return text;
  const original = originalPositionFor(map, { line, column: column - 1 });
  if (original.source === null) return text;
  // The map names sources relative to the bundle's folder; the way out of it says nothing to the reader.
  const source = original.source.replace(/^(\.\.\/)+/, "");
  return text.replace(`${file}:${line}:${column}`, `${source}:${original.line}:${original.column + 1}`);
}

/** "Name: message" and the frames, without those of Adit's own builtins. */
export function prepareStackTrace(error: unknown, sites: CallSite[]): string {
  let head: string;
  try {
    head = String(error);
  } catch {
    head = "<error>";
  }
  let text = head;
  for (const site of sites) {
    if (site.getFileName() === "adit:builtins") continue;
    text += "\n    at " + describeSite(site);
  }
  return text;
}
