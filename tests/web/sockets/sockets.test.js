// cloudflare:sockets against tests/web/sockets/server.mjs.
import { connect } from "cloudflare:sockets";
import { assert, assertEquals, assertRejects, assertThrows, test } from "../harness.js";

const encode = (text) => new TextEncoder().encode(text);
const text = (readable) => new Response(readable).text();
const refused = "proxy request failed, cannot connect to the specified address";

function open(env, options) {
  return connect(`127.0.0.1:${env.TCP_PORT}`, options);
}

async function command(socket, line) {
  const writer = socket.writable.getWriter();
  await writer.write(encode(`${line}\n`));
  return writer;
}

const badAddresses = {
  foo: "Specified address is missing port.",
  "127.0.0.1:": "Specified address is missing port.",
  "http://127.0.0.1:80": "Specified address is missing port.",
  "": "Specified address is missing hostname.",
  "127.0.0.1:99999": "Specified address could not be parsed.",
  ":80": "Specified address could not be parsed.",
  "::1:1": "Specified address could not be parsed.",
  "a b:80": "Specified address could not be parsed.",
  "127.0.0.1:80/path": "Specified address is empty string, contains unsupported characters or is too long.",
  "user@127.0.0.1:80": "Specified address is empty string, contains unsupported characters or is too long.",
};
test("addresses that are none", () => {
  for (const [address, message] of Object.entries(badAddresses))
    assertThrows(() => connect(address), TypeError, message);
  for (const address of [5, null, undefined]) assertThrows(() => connect(address), TypeError);
  for (const address of [{}, { hostname: "a" }, { hostname: "a", port: "80x" }])
    assertThrows(() => connect(address), TypeError, "it is not an integer");
  assertThrows(() => connect({ hostname: "a", port: 70000 }), TypeError, "Must be less than or equal to 65535");
  assertThrows(() => connect({ hostname: "a", port: -1 }), TypeError, "it is negative");
});

test("options that are none", ({ env }) => {
  assertThrows(
    () => open(env, { secureTransport: "bad" }),
    TypeError,
    "Unsupported value in secureTransport socket option: bad",
  );
  assertThrows(
    () => open(env, { secureTransport: null }),
    TypeError,
    "Unsupported value in secureTransport socket option: null",
  );
  assertThrows(() => open(env, { highWaterMark: -1 }), TypeError, "it is negative");
  assertThrows(() => open(env, { highWaterMark: "a" }), TypeError, "it is not an integer");
  assertThrows(() => open(env, 5), TypeError, "parameter 2 is not of type 'SocketOptions'");
});

test("where nobody listens", async () => {
  const socket = connect("127.0.0.1:1");
  await assertRejects(socket.opened, Error, refused);
  await assertRejects(socket.closed, Error, refused);
  await assertRejects(connect({ hostname: "nobody.invalid", port: 5000 }).opened, Error, refused);
  await assertRejects(connect("[::1]:1").opened, Error, refused);
});

test("mail's port is refused, and HTTP's gets a hint", async () => {
  await assertRejects(connect("127.0.0.1:25").opened, Error, refused);
  await assertRejects(connect("nobody.invalid:80").opened, Error, "consider using fetch instead");
});

test("what a socket is", async ({ env }) => {
  const socket = open(env);
  assertEquals(String(socket), "[object Socket]");
  assert(socket.readable instanceof ReadableStream);
  assert(socket.writable instanceof WritableStream);
  assert(socket.opened instanceof Promise);
  assert(socket.closed instanceof Promise);
  assertEquals([socket.readable === socket.readable, socket.opened === socket.opened], [true, true]);
  assertEquals([socket.upgraded, socket.secureTransport], [false, "off"]);
  assertThrows(() => new socket.constructor(), TypeError, "Illegal constructor");
  assertThrows(() => structuredClone(socket), "DataCloneError");
  assertEquals(await socket.opened, { remoteAddress: `127.0.0.1:${env.TCP_PORT}`, localAddress: undefined });
  await socket.close();
});

test("an address as an object", async ({ env }) => {
  for (const port of [Number(env.TCP_PORT), env.TCP_PORT]) {
    const socket = connect({ hostname: "localhost", port });
    assertEquals((await socket.opened).remoteAddress, `localhost:${env.TCP_PORT}`);
    await socket.close();
  }
});

test("octets go both ways", async ({ env }) => {
  const socket = open(env);
  const writer = await command(socket, "echo");
  const reader = socket.readable.getReader();
  for (const word of ["one", "two", "three"]) {
    await writer.write(encode(word));
    const { value, done } = await reader.read();
    assertEquals([new TextDecoder().decode(value), done], [word, false]);
  }
  await writer.write(encode("buffer").buffer);
  assertEquals(new TextDecoder().decode((await reader.read()).value), "buffer");
  await socket.close();
});

test("a reader that brings its buffer", async ({ env }) => {
  const socket = open(env);
  await command(socket, "end hello");
  const reader = socket.readable.getReader({ mode: "byob" });
  assertEquals(new TextDecoder().decode((await reader.read(new Uint8Array(3))).value), "hel");
  assertEquals(new TextDecoder().decode((await reader.read(new Uint8Array(9))).value), "lo");
  assertEquals((await reader.read(new Uint8Array(9))).done, true);
});

test("what is written before the connection is there", async ({ env }) => {
  const socket = open(env);
  const writer = socket.writable.getWriter();
  writer.write(encode("all\n"));
  writer.write(encode("early "));
  writer.write(encode("bird"));
  writer.close();
  assertEquals(await text(socket.readable), "all: early bird");
});

test("strings are no octets", async ({ env }) => {
  const socket = open(env);
  await assertRejects(socket.writable.getWriter().write("text"), TypeError, "received a string on its writable side");
  await socket.close();
});

test("the peer's end ends reading", async ({ env }) => {
  const socket = open(env);
  await command(socket, "end bye");
  assertEquals(await text(socket.readable), "bye");
});

test(
  "and, unless allowHalfOpen, the socket",
  async ({ env }) => {
    const socket = open(env);
    const writer = await command(socket, "end bye");
    assertEquals(await text(socket.readable), "bye");
    assertEquals(await socket.closed, undefined);
    await assertRejects(writer.write(encode("late")), TypeError, "This WritableStream has been closed.");
  },
  { workerd: "closes it only on Cloudflare's network" },
);

test("allowHalfOpen goes on writing after the peer's end", async ({ env }) => {
  const socket = open(env, { allowHalfOpen: true });
  const writer = await command(socket, "end-then-read bye");
  assertEquals(await text(socket.readable), "bye");
  await writer.write(encode("after the end"));
  await writer.close();
  await scheduler.wait(20);
  const second = open(env);
  await command(second, "last");
  assertEquals(await text(second.readable), "after the end");
});

test("our end leaves the peer's direction open", async ({ env }) => {
  const socket = open(env, { allowHalfOpen: true });
  const writer = await command(socket, "all");
  await writer.write(encode("more"));
  await writer.close();
  assertEquals(await text(socket.readable), "all: more");
});

test("close", async ({ env }) => {
  const socket = open(env);
  const writer = await command(socket, "echo");
  const reader = socket.readable.getReader();
  assertEquals(await socket.close(), undefined);
  assertEquals(await socket.closed, undefined);
  await assertRejects(reader.read(), TypeError, "This ReadableStream belongs to an object that is closing.");
  await assertRejects(writer.write(encode("x")), TypeError, "This WritableStream has been closed.");
  assertEquals(await socket.close(), undefined);
});

test("close ends a read that waits", async ({ env }) => {
  const socket = open(env);
  await command(socket, "silence");
  const read = socket.readable.getReader().read();
  await socket.close();
  await assertRejects(read, Error, "Stream was cancelled.");
});

test("close before it is open", async ({ env }) => {
  const socket = open(env);
  assertEquals(await socket.close(), undefined);
  assertEquals(await socket.closed, undefined);
});

test(
  "a reset is an error",
  async ({ env }) => {
    const socket = open(env);
    await command(socket, "reset");
    await assertRejects(socket.readable.getReader().read(), Error, "Network connection lost.");
    await assertRejects(socket.closed, Error, "Network connection lost.");
  },
  { workerd: "sees a reset as an end" },
);

test("writing waits for a slow peer", async ({ env }) => {
  const socket = open(env);
  const writer = await command(socket, "count 3000000");
  for (let i = 0; i < 30; i++) await writer.write(new Uint8Array(100_000));
  assertEquals(await text(socket.readable), "counted 3000000");
});

test("a large answer", async ({ env }) => {
  const socket = open(env);
  await command(socket, "send 5000000");
  let size = 0;
  for await (const chunk of socket.readable) size += chunk.byteLength;
  assertEquals(size, 5_000_000);
});

test("streams are piped into a socket and out of it", async ({ env }) => {
  const socket = open(env);
  const body = new Blob(["all\n", "piped"]).stream();
  await body.pipeTo(socket.writable);
  assertEquals(await text(socket.readable), "all: piped");
});

test("TLS from the start", async ({ env }) => {
  for (const host of ["localhost", "127.0.0.1"]) {
    const socket = connect({ hostname: host, port: env.TLS_PORT }, { secureTransport: "on" });
    assertEquals(socket.secureTransport, "on");
    await command(socket, "end secret");
    assertEquals(await text(socket.readable), "secret");
    assertEquals((await socket.opened).remoteAddress, `${host}:${env.TLS_PORT}`);
  }
});

test("much over TLS", async ({ env }) => {
  const socket = connect(`localhost:${env.TLS_PORT}`, { secureTransport: "on" });
  const writer = await command(socket, "count 2000000");
  for (let i = 0; i < 20; i++) await writer.write(new Uint8Array(100_000));
  assertEquals(await text(socket.readable), "counted 2000000");
  const second = connect(`localhost:${env.TLS_PORT}`, { secureTransport: "on" });
  await command(second, "send 2000000");
  assertEquals((await text(second.readable)).length, 2_000_000);
});

test("TLS with what speaks none", async ({ env }) => {
  const socket = open(env, { secureTransport: "on" });
  const writer = socket.writable.getWriter();
  writer.write(encode("x")).catch(() => {});
  assertThrows(() => socket.startTls(), TypeError, "Cannot startTls on a TLS socket.");
  socket.close().catch(() => {});
});

test("startTls", async ({ env }) => {
  const socket = connect(`localhost:${env.STARTTLS_PORT}`, { secureTransport: "starttls" });
  assertEquals(socket.secureTransport, "starttls");
  const writer = await command(socket, "STARTTLS");
  const reader = socket.readable.getReader();
  assertEquals(new TextDecoder().decode((await reader.read()).value), "READY\n");
  reader.releaseLock();
  writer.releaseLock();
  const secure = socket.startTls();
  assertThrows(() => socket.startTls(), TypeError, "startTls can only be called once.");
  assertEquals([secure === socket, secure.secureTransport], [false, "on"]);
  await secure.opened;
  assertEquals(await socket.closed, undefined);
  await command(secure, "end upgraded");
  assertEquals(await text(secure.readable), "upgraded");
});

test(
  "startTls for another name than the certificate's",
  async ({ env }) => {
    const socket = connect(`localhost:${env.STARTTLS_PORT}`, { secureTransport: "starttls" });
    const writer = await command(socket, "STARTTLS");
    const reader = socket.readable.getReader();
    await reader.read();
    reader.releaseLock();
    writer.releaseLock();
    const secure = socket.startTls({ expectedServerHostname: "example.com" });
    await assertRejects(secure.opened);
    await assertRejects(secure.closed);
  },
  { workerd: "opens it all the same" },
);

test("startTls before the connection is there", async ({ env }) => {
  const socket = connect(`localhost:${env.TLS_PORT}`, { secureTransport: "starttls" });
  const secure = socket.startTls();
  await command(secure, "end early");
  assertEquals(await text(secure.readable), "early");
});

test("startTls of a socket that is not for it", async ({ env }) => {
  const socket = open(env);
  assertThrows(() => socket.startTls(), TypeError, "must be set to 'starttls'");
  await socket.close();
});

test(
  "service bindings and email say what they lack",
  async () => {
    const { EmailMessage } = await import("cloudflare:email");
    assertThrows(() => new EmailMessage("a@b", "c@d", ""), Error, "Sending email is not supported");
  },
  { workerd: "has email" },
);
