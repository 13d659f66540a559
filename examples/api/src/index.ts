// The route table and what every route shares: CORS, HEAD, 404, 405 and errors as JSON.
import { findBook, listBooks } from "./books";
import { HttpError, json, readJson } from "./http";

interface Env {
  GREETING: string;
}

interface Context {
  request: Request;
  url: URL;
  params: Record<string, string>;
  env: Env;
}

type Handler = (context: Context) => Response | Promise<Response>;

const routes: [method: string, path: string, handler: Handler][] = [
  ["GET", "/", () => json({ routes: routes.map(([method, path]) => `${method} ${path}`) })],

  [
    "GET",
    "/greet/:name",
    ({ params, url, env }) => json({ message: `${url.searchParams.get("greeting") ?? env.GREETING}, ${params.name}!` }),
  ],

  ["GET", "/books", ({ url }) => json(listBooks(url.searchParams))],

  [
    "GET",
    "/books/:id",
    async ({ params, request }) => {
      const book = findBook(params.id);
      if (!book) throw new HttpError(404, `there is no book ${params.id}`);
      const body = JSON.stringify(book);
      const etag = `"${await sha256(body)}"`;
      if (request.headers.get("if-none-match") === etag) return new Response(null, { status: 304, headers: { etag } });
      return json(book, { headers: { etag, "cache-control": "max-age=60" } });
    },
  ],

  ["POST", "/echo", async ({ request }) => json({ youSent: await readJson(request) }, { status: 201 })],

  ["GET", "/headers", ({ request }) => json(Object.fromEntries(request.headers))],

  ["GET", "/hash", async ({ url }) => json({ sha256: await sha256(url.searchParams.get("text") ?? "") })],
];

const compiled = routes.map(([method, path, handler]) => {
  const names = [...path.matchAll(/:(\w+)/g)].map((match) => match[1]);
  return { method, pattern: new RegExp(`^${path.replace(/:\w+/g, "([^/]+)")}$`), names, handler };
});

async function route(request: Request, env: Env): Promise<Response> {
  const url = new URL(request.url);
  const method = request.method === "HEAD" ? "GET" : request.method;
  const allowed: string[] = [];
  for (const { method: routeMethod, pattern, names, handler } of compiled) {
    const match = pattern.exec(url.pathname);
    if (!match) continue;
    allowed.push(routeMethod);
    if (routeMethod !== method) continue;
    const params = Object.fromEntries(names.map((name, index) => [name, decodeURIComponent(match[index + 1])]));
    return handler({ request, url, params, env });
  }
  if (!allowed.length) throw new HttpError(404, `nothing is at ${url.pathname}`);
  if (method === "OPTIONS") {
    return new Response(null, {
      status: 204,
      headers: {
        allow: allowed.join(", "),
        "access-control-allow-methods": allowed.join(", "),
        "access-control-allow-headers": "content-type",
      },
    });
  }
  throw new HttpError(405, `${request.method} is not allowed here`, { allow: allowed.join(", ") });
}

async function sha256(text: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
  return [...new Uint8Array(digest)].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    let response: Response;
    try {
      response = await route(request, env);
    } catch (error) {
      if (!(error instanceof HttpError)) throw error;
      response = json({ error: error.message }, { status: error.status, headers: error.headers });
    }
    response.headers.set("access-control-allow-origin", "*");
    return request.method === "HEAD" ? new Response(null, response) : response;
  },
};
