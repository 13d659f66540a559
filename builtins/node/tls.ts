// node:tls: outgoing TLS connections over cloudflare:sockets. Certificates are checked against the platform's authorities or those of `ca`.

import { native, startTlsWith, TextDecoder, tlsPeer, type TlsSettings } from "adit:internal";
import { X509Certificate } from "./internal/crypto_x509";
import { invalidArgType, nodeError } from "./internal/errors";
import { isIP } from "./internal/ip";
import { normalizeConnectArguments, Socket, tlsError } from "./internal/socket";

type Any = any;

const ops = native<{
  tls_settings(
    authorities: string,
    certificate: string,
    key: string,
    passphrase: string,
    checksCertificate: boolean,
    checksHost: boolean,
    protocols: Uint8Array,
  ): TlsSettings;
}>();
const timersNextTick = (fn: () => void): void => (globalThis as Any).process.nextTick(fn);

/** PEM, as text or octets, one or several. */
function pemOf(value: Any, name: string): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map((each) => pemOf(each?.pem ?? each, name)).join("\n");
  if (typeof value === "string") return value;
  if (ArrayBuffer.isView(value) || value instanceof ArrayBuffer) return new TextDecoder().decode(value);
  throw invalidArgType(name, ["string", "Buffer", "TypedArray", "DataView"], value);
}

function settingsOf(options: Any): TlsSettings {
  if (options.pfx !== undefined)
    throw nodeError(Error, "ERR_OPTION_NOT_IMPLEMENTED", "The options.pfx option is not implemented");
  const { ca, cert, key, passphrase } = { ...options, ...options.secureContext?.context };
  const alpn: Any = {};
  if (options.ALPNProtocols !== undefined) convertALPNProtocols(options.ALPNProtocols, alpn);
  return ops.tls_settings(
    pemOf(ca, "options.ca"),
    pemOf(cert, "options.cert"),
    pemOf(key, "options.key"),
    passphrase ?? options.key?.[0]?.passphrase ?? "",
    options.rejectUnauthorized !== false,
    options.checkServerIdentity === undefined,
    alpn.ALPNProtocols ?? new Uint8Array(0),
  );
}

export function TLSSocket(this: Any, socket: Any, options: Any = {}): Any {
  if (!(this instanceof (TLSSocket as Any))) return new (TLSSocket as Any)(socket, options);
  Socket.call(this, { allowHalfOpen: options.allowHalfOpen });
  this.encrypted = true;
  this.authorized = false;
  this.authorizationError = null;
  this.alpnProtocol = false;
  this.servername = options.servername ?? null;
  this._tlsOptions = options;
  this._settings = settingsOf(options);
  this._wrapped = socket;
  return undefined;
}
Object.setPrototypeOf(TLSSocket.prototype, Socket.prototype);
Object.setPrototypeOf(TLSSocket, Socket);

const methods: Record<string, (this: Any, ...args: Any[]) => Any> = {
  _secured(web: Any) {
    this.secureConnecting = true;
    return (this._web = startTlsWith(web, this.servername || undefined, this._settings));
  },
  _onOpened() {
    this.secureConnecting = false;
    this._peer = tlsPeer(this._web);
    const { protocol, problem } = this._peer;
    this.alpnProtocol = protocol || false;
    this.authorized = problem === "";
    if (problem !== "") this.authorizationError = tlsError(problem).code;
    const refusal = this._checkIdentity();
    if (refusal !== undefined) {
      this.authorized = false;
      this.authorizationError = refusal.code ?? refusal.message;
      if (this._tlsOptions.rejectUnauthorized !== false) {
        this.destroy(refusal);
        return;
      }
    }
    this._refreshTimer();
    this.emit("connect");
    this.emit("ready");
    this.emit("secureConnect");
    this.read(0);
  },
  /** What the worker's own checkServerIdentity says; the platform has checked otherwise. */
  _checkIdentity() {
    const check = this._tlsOptions.checkServerIdentity;
    if (check === undefined) return undefined;
    return check(this.servername ?? this._host, this.getPeerCertificate(true));
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
      this._adopt(this._secured(web));
    };
    this.connecting = true;
    if (plain.connecting) plain.once("connect", start);
    else start();
    plain.on("error", (error: unknown) => this.destroy(error));
    this.once("close", () => plain.destroy());
  },
  getPeerCertificate() {
    return this.getPeerX509Certificate()?.toLegacyObject() ?? {};
  },
  getPeerX509Certificate() {
    const der = this._peer?.certificate;
    return der === undefined || der.length === 0 ? undefined : new X509Certificate(der);
  },
  getCertificate() {
    return this.getX509Certificate()?.toLegacyObject() ?? {};
  },
  getX509Certificate() {
    const own = pemOf(this._tlsOptions.cert, "options.cert");
    return own === "" ? undefined : new X509Certificate(own);
  },
  getCipher() {
    if (this._peer === undefined) return undefined;
    return { name: this._peer.cipher, standardName: this._peer.standardCipher, version: this._peer.version };
  },
  getProtocol() {
    return this._peer?.version ?? null;
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
Object.assign(TLSSocket.prototype, methods);

export function connect(...args: Any[]): Any {
  const [given, callback] = normalizeConnectArguments(args);
  // (port, host, options, callback) is a form too.
  const extra = args.find((arg, index) => index > 0 && typeof arg === "object" && arg !== null);
  const options = { ...extra, ...given };
  if (options.secureContext !== undefined && !(options.secureContext instanceof SecureContext))
    throw nodeError(TypeError, "ERR_TLS_INVALID_CONTEXT", "context must be a SecureContext");
  const host = options.host ?? options.socket?._host ?? "localhost";
  const servername = options.servername ?? (isIP(host) === 0 ? host : undefined);
  const socket = new (TLSSocket as Any)(options.socket, { ...options, servername });
  if (callback !== null) socket.once("secureConnect", callback);
  if (options.socket) socket._upgrade();
  else socket.connect({ port: options.port, host, timeout: options.timeout });
  return socket;
}

/** Authorities, certificate and key for connections to come. */
export class SecureContext {
  readonly context: Any;
  constructor(options: Any = {}) {
    const { ca, cert, key, passphrase } = options;
    this.context = { ca, cert, key, passphrase };
  }
}
export const createSecureContext = (options?: Any): SecureContext => new SecureContext(options);
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
