// node:_http_common, an old name of parts of node:http.

import { METHODS } from "./internal/http_outgoing";

export const methods = METHODS;
// eslint-disable-next-line no-control-regex
export const _checkInvalidHeaderChar = (value: string): boolean => /[^\t\x20-\x7e\x80-\xff]/.test(value);
export const _checkIsHttpToken = (value: string): boolean => /^[\^_`a-zA-Z\-0-9!#$%&'*+.|~]+$/.test(value);
export const chunkExpression = /(?:^|\W)chunked(?:$|\W)/i;
export const continueExpression = /(?:^|\W)100-continue(?:$|\W)/i;
export const CRLF = "\r\n";
export default { CRLF, _checkInvalidHeaderChar, _checkIsHttpToken, chunkExpression, continueExpression, methods };
