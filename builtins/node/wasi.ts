// node:wasi: WebAssembly has no WASI here. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/wasi";
export { default } from "unenv/node/wasi";
