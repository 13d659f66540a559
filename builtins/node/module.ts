// node:module: createRequire() of the modules that are there, and their names.

import { native } from "adit:internal";
import { invalidArgType, invalidArgValue, nodeError, notImplemented } from "./internal/errors";
import { validateString } from "./internal/validators";

type Any = any;
const ops = native<{ module_import(specifier: string): Record<string, unknown> }>();

export const builtinModules: readonly string[] = Object.freeze(
  (
    "_http_agent _http_client _http_common _http_incoming _http_outgoing _http_server _stream_duplex _stream_passthrough _stream_readable " +
    "_stream_transform _stream_wrap _stream_writable _tls_common _tls_wrap assert assert/strict async_hooks buffer child_process cluster console " +
    "constants crypto dgram diagnostics_channel dns dns/promises domain events fs fs/promises http http2 https inspector inspector/promises " +
    "module net os path path/posix path/win32 perf_hooks process punycode querystring readline readline/promises repl stream stream/consumers " +
    "stream/promises stream/web string_decoder sys timers timers/promises tls trace_events tty url util util/types v8 vm wasi worker_threads zlib"
  ).split(" "),
);

export function isBuiltin(name: string): boolean {
  validateString(name, "id");
  if (name === "node:test" || name === "node:sqlite") return true;
  return builtinModules.includes(name.startsWith("node:") ? name.slice(5) : name);
}

/** A require() for the built-in modules; the worker's own modules are imported. */
export function createRequire(from: unknown): Any {
  if (typeof from !== "string" && !(from instanceof (globalThis as Any).URL))
    throw invalidArgType("filename", ["string", "URL"], from);
  const text = String(from);
  if (!text.startsWith("/") && !text.startsWith("file:"))
    throw invalidArgValue("filename", from, "must be a file URL object, file URL string, or absolute path string");
  const require = (given: string): unknown => {
    validateString(given, "id");
    const id = given.replace(/\/$/, ""); // "punycode/" asks npm for the package that stands in for what is here
    if (isBuiltin(id) || id.startsWith("cloudflare:")) {
      const namespace = ops.module_import(id);
      return namespace.default ?? namespace;
    }
    throw nodeError(Error, "MODULE_NOT_FOUND", `Cannot find module '${id}'`);
  };
  return Object.assign(require, {
    cache: Object.create(null) as object,
    extensions: Object.create(null) as object,
    main: undefined,
    resolve(id: string): string {
      if (isBuiltin(id)) return id;
      throw nodeError(Error, "MODULE_NOT_FOUND", `Cannot find module '${id}'`);
    },
  });
}

const refuse = (name: string) => (): never => {
  throw notImplemented(`module.${name}`);
};
export const Module: Any = function Module(this: Any, id = "") {
  this.id = id;
  this.path = "";
  this.exports = {};
  this.filename = null;
  this.loaded = false;
  this.children = [];
  this.paths = [];
};
export const SourceMap: Any = class SourceMap {
  constructor() {
    throw notImplemented("module.SourceMap");
  }
};
export const _cache: object = Object.create(null);
export const _extensions: object = Object.assign(Object.create(null), {
  ".js": refuse("_extensions"),
  ".json": refuse("_extensions"),
  ".node": refuse("_extensions"),
});
export const _pathCache: object = Object.create(null);
export const globalPaths: string[] = [];
export const constants = Object.freeze({
  compileCacheStatus: Object.freeze({ FAILED: 0, ENABLED: 1, ALREADY_ENABLED: 2, DISABLED: 3 }),
});
export const wrap = (script: string): string =>
  `(function (exports, require, module, __filename, __dirname) { ${script}\n});`;
export const _debug = (): void => {};
export const _findPath = refuse("_findPath");
export const _initPaths = refuse("_initPaths");
export const _load = refuse("_load");
export const _nodeModulePaths = refuse("_nodeModulePaths");
export const _preloadModules = (): void => {};
export const _resolveFilename = refuse("_resolveFilename");
export const _resolveLookupPaths = refuse("_resolveLookupPaths");
export const enableCompileCache = (): object => ({ status: 3 });
export const findPackageJSON = refuse("findPackageJSON");
export const findSourceMap = (): undefined => undefined;
export const flushCompileCache = (): void => {};
export const getCompileCacheDir = (): undefined => undefined;
export const getSourceMapsSupport = (): object => ({ enabled: false, nodeModules: false, generatedCode: false });
export const register = refuse("register");
export const registerHooks = refuse("registerHooks");
export const runMain = refuse("runMain");
export const setSourceMapsSupport = (): void => {};
export const stripTypeScriptTypes = refuse("stripTypeScriptTypes");
export const syncBuiltinESMExports = (): void => {};

Object.assign(Module, {
  Module,
  SourceMap,
  _cache,
  _debug,
  _extensions,
  _findPath,
  _initPaths,
  _load,
  _nodeModulePaths,
  _pathCache,
  _preloadModules,
  _resolveFilename,
  _resolveLookupPaths,
  builtinModules,
  constants,
  createRequire,
  enableCompileCache,
  findPackageJSON,
  findSourceMap,
  flushCompileCache,
  getCompileCacheDir,
  getSourceMapsSupport,
  globalPaths,
  isBuiltin,
  register,
  registerHooks,
  runMain,
  setSourceMapsSupport,
  stripTypeScriptTypes,
  syncBuiltinESMExports,
  wrap,
});
export default Module;
