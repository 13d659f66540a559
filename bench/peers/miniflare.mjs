// usage: node miniflare.mjs PORT APP STATE MODULES, in the folder where the peers are installed.
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const [port, app, state, modules] = process.argv.slice(2);
const { Miniflare } = createRequire(`${modules}/`)("miniflare");
const server = new Miniflare({
  modules: true,
  script: readFileSync(app, "utf8"),
  compatibilityDate: "2026-01-01",
  port: Number(port),
  host: "127.0.0.1",
  kvNamespaces: ["KV"],
  kvPersist: `${state}/kv`,
  r2Buckets: ["BUCKET"],
  r2Persist: `${state}/r2`,
  ...(app.endsWith("d1.js") && { d1Databases: ["DB"], d1Persist: `${state}/d1` }),
  ...(app.endsWith("objects.js") && {
    durableObjects: { COUNTER: { className: "Counter", useSQLite: true } },
    durableObjectsPersist: `${state}/do`,
  }),
});
await server.ready;
process.on("SIGTERM", () => server.dispose().then(() => process.exit(0)));
