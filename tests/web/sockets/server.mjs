// The servers that the tests of cloudflare:sockets talk to: one over TCP, one over TLS, one that speaks TLS after "STARTTLS". A connection's
// first line says what it does. The certificate is of localhost, good for a hundred years and for tests only; run.mjs has peers trust it.
import { readFileSync } from "node:fs";
import net from "node:net";
import tls from "node:tls";
import { fileURLToPath } from "node:url";

export const certificateFile = fileURLToPath(new URL("certificate.pem", import.meta.url));
const secret = {
  cert: readFileSync(certificateFile),
  key: readFileSync(new URL("key.pem", import.meta.url)),
};

// Of an authority that no peer trusts by itself: ../node/certificates/authority.pem. For example.com, *.example.org and 127.0.0.1.
const ofStranger = (name) => readFileSync(new URL(`../node/certificates/${name}`, import.meta.url));
const untrusted = { cert: ofStranger("leaf.pem"), key: ofStranger("leaf.key.pem") };

let last = "";

// Each gets the connection, its argument and what came after the first line.
const commands = {
  // Says back everything, until the peer ends.
  echo(connection, _, rest) {
    connection.write(rest);
    connection.on("data", (data) => connection.write(data)).on("end", () => connection.end());
  },
  // Says the argument and ends.
  end: (connection, argument) => connection.end(argument),
  // Ends, and says what the peer sent after that.
  "end-then-read"(connection, argument, rest) {
    let all = rest.toString();
    connection.on("data", (data) => (all += data)).on("end", () => (last = all));
    connection.end(argument);
  },
  last: (connection) => connection.end(last),
  // Answers once the peer has ended.
  all(connection, _, rest) {
    let all = rest.toString();
    connection.on("data", (data) => (all += data)).on("end", () => connection.end(`all: ${all}`));
  },
  // Reads that many octets, slowly, then says how many.
  count(connection, argument, rest) {
    let count = rest.length;
    connection.on("data", (data) => {
      count += data.length;
      if (count >= Number(argument)) return connection.end(`counted ${count}`);
      connection.pause();
      setTimeout(() => connection.resume(), 1);
    });
  },
  // Sends that many octets.
  send(connection, argument) {
    connection.end(Buffer.alloc(Number(argument), "x"));
  },
  reset: (connection) => connection.resetAndDestroy(),
  silence: () => {},
};

function serve(connection) {
  connection.on("error", () => {});
  let start = Buffer.alloc(0);
  const read = (data) => {
    start = Buffer.concat([start, data]);
    const end = start.indexOf("\n");
    if (end < 0) return;
    connection.off("data", read);
    const [command, argument] = start.subarray(0, end).toString().split(" ");
    if (commands[command] === undefined) return connection.destroy();
    commands[command](connection, argument, start.subarray(end + 1));
  };
  connection.on("data", read);
}

function upgrade(connection) {
  connection.on("error", () => {});
  connection.once("data", () => {
    connection.write("READY\n");
    const secure = new tls.TLSSocket(connection, { isServer: true, ...secret });
    serve(secure);
  });
}

async function listen(server) {
  const open = new Set();
  server.on("connection", (connection) => {
    open.add(connection);
    connection.on("close", () => open.delete(connection));
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: String(server.address().port),
    close: () => {
      for (const connection of open) connection.destroy();
      server.close();
    },
  };
}

export async function startSockets() {
  const plain = await listen(net.createServer({ allowHalfOpen: true }, serve));
  const secure = await listen(
    tls.createServer({ allowHalfOpen: true, ...secret }, serve).on("tlsClientError", () => {}),
  );
  const strange = await listen(
    tls
      .createServer(
        { ...untrusted, ALPNProtocols: ["one", "two"], requestCert: true, rejectUnauthorized: false },
        (socket) => {
          const subject = socket.getPeerCertificate().subject?.CN ?? "nobody";
          socket.on("error", () => {}).end(`hello ${subject} over ${socket.alpnProtocol || "nothing"}`);
        },
      )
      .on("tlsClientError", () => {}),
  );
  const upgraded = await listen(net.createServer(upgrade));
  return {
    env: { TCP_PORT: plain.port, TLS_PORT: secure.port, STARTTLS_PORT: upgraded.port, STRANGER_PORT: strange.port },
    close: () => [plain, secure, strange, upgraded].forEach((server) => server.close()),
  };
}
