// Durable Objects: /memory/NAME counts in memory, /durable/NAME counts in storage and answers when the count is durable.
import { DurableObject } from "cloudflare:workers";

export class Counter extends DurableObject {
  #count = 0;

  async fetch(request) {
    if (!request.url.includes("/durable/")) return new Response(String(++this.#count));
    const value = ((await this.ctx.storage.get("value")) ?? 0) + 1;
    await this.ctx.storage.put("value", value);
    return new Response(String(value));
  }
}

export default {
  fetch(request, env) {
    const name = request.url.slice(request.url.lastIndexOf("/") + 1);
    return env.COUNTER.get(env.COUNTER.idFromName(name)).fetch(request);
  },
};
