// KV: GET reads the value of the path's key, PUT writes it.
export default {
  async fetch(request, env) {
    const key = request.url.slice(request.url.lastIndexOf("/") + 1);
    if (request.method === "PUT") {
      await env.KV.put(key, await request.text());
      return new Response("ok");
    }
    const value = await env.KV.get(key);
    return value === null ? new Response("no such key", { status: 404 }) : new Response(value);
  },
};
