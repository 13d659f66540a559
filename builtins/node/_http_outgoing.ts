// node:_http_outgoing, an old name of parts of node:http.

import http from "./http";

export const { OutgoingMessage, validateHeaderName, validateHeaderValue } = http as any;
export default { OutgoingMessage, validateHeaderName, validateHeaderValue };
