// fetch() and redirects: Fetch § 4.4, HTTP-redirect fetch.
import { assert, assertEquals, assertRejects, test } from "../harness.js";

const headers = { authorization: "secret", cookie: "c=1", "x-a": "1" };

test("a redirect is followed, and the response says so", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/redirect/302`);
  assertEquals([response.status, response.redirected, response.url], [200, true, `${env.SERVER}/echo`]);
  await response.text();
  const fragment = await fetch(`${env.SERVER}/to-fragment`);
  assertEquals(fragment.url, `${env.SERVER}/echo`);
  await fragment.text();
});

test("301, 302 and 303 turn a POST into a GET without a body", async ({ env }) => {
  for (const status of [301, 302, 303]) {
    const got = await (
      await fetch(`${env.SERVER}/redirect/${status}`, { method: "POST", body: "data", headers })
    ).json();
    assertEquals(
      [got.method, got.body, got.headers["content-length"], got.headers["x-a"]],
      ["GET", "", undefined, "1"],
      String(status),
    );
  }
});

test("303 turns any method but GET and HEAD into a GET, 301 and 302 do not", async ({ env }) => {
  const method = async (status, method) =>
    (await (await fetch(`${env.SERVER}/redirect/${status}`, { method, body: "data" })).json()).method;
  assertEquals(await method(303, "PUT"), "GET");
  assertEquals(await method(302, "PUT"), "PUT");
  const head = await fetch(`${env.SERVER}/redirect/303`, { method: "HEAD" });
  assertEquals([head.status, await head.text()], [200, ""]);
});

test("307 and 308 keep method and body", async ({ env }) => {
  for (const status of [307, 308]) {
    const got = await (
      await fetch(`${env.SERVER}/redirect/${status}`, { method: "POST", body: "data", headers })
    ).json();
    assertEquals([got.method, got.body, got.headers.authorization], ["POST", "data", "secret"]);
  }
});

test("a stream cannot be sent again", async ({ env }) => {
  const body = () => new Response("data").body.pipeThrough(new TransformStream());
  await assertRejects(
    fetch(`${env.SERVER}/redirect/307`, { method: "POST", body: body() }),
    TypeError,
    "one-time-use body",
  );
  const got = await (await fetch(`${env.SERVER}/redirect/303`, { method: "POST", body: body() })).json();
  assertEquals([got.method, got.body], ["GET", ""]);
});

test("credentials stay with their origin", async ({ env }) => {
  const got = await (await fetch(`${env.SERVER}/redirect/302?to=other`, { headers })).json();
  assertEquals([got.headers.authorization, got.headers["x-a"]], [undefined, "1"]);
  const same = await (await fetch(`${env.SERVER}/redirect/302`, { headers })).json();
  assertEquals(same.headers.authorization, "secret");
});

test("manual gives the redirect itself", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/redirect/302`, { redirect: "manual" });
  assertEquals([response.status, response.headers.get("location"), response.redirected], [302, "/echo", false]);
  assertEquals(response.url, `${env.SERVER}/redirect/302`);
  assertEquals(await response.text(), "redirected");
});

test("a redirect without a location is a response", async ({ env }) => {
  const response = await fetch(`${env.SERVER}/no-location`);
  assertEquals([response.status, response.redirected, await response.text()], [302, false, "nowhere"]);
});

test("a redirect that leads nowhere is an error", async ({ env }) => {
  await assertRejects(fetch(`${env.SERVER}/loop`), TypeError, "Too many redirects");
  await assertRejects(fetch(`${env.SERVER}/to-ftp`));
  await assertRejects(fetch(`${env.SERVER}/bad-location`));
  assert(true);
});
