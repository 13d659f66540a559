// Hibernatable WebSockets over time: the object leaves memory and wakes, clients vanish, code is replaced.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { eventually, openSocket, peer, start, worker } from "./harness.mjs";

const skip = peer ? "looks into adit" : false;

const source = (version) => `
import { DurableObject } from "cloudflare:workers";
const made = {};
export class Room extends DurableObject {
  born = (made[this.ctx.id.name] = (made[this.ctx.id.name] ?? 0) + 1);
  version = ${version};
  constructor(ctx, env) {
    super(ctx, env);
    ctx.setWebSocketAutoResponse(new WebSocketRequestResponsePair("ping", "pong"));
  }
  async fetch(request) {
    const url = new URL(request.url);
    if (url.pathname === "/socket") {
      const [client, server] = Object.values(new WebSocketPair());
      const tag = url.searchParams.get("tag");
      server.serializeAttachment({ tag, messages: 0 });
      this.ctx.acceptWebSocket(server, [tag]);
      return new Response(null, { status: 101, webSocket: client });
    }
    return Response.json({
      born: this.born,
      version: this.version,
      tags: this.ctx.getWebSockets().map((socket) => this.ctx.getTags(socket)[0]),
      closes: (await this.ctx.storage.get("closes")) ?? [],
    });
  }
  webSocketMessage(socket, message) {
    const attachment = socket.deserializeAttachment();
    attachment.messages++;
    socket.serializeAttachment(attachment);
    if (message === "all") for (const other of this.ctx.getWebSockets()) other.send("to " + this.ctx.getTags(other)[0]);
    else socket.send(JSON.stringify({ ...attachment, message, born: this.born, state: socket.readyState }));
  }
  async webSocketClose(socket, code, reason, wasClean) {
    const closes = (await this.ctx.storage.get("closes")) ?? [];
    await this.ctx.storage.put("closes", [...closes, { code, reason, wasClean, tag: this.ctx.getTags(socket)[0], state: socket.readyState }]);
    if (wasClean) socket.close(code, reason);
  }
  async webSocketError(socket, error) {
    await this.ctx.storage.put("closes", [{ error: error.message, state: socket.readyState }]);
  }
}
export default {
  fetch(request, env) { return env.ROOM.getByName(new URL(request.url).searchParams.get("room")).fetch(request); },
};`;

const folder = () =>
  worker({
    "wrangler.toml": `name = "rooms"
main = "index.js"
compatibility_date = "2026-01-01"
[[durable_objects.bindings]]
name = "ROOM"
class_name = "Room"
[[migrations]]
tag = "v1"
new_sqlite_classes = ["Room"]`,
    "index.js": source(1),
  });
const asleep = () => new Promise((resolve) => setTimeout(resolve, 700));
const sleepy = { env: { ADIT_OBJECT_IDLE_MS: "200" }, args: ["--shards", "2"] };

// Four rooms: some on the shard that has the connection, some on the other.
async function onEachRoom(body, options = sleepy) {
  const server = await start(folder(), options);
  await Promise.all(["a", "b", "c", "d"].map((room) => body(server, room)));
  assert.equal((await server.stop()).code, 0);
}
const open = (server, room, tag) => openSocket(server, `/socket?room=${room}&tag=${tag}`);

test("an object sleeps while its sockets stay open, and wakes with tags and attachments", { skip }, async () => {
  await onEachRoom(async (server, room) => {
    const [one, two] = [await open(server, room, "one"), await open(server, room, "two")];
    one.send("first");
    const first = await one.nextJson();
    assert.deepEqual([first.messages, first.tag, first.state], [1, "one", 1]);
    await asleep();
    one.send("second");
    const second = await one.nextJson();
    assert.deepEqual([second.messages, second.tag, second.message, second.state], [2, "one", "second", 1]);
    assert.notEqual(second.born, first.born, "it did not leave memory");
    two.send("all");
    assert.deepEqual([(await one.next()).data, (await two.next()).data], ["to one", "to two"]);
    await asleep();
    assert.deepEqual((await server.json(`/?room=${room}`)).tags, ["two", "one"]);
    one.close(4000, "done");
    assert.deepEqual(await one.next(), { close: 4000, reason: "done" });
    await eventually(async () => assert.deepEqual((await server.json(`/?room=${room}`)).tags, ["two"]));
  });
});

test("an automatic response wakes nobody", { skip }, async () => {
  await onEachRoom(async (server, room) => {
    const socket = await open(server, room, "one");
    socket.send("count");
    assert.equal((await socket.nextJson()).born, 1);
    await asleep();
    for (let index = 0; index < 3; index++) {
      socket.send("ping");
      assert.deepEqual(await socket.next(), { data: "pong" });
      await asleep();
    }
    socket.send("count");
    assert.equal((await socket.nextJson()).born, 2);
  });
});

test("a close wakes a sleeping object, and so does a client that vanishes", { skip }, async () => {
  await onEachRoom(async (server, room) => {
    const [polite, rude] = [await open(server, room, "polite"), await open(server, room, "rude")];
    await asleep();
    polite.close(4001, "bye");
    assert.deepEqual(await polite.next(), { close: 4001, reason: "bye" });
    await asleep();
    rude.terminate();
    await eventually(async () => {
      const { closes, tags } = await server.json(`/?room=${room}`);
      assert.deepEqual(closes, [
        { code: 4001, reason: "bye", wasClean: true, tag: "polite", state: 2 },
        {
          code: 1006,
          reason: "WebSocket disconnected without sending Close frame.",
          wasClean: false,
          tag: "rude",
          state: 3,
        },
      ]);
      assert.deepEqual(tags, []);
    });
  });
});

test("new code closes the sockets of objects in memory and asleep", { skip }, async () => {
  const code = folder();
  const server = await start(code, sleepy);
  const sleeping = await open(server, "sleeping", "one");
  await asleep();
  const awake = await open(server, "awake", "one");
  writeFileSync(join(code, "index.js"), source(2));
  assert.equal((await sleeping.next(10_000)).close, 1006);
  assert.equal((await awake.next(10_000)).close, 1006);
  await server.waitForOutput(/Reloaded/);
  const { version, tags } = await server.json("/?room=sleeping");
  assert.deepEqual([version, tags], [2, []]);
  const again = await open(server, "sleeping", "one");
  again.send("new");
  assert.equal((await again.nextJson()).messages, 1);
  assert.equal((await server.stop()).code, 0);
});

test("a stopping server says so to hibernated sockets", { skip }, async () => {
  const server = await start(folder(), sleepy);
  const socket = await open(server, "a", "one");
  await asleep();
  const stopped = server.stop();
  assert("close" in (await socket.next(10_000)));
  assert.equal((await stopped).code, 0);
});
