// node:vm: code is not made from strings. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/vm";
export { default } from "unenv/node/vm";
