// Fetch § 5.3, the Body mixin; on Workers it is a class that Request and Response inherit from. A body stays what it was made of (text,
// octets, a native source) until a worker asks for its stream: most bodies never become one.
// Invariant: #data is what #kind says; after #used the data is gone, except that a stream knows itself whether it is disturbed.
import { native } from "../native";
import { Blob, blobBytes, blobOfBytes, isBlob } from "./blob";
import { type FormData, type FormDataValue, formDataEntries, formDataOf, isFormData } from "./form_data";
import { parseMimeType, serializeMimeType } from "./mime";
import { parseMultipart, serializeMultipart } from "./multipart";
import { bytesOfBufferSource, isBufferSource, octetsOf, textOf, textWithBomOf } from "./octets";
import {
  ReadableStream,
  type Source,
  isDisturbed,
  isLocked,
  isReadableStream,
  readAllBytes,
  sourceOf,
  streamFromBytes,
  streamFromSource,
} from "./streams";
import { URLSearchParams, parseUrlencoded } from "./url_search_params";
import { defineInterface, toUSVString } from "./webidl";

const ops = native<{
  source_read_all(source: Source): Uint8Array | Promise<Uint8Array>;
  source_tee(source: Source): [Source, Source];
  random_uuid(): string;
}>();

const enum Kind {
  none,
  text,
  /** Octets that belong to this body alone. */
  bytes,
  /** Octets that a blob or a clone has too: handed out as copies. */
  shared,
  source,
  stream,
}

const USED = "Body has already been used. It can only be used once. Use tee() first if you need to read it twice.";
const LOCKED = "This ReadableStream is currently locked to a reader.";
const DISTURBED = "This ReadableStream is disturbed (has already been read from), and cannot be used as a body.";
const TEXT_PLAIN = "text/plain;charset=UTF-8";

/** What compatibility flags decide. */
export const bodyCompatibility = {
  stripsByteOrderMark: true,
  normalizesBlobType: true,
  parsesFiles: true,
  takesIterables: true,
};

/** What a body becomes on its way out: C++ encodes text, and reads sources by itself. */
export type OutboundBody = null | string | Uint8Array | Source;

/** § 5.3 extract a body, into an object that has none. Returns the content type that the body implies. */
export let setBody: (body: Body, value: unknown) => string | undefined;
export let setBodySource: (body: Body, source: Source) => void;
export let dropBody: (body: Body) => void;
export let hasBody: (body: Body) => boolean;
/** Whether the body can be given to something else; throws a TypeError when not. */
export let requireUnusedBody: (body: Body) => void;
/** Clones the body (§ 2.2.4) of one object into another that has none. */
export let cloneBody: (from: Body, to: Body) => void;
/** Hands the body of one object to another that has none; the first one's is used from then on. */
export let moveBody: (from: Body, to: Body) => void;
/** Takes the body for sending. Throws a TypeError when it is used or locked. */
export let takeBody: (body: Body) => OutboundBody;
/** Whether the body is in memory and has no octets. */
export let isEmptyBody: (body: Body) => boolean;

/** Request and Response say here what their content-type header is; undefined: not an object of theirs. */
export const contentTypeReaders: ((body: Body) => string | null | undefined)[] = [];

function contentTypeOf(body: Body): string | null {
  for (const read of contentTypeReaders) {
    const type = read(body);
    if (type !== undefined) return type;
  }
  return null;
}

const readableTee = ReadableStream.prototype.tee;

/** The stream of a body that was used before anyone asked for its stream: locked and disturbed. */
function usedStream(): ReadableStream {
  const stream = streamFromBytes(new Uint8Array(0));
  void stream.getReader().cancel();
  return stream;
}

function failedFormData(type: string | null): TypeError {
  if (type === null) return new TypeError("Parsing a Body as FormData requires a Content-Type header.");
  return new TypeError(
    "Unrecognized Content-Type header value. FormData can only parse the following MIME types: multipart/form-data, application/x-www-form-urlencoded",
  );
}

/** § 5.3 formData(), once the type is known. */
function parseFormData(bytes: string | Uint8Array, contentType: string | null): FormData {
  const type = contentType === null ? undefined : parseMimeType(contentType);
  switch (type?.essence) {
    case "multipart/form-data": {
      const boundary = type.parameters.get("boundary");
      if (boundary === undefined) {
        throw new TypeError(
          "No boundary string in Content-Type header. The multipart/form-data MIME type requires a boundary parameter, e.g. 'Content-Type: multipart/form-data; boundary=\"abcd\"'. See RFC 7578, section 4.",
        );
      }
      return formDataOf(withoutFiles(parseMultipart(typeof bytes === "string" ? octetsOf(bytes) : bytes, boundary)));
    }
    case "application/x-www-form-urlencoded": {
      if ((type.parameters.get("charset") ?? "utf-8").toLowerCase() !== "utf-8") {
        throw new TypeError("Non-utf-8 application/x-www-form-urlencoded body.");
      }
      return formDataOf(parseUrlencoded(typeof bytes === "string" ? toUSVString(bytes) : textOf(bytes)));
    }
    default:
      throw failedFormData(contentType);
  }
}

/** UTF-8 encode, then decode: what a body's text is when it never left JavaScript. */
function decodedText(text: string): string {
  const wellFormed = toUSVString(text);
  return bodyCompatibility.stripsByteOrderMark && wellFormed.charCodeAt(0) === 0xfeff
    ? wellFormed.slice(1)
    : wellFormed;
}

function textOfBody(bytes: Uint8Array): string {
  return bodyCompatibility.stripsByteOrderMark ? textOf(bytes) : textWithBomOf(bytes);
}

/** Before formdata_parser_supports_files, files are strings. */
function withoutFiles(entries: FormDataValue[]): FormDataValue[] {
  if (bodyCompatibility.parsesFiles) return entries;
  return entries.map((entry) => (isBlob(entry) ? textOf(blobBytes(entry)) : entry)) as FormDataValue[];
}

/** Workers: an iterable is the stream of what it yields, unless it says by a toString() of its own what it is as text. */
function isIterableBody(value: object): boolean {
  const { [Symbol.iterator]: iterator, [Symbol.asyncIterator]: asyncIterator } = value as Record<symbol, unknown>;
  if (typeof iterator !== "function" && typeof asyncIterator !== "function") return false;
  const { toString } = value;
  return toString === Object.prototype.toString || toString === Array.prototype.toString;
}

export class Body {
  static {
    setBody = (body, value) => body.#extract(value);
    setBodySource = (body, source) => {
      body.#kind = Kind.source;
      body.#data = source;
    };
    dropBody = (body) => {
      body.#kind = Kind.none;
      body.#data = null;
    };
    hasBody = (body) => body.#kind !== Kind.none;
    isEmptyBody = (body) =>
      (body.#kind === Kind.text && body.#data === "") ||
      ((body.#kind === Kind.bytes || body.#kind === Kind.shared) && (body.#data as Uint8Array).length === 0);
    requireUnusedBody = (body) => body.#requireUnused();
    cloneBody = (from, to) => from.#cloneInto(to);
    moveBody = (from, to) => {
      to.#kind = from.#kind;
      to.#data = from.#data;
      if (from.#kind !== Kind.none) from.#spend();
    };
    takeBody = (body) => body.#takeOut();
  }

  #kind: Kind = Kind.none;
  #data: unknown = null;
  #used = false;

  constructor() {
    if (new.target === Body) throw new TypeError("Illegal constructor");
  }

  #extract(value: unknown): string | undefined {
    if (typeof value === "string") {
      this.#kind = Kind.text;
      this.#data = value;
      return TEXT_PLAIN;
    }
    if (value === null || value === undefined) return undefined;
    if (typeof value === "object") {
      if (isReadableStream(value)) {
        if (isDisturbed(value)) throw new TypeError(DISTURBED);
        this.#kind = Kind.stream;
        this.#data = value;
        return undefined;
      }
      if (isBufferSource(value)) {
        this.#kind = Kind.bytes;
        this.#data = bytesOfBufferSource(value).slice();
        return undefined;
      }
      if (isBlob(value)) {
        this.#kind = Kind.shared;
        this.#data = blobBytes(value);
        return value.type === "" ? undefined : value.type;
      }
      if (value instanceof URLSearchParams) {
        this.#kind = Kind.text;
        this.#data = value.toString();
        return "application/x-www-form-urlencoded;charset=UTF-8";
      }
      if (isFormData(value)) {
        const boundary = ops.random_uuid().replaceAll("-", "");
        const data = serializeMultipart(formDataEntries(value), boundary);
        this.#kind = typeof data === "string" ? Kind.text : Kind.bytes;
        this.#data = data;
        return `multipart/form-data; boundary=${boundary}`;
      }
      if (bodyCompatibility.takesIterables && isIterableBody(value)) {
        this.#kind = Kind.stream;
        this.#data = ReadableStream.from(value as Iterable<unknown>);
        return undefined;
      }
    }
    this.#kind = Kind.text;
    this.#data = toUSVString(value);
    return TEXT_PLAIN;
  }

  #spend(): void {
    this.#kind = Kind.text;
    this.#data = "";
    this.#used = true;
  }

  #requireUnused(): void {
    if (this.#kind === Kind.stream) {
      const stream = this.#data as ReadableStream;
      if (isDisturbed(stream)) throw new TypeError(USED);
      if (isLocked(stream)) throw new TypeError(LOCKED);
    } else if (this.#used) {
      throw new TypeError(USED);
    }
  }

  /** Takes the whole body for reading. Octets that are Kind.shared are not the caller's to give away. */
  #consume(): string | Uint8Array | Promise<Uint8Array> {
    this.#requireUnused();
    const data = this.#data;
    switch (this.#kind) {
      case Kind.none:
        return "";
      case Kind.stream:
        return readAllBytes(data as ReadableStream);
      case Kind.source:
        this.#spend();
        return ops.source_read_all(data as Source);
      default:
        this.#spend();
        return data as string | Uint8Array;
    }
  }

  #consumeOwn(): Uint8Array | Promise<Uint8Array> {
    const isShared = this.#kind === Kind.shared;
    const data = this.#consume();
    if (typeof data === "string") return octetsOf(data);
    return isShared ? (data as Uint8Array).slice() : data;
  }

  #takeOut(): OutboundBody {
    this.#requireUnused();
    const data = this.#data;
    switch (this.#kind) {
      case Kind.none:
        return null;
      case Kind.stream:
        return sourceOf(data as ReadableStream);
      default:
        this.#spend();
        return data as OutboundBody;
    }
  }

  #cloneInto(to: Body): void {
    this.#requireUnused();
    switch (this.#kind) {
      case Kind.source:
        [this.#data, to.#data] = ops.source_tee(this.#data as Source);
        break;
      case Kind.stream: {
        [this.#data, to.#data] = Reflect.apply(readableTee, this.#data, []) as [ReadableStream, ReadableStream];
        break;
      }
      case Kind.bytes:
        this.#kind = Kind.shared;
        to.#data = this.#data;
        break;
      default:
        to.#data = this.#data;
    }
    to.#kind = this.#kind;
  }

  get body(): ReadableStream | null {
    const kind = this.#kind;
    if (kind === Kind.none) return null;
    if (kind === Kind.stream) return this.#data as ReadableStream;
    const data = this.#data;
    let stream: ReadableStream;
    if (this.#used) stream = usedStream();
    else if (kind === Kind.text) stream = streamFromBytes(octetsOf(data as string));
    else if (kind === Kind.bytes) stream = streamFromBytes(data as Uint8Array);
    else if (kind === Kind.shared) stream = streamFromBytes((data as Uint8Array).slice());
    else stream = streamFromSource(data as Source);
    this.#kind = Kind.stream;
    this.#data = stream;
    return stream;
  }

  get bodyUsed(): boolean {
    return this.#kind === Kind.stream ? isDisturbed(this.#data as ReadableStream) : this.#used;
  }

  // Promise-returning operations reject, for a wrong receiver too; async functions would cost a promise more on the way.

  arrayBuffer(): Promise<ArrayBuffer> {
    try {
      const bytes = this.#consumeOwn();
      return bytes instanceof Uint8Array ? Promise.resolve(wholeBuffer(bytes)) : bytes.then(wholeBuffer);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  bytes(): Promise<Uint8Array> {
    try {
      const bytes = this.#consumeOwn();
      return bytes instanceof Uint8Array ? Promise.resolve(bytes) : bytes;
    } catch (error) {
      return Promise.reject(error);
    }
  }

  text(): Promise<string> {
    try {
      const data = this.#consume();
      if (typeof data === "string") return Promise.resolve(decodedText(data));
      return data instanceof Uint8Array ? Promise.resolve(textOfBody(data)) : data.then(textOfBody);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  json(): Promise<unknown> {
    try {
      const data = this.#consume();
      if (typeof data === "string") return Promise.resolve(JSON.parse(decodedText(data)));
      return data instanceof Uint8Array ? Promise.resolve(parseJson(data)) : data.then(parseJson);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  formData(): Promise<FormData> {
    try {
      const type = contentTypeOf(this);
      const data = this.#consume();
      if (typeof data === "string" || data instanceof Uint8Array) return Promise.resolve(parseFormData(data, type));
      return data.then((bytes) => parseFormData(bytes, type));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  blob(): Promise<Blob> {
    try {
      const header = contentTypeOf(this);
      const mime = header === null ? undefined : parseMimeType(header);
      const normal = mime === undefined ? "" : serializeMimeType(mime);
      const type = bodyCompatibility.normalizesBlobType ? normal : (header ?? "");
      const data = this.#consume();
      if (typeof data === "string") return Promise.resolve(blobOfBytes(octetsOf(data), type));
      return data instanceof Uint8Array
        ? Promise.resolve(blobOfBytes(data, type))
        : data.then((bytes) => blobOfBytes(bytes, type));
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

function parseJson(bytes: Uint8Array): unknown {
  return JSON.parse(textOfBody(bytes));
}

function wholeBuffer(bytes: Uint8Array): ArrayBuffer {
  const { buffer } = bytes;
  return buffer.byteLength === bytes.byteLength ? (buffer as ArrayBuffer) : (bytes.slice().buffer as ArrayBuffer);
}

defineInterface(Body, "Body");
