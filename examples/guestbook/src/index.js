import { errorPage, guestbookPage } from "./page.js";

const longest = { name: 60, message: 500 };

export default {
  async fetch(request, env) {
    const url = new URL(request.url);
    if (url.pathname === "/" && (request.method === "GET" || request.method === "HEAD")) return show(env, url);
    if (url.pathname === "/sign" && request.method === "POST") return sign(request, env, url);
    if (url.pathname === "/entries.json") return Response.json(await entries(env));
    return page(errorPage("This page is not in the book."), 404);
  },
};

async function show(env, url) {
  const { list, cursor } = await entries(env, url.searchParams.get("cursor") ?? undefined);
  return page(guestbookPage(list, cursor, longest));
}

// Keys sort by age with the newest first. Metadata holds at most 1024 bytes, so a long message is in the value alone.
async function entries(env, cursor) {
  const result = await env.GUESTBOOK.list({ prefix: "entry:", limit: 20, cursor });
  const list = await Promise.all(
    result.keys.map(async ({ name, metadata }) => ({
      ...metadata,
      message: metadata.message ?? (await env.GUESTBOOK.get(name)) ?? "",
    })),
  );
  return { list, cursor: result.list_complete ? undefined : result.cursor };
}

async function sign(request, env, url) {
  const form = await request.formData();
  const name = String(form.get("name") ?? "").trim();
  const message = String(form.get("message") ?? "").trim();
  if (!name || !message) return page(errorPage("Please give both your name and a message."), 400);
  if (name.length > longest.name || message.length > longest.message) {
    return page(errorPage("That is a little too long for this book."), 400);
  }
  const at = Date.now();
  const newestFirst = String(Number.MAX_SAFE_INTEGER - at).padStart(16, "0");
  const whole = { name, at, message };
  const fits = new TextEncoder().encode(JSON.stringify(whole)).length <= 1024;
  const metadata = fits ? whole : { name, at };
  await env.GUESTBOOK.put(`entry:${newestFirst}:${crypto.randomUUID()}`, message, { metadata });
  return Response.redirect(new URL("/", url), 303);
}

function page(html, status = 200) {
  return new Response(html, {
    status,
    headers: {
      "content-type": "text/html; charset=utf-8",
      "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'",
    },
  });
}
