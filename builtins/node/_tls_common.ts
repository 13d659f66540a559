// node:_tls_common, an old name of parts of node:tls.

import { createSecureContext, SecureContext } from "./tls";

export function translatePeerCertificate(certificate: unknown): unknown {
  return certificate ?? null;
}
export { createSecureContext, SecureContext };
export default { SecureContext, createSecureContext, translatePeerCertificate };
