// An object with hibernatable WebSockets: its handlers note what they see, and do what a message says.
import { DurableObject } from "cloudflare:workers";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
const attempt = (work) => {
  try {
    return work();
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
};
const end = () => new WebSocketPair()[1];

export class Sleeper extends DurableObject {
  made = crypto.randomUUID();
  log = [];

  async fetch(request) {
    const { searchParams } = new URL(request.url);
    const [client, server] = Object.values(new WebSocketPair());
    if (searchParams.has("attach")) server.serializeAttachment({ attached: searchParams.get("attach") });
    if (searchParams.has("tags")) this.ctx.acceptWebSocket(server, searchParams.get("tags").split(","));
    else this.ctx.acceptWebSocket(server);
    this.last = server;
    if (searchParams.has("greet")) server.send("welcome");
    return new Response(null, { status: 101, webSocket: client });
  }

  async webSocketMessage(socket, message) {
    this.log.push({
      message: typeof message === "string" ? message : [...new Uint8Array(message)],
      same: socket === this.last,
      listed: this.ctx.getWebSockets().includes(socket),
      state: socket.readyState,
      tags: this.ctx.getTags(socket),
      attachment: socket.deserializeAttachment(),
      rest: [socket.url, socket.protocol, socket.extensions],
    });
    if (message === "throw") throw new Error("planned failure of a handler");
    if (message === "abort") this.ctx.abort("by message");
    if (message === "close") {
      socket.close(4001, "by the object");
      this.log.push([socket.readyState, this.ctx.getWebSockets().length, attempt(() => socket.send("x"))]);
      return;
    }
    if (message === "attach") return socket.serializeAttachment(new Map([[1, "one"]]));
    if (message === "slow") {
      await sleep(100);
      return socket.send("slow");
    }
    if (message === "store") {
      await this.ctx.storage.put("n", 1);
      socket.send("stored");
    }
    socket.send(typeof message === "string" ? `echo ${message}` : message);
  }
  async webSocketClose(socket, ...rest) {
    const sockets = this.ctx.getWebSockets();
    this.log.push({ close: rest, state: socket.readyState, listed: sockets.includes(socket) });
    if (rest[1] !== "no answer") socket.close(4002, "answer");
    this.log.push(socket.readyState);
  }
  webSocketError(socket, error) {
    this.log.push({ error: String(error), state: socket.readyState });
  }

  read() {
    const sockets = this.ctx.getWebSockets().map((socket) => [this.ctx.getTags(socket), socket.readyState]);
    return { log: this.log, sockets, made: this.made };
  }
  broadcast(tag, message) {
    const sockets = this.ctx.getWebSockets(tag);
    for (const socket of sockets) socket.send(message);
    return sockets.length;
  }
  acceptErrors() {
    const long = "x".repeat(257);
    const accept = (...args) => attempt(() => this.ctx.acceptWebSocket(...args) ?? "accepted");
    const accepted = end();
    this.ctx.acceptWebSocket(accepted, ["a", "a", "b"]);
    const listening = end();
    listening.accept();
    const many = Array.from({ length: 11 }, (_, index) => `tag-${index}`);
    return {
      tags: this.ctx.getTags(accepted),
      wrong: [
        accept(),
        accept(5),
        accept(end(), "tag"),
        accept(end(), null),
        accept(end(), many),
        accept(end(), [long]),
      ],
      again: [accept(accepted), accept(listening), attempt(() => accepted.accept())],
      strange: [
        attempt(() => this.ctx.getTags(end())),
        attempt(() => this.ctx.getTags()),
        attempt(() => this.ctx.getTags(5)),
      ],
      none: this.ctx.getWebSocketAutoResponseTimestamp(end()),
      counts: [this.ctx.getWebSockets("a").length, this.ctx.getWebSockets("c").length],
    };
  }
  pairErrors() {
    const Pair = WebSocketRequestResponsePair;
    const pair = new Pair("a", 5);
    const set = (value) => attempt(() => this.ctx.setWebSocketAutoResponse(value));
    return {
      pair: [pair.request, pair.response, Object.keys(pair), String(pair)],
      wrong: [attempt(() => new Pair()), attempt(() => new Pair("a")), set(5)],
      long: [set(new Pair("é".repeat(1025), "b")), set(new Pair("b", "a".repeat(2049)))],
      none: this.ctx.getWebSocketAutoResponse(),
    };
  }
  autoRespond(request, response) {
    if (request === undefined) this.ctx.setWebSocketAutoResponse();
    else this.ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair(request, response));
    const pair = this.ctx.getWebSocketAutoResponse();
    return pair && [pair.request, pair.response];
  }
  autoResponseTimes() {
    return this.ctx.getWebSockets().map((socket) => this.ctx.getWebSocketAutoResponseTimestamp(socket));
  }
  timeouts() {
    const found = [];
    for (const value of [1000, 0, 7, undefined]) {
      this.ctx.setHibernatableWebSocketEventTimeout(value);
      found.push(this.ctx.getHibernatableWebSocketEventTimeout());
    }
    const set = (value) => attempt(() => this.ctx.setHibernatableWebSocketEventTimeout(value));
    return { found, wrong: [set(-1), set(604_800_001), set("x")] };
  }
  limitEvents(timeout_ms) {
    this.ctx.setHibernatableWebSocketEventTimeout(timeout_ms);
  }
  attach(length) {
    const [socket] = this.ctx.getWebSockets();
    return attempt(() => {
      socket.serializeAttachment("x".repeat(length));
      return socket.deserializeAttachment().length;
    });
  }
  async listeners() {
    const [client, server] = Object.values(new WebSocketPair());
    const seen = [];
    server.addEventListener("message", () => seen.push("message"));
    this.ctx.acceptWebSocket(server);
    client.accept();
    client.send("to the handler");
    await sleep(50);
    return [seen, this.log.map(({ message }) => message)];
  }
}
