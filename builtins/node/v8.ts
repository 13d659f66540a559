// node:v8: no heap tools. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/v8";
export { default } from "unenv/node/v8";
