// node:tty: no terminal. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/tty";
export { default } from "unenv/node/tty";
