// Node's own server in its idiom: (request, response), and for an app with fetch the smallest bridge to Request and Response.
// usage: node node.mjs PORT [APP]
import { createServer } from "node:http";

const [port, path] = process.argv.slice(2);
const app = path && (await import(path)).default;

async function bridge(incoming, outgoing) {
  const response = await app.fetch(
    new Request(`http://${incoming.headers.host}${incoming.url}`, {
      method: incoming.method,
      headers: incoming.headers,
    }),
  );
  outgoing.writeHead(response.status, Object.fromEntries(response.headers));
  outgoing.end(await response.text());
}

createServer(
  app ? bridge : (_, response) => response.setHeader("content-type", "text/plain;charset=UTF-8").end("Hello, World!\n"),
).listen(Number(port), "127.0.0.1");
