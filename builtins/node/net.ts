// node:net: outgoing TCP connections. A worker does not listen: its requests come from the platform.

import { isIP, isIPv4, isIPv6 } from "./internal/ip";
import { nodeError } from "./internal/errors";
import { normalizeConnectArguments, Socket } from "./internal/socket";
import { validateString } from "./internal/validators";

type Any = any;

export function connect(...args: Any[]): Any {
  const [options, callback] = normalizeConnectArguments(args);
  const socket = new (Socket as Any)(options);
  return callback === null ? socket.connect(options) : socket.connect(options, callback);
}
export const createConnection = connect;
export const Stream = Socket;
export const _normalizeArgs = normalizeConnectArguments;

const noServer = (): never => {
  throw nodeError(
    Error,
    "ERR_METHOD_NOT_IMPLEMENTED",
    "A worker cannot listen: the net.Server class is not implemented",
  );
};
export const Server: Any = function Server() {
  noServer();
};
export const createServer = (): Any => noServer();

export class SocketAddress {
  readonly address: string;
  readonly port: number;
  readonly family: string;
  readonly flowlabel: number;
  constructor({ address, port = 0, family = "ipv4", flowlabel = 0 }: Any = {}) {
    this.address = address ?? (family === "ipv6" ? "::" : "127.0.0.1");
    this.port = port;
    this.family = family;
    this.flowlabel = flowlabel;
    if (isIP(this.address) !== (family === "ipv6" ? 6 : 4))
      throw nodeError(Error, "ERR_INVALID_ADDRESS", "Invalid address");
  }
  static isSocketAddress(value: unknown): boolean {
    return value instanceof this;
  }
  /** Of "host:port" or "[host]:port"; undefined where the host is no address. */
  static parse(input: Any): SocketAddress | undefined {
    validateString(input, "input");
    const match = /^(?:\[([^\]]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(input);
    const address = match?.[1] ?? match?.[2];
    const kind = address === undefined ? 0 : isIP(address);
    const port = Number(match?.[3] ?? 0);
    if (kind === 0 || port > 65535 || (kind === 6) !== (match?.[1] !== undefined)) return undefined;
    return new this({ address, port, family: kind === 6 ? "ipv6" : "ipv4" });
  }
  toJSON(): object {
    const { address, port, family, flowlabel } = this;
    return { address, port, family, flowlabel };
  }
}

/** An address as one big number, for comparisons. */
function numberOf(address: string): bigint {
  if (isIPv4(address)) return address.split(".").reduce((sum, part) => sum * 256n + BigInt(part), 0n);
  const [head = "", tail] = address
    .replace(/%.*$/, "")
    .replace(/(\d+\.\d+\.\d+\.\d+)$/, (v4) => {
      const value = numberOf(v4);
      return `${(value >> 16n).toString(16)}:${(value & 0xffffn).toString(16)}`;
    })
    .split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const groups =
    tail === undefined ? left : [...left, ...Array<string>(8 - left.length - right.length).fill("0"), ...right];
  return groups.reduce((sum, group) => sum * 65536n + BigInt(`0x${group}`), 0n);
}

/** Addresses, ranges and subnets that are blocked. */
export class BlockList {
  #rules: { family: string; from: bigint; to: bigint; text: string }[] = [];
  static isBlockList(value: unknown): boolean {
    return value instanceof BlockList;
  }
  #parse(address: Any, family: string): [bigint, string] {
    const text = typeof address === "string" ? address : address.address;
    const kind = typeof address === "string" ? family.toLowerCase() : address.family;
    if (isIP(text) !== (kind === "ipv6" ? 6 : 4)) throw nodeError(Error, "ERR_INVALID_ADDRESS", "Invalid address");
    return [numberOf(text), kind];
  }
  addAddress(address: Any, family = "ipv4"): void {
    const [value, kind] = this.#parse(address, family);
    this.#rules.unshift({
      family: kind,
      from: value,
      to: value,
      text: `Address: ${kind === "ipv6" ? "IPv6" : "IPv4"} ${typeof address === "string" ? address : address.address}`,
    });
  }
  addRange(start: Any, end: Any, family = "ipv4"): void {
    const [from, kind] = this.#parse(start, family);
    const [to] = this.#parse(end, family);
    if (from > to) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", "The argument 'start' must come before end");
    this.#rules.unshift({
      family: kind,
      from,
      to,
      text: `Range: ${kind === "ipv6" ? "IPv6" : "IPv4"} ${start}-${end}`,
    });
  }
  addSubnet(network: Any, prefix: number, family = "ipv4"): void {
    const [value, kind] = this.#parse(network, family);
    const host = BigInt((kind === "ipv6" ? 128 : 32) - prefix);
    const from = (value >> host) << host;
    this.#rules.unshift({
      family: kind,
      from,
      to: from + (1n << host) - 1n,
      text: `Subnet: ${kind === "ipv6" ? "IPv6" : "IPv4"} ${network}/${prefix}`,
    });
  }
  check(address: Any, family = "ipv4"): boolean {
    let value: bigint;
    let kind: string;
    try {
      [value, kind] = this.#parse(address, family);
    } catch {
      return false;
    }
    // An IPv4 address in IPv6's clothes is the IPv4 address.
    if (
      kind === "ipv6" &&
      value >> 32n === 0xffffn &&
      this.#rules.some(
        (rule) => rule.family === "ipv4" && rule.from <= (value & 0xffffffffn) && (value & 0xffffffffn) <= rule.to,
      )
    )
      return true;
    return this.#rules.some((rule) => rule.family === kind && rule.from <= value && value <= rule.to);
  }
  get rules(): string[] {
    return this.#rules.map((rule) => rule.text);
  }
  toJSON(): string[] {
    return this.rules;
  }
  /** Adds rules as `rules` gives them. */
  fromJSON(value: Any): void {
    const rules = typeof value === "string" ? (JSON.parse(value) as string[]) : (value as string[]);
    for (const rule of rules) {
      const match = /^(Address|Range|Subnet): IPv([46]) (.*)$/.exec(rule);
      if (match === null) throw nodeError(TypeError, "ERR_INVALID_ARG_VALUE", `Not a rule: ${rule}`);
      const [, kind, version, text] = match;
      const family = `ipv${version}`;
      const [first, second] = text!.split(kind === "Subnet" ? "/" : "-");
      if (kind === "Address") this.addAddress(text, family);
      else if (kind === "Range") this.addRange(first, second, family);
      else this.addSubnet(first, Number(second), family);
    }
  }
}

let autoSelect = true;
let attemptTimeout_ms = 250;
export const getDefaultAutoSelectFamily = (): boolean => autoSelect;
export const setDefaultAutoSelectFamily = (value: boolean): void => {
  autoSelect = value;
};
export const getDefaultAutoSelectFamilyAttemptTimeout = (): number => attemptTimeout_ms;
export const setDefaultAutoSelectFamilyAttemptTimeout = (value_ms: number): void => {
  attemptTimeout_ms = Math.max(10, value_ms);
};

export { isIP, isIPv4, isIPv6, Socket };
export default {
  BlockList,
  Server,
  Socket,
  SocketAddress,
  Stream,
  _normalizeArgs,
  connect,
  createConnection,
  createServer,
  getDefaultAutoSelectFamily,
  getDefaultAutoSelectFamilyAttemptTimeout,
  isIP,
  isIPv4,
  isIPv6,
  setDefaultAutoSelectFamily,
  setDefaultAutoSelectFamilyAttemptTimeout,
};
