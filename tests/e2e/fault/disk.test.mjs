// A disk that is full, on a small tmpfs of our own (needs root): writes are refused and never acknowledged, reads go on, and when
// there is room again so do writes.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import test from "node:test";
import { eventually, scratch, start, worker } from "../harness.mjs";

function mounted(megabytes) {
  const folder = scratch();
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder], { stdio: "pipe" });
  } catch {
    return undefined;
  }
  return { folder, unmount: () => execFileSync("umount", ["-l", folder]) };
}

const stores = {
  "a Durable Object": {
    source: `
      import { DurableObject } from "cloudflare:workers";
      export class Store extends DurableObject {
        async fetch(request) {
          const key = new URL(request.url).pathname;
          if (request.method === "PUT") { await this.ctx.storage.put(key, await request.text()); return new Response("stored"); }
          const value = await this.ctx.storage.get(key);
          return new Response(value ?? null, { status: value === undefined ? 404 : 200 });
        }
      }
      export default { fetch(request, env) { return env.STORE.get(env.STORE.idFromName("one")).fetch(request); } };
    `,
    settings: `[[durable_objects.bindings]]\nname = "STORE"\nclass_name = "Store"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Store"]\n`,
  },
  KV: {
    source: `
      export default {
        async fetch(request, env) {
          const key = new URL(request.url).pathname;
          if (request.method === "PUT") { await env.KV.put(key, await request.text()); return new Response("stored"); }
          const value = await env.KV.get(key);
          return new Response(value, { status: value === null ? 404 : 200 });
        },
      };
    `,
    settings: '[[kv_namespaces]]\nbinding = "KV"\nid = "kv"\n',
  },
};

for (const [name, { source, settings }] of Object.entries(stores)) {
  test(
    `a full disk under ${name} refuses writes, keeps what was acknowledged and recovers`,
    { skip: process.getuid() !== 0 && "needs root" },
    async (t) => {
      const disk = mounted(24);
      if (!disk) return t.skip("this machine does not let us mount a tmpfs");
      try {
        const filler = join(disk.folder, "filler");
        writeFileSync(filler, Buffer.alloc(14 << 20));
        const server = await start(worker({ "src/index.js": source }, settings), {
          persist: join(disk.folder, "state"),
        });
        const acknowledged = [];
        let refused = 0;
        for (let index = 0; index < 400 && refused < 5; index++) {
          const value = `${index} `.repeat(20_000).slice(0, 60_000);
          let status;
          try {
            ({ status } = await server.fetch(`/${index}`, { method: "PUT", body: value }));
          } catch {
            status = 0; // a cut connection is no acknowledgement either
          }
          if (status === 200) acknowledged.push([index, value]);
          else refused++;
        }
        assert(refused > 0, "the disk never filled");
        assert(acknowledged.length > 5, `only ${acknowledged.length} writes before the disk was full`);
        const check = async (from) => {
          for (const [index, value] of acknowledged)
            assert.equal((await from.fetch(`/${index}`)).text, value, `value ${index}`);
        };
        assert.equal(server.child.exitCode, null, server.output);
        await eventually(() => check(server));
        rmSync(filler);
        await eventually(async () =>
          assert.equal((await server.fetch("/after", { method: "PUT", body: "room" })).status, 200),
        );
        acknowledged.push(["after", "room"]);
        await check(server);
        server.kill("SIGKILL");
        await server.ended;
        const again = await start(worker({ "src/index.js": source }, settings), { persist: server.persist });
        await check(again);
        await again.stop();
      } finally {
        disk.unmount();
      }
    },
  );
}
