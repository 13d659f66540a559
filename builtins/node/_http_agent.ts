// node:_http_agent, an old name of parts of node:http.

import http from "./http";

export const { Agent, globalAgent } = http as any;
export default { Agent, globalAgent };
