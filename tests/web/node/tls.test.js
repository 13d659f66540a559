// node:tls against tests/web/sockets/server.mjs, with the certificates in certificates/.
import net from "node:net";
import tls from "node:tls";
import { assert, assertEquals, assertThrows, test } from "../harness.js";
import authority from "./certificates/authority.pem";
import leafKey from "./certificates/leaf.key.pem";
import leaf from "./certificates/leaf.pem";

const onlyHere = { workerd: "workerd ignores it or refuses it" };

/** Everything that the server says, or the error. */
function answer(socket) {
  return new Promise((resolve, reject) => {
    let all = "";
    socket.on("data", (data) => (all += data));
    socket.on("end", () => resolve(all));
    socket.on("error", reject);
  });
}
const codeOf = (socket) =>
  answer(socket).then(
    () => "no error",
    (error) => error.code,
  );

test("a connection over TLS", async ({ env }) => {
  const socket = tls.connect(Number(env.TLS_PORT), "localhost");
  const secure = new Promise((resolve) => socket.once("secureConnect", resolve));
  const said = answer(socket);
  socket.end("echo\ngood morning");
  await secure;
  assert(socket.encrypted && socket.authorized);
  assertEquals(await said, "good morning");
});

test("a connection that goes over to TLS", async ({ env }) => {
  const plain = net.connect(Number(env.STARTTLS_PORT), "localhost");
  plain.write("go\n");
  await new Promise((resolve) => plain.once("data", resolve));
  const socket = tls.connect({ socket: plain, servername: "localhost" });
  socket.end("echo\nover TLS");
  assertEquals(await answer(socket), "over TLS");
});

test("nobody listens", async () => {
  const socket = tls.connect({ host: "127.0.0.1", port: 1 });
  const error = await answer(socket).catch((error) => error);
  assert(error instanceof Error, String(error));
  assert(socket.destroyed);
});

test("a certificate of an authority that is not trusted", async ({ env }) => {
  const socket = tls.connect({ host: "127.0.0.1", port: Number(env.STRANGER_PORT) });
  const error = await answer(socket).catch((error) => error);
  assert(error instanceof Error, String(error));
});

test(
  "what is wrong with a certificate has Node's code",
  async ({ env }) => {
    const at = { host: "127.0.0.1", port: Number(env.STRANGER_PORT) };
    assertEquals(await codeOf(tls.connect(at)), "UNABLE_TO_GET_ISSUER_CERT_LOCALLY");
    assertEquals(
      await codeOf(tls.connect({ ...at, ca: authority, servername: "other.net" })),
      "ERR_TLS_CERT_ALTNAME_INVALID",
    );
  },
  onlyHere,
);

test(
  "an authority of one's own",
  async ({ env }) => {
    const at = { host: "127.0.0.1", port: Number(env.STRANGER_PORT) };
    for (const ca of [authority, [Buffer.from(authority)], `${leaf}\n${authority}`]) {
      const socket = tls.connect({ ...at, ca });
      assertEquals(await answer(socket), "hello nobody over nothing");
      assert(socket.authorized);
    }
    const named = tls.connect({ ...at, ca: authority, servername: "www.example.org" });
    assertEquals(await answer(named), "hello nobody over nothing");
    const context = tls.createSecureContext({ ca: authority });
    assertEquals(await answer(tls.connect({ ...at, secureContext: context })), "hello nobody over nothing");
  },
  onlyHere,
);

test(
  "rejectUnauthorized: false goes on and says what is wrong",
  async ({ env }) => {
    const socket = tls.connect({ host: "127.0.0.1", port: Number(env.STRANGER_PORT), rejectUnauthorized: false });
    assertEquals(await answer(socket), "hello nobody over nothing");
    assertEquals([socket.authorized, socket.authorizationError], [false, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY"]);
  },
  onlyHere,
);

test(
  "a certificate of one's own, and a protocol",
  async ({ env }) => {
    const socket = tls.connect({
      host: "127.0.0.1",
      port: Number(env.STRANGER_PORT),
      ca: authority,
      cert: leaf,
      key: leafKey,
      ALPNProtocols: ["three", "two"],
    });
    assertEquals(await answer(socket), "hello example.com over two");
    assertEquals(socket.alpnProtocol, "two");
    assertEquals(socket.getX509Certificate().subject, "C=CH\nO=Leaf\\, Inc\nCN=example.com");
    assert(/^TLSv1\.[23]$/.test(socket.getProtocol()), socket.getProtocol());
    assert(socket.getCipher().name.length > 0);
  },
  onlyHere,
);

test(
  "the peer's certificate, and a check of it by the worker",
  async ({ env }) => {
    const at = { host: "127.0.0.1", port: Number(env.STRANGER_PORT), ca: authority };
    let seen;
    const socket = tls.connect({
      ...at,
      servername: "other.net",
      checkServerIdentity: (...given) => void (seen = given),
    });
    assertEquals(await answer(socket), "hello nobody over nothing");
    assertEquals(
      [seen[0], seen[1].subject.CN, socket.getPeerCertificate().serialNumber],
      ["other.net", "example.com", "0ABC"],
    );
    const refused = tls.connect({ ...at, checkServerIdentity: () => new Error("not this one") });
    assertEquals((await answer(refused).catch((error) => error)).message, "not this one");
  },
  onlyHere,
);

test("TLSSocket and Socket are called by those who inherit", () => {
  function Mine(options) {
    net.Socket.call(this, options);
  }
  Object.setPrototypeOf(Mine.prototype, net.Socket.prototype);
  const mine = new Mine({});
  assert(mine instanceof net.Socket);
  assert(typeof mine.write === "function" && mine.writable);
});

test("a context that is none", () => {
  const error = assertThrows(() => tls.connect({ host: "127.0.0.1", port: 1, secureContext: {} }), TypeError);
  assertEquals(error.code, "ERR_TLS_INVALID_CONTEXT");
});
