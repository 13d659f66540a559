// node:dns and node:dns/promises: the system's resolver. The promises are the one implementation; callbacks wait for them.

import { native } from "adit:internal";
import { readAnswer, recordTypes, type DnsRecord } from "./dns_message";
import { invalidArgType, invalidArgValue, nodeError } from "./errors";
import { isIP, isIPv4 } from "./ip";
import { validateFunction, validateOneOf, validatePort, validateString } from "./validators";

type Any = any;
const ops = native<{
  node_dns_lookup(name: string, family: number): Promise<string[]>;
  node_dns_query(name: string, type: number): Promise<Uint8Array>;
}>();

function dnsError(error: unknown, syscall: string, hostname: string): Error {
  const code = /^E[A-Z_]+$/.test((error as Error).message) ? (error as Error).message : "ESERVFAIL";
  const errno = code === "ENOTFOUND" && syscall === "getaddrinfo" ? -3008 : undefined;
  return Object.assign(new Error(`${syscall} ${code} ${hostname}`), { errno, code, syscall, hostname });
}

let order = "verbatim";
export const getDefaultResultOrder = (): string => order;
export function setDefaultResultOrder(value: string): void {
  validateOneOf(value, "dnsOrder", ["verbatim", "ipv4first", "ipv6first"]);
  order = value;
}

export async function lookup(hostname: Any, options: Any = {}): Promise<Any> {
  const settings = typeof options === "number" ? { family: options } : (options ?? {});
  if (hostname) validateString(hostname, "hostname");
  const family = settings.family === "IPv4" ? 4 : settings.family === "IPv6" ? 6 : (settings.family ?? 0);
  validateOneOf(family, "family", [0, 4, 6]);
  const describe = (address: string): { address: string; family: number } => ({ address, family: isIP(address) });
  if (!hostname) return settings.all ? [] : { address: null, family: family === 6 ? 6 : 4 };
  if (isIP(hostname)) return settings.all ? [describe(hostname)] : describe(hostname);
  let addresses: string[];
  try {
    addresses = await ops.node_dns_lookup(hostname, family);
  } catch (error) {
    throw dnsError(error, "getaddrinfo", hostname);
  }
  const wanted = settings.order ?? (settings.verbatim === false ? "ipv4first" : order);
  if (wanted !== "verbatim") {
    const first = wanted === "ipv4first";
    addresses.sort((a, b) => Number(isIPv4(b) === first) - Number(isIPv4(a) === first));
  }
  return settings.all ? addresses.map(describe) : describe(addresses[0]!);
}

const services: Readonly<Record<number, string>> = {
  21: "ftp",
  22: "ssh",
  25: "smtp",
  53: "domain",
  80: "http",
  443: "https",
};
export async function lookupService(address: Any, port: Any): Promise<{ hostname: string; service: string }> {
  if (isIP(address) === 0) throw invalidArgValue("address", address);
  const number = validatePort(port);
  const [hostname] = await reverse(address);
  return { hostname: hostname!, service: services[number] ?? String(number) };
}

async function records(name: string, type: string, syscall: string): Promise<DnsRecord[]> {
  validateString(name, "name");
  try {
    const answer = readAnswer(await ops.node_dns_query(name, recordTypes[type]!));
    const found = type === "ANY" ? answer : answer.filter((record) => record.type === type);
    if (found.length === 0) throw new Error("ENODATA");
    return found;
  } catch (error) {
    throw dnsError(error, syscall, name);
  }
}
const values =
  (type: string, syscall: string) =>
  async (name: string, options?: Any): Promise<Any[]> => {
    const found = await records(name, type, syscall);
    return found.map(({ value, ttl }) => (options?.ttl ? { address: value, ttl } : value));
  };
export const resolve4 = values("A", "queryA");
export const resolve6 = values("AAAA", "queryAaaa");
export const resolveCaa = values("CAA", "queryCaa");
export const resolveCname = values("CNAME", "queryCname");
export const resolveMx = values("MX", "queryMx");
export const resolveNaptr = values("NAPTR", "queryNaptr");
export const resolveNs = values("NS", "queryNs");
export const resolvePtr = values("PTR", "queryPtr");
export const resolveSrv = values("SRV", "querySrv");
export const resolveTlsa = values("TLSA", "queryTlsa");
export const resolveTxt = values("TXT", "queryTxt");
export async function resolveSoa(name: string): Promise<Any> {
  return (await records(name, "SOA", "querySoa"))[0]!.value;
}
export async function resolveAny(name: string): Promise<Any[]> {
  return (await records(name, "ANY", "queryAny")).map(({ type, ttl, value }) => {
    if (type === "A" || type === "AAAA") return { type, address: value, ttl };
    if (type === "TXT") return { type, entries: value };
    return typeof value === "object" ? { type, ...value } : { type, value };
  });
}
export async function reverse(address: Any): Promise<string[]> {
  validateString(address, "name");
  if (isIP(address) === 0)
    throw Object.assign(new Error(`getHostByAddr EINVAL ${address}`), {
      code: "EINVAL",
      errno: -22,
      syscall: "getHostByAddr",
      hostname: address,
    });
  if (isIPv4(address)) return (await resolvePtr(`${address.split(".").reverse().join(".")}.in-addr.arpa`)) as string[];
  const [head = "", tail] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups = [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  const digits = groups.map((group) => group.padStart(4, "0")).join("");
  return (await resolvePtr(`${[...digits].reverse().join(".")}.ip6.arpa`)) as string[];
}
const byType: Record<string, (name: string) => Promise<Any>> = {
  A: resolve4,
  AAAA: resolve6,
  ANY: resolveAny,
  CAA: resolveCaa,
  CNAME: resolveCname,
  MX: resolveMx,
  NAPTR: resolveNaptr,
  NS: resolveNs,
  PTR: resolvePtr,
  SOA: resolveSoa,
  SRV: resolveSrv,
  TLSA: resolveTlsa,
  TXT: resolveTxt,
};
export async function resolve(name: string, type: Any = "A"): Promise<Any> {
  validateString(type, "rrtype");
  if (!Object.hasOwn(byType, type)) throw invalidArgValue("rrtype", type);
  return await byType[type]!(name);
}
export const getServers = (): string[] => [];
export function setServers(servers: Any): void {
  if (!Array.isArray(servers)) throw invalidArgType("servers", "Array", servers);
  throw nodeError(
    Error,
    "ERR_METHOD_NOT_IMPLEMENTED",
    "The dns.setServers method is not implemented: the system's resolver is asked",
  );
}

/** The promise-giving functions, for node:dns/promises. */
export const promised = {
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
};

/** The same with a callback at the end. */
export function withCallback(name: keyof typeof promised): (...args: Any[]) => void {
  return (...args: Any[]) => {
    const callback = args.pop();
    validateFunction(callback, "callback");
    const settings = args[1];
    if (name === "lookup" && args[0]) validateString(args[0], "hostname");
    (promised[name] as Any)(...args).then(
      (result: Any) => {
        if (name === "lookup" && !settings?.all) callback(null, result.address, result.family);
        else if (name === "lookupService") callback(null, result.hostname, result.service);
        else callback(null, result);
      },
      (error: unknown) => callback(error),
    );
  };
}

/** Resolver of node:dns or node:dns/promises: the functions of the module, as methods. */
export function resolverOf(methods: Record<string, unknown>): Any {
  class Resolver {
    getServers(): string[] {
      return getServers();
    }
    setServers(servers: Any): void {
      setServers(servers);
    }
    cancel(): void {}
    setLocalAddress(): void {}
  }
  Object.assign(Resolver.prototype, methods);
  return Resolver;
}
