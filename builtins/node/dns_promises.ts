// node:dns/promises.

import { codes, getDefaultResultOrder, getServers, promised, setDefaultResultOrder, setServers } from "./internal/dns";

export const {
  lookup,
  lookupService,
  resolve,
  resolve4,
  resolve6,
  resolveAny,
  resolveCaa,
  resolveCname,
  resolveMx,
  resolveNaptr,
  resolveNs,
  resolvePtr,
  resolveSoa,
  resolveSrv,
  resolveTlsa,
  resolveTxt,
  reverse,
} = promised;
export const {
  ADDRGETNETWORKPARAMS,
  BADFAMILY,
  BADFLAGS,
  BADHINTS,
  BADNAME,
  BADQUERY,
  BADRESP,
  BADSTR,
  CANCELLED,
  CONNREFUSED,
  DESTRUCTION,
  EOF,
  FILE,
  FORMERR,
  LOADIPHLPAPI,
  NODATA,
  NOMEM,
  NONAME,
  NOTFOUND,
  NOTIMP,
  NOTINITIALIZED,
  REFUSED,
  SERVFAIL,
  TIMEOUT,
} = codes;

export const ADDRCONFIG = 32;
export const ALL = 16;
export const V4MAPPED = 8;

export class Resolver {
  cancel(): void {}
  getServers = getServers;
  setServers = setServers;
  setLocalAddress(): void {}
}
Object.assign(Resolver.prototype, promised);
export { getDefaultResultOrder, getServers, setDefaultResultOrder, setServers };
export default {
  ...promised,
  ...codes,
  Resolver,
  getDefaultResultOrder,
  getServers,
  setDefaultResultOrder,
  setServers,
};
