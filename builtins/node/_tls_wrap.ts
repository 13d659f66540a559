// node:_tls_wrap, an old name of parts of node:tls.

import { Server, TLSSocket } from "./tls";

export { Server, TLSSocket };
export default { Server, TLSSocket };
