// A TLS server for http_client_tls_test.cc: HTTP/2 and HTTP/1.1 by ALPN. Prints its port; ends when its standard input does.
import { readFileSync } from "node:fs";
import { createSecureServer } from "node:http2";

const [key, cert] = process.argv.slice(2, 4).map((file) => readFileSync(file));
const server = createSecureServer({ key, cert, allowHTTP1: true }, (request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const body = Buffer.concat(chunks);
    response.setHeader("x-version", request.httpVersion);
    response.setHeader("x-session", request.socket.remotePort ?? request.stream.session.socket.remotePort);
    if (request.url === "/big") response.end(Buffer.alloc(20_000_000, "b"));
    else response.end(`${request.method} ${request.url} ${body.length} ${body.subarray(0, 20)}`);
  });
});
server.on("upgrade", (request, socket) =>
  socket.end("HTTP/1.1 418 No\r\nContent-Length: 6\r\nX-Alpn: http/1.1\r\n\r\nteapot"),
);
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
process.stdin.on("end", () => process.exit()).resume();
