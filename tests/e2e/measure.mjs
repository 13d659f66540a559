// What a server under test costs, as /proc says, and work on it side by side: for the tests of many objects, alarms and keys.
import { readFileSync } from "node:fs";

export const proc = (server, path) => `/proc/${server.child.pid}/${path}`;

/** Of the process's memory, in MB: "VmRSS" is all that is resident, "RssAnon" what is not of files. */
export function memory_mb(server, field = "VmRSS") {
  return Number(new RegExp(`${field}:\\s+(\\d+)`).exec(readFileSync(proc(server, "status"), "utf8"))[1]) / 1024;
}

/** User and system time of the process until now, in ms: /proc counts in hundredths of a second. */
export function cpu_ms(server) {
  const text = readFileSync(proc(server, "stat"), "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Calls work(0), work(1), ... work(count - 1), so many at a time. */
export async function inParallel(count, width, work) {
  let next = 0;
  const one = async () => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: width }, one));
}
