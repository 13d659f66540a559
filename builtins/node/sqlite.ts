// node:sqlite: use D1 or a Durable Object's storage.sql. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/sqlite";
export { default } from "unenv/node/sqlite";
