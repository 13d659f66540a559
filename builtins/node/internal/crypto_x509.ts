// X509Certificate and Certificate of node:crypto (Node.js docs, Crypto): what a certificate says, and for what it holds.

import { native, type NativeHandle } from "adit:internal";
import { Buffer } from "../buffer";
import {
  bytesOf,
  type Handle,
  handleOf,
  KeyObject,
  makeKeyObject,
  type Octets,
  type PublicKeyObject,
} from "./crypto_key";
import { invalidArgType, invalidArgValue } from "./errors";
import { validateBoolean, validateObject, validateOneOf, validateString } from "./validators";

type Any = any;
type CertificateHandle = NativeHandle<"Certificate">;
const B = Buffer as Any;

const ops = native<{
  node_x509_read(data: Uint8Array): CertificateHandle | undefined;
  node_x509_der(certificate: CertificateHandle): Octets;
  node_x509_pem(certificate: CertificateHandle): string;
  node_x509_fingerprint(certificate: CertificateHandle, digest: string): Octets;
  node_x509_name(certificate: CertificateHandle, isIssuer: boolean): string;
  node_x509_attributes(certificate: CertificateHandle, isIssuer: boolean): string[];
  node_x509_serial(certificate: CertificateHandle): string;
  node_x509_time(certificate: CertificateHandle, isEnd: boolean): string;
  node_x509_alternative_names(certificate: CertificateHandle): string[];
  node_x509_info_access(certificate: CertificateHandle): string[];
  node_x509_purposes(certificate: CertificateHandle): string[];
  node_x509_signature_algorithm(certificate: CertificateHandle, asNumber: boolean): string;
  node_x509_is_ca(certificate: CertificateHandle): boolean;
  node_x509_key(certificate: CertificateHandle): Handle;
  node_x509_check_host(certificate: CertificateHandle, host: string, flags: number): string | undefined;
  node_x509_check_email(certificate: CertificateHandle, address: string, flags: number): boolean;
  node_x509_check_address(certificate: CertificateHandle, address: string): boolean;
  node_x509_is_issued(certificate: CertificateHandle, issuer: CertificateHandle): boolean;
  node_x509_fits_key(certificate: CertificateHandle, key: Handle): boolean;
  node_x509_verify(certificate: CertificateHandle, key: Handle): boolean;
  node_spkac_verify(spkac: Uint8Array): boolean;
  node_spkac_key(spkac: Uint8Array): string;
  node_spkac_challenge(spkac: Uint8Array): string;
  node_key_bits(key: Handle): number;
}>();

/** A name that could be taken for more than one, or for none, is shown as a JSON string. */
function shownName(text: string): string {
  const colon = text.indexOf(":") + 1;
  const value = text.slice(colon);
  return /^[\x20-\x7e]*$/.test(value) && !/["\\,']/.test(value) ? text : text.slice(0, colon) + JSON.stringify(value);
}

const colons = (octets: Octets): string => B.from(octets).toString("hex").toUpperCase().match(/../g).join(":");

/** Names to values; a name that comes again has an array. */
function grouped(pairs: readonly string[]): Record<string, string | string[]> {
  const out: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i + 1 < pairs.length; i += 2) {
    const [name, value] = [pairs[i]!, pairs[i + 1]!];
    const before = out[name];
    out[name] = before === undefined ? value : Array.isArray(before) ? [...before, value] : [before, value];
  }
  return out;
}

// OpenSSL's X509_CHECK_FLAG_*.
const alwaysCheckSubject = 1;
const noWildcards = 2;
const noPartialWildcards = 4;
const multiLabelWildcards = 8;
const singleLabelSubdomains = 16;
const neverCheckSubject = 32;

function checkFlags(options: Any): number {
  if (options === undefined) return 0;
  validateObject(options, "options");
  const { subject = "default", wildcards = true, partialWildcards = true } = options as Any;
  const { multiLabelWildcards: multiLabel = false, singleLabelSubdomains: singleLabel = false } = options as Any;
  validateOneOf(subject, "options.subject", ["default", "always", "never"]);
  for (const [name, value] of Object.entries({ wildcards, partialWildcards, multiLabel, singleLabel }))
    validateBoolean(value, `options.${name}`);
  return (
    (subject === "always" ? alwaysCheckSubject : subject === "never" ? neverCheckSubject : 0) |
    (wildcards ? 0 : noWildcards) |
    (partialWildcards ? 0 : noPartialWildcards) |
    (multiLabel ? multiLabelWildcards : 0) |
    (singleLabel ? singleLabelSubdomains : 0)
  );
}

const curvesOfNist: Record<string, string> = { prime256v1: "P-256", secp384r1: "P-384", secp521r1: "P-521" };

/** What toLegacyObject() says of the key. */
function keyMembers(key: PublicKeyObject): object {
  const details = key.asymmetricKeyDetails as Any;
  if (key.asymmetricKeyType === "rsa") {
    const { n } = key.export({ format: "jwk" });
    return {
      modulus: B.from(n, "base64url").toString("hex").toUpperCase(),
      bits: details.modulusLength,
      exponent: `0x${details.publicExponent.toString(16)}`,
      pubkey: key.export({ format: "der", type: "spki" }),
    };
  }
  if (key.asymmetricKeyType !== "ec") return {};
  const curve = details.namedCurve as string;
  const { x, y } = curve in curvesOfNist ? key.export({ format: "jwk" }) : ({} as Any);
  return {
    bits: ops.node_key_bits(handleOf(key)),
    ...(x && { pubkey: B.concat([B.from([4]), B.from(x, "base64url"), B.from(y, "base64url")]) }),
    asn1Curve: curve,
    ...(curve in curvesOfNist && { nistCurve: curvesOfNist[curve] }),
  };
}

export class X509Certificate {
  readonly #handle: CertificateHandle;
  #publicKey: Any;

  constructor(buffer: Any) {
    if (typeof buffer !== "string" && !ArrayBuffer.isView(buffer))
      throw invalidArgType("buffer", ["string", "Buffer", "TypedArray", "DataView"], buffer);
    const bytes = bytesOf(buffer, "buffer");
    const handle = ops.node_x509_read(bytes);
    if (handle === undefined) throw invalidArgValue("buffer", B.from(bytes), "is not a valid certificate");
    this.#handle = handle;
  }
  get subject(): string | undefined {
    return ops.node_x509_name(this.#handle, false) || undefined;
  }
  get issuer(): string | undefined {
    return ops.node_x509_name(this.#handle, true) || undefined;
  }
  get subjectAltName(): string | undefined {
    return ops.node_x509_alternative_names(this.#handle).map(shownName).join(", ") || undefined;
  }
  get infoAccess(): string | undefined {
    const pairs = ops.node_x509_info_access(this.#handle);
    let text = "";
    for (let i = 0; i + 1 < pairs.length; i += 2) text += `${pairs[i]} - ${shownName(pairs[i + 1]!)}\n`;
    return text || undefined;
  }
  /** A certificate that came alone has no issuer's certificate beside it. */
  get issuerCertificate(): undefined {
    void this.#handle;
    return undefined;
  }
  /** The purposes of the extended key usage: Node's name for it. */
  get keyUsage(): string[] | undefined {
    const purposes = ops.node_x509_purposes(this.#handle);
    return purposes.length === 0 ? undefined : purposes;
  }
  get extKeyUsage(): string[] | undefined {
    return this.keyUsage;
  }
  get validFrom(): string {
    return ops.node_x509_time(this.#handle, false);
  }
  get validTo(): string {
    return ops.node_x509_time(this.#handle, true);
  }
  get validFromDate(): Date {
    return new Date(this.validFrom);
  }
  get validToDate(): Date {
    return new Date(this.validTo);
  }
  get fingerprint(): string {
    return colons(ops.node_x509_fingerprint(this.#handle, "sha1"));
  }
  get fingerprint256(): string {
    return colons(ops.node_x509_fingerprint(this.#handle, "sha256"));
  }
  get fingerprint512(): string {
    return colons(ops.node_x509_fingerprint(this.#handle, "sha512"));
  }
  get serialNumber(): string {
    return ops.node_x509_serial(this.#handle);
  }
  get signatureAlgorithm(): string {
    return ops.node_x509_signature_algorithm(this.#handle, false);
  }
  get signatureAlgorithmOid(): string {
    return ops.node_x509_signature_algorithm(this.#handle, true);
  }
  get ca(): boolean {
    return ops.node_x509_is_ca(this.#handle);
  }
  get raw(): Any {
    return B.from(ops.node_x509_der(this.#handle));
  }
  get publicKey(): Any {
    return (this.#publicKey ??= makeKeyObject("public", ops.node_x509_key(this.#handle)));
  }
  checkHost(name: Any, options?: Any): string | undefined {
    validateString(name, "name");
    return ops.node_x509_check_host(this.#handle, name, checkFlags(options));
  }
  checkEmail(email: Any, options?: Any): string | undefined {
    validateString(email, "email");
    return ops.node_x509_check_email(this.#handle, email, checkFlags(options)) ? email : undefined;
  }
  checkIP(address: Any, options?: Any): string | undefined {
    validateString(address, "ip");
    checkFlags(options);
    return ops.node_x509_check_address(this.#handle, address) ? address : undefined;
  }
  checkIssued(other: Any): boolean {
    if (typeof other !== "object" || other === null || !(#handle in other))
      throw invalidArgType("otherCert", "X509Certificate", other);
    return ops.node_x509_is_issued(this.#handle, (other as this).#handle);
  }
  checkPrivateKey(key: Any): boolean {
    if (!(key instanceof KeyObject)) throw invalidArgType("pkey", "KeyObject", key);
    if (key.type !== "private") throw invalidArgValue("pkey", key);
    return ops.node_x509_fits_key(this.#handle, handleOf(key));
  }
  /** Whether this key signed the certificate; nothing else is checked. */
  verify(key: Any): boolean {
    if (!(key instanceof KeyObject)) throw invalidArgType("pkey", "KeyObject", key);
    if (key.type !== "public") throw invalidArgValue("pkey", key);
    return ops.node_x509_verify(this.#handle, handleOf(key));
  }
  toString(): string {
    return ops.node_x509_pem(this.#handle);
  }
  toJSON(): string {
    return this.toString();
  }
  toLegacyObject(): object {
    const pairs = ops.node_x509_info_access(this.#handle);
    const access: string[] = [];
    for (let i = 0; i + 1 < pairs.length; i += 2) {
      const [kind, ...location] = pairs[i + 1]!.split(":");
      access.push(`${pairs[i]} - ${kind}`, location.join(":"));
    }
    return {
      subject: grouped(ops.node_x509_attributes(this.#handle, false)),
      issuer: grouped(ops.node_x509_attributes(this.#handle, true)),
      ...(this.subjectAltName !== undefined && { subjectaltname: this.subjectAltName }),
      ...(access.length > 0 && {
        infoAccess: Object.fromEntries(
          Object.entries(grouped(access)).map(([name, value]) => [name, Array.isArray(value) ? value : [value]]),
        ),
      }),
      ca: this.ca,
      ...keyMembers(this.publicKey),
      valid_from: this.validFrom,
      valid_to: this.validTo,
      fingerprint: this.fingerprint,
      fingerprint256: this.fingerprint256,
      fingerprint512: this.fingerprint512,
      ...(this.keyUsage && { ext_key_usage: this.keyUsage }),
      serialNumber: this.serialNumber,
      raw: this.raw,
    };
  }
}

/** A signed public key and challenge (SPKAC). */
const spkacMethods = {
  verifySpkac: (spkac: Any, encoding?: string): boolean => ops.node_spkac_verify(bytesOf(spkac, "spkac", encoding)),
  exportPublicKey: (spkac: Any, encoding?: string): Any =>
    B.from(ops.node_spkac_key(bytesOf(spkac, "spkac", encoding))),
  exportChallenge: (spkac: Any, encoding?: string): Any =>
    B.from(ops.node_spkac_challenge(bytesOf(spkac, "spkac", encoding))),
};
export function Certificate(this: Any): Any {
  if (!(this instanceof (Certificate as Any))) return new (Certificate as Any)();
  return undefined;
}
Object.assign(Certificate, spkacMethods);
Object.assign(Certificate.prototype, spkacMethods);
