// node:https: requests by fetch; servers that take the worker's own requests (cloudflare:node).

import { Agent as HttpAgent, ClientRequest, normalizeRequestArguments } from "./internal/http_client";
import { createServer, Server } from "./internal/http_server";

type Any = any;
export class Agent extends HttpAgent {
  override protocol = "https:";
  override defaultPort = 443;
}
export const globalAgent: Any = new Agent({ keepAlive: true, scheduling: "lifo", timeout: 5000 });

export function request(input: Any, options?: Any, callback?: Any): Any {
  const [settings, done] = normalizeRequestArguments(input, options, callback);
  return new (ClientRequest as Any)(
    { _defaultAgent: globalAgent, _defaultProtocol: settings.agent?.protocol ?? "https:", ...settings },
    done,
  );
}
export function get(input: Any, options?: Any, callback?: Any): Any {
  const made = request(input, options, callback);
  made.end();
  return made;
}
export { createServer, Server };
export default { Agent, Server, createServer, get, globalAgent, request };
