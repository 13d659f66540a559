// R2: GET answers with the object of the path's key, PUT stores it. The bodies are only passed on.
export default {
  async fetch(request, env) {
    const key = request.url.slice(request.url.lastIndexOf("/") + 1);
    if (request.method === "PUT") {
      await env.BUCKET.put(key, request.body);
      return new Response("ok");
    }
    const object = await env.BUCKET.get(key);
    return object === null ? new Response("no such object", { status: 404 }) : new Response(object.body);
  },
};
