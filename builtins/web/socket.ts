// cloudflare:sockets, https://developers.cloudflare.com/workers/runtime-apis/tcp-sockets/: outbound TCP connections, with TLS from the start or
// later. The octets are native both ways (src/web/socket.h): a socket's readable may be a body without entering JavaScript.
// Invariant: opened and closed settle once; a socket that was upgraded is over.

import { native, type NativeHandle } from "../native";
import { streamFromSource, type ReadableStream, type Source, WritableStream } from "./streams";
import { markPlatformClasses } from "./structured_clone";
import { countSubrequest } from "./subrequests";
import { URL } from "./url";
import { defineInterface, isDictionary, missingArgument, toDOMString } from "./webidl";

type SocketHandle = NativeHandle<"socket">;
export type TlsSettings = NativeHandle<"TlsSettings">;

/** What node:tls asks of a connection over TLS, once it is open. */
export interface TlsPeer {
  readonly version: string;
  readonly cipher: string;
  readonly standardCipher: string;
  readonly protocol: string;
  readonly problem: string;
  readonly certificate: Uint8Array;
}

const ops = native<{
  socket_connect(host: string, port: number, isTls: boolean, allowsHalfOpen: boolean): SocketHandle;
  socket_start_tls(socket: SocketHandle, host: string, settings: TlsSettings | undefined): SocketHandle;
  socket_tls_peer(socket: SocketHandle): string[];
  socket_tls_certificate(socket: SocketHandle): Uint8Array;
  socket_source(socket: SocketHandle): Source;
  socket_opened(socket: SocketHandle): Promise<void>;
  socket_closed(socket: SocketHandle): Promise<void>;
  socket_write(socket: SocketHandle, data: Uint8Array): Promise<void>;
  socket_end(socket: SocketHandle): void;
  socket_close(socket: SocketHandle): void;
}>();

type SecureTransport = "on" | "off" | "starttls";

interface Address {
  readonly hostname: string;
  readonly port: number;
}

interface Options {
  readonly secureTransport: SecureTransport;
  readonly allowHalfOpen: boolean;
  readonly highWaterMark: number;
}

interface SocketInfo {
  remoteAddress: string | undefined;
  localAddress: string | undefined;
}

const internal: unique symbol = Symbol("internal");

function toInteger(value: unknown, limit: number | undefined, type: string): number {
  const number = Number(value);
  if (!Number.isFinite(number)) throw new TypeError("The value cannot be converted because it is not an integer.");
  const integer = Math.trunc(number);
  if (integer < 0)
    throw new TypeError(
      `The value cannot be converted because it is negative and this API expects a positive ${type}.`,
    );
  if (limit !== undefined && integer > limit)
    throw new TypeError(`Value out of range. Must be less than or equal to ${limit}.`);
  return integer;
}

/** "host:port", as the authority of a URL has it. */
function parseAddress(text: string): Address {
  const parsed = URL.parse(`tcp://${text}`);
  if (parsed === null) throw new TypeError("Specified address could not be parsed.");
  const { hostname, port } = parsed;
  if (hostname === "") throw new TypeError("Specified address is missing hostname.");
  if (port === "") throw new TypeError("Specified address is missing port.");
  if (!/^[\w.:[\]-]{1,253}$/.test(text))
    throw new TypeError("Specified address is empty string, contains unsupported characters or is too long.");
  return { hostname: hostname.startsWith("[") ? hostname.slice(1, -1) : hostname, port: Number(port) };
}

export function toAddress(address: unknown): Address {
  if (address === null || address === undefined)
    throw new TypeError("Failed to execute 'connect': parameter 1 is not of type 'SocketAddress or string'.");
  if (typeof address !== "object") return parseAddress(toDOMString(address));
  const { hostname, port } = address as { hostname?: unknown; port?: unknown };
  const host = toDOMString(hostname);
  return { hostname: host.startsWith("[") ? host.slice(1, -1) : host, port: toInteger(port, 65535, "number") };
}

function toOptions(options: unknown): Options {
  if (!isDictionary(options) || options === null) missingArgument("connect", "SocketsModule", 2, "SocketOptions");
  const secureTransport = options?.secureTransport === undefined ? "off" : toDOMString(options.secureTransport);
  if (secureTransport !== "on" && secureTransport !== "off" && secureTransport !== "starttls")
    throw new TypeError(`Unsupported value in secureTransport socket option: ${secureTransport}`);
  const highWaterMark = options?.highWaterMark;
  return {
    secureTransport,
    allowHalfOpen: Boolean(options?.allowHalfOpen),
    highWaterMark: highWaterMark === undefined ? 1 : toInteger(highWaterMark, undefined, "bigint"),
  };
}

function octetsOf(chunk: unknown): Uint8Array {
  if (chunk instanceof ArrayBuffer) return new Uint8Array(chunk);
  if (ArrayBuffer.isView(chunk)) return new Uint8Array(chunk.buffer, chunk.byteOffset, chunk.byteLength);
  throw new TypeError(
    typeof chunk === "string"
      ? "This TransformStream is being used as a byte stream, but received a string on its writable side. If you wish to write a string, you'll probably want to explicitly UTF-8-encode it with TextEncoder."
      : "This TransformStream is being used as a byte stream, but received an object of non-ArrayBuffer/ArrayBufferView type on its writable side.",
  );
}

function writableOf(socket: SocketHandle, highWaterMark: number): WritableStream {
  return new WritableStream(
    {
      write: (chunk: unknown) => ops.socket_write(socket, octetsOf(chunk)),
      close: () => ops.socket_end(socket),
      abort: () => ops.socket_end(socket),
    },
    { highWaterMark },
  );
}

const quiet = <T>(promise: Promise<T>): Promise<T> => {
  promise.catch(() => {});
  return promise;
};

/** startTls() with settings of node:tls. */
export let startTlsWith: (socket: Socket, host: string | undefined, settings: TlsSettings) => Socket;
export let tlsPeer: (socket: Socket) => TlsPeer;

class Socket {
  readonly #handle: SocketHandle;
  readonly #address: Address;
  readonly #options: Options;
  readonly #readable: ReadableStream;
  readonly #writable: WritableStream;
  readonly #opened: Promise<SocketInfo>;
  readonly #closed: Promise<void>;
  #isUpgraded = false;

  static {
    startTlsWith = (socket, host, settings) => socket.#startTls(host, settings);
    tlsPeer = (socket) => {
      const [version = "", cipher = "", standardCipher = "", protocol = "", problem = ""] = ops.socket_tls_peer(
        socket.#handle,
      );
      const certificate = ops.socket_tls_certificate(socket.#handle);
      return { version, cipher, standardCipher, protocol, problem, certificate };
    };
  }

  constructor(token: typeof internal, handle: SocketHandle, address: Address, options: Options) {
    if (token !== internal) throw new TypeError("Illegal constructor");
    this.#handle = handle;
    this.#address = address;
    this.#options = options;
    this.#readable = streamFromSource(ops.socket_source(handle));
    this.#writable = writableOf(handle, options.highWaterMark);
    const { hostname, port } = address;
    const remoteAddress = hostname.includes(":") ? `[${hostname}]:${port}` : `${hostname}:${port}`;
    this.#opened = quiet(ops.socket_opened(handle).then(() => ({ remoteAddress, localAddress: undefined })));
    this.#closed = quiet(ops.socket_closed(handle));
  }

  get readable(): ReadableStream {
    return this.#readable;
  }

  get writable(): WritableStream {
    return this.#writable;
  }

  get closed(): Promise<void> {
    return this.#closed;
  }

  get opened(): Promise<SocketInfo> {
    return this.#opened;
  }

  get upgraded(): boolean {
    return this.#isUpgraded;
  }

  get secureTransport(): SecureTransport {
    return this.#options.secureTransport;
  }

  /** Both directions end now; what was not sent yet is lost. */
  close(): Promise<void> {
    try {
      ops.socket_close(this.#handle);
      return this.#closed.then(() => undefined);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** The same connection over TLS, as another socket. */
  startTls(options: { expectedServerHostname?: string } | undefined = undefined): Socket {
    if (!isDictionary(options)) missingArgument("startTls", "Socket", 1, "TlsOptions");
    const host = options?.expectedServerHostname;
    return this.#startTls(host === undefined ? undefined : toDOMString(host), undefined);
  }

  #startTls(host: string | undefined, settings: TlsSettings | undefined): Socket {
    const { secureTransport } = this.#options;
    if (secureTransport === "on") throw new TypeError("Cannot startTls on a TLS socket.");
    if (secureTransport !== "starttls")
      throw new TypeError("The `secureTransport` socket option must be set to 'starttls' for startTls to be used.");
    if (this.#isUpgraded) throw new TypeError("startTls can only be called once.");
    const handle = ops.socket_start_tls(this.#handle, host ?? this.#address.hostname, settings);
    this.#isUpgraded = true;
    return new Socket(internal, handle, this.#address, { ...this.#options, secureTransport: "on" });
  }
}
defineInterface(Socket, "Socket");
markPlatformClasses([Socket]);

export function connect(address: unknown = undefined, options: unknown = undefined): Socket {
  const target = toAddress(address);
  const wanted = toOptions(options);
  countSubrequest();
  const handle = ops.socket_connect(
    target.hostname,
    target.port,
    wanted.secureTransport === "on",
    wanted.allowHalfOpen,
  );
  return new Socket(internal, handle, target, wanted);
}

export type { Socket };
