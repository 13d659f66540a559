// The pages. Everything that visitors wrote goes through `escape`.
const escape = (text) => String(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);

const style = `
  :root { --paper: #fffdf7; --ink: #2b2a27; --soft: #847f73; --line: #e8e2d3; --accent: #9c4221; color-scheme: light; }
  * { box-sizing: border-box; }
  body { margin: 0; background: #f3eee2; color: var(--ink); font: 17px/1.55 Georgia, "DejaVu Serif", serif; }
  main { max-width: 640px; margin: 48px auto; padding: 44px 48px; background: var(--paper); border: 1px solid var(--line);
         border-radius: 6px; box-shadow: 0 1px 2px #0000000d, 0 12px 32px #0000000f; }
  h1 { margin: 0 0 4px; font-size: 34px; font-weight: 600; letter-spacing: -0.01em; }
  p.lead { margin: 0 0 28px; color: var(--soft); font-style: italic; }
  form { display: grid; gap: 12px; padding-bottom: 32px; margin-bottom: 12px; border-bottom: 1px solid var(--line); }
  label { display: grid; gap: 4px; font-size: 14px; color: var(--soft); }
  input, textarea { font: inherit; color: inherit; padding: 10px 12px; background: #fff; border: 1px solid var(--line); border-radius: 4px; }
  input:focus, textarea:focus { outline: 2px solid #9c422155; border-color: var(--accent); }
  textarea { min-height: 92px; resize: vertical; }
  button { justify-self: start; font: inherit; padding: 10px 22px; border: 0; border-radius: 4px; background: var(--accent); color: #fff; cursor: pointer; }
  button:hover { background: #7b341a; }
  article { padding: 20px 0; border-bottom: 1px solid var(--line); }
  article:last-of-type { border-bottom: 0; }
  article p { margin: 0 0 6px; white-space: pre-wrap; overflow-wrap: anywhere; }
  article footer { font-size: 14px; color: var(--soft); }
  article footer b { color: var(--accent); font-weight: 600; }
  .empty { color: var(--soft); text-align: center; padding: 28px 0 8px; }
  a { color: var(--accent); }
  @media (max-width: 720px) { main { margin: 0; min-height: 100vh; padding: 28px 22px; border: 0; border-radius: 0; } }
`;

const layout = (content) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Guestbook</title><style>${style}</style></head>
<body><main>${content}</main></body>
</html>
`;

const date = new Intl.DateTimeFormat("en-GB", { dateStyle: "long", timeStyle: "short", timeZone: "UTC" });

const entryHtml = ({ name, message, at }) => `
  <article>
    <p>${escape(message)}</p>
    <footer><b>${escape(name)}</b>, <time datetime="${new Date(at).toISOString()}">${date.format(at)} UTC</time></footer>
  </article>`;

export const guestbookPage = (entries, cursor, longest) =>
  layout(`
  <h1>Guestbook</h1>
  <p class="lead">You were here. Leave a line.</p>
  <form method="post" action="/sign">
    <label>Your name <input name="name" maxlength="${longest.name}" autocomplete="name" required></label>
    <label>Message <textarea name="message" maxlength="${longest.message}" required></textarea></label>
    <button>Sign the book</button>
  </form>
  ${entries.map(entryHtml).join("") || '<p class="empty">The first page is still empty.</p>'}
  ${cursor ? `<p><a href="/?cursor=${encodeURIComponent(cursor)}">Older entries</a></p>` : ""}
`);

export const errorPage = (text) =>
  layout(`<h1>Sorry</h1><p>${escape(text)}</p><p><a href="/">Back to the guestbook</a></p>`);
