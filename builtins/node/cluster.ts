// node:cluster: there is one worker. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/cluster";
export { default } from "unenv/node/cluster";
