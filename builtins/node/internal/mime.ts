// util.MIMEType and util.MIMEParams (MIME Sniffing § 4; Node.js docs, util).

import { nodeError } from "./errors";

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const quotedString = /^[\t\u0020-\u007e\u0080-\u00ff]*$/;

function invalid(what: string, value: string, index = -1): TypeError {
  const place = index >= 0 ? ` at ${index}` : "";
  return nodeError(
    TypeError,
    "ERR_INVALID_MIME_SYNTAX",
    `The MIME syntax for a ${what} in "${value}" is invalid${place}`,
  );
}

function quote(value: string): string {
  return token.test(value) ? value : `"${value.replace(/["\\]/g, "\\$&")}"`;
}

let readParams: (params: MIMEParams, text: string) => void;

export class MIMEParams {
  #data = new Map<string, string>();

  static {
    // MIME Sniffing § 4.4, from step 11 on.
    readParams = (params, text) => {
      for (const [, rawName, rawQuoted, rawValue] of text.matchAll(
        /;[\t\n\r ]*([^;=]*)(?:=(?:"((?:[^"\\]|\\.)*)"?[^;]*|([^;]*)))?/g,
      )) {
        const name = rawName!.toLowerCase();
        const value =
          rawQuoted !== undefined ? rawQuoted.replace(/\\(.)/g, "$1") : rawValue?.replace(/[\t\n\r ]+$/, "");
        if (value === undefined || (rawQuoted === undefined && value === "")) continue;
        if (token.test(name) && quotedString.test(value) && !params.#data.has(name)) params.#data.set(name, value);
      }
    };
  }

  delete(name: string): void {
    this.#data.delete(`${name}`);
  }
  get(name: string): string | null {
    return this.#data.get(`${name}`) ?? null;
  }
  has(name: string): boolean {
    return this.#data.has(`${name}`);
  }
  set(name: string, value: string): void {
    const key = `${name}`;
    const text = `${value}`;
    if (!token.test(key)) throw invalid("parameter name", key, key.search(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/));
    if (!quotedString.test(text))
      throw invalid("parameter value", text, text.search(/[^\t\u0020-\u007e\u0080-\u00ff]/));
    this.#data.set(key, text);
  }
  *entries(): IterableIterator<[string, string]> {
    yield* this.#data.entries();
  }
  *keys(): IterableIterator<string> {
    yield* this.#data.keys();
  }
  *values(): IterableIterator<string> {
    yield* this.#data.values();
  }
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
  toString(): string {
    return [...this.#data].map(([name, value]) => `${name}=${quote(value)}`).join(";");
  }
  toJSON(): string {
    return this.toString();
  }
}

export class MIMEType {
  #type: string;
  #subtype: string;
  #params = new MIMEParams();

  constructor(input: string) {
    const text = `${input}`.replace(/^[\t\n\r ]+|[\t\n\r ]+$/g, "");
    const slash = text.indexOf("/");
    const type = slash < 0 ? text : text.slice(0, slash);
    if (slash < 0 || !token.test(type))
      throw invalid("type", text, slash < 0 ? -1 : text.search(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/));
    const semicolon = text.indexOf(";", slash);
    const subtype = (semicolon < 0 ? text.slice(slash + 1) : text.slice(slash + 1, semicolon)).replace(
      /[\t\n\r ]+$/,
      "",
    );
    if (!token.test(subtype)) throw invalid("subtype", text, slash + 1);
    this.#type = type.toLowerCase();
    this.#subtype = subtype.toLowerCase();
    if (semicolon >= 0) readParams(this.#params, text.slice(semicolon));
  }
  get type(): string {
    return this.#type;
  }
  set type(value: string) {
    const text = `${value}`;
    if (!token.test(text)) throw invalid("type", text, text.search(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/));
    this.#type = text.toLowerCase();
  }
  get subtype(): string {
    return this.#subtype;
  }
  set subtype(value: string) {
    const text = `${value}`;
    if (!token.test(text)) throw invalid("subtype", text, text.search(/[^!#$%&'*+\-.^_`|~0-9A-Za-z]/));
    this.#subtype = text.toLowerCase();
  }
  get essence(): string {
    return `${this.#type}/${this.#subtype}`;
  }
  get params(): MIMEParams {
    return this.#params;
  }
  toString(): string {
    const params = this.#params.toString();
    return this.essence + (params ? `;${params}` : "");
  }
  toJSON(): string {
    return this.toString();
  }
}
