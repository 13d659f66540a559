// HTML § 8.3: atob() and btoa(). The work is simdutf's; it follows Infra's "forgiving-base64 decode".

import { native } from "../native";
import { DOMException } from "./dom_exception";
import { missingArgument, toDOMString } from "./webidl";

const ops = native<{
  /** Undefined when a code unit is above 255. */
  base64_encode(text: string): string | undefined;
  /** Undefined when the text is not base64. */
  base64_decode(text: string): string | undefined;
}>();

export function btoa(data: unknown): string;
export function btoa(...args: unknown[]): string {
  if (args.length === 0) missingArgument("btoa", "ServiceWorkerGlobalScope", 1, "string");
  const result = ops.base64_encode(toDOMString(args[0]));
  if (result === undefined)
    throw new DOMException(
      "btoa() can only operate on characters in the Latin1 (ISO/IEC 8859-1) range.",
      "InvalidCharacterError",
    );
  return result;
}

export function atob(data: unknown): string;
export function atob(...args: unknown[]): string {
  if (args.length === 0) missingArgument("atob", "ServiceWorkerGlobalScope", 1, "string");
  const result = ops.base64_decode(toDOMString(args[0]));
  if (result === undefined)
    throw new DOMException(
      "atob() called with invalid base64-encoded data. (Only whitespace, '+', '/', alphanumeric ASCII, and up to two terminal '=' signs " +
        "when the input data length is divisible by 4 are allowed.)",
      "InvalidCharacterError",
    );
  return result;
}
for (const fn of [btoa, atob]) Object.defineProperty(fn, "length", { value: 1, configurable: true });
