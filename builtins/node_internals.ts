// What the modules of builtins/node take from the snapshot, as the exports of adit:internal: the platform's classes must be the same ones that
// the worker sees, not copies.

export { env } from "./env";
export { native, type NativeHandle } from "./native";
export { populatesProcessEnv } from "./node_compat";
export { currentInvocation } from "./workers_module";
export { AbortController, AbortSignal } from "./web/abort";
export { Blob } from "./web/blob";
export { console } from "./web/console";
export { crypto } from "./web/crypto";
export { isCryptoKey, keyRecord } from "./web/crypto_key";
export { importKeyNow } from "./web/crypto_subtle";
export { TextDecoder, TextEncoder } from "./web/encoding";
export { Event, EventTarget } from "./web/events";
export { fetch } from "./web/fetch";
export { File } from "./web/file";
export { Headers } from "./web/headers";
export { Performance, performance } from "./web/performance";
export { addTimeline, timelineClasses } from "./web/performance_timeline";
export { reportException } from "./web/report_error";
export { Request } from "./web/request";
export { Response } from "./web/response";
export { startTlsWith, tlsPeer, type TlsSettings } from "./web/socket";
export { clearInterval, clearTimeout, queueMicrotask, setInterval, setTimeout } from "./web/timers";
export { URL } from "./web/url";
export { URLSearchParams } from "./web/url_search_params";
export * as webStreams from "./web/streams/interfaces";
