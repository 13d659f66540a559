// node:constants: what os.constants, fs.constants and crypto.constants have, in one.

export * from "unenv/node/constants";
export { default } from "unenv/node/constants";
