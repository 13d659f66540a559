// Two namespaces that different shards own when there are two: on whichever shard a test runs, it sees its own and another's.
const namespaces = { KV_FIRST: "left", KV_SECOND: "right" };

export default {
  wrangler: { kv_namespaces: Object.entries(namespaces).map(([binding, id]) => ({ binding, id })) },
  miniflare: { kvNamespaces: namespaces },
};
