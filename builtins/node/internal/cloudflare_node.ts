// cloudflare:node (Workers docs, node:http): a worker's handlers out of a Node HTTP server.

import { handle } from "./http_server";
import { nodeError } from "./errors";
import { validatePort } from "./validators";

type Any = any;

function portOf(value: Any): number {
  if (typeof value === "number") return validatePort(value);
  if (typeof value?.address === "function") {
    const address = value.address();
    if (address === null) {
      value.listen(0);
      return value.address().port;
    }
    return address.port;
  }
  if (typeof value?.port === "number") return validatePort(value.port);
  throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "httpServerHandler() takes { port } or an http.Server");
}

/** Hands one request to the server that listens on this port. */
export function handleAsNodeRequest(port: number, request: Any, env?: unknown, ctx?: unknown): Promise<Any> {
  return handle(validatePort(port), request, env, ctx);
}

/** `export default httpServerHandler({ port: 3000 })`. */
export function httpServerHandler(server: Any, handlers: Record<string, unknown> = {}): Record<string, unknown> {
  const port = portOf(server);
  return { ...handlers, fetch: (request: Any, env: unknown, ctx: unknown) => handle(port, request, env, ctx) };
}
