// The worker's own entrypoints behind service bindings, and Durable Objects on both shards; `exports` has them.
const self = Symbol.for("miniflare.kCurrentWorker");
export default {
  wrangler: {
    services: [
      { binding: "RPC", service: "binding-tests", entrypoint: "Rpc", props: { tenant: "t1", list: [1, { a: 2 }] } },
      { binding: "HANDLERS", service: "binding-tests", entrypoint: "handlers" },
      { binding: "SELF", service: "binding-tests" },
    ],
    durable_objects: {
      bindings: [
        { name: "RPC_OBJECT", class_name: "RpcObject" },
        { name: "RPC_PLAIN", class_name: "RpcPlain" },
      ],
    },
    migrations: [{ tag: "rpc1", new_sqlite_classes: ["RpcObject", "RpcPlain"] }],
  },
  miniflare: {
    serviceBindings: {
      RPC: { name: self, entrypoint: "Rpc", props: { tenant: "t1", list: [1, { a: 2 }] } },
      HANDLERS: { name: self, entrypoint: "handlers" },
      SELF: self,
    },
    durableObjects: {
      RPC_OBJECT: { className: "RpcObject", useSQLite: true },
      RPC_PLAIN: { className: "RpcPlain", useSQLite: true },
    },
  },
  exports: "entrypoints.js",
};
