// The web platform's work, one kind per path. What is small is done a hundred times per request, so that it outweighs the request.
const megabyte = new Uint8Array(1024 * 1024);
for (let i = 0; i < megabyte.length; i++) megabyte[i] = (i * 7 + (i >> 8) * 13) & 255;
const chunk = megabyte.subarray(0, 16 * 1024);
// Text as it is served: words, some of them often.
const words = "the quick brown fox jumps over a lazy dog while streams flow from source to sink".split(" ");
let seed = 1;
const next = () => (seed = (seed * 1103515245 + 12345) & 0x7fffffff);
let text = "";
while (text.length < 1024 * 1024) text += `${words[next() % words.length]}${next() % 7 ? " " : `${next() % 1000} `}`;
const textBytes = new TextEncoder().encode(text.slice(0, 1024 * 1024));

function chunks() {
  let left = 64;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(chunk.slice());
      else controller.close();
    },
  });
}

const people = Array.from({ length: 200 }, (_, id) => ({
  id,
  name: `Ann & Bob <${id}>`,
  email: `"user${id}"@example.com`,
  note: `It's ${id % 2 ? "<b>odd</b>" : "even & fine"}, isn't it?`,
}));
const escapes = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#39;" };
const escape = (value) => String(value).replace(/[&<>"']/g, (character) => escapes[character]);

const data = {
  people: people.slice(0, 20),
  nested: { list: [1, 2.5, true, null, "text"], deep: { deeper: { deepest: "x" } } },
};
const json = JSON.stringify(data);

let page = "<!DOCTYPE html><html><head><title>Shop</title><meta charset=utf-8></head><body>\n";
for (let i = 1; page.length < 100 * 1024; i++) {
  page += `<div class="card item-${i % 7}" id="c${i}" data-n='${i}'>\n  <h2>Product ${i} &amp; more</h2>\n  <!-- note ${i} -->
  <a href="/p/${i}?a=1&amp;b=2" class="link">See <b>it</b> now</a>\n  <p>Lorem ipsum dolor sit amet, consectetur adipiscing elit, sed do eiusmod tempor.</p>
  <img src="/i/${i}.png" alt="x"><br/>\n</div>\n`;
}

const routes = {
  "/transform": () =>
    new Response(
      chunks().pipeThrough(new TransformStream({ transform: (part, controller) => controller.enqueue(part) })),
    ),
  "/rows": () => {
    let html = "<!doctype html><table>";
    for (const { id, name, email, note } of people)
      html += `<tr><td>${escape(id)}</td><td>${escape(name)}</td><td>${escape(email)}</td><td>${escape(note)}</td></tr>`;
    return new Response(`${html}</table>`, { headers: { "content-type": "text/html; charset=utf-8" } });
  },
  "/url": () => {
    let length = 0;
    for (let i = 0; i < 100; i++) {
      const url = new URL(`https://user@example.com:8080/a/b/../c${i}?q=${i}&name=J%C3%BCrgen&x=1#part`);
      length += url.pathname.length + url.searchParams.get("q").length + url.hostname.length;
      url.searchParams.set("page", i);
      length += url.href.length;
    }
    return new Response(`${length}`);
  },
  "/headers": () => {
    let length = 0;
    for (let i = 0; i < 100; i++) {
      const headers = new Headers({
        "content-type": "text/html",
        "cache-control": "max-age=60",
        "x-request-id": `${i}`,
      });
      headers.append("set-cookie", "a=1");
      headers.append("set-cookie", "b=2");
      headers.set("Content-Type", "application/json");
      headers.delete("x-request-id");
      length += headers.get("cache-control").length + (headers.has("vary") ? 1 : 0);
      for (const [name, value] of headers) length += name.length + value.length;
    }
    return new Response(`${length}`);
  },
  "/json": () => {
    let count = 0;
    for (let i = 0; i < 100; i++) count += JSON.stringify(JSON.parse(json)).length;
    return Response.json({ count, data });
  },
  "/sha256": async () => {
    const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", megabyte));
    return new Response(digest);
  },
  "/gzip": async () => {
    const packed = new Response(textBytes).body.pipeThrough(new CompressionStream("gzip"));
    return new Response(`${(await new Response(packed).arrayBuffer()).byteLength}`);
  },
  "/html": () =>
    new HTMLRewriter()
      .on("a[href]", {
        element: (link) => void link.setAttribute("href", `https://example.com${link.getAttribute("href")}`),
      })
      .on("h2", { element: (title) => void title.append("<i>!</i>", { html: true }) })
      .on("img", { element: (image) => void image.setAttribute("loading", "lazy") })
      .transform(new Response(page, { headers: { "content-type": "text/html" } })),
};

export default {
  fetch(request) {
    return routes[new URL(request.url).pathname]();
  },
};
