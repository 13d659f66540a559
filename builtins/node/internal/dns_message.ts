// A DNS answer (RFC 1035 § 4.1; RFC 3596, 2782, 3403, 8659) as the records that node:dns gives.

import { Buffer } from "../buffer";

export const recordTypes: Readonly<Record<string, number>> = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  MX: 15,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  NAPTR: 35,
  TLSA: 52,
  ANY: 255,
  CAA: 257,
};

export interface DnsRecord {
  type: string;
  ttl: number;
  value: any;
}

class Reader {
  #bytes: Uint8Array;
  #view: DataView;
  at: number;
  constructor(bytes: Uint8Array, at: number) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.at = at;
  }
  octet(): number {
    return this.#view.getUint8(this.at++);
  }
  short(): number {
    this.at += 2;
    return this.#view.getUint16(this.at - 2);
  }
  long(): number {
    this.at += 4;
    return this.#view.getUint32(this.at - 4);
  }
  take(size: number): Uint8Array {
    this.at += size;
    return this.#bytes.subarray(this.at - size, this.at);
  }
  text(): string {
    return decode(this.take(this.octet()));
  }
  /** Labels, with pointers to earlier ones; a pointer may only go back, so this ends. */
  name(): string {
    const labels: string[] = [];
    let at = this.at;
    let after: number | undefined;
    for (;;) {
      const length = this.#view.getUint8(at);
      if ((length & 0xc0) === 0xc0) {
        const target = this.#view.getUint16(at) & 0x3fff;
        after ??= at + 2;
        if (target >= at) throw new Error("EBADRESP");
        at = target;
      } else if (length === 0) {
        this.at = after ?? at + 1;
        return labels.join(".");
      } else {
        labels.push(decode(this.#bytes.subarray(at + 1, at + 1 + length)));
        at += 1 + length;
      }
    }
  }
}
const decode = (bytes: Uint8Array): string => (Buffer as any).from(bytes).toString("latin1");

function valueOf(type: number, reader: Reader, size: number): any {
  const end = reader.at + size;
  switch (type) {
    case recordTypes.A:
      return [...reader.take(4)].join(".");
    case recordTypes.AAAA: {
      const groups = Array.from({ length: 8 }, () => reader.short().toString(16));
      const runs = [...groups.join(":").matchAll(/(?:^|:)0(?::0)+(?::|$)/g)].sort((a, b) => b[0].length - a[0].length);
      const text = groups.join(":");
      return runs.length > 0
        ? text.slice(0, runs[0]!.index) + "::" + text.slice(runs[0]!.index + runs[0]![0].length)
        : text;
    }
    case recordTypes.NS:
    case recordTypes.CNAME:
    case recordTypes.PTR:
      return reader.name();
    case recordTypes.MX:
      return { priority: reader.short(), exchange: reader.name() };
    case recordTypes.TXT: {
      const parts: string[] = [];
      while (reader.at < end) parts.push(reader.text());
      return parts;
    }
    case recordTypes.SRV:
      return { priority: reader.short(), weight: reader.short(), port: reader.short(), name: reader.name() };
    case recordTypes.SOA:
      return {
        nsname: reader.name(),
        hostmaster: reader.name(),
        serial: reader.long(),
        refresh: reader.long(),
        retry: reader.long(),
        expire: reader.long(),
        minttl: reader.long(),
      };
    case recordTypes.NAPTR:
      return {
        order: reader.short(),
        preference: reader.short(),
        flags: reader.text(),
        service: reader.text(),
        regexp: reader.text(),
        replacement: reader.name(),
      };
    case recordTypes.CAA: {
      const critical = reader.octet();
      const tag = reader.text();
      return { critical, [tag]: decode(reader.take(end - reader.at)) };
    }
    default:
      return undefined;
  }
}

/** The answer section's records of the types that are known. */
export function readAnswer(bytes: Uint8Array): DnsRecord[] {
  const reader = new Reader(bytes, 4);
  const questions = reader.short();
  const answers = reader.short();
  reader.at = 12;
  for (let i = 0; i < questions; i++) {
    reader.name();
    reader.at += 4;
  }
  const records: DnsRecord[] = [];
  for (let i = 0; i < answers; i++) {
    reader.name();
    const type = reader.short();
    reader.at += 2;
    const ttl = reader.long();
    const size = reader.short();
    const next = reader.at + size;
    const name = Object.keys(recordTypes).find((key) => recordTypes[key] === type);
    const value = name === undefined ? undefined : valueOf(type, reader, size);
    if (value !== undefined) records.push({ type: name!, ttl, value });
    reader.at = next;
  }
  return records;
}
