// Web frameworks and libraries from npm, bundled by adit dev as a project's own would be.
import assert from "node:assert/strict";
import { test } from "node:test";
import { startProject } from "./project.mjs";

test("hono: routes, parameters, middleware, validation of JSON, streaming", async () => {
  const server = await startProject(
    {
      "src/index.ts": `import { Hono } from "hono";
      import { cors } from "hono/cors";
      import { basicAuth } from "hono/basic-auth";
      import { streamText } from "hono/streaming";
      import { HTTPException } from "hono/http-exception";
      type Env = { Bindings: { GREETING: string } };
      const app = new Hono<Env>();
      app.use("/api/*", cors());
      app.use("/secret/*", basicAuth({ username: "u", password: "p" }));
      app.get("/", (c) => c.text(c.env.GREETING));
      app.get("/api/users/:id{[0-9]+}", (c) => c.json({ id: c.req.param("id"), q: c.req.query("q") }));
      app.post("/api/echo", async (c) => c.json(await c.req.json(), 201));
      app.get("/secret/x", (c) => c.text("inside"));
      app.get("/stream", (c) => streamText(c, async (s) => { for (const t of ["a", "b", "c"]) { await s.write(t); await s.sleep(1); } }));
      app.get("/fail", () => { throw new HTTPException(418, { message: "teapot" }); });
      app.notFound((c) => c.text("nothing here", 404));
      export default app;`,
    },
    { settings: '[vars]\nGREETING = "hello"\n' },
  );
  assert.equal((await server.fetch("/")).text, "hello");
  assert.deepEqual(await server.json("/api/users/7?q=x"), { id: "7", q: "x" });
  assert.equal((await server.fetch("/api/users/x")).status, 404);
  const echo = await server.fetch("/api/echo", { method: "POST", body: '{"a":[1]}', headers: { origin: "http://o" } });
  assert.deepEqual([echo.status, echo.text, echo.headers.get("access-control-allow-origin")], [201, '{"a":[1]}', "*"]);
  assert.equal((await server.fetch("/secret/x")).status, 401);
  const authorization = `Basic ${Buffer.from("u:p").toString("base64")}`;
  assert.equal((await server.fetch("/secret/x", { headers: { authorization } })).text, "inside");
  assert.equal((await server.fetch("/stream")).text, "abc");
  assert.deepEqual(await server.fetch("/fail").then((r) => [r.status, r.text]), [418, "teapot"]);
  assert.deepEqual(await server.fetch("/none").then((r) => [r.status, r.text]), [404, "nothing here"]);
  await server.stop();
});

test("itty-router", async () => {
  const server = await startProject({
    "src/index.js": `import { AutoRouter, error } from "itty-router";
      const router = AutoRouter({ before: [(request) => { request.seen = true; }] });
      router
        .get("/hello/:name", ({ name, seen }) => ({ hello: name, seen }))
        .get("/list", ({ query }) => [1, 2, query])
        .post("/fail", () => error(400, "no"));
      export default { ...router };`,
  });
  assert.deepEqual(await server.json("/hello/adit"), { hello: "adit", seen: true });
  assert.deepEqual(await server.json("/list?a=1"), [1, 2, { a: "1" }]);
  assert.deepEqual(await server.fetch("/fail", { method: "POST" }).then((r) => [r.status, JSON.parse(r.text).error]), [
    400,
    "no",
  ]);
  assert.equal((await server.fetch("/none")).status, 404);
  await server.stop();
});

test("express on node:http, as httpServerHandler of cloudflare:node", async () => {
  const server = await startProject({
    "src/index.mjs": `import express from "express";
      import { httpServerHandler } from "cloudflare:node";
      const app = express();
      app.use(express.json());
      app.get("/hello/:name", (request, response) => response.set("x-a", "1").send("hello " + request.params.name));
      app.post("/sum", (request, response) => response.status(201).json({ sum: request.body.numbers.reduce((a, b) => a + b) }));
      app.get("/fail", () => { throw new Error("broken"); });
      app.use((error, request, response, next) => response.status(500).send("caught " + error.message));
      app.listen(3000);
      export default httpServerHandler({ port: 3000 });`,
  });
  const hello = await server.fetch("/hello/x");
  assert.deepEqual(
    [hello.status, hello.text, hello.headers.get("x-a"), hello.headers.get("content-type")],
    [200, "hello x", "1", "text/html; charset=utf-8"],
  );
  const sum = await server.fetch("/sum", {
    method: "POST",
    body: '{"numbers":[1,2,3]}',
    headers: { "content-type": "application/json" },
  });
  assert.deepEqual([sum.status, sum.text], [201, '{"sum":6}']);
  assert.deepEqual(await server.fetch("/fail").then((r) => [r.status, r.text]), [500, "caught broken"]);
  assert.equal((await server.fetch("/none")).status, 404);
  await server.stop();
});

test("graphql-yoga: queries, mutations, errors, and a subscription over server-sent events", async () => {
  const server = await startProject(
    {
      "src/index.js": `import { createSchema, createYoga } from "graphql-yoga";
      let count = 0;
      const yoga = createYoga({
        landingPage: false,
        schema: createSchema({
          typeDefs: "type Query { hello(name: String!): String! broken: Int } type Mutation { add(n: Int!): Int! } type Subscription { count(to: Int!): Int! }",
          resolvers: {
            Query: { hello: (_, { name }, { env }) => env.GREETING + " " + name, broken: () => { throw new Error("secret"); } },
            Mutation: { add: (_, { n }) => (count += n) },
            Subscription: { count: { async *subscribe(_, { to }) { for (let i = 1; i <= to; i++) yield { count: i }; } } },
          },
        }),
      });
      export default { fetch: (request, env, ctx) => yoga.fetch(request, { env, ctx }) };`,
    },
    { settings: '[vars]\nGREETING = "hi"\n' },
  );
  const query = (text, headers) =>
    server.fetch("/graphql", {
      method: "POST",
      body: JSON.stringify({ query: text }),
      headers: { "content-type": "application/json", ...headers },
    });
  assert.deepEqual(JSON.parse((await query('{ hello(name: "x") }')).text), { data: { hello: "hi x" } });
  assert.deepEqual(JSON.parse((await query("mutation { a: add(n: 2) b: add(n: 3) }")).text), { data: { a: 2, b: 5 } });
  const failed = JSON.parse((await query("{ broken }")).text);
  assert.equal(failed.errors[0].message, "Unexpected error.");
  assert.match((await query("{ nope }")).text, /Cannot query field/);
  const events = await query("subscription { count(to: 2) }", { accept: "text/event-stream" });
  assert.match(events.text, /"count":1[\s\S]*"count":2/);
  await server.stop();
});

test("react-dom/server: to a string, to a stream with Suspense", async () => {
  const server = await startProject({
    "src/index.jsx": `import React, { Suspense, use } from "react";
      import { renderToReadableStream, renderToString } from "react-dom/server";
      const Item = ({ name }) => <li className="item">{name}</li>;
      const List = ({ names }) => <ul>{names.map((name) => <Item key={name} name={name} />)}</ul>;
      const Late = ({ promise }) => <b>{use(promise)}</b>;
      export default {
        async fetch(request) {
          if (new URL(request.url).pathname === "/string") return new Response(renderToString(<List names={["a", "<b>"]} />));
          const promise = new Promise((resolve) => setTimeout(resolve, 10, "late"));
          const stream = await renderToReadableStream(<html><body><Suspense fallback="wait"><Late promise={promise} /></Suspense></body></html>);
          return new Response(stream, { headers: { "content-type": "text/html" } });
        },
      };`,
    "wrangler.toml":
      'name = "react"\nmain = "src/index.jsx"\ncompatibility_date = "2026-01-01"\ncompatibility_flags = ["nodejs_compat"]\n',
  });
  assert.equal((await server.fetch("/string")).text, '<ul><li class="item">a</li><li class="item">&lt;b&gt;</li></ul>');
  const page = (await server.fetch("/")).text;
  assert.match(page, /wait/);
  assert.match(page, /<b>late<\/b>/);
  await server.stop();
});
