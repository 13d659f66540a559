// node:_http_incoming, an old name of parts of node:http.

import http from "./http";

export const { IncomingMessage } = http as any;
export default { IncomingMessage };
