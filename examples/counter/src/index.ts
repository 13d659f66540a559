import { DurableObject } from "cloudflare:workers";

interface Env {
  COUNTER: DurableObjectNamespace;
}

export class Counter extends DurableObject<Env> {
  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    const action = url.pathname.split("/")[2];
    let value = (await this.ctx.storage.get<number>("value")) ?? 0;
    if (action === undefined) return Response.json({ value });
    if (request.method !== "POST") return new Response("Use POST\n", { status: 405, headers: { allow: "POST" } });

    const by = Number(url.searchParams.get("by") ?? 1);
    if (!Number.isSafeInteger(by)) return new Response("by is an integer\n", { status: 400 });
    if (action === "increment") value += by;
    else if (action === "decrement") value -= by;
    else if (action === "reset") value = 0;
    else return new Response("There are increment, decrement and reset\n", { status: 404 });
    // No other request to this object runs between the get and this put, and the response leaves only once the put is durable.
    await this.ctx.storage.put("value", value);
    return Response.json({ value });
  }
}

export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const name = new URL(request.url).pathname.split("/")[1];
    if (!name) return new Response("Try /NAME, and POST to /NAME/increment, /NAME/decrement or /NAME/reset\n");
    return env.COUNTER.get(env.COUNTER.idFromName(decodeURIComponent(name))).fetch(request);
  },
};
