// node:_http_server, an old name of parts of node:http.

import http from "./http";

export const { STATUS_CODES, Server, ServerResponse, _connectionListener } = http as any;
export default { STATUS_CODES, Server, ServerResponse, _connectionListener };
