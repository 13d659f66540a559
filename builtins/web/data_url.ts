// Fetch § 6, the data: URL processor.
import { atob } from "./base64";
import { parseMimeType, serializeMimeType } from "./mime";
import { octetsOf } from "./octets";

/** URL standard § 1.3, percent-decode, over the octets of the text. */
function percentDecode(text: string): Uint8Array {
  const bytes = octetsOf(text);
  let length = 0;
  for (let i = 0; i < bytes.length; i++) {
    const hex = bytes[i] === 0x25 ? String.fromCharCode(bytes[i + 1] ?? 0, bytes[i + 2] ?? 0) : "";
    if (/^[0-9a-fA-F]{2}$/.test(hex)) {
      bytes[length++] = Number.parseInt(hex, 16);
      i += 2;
    } else {
      bytes[length++] = bytes[i]!;
    }
  }
  return bytes.subarray(0, length);
}

/** The body and its type; undefined when the URL is none. `url` is serialised, without its fragment. */
export function parseDataUrl(url: string): { body: Uint8Array; type: string } | undefined {
  // 3. to 9.
  const comma = url.indexOf(",");
  if (comma < 0) return undefined;
  let type = url.slice("data:".length, comma).trim();
  let body = percentDecode(url.slice(comma + 1));
  // 11.
  const isBase64 = /; *base64$/i.exec(type);
  if (isBase64 !== null) {
    try {
      const octets = Array.from(body, (octet) => String.fromCharCode(octet)).join("");
      body = Uint8Array.from(atob(octets), (character) => character.charCodeAt(0));
    } catch {
      return undefined;
    }
    type = type.slice(0, isBase64.index);
  }
  // 12. to 14.
  if (type.startsWith(";")) type = `text/plain${type}`;
  const mime = parseMimeType(type);
  return { body, type: mime === undefined ? "text/plain;charset=US-ASCII" : serializeMimeType(mime) };
}
