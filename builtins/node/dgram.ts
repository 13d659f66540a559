// node:dgram: there is no UDP. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/dgram";
export { default } from "unenv/node/dgram";
