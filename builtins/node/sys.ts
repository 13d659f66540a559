// node:sys, an old name of node:util.

export * from "./util";
export { default } from "./util";
