import assert from "node:assert/strict";
import test from "node:test";
import { eventually, example, openSocket, start } from "./harness.mjs";

const join = (server, room, name) => openSocket(server, `/rooms/${room}/socket?name=${encodeURIComponent(name)}`);

test("serves its page and refuses what is no room", async () => {
  const server = await start(example("chat"));
  for (const path of ["/", "/rooms/general"]) {
    const { status, text, headers } = await server.fetch(path);
    assert.equal(status, 200);
    assert.match(headers.get("content-type"), /text\/html/);
    assert(text.includes("</html>"));
  }
  assert.equal((await server.fetch("/rooms/UPPER")).status, 404);
  assert.equal((await server.fetch("/rooms/a/socket")).status, 426);
  await server.stop();
});

test("members hear who joins, speaks, changes name and leaves; rooms are apart", async () => {
  const server = await start(example("chat"));
  const ann = await join(server, "r", "Ann");
  const welcome = await ann.nextJson();
  assert.deepEqual([welcome.type, welcome.name, welcome.members, welcome.history], ["welcome", "Ann", ["Ann"], []]);
  const elsewhere = await join(server, "other", "Eve");
  await elsewhere.nextJson();

  const bob = await join(server, "r", "Ann");
  assert.equal((await bob.nextJson()).name, "Ann 2");
  assert.deepEqual((await ann.nextJson()).members, ["Ann", "Ann 2"]);

  ann.send({ type: "say", text: "  hello ☕  " });
  for (const member of [ann, bob]) {
    const { type, name, text, id } = await member.nextJson();
    assert.deepEqual([type, name, text, id], ["say", "Ann", "hello ☕", 1]);
  }
  bob.send({ type: "rename", name: "Bob" });
  for (const member of [ann, bob]) assert.equal((await member.nextJson()).to, "Bob");
  ann.send("nonsense");
  assert.deepEqual((await ann.nextJson()).text, "Send JSON.");
  ann.send({ type: "say", text: "x".repeat(2001) });
  assert.equal((await ann.nextJson()).type, "error");

  bob.close(1000, "done");
  assert.equal((await bob.next()).close, 1000);
  const left = await ann.nextJson();
  assert.deepEqual([left.type, left.name, left.members], ["leave", "Bob", ["Ann"]]);
  const carl = await join(server, "r", "Carl");
  assert.deepEqual(
    (await carl.nextJson()).history.map(({ text }) => text),
    ["hello ☕"],
  );
  carl.terminate(); // no closing handshake: the connection is just gone
  assert.equal((await ann.nextJson()).type, "join");
  assert.equal((await ann.nextJson()).type, "leave");
  ann.close(4001, "own code");
  assert.equal((await ann.next()).close, 4001);
  await server.stop();
});

test("keeps the last 100 messages, in order, over a restart", async () => {
  const first = await start(example("chat"));
  const ann = await join(first, "long", "Ann");
  await ann.nextJson();
  for (let index = 1; index <= 130; index++) ann.send({ type: "say", text: `message ${index}` });
  for (let index = 1; index <= 130; index++) assert.equal((await ann.nextJson()).text, `message ${index}`);
  const check = (history) => {
    assert.equal(history.length, 100);
    assert.deepEqual([history[0].text, history[99].text], ["message 31", "message 130"]);
  };
  check(await first.json("/rooms/long/messages"));
  await first.stop();

  const second = await start(example("chat"), { persist: first.persist });
  check(await second.json("/rooms/long/messages"));
  const bob = await join(second, "long", "Bob");
  check((await bob.nextJson()).history);
  bob.close();
  await second.stop();
});

test("fifty members hear a message each", async () => {
  const server = await start(example("chat"));
  const members = [];
  for (let index = 0; index < 50; index++) members.push(await join(server, "crowd", `M${index}`));
  members[7].send({ type: "say", text: "all?" });
  for (const member of members) {
    let event;
    do event = await member.nextJson();
    while (event.type !== "say");
    assert.equal(event.text, "all?");
  }
  for (const member of members.slice(1)) member.close();
  await eventually(async () => {
    const watcher = await join(server, "crowd", "Watcher");
    const { members: names } = await watcher.nextJson();
    watcher.terminate();
    assert(names.length <= 2 + 1, `${names.length} are left`);
  });
  await server.stop();
});
