// Compatibility flags (Workers docs, Configuration, Compatibility flags): what a worker's date and flags change in the web platform. The
// table of names and dates is src/worker/config/compatibility.cc; here is what each does. Runs once, before any of the worker's code.
// Classes are built as they are at the newest dates; an older date takes away or puts back.
import { enabledFlags } from "./env";
import { bodyCompatibility } from "./web/body";
import { lenientDecompression } from "./web/compression";
import { eventCompatibility } from "./web/events";
import { fetchCompatibility } from "./web/fetch";
import { Headers } from "./web/headers";
import { voidElements } from "./web/html/vocabulary";
import { Navigator } from "./web/navigator";
import { installPerformanceTimeline } from "./web/performance_timeline";
import { Request, requestCompatibility } from "./web/request";
import { responseCompatibility } from "./web/response";
import { URLSearchParams } from "./web/url_search_params";
import { websocketCompatibility } from "./web/websocket";

const globals = globalThis as unknown as Record<string, unknown>;

function removeGlobals(...names: string[]): void {
  for (const name of names) delete globals[name];
}

function importScripts(): never {
  throw new Error("importScripts() is not implemented in Workers.");
}

type Search = (this: URLSearchParams, name: string, value?: string) => unknown;

/** Before urlsearchparams_delete_has_value_arg, delete() and has() take a name alone. */
function dropValueArguments(): void {
  const prototype = URLSearchParams.prototype as unknown as Record<string, Search>;
  for (const name of ["delete", "has"]) {
    const original = prototype[name]!;
    const method = {
      [name](this: URLSearchParams, key: string): unknown {
        return original.apply(this, arguments.length === 0 ? ([] as unknown as [string]) : [key]);
      },
    }[name]!;
    Object.defineProperty(prototype, name, { value: method, writable: true, enumerable: true, configurable: true });
  }
}

function removeToStringTags(): void {
  for (const name of Object.getOwnPropertyNames(globalThis)) {
    if (!/^[A-Z]/.test(name)) continue;
    const { prototype } = (globals[name] ?? {}) as { prototype?: object };
    // Those that the platform defined; the language's own are not writable in this way.
    if (prototype !== undefined && Object.hasOwn(prototype, Symbol.toStringTag) && !isLanguage(name))
      delete (prototype as { [Symbol.toStringTag]?: string })[Symbol.toStringTag];
  }
}

function isLanguage(name: string): boolean {
  return /^(Map|Set|WeakMap|WeakSet|WeakRef|Promise|ArrayBuffer|SharedArrayBuffer|DataView|BigInt|Symbol|Iterator|Generator\w*|FinalizationRegistry|DisposableStack|AsyncDisposableStack|\w+Array)$/.test(
    name,
  );
}

/** What each flag does when it is off. */
const whenOff: Record<string, () => void> = {
  global_navigator: () => removeGlobals("navigator"),
  enable_navigator_language: () => {
    for (const name of ["language", "languages"])
      delete (Navigator.prototype as unknown as Record<string, unknown>)[name];
  },
  http_headers_getsetcookie: () => {
    delete (Headers.prototype as { getSetCookie?: unknown }).getSetCookie;
  },
  urlsearchparams_delete_has_value_arg: dropValueArguments,
  expose_global_message_channel: () => removeGlobals("MessageChannel", "MessagePort"),
  enable_weak_ref: () => removeGlobals("WeakRef", "FinalizationRegistry"),
  enable_global_performance_classes: () => removeGlobals("Performance"),
  cache_option_enabled: () => {
    requestCompatibility.hasCache = false;
    delete (Request.prototype as { cache?: unknown }).cache;
  },
  cache_no_cache_enabled: () => {
    requestCompatibility.hasNoCache = false;
  },
  upper_case_all_http_methods: () => {
    requestCompatibility.upperCasesAllMethods = false;
  },
  strip_bom_in_read_all_text: () => {
    bodyCompatibility.stripsByteOrderMark = false;
  },
  blob_standard_mime_type: () => {
    bodyCompatibility.normalizesBlobType = false;
  },
  formdata_parser_supports_files: () => {
    bodyCompatibility.parsesFiles = false;
  },
  fetch_iterable_type_support: () => {
    bodyCompatibility.takesIterables = false;
  },
  no_global_importscripts: () =>
    void Object.defineProperty(globalThis, "importScripts", {
      value: importScripts,
      writable: true,
      enumerable: true,
      configurable: true,
    }),
  set_tostring_tag: removeToStringTags,
  set_event_target_this: () => {
    eventCompatibility.callsWithTarget = false;
  },
  response_redirect_url_standard: () => {
    responseCompatibility.normalizesRedirects = false;
  },
  strict_compression_checks: lenientDecompression,
  strip_authorization_on_cross_origin_redirect: () => {
    fetchCompatibility.stripsAuthorization = false;
  },
  websocket_close_reason_byte_limit: () => {
    websocketCompatibility.limitsCloseReason = false;
  },
};

/** What each flag that no date turns on does. */
const whenOn: Record<string, () => void> = {
  enable_global_performance_classes: installPerformanceTimeline,
  html_rewriter_treats_esi_include_as_void_tag: () => void voidElements.add("esi:include"),
};

export function applyCompatibility(): void {
  for (const name in whenOff) if (enabledFlags[name] === false) whenOff[name]!();
  for (const name in whenOn) if (enabledFlags[name] === true) whenOn[name]!();
}
