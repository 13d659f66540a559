// What the tests of HTMLRewriter share.

/** What it gives, or the error's name and message. */
export async function outcome(run) {
  try {
    return (await run()) ?? "undef";
  } catch (error) {
    return `${error.name}: ${error.message}`;
  }
}

/** The page as the handlers leave it. Rules are [selector, handlers] or one selector with `handlers`. */
export function rw(html, rules, handlers, documentHandlers) {
  const rewriter = new HTMLRewriter();
  if (rules)
    for (const [selector, own] of Array.isArray(rules) ? rules : [[rules, handlers]]) rewriter.on(selector, own);
  if (documentHandlers) rewriter.onDocument(documentHandlers);
  return rewriter.transform(new Response(html)).text();
}

export const el = (element) => ({ element });

/** A response whose body comes in these chunks. */
export function chunks(list) {
  const { readable, writable } = new TransformStream();
  (async () => {
    const writer = writable.getWriter();
    for (const chunk of list) {
      await writer.write(typeof chunk === "string" ? new TextEncoder().encode(chunk) : chunk);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
    await writer.close();
  })().catch(() => {});
  return new Response(readable);
}

export async function texts(response) {
  const seen = [];
  const text = ({ text, lastInTextNode }) => void seen.push(text + (lastInTextNode ? "$" : ""));
  const html = await new HTMLRewriter().on("*", { text }).transform(response).text();
  return [seen, html];
}
