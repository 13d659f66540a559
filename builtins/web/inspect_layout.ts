// How the parts of an inspected object become lines: on one line, one part a line, or in columns.

export const lineWidth = 72;

/** An object in pieces: what stands before its bracket, and its parts as text. */
export interface Shape {
  prefix: string;
  open: string;
  close: string;
  parts: string[];
  /** Items of a list may be laid out in columns. */
  list: boolean;
  /** Shown in the place of braces when there are no parts. */
  bare?: string;
}

export function layOut(shape: Shape, indent: number): string {
  const { prefix, open, close, parts } = shape;
  if (parts.length === 0) return shape.bare ?? `${prefix}${open}${close}`;
  let lines = parts;
  const columns = shape.list && parts.length > 6 ? inColumns(parts) : undefined;
  if (columns !== undefined) lines = columns;
  // One line when it is short and holds at most three levels: the innermost are joined, the outer ones are broken.
  const total = lines.reduce((sum, part) => sum + part.length, lines.length);
  const isOneLine =
    lines === parts && !parts.some((part) => part.includes("\n")) && !(shape.bare?.includes("\n") ?? false);
  if (isOneLine && nesting(parts) < 3 && total + prefix.length + indent + 10 <= lineWidth + 8)
    return `${prefix}${open} ${parts.join(", ")} ${close}`;
  const newline = `\n${" ".repeat(indent + 2)}`;
  return `${prefix}${open}${newline}${lines.join(`,${newline}`)}\n${" ".repeat(indent)}${close}`;
}

/** How deep the brackets of one-line parts go. */
function nesting(parts: string[]): number {
  let deepest = 0;
  for (const part of parts) {
    let depth = 0;
    let quoteMark = "";
    for (let i = 0; i < part.length; i++) {
      const unit = part[i]!;
      if (quoteMark !== "") {
        if (unit === "\\") i++;
        else if (unit === quoteMark) quoteMark = "";
      } else if (unit === "'" || unit === '"' || unit === "`") quoteMark = unit;
      else if ((unit === "{" || unit === "[") && part[i + 1] === " ") deepest = Math.max(deepest, ++depth);
      else if ((unit === "}" || unit === "]") && part[i - 1] === " ") depth--;
    }
  }
  return deepest;
}

/** Many short items in columns of one width; undefined when they are too long for that to help. */
function inColumns(parts: string[]): string[] | undefined {
  const more = parts.at(-1)!.startsWith("... ") ? [parts.at(-1)!] : [];
  const items = more.length > 0 ? parts.slice(0, -1) : parts;
  if (items.some((item) => item.includes("\n"))) return undefined;
  const separator = 2;
  const longest = Math.max(...items.map((item) => item.length)) + separator;
  // About two and a half times as wide as high in characters, which is what Workers show; twelve columns at most.
  const width = Math.max(longest - 3, 1);
  const count = Math.min(Math.round(Math.sqrt(2.5 * width * items.length) / width), Math.floor(80 / longest), 12);
  if (count <= 1) return undefined;
  const widths: number[] = [];
  for (let column = 0; column < count; column++) {
    let width = 0;
    for (let i = column; i < items.length; i += count) width = Math.max(width, items[i]!.length);
    widths.push(width + separator);
  }
  const right = items.every((item) => /^-?\d|^<|^NaN$|^-?Infinity$/.test(item));
  const lines: string[] = [];
  for (let i = 0; i < items.length; i += count) {
    const row = items.slice(i, i + count);
    lines.push(
      row
        .map((item, column) => {
          const last = column === row.length - 1;
          const text = last && i + column === items.length - 1 ? item : last ? item : `${item}, `;
          return right
            ? last
              ? item.padStart(widths[column]! - separator)
              : text.padStart(widths[column]!)
            : last
              ? text
              : text.padEnd(widths[column]!);
        })
        .join(""),
    );
  }
  return [...lines, ...more];
}
