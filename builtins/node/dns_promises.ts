// node:dns/promises.

import {
  getDefaultResultOrder,
  getServers,
  promised,
  setDefaultResultOrder,
  resolverOf,
  setServers,
} from "./internal/dns";
import * as codes from "./internal/dns_codes";

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
export * from "./internal/dns_codes";

export const Resolver = resolverOf(promised);
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
