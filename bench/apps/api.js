// A small routed JSON API: URL, path parameters, query parameters, a request header, JSON, response headers.
const users = Array.from({ length: 100 }, (_, id) => ({
  id,
  name: `User ${id}`,
  email: `user${id}@example.com`,
  roles: id % 2 ? ["reader"] : ["reader", "writer"],
}));

const routes = [
  ["GET", /^\/$/, () => Response.json({ ok: true })],
  ["GET", /^\/users$/, ({ url }) => Response.json(users.slice(0, Number(url.searchParams.get("limit") ?? 10)))],
  [
    "GET",
    /^\/users\/(\d+)$/,
    ({ match, url, request }) => {
      const user = users[match[1]];
      if (!user) return Response.json({ error: "no such user" }, { status: 404 });
      const fields = url.searchParams.get("fields")?.split(",") ?? Object.keys(user);
      const body = Object.fromEntries(fields.map((field) => [field, user[field]]));
      return Response.json(
        { user: body, trace: request.headers.get("x-trace") },
        { headers: { "cache-control": "max-age=60", "x-served-by": "bench" } },
      );
    },
  ],
];

export default {
  fetch(request) {
    const url = new URL(request.url);
    for (const [method, pattern, handler] of routes) {
      if (method !== request.method) continue;
      const match = pattern.exec(url.pathname);
      if (match) return handler({ match, url, request });
    }
    return Response.json({ error: "not found" }, { status: 404 });
  },
};
