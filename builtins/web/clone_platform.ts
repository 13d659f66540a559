// Which objects of the platform structuredClone() copies: headers, and requests and responses without a body, as Workers do. C++ asks for each
// (src/web/structured_clone.cc); what it gets goes into the clone as it is.

import { makeDOMException } from "./dom_exception";
import { AbortSignal } from "./abort";
import { headerBlock, headersFromBlock, isHeaders } from "./headers";
import { isRequest, Request } from "./request";
import { isResponse, Response } from "./response";
import { isReadableStream, WritableStream } from "./streams";

const refuse = (message: string): never => {
  throw makeDOMException(message, "DataCloneError");
};
const onlyByRpc = (what: string): never => refuse(`${what} can only be serialized for RPC.`);

function nameOf(object: object): string {
  const { constructor } = object;
  return typeof constructor === "function" && typeof constructor.name === "string" ? constructor.name : "Object";
}

/** Kinds that have words of their own; by the bindings that make them. */
export const cloneRefusals: ((object: object) => string | undefined)[] = [];

export function clonePlatformObject(object: object, isForStorage: boolean): object {
  if (!isForStorage) {
    if (isHeaders(object)) return headersFromBlock(headerBlock(object), false);
    if (isRequest(object)) return object.body === null ? new Request(object) : onlyByRpc("ReadableStream");
    if (isResponse(object)) return object.body === null ? new Response(null, object) : onlyByRpc("ReadableStream");
    if (isReadableStream(object)) return onlyByRpc("ReadableStream");
    if (object instanceof WritableStream) return onlyByRpc("WritableStream");
    if (object instanceof AbortSignal) return refuse("AbortSignal serialization is not enabled.");
    for (const refusal of cloneRefusals) {
      const text = refusal(object);
      if (text !== undefined) return refuse(text);
    }
  }
  return refuse(`Could not serialize object of type "${nameOf(object)}". This type does not support serialization.`);
}
