// One chat room. What a client says: { type: "say", text } or { type: "rename", name }. What the room says, each with the time `at`:
//   welcome  name, members, history    to the one who joined
//   join     name, members             leave  name, members
//   rename   name, to, members         say    name, text, id
//   error    text                      to the one who made it
// Names are unique in a room: a second Ann is "Ann 2". The room lives as long as somebody is in it; its messages stay in storage.
import { DurableObject } from "cloudflare:workers";

interface Message {
  id: number;
  at: number;
  name: string;
  text: string;
}

const historyLength = 100;
const longestText = 2000;
const longestName = 24;

export class Room extends DurableObject {
  #members = new Map<WebSocket, string>();
  #history: Message[] = [];

  constructor(ctx: DurableObjectState, env: unknown) {
    super(ctx, env);
    ctx.blockConcurrencyWhile(async () => {
      const newestFirst = await ctx.storage.list<Message>({ prefix: "message:", reverse: true, limit: historyLength });
      this.#history = [...newestFirst.values()].reverse();
    });
  }

  async fetch(request: Request): Promise<Response> {
    const url = new URL(request.url);
    if (url.pathname.endsWith("/messages")) return Response.json(this.#history);
    if (request.headers.get("upgrade")?.toLowerCase() !== "websocket") {
      return new Response("This address is for WebSockets.\n", { status: 426, headers: { upgrade: "websocket" } });
    }
    const { 0: client, 1: server } = new WebSocketPair();
    server.accept();
    this.#join(server, url.searchParams.get("name") ?? "");
    return new Response(null, { status: 101, webSocket: client });
  }

  #join(socket: WebSocket, wish: string): void {
    const name = this.#freeName(wish);
    this.#members.set(socket, name);
    socket.addEventListener("message", (event) => {
      this.#receive(socket, event.data).catch((error) => send(socket, { type: "error", text: String(error.message) }));
    });
    socket.addEventListener("close", (event) => {
      this.#leave(socket);
      // Closing is answered by closing; a code that may not be sent (no status, abnormal) becomes a normal one.
      socket.close(event.code >= 3000 ? event.code : 1000, "bye");
    });
    socket.addEventListener("error", () => this.#leave(socket));
    send(socket, { type: "welcome", name, members: this.#names(), history: this.#history });
    this.#broadcast({ type: "join", name, members: this.#names() }, socket);
  }

  #leave(socket: WebSocket): void {
    const name = this.#members.get(socket);
    if (name === undefined) return;
    this.#members.delete(socket);
    this.#broadcast({ type: "leave", name, members: this.#names() });
  }

  async #receive(socket: WebSocket, data: unknown): Promise<void> {
    const name = this.#members.get(socket);
    if (name === undefined) return;
    let request: { type?: unknown; text?: unknown; name?: unknown };
    try {
      request = JSON.parse(String(data));
    } catch {
      throw new Error("Send JSON.");
    }
    if (request?.type === "say" && typeof request.text === "string") await this.#say(name, request.text.trim());
    else if (request?.type === "rename" && typeof request.name === "string") this.#rename(socket, name, request.name);
    else throw new Error("Say something, or change your name.");
  }

  async #say(name: string, text: string): Promise<void> {
    if (!text) return;
    if (text.length > longestText) throw new Error(`A message has at most ${longestText} characters.`);
    const message: Message = { id: (this.#history.at(-1)?.id ?? 0) + 1, at: Date.now(), name, text };
    this.#history.push(message);
    const dropped = this.#history.length > historyLength ? this.#history.shift() : undefined;
    // Both are one write, and members hear of the message only once it is durable.
    const written = this.ctx.storage.put(keyOf(message), message);
    if (dropped) void this.ctx.storage.delete(keyOf(dropped));
    await written;
    this.#broadcast({ type: "say", ...message });
  }

  #rename(socket: WebSocket, from: string, wish: string): void {
    this.#members.delete(socket);
    const to = this.#freeName(wish);
    this.#members.set(socket, to);
    if (to !== from) this.#broadcast({ type: "rename", name: from, to, members: this.#names() });
  }

  #freeName(wish: string): string {
    const name = wish.replace(/\s+/g, " ").trim().slice(0, longestName) || "Guest";
    const taken = new Set(this.#members.values());
    if (!taken.has(name)) return name;
    for (let number = 2; ; number++) if (!taken.has(`${name} ${number}`)) return `${name} ${number}`;
  }

  #names(): string[] {
    return [...this.#members.values()].sort((a, b) => a.localeCompare(b));
  }

  #broadcast(event: { type: string }, except?: WebSocket): void {
    for (const socket of this.#members.keys()) {
      if (socket !== except) send(socket, event);
    }
  }
}

// Sixteen digits, so that keys sort as numbers do.
const keyOf = (message: Message) => `message:${String(message.id).padStart(16, "0")}`;

function send(socket: WebSocket, event: { type: string }): void {
  try {
    socket.send(JSON.stringify({ at: Date.now(), ...event }));
  } catch {
    // The socket is closing; its close event follows and takes the member out.
  }
}
