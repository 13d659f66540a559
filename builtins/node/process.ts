// node:process (Node.js docs, Process), as far as a worker has one: environment, ticks, time, a made-up platform. What would touch the
// host's process throws.

import { console, env as bindings, native, performance, populatesProcessEnv, queueMicrotask } from "adit:internal";
import EventEmitter from "./events";
import { invalidArgType, nodeError, outOfRange } from "./internal/errors";
import { validateFunction, validateString } from "./internal/validators";

type Fn = (...args: any[]) => unknown;
const ops = native<{ module_import(specifier: string): Record<string, unknown> }>();

/** Text variables as they are, JSON ones as their text; other bindings are not in the environment. */
function initialEnvironment(): Record<string, string> {
  const out: Record<string, string> = {};
  if (!populatesProcessEnv()) return out;
  for (const [name, value] of Object.entries(bindings)) {
    if (typeof value === "string") out[name] = value;
    else if (isJson(value)) out[name] = JSON.stringify(value);
  }
  return out;
}
function isJson(value: unknown): boolean {
  if (value === null || typeof value === "number" || typeof value === "boolean") return true;
  if (typeof value !== "object") return false;
  const prototype = Object.getPrototypeOf(value) as object | null;
  return prototype === Object.prototype || prototype === Array.prototype;
}

/** Values become strings, as in Node. */
function stringly(target: Record<string, string>): Record<string, string> {
  const convert = (value: unknown): string => {
    if (typeof value === "symbol") throw new TypeError("Cannot convert a Symbol value to a string");
    return String(value);
  };
  return new Proxy(target, {
    set: (object, key, value) => Reflect.set(object, key, convert(value)),
    defineProperty(object, key, descriptor) {
      if ("get" in descriptor || "set" in descriptor)
        throw nodeError(
          TypeError,
          "ERR_INVALID_OBJECT_DEFINE_PROPERTY",
          "'process.env' does not accept an accessor(getter/setter) descriptor",
        );
      if ("value" in descriptor) descriptor.value = convert(descriptor.value);
      return Reflect.defineProperty(object, key, {
        writable: true,
        enumerable: true,
        configurable: true,
        ...descriptor,
      });
    },
  });
}

const Emitter = EventEmitter as unknown as { new (): any; prototype: any };
const process: any = Object.create(Object.create(Emitter.prototype, { constructor: { value: function process() {} } }));
Emitter.call(process);

export const env = stringly(initialEnvironment());
export const version = "v22.19.0";
export const versions = Object.freeze({ node: "22.19.0" });
export const platform = "linux";
export const arch = "x64";
export const argv: string[] = ["workerd"];
export const argv0 = "workerd";
export const execArgv: string[] = [];
export const execPath = "";
export const title = "workerd";
export const pid = 1;
export const ppid = 0;
export const exitCode = undefined;
export const release = Object.freeze({
  name: "node",
  lts: true,
  sourceUrl: "https://nodejs.org/download/release/v22.19.0/node-v22.19.0.tar.gz",
  headersUrl: "https://nodejs.org/download/release/v22.19.0/node-v22.19.0-headers.tar.gz",
});
export const features = Object.freeze({
  inspector: false,
  debug: false,
  uv: false,
  ipv6: true,
  tls_alpn: true,
  tls_sni: true,
  tls_ocsp: true,
  tls: true,
  openssl_is_boringssl: false,
  cached_builtins: true,
  require_module: true,
  typescript: false,
});
export const config = Object.freeze({ target_defaults: Object.freeze({}), variables: Object.freeze({}) });

export function nextTick(callback: Fn, ...args: unknown[]): void {
  validateFunction(callback, "callback");
  queueMicrotask(args.length === 0 ? (callback as () => unknown) : () => callback(...args));
}

let directory = "/bundle";
export function cwd(): string {
  return directory;
}
export function chdir(path: string): void {
  validateString(path, "directory");
  const resolved = (ops.module_import("node:path").resolve as Fn)(path) as string;
  const fs = ops.module_import("node:fs") as any;
  if (!fs.statSync(resolved).isDirectory())
    throw nodeError(Error, "ENOTDIR", `ENOTDIR: not a directory, chdir '${path}'`);
  directory = resolved;
}

const start_ms = (): number => performance.now();
function hrtimeOf(previous?: [number, number]): [number, number] {
  if (previous !== undefined) {
    if (!Array.isArray(previous)) throw invalidArgType("time", "Array", previous);
    if (previous.length !== 2) throw outOfRange("time", "2", previous.length);
  }
  const now_ms = start_ms();
  let seconds = Math.floor(now_ms / 1000);
  let nanoseconds = Math.round((now_ms % 1000) * 1e6);
  if (previous !== undefined) {
    seconds -= previous[0];
    nanoseconds -= previous[1];
    if (nanoseconds < 0) {
      seconds--;
      nanoseconds += 1e9;
    }
  }
  return [seconds, nanoseconds];
}
export const hrtime = Object.assign(hrtimeOf, { bigint: (): bigint => BigInt(Math.round(performance.now() * 1e6)) });

export function uptime(): number {
  return performance.now() / 1000;
}
export function memoryUsage(): Record<string, number> {
  return { rss: 0, heapTotal: 0, heapUsed: 0, external: 0, arrayBuffers: 0 };
}
memoryUsage.rss = (): number => 0;
export function cpuUsage(): { user: number; system: number } {
  return { user: 0, system: 0 };
}
export const threadCpuUsage = cpuUsage;
export function resourceUsage(): Record<string, number> {
  const names =
    "userCPUTime systemCPUTime maxRSS sharedMemorySize unsharedDataSize unsharedStackSize minorPageFault majorPageFault swappedOut fsRead fsWrite ipcSent ipcReceived signalsCount voluntaryContextSwitches involuntaryContextSwitches";
  return Object.fromEntries(names.split(" ").map((name) => [name, 0]));
}
export function availableMemory(): number {
  return 128 * 1024 * 1024;
}
export function constrainedMemory(): number {
  return 128 * 1024 * 1024;
}

export function emitWarning(warning: string | Error, typeOrOptions?: any, code?: unknown): void {
  let type = "Warning";
  let detail: string | undefined;
  if (typeof typeOrOptions === "object" && typeOrOptions !== null) {
    type = typeOrOptions.type ?? type;
    code = typeOrOptions.code;
    detail = typeOrOptions.detail;
  } else if (typeof typeOrOptions === "string") {
    type = typeOrOptions;
  }
  if (typeof warning !== "string" && !(warning instanceof Error))
    throw invalidArgType("warning", ["string", "Error"], warning);
  const error: any = typeof warning === "string" ? Object.assign(new Error(warning), { name: type }) : warning;
  if (typeof code === "string") error.code = code;
  if (detail !== undefined) error.detail = detail;
  if (error.name === "DeprecationWarning" && process.noDeprecation) return;
  nextTick(() => {
    if (process.listenerCount("warning") > 0) process.emit("warning", error);
    else console.warn(`(node) ${error.code ? `[${error.code}] ` : ""}${error.name}: ${error.message}`);
  });
}

export function exit(code: unknown = process.exitCode): never {
  throw nodeError(
    Error,
    "ERR_PROCESS_EXIT",
    `process.exit(${code === undefined ? "" : String(code)}) is not possible in a worker`,
  );
}
export function abort(): never {
  throw nodeError(Error, "ERR_PROCESS_EXIT", "process.abort() is not possible in a worker");
}
const refuse = (name: string) =>
  Object.defineProperty(
    function (): never {
      throw nodeError(Error, "ERR_METHOD_NOT_IMPLEMENTED", `The process.${name} method is not implemented`);
    },
    "name",
    { value: name },
  );
export const kill = refuse("kill");
export const binding = refuse("binding");
export const dlopen = refuse("dlopen");
export const execve = refuse("execve");
export const loadEnvFile = (path = ".env"): void => {
  const text = (ops.module_import("node:fs") as any).readFileSync(path, "utf8") as string;
  const parsed = (ops.module_import("node:util").parseEnv as Fn)(text) as Record<string, string>;
  for (const [name, value] of Object.entries(parsed)) env[name] ??= value;
};

/** Built-in modules without an import statement; undefined for what there is not. */
export function getBuiltinModule(id: string): unknown {
  validateString(id, "id");
  try {
    return ops.module_import(id.startsWith("node:") ? id : `node:${id}`).default;
  } catch {
    return undefined;
  }
}

export const getuid = (): number => 0;
export const geteuid = (): number => 0;
export const getgid = (): number => 0;
export const getegid = (): number => 0;
export const getgroups = (): number[] => [0];
export function umask(): number {
  return 18;
}
export function getActiveResourcesInfo(): string[] {
  return [];
}
export function hasUncaughtExceptionCaptureCallback(): boolean {
  return false;
}
export function setUncaughtExceptionCaptureCallback(): void {}
export function setSourceMapsEnabled(): void {}
export function getSourceMapsSupport(): object {
  return Object.freeze({ __proto__: null, enabled: false, nodeModules: false, generatedCode: false });
}
export function ref(): void {}
export function unref(): void {}
export function assert(value: unknown, message?: string): void {
  if (!value) throw nodeError(Error, "ERR_ASSERTION", message ?? "assertion error");
}
export const allowedNodeEnvironmentFlags: ReadonlySet<string> = new Set();
export const debugPort = 0;
export const report = undefined;
export const permission = undefined;
export const channel = undefined;
export const connected = undefined;
export const domain = null;
export const noDeprecation = false;
export const throwDeprecation = false;
export const traceDeprecation = false;
export const sourceMapsEnabled = false;
export const moduleLoadList: string[] = [];
export const finalization = { register(): void {}, unregister(): void {}, registerBeforeExit(): void {} };

/** Standard output is the console: a line at a time. */
function standardStream(fd: number, write: (text: string) => void): any {
  let made: any;
  let rest = "";
  return () => {
    if (made !== undefined) return made;
    const { Writable } = ops.module_import("node:stream") as any;
    made = new Writable({
      decodeStrings: false,
      write(chunk: any, _encoding: string, done: () => void) {
        const lines = (rest + (typeof chunk === "string" ? chunk : chunk.toString())).split("\n");
        rest = lines.pop()!;
        for (const line of lines) write(line);
        done();
      },
    });
    return Object.assign(made, { fd, isTTY: false, columns: 80, rows: 24, _type: "fs" });
  };
}
const makeStdout = standardStream(1, (line) => console.log(line));
const makeStderr = standardStream(2, (line) => console.error(line));
let madeStdin: any;
const makeStdin = (): any => {
  if (madeStdin === undefined) {
    const { Readable } = ops.module_import("node:stream") as any;
    madeStdin = Object.assign(Readable.from([]), { fd: 0, isTTY: false });
  }
  return madeStdin;
};

export const setuid = refuse("setuid");
export const setgid = refuse("setgid");
export const seteuid = refuse("seteuid");
export const setegid = refuse("setegid");
export const setgroups = refuse("setgroups");
export const initgroups = refuse("initgroups");
export const reallyExit = refuse("reallyExit");
export const openStdin = refuse("openStdin");
export const send = refuse("send");

/** An export is there from the start, the stream behind it (and node:stream) from its first use. */
const streamExport = (make: () => any): any => {
  const bound = (value: unknown, target: object): unknown => (typeof value === "function" ? value.bind(target) : value);
  return new Proxy(Object.create(null) as object, {
    get: (_, key) => bound(make()[key], make()),
    set: (_, key, value) => Reflect.set(make(), key, value),
    has: (_, key) => key in make(),
    getPrototypeOf: () => Object.getPrototypeOf(make()) as object,
  });
};
export const stdout = streamExport(makeStdout);
export const stderr = streamExport(makeStderr);
export const stdin = streamExport(makeStdin);

Object.assign(process, {
  channel,
  connected,
  initgroups,
  noDeprecation,
  openStdin,
  permission,
  reallyExit,
  send,
  setegid,
  seteuid,
  setgid,
  setgroups,
  setuid,
  sourceMapsEnabled,
  throwDeprecation,
  traceDeprecation,
  abort,
  allowedNodeEnvironmentFlags,
  arch,
  argv,
  argv0,
  assert,
  availableMemory,
  binding,
  chdir,
  config,
  constrainedMemory,
  cpuUsage,
  cwd,
  debugPort,
  dlopen,
  domain,
  emitWarning,
  env,
  execArgv,
  execPath,
  execve,
  exit,
  exitCode,
  features,
  finalization,
  getActiveResourcesInfo,
  getBuiltinModule,
  getSourceMapsSupport,
  getegid,
  geteuid,
  getgid,
  getgroups,
  getuid,
  hasUncaughtExceptionCaptureCallback,
  hrtime,
  kill,
  loadEnvFile,
  memoryUsage,
  moduleLoadList,
  nextTick,
  pid,
  platform,
  ppid,
  ref,
  release,
  report,
  resourceUsage,
  setSourceMapsEnabled,
  setUncaughtExceptionCaptureCallback,
  threadCpuUsage,
  title,
  umask,
  unref,
  uptime,
  version,
  versions,
});
const lazily = (name: string, get: () => unknown): void => {
  Object.defineProperty(process, name, { get, enumerable: true, configurable: true });
};
lazily("stdout", makeStdout);
lazily("stderr", makeStderr);
lazily("stdin", makeStdin);
Object.defineProperty(process, Symbol.toStringTag, { value: "process", configurable: true });

export const on = process.on.bind(process) as Fn;
export const once = process.once.bind(process) as Fn;
export const off = process.off.bind(process) as Fn;
export const emit = process.emit.bind(process) as Fn;
export const addListener = on;
export const removeListener = off;
export default process;
