// node:domain: deprecated in Node. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/domain";
export { default } from "unenv/node/domain";
