// Enough of a MongoDB server for its driver: OP_MSG and the old OP_QUERY hello over TCP (MongoDB wire protocol), one collection in memory.
// Debian has no MongoDB; BSON is the driver's own package.
import { createServer } from "node:net";
import { createRequire } from "node:module";

const require = createRequire(createRequire(import.meta.url).resolve("mongodb"));
const { deserialize, serialize } = require("bson");

const hello = {
  isWritablePrimary: true,
  ismaster: true,
  maxBsonObjectSize: 16777216,
  maxMessageSizeBytes: 48000000,
  maxWriteBatchSize: 100000,
  logicalSessionTimeoutMinutes: 30,
  minWireVersion: 0,
  maxWireVersion: 21,
  ok: 1,
};

function answer(command, documents) {
  const [name] = Object.keys(command);
  switch (name) {
    case "hello":
    case "ismaster":
    case "isMaster":
      return { ...hello, localTime: new Date() };
    case "insert":
      documents.push(...command.documents);
      return { n: command.documents.length, ok: 1 };
    case "find": {
      const matches = documents.filter((item) =>
        Object.entries(command.filter).every(([key, value]) => item[key] === value),
      );
      const firstBatch = command.limit ? matches.slice(0, command.limit) : matches;
      return { cursor: { id: 0n, ns: `${command.$db}.${command.find}`, firstBatch }, ok: 1 };
    }
    case "ping":
    case "endSessions":
      return { ok: 1 };
    default:
      return { ok: 0, errmsg: `no such command: ${name}`, code: 59 };
  }
}

// An OP_MSG's sections: kind 0 is the command, kind 1 a list of documents that belong to it.
function readMessage(body) {
  let at = 4;
  let command = {};
  while (at < body.length) {
    const kind = body[at++];
    const size = body.readInt32LE(at);
    if (kind === 0) {
      command = { ...deserialize(body.subarray(at, at + size)), ...command };
    } else {
      const end = body.indexOf(0, at + 4);
      const key = body.toString("latin1", at + 4, end);
      const list = [];
      for (let inner = end + 1; inner < at + size; inner += body.readInt32LE(inner))
        list.push(deserialize(body.subarray(inner, inner + body.readInt32LE(inner))));
      command = { ...command, [key]: list };
    }
    at += size;
  }
  return command;
}

export async function startMongo() {
  const documents = [];
  const server = createServer((socket) => {
    let rest = Buffer.alloc(0);
    socket.on("error", () => {});
    socket.on("data", (chunk) => {
      rest = Buffer.concat([rest, chunk]);
      while (rest.length >= 16 && rest.length >= rest.readInt32LE(0)) {
        const message = rest.subarray(0, rest.readInt32LE(0));
        rest = rest.subarray(message.length);
        const isQuery = message.readInt32LE(12) === 2004;
        const body = message.subarray(16);
        const command = isQuery ? deserialize(body.subarray(body.indexOf(0, 4) + 9)) : readMessage(body);
        const reply = serialize(answer(command, documents));
        const head = Buffer.alloc(isQuery ? 36 : 21);
        head.writeInt32LE(head.length + reply.length, 0);
        head.writeInt32LE(message.readInt32LE(4), 8);
        head.writeInt32LE(isQuery ? 1 : 2013, 12);
        if (isQuery) head.writeInt32LE(1, 32);
        socket.write(Buffer.concat([head, reply]));
      }
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return { port: server.address().port, stop: async () => void server.close() };
}
