import { test } from "../../web/harness.js";

/** A test for each of the two namespaces: one is the running shard's own, the other another shard's. */
export function onEach(name, body, options) {
  for (const binding of ["KV_FIRST", "KV_SECOND"])
    test(`${name} (${binding})`, ({ env, ctx }) => body(env[binding], env, ctx), options);
}

/** The namespace with nothing in it. */
export async function emptied(kv) {
  let page;
  do {
    page = await kv.list();
    await Promise.all(page.keys.map(({ name }) => kv.delete(name)));
  } while (!page.list_complete);
  return kv;
}
