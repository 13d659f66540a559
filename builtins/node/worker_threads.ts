// node:worker_threads: a worker is one thread. The module is there so that packages load; using it throws an error that names the function (unenv).

export * from "unenv/node/worker_threads";
export { default } from "unenv/node/worker_threads";
