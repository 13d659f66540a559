// The server that the tests of fetch() and WebSocket talk to (env.SERVER): says back what it got, redirects, encodes, stalls.
import http from "node:http";
import zlib from "node:zlib";
import { WebSocketServer } from "ws";
import { certificateFile, startSockets } from "./sockets/server.mjs";

const text = "hello hello hello hello hello";

function echo(request, response, body) {
  const names = request.rawHeaders.filter((_, index) => index % 2 === 0).map((name) => name.toLowerCase());
  response.setHeader("content-type", "application/json");
  response.end(
    JSON.stringify({
      method: request.method,
      url: request.url,
      headers: request.headers,
      names,
      body: body.toString("latin1"),
    }),
  );
}

const routes = {
  "/echo": echo,
  "/gzip": (_, response) => encoded(response, "gzip", zlib.gzipSync(text)),
  "/br": (_, response) => encoded(response, "br", zlib.brotliCompressSync(text)),
  "/deflate": (_, response) => encoded(response, "deflate", zlib.deflateSync(text)),
  "/bad-gzip": (_, response) => encoded(response, "gzip", Buffer.from("this is not gzip")),
  "/loop": (_, response) => response.writeHead(302, { location: "/loop" }).end("loop"),
  "/to-ftp": (_, response) => response.writeHead(302, { location: "ftp://127.0.0.1/" }).end(),
  "/bad-location": (_, response) => response.writeHead(302, { location: "http://[bad" }).end(),
  "/no-location": (_, response) => response.writeHead(302).end("nowhere"),
  "/to-fragment": (_, response) => response.writeHead(302, { location: "/echo#there" }).end(),
  "/cookies": (_, response) =>
    response
      .writeHead(
        200,
        [
          ["set-cookie", "a=1"],
          ["X-Many", "1"],
          ["set-cookie", "b=2"],
          ["x-many", "2"],
        ].flat(),
      )
      .end("ok"),
  "/events": (request, response) => {
    const last = request.headers["last-event-id"];
    response.writeHead(200, { "content-type": "text/event-stream" });
    response.end(`retry: 10\nid: ${Number(last ?? 0) + 1}\ndata: after ${last ?? null}\n\n`);
  },
  "/empty": (_, response) => response.writeHead(204).end(),
  "/stall": () => {},
  "/drop": (request) => request.socket.destroy(),
  "/stall-body": (_, response) => response.writeHead(200, { "content-length": 100 }).write("part"),
  "/cut": (_, response) => {
    response.writeHead(200, { "content-length": 100 });
    response.write("part", () => response.destroy());
  },
};

function encoded(response, coding, body) {
  response.writeHead(200, { "content-encoding": coding, "content-length": body.length });
  response.end(body);
}

/** Sends every chunk of the request back as it comes. */
function pipeBack(request, response) {
  response.writeHead(200);
  response.flushHeaders();
  request.pipe(response);
}

function answer(request, response) {
  const { pathname, searchParams } = new URL(request.url, "http://server");
  if (pathname === "/pipe") return pipeBack(request, response);
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", () => {
    const status = /^\/redirect\/(\d+)$/.exec(pathname);
    if (status !== null) {
      const to = searchParams.get("to") ?? "/echo";
      const location = to === "other" ? `http://localhost:${request.socket.localPort}/echo` : to;
      return response.writeHead(Number(status[1]), { location }).end("redirected");
    }
    const route = routes[pathname];
    if (route !== undefined) route(request, response, Buffer.concat(chunks));
    else response.writeHead(404, "Nothing Here").end("not found");
  });
}

// What the text says, the connection does.
const commands = {
  drop: (socket) => socket.terminate(),
  close: (socket) => socket.close(4001, "as asked"),
  "close without code": (socket) => socket.close(),
  binary: (socket) => socket.send(Buffer.from([1, 2, 3])),
  "bad utf-8": (socket) => socket._socket.write(Buffer.from([0x81, 0x02, 0xc3, 0x28])),
};

export async function start() {
  const sockets = new WebSocketServer({
    noServer: true,
    handleProtocols: (protocols) => [...protocols].at(-1),
    perMessageDeflate: true,
  });
  const server = http.createServer(answer);
  server.on("upgrade", (request, connection, head) => {
    if (!request.url.startsWith("/socket"))
      return connection.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
    sockets.handleUpgrade(request, connection, head, (socket) => {
      if (request.url === "/socket?greet") socket.send("welcome");
      socket.on("message", (data, isBinary) => {
        const command = isBinary ? undefined : commands[data.toString()];
        if (command !== undefined) command(socket);
        else socket.send(data, { binary: isBinary });
      });
    });
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const raw = await startSockets();
  return {
    origin: `http://127.0.0.1:${server.address().port}`,
    env: raw.env,
    certificateFile,
    async close() {
      raw.close();
      for (const socket of sockets.clients) socket.terminate();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
