// Libraries from npm without a framework: tokens, validation, SQL building.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProject } from "./project.mjs";

test("jose: signed and encrypted tokens of every kind of key", async () => {
  const server = await startProject({
    "src/index.js": `import * as jose from "jose";
      export default {
        async fetch() {
          const out = {};
          const secret = new TextEncoder().encode("a secret of at least thirty-two octets");
          const token = await new jose.SignJWT({ role: "admin" }).setProtectedHeader({ alg: "HS256" }).setIssuedAt().setExpirationTime("2h").sign(secret);
          out.HS256 = (await jose.jwtVerify(token, secret)).payload.role;
          out.tampered = await jose.jwtVerify(token.slice(0, -2) + "AA", secret).catch((error) => error.code);
          const old = await new jose.SignJWT({}).setProtectedHeader({ alg: "HS256" }).setExpirationTime(1).sign(secret);
          out.expired = await jose.jwtVerify(old, secret).catch((error) => error.code);
          for (const alg of ["RS256", "PS256", "ES256", "ES384", "EdDSA"]) {
            const { publicKey, privateKey } = await jose.generateKeyPair(alg, { extractable: true });
            const signed = await new jose.SignJWT({ alg }).setProtectedHeader({ alg }).sign(privateKey);
            const jwk = await jose.exportJWK(publicKey);
            const imported = await jose.importJWK(jwk, alg);
            out[alg] = (await jose.jwtVerify(signed, imported)).payload.alg;
          }
          for (const [alg, enc, key] of [["dir", "A256GCM", secret.slice(0, 32)], ["A128KW", "A128CBC-HS256", secret.slice(0, 16)]]) {
            const sealed = await new jose.EncryptJWT({ enc }).setProtectedHeader({ alg, enc }).encrypt(key);
            out[enc] = (await jose.jwtDecrypt(sealed, key)).payload.enc;
          }
          const { publicKey, privateKey } = await jose.generateKeyPair("ES256");
          const set = jose.createLocalJWKSet({ keys: [{ ...(await jose.exportJWK(publicKey)), alg: "ES256", kid: "1" }] });
          out.set = (await jose.jwtVerify(await new jose.SignJWT({ ok: 1 }).setProtectedHeader({ alg: "ES256", kid: "1" }).sign(privateKey), set)).payload.ok;
          return Response.json(out);
        },
      };`,
  });
  assert.deepEqual(await server.json("/"), {
    HS256: "admin",
    tampered: "ERR_JWS_SIGNATURE_VERIFICATION_FAILED",
    expired: "ERR_JWT_EXPIRED",
    RS256: "RS256",
    PS256: "PS256",
    ES256: "ES256",
    ES384: "ES384",
    EdDSA: "EdDSA",
    A256GCM: "A256GCM",
    "A128CBC-HS256": "A128CBC-HS256",
    set: 1,
  });
  await server.stop();
});

test("zod: schemas, transformations, the issues of a failure", async () => {
  const server = await startProject({
    "src/index.js": `import { z } from "zod";
      const Order = z.object({
        id: z.uuid(),
        email: z.email(),
        items: z.array(z.object({ name: z.string().min(1), price: z.coerce.number().positive() })).nonempty(),
        when: z.iso.datetime().transform((text) => new Date(text).getUTCFullYear()),
        kind: z.discriminatedUnion("type", [z.object({ type: z.literal("a"), a: z.number() }), z.object({ type: z.literal("b") })]),
      });
      export default {
        async fetch(request) {
          const result = Order.safeParse(await request.json());
          return Response.json(result.success ? result.data : result.error.issues.map((issue) => issue.path.join(".")));
        },
      };`,
  });
  const send = async (body) =>
    JSON.parse((await server.fetch("/", { method: "POST", body: JSON.stringify(body) })).text);
  const good = {
    id: "7b1d7d2e-0f52-4f0c-9a63-3f1f1c6d8d0b",
    email: "a@b.example",
    items: [{ name: "x", price: "2.5" }],
    when: "2026-01-02T03:04:05Z",
    kind: { type: "a", a: 1 },
  };
  assert.deepEqual(await send(good), { ...good, items: [{ name: "x", price: 2.5 }], when: 2026 });
  assert.deepEqual(await send({ ...good, email: "no", items: [{ name: "", price: -1 }], kind: { type: "c" } }), [
    "email",
    "items.0.name",
    "items.0.price",
    "kind.type",
  ]);
  await server.stop();
});

test("drizzle-orm: builds SQL for SQLite and PostgreSQL", async () => {
  const server = await startProject({
    "src/index.js": `import { and, desc, eq, gt, sql } from "drizzle-orm";
      import { integer, QueryBuilder, sqliteTable, text } from "drizzle-orm/sqlite-core";
      import { pgTable, QueryBuilder as PgQueryBuilder, serial, text as pgText } from "drizzle-orm/pg-core";
      const users = sqliteTable("users", { id: integer("id").primaryKey(), name: text("name").notNull(), age: integer("age") });
      const people = pgTable("people", { id: serial("id").primaryKey(), name: pgText("name") });
      export default {
        fetch() {
          const query = new QueryBuilder().select({ id: users.id, total: sql\`count(*)\` }).from(users)
            .where(and(eq(users.name, "x"), gt(users.age, 18))).groupBy(users.id).orderBy(desc(users.id)).limit(5).toSQL();
          return Response.json([query, new PgQueryBuilder().select().from(people).where(eq(people.id, 1)).toSQL()]);
        },
      };`,
  });
  const [query, pg] = await server.json("/");
  assert.equal(
    query.sql,
    'select "id", count(*) from "users" where ("users"."name" = ? and "users"."age" > ?) group by "users"."id" order by "users"."id" desc limit ?',
  );
  assert.deepEqual(query.params, ["x", 18, 5]);
  assert.equal(pg.sql, 'select "id", "name" from "people" where "people"."id" = $1');
  await server.stop();
});

test("drizzle-orm on a Durable Object's SQLite storage", async () => {
  const server = await startProject(
    {
      "src/index.js": `import { DurableObject } from "cloudflare:workers";
      import { drizzle } from "drizzle-orm/durable-sqlite";
      import { eq, gt } from "drizzle-orm";
      import { integer, sqliteTable, text } from "drizzle-orm/sqlite-core";
      const notes = sqliteTable("notes", { id: integer("id").primaryKey({ autoIncrement: true }), title: text("title").notNull(), done: integer("done", { mode: "boolean" }), extra: text("extra", { mode: "json" }) });
      export class Notes extends DurableObject {
        constructor(ctx, env) {
          super(ctx, env);
          ctx.storage.sql.exec("create table if not exists notes (id integer primary key autoincrement, title text not null, done integer, extra text)");
          this.db = drizzle(ctx.storage);
        }
        async run() {
          const inserted = await this.db.insert(notes).values([{ title: "a", done: true, extra: { k: [1] } }, { title: "b", done: false }]).returning();
          await this.db.update(notes).set({ title: "c" }).where(eq(notes.title, "b"));
          this.db.transaction((tx) => { tx.insert(notes).values({ title: "d" }).run(); });
          let undone = false;
          try { this.db.transaction((tx) => { tx.delete(notes).run(); tx.rollback(); }); } catch { undone = true; }
          return { inserted: inserted.length, rows: await this.db.select().from(notes).where(gt(notes.id, 0)).all(), undone };
        }
      }
      export default {
        async fetch(request, env) { return Response.json(await env.NOTES.get(env.NOTES.idFromName("x")).run()); },
      };`,
    },
    {
      settings:
        '[[durable_objects.bindings]]\nname = "NOTES"\nclass_name = "Notes"\n[[migrations]]\ntag = "v1"\nnew_sqlite_classes = ["Notes"]\n',
    },
  );
  assert.deepEqual(await server.json("/"), {
    inserted: 2,
    rows: [
      { id: 1, title: "a", done: true, extra: { k: [1] } },
      { id: 2, title: "c", done: false, extra: null },
      { id: 3, title: "d", done: null, extra: null },
    ],
    undone: true,
  });
  await server.stop();
});

test("drizzle-orm on D1", async () => {
  const server = await startProject(
    {
      "src/index.js": `import { drizzle } from "drizzle-orm/d1";
      import { asc, count, eq, sql } from "drizzle-orm";
      import { integer, real, sqliteTable, text } from "drizzle-orm/sqlite-core";
      const users = sqliteTable("users", { id: integer("id").primaryKey({ autoIncrement: true }), name: text("name").notNull(), score: real("score"), tags: text("tags", { mode: "json" }), joined: integer("joined", { mode: "timestamp" }) });
      const posts = sqliteTable("posts", { id: integer("id").primaryKey(), author: integer("author").references(() => users.id), title: text("title") });
      export default {
        async fetch(request, env) {
          const db = drizzle(env.DB, { schema: { users, posts } });
          await env.DB.exec("create table if not exists users (id integer primary key autoincrement, name text not null, score real, tags text, joined integer)");
          await env.DB.exec("create table if not exists posts (id integer primary key, author integer, title text)");
          const inserted = await db.insert(users).values([{ name: "a", score: 1.5, tags: ["x"], joined: new Date(1000) }, { name: "b" }]).returning();
          const [batched, updated] = await db.batch([
            db.insert(posts).values({ id: 1, author: 1, title: "first" }).returning(),
            db.update(users).set({ score: sql\`coalesce(score, 0) + 1\` }).where(eq(users.name, "b")),
          ]);
          const joined = await db.select({ name: users.name, title: posts.title }).from(users).leftJoin(posts, eq(posts.author, users.id)).orderBy(asc(users.id));
          const [{ total }] = await db.select({ total: count() }).from(users);
          const first = await db.select().from(users).where(eq(users.id, 1)).get();
          const raw = await db.run(sql\`select name from users where id = \${2}\`);
          let refused;
          try { await db.insert(posts).values({ id: 1, title: "again" }); } catch (error) { refused = String(error.cause?.message ?? error.message).includes("UNIQUE constraint failed"); }
          await db.delete(users).where(eq(users.name, "a"));
          return Response.json({ inserted: inserted.length, batched, changes: updated.meta.changes, joined, total, first, raw: raw.results, refused, left: await db.$count(users), query: await db.query.users.findMany({ columns: { name: true } }) });
        },
      };`,
    },
    { settings: '[[d1_databases]]\nbinding = "DB"\ndatabase_name = "db"\ndatabase_id = "drizzle"\n' },
  );
  assert.deepEqual(await server.json("/"), {
    inserted: 2,
    batched: [{ id: 1, author: 1, title: "first" }],
    changes: 1,
    joined: [
      { name: "a", title: "first" },
      { name: "b", title: null },
    ],
    total: 2,
    first: { id: 1, name: "a", score: 1.5, tags: ["x"], joined: new Date(1000).toISOString() },
    raw: [{ name: "b" }],
    refused: true,
    left: 1,
    query: [{ name: "b" }],
  });
  await server.stop();
});
