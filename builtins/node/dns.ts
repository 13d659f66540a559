// node:dns.

import promises from "./dns_promises";
import {
  codes,
  getDefaultResultOrder,
  getServers,
  promised,
  setDefaultResultOrder,
  setServers,
  withCallback,
} from "./internal/dns";

type Callbacks = Record<keyof typeof promised, (...args: any[]) => void>;
const callbacks = Object.fromEntries(
  Object.keys(promised).map((name) => [name, withCallback(name as keyof typeof promised)]),
) as Callbacks;
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
} = callbacks;
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
Object.assign(Resolver.prototype, callbacks);
export { getDefaultResultOrder, getServers, promises, setDefaultResultOrder, setServers };
export default {
  ...callbacks,
  ...codes,
  ADDRCONFIG,
  ALL,
  Resolver,
  V4MAPPED,
  getDefaultResultOrder,
  getServers,
  promises,
  setDefaultResultOrder,
  setServers,
};
