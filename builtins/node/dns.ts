// node:dns.

import promises from "./dns_promises";
import {
  getDefaultResultOrder,
  getServers,
  promised,
  setDefaultResultOrder,
  resolverOf,
  setServers,
  withCallback,
} from "./internal/dns";
import * as codes from "./internal/dns_codes";

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
export * from "./internal/dns_codes";

export const Resolver = resolverOf(callbacks);
export { getDefaultResultOrder, getServers, promises, setDefaultResultOrder, setServers };
export default {
  ...callbacks,
  ...codes,
  Resolver,
  getDefaultResultOrder,
  getServers,
  promises,
  setDefaultResultOrder,
  setServers,
};
