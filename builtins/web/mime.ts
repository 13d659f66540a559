// MIME Sniffing § 4: MIME types, parsed and serialised. Used for what a Body says of itself in content-type.

export interface MimeType {
  /** "type/subtype", lower-cased. */
  essence: string;
  /** In order; names lower-cased, the first of a name wins. */
  parameters: Map<string, string>;
}

const token = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const quotedText = /^[\t\x20-\x7e\x80-\xff]*$/;
const whitespaceAtEnds = /^[\t\n\r ]+|[\t\n\r ]+$/g;

/** § 4.4 parse a MIME type. Undefined is failure. */
export function parseMimeType(input: string): MimeType | undefined {
  input = input.replace(whitespaceAtEnds, "");
  const slash = input.indexOf("/");
  if (slash < 0) return undefined;
  let position = input.indexOf(";", slash);
  if (position < 0) position = input.length;
  const type = input.slice(0, slash);
  const subtype = input.slice(slash + 1, position).replace(/[\t\n\r ]+$/, "");
  if (!token.test(type) || !token.test(subtype)) return undefined;
  const parameters = new Map<string, string>();
  while (position < input.length) {
    position++; // past the ";"
    while (position < input.length && " \t\r\n".includes(input[position]!)) position++;
    const nameStart = position;
    while (position < input.length && input[position] !== ";" && input[position] !== "=") position++;
    const name = input.slice(nameStart, position).toLowerCase();
    if (position >= input.length) break;
    if (input[position] === ";") continue;
    position++; // past the "="
    let value: string;
    if (input[position] === '"') {
      [value, position] = quotedString(input, position);
      while (position < input.length && input[position] !== ";") position++;
    } else {
      let end = input.indexOf(";", position);
      if (end < 0) end = input.length;
      value = input.slice(position, end).replace(/[\t\n\r ]+$/, "");
      position = end;
      if (value === "") continue;
    }
    if (token.test(name) && quotedText.test(value) && !parameters.has(name)) parameters.set(name, value);
  }
  return { essence: `${type}/${subtype}`.toLowerCase(), parameters };
}

/** Fetch § 2.2, collect an HTTP quoted string and extract its value. `position` is that of the opening quote. */
export function quotedString(input: string, position: number): [value: string, end: number] {
  let value = "";
  position++;
  while (position < input.length) {
    const c = input[position++]!;
    if (c === '"') break;
    if (c === "\\" && position < input.length) value += input[position++]!;
    else value += c;
  }
  return [value, position];
}

/** § 4.5 serialize a MIME type. */
export function serializeMimeType(type: MimeType): string {
  let output = type.essence;
  for (const [name, value] of type.parameters) {
    output += token.test(value) ? `;${name}=${value}` : `;${name}="${value.replace(/["\\]/g, "\\$&")}"`;
  }
  return output;
}
