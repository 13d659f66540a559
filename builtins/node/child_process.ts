// node:child_process: there are no processes. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/child_process";
export { default } from "unenv/node/child_process";
