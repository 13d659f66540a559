// nodejs_compat (Workers docs, Runtime APIs, Node.js): which `node:` modules a worker may import by its flags and date, and the globals that
// come with them. The modules themselves are in builtins/node, outside of the start-up snapshot; a global loads its module at first use.

import { compatibilityDate, compatibilityFlags } from "./env";
import { native } from "./native";
import * as internals from "./node_internals";

const ops = native<{ module_import(specifier: string): Record<string, unknown> }>();

const modules = new Set(
  (
    "_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server _stream_duplex _stream_passthrough _stream_readable " +
    "_stream_transform _stream_writable _tls_common _tls_wrap assert assert/strict async_hooks buffer child_process cluster console constants " +
    "crypto dgram diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector inspector/promises module net os " +
    "path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl sqlite stream stream/consumers " +
    "stream/promises stream/web string_decoder sys test timers timers/promises tls trace_events tty url util util/types v8 vm wasi " +
    "worker_threads zlib"
  ).split(" "),
);

/** Modules of which Node has only the name with "node:". */
const prefixedOnly = new Set(["sqlite", "test"]);

/** The flag disable_nodejs_KIND_module(s) takes these away. */
const disabledBy: readonly [RegExp, string][] = [
  [/^(http2?|https|_http_(agent|client|common|incoming|outgoing))$/, "disable_nodejs_http_modules"],
  [/^_http_server$/, "disable_nodejs_http_server_modules"],
  [/^fs(\/promises)?$/, "disable_nodejs_fs_module"],
  [/^os$/, "disable_nodejs_os_module"],
  [/^console$/, "disable_nodejs_console_module"],
  [/^vm$/, "disable_nodejs_vm_module"],
];

function isCompatible(): boolean {
  return compatibilityFlags.nodejs_compat === true || compatibilityFlags.nodejs_compat_v2 === true;
}

/** Version 2: names without "node:", globals. With nodejs_compat from 2024-09-23 on. */
function isVersion2(): boolean {
  if (compatibilityFlags.nodejs_compat_v2 === true) return true;
  return (
    compatibilityFlags.nodejs_compat === true &&
    compatibilityFlags.no_nodejs_compat_v2 !== true &&
    compatibilityDate >= "2024-09-23"
  );
}

/** The library's name of the module that a worker's specifier means; undefined when there is none for this worker. */
export function nodeModule(specifier: string): string | undefined {
  const prefixed = specifier.startsWith("node:");
  // A slash at the end asks npm for the package of that name, which stands in for the module that is here.
  const name = (prefixed ? specifier.slice(5) : specifier).replace(/\/$/, "");
  if (specifier === "cloudflare:node") return isCompatible() ? "node-internal:cloudflare_node" : undefined;
  if (!modules.has(name)) return undefined;
  if (!isCompatible())
    return compatibilityFlags.nodejs_als === true && specifier === "node:async_hooks" ? specifier : undefined;
  if (!prefixed && (!isVersion2() || prefixedOnly.has(name))) return undefined;
  for (const [pattern, flag] of disabledBy)
    if (compatibilityFlags[flag] === true && pattern.test(name)) return undefined;
  return `node:${name}`;
}

/** The exports of adit:internal, for the library's modules only. */
export function nodeInternals(): Record<string, unknown> {
  return { ...internals };
}

function defineLazily(name: string, specifier: string): void {
  const settle = (value: unknown): unknown => {
    Object.defineProperty(globalThis, name, { value, writable: true, enumerable: true, configurable: true });
    return value;
  };
  Object.defineProperty(globalThis, name, {
    get: () => settle(ops.module_import(specifier)[name === "process" ? "default" : name]),
    set: settle,
    enumerable: true,
    configurable: true,
  });
}

/** Before the worker's own code runs. */
export function installNodeGlobals(): void {
  if (!isVersion2()) return;
  defineLazily("process", "node:process");
  defineLazily("Buffer", "node:buffer");
  defineLazily("setImmediate", "node:timers");
  defineLazily("clearImmediate", "node:timers");
  Object.defineProperty(globalThis, "global", {
    value: globalThis,
    writable: true,
    enumerable: true,
    configurable: true,
  });
}

/** Whether process.env has the worker's variables: nodejs_compat_populate_process_env, by default from 2025-04-01 on. */
export function populatesProcessEnv(): boolean {
  if (compatibilityFlags.nodejs_compat_populate_process_env === true) return true;
  return (
    compatibilityFlags.nodejs_compat_do_not_populate_process_env !== true &&
    isCompatible() &&
    compatibilityDate >= "2025-04-01"
  );
}
