// The Formatter of the Console standard: what console.log and its like make of their arguments.

import { inspect } from "./inspect";

/** Console § 2.2: `%s` and its like in the first argument, then the rest with spaces between. */
export function formatArguments(args: readonly unknown[]): string {
  let index = 0;
  let text = "";
  if (typeof args[0] === "string") {
    index = 1;
    text =
      args.length === 1
        ? args[0]
        : args[0].replace(/%[sdifjoOc%]/g, (directive) => {
            if (directive === "%%") return "%";
            if (index >= args.length) return directive;
            return substitute(directive, args[index++]);
          });
  }
  for (; index < args.length; index++) {
    const value = args[index];
    if (index > 0) text += " ";
    text += typeof value === "string" ? value : inspect(value);
  }
  return text;
}

function substitute(directive: string, value: unknown): string {
  switch (directive) {
    case "%s":
      return typeof value === "string"
        ? value
        : typeof value === "object" && value !== null
          ? inspect(value, { depth: 0 })
          : inspect(value);
    case "%d":
      return typeof value === "bigint"
        ? `${value}n`
        : typeof value === "object" || typeof value === "symbol"
          ? "NaN"
          : inspect(Number(value));
    case "%i":
      return typeof value === "bigint"
        ? `${value}n`
        : typeof value === "object" || typeof value === "symbol"
          ? "NaN"
          : inspect(Number.parseInt(String(value), 10));
    case "%f":
      return typeof value === "symbol" ? "NaN" : inspect(Number.parseFloat(String(value)));
    case "%j":
      try {
        return String(JSON.stringify(value));
      } catch {
        return "[Circular]";
      }
    case "%o":
      return inspect(value, { depth: 4 });
    case "%O":
      return inspect(value);
    default:
      return ""; // %c: the style of a browser's console
  }
}
