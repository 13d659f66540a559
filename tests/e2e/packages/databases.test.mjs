// Drivers of database servers, over TCP from a worker: PostgreSQL, Redis, MongoDB.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startMongo } from "./mongo.mjs";
import { startProject } from "./project.mjs";
import {
  authority,
  clientCertificate,
  clientKey,
  postgresProgram,
  redisProgram,
  startPostgres,
  startRedis,
  startRedisTls,
} from "./servers.mjs";

test(
  "postgres: password, parameters, types, transactions, cursors, notifications",
  { skip: postgresProgram ? false : "there is no PostgreSQL" },
  async () => {
    const database = await startPostgres();
    const server = await startProject(
      {
        "src/index.js": `import postgres from "postgres";
      export default {
        async fetch(request, env) {
          const sql = postgres(env.DATABASE, { max: 2, fetch_types: false });
          const out = {};
          try {
            await sql\`create table if not exists items (id serial primary key, name text not null, price numeric, tags jsonb, made timestamptz default now())\`;
            await sql\`truncate items\`;
            const rows = [{ name: "é", price: "1.50", tags: sql.json(["a"]) }, { name: "b", price: "2", tags: sql.json({ k: 1 }) }];
            out.inserted = (await sql\`insert into items \${sql(rows)} returning id\`).length;
            out.rows = await sql\`select name, price, tags, made is not null as dated from items where price > \${1} order by name\`;
            out.failed = await sql\`select * from nowhere\`.catch((error) => [error.code, error.message]);
            out.aborted = await sql.begin(async (sql) => { await sql\`delete from items\`; throw new Error("no"); }).catch((error) => error.message);
            out.total = await sql.begin(async (sql) => { await sql\`insert into items (name) values ('c')\`; return (await sql\`select count(*)::int as n from items\`)[0].n; });
            out.cursor = 0;
            for await (const [row] of sql\`select * from generate_series(1, 5) as x\`.cursor()) out.cursor += row.x;
            out.parallel = (await Promise.all([1, 2, 3].map((n) => sql\`select \${n}::int as n\`))).map(([row]) => row.n);
            const [big] = await sql\`select repeat('x', 300000) as text\`;
            out.big = big.text.length;
          } finally {
            await sql.end();
          }
          return Response.json(out);
        },
      };`,
      },
      { settings: `[vars]\nDATABASE = "postgres://adit:secret@127.0.0.1:${database.port}/postgres"\n` },
    );
    try {
      assert.deepEqual(await server.json("/"), {
        inserted: 2,
        rows: [
          { name: "b", price: "2", tags: { k: 1 }, dated: true },
          { name: "é", price: "1.50", tags: ["a"], dated: true },
        ],
        failed: ["42P01", 'relation "nowhere" does not exist'],
        aborted: "no",
        total: 3,
        cursor: 15,
        parallel: [1, 2, 3],
        big: 300000,
      });
      const wrong = await server.fetch("/", {});
      assert.equal(wrong.status, 200);
    } finally {
      await server.stop();
      await database.stop();
    }
  },
);

test(
  "redis: commands, pipelines, binary values, publish and subscribe, a wrong password",
  { skip: redisProgram ? false : "there is no redis-server" },
  async () => {
    const database = await startRedis("--requirepass", "secret");
    const server = await startProject(
      {
        "src/index.js": `import { createClient, RESP_TYPES } from "redis";
      export default {
        async fetch(request, env) {
          const socket = { host: "127.0.0.1", port: Number(env.PORT), reconnectStrategy: false };
          const client = createClient({ socket, password: "secret" });
          client.on("error", () => {});
          await client.connect();
          const out = {};
          try {
            await client.set("a", "é", { EX: 60 });
            out.get = await client.get("a");
            out.ttl = (await client.ttl("a")) > 0;
            await client.hSet("h", { x: "1", y: "2" });
            out.hash = { ...(await client.hGetAll("h")) };
            out.multi = await client.multi().incr("n").incrBy("n", 4).get("n").exec();
            out.parallel = (await Promise.all(Array.from({ length: 50 }, (_, i) => client.set("k" + i, "v" + i)))).length;
            const long = "x".repeat(500000);
            await client.set("long", long);
            out.long = (await client.get("long")) === long;
            out.wrongType = await client.lPush("a", "x").catch((error) => error.message.split(" ")[0]);
            const subscriber = client.duplicate();
            subscriber.on("error", () => {});
            await subscriber.connect();
            const heard = new Promise((resolve) => subscriber.subscribe("news", resolve));
            while ((await client.publish("news", "hello")) === 0) await new Promise((resolve) => setTimeout(resolve, 5));
            out.heard = await heard;
            subscriber.destroy();
          } finally {
            client.destroy();
          }
          const stranger = createClient({ socket, password: "wrong" });
          stranger.on("error", () => {});
          out.refused = await stranger.connect().then(() => "connected", (error) => error.message.split(" ")[0]);
          return Response.json(out);
        },
      };`,
      },
      { settings: `[vars]\nPORT = "${database.port}"\n` },
    );
    try {
      assert.deepEqual(await server.json("/"), {
        get: "é",
        ttl: true,
        hash: { x: "1", y: "2" },
        multi: [1, 5, "5"],
        parallel: 50,
        long: true,
        wrongType: "WRONGTYPE",
        heard: "hello",
        refused: "WRONGPASS",
      });
    } finally {
      await server.stop();
      await database.stop();
    }
  },
);

test("mongodb: the driver connects, inserts and finds (against a stand-in that speaks the protocol)", async () => {
  const database = await startMongo();
  const server = await startProject(
    {
      "src/index.js": `import { MongoClient, ObjectId } from "mongodb";
      export default {
        async fetch(request, env) {
          const client = new MongoClient(env.DATABASE, { serverSelectionTimeoutMS: 3000 });
          await client.connect();
          const items = client.db("test").collection("items");
          const { insertedId } = await items.insertOne({ name: "é", when: new Date(5), n: 1.5, list: [1, { a: null }] });
          const found = await items.findOne({ name: "é" });
          const all = await items.find({}).toArray();
          await client.close();
          return Response.json({ isId: insertedId instanceof ObjectId, same: found._id.equals(insertedId), found: { ...found, _id: 0 }, all: all.length });
        },
      };`,
    },
    { settings: `[vars]\nDATABASE = "mongodb://127.0.0.1:${database.port}/?directConnection=true"\n` },
  );
  try {
    assert.deepEqual(await server.json("/"), {
      isId: true,
      same: true,
      found: { _id: 0, name: "é", when: "1970-01-01T00:00:00.005Z", n: 1.5, list: [1, { a: null }] },
      all: 1,
    });
  } finally {
    await server.stop();
    await database.stop();
  }
});

test(
  "redis over TLS: an authority and a certificate of one's own; a server that is not trusted",
  { skip: redisProgram ? false : "there is no redis-server" },
  async () => {
    const database = await startRedisTls();
    const server = await startProject(
      {
        "src/index.js": `import { createClient } from "redis";
      const [ca, cert, key] = ${JSON.stringify([authority, clientCertificate, clientKey])};
      export default {
        async fetch(request, env) {
          const at = { host: "127.0.0.1", port: Number(env.PORT), tls: true, reconnectStrategy: false };
          const client = createClient({ socket: { ...at, ca, cert, key } });
          client.on("error", () => {});
          await client.connect();
          await client.set("a", "over TLS");
          const value = await client.get("a");
          client.destroy();
          const stranger = createClient({ socket: at });
          stranger.on("error", () => {});
          const refused = await stranger.connect().then(() => "connected", (error) => error.code);
          return Response.json({ value, refused });
        },
      };`,
      },
      { settings: `[vars]\nPORT = "${database.port}"\n` },
    );
    try {
      assert.deepEqual(await server.json("/"), { value: "over TLS", refused: "SELF_SIGNED_CERT_IN_CHAIN" });
    } finally {
      await server.stop();
      await database.stop();
    }
  },
);
