// node:inspector/promises: see inspector.ts.

export * from "unenv/node/inspector/promises";
export { default } from "unenv/node/inspector/promises";
