// node:os: a worker has no machine to speak of, so these are the constants that Workers give.

import { errno, priority, signals, dlopen } from "unenv/node/internal/os/constants";
import { validateInteger } from "./internal/validators";

export const EOL = "\n";
export const devNull = "/dev/null";
export const constants = Object.freeze({ UV_UDP_REUSEADDR: 4, dlopen, errno, priority, signals });

const constant = <T>(value: T): (() => T) & { [Symbol.toPrimitive](): T } => {
  const get = (() => value) as (() => T) & { [Symbol.toPrimitive](): T };
  get[Symbol.toPrimitive] = () => value;
  return get;
};
export const arch = constant("x64");
export const availableParallelism = constant(1);
export const endianness = constant("LE");
export const freemem = constant(134217728);
export const homedir = constant("/tmp");
export const hostname = constant("localhost");
export const machine = constant("x86_64");
export const platform = constant("linux");
export const release = constant("");
export const tmpdir = constant("/tmp/");
export const totalmem = constant(134217728);
export const type = constant("Linux");
export const uptime = constant(0);
export const version = constant("");
export const cpus = (): object[] => [];
export const loadavg = (): number[] => [0, 0, 0];
export const networkInterfaces = (): object => ({});
export const getPriority = (_pid = 0): number => 0;
export const setPriority = (_pid: number, _priority?: number): void => {
  validateInteger(_priority ?? _pid, "priority", -20, 19);
};
export const userInfo = (): object => ({ uid: -1, gid: -1, username: "unknown", homedir: "/tmp", shell: null });

export default {
  EOL,
  arch,
  availableParallelism,
  constants,
  cpus,
  devNull,
  endianness,
  freemem,
  getPriority,
  homedir,
  hostname,
  loadavg,
  machine,
  networkInterfaces,
  platform,
  release,
  setPriority,
  tmpdir,
  totalmem,
  type,
  uptime,
  userInfo,
  version,
};
