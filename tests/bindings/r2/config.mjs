// Two buckets that different shards own when there are two: on whichever shard a test runs, it sees its own and another's.
const buckets = { R2_FIRST: "left", R2_SECOND: "right" };

export default {
  wrangler: { r2_buckets: Object.entries(buckets).map(([binding, bucket_name]) => ({ binding, bucket_name })) },
  miniflare: { r2Buckets: buckets },
};
