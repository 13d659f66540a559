// node:tls: outgoing TLS connections over cloudflare:sockets, which checks certificates against the platform's roots and takes no others.

import { nodeError } from "./internal/errors";
import { isIP } from "./internal/ip";
import { normalizeConnectArguments, Socket } from "./internal/socket";

type Any = any;

export function TLSSocket(this: Any, socket: Any, options: Any = {}): Any {
  if (!new.target) return new (TLSSocket as Any)(socket, options);
  Socket.call(this, { ...options, handle: undefined });
  this.encrypted = true;
  this.authorized = false;
  this.authorizationError = null;
  this.alpnProtocol = false;
  this.servername = options.servername ?? null;
  this._secureTransport = "on";
  this._wrapped = socket;
  return undefined;
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype);
Object.setPrototypeOf(TLSSocket, Socket);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  _onOpened() {
    this.authorized = true;
    this.secureConnecting = false;
    this._refreshTimer();
    this.emit("connect");
    this.emit("ready");
    this.emit("secureConnect");
    this.read(0);
  },
  /** Goes on in TLS over a connection that is there. */
  _upgrade() {
    const plain = this._wrapped;
    const start = (): void => {
      const web = plain._socket;
      if (web === undefined) {
        this.destroy(nodeError(Error, "ERR_SOCKET_CLOSED", "Socket is closed"));
        return;
      }
      // The plain socket gives up its streams: what comes now is the handshake.
      plain._reader?.releaseLock();
      plain._writer?.releaseLock();
      plain._reader = plain._writer = plain._socket = undefined;
      this._host = plain._host;
      this._port = plain._port;
      this._adopt(web.startTls(this.servername ? { expectedServerHostname: this.servername } : undefined));
    };
    this.connecting = true;
    if (plain.connecting) plain.once("connect", start);
    else start();
    plain.on("error", (error: unknown) => this.destroy(error));
    this.once("close", () => plain.destroy());
  },
  getPeerCertificate() {
    return {};
  },
  getPeerX509Certificate() {
    return undefined;
  },
  getCertificate() {
    return {};
  },
  getX509Certificate() {
    return undefined;
  },
  getCipher() {
    return {};
  },
  getProtocol() {
    return this.connecting ? null : "TLSv1.3";
  },
  getSession() {
    return undefined;
  },
  getTLSTicket() {
    return undefined;
  },
  getEphemeralKeyInfo() {
    return {};
  },
  getFinished() {
    return undefined;
  },
  getPeerFinished() {
    return undefined;
  },
  getSharedSigalgs() {
    return [];
  },
  isSessionReused() {
    return false;
  },
  setServername(name: string) {
    this.servername = name;
  },
  setSession() {},
  setMaxSendFragment() {
    return false;
  },
  disableRenegotiation() {},
  enableTrace() {},
  exportKeyingMaterial() {
    throw nodeError(
      Error,
      "ERR_METHOD_NOT_IMPLEMENTED",
      "The tls.TLSSocket.exportKeyingMaterial method is not implemented",
    );
  },
  renegotiate(_options: Any, callback?: Any) {
    const error = nodeError(
      Error,
      "ERR_METHOD_NOT_IMPLEMENTED",
      "The tls.TLSSocket.renegotiate method is not implemented",
    );
    if (callback) timersNextTick(() => callback(error));
    return false;
  },
};
const timersNextTick = (fn: () => void): void => (globalThis as Any).process.nextTick(fn);
Object.assign(TLSSocket.prototype, methods);

export function connect(...args: Any[]): Any {
  const [given, callback] = normalizeConnectArguments(args);
  // (port, host, options, callback) is a form too.
  const extra = args.find((arg, index) => index > 0 && typeof arg === "object" && arg !== null);
  const options = { ...extra, ...given };
  if (options.rejectUnauthorized === false)
    throw nodeError(
      Error,
      "ERR_OPTION_NOT_IMPLEMENTED",
      "The rejectUnauthorized option is not implemented: certificates are always checked",
    );
  const host = options.host ?? options.socket?._host ?? "localhost";
  const servername = options.servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = new (TLSSocket as Any)(options.socket, { ...options, servername });
  if (callback !== null) socket.once("secureConnect", callback);
  if (options.socket) socket._upgrade();
  else socket.connect({ port: options.port, host, timeout: options.timeout });
  return socket;
}

export class SecureContext {
  context: object = {};
}
export const createSecureContext = (_options?: Any): SecureContext => new SecureContext();
const noServer = (): never => {
  throw nodeError(
    Error,
    "ERR_METHOD_NOT_IMPLEMENTED",
    "A worker cannot listen: the tls.Server class is not implemented",
  );
};
export const Server: Any = function Server() {
  noServer();
};
export const createServer = (): Any => noServer();
export const createSecurePair = (): Any => noServer();

/** RFC 6125: whether a certificate is for this host. */
export function checkServerIdentity(hostname: string, certificate: Any): Error | undefined {
  const names = String(certificate.subjectaltname ?? "")
    .split(/,\s*/)
    .filter((name) => name.startsWith("DNS:"))
    .map((name) => name.slice(4));
  if (names.length === 0 && certificate.subject?.CN) names.push(certificate.subject.CN);
  const host = hostname.toLowerCase();
  const matches = names.some((name) => {
    const pattern = name.toLowerCase();
    if (!pattern.startsWith("*.")) return pattern === host;
    return host.indexOf(".") > 0 && host.slice(host.indexOf(".")) === pattern.slice(1);
  });
  if (matches) return undefined;
  const reason = `Host: ${hostname}. is not in the cert's altnames: ${certificate.subjectaltname ?? ""}`;
  return Object.assign(
    nodeError(Error, "ERR_TLS_CERT_ALTNAME_INVALID", `Hostname/IP does not match certificate's altnames: ${reason}`),
    {
      reason,
      host: hostname,
      cert: certificate,
    },
  );
}
export function convertALPNProtocols(protocols: Any, out: Any): void {
  const B = (globalThis as Any).Buffer;
  if (Array.isArray(protocols))
    out.ALPNProtocols = B.concat(protocols.flatMap((name: string) => [B.from([name.length]), B.from(name)]));
  else if (ArrayBuffer.isView(protocols)) out.ALPNProtocols = B.from(protocols as Any);
}
export const CLIENT_RENEG_LIMIT = 3;
export const CLIENT_RENEG_WINDOW = 600;
export const DEFAULT_CIPHERS = "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
export const DEFAULT_ECDH_CURVE = "auto";
export const DEFAULT_MAX_VERSION = "TLSv1.3";
export const DEFAULT_MIN_VERSION = "TLSv1.2";
export const rootCertificates: readonly string[] = Object.freeze([]);
export const getCiphers = (): string[] => [
  "tls_aes_128_gcm_sha256",
  "tls_aes_256_gcm_sha384",
  "tls_chacha20_poly1305_sha256",
];

export default {
  CLIENT_RENEG_LIMIT,
  CLIENT_RENEG_WINDOW,
  DEFAULT_CIPHERS,
  DEFAULT_ECDH_CURVE,
  DEFAULT_MAX_VERSION,
  DEFAULT_MIN_VERSION,
  SecureContext,
  Server,
  TLSSocket,
  checkServerIdentity,
  connect,
  convertALPNProtocols,
  createSecureContext,
  createSecurePair,
  createServer,
  getCiphers,
  rootCertificates,
};
