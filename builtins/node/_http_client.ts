// node:_http_client, an old name of parts of node:http.

import http from "./http";

export const { ClientRequest } = http as any;
export default { ClientRequest };
