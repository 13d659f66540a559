// multipart/form-data (RFC 7578, RFC 2046 § 5.1), parsed and serialised. The parser goes over the octets once: it jumps from line feed
// to line feed and compares the delimiter there; a delimiter has no line feed, so no octet is compared twice and the time is linear.
// As on Workers, a lone LF is taken for CRLF, and what stands before the first and after the last delimiter is ignored.
import { blobBytes } from "./blob";
import { fileOfBytes } from "./file";
import type { FormDataValue } from "./form_data";
import { quotedString } from "./mime";
import { concatenate, octetsOf, textWithBomOf } from "./octets";

const CR = 0x0d;
const LF = 0x0a;
const DASH = 0x2d;

function matchesAt(bytes: Uint8Array, pattern: Uint8Array, at: number): boolean {
  if (at + pattern.length > bytes.length) return false;
  for (let i = 0; i < pattern.length; i++) if (bytes[at + i] !== pattern[i]) return false;
  return true;
}

/** The position of the next delimiter that begins a line at or after `from` (which begins one itself), or -1. */
function findDelimiter(bytes: Uint8Array, delimiter: Uint8Array, from: number): number {
  for (let line = from; ;) {
    if (matchesAt(bytes, delimiter, line)) return line;
    const end = bytes.indexOf(LF, line);
    if (end < 0) return -1;
    line = end + 1;
  }
}

/** Entries (name, value, name, value) of a body, or a TypeError that says what is wrong. Values that are files copy their octets. */
export function parseMultipart(bytes: Uint8Array, boundary: string): FormDataValue[] {
  const delimiter = octetsOf(`--${boundary}`);
  const entries: FormDataValue[] = [];
  let position = findDelimiter(bytes, delimiter, 0);
  if (position < 0) throw new TypeError("No initial boundary string (or you have a truncated message).");
  for (;;) {
    position += delimiter.length;
    if (bytes[position] === DASH && bytes[position + 1] === DASH) return entries;
    if (bytes[position] === CR && bytes[position + 1] === LF) position += 2;
    else if (bytes[position] === LF) position += 1;
    else throw new TypeError("Boundary string was not succeeded by CRLF, LF, or '--'.");

    const [part, bodyStart] = parsePartHeaders(bytes, position);
    // An empty body's delimiter may stand right behind the empty line.
    position = findDelimiter(bytes, delimiter, bodyStart);
    if (position < 0) throw new TypeError("No subsequent boundary string after multipart message.");
    let bodyEnd = position;
    if (bodyEnd > bodyStart) bodyEnd -= bytes[bodyEnd - 2] === CR && bodyEnd - 2 >= bodyStart ? 2 : 1;
    const body = bytes.subarray(bodyStart, bodyEnd);
    entries.push(
      part.name,
      part.filename === undefined ? textWithBomOf(body) : fileOfBytes(body.slice(), part.filename, part.type),
    );
  }
}

interface Part {
  name: string;
  filename: string | undefined;
  type: string;
}

/** The header lines of a part, up to the empty line, and where its body starts. */
function parsePartHeaders(bytes: Uint8Array, position: number): [part: Part, bodyStart: number] {
  let disposition: string | undefined;
  let type = "";
  for (;;) {
    const end = bytes.indexOf(LF, position);
    if (end < 0) throw new TypeError("No subsequent boundary string after multipart message.");
    const lineEnd = end > position && bytes[end - 1] === CR ? end - 1 : end;
    const line = bytes.subarray(position, lineEnd);
    position = end + 1;
    if (line.length === 0) break;
    const text = textWithBomOf(line);
    const colon = text.indexOf(":");
    if (colon <= 0) throw new TypeError("No valid Content-Disposition header found in FormData part.");
    const name = text.slice(0, colon).toLowerCase();
    if (name === "content-disposition") disposition ??= text.slice(colon + 1).trim();
    else if (name === "content-type") type = text.slice(colon + 1).trim();
  }
  if (disposition === undefined) throw new TypeError("No valid Content-Disposition header found in FormData part.");
  const { name, filename } = parseDisposition(disposition);
  return [{ name, filename, type }, position];
}

/** `form-data; name="..."; filename="..."`. Values are quoted; a backslash quotes the next character. */
function parseDisposition(text: string): { name: string; filename: string | undefined } {
  let position = text.indexOf(";");
  if (position < 0) position = text.length;
  const kind = text.slice(0, position).trim();
  if (kind !== "form-data") {
    throw new TypeError(
      `Content-Disposition header for FormData part must have the value "form-data", possibly followed by parameters. Got: "${kind}"`,
    );
  }
  let name: string | undefined;
  let filename: string | undefined;
  while (position < text.length) {
    position++; // past the ";"
    const equals = text.indexOf("=", position);
    if (equals < 0) break;
    const key = text.slice(position, equals).trim().toLowerCase();
    let value: string | undefined;
    if (text[equals + 1] === '"') [value, position] = quotedString(text, equals + 1);
    else position = equals + 1;
    const next = text.indexOf(";", position);
    position = next < 0 ? text.length : next;
    if (key === "name") name ??= value;
    else if (key === "filename") filename ??= value;
  }
  if (name === undefined) throw new TypeError("Content-Disposition header in FormData part is missing a name.");
  // As on Workers, a part whose file name is empty is a plain value.
  return { name, filename: filename === "" ? undefined : filename };
}

function escapeName(name: string): string {
  return /["\r\n]/.test(name) ? name.replaceAll("\n", "%0A").replaceAll("\r", "%0D").replaceAll('"', "%22") : name;
}

/**
 * HTML § 4.10.21.8 the multipart/form-data encoding algorithm. One string as long as all values are strings, else octets.
 * Line breaks in values stay as they are, as on Workers.
 */
export function serializeMultipart(entries: readonly FormDataValue[], boundary: string): string | Uint8Array {
  const chunks: (string | Uint8Array)[] = [];
  let text = "";
  for (let i = 0; i < entries.length; i += 2) {
    const value = entries[i + 1]!;
    text += `--${boundary}\r\nContent-Disposition: form-data; name="${escapeName(entries[i] as string)}"`;
    if (typeof value === "string") {
      text += `\r\n\r\n${value}\r\n`;
    } else {
      text += `; filename="${escapeName(value.name)}"\r\nContent-Type: ${value.type === "" ? "application/octet-stream" : value.type}\r\n\r\n`;
      chunks.push(text, blobBytes(value));
      text = "\r\n";
    }
  }
  text += `--${boundary}--\r\n`;
  if (chunks.length === 0) return text;
  chunks.push(text);
  return concatenate(chunks.map((chunk) => (typeof chunk === "string" ? octetsOf(chunk) : chunk)));
}
