// node:http2: fetch speaks HTTP/2. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/http2";
export { default } from "unenv/node/http2";
