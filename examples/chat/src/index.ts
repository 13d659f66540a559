// The front door: the page for everyone, and each room's requests to the object of that room's name.
import page from "./page.html";

export { Room } from "./room";

interface Env {
  ROOM: DurableObjectNamespace;
}

const roomPath = /^\/rooms\/([a-z0-9][a-z0-9-]{0,31})(\/socket|\/messages)?$/;

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const url = new URL(request.url);
    const match = roomPath.exec(url.pathname);
    if (url.pathname !== "/" && !match) return new Response("There is no such room.\n", { status: 404 });
    if (match?.[2]) return env.ROOM.get(env.ROOM.idFromName(match[1])).fetch(request);
    return new Response(page, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
};
