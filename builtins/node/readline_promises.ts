// node:readline/promises: see readline.ts.

export * from "unenv/node/readline/promises";
export { default } from "unenv/node/readline/promises";
