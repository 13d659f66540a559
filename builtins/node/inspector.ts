// node:inspector: no debugger inside. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/inspector";
export { default } from "unenv/node/inspector";
