// node:readline: no terminal. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/readline";
export { default } from "unenv/node/readline";
